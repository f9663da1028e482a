//! What lies below the tables: the rows of the last checkpoint, on disk or in a test's memory.
//!
//! The engine does no IO. Whoever runs a partition gives it something [`Stored`]; the tables ask it for rows that they
//! do not hold themselves. A failure is remembered in [`Below`]: the partition is of no use any more, and what it
//! decided since must not leave.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, OnceLock, PoisonError},
};

/// Rows in the order of their keys.
pub type StoredRows = Vec<(Vec<u8>, Vec<u8>)>;

/// Which end of a range rows are taken from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// From the smallest key up.
    Forward,
    /// From the greatest key down.
    Backward,
}

/// How much is read at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    /// At most so many rows.
    pub rows: usize,
    /// No further row once their keys and values have so many bytes; one row is always read.
    pub bytes: usize,
}

impl Limit {
    /// So many rows, however large.
    pub fn rows(rows: usize) -> Limit {
        Limit { rows, bytes: usize::MAX }
    }

    /// Whether these rows are as much as may be read.
    pub fn is_reached(self, rows: &StoredRows) -> bool {
        rows.len() >= self.rows
            || rows.iter().map(|(key, value)| key.len() + value.len()).sum::<usize>() >= self.bytes
    }

    /// Takes rows up to the limit.
    ///
    /// # Errors
    /// That of the first row that is one.
    pub fn take<E>(
        self,
        mut rows: impl Iterator<Item = Result<(Vec<u8>, Vec<u8>), E>>,
    ) -> Result<StoredRows, E> {
        let (mut taken, mut bytes) = (Vec::new(), 0);
        while taken.len() < self.rows && bytes < self.bytes {
            let Some(row) = rows.next() else { break };
            let (key, value) = row?;
            bytes += key.len() + value.len();
            taken.push((key, value));
        }
        Ok(taken)
    }
}

/// The rows of a partition's last checkpoint.
///
/// What is read may lag behind a checkpoint that is being written: rows of that checkpoint are in the tables until its
/// writing was confirmed.
pub trait Stored: Send + Sync + fmt::Debug {
    /// The row with this key (table number, then the key's bytes).
    ///
    /// # Errors
    /// The row cannot be read.
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoredError>;

    /// As many rows as `limit` lets, with `from <= key < to`, from the end that `direction` says and in that order.
    ///
    /// # Errors
    /// A row cannot be read.
    fn scan(
        &self,
        from: &[u8],
        to: &[u8],
        limit: Limit,
        direction: Direction,
    ) -> Result<StoredRows, StoredError>;
}

/// Why a stored row could not be read, for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredError(pub String);

impl fmt::Display for StoredError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for StoredError {}

/// What all tables of a partition share of what lies below them.
#[derive(Debug)]
pub(crate) struct Below {
    stored: Arc<dyn Stored>,
    failure: OnceLock<StoredError>,
}

impl Below {
    pub(crate) fn new(stored: Arc<dyn Stored>) -> Arc<Below> {
        Arc::new(Below { stored, failure: OnceLock::new() })
    }

    /// The first failure, if there was one.
    pub(crate) fn failure(&self) -> Option<&StoredError> {
        self.failure.get()
    }

    pub(crate) fn fail(&self, error: StoredError) {
        // The first one counts.
        let _ = self.failure.set(error);
    }

    pub(crate) fn get(&self, key: &[u8]) -> Option<Vec<u8>> {
        self.stored.get(key).unwrap_or_else(|error| {
            self.fail(error);
            None
        })
    }

    /// `None`: it failed.
    pub(crate) fn scan(
        &self,
        from: &[u8],
        to: &[u8],
        limit: Limit,
        direction: Direction,
    ) -> Option<StoredRows> {
        self.stored.scan(from, to, limit, direction).map_err(|error| self.fail(error)).ok()
    }
}

/// Rows in memory: for tests and simulation.
#[expect(
    clippy::disallowed_types,
    reason = "what lies below is shared with who writes it; it is no part of a partition"
)]
#[derive(Debug, Default)]
pub struct MemoryStore(std::sync::RwLock<BTreeMap<Vec<u8>, Vec<u8>>>);

impl MemoryStore {
    /// Puts a row, or takes one out.
    pub fn write(&self, key: Vec<u8>, value: Option<Vec<u8>>) {
        let mut rows = self.0.write().unwrap_or_else(PoisonError::into_inner);
        match value {
            Some(value) => rows.insert(key, value),
            None => rows.remove(&key),
        };
    }

    /// All rows, in order.
    pub fn rows(&self) -> StoredRows {
        let rows = self.0.read().unwrap_or_else(PoisonError::into_inner);
        rows.iter().map(|(key, value)| (key.clone(), value.clone())).collect()
    }
}

impl Stored for MemoryStore {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoredError> {
        Ok(self.0.read().unwrap_or_else(PoisonError::into_inner).get(key).cloned())
    }

    fn scan(
        &self,
        from: &[u8],
        to: &[u8],
        limit: Limit,
        direction: Direction,
    ) -> Result<StoredRows, StoredError> {
        let rows = self.0.read().unwrap_or_else(PoisonError::into_inner);
        if from >= to {
            return Ok(Vec::new());
        }
        let range =
            rows.range(from.to_vec()..to.to_vec()).map(|(key, value)| Ok((key.clone(), value.clone())));
        match direction {
            Direction::Forward => limit.take(range),
            Direction::Backward => limit.take(range.rev()),
        }
    }
}
