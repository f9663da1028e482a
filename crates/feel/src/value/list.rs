//! Lists.

use std::ops::Deref;
use std::sync::Arc;

use super::Value;

/// An immutable list; cloning shares it. Dereferences to the slice of its items.
#[derive(Clone, Debug, Default)]
pub struct List(Arc<Items>);

#[derive(Debug, Default)]
struct Items {
    items: Vec<Value>,
    depth: u32,
}

impl List {
    /// A list of these items.
    pub fn new(items: Vec<Value>) -> Self {
        let depth = 1 + items.iter().map(Value::depth).max().unwrap_or(0);
        Self(Arc::new(Items { items, depth }))
    }

    pub(crate) fn depth(&self) -> u32 {
        self.0.depth
    }
}

impl Deref for List {
    type Target = [Value];

    fn deref(&self) -> &[Value] {
        &self.0.items
    }
}

impl FromIterator<Value> for List {
    fn from_iter<I: IntoIterator<Item = Value>>(items: I) -> Self {
        Self::new(items.into_iter().collect())
    }
}
