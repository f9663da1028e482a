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
mod signal;
mod topology;

#[cfg(test)]
mod tests;

use std::{future::Future, io};

use axum::serve::ListenerExt;
use serde::de::DeserializeOwned;
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

/// Reads a body as the request of every operation, as the face does: what the tests with hostile input call. Gives how many
/// operations would take it.
pub fn read_as_every_request(body: &[u8]) -> usize {
    fn taken<T: DeserializeOwned>(body: &[u8]) -> usize {
        usize::from(body::parse::<T>(body).is_ok())
    }
    taken::<clock::Pin>(body)
        + taken::<decision::Evaluation>(body)
        + taken::<element_instance::SetVariables>(body)
        + taken::<expression::Evaluation>(body)
        + taken::<job::ActivationRequest>(body)
        + taken::<job::Completion>(body)
        + taken::<job::Failing>(body)
        + taken::<job::Error>(body)
        + taken::<job::Update>(body)
        + taken::<message::Publication>(body)
        + taken::<message::Correlation>(body)
        + taken::<process_instance::Creation>(body)
        + taken::<resource::Deletion>(body)
}
