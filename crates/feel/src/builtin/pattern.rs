//! Functions that take regular expressions; what those may say: [`crate::pattern`].

use super::{Builtin, STRING, builtin, optional, overload, required};
use crate::dialect::Dialect;
use crate::machine::{Machine, Stop};
use crate::pattern::{Pattern, PatternError};
use crate::value::Value;

pub(super) const BUILTINS: &[Builtin] = &[
    builtin(
        "matches",
        &[
            overload(&[required("input", STRING), required("pattern", STRING)], matches),
            overload(
                &[required("input", STRING), required("pattern", STRING), required("flags", STRING)],
                matches,
            ),
            overload(
                &[required("input", STRING), required("pattern", STRING), optional("flags", STRING)],
                matches,
            )
            .only(Dialect::Dmn),
        ],
    ),
    builtin(
        "replace",
        &[
            overload(
                &[required("input", STRING), required("pattern", STRING), required("replacement", STRING)],
                replace,
            ),
            overload(
                &[
                    required("input", STRING),
                    required("pattern", STRING),
                    required("replacement", STRING),
                    required("flags", STRING),
                ],
                replace,
            ),
            overload(
                &[
                    required("input", STRING),
                    required("pattern", STRING),
                    required("replacement", STRING),
                    optional("flags", STRING),
                ],
                replace,
            )
            .only(Dialect::Dmn),
        ],
    ),
    builtin("split", &[overload(&[required("string", STRING), required("delimiter", STRING)], split)]),
    builtin("extract", &[overload(&[required("input", STRING), required("pattern", STRING)], extract)])
        .only(Dialect::Bpmn),
];

/// Compiles the pattern for the input; flags may be missing.
fn compile(machine: &mut Machine<'_>, input: &str, pattern: &str, flags: &str) -> Result<Pattern, Stop> {
    machine.burn(input.len() as u64 + pattern.len() as u64)?;
    Pattern::compile(pattern, flags, input, machine.dialect(), machine.limits().regex_bytes)
        .map_err(|error| stop(pattern, error))
}

fn stop(pattern: &str, error: PatternError) -> Stop {
    match error {
        PatternError::Invalid(reason) => Stop::null(format!("Invalid pattern '{pattern}': {reason}")),
        PatternError::Limit(name, limit) => Stop::limit(name, limit),
    }
}

fn text(arguments: &[Value], nth: usize) -> &str {
    arguments.get(nth).and_then(Value::as_str).unwrap_or_default()
}

fn matches(machine: &mut Machine<'_>, arguments: &[Value]) -> Result<Value, Stop> {
    let (input, pattern) = (text(arguments, 0), text(arguments, 1));
    let compiled = compile(machine, input, pattern, text(arguments, 2))?;
    compiled.occurs_in(input).map(Value::Boolean).map_err(|error| stop(pattern, error))
}

fn replace(machine: &mut Machine<'_>, arguments: &[Value]) -> Result<Value, Stop> {
    let (input, pattern) = (text(arguments, 0), text(arguments, 1));
    let compiled = compile(machine, input, pattern, text(arguments, 3))?;
    let replaced = compiled
        .replace(input, text(arguments, 2), machine.limits().string_bytes)
        .map_err(|error| stop(pattern, error))?;
    machine.string(replaced)
}

fn split(machine: &mut Machine<'_>, arguments: &[Value]) -> Result<Value, Stop> {
    let (input, pattern) = (text(arguments, 0), text(arguments, 1));
    let compiled = compile(machine, input, pattern, "")?;
    let parts = compiled.split(input).map_err(|error| stop(pattern, error))?;
    strings(machine, &parts)
}

fn extract(machine: &mut Machine<'_>, arguments: &[Value]) -> Result<Value, Stop> {
    let (input, pattern) = (text(arguments, 0), text(arguments, 1));
    let compiled = compile(machine, input, pattern, "")?;
    let found = compiled.extract(input).map_err(|error| stop(pattern, error))?;
    strings(machine, &found)
}

fn strings(machine: &mut Machine<'_>, texts: &[&str]) -> Result<Value, Stop> {
    let items = texts.iter().map(|text| machine.string(text)).collect::<Result<Vec<Value>, Stop>>()?;
    machine.list(items)
}
