//! feel-scala and dmn-scala, in a process of their own: `java/`.

use std::{
    io::Write,
    path::Path,
    process::{Command, Stdio},
};

use serde_json::{Value, json};

use crate::{
    subjects,
    timing::{Measured, WINDOW_MS},
};

/// Builds and runs the Java part.
pub fn measure(rounds: u32) -> Result<Vec<Measured>, String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("java");
    let built = Command::new("mvn").args(["-q", "-B", "package"]).current_dir(&folder).status();
    if !built.map_err(|error| format!("Maven: {error}"))?.success() {
        return Err("mvn package failed".to_owned());
    }
    let mut java = Command::new("java");
    java.args(["-Xmx512m", "-XX:+UseSerialGC", "-cp", "target/bench.jar:target/lib/*", "Bench"]);
    let java = java.current_dir(&folder).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
    let mut java = java.map_err(|error| format!("java: {error}"))?;
    let sent = java.stdin.take().map(|mut stdin| stdin.write_all(job(rounds).to_string().as_bytes()));
    sent.transpose().map_err(|error| format!("java: {error}"))?;
    let output = java.wait_with_output().map_err(|error| format!("java: {error}"))?;
    if !output.status.success() {
        return Err(format!("java ended with {}", output.status));
    }
    String::from_utf8_lossy(&output.stdout).lines().map(measured).collect()
}

fn job(rounds: u32) -> Value {
    let parse = |text: &str| -> Value { serde_json::from_str(text).expect("JSON") };
    let tables = subjects::tables().map(|table| {
        json!({ "name": table.name, "model": table.model, "decision": subjects::DECISION, "input": parse(table.input) })
    });
    json!({
        "rounds": rounds, "window_ms": WINDOW_MS, "context": parse(subjects::CONTEXT),
        "expressions": subjects::EXPRESSIONS, "tables": tables,
    })
}

fn measured(line: &str) -> Result<Measured, String> {
    let bad = || format!("not understood: {line}");
    let value: Value = serde_json::from_str(line).map_err(|_not_json| bad())?;
    let text = |name: &str| value[name].as_str().map(str::to_owned).ok_or_else(bad);
    Ok(Measured { what: text("what")?, mode: text("mode")?, ns: value["ns"].as_f64().ok_or_else(bad)? })
}
