//! Temporal values as values.

use super::Value;
use crate::number::Number;
use crate::temporal::{Property, Temporal};

impl Value {
    /// The temporal value, if it is one.
    pub fn as_temporal(&self) -> Option<Temporal> {
        match self {
            Value::Date(value) => Some(Temporal::Date(*value)),
            Value::Time(value) => Some(Temporal::Time(*value)),
            Value::DateTime(value) => Some(Temporal::DateTime(*value)),
            Value::DaysDuration(value) => Some(Temporal::Days(*value)),
            Value::MonthsDuration(value) => Some(Temporal::Months(*value)),
            Value::Null
            | Value::Boolean(_)
            | Value::Number(_)
            | Value::String(_)
            | Value::List(_)
            | Value::Context(_)
            | Value::Range(_)
            | Value::Function(_) => None,
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

impl From<Property> for Value {
    fn from(value: Property) -> Self {
        match value {
            Property::Integer(value) => Value::Number(Number::from(value)),
            Property::Days(value) => Value::DaysDuration(value),
            Property::Text(value) => Value::String(value.into()),
            Property::Null => Value::Null,
        }
    }
}
