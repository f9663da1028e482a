//! The journal that lives in memory: for tests and for the simulator. It survives its handles, not its process.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use crate::{
    AppendError, Claim, Epoch, Journal, JournalError, OwnedRecord, PartitionId, Reader, Record, Records,
    Sequence, Tail,
};

/// The shared truth behind any number of handles; clones are the same store.
#[derive(Debug, Clone, Default)]
pub struct MemoryStore {
    partitions: Arc<Mutex<BTreeMap<PartitionId, Partition>>>,
}

/// One handle on a [`MemoryStore`]. Several may fight over a partition: the one that claimed last wins.
#[derive(Debug)]
pub struct MemoryJournal {
    store: MemoryStore,
    claimed: BTreeMap<PartitionId, Epoch>,
}

#[derive(Debug, Default)]
struct Partition {
    tail: Tail,
    records: VecDeque<OwnedRecord>,
}

impl MemoryStore {
    /// A new handle, as a process that starts gets one.
    pub fn open(&self) -> MemoryJournal {
        MemoryJournal { store: self.clone(), claimed: BTreeMap::new() }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<PartitionId, Partition>> {
        self.partitions.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Journal for MemoryJournal {
    fn claim(&mut self, partition: PartitionId) -> Result<Claim, JournalError> {
        let mut partitions = self.store.lock();
        let tail = &mut partitions.entry(partition).or_default().tail;
        tail.epoch = tail.epoch.next();
        self.claimed.insert(partition, tail.epoch);
        Ok(Claim { epoch: tail.epoch, last_sequence: tail.last_sequence, last_hash: tail.last_hash })
    }

    fn append(&mut self, records: &[Record<'_>]) -> Result<(), AppendError> {
        let mut partitions = self.store.lock();
        // All are checked before the first is kept: a refused call leaves nothing behind.
        let mut tails = BTreeMap::new();
        for record in records {
            let partition = record.partition;
            let tail = tails
                .entry(partition)
                .or_insert_with(|| partitions.get(&partition).map(|found| found.tail).unwrap_or_default());
            *tail = tail.follow(record, self.claimed.get(&partition).copied())?;
        }
        for record in records {
            let found = partitions.entry(record.partition).or_default();
            let hash = record.hash(found.tail.last_hash);
            found.tail.last_sequence = record.sequence;
            found.tail.last_hash = hash;
            found.records.push_back(OwnedRecord {
                partition: record.partition,
                epoch: record.epoch,
                sequence: record.sequence,
                hash,
                payload: record.payload.to_vec(),
            });
        }
        Ok(())
    }

    fn trim(&mut self, partition: PartitionId, until: Sequence) -> Result<(), JournalError> {
        let mut partitions = self.store.lock();
        let found = partitions.entry(partition).or_default();
        let last = found.tail.last_sequence;
        if until > last {
            return Err(JournalError::PastEnd { partition, asked: until, last });
        }
        found.tail.trimmed = found.tail.trimmed.max(until);
        while found.records.front().is_some_and(|record| record.sequence <= until) {
            found.records.pop_front();
        }
        Ok(())
    }

    fn reader(&self) -> Arc<dyn Reader> {
        Arc::new(self.store.clone())
    }
}

impl Reader for MemoryStore {
    fn read(&self, partition: PartitionId, from: Sequence) -> Result<Records, JournalError> {
        let tail = self.tail(partition)?;
        tail.check_from(partition, from)?;
        let store = self.clone();
        let mut next = from;
        let mut ended = false;
        Ok(Box::new(std::iter::from_fn(move || {
            if ended || next > tail.last_sequence {
                return None;
            }
            let read = store.record(partition, next);
            ended = read.is_err();
            next = next.next();
            Some(read)
        })))
    }

    fn tail(&self, partition: PartitionId) -> Result<Tail, JournalError> {
        Ok(self.lock().get(&partition).map(|found| found.tail).unwrap_or_default())
    }

    fn partitions(&self) -> Result<Vec<PartitionId>, JournalError> {
        Ok(self.lock().keys().copied().collect())
    }
}

impl MemoryStore {
    fn record(&self, partition: PartitionId, sequence: Sequence) -> Result<OwnedRecord, JournalError> {
        let partitions = self.lock();
        let trimmed = partitions.get(&partition).map(|found| found.tail.trimmed).unwrap_or_default();
        let index = sequence.0.checked_sub(trimmed.0 + 1).and_then(|index| usize::try_from(index).ok());
        partitions
            .get(&partition)
            .zip(index)
            .and_then(|(found, index)| found.records.get(index))
            .cloned()
            .ok_or(JournalError::Trimmed { partition, from: sequence, first: trimmed.next() })
    }
}
