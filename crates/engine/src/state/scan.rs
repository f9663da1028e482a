//! Reading a table in order. Where memory does not cover what is read, rows are brought up in chunks, and are covered
//! from then on: taking the first row of a queue of a million, again and again, costs the same each time.

use std::{
    ops::{Bound, RangeInclusive},
    sync::Arc,
};

use crate::state::{
    ahead::Plan,
    below::{Below, Direction, Limit, StoredRows},
    bytes::{RowKey, RowValue, key_bytes},
    reach::{All, Beginning, Part, Reach, UpTo, after},
    table::{Mark, Table},
};

/// Rows brought up at once.
pub(super) const CHUNK_ROWS: usize = 128;
/// Bytes of rows brought up at once, after which no further row is.
const CHUNK_BYTES: usize = 256 * 1024;
/// What is read at once to show a whole table.
const SHOWN: Limit = Limit { rows: 1_024, bytes: 4 * 1024 * 1024 };

/// The rows of a stretch of a table, from the smallest key up.
#[derive(Debug)]
pub struct Rows<'a, K, V, R> {
    table: &'a Table<K, V>,
    at: Bound<K>,
    reach: R,
    ended: bool,
}

impl<K: RowKey, V: RowValue, R: Reach<K>> Iterator for Rows<'_, K, V, R> {
    type Item = (K, Arc<V>);

    fn next(&mut self) -> Option<(K, Arc<V>)> {
        if self.ended {
            return None;
        }
        let found = self.table.first_from(&self.at, &self.reach);
        match &found {
            Some((key, _)) => self.at = Bound::Excluded(key.clone()),
            None => self.ended = true,
        }
        found
    }
}

/// The rows of a range, from the greatest key down.
#[derive(Debug)]
pub struct RowsBackward<'a, K, V> {
    table: &'a Table<K, V>,
    from: K,
    to: Bound<K>,
}

impl<K: RowKey, V: RowValue> Iterator for RowsBackward<'_, K, V> {
    type Item = (K, Arc<V>);

    fn next(&mut self) -> Option<(K, Arc<V>)> {
        let found = self.table.last_until(&self.from, &self.to)?;
        self.to = Bound::Excluded(found.0.clone());
        Some(found)
    }
}

impl<K: RowKey, V: RowValue> Table<K, V> {
    /// All rows, in order. Not for decisions: it costs as much as there is.
    pub fn iter(&self) -> Rows<'_, K, V, All> {
        self.rows(All)
    }

    /// The first row.
    pub fn first(&self) -> Option<(K, Arc<V>)> {
        self.iter().next()
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.first().is_none()
    }

    /// Number of rows. Not for decisions: it reads them all.
    pub fn len(&self) -> usize {
        let mut rows = 0;
        self.show(&mut |_, _| rows += 1);
        rows
    }

    /// The rows with keys in `range`, in order.
    pub fn range(&self, range: RangeInclusive<K>) -> Rows<'_, K, V, UpTo<K>> {
        let (from, to) = range.into_inner();
        self.rows(UpTo { from: Bound::Included(from), to })
    }

    /// The rows of a stretch, in order.
    pub fn rows<R: Reach<K>>(&self, reach: R) -> Rows<'_, K, V, R> {
        Rows { table: self, at: reach.start(), reach, ended: false }
    }

    /// The rows whose keys begin with `part`, in order, from `from` on (the smallest such key for all of them).
    pub fn beginning<P: Part<K>>(&self, part: P, from: K) -> Rows<'_, K, V, Beginning<P, K>> {
        self.rows(Beginning { part, from })
    }

    /// The rows with keys in `range`, the last one first.
    pub fn backward(&self, range: RangeInclusive<K>) -> RowsBackward<'_, K, V> {
        let (from, to) = range.into_inner();
        RowsBackward { table: self, from, to: Bound::Included(to) }
    }

    /// Shows every row as bytes, in order, without bringing anything up. `false`: what lies below cannot be read.
    pub(crate) fn show(&self, show: &mut dyn FnMut(&[u8], &[u8])) -> bool {
        let overlay = self.overlay.borrow();
        let mut above = overlay.rows.iter().peekable();
        let mut lower = Lower::new(self.number, self.below.as_deref());
        loop {
            let Some(below) = lower.peek() else { return false };
            let first_above = above.peek().map(|(key, entry)| (self.place(key), &entry.value));
            match (first_above, below) {
                (None, None) => return true,
                (Some((key, value)), None) => {
                    show(&key, &value.to_bytes());
                    above.next();
                }
                (Some((key, value)), Some((under, _))) if key <= *under => {
                    if key == *under {
                        lower.next();
                    }
                    show(&key, &value.to_bytes());
                    above.next();
                }
                (_, Some((under, value))) => {
                    let Some(key) = self.read_key(under) else { return false };
                    if !overlay.removed.contains(&key) && !overlay.leaving.removed.contains(&key) {
                        show(under, value);
                    }
                    lower.next();
                }
            }
        }
    }

    /// The first row at or after a bound, within a stretch.
    fn first_from(&self, at: &Bound<K>, reach: &impl Reach<K>) -> Option<(K, Arc<V>)> {
        loop {
            let from = {
                let overlay = self.overlay.borrow();
                let found = overlay.rows.first_from(at.as_ref());
                let found = found.filter(|(key, _)| reach.holds(key));
                let found = || found.map(|(key, entry)| (key.clone(), entry.value.clone()));
                if overlay.coverage.is_everything() {
                    return found();
                }
                let from = match at {
                    Bound::Included(key) => key_bytes(key),
                    Bound::Excluded(key) => after(key),
                    Bound::Unbounded => Vec::new(),
                };
                match overlay.coverage.until(&from) {
                    Some(None) => return found(),
                    Some(Some(until)) => {
                        let found = found();
                        let is_first =
                            found.as_ref().is_some_and(|(key, _)| key_bytes(key).as_slice() < until);
                        if is_first || reach.end().is_some_and(|end| end.as_slice() <= until) {
                            return found;
                        }
                        until.to_vec()
                    }
                    None => from,
                }
            };
            let end = reach.end();
            if end.as_ref().is_some_and(|end| *end <= from) {
                return None;
            }
            self.bring_up(from, end)?;
        }
    }

    /// The last row before a bound, not before `from`.
    fn last_until(&self, from: &K, to: &Bound<K>) -> Option<(K, Arc<V>)> {
        let is_empty = match to {
            Bound::Included(to) => to < from,
            Bound::Excluded(to) => to <= from,
            Bound::Unbounded => false,
        };
        if is_empty {
            return None;
        }
        loop {
            let edge = {
                let overlay = self.overlay.borrow();
                let found = overlay.rows.last_within(Bound::Included(from), to.as_ref());
                let found = || found.map(|(key, entry)| (key.clone(), entry.value.clone()));
                if overlay.coverage.is_everything() {
                    return found();
                }
                let edge = match to {
                    Bound::Included(key) => Some(after(key)),
                    Bound::Excluded(key) => Some(key_bytes(key)),
                    Bound::Unbounded => None,
                };
                match overlay.coverage.since(edge.as_deref()) {
                    Some(since) => {
                        let found = found();
                        let is_last =
                            found.as_ref().is_some_and(|(key, _)| key_bytes(key).as_slice() >= since);
                        if is_last || since <= key_bytes(from).as_slice() {
                            return found;
                        }
                        Some(since.to_vec())
                    }
                    None => edge,
                }
            };
            self.bring_down(key_bytes(from), edge)?;
        }
    }

    /// Brings up the rows from `from` on, at most a chunk of them and not beyond `to`; and more of them where what was read
    /// before suggests it. `None`: it failed.
    fn bring_up(&self, from: Vec<u8>, to: Option<Vec<u8>>) -> Option<()> {
        match self.read_ahead(&from, CHUNK_ROWS) {
            true => Some(()),
            false => self.bring_stretch(from, to, CHUNK_ROWS).map(drop),
        }
    }

    /// Something at `place` is not in memory: brings up rows around it, at least so many, if those are likely to be
    /// asked for next. Whether memory covers `place` now.
    pub(super) fn read_ahead(&self, place: &[u8], least_rows: usize) -> bool {
        let Some(plan) = self.plan_ahead(place) else { return false };
        let Some(edge) = self.bring_stretch(plan.from, None, plan.rows.max(least_rows)) else { return false };
        let covers = edge.as_ref().is_none_or(|edge| edge.as_slice() > place);
        self.overlay.borrow_mut().ahead.read(edge);
        covers
    }

    fn plan_ahead(&self, place: &[u8]) -> Option<Plan> {
        let overlay = &mut *self.overlay.borrow_mut();
        let mut plan = overlay.ahead.plan(place)?;
        if let Some(Some(until)) = overlay.coverage.until(&plan.from) {
            plan.from = until.to_vec();
        }
        Some(plan)
    }

    /// Brings up at most so many rows from `from` on, not beyond `to`; returns up to where it did.
    fn bring_stretch(&self, from: Vec<u8>, to: Option<Vec<u8>>, most_rows: usize) -> Option<Option<Vec<u8>>> {
        let limit = Limit { rows: most_rows, bytes: CHUNK_BYTES };
        let rows = self.chunk(&from, to.as_deref(), limit, Direction::Forward)?;
        let to = match rows.last() {
            Some((key, _)) if limit.is_reached(&rows) => Some([&key[1..], &[0]].concat()),
            Some(_) | None => to,
        };
        self.take_chunk(rows, from, to.clone())?;
        Some(to)
    }

    /// The same from `to` (`None`: the end) down to `from`.
    fn bring_down(&self, from: Vec<u8>, to: Option<Vec<u8>>) -> Option<()> {
        let limit = Limit { rows: CHUNK_ROWS, bytes: CHUNK_BYTES };
        let rows = self.chunk(&from, to.as_deref(), limit, Direction::Backward)?;
        let from = match rows.last() {
            Some((key, _)) if limit.is_reached(&rows) => key[1..].to_vec(),
            Some(_) | None => from,
        };
        self.take_chunk(rows, from, to)
    }

    fn chunk(
        &self,
        from: &[u8],
        to: Option<&[u8]>,
        limit: Limit,
        direction: Direction,
    ) -> Option<StoredRows> {
        let Some(below) = &self.below else { return Some(Vec::new()) };
        let to = match to {
            Some(to) => [&[self.number], to].concat(),
            None => vec![self.number + 1],
        };
        below.scan(&[&[self.number], from].concat(), &to, limit, direction)
    }

    fn take_chunk(&self, rows: StoredRows, from: Vec<u8>, to: Option<Vec<u8>>) -> Option<()> {
        let mut overlay = self.overlay.borrow_mut();
        for (place, bytes) in rows {
            let key = self.read_key(&place)?;
            let known = overlay.rows.contains_key(&key)
                || overlay.removed.contains(&key)
                || overlay.leaving.removed.contains(&key);
            if !known {
                let Some(value) = V::from_bytes(&bytes) else {
                    self.below.as_ref()?.fail(self.damaged());
                    return None;
                };
                let value = overlay.share(value);
                overlay.take_in(key, value, Mark::Held(0));
            }
        }
        overlay.cover(from, to);
        Some(())
    }

    fn read_key(&self, place: &[u8]) -> Option<K> {
        let mut rest = place.get(1..)?;
        let key = K::take(&mut rest).filter(|_| rest.is_empty());
        if key.is_none() {
            self.below.as_ref()?.fail(self.damaged());
        }
        key
    }
}

/// The rows below a table, read in chunks.
struct Lower<'a> {
    below: Option<&'a Below>,
    rows: std::iter::Peekable<std::vec::IntoIter<(Vec<u8>, Vec<u8>)>>,
    from: Vec<u8>,
    to: Vec<u8>,
    ended: bool,
}

impl<'a> Lower<'a> {
    fn new(number: u8, below: Option<&'a Below>) -> Lower<'a> {
        let rows = Vec::new().into_iter().peekable();
        Lower { below, rows, from: vec![number], to: vec![number + 1], ended: below.is_none() }
    }

    /// The next row; `Some(None)`: there is none; `None`: it cannot be read.
    fn peek(&mut self) -> Option<Option<&(Vec<u8>, Vec<u8>)>> {
        if self.rows.peek().is_none() && !self.ended {
            let rows = self.below?.scan(&self.from, &self.to, SHOWN, Direction::Forward)?;
            self.ended = !SHOWN.is_reached(&rows);
            if let Some((last, _)) = rows.last() {
                self.from = [last.as_slice(), &[0]].concat();
            }
            self.rows = rows.into_iter().peekable();
        }
        Some(self.rows.peek())
    }

    fn next(&mut self) {
        self.rows.next();
    }
}
