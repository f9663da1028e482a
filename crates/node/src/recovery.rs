//! Recovery: partitions from the rows of a checkpoint and the journal after it. The simulator recovers by this very code.

use std::{fmt, sync::Arc};

use weir_engine::{Partition, Settings, event::Batch, key::PartitionId, state::below::Stored};
use weir_feel::temporal::Zone;
use weir_journal::{Claim, Journal, JournalError, Reader, Sequence};

use crate::driver::Led;

/// Why partitions could not be recovered.
#[derive(Debug)]
pub enum RecoveryError {
    /// The journal refuses.
    Journal(JournalError),
    /// What the rows and the journal say does not fit together, or cannot be read.
    Damaged(String),
}

impl fmt::Display for RecoveryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Journal(error) => error.fmt(f),
            Self::Damaged(why) => f.write_str(why),
        }
    }
}

impl std::error::Error for RecoveryError {}

impl From<JournalError> for RecoveryError {
    fn from(error: JournalError) -> RecoveryError {
        RecoveryError::Journal(error)
    }
}

/// Records replayed before memory is looked at.
const RECORDS_PER_LOOK: usize = 1_024;

/// Claims all partitions of a journal and brings each to its last record. `open` gives the rows of a partition's checkpoint and
/// says at which record they stand (0: there is none). What is replayed takes about `rows_bytes_max` of memory, or as much as
/// changed since the checkpoints.
///
/// # Errors
/// See [`RecoveryError`].
pub fn recover(
    journal: &mut dyn Journal,
    partitions: u16,
    rows_bytes_max: usize,
    mut open: impl FnMut(PartitionId) -> Result<(Arc<dyn Stored>, Sequence), String>,
) -> Result<Vec<Led>, RecoveryError> {
    let mut led = Vec::new();
    for number in 1..=partitions {
        let id = PartitionId(number);
        let damaged = |why| RecoveryError::Damaged(format!("partition {number}: {why}"));
        let (stored, at) = open(id).map_err(damaged)?;
        let mut partition = Partition::over(settings(id, partitions), stored);
        let claim = claim(journal, weir_journal::PartitionId(number))?;
        if at > claim.last_sequence {
            return Err(RecoveryError::Damaged(format!(
                "partition {number}: the checkpoint stands at record {at}, but the journal ends at {}; the journal lost \
                 records; restore a backup, or see the journal's folder",
                claim.last_sequence
            )));
        }
        let share_bytes = rows_bytes_max / usize::from(partitions);
        replay(journal.reader().as_ref(), number, at, &mut partition, share_bytes)
            .map_err(RecoveryError::Damaged)?;
        if let Some(failure) = partition.failure() {
            return Err(damaged(failure.to_string()));
        }
        led.push(Led { partition, epoch: claim.epoch, sequence: claim.last_sequence });
    }
    Ok(led)
}

/// Claims a partition, on a full disk from the reserve: work that is under way shall end.
fn claim(journal: &mut dyn Journal, partition: weir_journal::PartitionId) -> Result<Claim, JournalError> {
    match journal.claim(partition) {
        Err(JournalError::Full(failure)) => match journal.release_reserve()? {
            true => journal.claim(partition),
            false => Err(JournalError::Full(failure)),
        },
        claimed => claimed,
    }
}

/// The settings of a partition.
pub(crate) fn settings(id: PartitionId, partitions: u16) -> Settings {
    Settings { partition: id, partitions, zone: Zone::UTC, feel_limits: weir_feel::Limits::DEFAULT }
}

/// Applies all records after `at`.
pub(crate) fn replay(
    journal: &dyn Reader,
    number: u16,
    at: Sequence,
    partition: &mut Partition,
    share_bytes: usize,
) -> Result<(), String> {
    let records =
        journal.read(weir_journal::PartitionId(number), at.next()).map_err(|error| error.to_string())?;
    for (place, record) in records.enumerate() {
        let record = record.map_err(|error| error.to_string())?;
        let batch = Batch::from_bytes(&record.payload).map_err(|error| {
            format!(
                "partition {number}: record {} cannot be read ({error}); it may be of a newer release",
                record.sequence
            )
        })?;
        partition.apply(&batch);
        if place % RECORDS_PER_LOOK == 0 && partition.overlay_bytes() > share_bytes {
            while partition.evict(RECORDS_PER_LOOK) > 0 {}
        }
    }
    Ok(())
}
