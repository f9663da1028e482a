//! Whether two values are the same, without FEEL's conversions.

use std::sync::Arc;

use weir_feel::{Dialect, Number, Value};

/// Whether two values are of the same type and equal; contexts whatever the order of their entries.
pub(crate) fn same(a: &Value, b: &Value) -> bool {
    same_with(a, b, &|a, b| a == b)
}

/// [`same`] with another idea of equal numbers.
pub(crate) fn same_with(a: &Value, b: &Value, numbers: &dyn Fn(&Number, &Number) -> bool) -> bool {
    match (a, b) {
        (Value::Null, Value::Null) => true,
        (Value::Boolean(a), Value::Boolean(b)) => a == b,
        (Value::Number(a), Value::Number(b)) => numbers(a, b),
        (Value::String(a), Value::String(b)) => a == b,
        (Value::List(a), Value::List(b)) => {
            a.len() == b.len() && a.iter().zip(b.iter()).all(|(a, b)| same_with(a, b, numbers))
        }
        (Value::Context(a), Value::Context(b)) => {
            let entry = |(name, a): &(Arc<str>, Value)| b.get(name).is_some_and(|b| same_with(a, b, numbers));
            a.len() == b.len() && a.entries().iter().all(entry)
        }
        (Value::Date(a), Value::Date(b)) => a == b,
        (Value::DaysDuration(a), Value::DaysDuration(b)) => a == b,
        (Value::MonthsDuration(a), Value::MonthsDuration(b)) => a == b,
        // Times and ranges are the same when they are written the same way.
        (Value::Time(_), Value::Time(_))
        | (Value::DateTime(_), Value::DateTime(_))
        | (Value::Range(_), Value::Range(_)) => a.to_text(Dialect::Dmn) == b.to_text(Dialect::Dmn),
        _ => false,
    }
}
