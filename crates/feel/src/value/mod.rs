//! FEEL values: small (24 bytes), cheap to clone, immutable.

use std::sync::Arc;

use crate::dialect::Dialect;
use crate::number::Number;
use crate::temporal::{Date, DateTime, DaysDuration, MonthsDuration, Temporal, Time};

mod compare;
mod context;
mod function;
mod json_read;
mod json_write;
mod list;
mod range;
mod text;

pub(crate) use compare::{compare, equal};
pub use context::Context;
pub(crate) use function::{Closure, FunctionKind};
pub use function::{Function, HostFunction};
pub use json_read::JsonError;
pub(crate) use json_read::{JsonPath, decode_path};
pub use list::List;
pub use range::{Boundary, Range};

/// A FEEL value (DMN 1.5 clause 10.3.2).
#[derive(Clone, Debug, Default)]
pub enum Value {
    /// No value.
    #[default]
    Null,
    /// `true` or `false`.
    Boolean(bool),
    /// A decimal number of 34 digits.
    Number(Number),
    /// Text.
    String(Arc<str>),
    /// A calendar date.
    Date(Date),
    /// A time of day, local, at an offset or in a zone.
    Time(Time),
    /// A date with a time, local, at an offset or in a zone.
    DateTime(DateTime),
    /// An exact duration.
    DaysDuration(DaysDuration),
    /// A duration in calendar months.
    MonthsDuration(MonthsDuration),
    /// A list.
    List(List),
    /// Named entries.
    Context(Context),
    /// All values between two.
    Range(Range),
    /// A function.
    Function(Function),
}

impl Value {
    /// Whether this is null.
    pub fn is_null(&self) -> bool {
        matches!(self, Value::Null)
    }

    /// Whether this is the boolean `true`.
    pub fn is_true(&self) -> bool {
        matches!(self, Value::Boolean(true))
    }

    /// The boolean, if it is one.
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Value::Boolean(value) => Some(*value),
            _ => None,
        }
    }

    /// The number, if it is one.
    pub fn as_number(&self) -> Option<&Number> {
        match self {
            Value::Number(value) => Some(value),
            _ => None,
        }
    }

    /// The text, if it is a string.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Value::String(value) => Some(value),
            _ => None,
        }
    }

    /// The list, if it is one.
    pub fn as_list(&self) -> Option<&List> {
        match self {
            Value::List(value) => Some(value),
            _ => None,
        }
    }

    /// The context, if it is one.
    pub fn as_context(&self) -> Option<&Context> {
        match self {
            Value::Context(value) => Some(value),
            _ => None,
        }
    }

    /// Reads JSON text: numbers become decimals, strings stay strings, the last of equal keys wins.
    pub fn from_json(text: &str) -> Result<Value, JsonError> {
        json_read::decode(text)
    }

    /// The value as JSON, the way a broker stores it: whole numbers as 64-bit integers, others as doubles,
    /// temporals as ISO text, functions and ranges as null.
    pub fn to_json(&self) -> String {
        let mut out = String::new();
        self.write_json(&mut out);
        out
    }

    /// The value as JSON as FEEL's `to json()` writes it: numbers in full, functions and ranges as text.
    pub fn to_exact_json(&self) -> String {
        let mut out = String::new();
        json_write::write(self, json_write::Style::Exact, &mut out);
        out
    }

    /// [`Value::to_json`] into an existing buffer.
    pub fn write_json(&self, out: &mut String) {
        json_write::write(self, json_write::Style::Stored, out);
    }

    /// The text that FEEL's `string()` gives; strings as they are, null as `null`.
    pub fn to_text(&self, dialect: Dialect) -> String {
        let mut out = String::new();
        text::write(self, text::Quotes::None, dialect, &mut out);
        out
    }

    /// The temporal value, if it is one.
    pub fn as_temporal(&self) -> Option<Temporal> {
        match self {
            Value::Date(value) => Some(Temporal::Date(*value)),
            Value::Time(value) => Some(Temporal::Time(*value)),
            Value::DateTime(value) => Some(Temporal::DateTime(*value)),
            Value::DaysDuration(value) => Some(Temporal::Days(*value)),
            Value::MonthsDuration(value) => Some(Temporal::Months(*value)),
            _ => None,
        }
    }

    /// The FEEL name of the value's type, as `instance of` knows it.
    pub fn type_name(&self) -> &'static str {
        match self {
            Value::Null => "null",
            Value::Boolean(_) => "boolean",
            Value::Number(_) => "number",
            Value::String(_) => "string",
            Value::Date(_) => "date",
            Value::Time(_) => "time",
            Value::DateTime(_) => "date and time",
            Value::DaysDuration(_) => "days and time duration",
            Value::MonthsDuration(_) => "years and months duration",
            Value::List(_) => "list",
            Value::Context(_) => "context",
            Value::Range(_) => "range",
            Value::Function(_) => "function",
        }
    }

    /// The name a broker gives the type in incident texts: `STRING`, `DURATION` (days), `PERIOD` (months), ...
    pub fn stored_type_name(&self) -> &'static str {
        match self {
            Value::Null => "NULL",
            Value::Boolean(_) => "BOOLEAN",
            Value::Number(_) => "NUMBER",
            Value::String(_) => "STRING",
            Value::Date(_) => "DATE",
            Value::DateTime(_) => "DATE_TIME",
            Value::DaysDuration(_) => "DURATION",
            Value::MonthsDuration(_) => "PERIOD",
            Value::List(_) => "ARRAY",
            Value::Context(_) => "OBJECT",
            Value::Time(_) | Value::Range(_) | Value::Function(_) => "UNKNOWN",
        }
    }

    /// Levels of lists, contexts and the like within this value; 0 for a scalar.
    pub(crate) fn depth(&self) -> u32 {
        match self {
            Value::List(list) => list.depth(),
            Value::Context(context) => context.depth(),
            Value::Function(function) => function.depth(),
            Value::Null
            | Value::Boolean(_)
            | Value::Number(_)
            | Value::String(_)
            | Value::Date(_)
            | Value::Time(_)
            | Value::DateTime(_)
            | Value::DaysDuration(_)
            | Value::MonthsDuration(_)
            | Value::Range(_) => 0,
        }
    }
}

impl From<Temporal> for Value {
    fn from(value: Temporal) -> Self {
        match value {
            Temporal::Date(value) => Value::Date(value),
            Temporal::Time(value) => Value::Time(value),
            Temporal::DateTime(value) => Value::DateTime(value),
            Temporal::Days(value) => Value::DaysDuration(value),
            Temporal::Months(value) => Value::MonthsDuration(value),
        }
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Value::Boolean(value)
    }
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Value::Number(Number::from(value))
    }
}

impl From<Number> for Value {
    fn from(value: Number) -> Self {
        Value::Number(value)
    }
}

impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Value::String(value.into())
    }
}

impl From<String> for Value {
    fn from(value: String) -> Self {
        Value::String(value.into())
    }
}

impl From<Vec<Value>> for Value {
    fn from(items: Vec<Value>) -> Self {
        Value::List(List::new(items))
    }
}

impl From<Context> for Value {
    fn from(value: Context) -> Self {
        Value::Context(value)
    }
}

#[cfg(test)]
mod tests {
    use super::Value;

    #[test]
    fn a_value_is_small() {
        assert_eq!(size_of::<Value>(), 24);
    }
}
