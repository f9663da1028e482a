//! One HTTP/2 connection: its calls and their answers, all on one task.
//!
//! A call is run by the task that reads its connection. So an answer costs no change of tasks, and what one commit
//! frees, answers and jobs for all calls of a client, leaves in one write. Handlers only parse, submit and render; what takes long is
//! done by the node's threads meanwhile.

use std::{
    convert::Infallible,
    future::{Future, poll_fn},
    pin::pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::Bytes;
use futures_util::{StreamExt, future::BoxFuture, stream::FuturesUnordered};
use h2::{
    Ping, PingPong,
    server::{self, Connection},
};
use tokio::{
    net::{TcpListener, TcpStream},
    task::JoinSet,
    time::{self, MissedTickBehavior},
};
use tonic::{body::Body, codegen::Service};

use super::{
    call::{Call, Incoming, LastRefusal, deliver, refuse},
    dispatch::Dispatch,
    unary::Quick,
};
use crate::{door::Stop, limits};

/// What a client may send on one call before it waits for us, in bytes.
const STREAM_WINDOW_BYTES: u32 = 1 << 20;
/// What a client may send on one connection before it waits for us, in bytes.
const CONNECTION_WINDOW_BYTES: u32 = 8 << 20;
/// Calls that are taken before they are begun. Each that is begun counts as work in flight, and those behind it are refused before they
/// are read where that is too much.
const CALLS_PER_TURN: usize = 32;
/// A client is asked this often whether it still lives, and is given up when it has not answered by the next time.
const KEEP_ALIVE: Duration = Duration::from_secs(30);
/// A client that has connected must have said so in HTTP/2 within this.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// When the system cannot give another connection, it is asked again after this.
const ACCEPT_AGAIN: Duration = Duration::from_millis(100);

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
    let mut refusal = LastRefusal::default();
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
            match ready!(take_calls(&mut connection, &dispatch, &mut refusal, &mut calls, context)) {
                true => {}
                false => return Poll::Ready(()),
            }
        }
    })
    .await;
}

/// Takes calls that have come, some at a time; false when the connection is over.
fn take_calls(
    connection: &mut Connection<TcpStream, Bytes>,
    dispatch: &Dispatch,
    refusal: &mut LastRefusal,
    calls: &mut FuturesUnordered<BoxFuture<'static, ()>>,
    context: &mut Context<'_>,
) -> Poll<bool> {
    for taken in 0..CALLS_PER_TURN {
        match connection.poll_accept(context) {
            Poll::Ready(Some(Ok(call))) => calls.extend(answer(call, dispatch, refusal)),
            // The client is gone, or broke the protocol: h2 has told it so.
            Poll::Ready(Some(Err(_)) | None) => return Poll::Ready(false),
            Poll::Pending if taken > 0 => return Poll::Ready(true),
            Poll::Pending => return Poll::Pending,
        }
    }
    Poll::Ready(true)
}

/// What answers a call; `None` when it is answered already.
fn answer(
    (request, respond): Call,
    dispatch: &Dispatch,
    refusal: &mut LastRefusal,
) -> Option<BoxFuture<'static, ()>> {
    if let Some(why) = dispatch.refusal(request.uri().path()) {
        return refuse(request.into_body(), respond, refusal.answer(why));
    }
    Some(match Quick::of(&request) {
        Some(quick) => quick.run((request, respond), dispatch.door().clone()),
        None => {
            let answer = dispatch.clone().call(request.map(|body| Body::new(Incoming(body))));
            Box::pin(deliver(answer, respond))
        }
    })
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
    use http::Request;

    use super::*;

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
