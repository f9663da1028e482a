//! The gRPC face: the `gateway_protocol.Gateway` contract, and what Weir offers beyond it.

mod call;
mod connection;
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
mod signal;
mod status;
mod topology;
mod trail;
mod unary;
mod variable;

#[cfg(test)]
mod tests;

use std::{convert::Infallible, future::Future};

use tokio::net::TcpListener;

use self::{dispatch::Dispatch, gateway::Gateway};
use crate::door::Door;

/// Serves the face until the server stops and every call has ended.
pub(crate) fn serve(
    listener: TcpListener,
    door: Door,
) -> impl Future<Output = Result<(), Infallible>> + Send + 'static {
    let stop = door.stop.clone();
    connection::serve(listener, Dispatch::new(Gateway { door }), stop)
}
