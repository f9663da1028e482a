//! feel-scala as a process, see `tests/oracle/feel-scala`.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use weir_feel::Value;

/// What the oracle answered to one request.
#[derive(Debug)]
pub(crate) enum Reply {
    Value {
        value: Value,
        kind: String,
        warnings: Vec<String>,
    },
    Failure {
        /// `parse`, `evaluate`, `host`: an exception of the host language, or `range`: a number beyond decimal128.
        phase: String,
        message: String,
    },
}

pub(crate) fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/oracle/feel-scala")
}

/// Builds the oracle. None: this machine has no Maven.
pub(crate) fn build() -> Option<()> {
    Command::new("mvn").arg("-v").stdout(Stdio::null()).stderr(Stdio::null()).status().ok()?;
    let output = Command::new("mvn")
        .args(["-q", "-B", "package"])
        .current_dir(directory())
        .output()
        .expect("Maven was there a moment ago");
    assert!(output.status.success(), "mvn package failed:\n{}", String::from_utf8_lossy(&output.stdout));
    Some(())
}

/// Asks the oracle; one reply a request, in order.
pub(crate) fn ask(requests: &[String]) -> Vec<Reply> {
    let mut process = Command::new("java")
        .args(["-Xss8m", "-XX:+UseSerialGC", "-cp", "target/oracle.jar:target/lib/*", "Oracle"])
        .current_dir(directory())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("Maven needs Java, so it is there");
    let mut input = process.stdin.take().expect("stdin is piped");
    let output = BufReader::new(process.stdout.take().expect("stdout is piped"));
    let replies = std::thread::scope(|scope| {
        scope.spawn(move || {
            for request in requests {
                writeln!(input, "{request}").expect("the oracle reads to the end");
            }
        });
        output.lines().map(|line| parse(&line.expect("the oracle writes UTF-8"))).collect::<Vec<Reply>>()
    });
    assert!(process.wait().expect("it was started").success(), "the oracle failed");
    assert_eq!(replies.len(), requests.len(), "one reply a request");
    replies
}

fn parse(line: &str) -> Reply {
    let reply = match Value::from_json(line) {
        Ok(reply) => reply,
        // A number beyond decimal128 is the only thing that the oracle can write and we cannot read.
        Err(error) => {
            return Reply::Failure { phase: "range".to_owned(), message: format!("{error:?} in {line}") };
        }
    };
    let reply = reply.as_context().expect("an object");
    let text = |name: &str| reply.get(name).and_then(Value::as_str).map(str::to_owned);
    if let Some(phase) = text("phase") {
        return Reply::Failure { phase, message: text("error").unwrap_or_default() };
    }
    let warnings = reply.get("warnings").and_then(Value::as_list).expect("a list");
    Reply::Value {
        value: reply.get("result").cloned().expect("a result"),
        kind: text("type").expect("a type"),
        warnings: warnings.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
    }
}
