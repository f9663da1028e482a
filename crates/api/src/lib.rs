//! gRPC and REST: parse, submit, render. No rule lives here.

pub mod proto;
