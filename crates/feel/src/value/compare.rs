//! Equality and order of values, as far as both dialects agree; where they differ a switch decides.

use std::cmp::Ordering;

use super::{Boundary, Context, List, Range, Value};
use crate::dialect::Switches;

/// Whether two values are equal; `None` if they cannot be compared.
pub(crate) fn equal(left: &Value, right: &Value, switches: &Switches) -> Option<bool> {
    match (left, right) {
        (Value::Null, Value::Null) => Some(true),
        (Value::Null, _) | (_, Value::Null) => Some(false),
        (Value::Number(a), Value::Number(b)) => Some(a == b),
        (Value::Boolean(a), Value::Boolean(b)) => Some(a == b),
        (Value::String(a), Value::String(b)) => Some(a == b),
        (Value::List(a), Value::List(b)) => equal_lists(a, b, switches),
        (Value::Context(a), Value::Context(b)) => equal_contexts(a, b, switches),
        (Value::Range(a), Value::Range(b)) if switches.compare_ranges => equal_ranges(a, b, switches),
        _ => left.as_temporal()?.equals(right.as_temporal()?, switches.dialect),
    }
}

fn equal_lists(left: &List, right: &List, switches: &Switches) -> Option<bool> {
    Some(
        left.len() == right.len()
            && left.iter().zip(right.iter()).all(|(a, b)| equal(a, b, switches) == Some(true)),
    )
}

fn equal_contexts(left: &Context, right: &Context, switches: &Switches) -> Option<bool> {
    let same = |(name, value): &(std::sync::Arc<str>, Value)| {
        right.get(name).is_some_and(|other| equal(value, other, switches) == Some(true))
    };
    Some(left.len() == right.len() && left.entries().iter().all(same))
}

fn equal_ranges(left: &Range, right: &Range, switches: &Switches) -> Option<bool> {
    let same =
        |a: &Boundary, b: &Boundary| Some(a.included == b.included && equal(&a.value, &b.value, switches)?);
    Some(
        left.comparison() == right.comparison()
            && same(left.start(), right.start())?
            && same(left.end(), right.end())?,
    )
}

/// How two values are ordered; `None` if they cannot be compared.
pub(crate) fn compare(left: &Value, right: &Value, switches: &Switches) -> Option<Ordering> {
    match (left, right) {
        (Value::Number(a), Value::Number(b)) => Some(a.cmp(b)),
        (Value::String(a), Value::String(b)) if switches.utf16_strings => {
            Some(a.encode_utf16().cmp(b.encode_utf16()))
        }
        (Value::String(a), Value::String(b)) => Some(a.cmp(b)),
        _ => left.as_temporal()?.compare(right.as_temporal()?, switches.dialect),
    }
}
