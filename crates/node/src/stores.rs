//! Checkpoints on one disk or, with a mirror, on two: every checkpoint is written to both before the journal behind it may go, so that each
//! side's store and journal are enough alone. The simulator has stores of its own below this.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, PoisonError},
};

use weir_engine::{
    key::PartitionId,
    state::{
        Change,
        below::{Direction, Limit, Stored, StoredError, StoredRows},
    },
};
use weir_journal::{
    Journal, Sequence,
    disk::mirror::{Pair, Side},
    local::LocalJournal,
};

use crate::recovery::{Ahead, Checkpoint};

/// A store of checkpoints on one disk: rows of partitions and the record that they stand at.
pub trait CheckpointStore: Clone + Send + Sync + 'static {
    /// The rows of a partition, and the number of the record that they stand at; 0: there is none.
    ///
    /// # Errors
    /// It cannot be read, in words.
    fn partition(&self, id: PartitionId) -> Result<(Arc<dyn Stored>, Sequence), String>;

    /// Changes rows, and says which record they stand at then: both or neither, durable when it returns.
    ///
    /// # Errors
    /// It cannot be written, in words.
    fn write(&self, id: PartitionId, sequence: Sequence, changes: &[Change]) -> Result<(), String>;
}

/// The store of checkpoints on one disk, or on two.
#[derive(Clone)]
pub struct Stores<S> {
    primary: S,
    mirror: Option<(S, Second)>,
}

/// What two stores have in common.
#[derive(Clone)]
struct Second {
    pair: Arc<Pair>,
    /// Partitions whose checkpoints stood at different records when they were opened, until the earlier one has caught up.
    uneven: Arc<Mutex<BTreeSet<PartitionId>>>,
}

impl Second {
    /// The side other than that of `behind` stands at record `at`.
    fn ahead(&self, behind: impl CheckpointStore, id: PartitionId, at: Sequence) -> Ahead {
        let uneven = Arc::clone(&self.uneven);
        uneven.lock().unwrap_or_else(PoisonError::into_inner).insert(id);
        let catch_up = move |changes: &[Change]| {
            behind.write(id, at, changes)?;
            uneven.lock().unwrap_or_else(PoisonError::into_inner).remove(&id);
            Ok(())
        };
        Ahead { at, catch_up: Box::new(catch_up) }
    }

    fn is_uneven(&self, id: PartitionId) -> bool {
        self.uneven.lock().unwrap_or_else(PoisonError::into_inner).contains(&id)
    }
}

impl<S: CheckpointStore> Stores<S> {
    /// One store.
    pub fn one(store: S) -> Stores<S> {
        Stores { primary: store, mirror: None }
    }

    /// A store on each side of a pair.
    pub fn two(primary: S, mirror: S, pair: &Arc<Pair>) -> Stores<S> {
        let second = Second { pair: Arc::clone(pair), uneven: Arc::default() };
        Stores { primary, mirror: Some((mirror, second)) }
    }

    /// The store of each side that counts.
    pub(crate) fn sides(&self) -> impl Iterator<Item = &S> {
        let pair = self.mirror.as_ref().map(|(_, second)| &second.pair);
        let mirror = self.mirror.as_ref().map(|(store, _)| (Side::Mirror, store));
        let sides = [(Side::Primary, &self.primary)].into_iter().chain(mirror);
        sides.filter(move |(side, _)| pair.is_none_or(|pair| pair.counts(*side))).map(|(_, store)| store)
    }

    /// The last checkpoint of a partition. Where the two sides differ, because the power went between the two writes, the earlier one
    /// is read: the journal still has what follows, and recovery brings it to where the other one stands.
    ///
    /// # Errors
    /// See [`CheckpointStore::partition`].
    pub fn partition(&self, id: PartitionId) -> Result<Checkpoint, String> {
        let (rows, at) = self.primary.partition(id)?;
        let Some((mirror, second)) = &self.mirror else { return Ok(Checkpoint { rows, at, ahead: None }) };
        let (mirror_rows, mirror_at) = mirror.partition(id)?;
        let first = if mirror_at < at { Side::Mirror } else { Side::Primary };
        let behind = if first == Side::Primary { &self.primary } else { mirror };
        let ahead = (mirror_at != at).then(|| second.ahead(behind.clone(), id, at.max(mirror_at)));
        let rows = RowsOfBoth { rows: [rows, mirror_rows], first, id, second: second.clone() };
        Ok(Checkpoint { rows: Arc::new(rows), at: at.min(mirror_at), ahead })
    }

    /// Changes rows on every side that counts.
    ///
    /// # Errors
    /// No side takes it; see [`CheckpointStore::write`].
    pub fn write(&self, id: PartitionId, sequence: Sequence, changes: &[Change]) -> Result<(), String> {
        let Some((mirror, second)) = &self.mirror else { return self.primary.write(id, sequence, changes) };
        for (side, store) in [(Side::Primary, &self.primary), (Side::Mirror, mirror)] {
            if !second.pair.counts(side) {
                continue;
            }
            if let Err(error) = store.write(id, sequence, changes) {
                let why = format!("writing to its state store: {error}");
                if !second.pair.leave_behind(side, &why) {
                    return Err(why);
                }
            }
        }
        Ok(())
    }
}

/// The rows of one partition on both sides.
struct RowsOfBoth {
    rows: [Arc<dyn Stored>; 2],
    /// The side that is asked first.
    first: Side,
    id: PartitionId,
    second: Second,
}

impl std::fmt::Debug for RowsOfBoth {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "RowsOfBoth({:?})", self.id)
    }
}

impl RowsOfBoth {
    fn of(&self, side: Side) -> &dyn Stored {
        match side {
            Side::Primary => self.rows[0].as_ref(),
            Side::Mirror => self.rows[1].as_ref(),
        }
    }

    /// Asks the first side, and where that fails the other, unless that stands at another record.
    fn ask<T>(&self, ask: impl Fn(&dyn Stored) -> Result<T, StoredError>) -> Result<T, StoredError> {
        let pair = &self.second.pair;
        let other = self.first.other();
        let mut failed = StoredError("its disk was left behind".to_owned());
        if pair.counts(self.first) {
            match ask(self.of(self.first)) {
                Err(error) => failed = error,
                found => return found,
            }
        }
        if self.second.is_uneven(self.id) || !pair.counts(other) {
            return Err(failed);
        }
        let found = ask(self.of(other))?;
        pair.leave_behind(self.first, &format!("reading its state store: {failed}"));
        Ok(found)
    }
}

impl Stored for RowsOfBoth {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoredError> {
        self.ask(|rows| rows.get(key))
    }

    fn scan(
        &self,
        from: &[u8],
        to: &[u8],
        limit: Limit,
        direction: Direction,
    ) -> Result<StoredRows, StoredError> {
        self.ask(|rows| rows.scan(from, to, limit, direction))
    }
}

/// Whether the journal leads from each of its checkpoints to the last record.
pub fn fits(store: &impl CheckpointStore, journal: &LocalJournal) -> bool {
    let reader = journal.reader();
    let fits = |partition: weir_journal::PartitionId| {
        let tail = reader.tail(partition).ok()?;
        let (_, at) = store.partition(PartitionId(partition.get())).ok()?;
        (tail.trimmed <= at && at <= tail.last_sequence).then_some(())
    };
    reader
        .partitions()
        .is_ok_and(|partitions| partitions.into_iter().all(|partition| fits(partition).is_some()))
}
