//! Functions on strings, other than those with regular expressions (DMN 1.5 clause 10.3.4.3).
//!
//! Strings are counted in characters (Unicode scalar values), in the BPMN dialect in UTF-16 code units.

use super::{Builtin, NUMBER, STRING, builtin, optional, overload, required};
use crate::dialect::Dialect;
use crate::machine::{Machine, Stop};
use crate::value::Value;

pub(super) const BUILTINS: &[Builtin] = &[
    builtin(
        "substring",
        &[overload(
            &[required("string", STRING), required("start position", NUMBER), optional("length", NUMBER)],
            substring,
        )],
    ),
    builtin("string length", &[overload(&[required("string", STRING)], string_length)]),
    builtin("upper case", &[overload(&[required("string", STRING)], upper_case)]),
    builtin("lower case", &[overload(&[required("string", STRING)], lower_case)]),
    builtin(
        "substring before",
        &[overload(&[required("string", STRING), required("match", STRING)], substring_before)],
    ),
    builtin(
        "substring after",
        &[overload(&[required("string", STRING), required("match", STRING)], substring_after)],
    ),
    builtin("contains", &[overload(&[required("string", STRING), required("match", STRING)], contains)]),
    builtin(
        "starts with",
        &[overload(&[required("string", STRING), required("match", STRING)], starts_with)],
    ),
    builtin("ends with", &[overload(&[required("string", STRING), required("match", STRING)], ends_with)]),
    builtin("trim", &[overload(&[required("string", STRING)], trim)]),
    builtin("is blank", &[overload(&[required("string", STRING)], is_blank)]),
    builtin("to base64", &[overload(&[required("value", STRING)], to_base64)]).only(Dialect::Bpmn),
    builtin("from base64", &[overload(&[required("value", STRING)], from_base64)]).only(Dialect::Bpmn),
    builtin("uuid", &[overload(&[], uuid)]).only(Dialect::Bpmn).volatile(),
];

/// The text that the registry has checked to be one.
pub(super) fn text(value: &Value) -> &str {
    value.as_str().unwrap_or("")
}

fn substring(machine: &mut Machine<'_>, arguments: &[Value]) -> Result<Value, Stop> {
    let string = text(&arguments[0]);
    machine.burn(string.len() as u64 / 16)?;
    let length = length(string, machine) as i64;
    let start = super::numeric::number(&arguments[1]).to_i64_saturating();
    let wanted = arguments[2].as_number().map(crate::number::Number::to_i64_saturating);
    let outside = |what: &str| {
        // The reference fails with its host's exception; DMN gives null.
        let message = format!("substring: {what} lies outside the string");
        if machine.dialect() == Dialect::Bpmn { Stop::failed(message) } else { Stop::null(message) }
    };
    let first = if start > 0 { start - 1 } else { length.saturating_add(start) };
    let after = wanted.map_or(length, |wanted| first.saturating_add(wanted).min(length));
    let strict = machine.dialect() == Dialect::Dmn;
    if first < 0 || first > length || (strict && (start == 0 || first >= length)) {
        return Err(outside("the start"));
    }
    if after < first || (strict && wanted.is_some_and(|wanted| wanted < 1)) {
        return Err(outside("the end"));
    }
    let (first, wanted) = (first as usize, (after - first) as usize);
    let part: String = if machine.switches().utf16_strings {
        let units = string.encode_utf16().skip(first).take(wanted);
        char::decode_utf16(units).map(|char| char.unwrap_or(HALF_CHARACTER)).collect()
    } else {
        string.chars().skip(first).take(wanted).collect()
    };
    machine.string(part)
}

/// What half of a character beyond U+FFFF is once it is written: a JVM's replacement.
const HALF_CHARACTER: char = '?';

/// The length of a string as the dialect counts it.
fn length(string: &str, machine: &Machine<'_>) -> usize {
    if machine.switches().utf16_strings { string.encode_utf16().count() } else { string.chars().count() }
}

fn string_length(machine: &mut Machine<'_>, arguments: &[Value]) -> Result<Value, Stop> {
    let string = text(&arguments[0]);
    machine.burn(string.len() as u64 / 16)?;
    Ok(Value::Number(length(string, machine).into()))
}

fn upper_case(machine: &mut Machine<'_>, arguments: &[Value]) -> Result<Value, Stop> {
    machine.string(text(&arguments[0]).to_uppercase())
}

fn lower_case(machine: &mut Machine<'_>, arguments: &[Value]) -> Result<Value, Stop> {
    machine.string(text(&arguments[0]).to_lowercase())
}

fn substring_before(machine: &mut Machine<'_>, arguments: &[Value]) -> Result<Value, Stop> {
    let string = text(&arguments[0]);
    machine.string(string.find(text(&arguments[1])).map_or("", |at| &string[..at]))
}

fn substring_after(machine: &mut Machine<'_>, arguments: &[Value]) -> Result<Value, Stop> {
    let (string, found) = (text(&arguments[0]), text(&arguments[1]));
    machine.string(string.find(found).map_or("", |at| &string[at + found.len()..]))
}

fn contains(_machine: &mut Machine<'_>, arguments: &[Value]) -> Result<Value, Stop> {
    Ok(Value::Boolean(text(&arguments[0]).contains(text(&arguments[1]))))
}

fn starts_with(_machine: &mut Machine<'_>, arguments: &[Value]) -> Result<Value, Stop> {
    Ok(Value::Boolean(text(&arguments[0]).starts_with(text(&arguments[1]))))
}

fn ends_with(_machine: &mut Machine<'_>, arguments: &[Value]) -> Result<Value, Stop> {
    Ok(Value::Boolean(text(&arguments[0]).ends_with(text(&arguments[1]))))
}

/// Drops spaces and control characters at both ends.
fn trim(machine: &mut Machine<'_>, arguments: &[Value]) -> Result<Value, Stop> {
    machine.string(text(&arguments[0]).trim_matches(|char| char <= ' '))
}

fn is_blank(_machine: &mut Machine<'_>, arguments: &[Value]) -> Result<Value, Stop> {
    Ok(Value::Boolean(text(&arguments[0]).chars().all(is_white_space)))
}

/// White space as a JVM sees it (this function is not the standard's): without the spaces that do not break a line,
/// but with the four separators of information.
fn is_white_space(char: char) -> bool {
    match char {
        '\u{85}' | '\u{a0}' | '\u{2007}' | '\u{202f}' => false,
        '\u{1c}'..='\u{1f}' => true,
        _ => char.is_whitespace(),
    }
}

fn to_base64(machine: &mut Machine<'_>, arguments: &[Value]) -> Result<Value, Stop> {
    use base64::Engine as _;
    machine.string(base64::engine::general_purpose::STANDARD.encode(text(&arguments[0])))
}

fn from_base64(machine: &mut Machine<'_>, arguments: &[Value]) -> Result<Value, Stop> {
    use base64::Engine as _;
    let value = text(&arguments[0]);
    match base64::engine::general_purpose::STANDARD.decode(value) {
        Ok(bytes) => machine.string(String::from_utf8_lossy(&bytes)),
        Err(_) => Err(Stop::null(format!("Invalid Base64 value '{value}'"))),
    }
}

/// A UUID of version 7: the milliseconds of `now()`, then random bits.
fn uuid(machine: &mut Machine<'_>, _arguments: &[Value]) -> Result<Value, Stop> {
    let ms = machine.moment().now.epoch_ms().unwrap_or(0) as u64 & 0xffff_ffff_ffff;
    let (high, low) = (machine.random(), machine.random());
    let text = format!(
        "{:08x}-{:04x}-7{:03x}-{:04x}-{:012x}",
        ms >> 16,
        ms & 0xffff,
        high & 0xfff,
        0x8000 | (high >> 48 & 0x3fff),
        low & 0xffff_ffff_ffff
    );
    machine.string(text)
}
