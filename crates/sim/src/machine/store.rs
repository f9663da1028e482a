//! A store of checkpoints on one disk: rows and the record they stand at. Survives crashes, written at once.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use weir_canary::{Canary, planted};
use weir_engine::{
    key::PartitionId,
    state::{
        Change,
        below::{Direction, Limit, MemoryStore, Stored, StoredError, StoredRows},
    },
};
use weir_journal::Sequence;
use weir_node::stores::CheckpointStore;

#[derive(Clone, Debug)]
pub(super) struct Store(Arc<Mutex<Kept>>);

#[derive(Debug)]
struct Kept {
    partitions: Vec<(Sequence, Arc<MemoryStore>)>,
    /// Whether its disk answers every question with an error.
    fails: bool,
}

impl Store {
    pub(super) fn new(partitions: u16) -> Store {
        let partitions = (0..partitions).map(|_| (Sequence(0), Arc::default())).collect();
        Store(Arc::new(Mutex::new(Kept { partitions, fails: false })))
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From now on it fails, or does not.
    pub(super) fn fail(&self, fails: bool) {
        self.kept().fails = fails;
    }

    pub(super) fn fails(&self) -> bool {
        self.kept().fails
    }

    /// The record that a partition's rows stand at.
    pub(super) fn at(&self, partition: u16) -> Sequence {
        self.kept().partitions[usize::from(partition) - 1].0
    }

    /// Made anew from another one.
    pub(super) fn copy_from(&self, other: &Store) {
        let copy = |(at, rows): &(Sequence, Arc<MemoryStore>)| {
            let copy = MemoryStore::default();
            rows.rows().into_iter().for_each(|(key, value)| copy.write(key, Some(value)));
            (*at, Arc::new(copy))
        };
        let partitions = other.kept().partitions.iter().map(copy).collect();
        *self.kept() = Kept { partitions, fails: false };
    }
}

const BROKEN: &str = "input/output error";

impl CheckpointStore for Store {
    fn partition(&self, id: PartitionId) -> Result<(Arc<dyn Stored>, Sequence), String> {
        let kept = self.kept();
        let (at, rows) = &kept.partitions[usize::from(id.0) - 1];
        for (key, _) in rows.rows() {
            let forgotten = (planted(Canary::MailWatermarkLost) && key[0] == 82)
                || (planted(Canary::KeyCounterLost) && key[0] == 0 && key.ends_with(&[0]));
            if forgotten {
                rows.write(key, None);
            }
        }
        Ok((Arc::new(Rows { rows: Arc::clone(rows), of: self.clone() }), *at))
    }

    fn write(&self, id: PartitionId, sequence: Sequence, changes: &[Change]) -> Result<(), String> {
        let mut kept = self.kept();
        if kept.fails {
            return Err(BROKEN.to_owned());
        }
        let (at, rows) = &mut kept.partitions[usize::from(id.0) - 1];
        for Change { key, value } in changes {
            if value.is_some() || !planted(Canary::RemovalsLost) {
                rows.write(key.clone(), value.as_ref().map(|row| row.to_bytes()));
            }
        }
        *at = match planted(Canary::CheckpointMisplaced) {
            true => Sequence(sequence.0.saturating_sub(1)),
            false => sequence,
        };
        Ok(())
    }
}

/// The rows of one partition.
#[derive(Debug)]
struct Rows {
    rows: Arc<MemoryStore>,
    of: Store,
}

impl Rows {
    fn readable(&self) -> Result<&MemoryStore, StoredError> {
        if self.of.kept().fails { Err(StoredError(BROKEN.to_owned())) } else { Ok(&self.rows) }
    }
}

impl Stored for Rows {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoredError> {
        self.readable()?.get(key)
    }

    fn scan(
        &self,
        from: &[u8],
        to: &[u8],
        limit: Limit,
        direction: Direction,
    ) -> Result<StoredRows, StoredError> {
        self.readable()?.scan(from, to, limit, direction)
    }
}
