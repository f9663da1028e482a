//! Checkpoints of a table, and its eviction.
//!
//! A checkpoint is *cut*, *collected* in slices, and *confirmed* when it is written. It holds the rows exactly as they were at the
//! cut, while commands go on: a row that changes before it was collected leaves its old self behind.
//!
//! ```text
//! changed --cut, collect--> held by a checkpoint --confirm--> clean --evict--> below only
//!    ^                              |                           |                  |
//!    +----------- change -----------+---------------------------+------ read ------+
//! ```

use std::{collections::BTreeSet, ops::Bound, sync::Arc};

use crate::state::{
    bytes::{RowKey, RowValue, key_bytes},
    reach::after,
    table::{Entry, Leaving, Mark, Overlay, Table, weight},
};

/// A row as a checkpoint writes it.
#[derive(Clone, Debug)]
pub struct Change {
    /// Table number and key.
    pub key: Vec<u8>,
    /// The row; `None`: removed.
    pub value: Option<SharedRow>,
}

/// A row that is shared with the tables, to be encoded on any thread.
#[derive(Clone)]
pub struct SharedRow(Arc<dyn ToBytes>);

impl SharedRow {
    /// The row as bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.0.to_bytes()
    }
}

impl std::fmt::Debug for SharedRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SharedRow({:?})", self.to_bytes())
    }
}

trait ToBytes: Send + Sync {
    fn to_bytes(&self) -> Vec<u8>;
}

impl<V: RowValue> ToBytes for V {
    fn to_bytes(&self) -> Vec<u8> {
        RowValue::to_bytes(self)
    }
}

/// Something large that is no longer needed. Dropping it takes time, which another thread may have.
pub struct Waste {
    #[expect(dead_code, reason = "held for its drop")]
    held: Box<dyn Send>,
}

impl std::fmt::Debug for Waste {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Waste")
    }
}

impl<K: RowKey + Send + 'static, V: RowValue> Table<K, V> {
    /// Begins a checkpoint; the one before is confirmed.
    pub(crate) fn cut(&mut self, number: u32) {
        let overlay = self.overlay.get_mut();
        overlay.cut = number;
        overlay.fresh_rows = 0;
        let removed = std::mem::take(&mut overlay.removed);
        overlay.leaving = Leaving {
            uncollected: std::mem::take(&mut overlay.touched).into_iter(),
            early: Vec::new(),
            removed_collected: removed.is_empty(),
            removed,
            removed_until: None,
            removed_bytes: std::mem::take(&mut overlay.removed_bytes),
        };
    }

    /// Hands out rows of the checkpoint that was begun, looking at no more than `limit_rows` keys, which it lowers by
    /// what it looked at; whether it is complete.
    pub(crate) fn collect(&mut self, limit_rows: &mut usize, out: &mut Vec<Change>) -> bool {
        let number = self.number;
        let overlay = self.overlay.get_mut();
        for (key, value) in std::mem::take(&mut overlay.leaving.early) {
            out.push(changed(number, &key, Some(value)));
        }
        overlay.collect_removed(number, limit_rows, out);
        let cut = overlay.cut;
        while *limit_rows > 0 {
            let Some(key) = overlay.leaving.uncollected.next() else { break };
            *limit_rows -= 1;
            let Some(entry) = overlay.rows.get_mut(&key) else { continue };
            if matches!(entry.mark, Mark::Changed(since) if since < cut) {
                entry.mark = Mark::Held(cut);
                entry.stored = true;
                out.push(changed(number, &key, Some(entry.value.clone())));
                overlay.rows.settle(key);
            }
        }
        overlay.leaving.removed_collected && overlay.leaving.uncollected.len() == 0
    }

    /// The checkpoint that was begun is written.
    pub(crate) fn confirm(&mut self, waste: &mut Vec<Waste>) {
        let overlay = self.overlay.get_mut();
        overlay.confirmed = overlay.cut;
        let removed: BTreeSet<K> = std::mem::take(&mut overlay.leaving.removed);
        if !removed.is_empty() {
            waste.push(Waste { held: Box::new(removed) });
        }
        overlay.leaving = Leaving::default();
    }

    /// Evicts clean rows, looking at no more than `limit_rows`, from where it stopped last time; returns the bytes that
    /// became free.
    pub(crate) fn evict(&mut self, limit_rows: usize) -> usize {
        if self.below.is_none() {
            return 0;
        }
        let overlay = self.overlay.get_mut();
        let before = overlay.bytes;
        let from = overlay.hand.take();
        let lower = from.as_ref().map_or(Bound::Unbounded, Bound::Excluded);
        let (mut last, mut seen, mut clean) = (None, 0, Vec::new());
        for (key, entry) in overlay.rows.settled_after(lower).take(limit_rows) {
            seen += 1;
            last = Some(key);
            if entry.is_clean(overlay.confirmed) {
                clean.push(key.clone());
            }
        }
        // At the end of the table the next round begins.
        let hand = last.filter(|_| seen == limit_rows).cloned();
        if let (Some(first), Some(last)) = (clean.first(), clean.last()) {
            // What lies between two slices goes with them, so that stretches do not multiply.
            let from = from.as_ref().map_or_else(|| key_bytes(first), after);
            overlay.uncover(&from, last);
        }
        for key in &clean {
            if let Some(entry) = overlay.rows.remove_settled(key) {
                overlay.bytes = overlay.bytes.saturating_sub(weight(key, &*entry.value));
            }
        }
        overlay.hand = hand;
        before - overlay.bytes
    }
}

impl<V> Entry<V> {
    /// Whether a confirmed checkpoint holds it as it is.
    fn is_clean(&self, confirmed: u32) -> bool {
        matches!(self.mark, Mark::Held(by) if by <= confirmed)
    }
}

impl<K: RowKey, V: RowValue> Overlay<K, V> {
    fn collect_removed(&mut self, number: u8, limit_rows: &mut usize, out: &mut Vec<Change>) {
        let leaving = &mut self.leaving;
        if leaving.removed_collected {
            return;
        }
        let from = leaving.removed_until.as_ref().map_or(Bound::Unbounded, Bound::Excluded);
        let mut last = None;
        for key in leaving.removed.range((from, Bound::Unbounded)).take(*limit_rows) {
            *limit_rows -= 1;
            out.push(changed::<K, V>(number, key, None));
            last = Some(key.clone());
        }
        leaving.removed_collected = *limit_rows > 0;
        if let Some(last) = last {
            leaving.removed_until = Some(last);
        }
    }
}

fn changed<K: RowKey, V: RowValue>(number: u8, key: &K, value: Option<Arc<V>>) -> Change {
    let mut bytes = Vec::with_capacity(32);
    bytes.push(number);
    key.put(&mut bytes);
    Change { key: bytes, value: value.map(|value| SharedRow(value)) }
}
