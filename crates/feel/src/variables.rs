//! Where an evaluation gets the values of its variables from.

use std::sync::Arc;

use crate::value::{Context, Value};

/// What a name is bound to.
#[derive(Clone, Debug)]
pub enum Binding {
    /// JSON text, checked when it entered the system; decoded only when and where an expression looks at it.
    Json(Arc<str>),
    /// A value.
    Value(Value),
}

/// The variables of an evaluation. Each is asked for its value at most once an evaluation, then for what it is bound to.
pub trait Variables {
    /// What the name is bound to, if anything.
    fn get(&self, name: &str) -> Option<Binding>;

    /// The value that [`Variables::get`] would give, where it lies, if it lies anywhere: it spares a copy.
    fn value(&self, _name: &str) -> Option<&Value> {
        None
    }
}

/// No variables.
impl Variables for () {
    fn get(&self, _name: &str) -> Option<Binding> {
        None
    }
}

/// The entries of a context.
impl Variables for Context {
    fn get(&self, name: &str) -> Option<Binding> {
        Context::get(self, name).cloned().map(Binding::Value)
    }

    fn value(&self, name: &str) -> Option<&Value> {
        Context::get(self, name)
    }
}

/// Names with JSON text; for tests and small tools.
impl<const N: usize> Variables for [(&str, &str); N] {
    fn get(&self, name: &str) -> Option<Binding> {
        self.iter().find(|(known, _)| *known == name).map(|(_, text)| Binding::Json((*text).into()))
    }
}

/// Names with values.
impl Variables for [(Arc<str>, Value)] {
    fn get(&self, name: &str) -> Option<Binding> {
        self.value(name).cloned().map(Binding::Value)
    }

    fn value(&self, name: &str) -> Option<&Value> {
        self.iter().rev().find(|(known, _)| &**known == name).map(|(_, value)| value)
    }
}

/// Names with values.
impl Variables for Vec<(Arc<str>, Value)> {
    fn get(&self, name: &str) -> Option<Binding> {
        Variables::get(self.as_slice(), name)
    }

    fn value(&self, name: &str) -> Option<&Value> {
        self.as_slice().value(name)
    }
}
