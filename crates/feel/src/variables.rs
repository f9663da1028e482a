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

/// The variables of an evaluation. Each name is asked for at most once an evaluation.
pub trait Variables {
    /// What the name is bound to, if anything.
    fn get(&self, name: &str) -> Option<Binding>;
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
        self.iter().rev().find(|(known, _)| &**known == name).map(|(_, value)| Binding::Value(value.clone()))
    }
}

/// Names with values.
impl Variables for Vec<(Arc<str>, Value)> {
    fn get(&self, name: &str) -> Option<Binding> {
        Variables::get(self.as_slice(), name)
    }
}
