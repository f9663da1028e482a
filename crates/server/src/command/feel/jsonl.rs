//! `weir feel --jsonl`: one request and one reply per line.

use std::io::{self, BufRead, Write};

use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use weir_feel::{Context, Dialect, Expression, Limits, Moment, Names, Value};

use super::{Answer, Bench, DialectName, Reply, clock, moment};
use crate::{exit::Exit, failure::Failure, variables::Object};

/// What a line asks.
#[derive(Debug, Deserialize)]
struct Request<'a> {
    /// FEEL, without a leading `=`.
    expr: String,
    #[serde(default)]
    kind: Kind,
    /// Variables as JSON.
    #[serde(borrow)]
    ctx: Option<&'a RawValue>,
    /// Variables as FEEL.
    #[serde(rename = "ctxExpr")]
    ctx_expr: Option<std::collections::BTreeMap<String, String>>,
    /// What unary tests are about, as JSON; null is a value, too.
    #[serde(borrow, default, deserialize_with = "present")]
    input: Option<&'a RawValue>,
    /// The same as FEEL.
    #[serde(rename = "inputExpr")]
    input_expr: Option<String>,
    dialect: Option<DialectName>,
    now: Option<String>,
}

/// A field that is there, whatever it holds.
fn present<'de, D: Deserializer<'de>>(field: D) -> Result<Option<&'de RawValue>, D::Error> {
    <&RawValue>::deserialize(field).map(Some)
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
enum Kind {
    #[default]
    #[serde(rename = "expression")]
    Expression,
    #[serde(rename = "unaryTests")]
    UnaryTests,
}

/// Answers every line of standard input. A line that is no request gets an error as its reply.
pub(super) fn run(dialect: DialectName, now: Option<Moment>) -> Result<Exit, Failure> {
    let mut out = io::BufWriter::new(io::stdout().lock());
    let broken = |error: io::Error| Failure::new(Exit::Failed, "cannot go on").because(error);
    let mut input = io::stdin().lock();
    let mut line = Vec::new();
    loop {
        line.clear();
        if input.read_until(b'\n', &mut line).map_err(broken)? == 0 {
            break;
        }
        if line.trim_ascii().is_empty() {
            continue;
        }
        let reply = match serde_json::from_slice::<Request<'_>>(&line) {
            Ok(request) => answer(request, dialect, now),
            Err(error) => Reply::error(format!("this is no request: {error}"), "request"),
        };
        serde_json::to_writer(&mut out, &reply).map_err(|error| broken(error.into()))?;
        out.write_all(b"\n").map_err(broken)?;
        // A program that asks line by line waits for its reply.
        out.flush().map_err(broken)?;
    }
    Ok(Exit::Ok)
}

fn answer(request: Request<'_>, dialect: DialectName, now: Option<Moment>) -> Reply {
    match prepare(&request, dialect, now) {
        Err(error) => Reply::error(error, "request"),
        Ok((bench, input)) => {
            match bench.evaluate(&request.expr, request.kind == Kind::UnaryTests, input.as_ref()) {
                Answer::Value(evaluation, _) => Reply::value(&evaluation),
                Answer::Refused(diagnostics) => Reply::error(diagnostics, "parse"),
                Answer::Failed(error) => Reply::failed(&error),
            }
        }
    }
}

fn prepare(
    request: &Request<'_>,
    dialect: DialectName,
    now: Option<Moment>,
) -> Result<(Bench, Option<Value>), String> {
    let dialect: Dialect = request.dialect.unwrap_or(dialect).into();
    let now = match &request.now {
        Some(text) => Some(moment(text).map_err(|failure| failure.to_string())?),
        None => now,
    };
    let mut entries = Vec::new();
    if let Some(ctx) = request.ctx {
        // The text itself goes to the reader, so that numbers keep all their digits.
        let object: Object = serde_json::from_str(ctx.get()).map_err(|error| format!("ctx: {error}"))?;
        for (name, text) in object {
            let value = Value::from_json(text.get()).map_err(|error| format!("ctx: {name}: {error}"))?;
            entries.push((name.into(), value));
        }
    }
    for (name, text) in request.ctx_expr.iter().flatten() {
        let value = constant(text, dialect, now).map_err(|error| format!("ctxExpr: {name}: {error}"))?;
        entries.push((name.as_str().into(), value));
    }
    let input = match (request.input, &request.input_expr) {
        (Some(text), _) => Some(Value::from_json(text.get()).map_err(|error| format!("input: {error}"))?),
        (None, Some(text)) => {
            Some(constant(text, dialect, now).map_err(|error| format!("inputExpr: {error}"))?)
        }
        (None, None) => None,
    };
    Ok((Bench { dialect, variables: Context::new(entries), now }, input))
}

/// A value given as FEEL.
fn constant(text: &str, dialect: Dialect, now: Option<Moment>) -> Result<Value, String> {
    let expression =
        Expression::compile(text, dialect, &Names::new()).map_err(|diagnostics| diagnostics.to_string())?;
    let at = now.unwrap_or_else(clock);
    expression
        .evaluate(&(), &at, &Limits::DEFAULT)
        .map(|evaluation| evaluation.value)
        .map_err(|error| error.to_string())
}
