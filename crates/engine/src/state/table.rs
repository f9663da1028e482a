//! One table: an ordered map that is larger than memory.
//!
//! What changed since the last checkpoint is in memory; other rows may be there too, and all of them are in what lies
//! [below]. [`Coverage`] says of which keys the memory holds every row, so that a table that fits is
//! never looked up below, and neither are keys newer than all that was ever stored.
//!
//! Rows are shared (`Arc`): reading one out costs a reference count, and a checkpoint can encode a row while the next
//! command already replaced it. A row that is made and removed between two checkpoints leaves no trace.
//!
//! Here is the reading and writing of single rows; `scan.rs` reads them in order, `changes.rs` writes checkpoints and
//! evicts rows.
//!
//! [below]: crate::state::below

use std::{
    cell::RefCell,
    collections::{BTreeSet, VecDeque, vec_deque},
    sync::Arc,
};

use crate::state::{
    ahead::Ahead,
    below::{Below, Direction, Limit, StoredError},
    bytes::{RowKey, RowValue, key_bytes},
    coverage::Coverage,
    memory::RowsInMemory,
    reach::after,
    weight::{ALLOCATION_BYTES, COUNTERS_BYTES},
};

/// An ordered table.
#[derive(Debug)]
pub struct Table<K, V> {
    /// First byte of its rows' keys below.
    pub(super) number: u8,
    pub(super) below: Option<Arc<Below>>,
    /// Reading may bring rows into memory.
    pub(super) overlay: RefCell<Overlay<K, V>>,
}

/// The part of a table that is in memory.
#[derive(Debug)]
pub(super) struct Overlay<K, V> {
    pub(super) rows: RowsInMemory<K, Entry<V>>,
    pub(super) coverage: Coverage,
    /// The greatest key that is or was below and not in memory; greater ones need no look at the coverage. `None`: unknown.
    last_below: Option<K>,
    /// Keys of rows that changed since the last cut; may name a row twice or one that is gone.
    pub(super) touched: VecDeque<K>,
    /// How many rows changed since the last cut and are there.
    pub(super) fresh_rows: usize,
    /// Stored rows that are gone since the last cut. They stand apart from the rows, so that looking for the first row
    /// of a queue costs the same however many were taken from it.
    pub(super) removed: BTreeSet<K>,
    pub(super) leaving: Leaving<K, V>,
    /// Number of the last checkpoint that was begun.
    pub(super) cut: u32,
    /// Number of the last checkpoint whose writing was confirmed.
    pub(super) confirmed: u32,
    /// Memory of rows, about.
    pub(super) bytes: usize,
    /// Memory of the keys in `removed`, about.
    pub(super) removed_bytes: usize,
    /// Where eviction goes on.
    pub(super) hand: Option<K>,
    /// The one value of an index table.
    blank: Option<Arc<V>>,
    /// What was missed so far.
    pub(super) ahead: Ahead,
}

/// A checkpoint that was begun and is not confirmed.
#[derive(Debug)]
pub(super) struct Leaving<K, V> {
    /// Keys that were touched at the cut and were not looked at.
    pub(super) uncollected: vec_deque::IntoIter<K>,
    /// Rows as they were at the cut, that changed before they were collected.
    pub(super) early: Vec<(K, Arc<V>)>,
    /// Rows that were removed at the cut: until the checkpoint is confirmed they are still found below.
    pub(super) removed: BTreeSet<K>,
    /// The last of these that was collected, once one was.
    pub(super) removed_until: Option<K>,
    pub(super) removed_collected: bool,
    pub(super) removed_bytes: usize,
}

#[derive(Clone, Debug)]
pub(super) struct Entry<V> {
    pub(super) value: Arc<V>,
    /// Whether a row with this key is below, or will be when the checkpoint that was begun is written.
    pub(super) stored: bool,
    pub(super) mark: Mark,
}

/// How a row in memory relates to the checkpoints.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mark {
    /// It changed after this cut, and is in `touched` (or, where a later checkpoint was begun, uncollected).
    Changed(u32),
    /// The checkpoint of this number holds it as it is; 0: it came from below.
    Held(u32),
}

impl<K, V> Default for Leaving<K, V> {
    fn default() -> Self {
        Leaving {
            uncollected: VecDeque::new().into_iter(),
            early: Vec::new(),
            removed: BTreeSet::new(),
            removed_until: None,
            removed_collected: true,
            removed_bytes: 0,
        }
    }
}

impl<K: RowKey, V: RowValue> Table<K, V> {
    /// An empty table with nothing below.
    pub(crate) fn new(number: u8) -> Table<K, V> {
        let overlay = Overlay {
            rows: RowsInMemory::new(),
            coverage: Coverage::everything(),
            last_below: None,
            touched: VecDeque::new(),
            fresh_rows: 0,
            removed: BTreeSet::new(),
            leaving: Leaving::default(),
            cut: 0,
            confirmed: 0,
            bytes: 0,
            removed_bytes: 0,
            hand: None,
            blank: None,
            ahead: Ahead::default(),
        };
        Table { number, below: None, overlay: RefCell::new(overlay) }
    }

    /// The table of what lies below, with nothing in memory but the knowledge of where it ends.
    pub(crate) fn over(number: u8, below: Arc<Below>) -> Table<K, V> {
        let mut table = Table::new(number);
        let last = below.scan(&[number], &[number + 1], Limit::rows(1), Direction::Backward);
        match last.as_deref() {
            Some([]) => {}
            Some([(key, _), ..]) => {
                let overlay = table.overlay.get_mut();
                overlay.coverage = Coverage::nothing();
                overlay.coverage.add([&key[1..], &[0]].concat(), None);
                overlay.last_below = K::take(&mut &key[1..]);
            }
            None => table.overlay.get_mut().coverage = Coverage::nothing(),
        }
        table.below = Some(below);
        table
    }

    /// The row with this key.
    pub fn get(&self, key: &K) -> Option<Arc<V>> {
        if let Some(known) = self.known(key) {
            return known;
        }
        if self.read_ahead(&key_bytes(key), 1)
            && let Some(known) = self.known(key)
        {
            return known;
        }
        let value = self.fetch(key)?;
        let mut overlay = self.overlay.borrow_mut();
        let value = overlay.share(value);
        overlay.take_in(key.clone(), value.clone(), Mark::Held(0));
        Some(value)
    }

    /// The row with this key, where memory knows of it; `Some(None)`: it knows that there is none.
    fn known(&self, key: &K) -> Option<Option<Arc<V>>> {
        let overlay = self.overlay.borrow();
        match overlay.rows.get(key) {
            Some(entry) => Some(Some(entry.value.clone())),
            None => overlay.lacks(key).then_some(None),
        }
    }

    /// Whether there is such a row.
    pub fn contains(&self, key: &K) -> bool {
        self.get(key).is_some()
    }

    /// Puts a row in place of what was there.
    pub(crate) fn put(&mut self, key: K, value: V) {
        let overlay = self.overlay.get_mut();
        let value = overlay.share(value);
        if let Some(entry) = overlay.begin_change(&key) {
            let (before, now) = (entry.value.heap_bytes(), value.heap_bytes());
            entry.value = value;
            overlay.bytes = (overlay.bytes + now).saturating_sub(before);
            return;
        }
        let stored = overlay.forget_removal(&key) || !overlay.lacks(&key);
        overlay.add(key, value, stored);
    }

    /// Puts a row of which the caller knows that it is not there: its key is new, or it is the index of another row
    /// that says so.
    pub(crate) fn insert(&mut self, key: K, value: V) {
        debug_assert!(self.get(&key).is_none(), "table {} has this row already", self.number);
        let overlay = self.overlay.get_mut();
        let stored = overlay.forget_removal(&key);
        let value = overlay.share(value);
        overlay.add(key, value, stored);
    }

    /// Changes a row in place; returns whether it was there.
    pub(crate) fn change(&mut self, key: &K, change: impl FnOnce(&mut V)) -> bool {
        if !self.overlay.get_mut().rows.contains_key(key) && self.get(key).is_none() {
            return false;
        }
        let overlay = self.overlay.get_mut();
        let Some(entry) = overlay.begin_change(key) else { return false };
        let before = entry.value.heap_bytes();
        change(Arc::make_mut(&mut entry.value));
        let now = entry.value.heap_bytes();
        overlay.bytes = (overlay.bytes + now).saturating_sub(before);
        true
    }

    /// Removes a row and returns it.
    pub(crate) fn remove(&mut self, key: &K) -> Option<Arc<V>> {
        let overlay = self.overlay.get_mut();
        if let Some(value) = overlay.take_out(key) {
            return Some(value);
        }
        if overlay.lacks(key) {
            return None;
        }
        if self.read_ahead(&key_bytes(key), 1) {
            let overlay = self.overlay.get_mut();
            if let Some(value) = overlay.take_out(key) {
                return Some(value);
            }
            if overlay.lacks(key) {
                return None;
            }
        }
        let value = self.fetch(key)?;
        let overlay = self.overlay.get_mut();
        overlay.note_removal(key.clone());
        Some(overlay.share(value))
    }

    /// Removes a row that is there, without looking at it.
    pub(crate) fn erase(&mut self, key: &K) {
        let overlay = self.overlay.get_mut();
        if overlay.take_out(key).is_none() && !overlay.lacks(key) {
            overlay.note_removal(key.clone());
        }
    }

    /// Memory that it takes, about, in bytes.
    pub(crate) fn overlay_bytes(&self) -> usize {
        let overlay = self.overlay.borrow();
        let names = (overlay.touched.len() + overlay.leaving.uncollected.len()) * size_of::<K>();
        overlay.bytes + overlay.removed_bytes + overlay.leaving.removed_bytes + names
    }

    /// Rows that changed or went since the last checkpoint was begun.
    pub(crate) fn unwritten_rows(&self) -> usize {
        let overlay = self.overlay.borrow();
        overlay.fresh_rows + overlay.removed.len()
    }

    /// A row's key below: the table's number, then the key.
    pub(super) fn place(&self, key: &K) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(32);
        bytes.push(self.number);
        key.put(&mut bytes);
        bytes
    }

    /// A row from below.
    fn fetch(&self, key: &K) -> Option<V> {
        let below = self.below.as_ref()?;
        let bytes = below.get(&self.place(key))?;
        let value = V::from_bytes(&bytes);
        if value.is_none() {
            below.fail(self.damaged());
        }
        value
    }

    pub(super) fn damaged(&self) -> StoredError {
        StoredError(format!("a row of table {} is damaged", self.number))
    }
}

impl<K: RowKey, V: RowValue> Overlay<K, V> {
    /// Whether a key that has no row in memory is known to have none at all.
    pub(super) fn lacks(&self, key: &K) -> bool {
        self.coverage.is_everything()
            || self.last_below.as_ref().is_some_and(|last| key > last)
            || self.removed.contains(key)
            || self.leaving.removed.contains(key)
            || self.coverage.covers(&key_bytes(key))
    }

    /// Rows without content share one.
    pub(super) fn share(&mut self, value: V) -> Arc<V> {
        match size_of::<V>() {
            0 => self.blank.get_or_insert_with(|| Arc::new(value)).clone(),
            _ => Arc::new(value),
        }
    }

    fn add(&mut self, key: K, value: Arc<V>, stored: bool) {
        self.bytes += weight(&key, &*value);
        let mark = Mark::Changed(self.cut);
        self.rows.add_fresh(key.clone(), Entry { value, stored, mark });
        self.touched.push_back(key);
        self.fresh_rows += 1;
        self.forget_touched();
    }

    /// Takes in a row that is below just so.
    pub(super) fn take_in(&mut self, key: K, value: Arc<V>, mark: Mark) {
        self.bytes += weight(&key, &*value);
        self.rows.add_settled(key, Entry { value, stored: true, mark });
    }

    /// The row in memory with this key, which is about to change.
    fn begin_change(&mut self, key: &K) -> Option<&mut Entry<V>> {
        let entry = self.rows.get_mut(key)?;
        match entry.mark {
            Mark::Changed(cut) if cut == self.cut => return Some(entry),
            Mark::Changed(_) => {
                self.leaving.early.push((key.clone(), entry.value.clone()));
                entry.stored = true;
            }
            Mark::Held(_) => {}
        }
        entry.mark = Mark::Changed(self.cut);
        self.touched.push_back(key.clone());
        self.fresh_rows += 1;
        Some(entry)
    }

    /// Removes a row that is in memory.
    fn take_out(&mut self, key: &K) -> Option<Arc<V>> {
        let Entry { value, stored, mark } = self.rows.remove(key)?;
        self.bytes = self.bytes.saturating_sub(weight(key, &*value));
        // It may still be named in `touched`; a name without a row is skipped there.
        let uncollected = match mark {
            Mark::Changed(cut) if cut == self.cut => {
                self.fresh_rows = self.fresh_rows.saturating_sub(1);
                false
            }
            Mark::Changed(_) => {
                self.leaving.early.push((key.clone(), value.clone()));
                true
            }
            Mark::Held(_) => false,
        };
        if stored || uncollected {
            self.note_removal(key.clone());
        }
        Some(value)
    }

    fn note_removal(&mut self, key: K) {
        self.removed_bytes += key_weight(&key);
        self.removed.insert(key);
    }

    /// A row is made again; whether one with its key is below.
    fn forget_removal(&mut self, key: &K) -> bool {
        if self.removed.remove(key) {
            self.removed_bytes = self.removed_bytes.saturating_sub(key_weight(key));
            return true;
        }
        self.leaving.removed.contains(key)
    }

    /// Keys of short-lived rows pile up in `touched`; each new row pays for looking at two old keys.
    fn forget_touched(&mut self) {
        if self.touched.len() <= 4_096 + 2 * self.fresh_rows {
            return;
        }
        for _ in 0..2 {
            let Some(key) = self.touched.pop_front() else { return };
            if self.rows.get(&key).is_some_and(|entry| entry.mark == Mark::Changed(self.cut)) {
                self.touched.push_back(key);
            }
        }
    }

    /// From here to there all stored rows are in memory now.
    pub(super) fn cover(&mut self, from: Vec<u8>, to: Option<Vec<u8>>) {
        self.coverage.add(from, to);
    }

    /// The rows from here to there (both included) may have gone from memory.
    pub(super) fn uncover(&mut self, from: &[u8], last: &K) {
        match &mut self.last_below {
            Some(below) if *below >= *last => {}
            Some(below) => *below = last.clone(),
            None if self.coverage.is_everything() => self.last_below = Some(last.clone()),
            None => {}
        }
        self.coverage.subtract(from, &after(last));
    }
}

/// Memory of a row, about: maps are three quarters full.
pub(super) fn weight<K: RowKey, V: RowValue>(key: &K, value: &V) -> usize {
    let shared = match size_of::<V>() {
        0 => 0,
        bytes => bytes + COUNTERS_BYTES + ALLOCATION_BYTES + value.heap_bytes(),
    };
    key_weight(key) + size_of::<Entry<V>>() * 4 / 3 + shared
}

fn key_weight<K: RowKey>(key: &K) -> usize {
    size_of::<K>() * 4 / 3 + key.heap_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn touched_keys_of_short_lived_rows_do_not_pile_up() {
        let mut table = Table::<u64, u64>::new(0);
        for key in 0..100_000 {
            table.put(key, 0);
            table.remove(&key);
        }
        assert!(table.overlay.get_mut().touched.len() <= 4_098);
        assert_eq!(table.overlay.get_mut().bytes, 0);
    }

    #[test]
    fn the_memory_of_a_row_counts_its_key_and_what_it_points_to() {
        let (short, long): (Arc<str>, Arc<str>) = ("n".into(), "n".repeat(10_000).into());
        let json = |text: &Arc<str>| crate::state::row::Json(text.clone());
        assert!(weight(&long, &()) >= weight(&short, &()) + 9_999);
        assert!(weight(&short, &json(&long)) >= weight(&short, &json(&short)) + 9_999);
        assert!(weight(&0u64, &0u64) >= weight(&0u64, &()) + size_of::<u64>());
    }
}
