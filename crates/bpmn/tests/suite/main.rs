//! Tests of the whole crate through its front door.

mod diagnostics;
mod graph;
mod miwg;
mod render;
mod robustness;
mod support;
