//! The commit thread: one group of records at a time into the journal.

use std::{
    sync::{
        Arc,
        mpsc::{Receiver, Sender},
    },
    time::{Duration, Instant},
};

use weir_journal::{AppendError, Chore, Journal, Record, Sequence};

use crate::{admission::Admission, driver::GroupRecord, metrics::Metrics, shell::ToShell};

/// Time between attempts to write to a full disk.
const FULL_DISK_RETRY: Duration = Duration::from_secs(1);

/// The commit thread's things.
pub(crate) struct Committer {
    pub(crate) journal: Box<dyn Journal>,
    pub(crate) groups: Receiver<Vec<GroupRecord>>,
    pub(crate) done: Sender<ToShell>,
    /// What checkpoints have made superfluous.
    pub(crate) trims: Receiver<(weir_journal::PartitionId, Sequence)>,
    /// Work for another thread: files made ahead of time.
    pub(crate) chores: Sender<Chore>,
    pub(crate) admission: Arc<Admission>,
    pub(crate) metrics: Arc<Metrics>,
}

impl Committer {
    /// Commits group after group until the deciding thread ends or the journal fails.
    pub(crate) fn run(mut self) {
        self.hand_on_chore();
        while let Ok(group) = self.groups.recv() {
            let began = Instant::now();
            let result = self.append(&group);
            self.count(&group, began.elapsed());
            let failed = result.is_err();
            let result = result.map_err(|error| {
                format!("the journal failed, and the node stops so that nothing is lost: {error}")
            });
            if self.done.send(ToShell::Committed(result)).is_err() || failed {
                return;
            }
            self.hand_on_chore();
            while let Ok((partition, until)) = self.trims.try_recv() {
                if let Err(error) = self.journal.trim(partition, until) {
                    tracing::warn!(%error, "the journal could not be trimmed; it grows until it can");
                }
            }
        }
    }

    /// Appends a group. On a full disk it is tried until there is room: nothing of it was written, and nobody was told.
    fn append(&mut self, group: &[GroupRecord]) -> Result<(), AppendError> {
        let records: Vec<Record<'_>> = group.iter().map(as_record).collect();
        let result = loop {
            match self.journal.append(&records) {
                Err(AppendError::Full(failure)) => {
                    self.admission.set_disk_full(true);
                    // The reserve lets work that ends work go on; without one the group waits for space.
                    let released = self.journal.release_reserve().unwrap_or(false);
                    tracing::error!(%failure, released, "the disk of the data folder is full: new work is refused until there is space");
                    if !released {
                        std::thread::sleep(FULL_DISK_RETRY);
                    }
                }
                other => break other,
            }
        };
        if self.admission.is_disk_full() && self.journal.refill_reserve().unwrap_or(false) {
            self.admission.set_disk_full(false);
        }
        result
    }

    fn count(&self, group: &[GroupRecord], took: Duration) {
        Metrics::add(&self.metrics.journal_commits_total, 1);
        Metrics::add(&self.metrics.journal_records_total, group.len() as u64);
        let bytes = group.iter().map(|record| record.payload.len() as u64).sum();
        Metrics::add(&self.metrics.journal_bytes_total, bytes);
        Metrics::add(&self.metrics.journal_commit_microseconds_total, took.as_micros() as u64);
    }

    fn hand_on_chore(&mut self) {
        if let Some(chore) = self.journal.take_chore() {
            // Without its thread the file is made when it is needed.
            let _ = self.chores.send(chore);
        }
    }
}

fn as_record(record: &GroupRecord) -> Record<'_> {
    let GroupRecord { partition, epoch, sequence, payload } = record;
    Record { partition: weir_journal::PartitionId(partition.0), epoch: *epoch, sequence: *sequence, payload }
}
