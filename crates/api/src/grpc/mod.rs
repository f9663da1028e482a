//! The gRPC face: the `gateway_protocol.Gateway` contract, and what Weir offers beyond it.

mod deadline;
mod decision;
mod deployment;
mod dispatch;
mod follow;
mod gateway;
mod health;
mod incident;
mod job;
mod job_stream;
mod message;
mod process_instance;
mod status;
mod topology;
mod trail;
mod variable;

#[cfg(test)]
mod tests;

use std::{future::Future, time::Duration};

use tokio::net::TcpListener;
use tonic::transport::{Server, server::TcpIncoming};

use self::{dispatch::Dispatch, gateway::Gateway};
use crate::{door::Door, limits};

/// What a client may send on one call before it waits for us, in bytes.
const STREAM_WINDOW_BYTES: u32 = 1 << 20;
/// What a client may send on one connection before it waits for us, in bytes.
const CONNECTION_WINDOW_BYTES: u32 = 8 << 20;
/// A connection that was silent this long is asked whether it still lives.
const KEEP_ALIVE: Duration = Duration::from_secs(60);
/// And is given up when it does not answer within this.
const KEEP_ALIVE_TIMEOUT: Duration = Duration::from_secs(20);

/// Serves the face until the server stops and every call has ended.
pub(crate) fn serve(
    listener: TcpListener,
    door: Door,
) -> impl Future<Output = Result<(), tonic::transport::Error>> + Send + 'static {
    let stopped = door.stop.stopped();
    Server::builder()
        .initial_stream_window_size(STREAM_WINDOW_BYTES)
        .initial_connection_window_size(CONNECTION_WINDOW_BYTES)
        .max_concurrent_streams(limits::CONNECTION_STREAMS)
        .http2_keepalive_interval(Some(KEEP_ALIVE))
        .http2_keepalive_timeout(Some(KEEP_ALIVE_TIMEOUT))
        .serve_with_incoming_shutdown(
            Dispatch::new(Gateway { door }),
            TcpIncoming::from(listener).with_nodelay(Some(true)),
            stopped,
        )
}
