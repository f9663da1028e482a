//! What cargo knows about the packages.

use std::process::Command;

use serde_json::Value;

use crate::run::{Failed, root};

/// The answer of `cargo metadata`, all dependencies included.
pub(crate) fn read() -> Result<Value, Failed> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--locked"])
        .current_dir(root())
        .output()
        .map_err(Failed::io("cannot run cargo metadata"))?;
    if !output.status.success() {
        return Err(Failed(format!("cargo metadata: {}", String::from_utf8_lossy(&output.stderr).trim())));
    }
    serde_json::from_slice(&output.stdout).map_err(|error| Failed(format!("cargo metadata: {error}")))
}

/// The items of a list; none if there is no list.
pub(crate) fn items<'a>(value: &'a Value, name: &str) -> impl Iterator<Item = &'a Value> {
    value[name].as_array().into_iter().flatten()
}

/// A text; empty if there is none.
pub(crate) fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_default()
}
