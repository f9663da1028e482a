//! One HTTP/2 connection: its calls and their answers, all on one task.
//!
//! A call is run by the task that reads its connection. So an answer costs no change of tasks, and what one commit
//! frees, answers and jobs for all calls of a client, leaves in one write. Handlers only parse, submit and render; what takes long is
//! done by the node's threads meanwhile.

use std::{
    convert::Infallible,
    future::{Future, poll_fn},
    pin::{Pin, pin},
    task::{Context, Poll, Waker, ready},
    time::Duration,
};

use bytes::Bytes;
use futures_util::{StreamExt, future::BoxFuture, stream::FuturesUnordered};
use h2::{
    Ping, PingPong, Reason, RecvStream, SendStream,
    server::{self, Connection, SendResponse},
};
use http::{HeaderMap, Request, Response};
use http_body::{Body as _, Frame};
use tokio::{
    net::{TcpListener, TcpStream},
    task::JoinSet,
    time::{self, MissedTickBehavior},
};
use tonic::{Status, body::Body, codegen::Service};

use super::{dispatch::Dispatch, unary::Quick};
use crate::{door::Stop, limits};

/// What a client may send on one call before it waits for us, in bytes.
const STREAM_WINDOW_BYTES: u32 = 1 << 20;
/// What a client may send on one connection before it waits for us, in bytes.
const CONNECTION_WINDOW_BYTES: u32 = 8 << 20;
/// A client is asked this often whether it still lives, and is given up when it has not answered by the next time.
const KEEP_ALIVE: Duration = Duration::from_secs(30);
/// A client that has connected must have said so in HTTP/2 within this.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// When the system cannot give another connection, it is asked again after this.
const ACCEPT_AGAIN: Duration = Duration::from_millis(100);

/// A call: its head, its body, and the way back.
pub(super) type Call = (Request<RecvStream>, SendResponse<Bytes>);

/// Takes connections until the server stops; ends when the last one has ended.
pub(super) async fn serve(listener: TcpListener, dispatch: Dispatch, stop: Stop) -> Result<(), Infallible> {
    let mut connections = JoinSet::new();
    let mut stopped = pin!(stop.stopped());
    loop {
        tokio::select! {
            () = &mut stopped => break,
            accepted = listener.accept() => match accepted {
                Ok((socket, _)) => drop(connections.spawn(run(socket, dispatch.clone(), stop.clone()))),
                Err(error) => {
                    tracing::warn!(%error, "the system gives no further connection; trying again");
                    time::sleep(ACCEPT_AGAIN).await;
                }
            },
            Some(_) = connections.join_next() => {}
        }
    }
    drop(listener);
    while connections.join_next().await.is_some() {}
    Ok(())
}

async fn run(socket: TcpStream, dispatch: Dispatch, stop: Stop) {
    // Without it small answers would wait for the client's acknowledgement of the ones before.
    let _as_it_is = socket.set_nodelay(true);
    let mut builder = server::Builder::new();
    builder
        .initial_window_size(STREAM_WINDOW_BYTES)
        .initial_connection_window_size(CONNECTION_WINDOW_BYTES)
        .max_concurrent_streams(limits::CONNECTION_STREAMS)
        .max_header_list_size(limits::HEAD_BYTES);
    let Ok(Ok(mut connection)) = time::timeout(HANDSHAKE, builder.handshake(socket)).await else { return };
    let mut alive = Alive::of(&mut connection);
    let mut calls = FuturesUnordered::new();
    let mut stopped = pin!(stop.stopped());
    let mut stopping = false;
    poll_fn(|context| {
        if !stopping && stopped.as_mut().poll(context).is_ready() {
            stopping = true;
            connection.graceful_shutdown();
        }
        if alive.poll_lost(context).is_ready() {
            return Poll::Ready(());
        }
        loop {
            // What is answered first is written with what is read next.
            while let Poll::Ready(Some(())) = calls.poll_next_unpin(context) {}
            match ready!(take_calls(&mut connection, &dispatch, &mut calls, context)) {
                true => {}
                false => return Poll::Ready(()),
            }
        }
    })
    .await;
}

/// Takes all calls that have come; false when the connection is over.
fn take_calls(
    connection: &mut Connection<TcpStream, Bytes>,
    dispatch: &Dispatch,
    calls: &mut FuturesUnordered<BoxFuture<'static, ()>>,
    context: &mut Context<'_>,
) -> Poll<bool> {
    let before = calls.len();
    loop {
        match connection.poll_accept(context) {
            Poll::Ready(Some(Ok(call))) => calls.extend(answer(call, dispatch)),
            // The client is gone, or broke the protocol: h2 has told it so.
            Poll::Ready(Some(Err(_)) | None) => return Poll::Ready(false),
            Poll::Pending if calls.len() > before => return Poll::Ready(true),
            Poll::Pending => return Poll::Pending,
        }
    }
}

/// What answers a call; `None` when it is answered already.
fn answer((request, respond): Call, dispatch: &Dispatch) -> Option<BoxFuture<'static, ()>> {
    if let Some(refusal) = dispatch.refusal(request.uri().path()) {
        return refuse(request.into_body(), respond, refusal);
    }
    Some(match Quick::of(&request) {
        Some(quick) => quick.run((request, respond), dispatch.door().clone()),
        None => {
            let answer = dispatch.clone().call(request.map(|body| Body::new(Incoming(body))));
            Box::pin(deliver(answer, respond))
        }
    })
}

/// Refuses a call as soon as it is there; what has not come yet is waited for, since h2 takes what comes to a call that has
/// ended for an attack, and closes the connection.
fn refuse(
    mut body: RecvStream,
    mut respond: SendResponse<Bytes>,
    refusal: Status,
) -> Option<BoxFuture<'static, ()>> {
    let mut now = Context::from_waker(Waker::noop());
    if poll_passed_over(&mut body, &mut now).is_pending() {
        return Some(Box::pin(async move {
            poll_fn(|context| poll_passed_over(&mut body, context)).await;
            let _gone = respond.send_response(bare(refusal), true);
        }));
    }
    // A client that is gone needs no refusal.
    let _gone = respond.send_response(bare(refusal), true);
    None
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
async fn deliver(
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
struct Incoming(RecvStream);

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

/// Whether the client still lives.
struct Alive {
    pings: Option<PingPong>,
    asked: bool,
    next: time::Interval,
}

impl Alive {
    fn of(connection: &mut Connection<TcpStream, Bytes>) -> Alive {
        let mut next = time::interval_at(time::Instant::now() + KEEP_ALIVE, KEEP_ALIVE);
        next.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Alive { pings: connection.ping_pong(), asked: false, next }
    }

    /// Ready when the client has not answered in time.
    fn poll_lost(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let Some(pings) = &mut self.pings else { return Poll::Pending };
        if self.asked && pings.poll_pong(context).is_ready() {
            self.asked = false;
        }
        while self.next.poll_tick(context).is_ready() {
            if self.asked {
                return Poll::Ready(());
            }
            // A connection that takes no ping is about to end by itself.
            self.asked = pings.send_ping(Ping::opaque()).is_ok();
            if pings.poll_pong(context).is_ready() {
                self.asked = false;
            }
        }
        Poll::Pending
    }
}

#[cfg(test)]
mod tests {
    use h2::client;
    use tonic::Code;

    use super::*;

    /// More than the 1,024 early ends after which h2 gives a connection up.
    const CALLS: usize = 1_500;

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
                if let Some(rest) = refuse(request.into_body(), respond, Status::resource_exhausted("full")) {
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

    #[tokio::test]
    async fn a_connection_has_its_number_of_calls_and_a_call_its_size_of_head() {
        let node = crate::testing::TestNode::start();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let socket = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        tokio::spawn(crate::grpc::serve(listener, node.door.clone()));
        let (mut calls, mut connection) = client::handshake(socket).await.unwrap();
        let request = |name: &str, bytes: u32| {
            Request::post("http://weir/gateway_protocol.Gateway/Topology")
                .header(name, "x".repeat(bytes as usize))
                .body(())
                .unwrap()
        };
        let (fits, _) = calls.send_request(request("fits", limits::HEAD_BYTES / 2), true).unwrap();
        let answer = tokio::select! {
            answer = fits => answer.unwrap(),
            _ = &mut connection => unreachable!("the connection lives"),
        };
        assert_eq!(answer.status(), 200);
        assert_eq!(connection.max_concurrent_send_streams(), limits::CONNECTION_STREAMS as usize);
        let (too_large, _) = calls.send_request(request("too-large", limits::HEAD_BYTES), true).unwrap();
        let refused = tokio::select! {
            answer = too_large => answer.unwrap(),
            _ = &mut connection => unreachable!("the connection lives"),
        };
        assert_eq!(refused.status(), 431, "request header fields too large");
    }
}
