//! Values of test files as FEEL values, and what differs between an expected and an actual one.

use weir_feel::temporal::{Date, DateTime, DaysDuration, MonthsDuration, Time};
use weir_feel::{Context, Dialect, Number, Value};

use super::declared::Declared;
use super::read::{Datum, DatumKind};
use crate::same::same_with;

/// Numbers that differ by less than this are equal, as the published results have it (their runner's 1e-8).
const TOLERANCE: (i128, i32) = (1, -8);

impl Datum {
    /// The FEEL value; text without a type of its own takes the type that the model declares, or says what text is not
    /// a value of its type.
    pub(super) fn to_value(&self, declared: Declared<'_>) -> Result<Value, String> {
        match self {
            Self::Null => Ok(Value::Null),
            Self::Simple(DatumKind::Untyped, text) => {
                let kinds = [declared.kind(), DatumKind::Untyped];
                Ok(kinds.into_iter().find_map(|kind| kind.value(text)).unwrap_or_default())
            }
            Self::Simple(kind, text) => {
                kind.value(text).ok_or_else(|| format!("'{text}' is not a value of type {kind:?}"))
            }
            Self::List(items) => {
                let items = items.iter().map(|item| item.to_value(declared.element()));
                Ok(Value::from(items.collect::<Result<Vec<_>, _>>()?))
            }
            Self::Context(entries) => {
                let mut values = Vec::with_capacity(entries.len());
                for (name, datum) in entries {
                    values.push((name.as_str().into(), datum.to_value(declared.component(name))?));
                }
                Ok(Value::Context(Context::new(values)))
            }
        }
    }
}

impl DatumKind {
    fn value(self, text: &str) -> Option<Value> {
        let boolean = match text {
            "true" | "1" => Some(true),
            "false" | "0" => Some(false),
            _ => None,
        };
        match self {
            Self::String => Some(Value::from(text)),
            Self::Boolean => boolean.map(Value::Boolean),
            Self::Number => number(text).map(Value::Number),
            Self::Date => Date::parse(text).map(Value::Date),
            Self::Time => Time::parse(text, Dialect::Dmn).map(Value::Time),
            Self::DateTime => DateTime::parse(text, Dialect::Dmn).map(Value::DateTime),
            Self::Duration => {
                let months = MonthsDuration::parse(text, Dialect::Dmn).map(Value::MonthsDuration);
                months.or_else(|| DaysDuration::parse(text, Dialect::Dmn).map(Value::DaysDuration))
            }
            Self::Untyped => Some(match (text, number(text)) {
                ("true", _) => Value::Boolean(true),
                ("false", _) => Value::Boolean(false),
                (_, Some(number)) => Value::Number(number),
                (_, None) => Value::from(text),
            }),
        }
    }
}

fn number(text: &str) -> Option<Number> {
    Number::parse(text).or_else(|| text.parse::<f64>().ok().and_then(Number::from_f64))
}

/// What differs, for people; none when the values are equal.
pub(super) fn difference(expected: &Value, actual: &Value) -> Option<String> {
    if same_with(expected, actual, &close) {
        return None;
    }
    Some(format!("expected {}, got {}", typed(expected), typed(actual)))
}

fn close(a: &Number, b: &Number) -> bool {
    let tolerance = Number::from_parts(TOLERANCE.0, TOLERANCE.1);
    a == b || a.subtract(b).zip(tolerance).is_some_and(|(difference, most)| difference.abs() < most)
}

/// A value, with its type where the text alone does not tell.
fn typed(value: &Value) -> String {
    match value {
        Value::Null
        | Value::Boolean(_)
        | Value::Number(_)
        | Value::String(_)
        | Value::List(_)
        | Value::Context(_) => value.to_string(),
        Value::Date(_)
        | Value::Time(_)
        | Value::DateTime(_)
        | Value::DaysDuration(_)
        | Value::MonthsDuration(_)
        | Value::Range(_)
        | Value::Function(_) => format!("{} ({})", value, value.type_name()),
    }
}
