//! One call and the way back: its refusal, its answer in one piece or in many, its end when the client gives it up.

use std::{
    convert::Infallible,
    future::{Future, poll_fn},
    pin::{Pin, pin},
    task::{Context, Poll, Waker, ready},
};

use bytes::Bytes;
use futures_util::future::BoxFuture;
use h2::{Reason, RecvStream, SendStream, server::SendResponse};
use http::{HeaderMap, Request, Response};
use http_body::{Body as _, Frame};
use tonic::{Status, body::Body};
use weir_node::SubmitError;

use crate::failure::Failure;

/// A call: its head, its body, and the way back.
pub(super) type Call = (Request<RecvStream>, SendResponse<Bytes>);

/// Refuses a call as soon as it is there; what has not come yet is waited for, since h2 takes what comes to a call that has
/// ended for an attack, and closes the connection.
pub(super) fn refuse(
    mut body: RecvStream,
    mut respond: SendResponse<Bytes>,
    refusal: Response<()>,
) -> Option<BoxFuture<'static, ()>> {
    let mut now = Context::from_waker(Waker::noop());
    if poll_passed_over(&mut body, &mut now).is_pending() {
        return Some(Box::pin(async move {
            poll_fn(|context| poll_passed_over(&mut body, context)).await;
            let _gone = respond.send_response(refusal, true);
        }));
    }
    // A client that is gone needs no refusal.
    let _gone = respond.send_response(refusal, true);
    None
}

/// The last refusal of a connection as it goes over the wire. Under overload there are very many with the same words, and what is
/// refused must cost little, or refusing takes the time that the accepted work needs.
#[derive(Default)]
pub(super) struct LastRefusal(Option<(SubmitError, HeaderMap)>);

impl LastRefusal {
    /// The answer to a creation that is refused.
    pub(super) fn answer(&mut self, why: SubmitError) -> Response<()> {
        let head = match self.0.take() {
            Some((same, head)) if same == why => head,
            _ => bare(Failure::of("CREATE", why.clone()).into()).into_parts().0.headers,
        };
        let mut answer = Response::new(());
        *answer.headers_mut() = head.clone();
        self.0 = Some((why, head));
        answer
    }
}

/// Reads to the end what nobody wants.
fn poll_passed_over(body: &mut RecvStream, context: &mut Context<'_>) -> Poll<()> {
    while let Some(Ok(data)) = ready!(body.poll_data(context)) {
        let _gone = body.flow_control().release_capacity(data.len());
    }
    Poll::Ready(())
}

/// An answer that consists of a status.
pub(super) fn bare(status: Status) -> Response<()> {
    status.into_http::<()>()
}

/// Waits for an answer and sends it, unless the client gives the call up before.
pub(super) async fn deliver(
    answer: impl Future<Output = Result<Response<Body>, Infallible>>,
    mut respond: SendResponse<Bytes>,
) {
    let Some(Ok(answer)) = unless_reset(&mut respond, answer).await else { return };
    let (head, body) = answer.into_parts();
    let over = body.is_end_stream();
    // An error in what follows means that the client is gone: the body is dropped, and what it held goes back.
    let Ok(stream) = respond.send_response(Response::from_parts(head, ()), over) else { return };
    if !over {
        let _gone = send(body, stream).await;
    }
}

/// The outcome of `work`, or nothing when the client gives the call up before.
pub(super) async fn unless_reset<T>(
    respond: &mut SendResponse<Bytes>,
    work: impl Future<Output = T>,
) -> Option<T> {
    let mut work = pin!(work);
    poll_fn(|context| match work.as_mut().poll(context) {
        Poll::Ready(outcome) => Poll::Ready(Some(outcome)),
        Poll::Pending => respond.poll_reset(context).map(|_| None),
    })
    .await
}

/// Sends a body. Its next piece is asked for only when the client's window has room.
async fn send(body: Body, mut stream: SendStream<Bytes>) -> Result<(), h2::Error> {
    let mut body = pin!(body);
    loop {
        stream.reserve_capacity(1);
        poll_fn(|context| room(&mut stream, context)).await?;
        let frame = poll_fn(|context| match body.as_mut().poll_frame(context) {
            Poll::Pending => stream.poll_reset(context).map(|reason| reason.and_then(|why| Err(why.into()))),
            Poll::Ready(frame) => Poll::Ready(Ok(frame)),
        })
        .await?;
        match frame.map(|frame| frame.map(Frame::into_data)) {
            Some(Ok(Ok(data))) => stream.send_data(data, body.is_end_stream())?,
            Some(Ok(Err(other))) => {
                return stream.send_trailers(other.into_trailers().unwrap_or_default());
            }
            // tonic puts a status into the trailers; what breaks beneath it resets the call.
            Some(Err(_)) => {
                stream.send_reset(Reason::INTERNAL_ERROR);
                return Ok(());
            }
            None => return stream.send_trailers(HeaderMap::new()),
        }
        if body.is_end_stream() {
            return Ok(());
        }
    }
}

/// Ready when something may be sent.
fn room(stream: &mut SendStream<Bytes>, context: &mut Context<'_>) -> Poll<Result<(), h2::Error>> {
    while stream.capacity() == 0 {
        match ready!(stream.poll_capacity(context)) {
            Some(more) => drop(more?),
            None => return Poll::Ready(Err(Reason::CANCEL.into())),
        }
    }
    Poll::Ready(Ok(()))
}

/// A request's body as tonic reads it.
pub(super) struct Incoming(pub(super) RecvStream);

impl http_body::Body for Incoming {
    type Data = Bytes;
    type Error = h2::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, h2::Error>>> {
        match ready!(self.0.poll_data(context)) {
            Some(Ok(data)) => {
                let released = self.0.flow_control().release_capacity(data.len());
                Poll::Ready(Some(released.map(|()| Frame::data(data))))
            }
            Some(Err(error)) => Poll::Ready(Some(Err(error))),
            None => {
                self.0.poll_trailers(context).map(|end| end.map(|end| end.map(Frame::trailers)).transpose())
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_end_stream()
    }
}

#[cfg(test)]
mod tests {
    use h2::{client, server};
    use tokio::net::{TcpListener, TcpStream};
    use tonic::Code;

    use super::*;

    /// More than the 1,024 early ends after which h2 gives a connection up.
    const CALLS: usize = 1_500;

    #[test]
    fn each_refusal_has_its_own_words() {
        let mut last = LastRefusal::default();
        for why in ["busy", "busy", "full", "busy"] {
            let answer = last.answer(SubmitError::Overloaded(why.into()));
            let status = Status::from_header_map(answer.headers()).unwrap();
            assert_eq!((status.code(), status.message()), (Code::ResourceExhausted, why));
            assert_eq!(answer.headers().get("content-type").unwrap(), "application/grpc");
        }
    }

    #[tokio::test]
    async fn calls_refused_before_they_have_come_whole_leave_the_connection_open() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let socket = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        socket.set_nodelay(true).unwrap();
        tokio::spawn(async move {
            let (socket, _) = listener.accept().await.unwrap();
            socket.set_nodelay(true).unwrap();
            let mut connection = server::handshake(socket).await.unwrap();
            while let Some(Ok((request, respond))) = connection.accept().await {
                if let Some(rest) =
                    refuse(request.into_body(), respond, bare(Status::resource_exhausted("full")))
                {
                    tokio::spawn(rest);
                }
            }
        });
        let (mut calls, connection) = client::handshake(socket).await.unwrap();
        tokio::spawn(connection);
        for _ in 0..CALLS {
            calls = calls.ready().await.unwrap();
            let request = Request::post("http://weir/gateway_protocol.Gateway/CreateProcessInstance");
            let (answer, mut body) = calls.send_request(request.body(()).unwrap(), false).unwrap();
            tokio::task::yield_now().await;
            body.send_data(Bytes::from_static(b"the question"), true).unwrap();
            let answer = answer.await.expect("the connection lives");
            let status = Status::from_header_map(answer.headers()).unwrap();
            assert_eq!((status.code(), status.message()), (Code::ResourceExhausted, "full"));
        }
    }
}
