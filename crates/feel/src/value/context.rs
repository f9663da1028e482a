//! Contexts: named entries in the order they were given.

use std::sync::Arc;

use super::Value;

/// Contexts with more entries than this keep a sorted index.
const MAX_SCANNED_ENTRIES: usize = 16;

/// An immutable context; cloning shares it.
#[derive(Clone, Debug, Default)]
pub struct Context(Arc<Entries>);

#[derive(Debug, Default)]
struct Entries {
    entries: Vec<(Arc<str>, Value)>,
    /// Places of the entries by sorted name, when there are many.
    sorted: Vec<u32>,
    depth: u32,
}

impl Context {
    /// A context of these entries; of equal names the last value wins, at the place of the first.
    pub fn new(mut entries: Vec<(Arc<str>, Value)>) -> Self {
        let mut sorted = sort(&entries);
        let repeated =
            sorted.windows(2).any(|pair| entries[pair[0] as usize].0 == entries[pair[1] as usize].0);
        if repeated {
            entries = without_repeats(&entries, &sorted);
            sorted = sort(&entries);
        }
        if entries.len() <= MAX_SCANNED_ENTRIES {
            sorted = Vec::new();
        }
        let depth = 1 + entries.iter().map(|(_, value)| value.depth()).max().unwrap_or(0);
        Self(Arc::new(Entries { entries, sorted, depth }))
    }

    /// The entry of that name.
    pub fn get(&self, name: &str) -> Option<&Value> {
        if self.0.sorted.is_empty() {
            return self.0.entries.iter().find(|(key, _)| &**key == name).map(|(_, value)| value);
        }
        let place =
            self.0.sorted.binary_search_by(|place| (*self.0.entries[*place as usize].0).cmp(name)).ok()?;
        Some(&self.0.entries[self.0.sorted[place] as usize].1)
    }

    /// All entries in order.
    pub fn entries(&self) -> &[(Arc<str>, Value)] {
        &self.0.entries
    }

    /// Number of entries.
    pub fn len(&self) -> usize {
        self.0.entries.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.entries.is_empty()
    }

    /// A copy with one entry added or replaced.
    pub fn with(&self, name: &str, value: Value) -> Self {
        let mut entries = self.0.entries.clone();
        match entries.iter_mut().find(|(key, _)| &**key == name) {
            Some(entry) => entry.1 = value,
            None => entries.push((name.into(), value)),
        }
        Self::new(entries)
    }

    pub(crate) fn depth(&self) -> u32 {
        self.0.depth
    }
}

impl<'a> FromIterator<(&'a str, Value)> for Context {
    fn from_iter<I: IntoIterator<Item = (&'a str, Value)>>(entries: I) -> Self {
        Self::new(entries.into_iter().map(|(name, value)| (name.into(), value)).collect())
    }
}

/// The places of the entries, ordered by name, equal names by place.
fn sort(entries: &[(Arc<str>, Value)]) -> Vec<u32> {
    if entries.len() <= 1 {
        return Vec::new();
    }
    if entries.len() <= MAX_SCANNED_ENTRIES && !has_repeats(entries) {
        return Vec::new();
    }
    let mut sorted: Vec<u32> = (0..entries.len() as u32).collect();
    sorted.sort_by(|a, b| entries[*a as usize].0.cmp(&entries[*b as usize].0));
    sorted
}

fn has_repeats(entries: &[(Arc<str>, Value)]) -> bool {
    entries.iter().enumerate().any(|(nth, (name, _))| entries[..nth].iter().any(|(other, _)| other == name))
}

fn without_repeats(entries: &[(Arc<str>, Value)], sorted: &[u32]) -> Vec<(Arc<str>, Value)> {
    let mut kept: Vec<Option<Value>> = vec![None; entries.len()];
    let mut start = 0;
    while start < sorted.len() {
        let name = &entries[sorted[start] as usize].0;
        let mut end = start;
        while end + 1 < sorted.len() && entries[sorted[end + 1] as usize].0 == *name {
            end += 1;
        }
        kept[sorted[start] as usize] = Some(entries[sorted[end] as usize].1.clone());
        start = end + 1;
    }
    kept.into_iter()
        .enumerate()
        .filter_map(|(place, value)| value.map(|value| (entries[place].0.clone(), value)))
        .collect()
}
