//! A back end for tests, over a log that takes everything and keeps few promises: what is sent to it may get lost, arrive
//! later, arrive twice, or arrive in part, and the sender often does not learn which. It keeps the promises of
//! [`Journal`] nevertheless, by the rules that a back end over a real network needs: entries are read through a fence, and
//! only what was read back is confirmed.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use weir_canary::{Canary, planted};

use crate::{
    AppendError, ChainHash, Claim, Epoch, Failure, Journal, JournalError, OwnedRecord, PartitionId, Reader,
    Record, Records, Sequence, Tail,
    fence::{Entry, Fence},
    random::SplitMix,
};

/// How often each treachery happens, in percent of what is sent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Treachery {
    /// It never arrives, and the sender does not know.
    pub lost_percent: usize,
    /// It arrives some time later, and the sender does not know.
    pub late_percent: usize,
    /// It arrives, and once more later.
    pub twice_percent: usize,
    /// Only a part arrives, and the sender does not know.
    pub torn_percent: usize,
    /// All of it arrives, and the sender does not know.
    pub unanswered_percent: usize,
}

/// The log behind any number of handles; clones are the same log.
#[derive(Debug, Clone)]
pub struct TreacherousStore {
    log: Arc<Mutex<Log>>,
}

/// One handle on a [`TreacherousStore`].
#[derive(Debug)]
pub struct TreacherousJournal {
    store: TreacherousStore,
    claimed: BTreeMap<PartitionId, (Epoch, u64)>,
}

#[derive(Debug)]
struct Log {
    treachery: Treachery,
    random: SplitMix,
    partitions: BTreeMap<PartitionId, Partition>,
    /// Sent, and not arrived yet.
    on_the_way: Vec<(PartitionId, Sent)>,
    owners: u64,
}

#[derive(Debug, Default)]
struct Partition {
    arrived: Vec<Sent>,
    trimmed: Sequence,
}

#[derive(Debug, Clone)]
enum Sent {
    Claim { epoch: Epoch, owner: u64 },
    Record { record: OwnedRecord, previous: ChainHash },
}

impl Sent {
    fn entry(&self) -> Entry<'_> {
        match self {
            Sent::Claim { epoch, owner } => Entry::Claim { epoch: *epoch, owner: *owner },
            Sent::Record { record, previous } => {
                Entry::Record { record: record.as_record(), previous: *previous }
            }
        }
    }
}

impl TreacherousStore {
    /// An empty log. The same seed and the same calls give the same treacheries.
    pub fn new(seed: u64, treachery: Treachery) -> TreacherousStore {
        let log = Log {
            treachery,
            random: SplitMix(seed),
            partitions: BTreeMap::new(),
            on_the_way: Vec::new(),
            owners: 0,
        };
        TreacherousStore { log: Arc::new(Mutex::new(log)) }
    }

    /// A new handle, as a process that starts gets one.
    pub fn open(&self) -> TreacherousJournal {
        TreacherousJournal { store: self.clone(), claimed: BTreeMap::new() }
    }

    /// From now on it is as treacherous as this; what is on the way stays on the way.
    pub fn set_treachery(&self, treachery: Treachery) {
        self.lock().treachery = treachery;
    }

    fn lock(&self) -> MutexGuard<'_, Log> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Log {
    /// Sends entries; whether the sender gets an answer.
    fn send(&mut self, entries: Vec<(PartitionId, Sent)>) -> bool {
        self.deliver_some();
        let treachery = self.treachery;
        if self.random.percent(treachery.lost_percent) {
            return false;
        }
        if self.random.percent(treachery.late_percent) {
            self.on_the_way.extend(entries);
            return false;
        }
        if self.random.percent(treachery.torn_percent) {
            let kept = self.random.below(entries.len() + 1);
            entries.into_iter().take(kept).for_each(|(partition, sent)| self.arrive(partition, sent));
            return false;
        }
        if self.random.percent(treachery.twice_percent) {
            self.on_the_way.extend(entries.iter().cloned());
        }
        entries.into_iter().for_each(|(partition, sent)| self.arrive(partition, sent));
        !self.random.percent(treachery.unanswered_percent)
    }

    fn arrive(&mut self, partition: PartitionId, sent: Sent) {
        self.partitions.entry(partition).or_default().arrived.push(sent);
    }

    fn deliver_some(&mut self) {
        while !self.on_the_way.is_empty() && self.random.percent(30) {
            let index = self.random.below(self.on_the_way.len());
            let (partition, sent) = self.on_the_way.swap_remove(index);
            self.arrive(partition, sent);
        }
    }

    /// Where a partition stands, to a reader who has read everything.
    fn fence(&self, partition: PartitionId) -> Fence {
        let mut fence = Fence::default();
        if let Some(found) = self.partitions.get(&partition) {
            found.arrived.iter().for_each(|sent| {
                fence.admit(&sent.entry());
            });
            fence.tail.trimmed = found.trimmed;
        }
        fence
    }

    fn records(&self, partition: PartitionId) -> Vec<OwnedRecord> {
        let mut fence = Fence::default();
        let arrived = self.partitions.get(&partition).into_iter().flat_map(|found| &found.arrived);
        let counted = arrived.filter(|sent| fence.admit(&sent.entry()));
        counted
            .filter_map(|sent| match sent {
                Sent::Record { record, .. } => Some(record.clone()),
                Sent::Claim { .. } => None,
            })
            .collect()
    }
}

fn no_answer(action: &'static str) -> Failure {
    Failure {
        action,
        place: "the treacherous log".to_owned(),
        cause: "no answer".into(),
        remedy: "claim the partition again and read where it stands",
    }
}

impl TreacherousJournal {
    /// Whose record it would be; the tails that the records would give.
    fn follow(&self, log: &Log, records: &[Record<'_>]) -> Result<Vec<(PartitionId, Sent)>, AppendError> {
        let mut tails: BTreeMap<PartitionId, Tail> = BTreeMap::new();
        let mut entries = Vec::new();
        for record in records {
            let partition = record.partition;
            let fence = log.fence(partition);
            let mine = self.claimed.get(&partition).filter(|(_, owner)| *owner == fence.owner);
            let tail = tails.entry(partition).or_insert(fence.tail);
            let previous = tail.last_hash;
            *tail = tail.follow(record, mine.map(|(epoch, _)| *epoch))?;
            let record = OwnedRecord {
                partition,
                epoch: record.epoch,
                sequence: record.sequence,
                hash: tail.last_hash,
                payload: record.payload.to_vec(),
            };
            entries.push((partition, Sent::Record { record, previous }));
        }
        Ok(entries)
    }
}

impl Journal for TreacherousJournal {
    fn claim(&mut self, partition: PartitionId) -> Result<Claim, JournalError> {
        let mut log = self.store.lock();
        log.owners += 1;
        let (owner, epoch) = (log.owners, log.fence(partition).tail.epoch.next());
        if let Some(claimed) = self.claimed.remove(&partition).filter(|_| planted(Canary::ClaimKept)) {
            self.claimed.insert(partition, claimed);
            let tail = log.fence(partition).tail;
            let (last_sequence, last_hash) = (tail.last_sequence, tail.last_hash);
            return Ok(Claim { epoch: claimed.0, last_sequence, last_hash });
        }
        let answered = log.send(vec![(partition, Sent::Claim { epoch, owner })]);
        let fence = log.fence(partition);
        if !answered || fence.owner != owner {
            return Err(JournalError::Unavailable(no_answer("claiming a partition in")));
        }
        self.claimed.insert(partition, (epoch, owner));
        Ok(Claim { epoch, last_sequence: fence.tail.last_sequence, last_hash: fence.tail.last_hash })
    }

    fn append(&mut self, records: &[Record<'_>]) -> Result<(), AppendError> {
        let store = self.store.clone();
        let mut log = store.lock();
        let entries = self.follow(&log, records)?;
        if entries.is_empty() {
            return Ok(());
        }
        let answered = log.send(entries);
        // Only what is read back under the epoch in force is confirmed.
        let arrived = records.iter().all(|record| {
            let fence = log.fence(record.partition);
            let mine = self.claimed.get(&record.partition) == Some(&(fence.tail.epoch, fence.owner));
            mine && fence.tail.last_sequence >= record.sequence
        });
        if answered && arrived {
            return Ok(());
        }
        // What is on its way may still arrive, so this epoch must not go on.
        let touched: BTreeSet<_> = records.iter().map(|record| record.partition).collect();
        self.claimed.retain(|partition, _| !touched.contains(partition) || planted(Canary::ClaimKept));
        Err(AppendError::Unknown(no_answer("appending to")))
    }

    fn trim(&mut self, partition: PartitionId, until: Sequence) -> Result<(), JournalError> {
        let mut log = self.store.lock();
        let last = log.fence(partition).tail.last_sequence;
        if until > last {
            return Err(JournalError::PastEnd { partition, asked: until, last });
        }
        let found = log.partitions.entry(partition).or_default();
        found.trimmed = found.trimmed.max(until);
        Ok(())
    }

    fn reader(&self) -> Arc<dyn Reader> {
        Arc::new(self.store.clone())
    }
}

impl Reader for TreacherousStore {
    fn read(&self, partition: PartitionId, from: Sequence) -> Result<Records, JournalError> {
        let log = self.lock();
        log.fence(partition).tail.check_from(partition, from)?;
        let records = log.records(partition);
        Ok(Box::new(records.into_iter().filter(move |record| record.sequence >= from).map(Ok)))
    }

    fn tail(&self, partition: PartitionId) -> Result<Tail, JournalError> {
        Ok(self.lock().fence(partition).tail)
    }

    fn partitions(&self) -> Result<Vec<PartitionId>, JournalError> {
        let log = self.lock();
        Ok(log
            .partitions
            .keys()
            .copied()
            .filter(|partition| log.fence(*partition).tail.epoch.0 > 0)
            .collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn after_an_append_that_nobody_knows_of_the_partition_must_be_claimed_again() {
        let store = TreacherousStore::new(1, Treachery::default());
        let mut journal = store.open();
        let partition = PartitionId(1);
        let epoch = journal.claim(partition).unwrap().epoch;
        let record = |number, epoch| Record { partition, epoch, sequence: Sequence(number), payload: b"one" };
        store.set_treachery(Treachery { late_percent: 100, ..Treachery::default() });
        assert!(matches!(journal.append(&[record(1, epoch)]), Err(AppendError::Unknown(_))));
        store.set_treachery(Treachery::default());
        assert!(matches!(journal.append(&[record(1, epoch)]), Err(AppendError::Fenced { .. })));
        let claim = journal.claim(partition).unwrap();
        assert_eq!(claim.epoch, epoch.next());
        journal.append(&[record(claim.last_sequence.0 + 1, claim.epoch)]).unwrap();
    }
}
