//! Committing: one group of records at a time into the journal.
//!
//! Large groups are committed by a thread of their own, while the next one is decided. A small group that nothing waits
//! behind is committed by the thread that decided it: two changes of threads cost more than such a write.

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        mpsc::{Receiver, Sender},
    },
    time::{Duration, Instant},
};

use weir_journal::{AppendError, Chore, Journal, Record, Sequence};

use crate::{
    admission::Admission, disk_space::DiskSpace, driver::GroupRecord, metrics::Metrics, shell::ToShell,
};

/// Time between attempts to write to a full disk.
const FULL_DISK_RETRY: Duration = Duration::from_secs(1);

/// What commits. Only one group is under way at a time, so nobody waits for the lock.
#[derive(Clone)]
pub(crate) struct SharedCommitter(Arc<Mutex<Committer>>);

impl SharedCommitter {
    pub(crate) fn new(committer: Committer) -> SharedCommitter {
        SharedCommitter(Arc::new(Mutex::new(committer)))
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, Committer> {
        // A journal whose write panicked is poisoned by itself.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What nobody waits for, unless a group is under way: then it is done behind that.
    pub(crate) fn clear_up(&self) {
        if let Ok(mut committer) = self.0.try_lock() {
            committer.clear_up();
        }
    }

    /// Makes the reserve again, unless a group is under way, and lets new work in when it is there.
    pub(crate) fn refill_reserve(&self) {
        let Ok(mut committer) = self.0.try_lock() else { return };
        match committer.journal.refill_reserve() {
            Ok(true) => committer.admission.set_disk_full(false),
            Ok(false) => {}
            Err(error) => tracing::warn!("new work waits, because the reserve cannot be made again: {error}"),
        }
    }

    /// Commits group after group until the deciding thread ends or the journal fails.
    pub(crate) fn run(&self, groups: &Receiver<Vec<GroupRecord>>, done: &Sender<ToShell>) {
        while let Ok(group) = groups.recv() {
            let mut committer = self.lock();
            let result = committer.commit(&group);
            let failed = result.is_err();
            if done.send(ToShell::Committed(result)).is_err() || failed {
                return;
            }
            committer.clear_up();
        }
    }
}

/// The journal and what goes with it.
pub(crate) struct Committer {
    pub(crate) journal: Box<dyn Journal>,
    /// What checkpoints have made superfluous.
    pub(crate) trims: Receiver<(weir_journal::PartitionId, Sequence)>,
    /// Work for another thread: files made ahead of time, and superfluous ones.
    pub(crate) chores: Sender<Chore>,
    pub(crate) admission: Arc<Admission>,
    pub(crate) space: Arc<DiskSpace>,
    pub(crate) metrics: Arc<Metrics>,
}

impl Committer {
    /// Commits a group: when this returns, it is durable, or the node must stop.
    pub(crate) fn commit(&mut self, group: &[GroupRecord]) -> Result<(), String> {
        let began = Instant::now();
        let result = self.append(group);
        let took = began.elapsed();
        self.admission.committed(took);
        self.count(group, took);
        result.map_err(|error| {
            format!("the journal failed, and the node stops so that nothing is lost: {error}")
        })
    }

    /// What nobody waits for: records that checkpoints have made superfluous, and files to be made or removed.
    pub(crate) fn clear_up(&mut self) {
        while let Ok((partition, until)) = self.trims.try_recv() {
            if let Err(error) = self.journal.trim(partition, until) {
                tracing::warn!(%error, "the journal could not be trimmed; it grows until it can");
            }
        }
        self.hand_on_chores();
    }

    /// Appends a group. On a full disk it is tried until there is room or the node stops: nothing of it was written, and
    /// nobody was told.
    fn append(&mut self, group: &[GroupRecord]) -> Result<(), AppendError> {
        let records: Vec<Record<'_>> = group.iter().map(as_record).collect();
        loop {
            match self.journal.append(&records) {
                Err(AppendError::Full(failure)) => {
                    self.admission.set_disk_full(true);
                    // The reserve lets work that ends work go on; without one the group waits for space.
                    let released = self.journal.release_reserve().unwrap_or(false);
                    tracing::error!(%failure, released, "the disk of the data folder is full: new work is refused until there is space");
                    if !released && self.space.stops_within(FULL_DISK_RETRY) {
                        return Err(AppendError::Full(failure));
                    }
                }
                other => return other,
            }
        }
    }

    fn count(&self, group: &[GroupRecord], took: Duration) {
        Metrics::add(&self.metrics.journal_commits_total, 1);
        Metrics::add(&self.metrics.journal_records_total, group.len() as u64);
        let bytes = group.iter().map(|record| record.payload.len() as u64).sum();
        Metrics::add(&self.metrics.journal_bytes_total, bytes);
        Metrics::add(&self.metrics.journal_commit_microseconds_total, took.as_micros() as u64);
    }

    fn hand_on_chores(&mut self) {
        while let Some(chore) = self.journal.take_chore() {
            // Without its thread the file is made when it is needed, and removed with the next start's first trim.
            let _ = self.chores.send(chore);
        }
    }
}

fn as_record(record: &GroupRecord) -> Record<'_> {
    let GroupRecord { partition, epoch, sequence, payload } = record;
    Record { partition: weir_journal::PartitionId(partition.0), epoch: *epoch, sequence: *sequence, payload }
}
