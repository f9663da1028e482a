//! Values as JSON, the way a broker stores them.

use std::fmt::Write;

use super::Value;
use crate::dialect::Dialect;
use crate::number::Number;

/// Which JSON.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    /// As a broker stores it.
    Stored,
    /// As `to json()` gives it.
    Exact,
}

pub(super) fn write(value: &Value, style: Style, out: &mut String) {
    match value {
        Value::Range(_) | Value::Function(_) if style == Style::Exact => {
            write_string(&value.to_text(Dialect::Bpmn), out);
        }
        Value::Null | Value::Range(_) | Value::Function(_) => out.push_str("null"),
        Value::Boolean(true) => out.push_str("true"),
        Value::Boolean(false) => out.push_str("false"),
        Value::Number(number) if style == Style::Exact => out.push_str(&number.to_string()),
        Value::Number(number) => write_number(number, out),
        Value::String(text) => write_string(text, out),
        Value::Date(_)
        | Value::Time(_)
        | Value::DateTime(_)
        | Value::DaysDuration(_)
        | Value::MonthsDuration(_) => {
            // No temporal text holds a character that JSON escapes.
            if let Some(temporal) = value.as_temporal() {
                out.push('"');
                let _ = match style {
                    Style::Stored => temporal.write_stored(out),
                    Style::Exact => temporal.write_json(out),
                };
                out.push('"');
            }
        }
        Value::List(items) => {
            out.push('[');
            for (nth, item) in items.iter().enumerate() {
                if nth > 0 {
                    out.push(',');
                }
                write(item, style, out);
            }
            out.push(']');
        }
        Value::Context(context) => {
            out.push('{');
            let mut first = true;
            for (name, entry) in context.entries() {
                // A function in a context is not stored at all; alone or in a list it is null.
                if style == Style::Stored && matches!(entry, Value::Function(_)) {
                    continue;
                }
                if !first {
                    out.push(',');
                }
                first = false;
                write_string(name, out);
                out.push(':');
                write(entry, style, out);
            }
            out.push('}');
        }
    }
}

/// Whole numbers as 64-bit integers (higher bits cut), others as doubles.
fn write_number(number: &Number, out: &mut String) {
    let written = match number.as_int() {
        Some(whole) => write!(out, "{whole}"),
        None if number.is_whole() => write!(out, "{}", number.to_i64_wrapping()),
        None => write!(out, "{}", number.to_f64()),
    };
    debug_assert!(written.is_ok(), "writing into a string cannot fail");
}

pub(super) fn write_string(text: &str, out: &mut String) {
    out.push('"');
    let mut start = 0;
    for (at, byte) in text.bytes().enumerate() {
        let escape = match byte {
            b'"' => "\\\"",
            b'\\' => "\\\\",
            b'\n' => "\\n",
            b'\r' => "\\r",
            b'\t' => "\\t",
            0x08 => "\\b",
            0x0c => "\\f",
            0..0x20 => "",
            _ => continue,
        };
        out.push_str(&text[start..at]);
        out.push_str(escape);
        if escape.is_empty() {
            let written = write!(out, "\\u{byte:04x}");
            debug_assert!(written.is_ok(), "writing into a string cannot fail");
        }
        start = at + 1;
    }
    out.push_str(&text[start..]);
    out.push('"');
}
