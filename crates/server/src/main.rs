//! `weir`: the one binary.
fn main() {}
