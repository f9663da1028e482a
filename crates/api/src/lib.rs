//! gRPC and REST: parse, submit, render. No rule lives here.
//!
//! [`serve`] binds three listeners and serves a node: gRPC (`grpc/`, one file per noun), REST (`rest/`, likewise) and
//! management. `request.rs` holds what both faces make of a request's values, `failure.rs` the one table from failures
//! to codes, `limits.rs` every limit.

pub mod limits;
pub mod proto;

mod door;
mod failure;
mod grpc;
mod management;
mod request;
mod rest;
mod serve;
mod topology;
mod undelivered;

#[cfg(test)]
mod testing;

pub use self::{
    management::Metrics,
    rest::read_as_every_request,
    serve::{ApiConfig, Bound, ServeError, serve},
};
