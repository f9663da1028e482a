//! Conversion between strings, numbers and JSON (DMN 1.5 clause 10.3.4.1). Temporal ones are beside the types.

use super::string::text;
use super::{ANY, Builtin, NULL, STRING, builtin, overload, required};
use crate::dialect::Dialect;
use crate::machine::{Machine, Stop};
use crate::number::Number;
use crate::value::Value;

pub(super) const BUILTINS: &[Builtin] = &[
    builtin("string", &[overload(&[required("from", ANY)], string)]),
    builtin(
        "number",
        &[
            overload(&[required("from", STRING)], number),
            overload(&[required("from", STRING), required("grouping separator", STRING)], number_grouped)
                .only(Dialect::Bpmn),
            overload(
                &[
                    required("from", STRING),
                    required("grouping separator", STRING.or(NULL)),
                    required("decimal separator", STRING.or(NULL)),
                ],
                number_separated,
            ),
        ],
    ),
    builtin(
        "from json",
        &[
            overload(&[required("json", STRING.or(NULL))], from_json),
            overload(&[required("value", STRING.or(NULL))], from_json),
        ],
    )
    .only(Dialect::Bpmn),
    builtin("to json", &[overload(&[required("value", ANY)], to_json)]).only(Dialect::Bpmn),
];

fn string(machine: &mut Machine<'_>, arguments: &[Value]) -> Result<Value, Stop> {
    match &arguments[0] {
        Value::Null => Ok(Value::Null),
        Value::String(text) => Ok(Value::String(text.clone())),
        other => {
            let text = other.to_text(machine.dialect());
            machine.string(text)
        }
    }
}

fn number(machine: &mut Machine<'_>, arguments: &[Value]) -> Result<Value, Stop> {
    parsed(machine, text(&arguments[0]))
}

/// Both dialects take exponents here, as the constructor of decimals in the reference does.
fn parsed(machine: &Machine<'_>, text: &str) -> Result<Value, Stop> {
    let trimmed = if machine.dialect() == Dialect::Dmn { text.trim() } else { text };
    Number::parse(trimmed)
        .map(Value::Number)
        .ok_or_else(|| Stop::null(format!("Can't parse '{text}' as a number")))
}

fn number_grouped(machine: &mut Machine<'_>, arguments: &[Value]) -> Result<Value, Stop> {
    let grouping = text(&arguments[1]);
    if !is_separator(grouping, true) {
        return Err(Stop::null("illegal argument for grouping. Must be one of ' ', ',' or '.'"));
    }
    parsed(machine, &text(&arguments[0]).replace(grouping, ""))
}

fn number_separated(machine: &mut Machine<'_>, arguments: &[Value]) -> Result<Value, Stop> {
    let (grouping, decimal) = (arguments[1].as_str(), arguments[2].as_str());
    let valid = grouping.is_none_or(|grouping| is_separator(grouping, true))
        && decimal.is_none_or(|decimal| is_separator(decimal, false))
        && (grouping.is_none() || grouping != decimal);
    if !valid {
        return Err(Stop::null(
            "illegal arguments for grouping or decimal. Must be one of ' ' (grouping only), ',' or '.'",
        ));
    }
    let mut number = text(&arguments[0]).to_owned();
    if let Some(grouping) = grouping {
        number = number.replace(grouping, "");
    }
    if let Some(decimal) = decimal {
        if decimal != "." && number.contains('.') {
            return Err(Stop::null(format!("Can't parse '{number}' as a number")));
        }
        number = number.replace(decimal, ".");
    }
    parsed(machine, &number)
}

fn is_separator(text: &str, space: bool) -> bool {
    matches!(text, "," | ".") || (space && text == " ")
}

fn from_json(machine: &mut Machine<'_>, arguments: &[Value]) -> Result<Value, Stop> {
    let Value::String(json) = &arguments[0] else { return Ok(Value::Null) };
    machine.burn(json.len() as u64 / 16)?;
    machine.take(json.len() as u64 * 4)?;
    Value::from_json(json).map_err(|_| Stop::null(format!("Failed to parse JSON from '{json}'")))
}

fn to_json(machine: &mut Machine<'_>, arguments: &[Value]) -> Result<Value, Stop> {
    machine.string(arguments[0].to_exact_json())
}
