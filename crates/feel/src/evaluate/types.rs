//! `instance of`.

use std::sync::Arc;

use crate::ast::TypeExpr;
use crate::machine::{Machine, Stop};
use crate::names::Type;
use crate::node::Node;
use crate::value::{FunctionKind, Value};

impl Machine<'_> {
    #[inline(never)]
    pub(super) fn instance(&mut self, value: &Node, of: &TypeExpr) -> Result<Value, Stop> {
        let value = self.evaluate(value)?;
        Ok(Value::Boolean(self.is_of(&value, of)))
    }

    fn is_of(&self, value: &Value, of: &TypeExpr) -> bool {
        match of {
            TypeExpr::Known(of, _) => conforms(value, of),
            TypeExpr::Null(_) => value.is_null(),
            TypeExpr::Unknown(_) => false,
        }
    }
}

/// Whether a value is of a type (DMN 1.5 clause 10.3.2.9); null is of none, not even `Any`.
pub(crate) fn conforms(value: &Value, of: &Type) -> bool {
    match (value, of) {
        (Value::Null, _) => false,
        (_, Type::Any)
        | (Value::Number(_), Type::Number)
        | (Value::String(_), Type::String)
        | (Value::Boolean(_), Type::Boolean)
        | (Value::Date(_), Type::Date)
        | (Value::Time(_), Type::Time)
        | (Value::DateTime(_), Type::DateTime)
        | (Value::DaysDuration(_), Type::DaysDuration)
        | (Value::MonthsDuration(_), Type::MonthsDuration) => true,
        (Value::List(items), Type::List(item)) => {
            items.iter().all(|value| value.is_null() || conforms(value, item))
        }
        (Value::Context(context), Type::Context(entries)) => entries
            .iter()
            .all(|(name, of)| context.get(name).is_some_and(|value| value.is_null() || conforms(value, of))),
        (Value::Range(range), Type::Range(of)) => {
            let ends = [&range.start().value, &range.end().value];
            ends.iter().all(|value| value.is_null() || conforms(value, of))
        }
        (Value::Function(function), Type::Function(parameters, _)) => {
            // What a function gives is not known before it is called; its parameters are.
            parameters.is_empty()
                || match function.kind() {
                    FunctionKind::Builtin(_) => true,
                    FunctionKind::Closure(closure) => takes(&closure.body.parameters, parameters),
                    FunctionKind::Host(host) => takes(host.parameters(), parameters),
                }
        }
        (_, _) => false,
    }
}

type Parameters = [(Arc<str>, Type)];

/// Whether a function with these parameters takes all that one with the wanted parameters takes.
fn takes(parameters: &Parameters, wanted: &Parameters) -> bool {
    parameters.len() == wanted.len()
        && parameters.iter().zip(wanted).all(|((_, of), (_, wanted))| is_subtype(wanted, of))
}

/// Whether every value of one type is of the other (DMN 1.5 clause 10.3.2.9.2).
fn is_subtype(of: &Type, whole: &Type) -> bool {
    match (of, whole) {
        (_, Type::Any) => true,
        (Type::List(item), Type::List(whole)) | (Type::Range(item), Type::Range(whole)) => {
            is_subtype(item, whole)
        }
        (Type::Context(entries), Type::Context(whole)) => {
            whole.iter().all(|(name, whole)| entries.get(name).is_some_and(|of| is_subtype(of, whole)))
        }
        (Type::Function(parameters, result), Type::Function(whole, whole_result)) => {
            takes(parameters, whole) && is_subtype(result, whole_result)
        }
        (of, whole) => of == whole,
    }
}
