//! `cargo xtask fuzz`: a long run of a fuzz target, by hand. The tests run the same entries on stable Rust, bounded.

use std::process::Command;

use crate::run::{self, Failed, root};

/// Runs a target of `fuzz/` for so many seconds.
pub(crate) fn fuzz(target: &str, seconds: &str) -> Result<(), Failed> {
    let seconds: u64 =
        seconds.parse().map_err(|_| Failed(format!("{seconds} is not a number of seconds")))?;
    let has_tool = Command::new("cargo").args(["+nightly", "fuzz", "--version"]).output();
    if !has_tool.is_ok_and(|output| output.status.success()) {
        let how = "rustup toolchain install nightly --profile minimal && cargo install cargo-fuzz --locked";
        return Err(Failed(format!("cargo-fuzz on nightly Rust is not there; by hand: {how}")));
    }
    let limit = format!("-max_total_time={seconds}");
    run::run(
        Command::new("cargo").args(["+nightly", "fuzz", "run", target, "--", &limit]).current_dir(root()),
    )
}
