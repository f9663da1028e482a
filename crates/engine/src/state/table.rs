//! One table: an ordered map in memory that knows what changed since the last checkpoint.
//!
//! Rows are shared (`Arc`), so that reading one out costs a reference count, and a checkpoint can encode a row while
//! the next command already replaced it. A row that is made and removed between two checkpoints leaves no trace.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::{Bound, RangeBounds},
    sync::Arc,
};

use crate::state::bytes::{RowKey, RowValue};

/// An ordered table.
#[derive(Clone, Debug)]
pub struct Table<K, V> {
    rows: BTreeMap<K, Entry<V>>,
    /// Keys of rows that changed since the last checkpoint; may name a row twice or one that is gone.
    touched: Vec<K>,
    /// Keys of rows that the last checkpoint holds and that are gone since. They stand apart from the rows, so that
    /// looking for the first row of a queue costs the same however many were taken from it.
    removed: BTreeSet<K>,
}

#[derive(Clone, Debug)]
struct Entry<V> {
    value: Arc<V>,
    /// Whether the last checkpoint holds a row with this key.
    stored: bool,
    /// Whether it is in `touched`.
    dirty: bool,
}

impl<K, V> Default for Table<K, V> {
    fn default() -> Self {
        Table { rows: BTreeMap::new(), touched: Vec::new(), removed: BTreeSet::new() }
    }
}

impl<K: RowKey, V: RowValue> Table<K, V> {
    /// The row with this key.
    pub fn get(&self, key: &K) -> Option<Arc<V>> {
        self.rows.get(key).map(|entry| entry.value.clone())
    }

    /// Whether there is such a row.
    pub fn contains(&self, key: &K) -> bool {
        self.rows.contains_key(key)
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Puts a row in place of what was there.
    pub(crate) fn put(&mut self, key: K, value: V) {
        let value = Arc::new(value);
        if let Some(entry) = self.rows.get_mut(&key) {
            entry.value = value;
            if !std::mem::replace(&mut entry.dirty, true) {
                self.touch(key);
            }
            return;
        }
        let stored = self.removed.remove(&key);
        self.rows.insert(key.clone(), Entry { value, stored, dirty: true });
        self.touch(key);
    }

    /// Changes a row in place; returns whether it was there.
    pub(crate) fn change(&mut self, key: &K, change: impl FnOnce(&mut V)) -> bool {
        let Some(entry) = self.rows.get_mut(key) else { return false };
        change(Arc::make_mut(&mut entry.value));
        if !std::mem::replace(&mut entry.dirty, true) {
            self.touch(key.clone());
        }
        true
    }

    /// Removes a row and returns it.
    pub(crate) fn remove(&mut self, key: &K) -> Option<Arc<V>> {
        let entry = self.rows.remove(key)?;
        // It may still be named in `touched`; a name without a row is skipped there.
        if entry.stored {
            self.removed.insert(key.clone());
        }
        Some(entry.value)
    }

    /// The rows with keys in `range`, in order.
    pub fn range<'a>(
        &'a self,
        range: impl RangeBounds<K> + 'a,
    ) -> impl DoubleEndedIterator<Item = (&'a K, &'a Arc<V>)> + 'a {
        self.rows.range(range).map(|(key, entry)| (key, &entry.value))
    }

    /// The rows from `start` on for which `belongs` holds, in order, up to the first for which it does not.
    pub fn prefix<'a>(
        &'a self,
        start: K,
        belongs: impl Fn(&K) -> bool + 'a,
    ) -> impl Iterator<Item = (&'a K, &'a Arc<V>)> + 'a {
        self.range((Bound::Included(start), Bound::Unbounded)).take_while(move |(key, _)| belongs(key))
    }

    /// The first row.
    pub fn first(&self) -> Option<(&K, &Arc<V>)> {
        self.rows.first_key_value().map(|(key, entry)| (key, &entry.value))
    }

    /// All rows, in order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (&K, &Arc<V>)> {
        self.rows.iter().map(|(key, entry)| (key, &entry.value))
    }

    fn touch(&mut self, key: K) {
        self.touched.push(key);
        // Keys of short-lived rows pile up here; drop them before they outnumber what lives.
        if self.touched.len() > 4_096 && self.touched.len() > 4 * self.rows.len() {
            self.touched.sort_unstable();
            self.touched.dedup();
            let rows = &self.rows;
            self.touched.retain(|key| rows.get(key).is_some_and(|entry| entry.dirty));
        }
    }

    /// Hands out what changed since the last call, as bytes, and regards it as stored.
    pub(crate) fn take_changes(&mut self, table: u8, out: &mut Vec<Change>) {
        for key in std::mem::take(&mut self.removed) {
            out.push(Change { key: place(table, &key), value: None });
        }
        for key in std::mem::take(&mut self.touched) {
            let Some(entry) = self.rows.get_mut(&key) else { continue };
            if std::mem::replace(&mut entry.dirty, false) {
                entry.stored = true;
                out.push(Change { key: place(table, &key), value: Some(entry.value.to_bytes()) });
            }
        }
    }

    /// Takes in a row of a checkpoint.
    pub(crate) fn load(&mut self, key: &[u8], value: &[u8]) -> Result<(), CorruptRow> {
        let mut rest = key;
        let key = K::take(&mut rest).filter(|_| rest.is_empty()).ok_or(CorruptRow)?;
        let value = Arc::new(V::from_bytes(value).ok_or(CorruptRow)?);
        self.rows.insert(key, Entry { value, stored: true, dirty: false });
        Ok(())
    }

    /// Writes all rows as bytes, for comparing two states.
    pub(crate) fn dump(&self, table: u8, out: &mut Vec<(Vec<u8>, Vec<u8>)>) {
        for (key, value) in self.iter() {
            out.push((place(table, key), value.to_bytes()));
        }
    }
}

/// A row's key in a checkpoint: the table's number, then the key.
fn place<K: RowKey>(table: u8, key: &K) -> Vec<u8> {
    let mut bytes = vec![table];
    key.put(&mut bytes);
    bytes
}

/// A row as a checkpoint writes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Table number and key.
    pub key: Vec<u8>,
    /// The row; `None`: removed.
    pub value: Option<Vec<u8>>,
}

/// A row of a checkpoint that cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CorruptRow;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_that_lives_between_two_checkpoints_is_never_written() {
        let mut table = Table::<u64, u64>::default();
        table.put(1, 10);
        table.put(2, 20);
        table.remove(&1);
        let mut changes = Vec::new();
        table.take_changes(7, &mut changes);
        assert_eq!(changes.len(), 1);
        assert_eq!(changes[0].key[0], 7);
        changes.clear();
        table.take_changes(7, &mut changes);
        assert!(changes.is_empty(), "nothing changed since");
        table.remove(&2);
        table.take_changes(7, &mut changes);
        assert_eq!(changes, [Change { key: vec![7, 0, 0, 0, 0, 0, 0, 0, 2], value: None }]);
        assert_eq!(table.len(), 0);
    }

    #[test]
    fn a_row_removed_and_made_again_is_written_once() {
        let mut table = Table::<u64, u64>::default();
        table.put(1, 10);
        table.remove(&1);
        table.put(1, 11);
        let mut changes = Vec::new();
        table.take_changes(0, &mut changes);
        assert_eq!(changes.len(), 1);
        let mut copy = Table::<u64, u64>::default();
        copy.load(&changes[0].key[1..], changes[0].value.as_ref().unwrap()).unwrap();
        assert_eq!(copy.get(&1).as_deref(), Some(&11));
    }

    #[test]
    fn a_stored_row_that_is_removed_and_made_again_stays_stored() {
        let mut table = Table::<u64, u64>::default();
        table.put(1, 10);
        table.take_changes(0, &mut Vec::new());
        table.remove(&1);
        table.put(1, 11);
        table.remove(&1);
        let mut changes = Vec::new();
        table.take_changes(0, &mut changes);
        assert_eq!(changes, [Change { key: vec![0, 0, 0, 0, 0, 0, 0, 0, 1], value: None }]);
    }

    #[test]
    fn touched_keys_of_short_lived_rows_do_not_pile_up() {
        let mut table = Table::<u64, u64>::default();
        for key in 0..100_000 {
            table.put(key, 0);
            table.remove(&key);
        }
        assert!(table.touched.len() <= 4_097);
    }
}
