//! Values as FEEL text: for `string()` and for messages.

use std::fmt::{self, Write};

use super::Value;
use crate::dialect::Dialect;

/// Whether strings stand in quotes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Quotes {
    None,
    Double,
}

pub(super) fn write(value: &Value, quotes: Quotes, dialect: Dialect, out: &mut String) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Boolean(true) => out.push_str("true"),
        Value::Boolean(false) => out.push_str("false"),
        Value::Number(number) => push(out, number),
        Value::String(text) if quotes == Quotes::Double => quoted(text, dialect, out),
        Value::String(text) => out.push_str(text),
        Value::Date(_)
        | Value::Time(_)
        | Value::DateTime(_)
        | Value::DaysDuration(_)
        | Value::MonthsDuration(_) => {
            if let Some(temporal) = value.as_temporal() {
                let _ = temporal.write_string(dialect, out);
            }
        }
        Value::List(items) => {
            out.push('[');
            for (nth, item) in items.iter().enumerate() {
                out.push_str(if nth == 0 { "" } else { ", " });
                write(item, Quotes::Double, dialect, out);
            }
            out.push(']');
        }
        Value::Context(context) => {
            out.push('{');
            for (nth, (name, entry)) in context.entries().iter().enumerate() {
                out.push_str(if nth == 0 { "" } else { ", " });
                key(name, dialect, out);
                write(entry, Quotes::Double, dialect, out);
            }
            out.push('}');
        }
        Value::Range(range) => {
            out.push(if range.start().included { '[' } else { '(' });
            write(&range.start().value, Quotes::Double, dialect, out);
            out.push_str("..");
            write(&range.end().value, Quotes::Double, dialect, out);
            out.push(if range.end().included { ']' } else { ')' });
        }
        Value::Function(function) => {
            let names = function.parameter_names();
            push(out, &format_args!("function({})", names.join(", ")));
        }
    }
}

/// A string within another value. DMN escapes what must be escaped to read it back; feel-scala does not.
fn quoted(text: &str, dialect: Dialect, out: &mut String) {
    out.push('"');
    for next in text.chars() {
        if dialect == Dialect::Dmn && matches!(next, '"' | '\\') {
            out.push('\\');
        }
        out.push(next);
    }
    out.push('"');
}

/// The key of an entry: `a:` or in DMN `a: `, there in quotes if it is no name.
fn key(name: &str, dialect: Dialect, out: &mut String) {
    let is_name = name.chars().all(|next| next.is_alphanumeric() || matches!(next, ' ' | '_'));
    match dialect {
        Dialect::Dmn if !is_name => quoted(name, dialect, out),
        Dialect::Dmn | Dialect::Bpmn => out.push_str(name),
    }
    out.push_str(if dialect == Dialect::Dmn { ": " } else { ":" });
}

/// Writing into a string cannot fail.
fn push(out: &mut String, item: &dyn fmt::Display) {
    let _ = write!(out, "{item}");
}

/// As messages show values: strings in quotes.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = String::new();
        write(self, Quotes::Double, Dialect::Bpmn, &mut out);
        f.write_str(&out)
    }
}
