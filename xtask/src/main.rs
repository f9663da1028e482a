//! Automation of this repository: `cargo xtask help` lists it.
fn main() {}
