//! What an expression of a decision can refer to.

use std::sync::Arc;

use weir_feel::{Binding, Value, Variables};

/// Names with values, over an outer scope.
#[derive(Clone, Copy)]
pub(crate) struct Scope<'a> {
    outer: &'a dyn Variables,
    names: &'a [(Arc<str>, Value)],
}

impl<'a> Scope<'a> {
    pub(crate) fn new(outer: &'a dyn Variables, names: &'a [(Arc<str>, Value)]) -> Self {
        Self { outer, names }
    }
}

impl Variables for Scope<'_> {
    fn get(&self, name: &str) -> Option<Binding> {
        match self.names.iter().rev().find(|(known, _)| &**known == name) {
            Some((_, value)) => Some(Binding::Value(value.clone())),
            None => self.outer.get(name),
        }
    }
}

/// The value that a name is bound to; JSON that does not parse is null, as its owner checked it before.
pub(crate) fn lookup(variables: &dyn Variables, name: &str) -> Option<Value> {
    match variables.get(name)? {
        Binding::Value(value) => Some(value),
        Binding::Json(text) => Some(Value::from_json(&text).unwrap_or_default()),
    }
}

/// The values of some names, for a function that outlives the scope.
pub(crate) fn captured(variables: &dyn Variables, names: &[Arc<str>]) -> Vec<(Arc<str>, Value)> {
    names.iter().filter_map(|name| lookup(variables, name).map(|value| (name.clone(), value))).collect()
}
