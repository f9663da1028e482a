//! The REST face: the `/v2` contract.

mod authentication;
mod body;
mod clock;
mod decision;
mod deployment;
mod element_instance;
mod expression;
mod incident;
mod job;
mod license;
mod message;
mod operations;
mod problem;
mod process_instance;
mod resource;
mod routes;
mod topology;

#[cfg(test)]
mod tests;

use std::{future::Future, io};

use axum::serve::ListenerExt;
use tokio::net::TcpListener;

use crate::door::Door;

/// Serves the face until the server stops and every request has been answered.
pub(crate) fn serve(
    listener: TcpListener,
    door: Door,
) -> impl Future<Output = io::Result<()>> + Send + 'static {
    let stopped = door.stop.stopped();
    // An option that cannot be set costs some latency and nothing else.
    let listener = listener.tap_io(|stream| drop(stream.set_nodelay(true)));
    axum::serve(listener, routes::routes(door)).with_graceful_shutdown(stopped).into_future()
}
