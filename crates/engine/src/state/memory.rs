//! The rows of a table that are in memory, in two maps: those that no checkpoint has yet, and those that have lived long enough for one.
//!
//! Most instances end before the next checkpoint. Their rows are found in a map that holds few others, however many wait: with a million
//! waiting, look-ups in one map for all took two to three times their time in profiles.

use std::{
    collections::{BTreeMap, btree_map},
    ops::Bound,
};

/// An ordered map; every key is in one of the two maps.
#[derive(Debug)]
pub(super) struct RowsInMemory<K, R> {
    /// Rows that were added since the last checkpoint collected them.
    fresh: BTreeMap<K, R>,
    /// All others.
    settled: BTreeMap<K, R>,
    /// No key in `settled` is greater: newer rows need no look there.
    settled_until: Option<K>,
}

impl<K: Ord + Clone, R> RowsInMemory<K, R> {
    pub(super) fn new() -> Self {
        Self { fresh: BTreeMap::new(), settled: BTreeMap::new(), settled_until: None }
    }

    pub(super) fn get(&self, key: &K) -> Option<&R> {
        self.fresh.get(key).or_else(|| self.may_be_settled(key).then(|| self.settled.get(key)).flatten())
    }

    pub(super) fn get_mut(&mut self, key: &K) -> Option<&mut R> {
        let may_be_settled = self.may_be_settled(key);
        match self.fresh.get_mut(key) {
            None if may_be_settled => self.settled.get_mut(key),
            found => found,
        }
    }

    pub(super) fn contains_key(&self, key: &K) -> bool {
        self.get(key).is_some()
    }

    /// Adds a row whose key is not there, one that no checkpoint has.
    pub(super) fn add_fresh(&mut self, key: K, row: R) {
        self.fresh.insert(key, row);
    }

    /// Adds a row whose key is not there, one that is stored just so.
    pub(super) fn add_settled(&mut self, key: K, row: R) {
        if !self.may_be_settled(&key) {
            self.settled_until = Some(key.clone());
        }
        self.settled.insert(key, row);
    }

    /// A checkpoint has collected the row.
    pub(super) fn settle(&mut self, key: K) {
        if let Some(row) = self.fresh.remove(&key) {
            self.add_settled(key, row);
        }
    }

    pub(super) fn remove(&mut self, key: &K) -> Option<R> {
        match self.fresh.remove(key) {
            None if self.may_be_settled(key) => self.remove_settled(key),
            found => found,
        }
    }

    /// Removes a row that is not fresh.
    pub(super) fn remove_settled(&mut self, key: &K) -> Option<R> {
        let removed = self.settled.remove(key);
        if self.settled.is_empty() {
            self.settled_until = None;
        }
        removed
    }

    /// The rows that are not fresh, behind a key.
    pub(super) fn settled_after(&self, key: Bound<&K>) -> btree_map::Range<'_, K, R> {
        self.settled.range((key, Bound::Unbounded))
    }

    /// The first row at or after a bound.
    pub(super) fn first_from(&self, at: Bound<&K>) -> Option<(&K, &R)> {
        let fresh = self.fresh.range((at, Bound::Unbounded)).next();
        let settled = match at {
            Bound::Included(key) | Bound::Excluded(key) if !self.may_be_settled(key) => None,
            at => self.settled_after(at).next(),
        };
        match (fresh, settled) {
            (Some(fresh), Some(settled)) => Some(if fresh.0 < settled.0 { fresh } else { settled }),
            (fresh, settled) => fresh.or(settled),
        }
    }

    /// The last row of a range that is not empty.
    pub(super) fn last_within(&self, from: Bound<&K>, to: Bound<&K>) -> Option<(&K, &R)> {
        let [fresh, settled] = [&self.fresh, &self.settled].map(|rows| rows.range((from, to)).next_back());
        match (fresh, settled) {
            (Some(fresh), Some(settled)) => Some(if fresh.0 > settled.0 { fresh } else { settled }),
            (fresh, settled) => fresh.or(settled),
        }
    }

    /// All rows, in order.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&K, &R)> {
        let [mut fresh, mut settled] = [&self.fresh, &self.settled].map(|rows| rows.iter().peekable());
        std::iter::from_fn(move || match (fresh.peek().map(|row| row.0), settled.peek().map(|row| row.0)) {
            (Some(of_fresh), Some(of_settled)) if of_settled < of_fresh => settled.next(),
            (Some(_), _) => fresh.next(),
            (None, _) => settled.next(),
        })
    }

    fn may_be_settled(&self, key: &K) -> bool {
        self.settled_until.as_ref().is_some_and(|until| key <= until)
    }
}
