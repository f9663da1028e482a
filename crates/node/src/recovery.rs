//! Recovery: partitions from the rows of a checkpoint and the journal after it. The simulator recovers by this very code.

use std::fmt;

use weir_engine::{Partition, Settings, event::Batch, key::PartitionId};
use weir_feel::temporal::Zone;
use weir_journal::{Journal, JournalError, Sequence};

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

/// Claims all partitions of a journal and brings each to its last record. `load` puts the rows of a partition's checkpoint into
/// it and says at which record they stand (0: there is none).
///
/// # Errors
/// See [`RecoveryError`].
pub fn recover(
    journal: &mut dyn Journal,
    partitions: u16,
    mut load: impl FnMut(PartitionId, &mut Partition) -> Result<Sequence, String>,
) -> Result<Vec<Led>, RecoveryError> {
    let mut led = Vec::new();
    for number in 1..=partitions {
        let id = PartitionId(number);
        let settings =
            Settings { partition: id, partitions, zone: Zone::UTC, feel_limits: weir_feel::Limits::DEFAULT };
        let mut partition = Partition::new(settings);
        let at = load(id, &mut partition)
            .map_err(|why| RecoveryError::Damaged(format!("partition {number}: {why}")))?;
        let claim = journal.claim(weir_journal::PartitionId(number))?;
        if at > claim.last_sequence {
            return Err(RecoveryError::Damaged(format!(
                "partition {number}: the checkpoint stands at record {at}, but the journal ends at {}; the journal lost \
                 records; restore a backup, or see the journal's folder",
                claim.last_sequence
            )));
        }
        replay(journal, number, at, &mut partition).map_err(RecoveryError::Damaged)?;
        led.push(Led { partition, epoch: claim.epoch, sequence: claim.last_sequence });
    }
    Ok(led)
}

fn replay(journal: &dyn Journal, number: u16, at: Sequence, partition: &mut Partition) -> Result<(), String> {
    let records =
        journal.read(weir_journal::PartitionId(number), at.next()).map_err(|error| error.to_string())?;
    for record in records {
        let record = record.map_err(|error| error.to_string())?;
        let batch = Batch::from_bytes(&record.payload).map_err(|error| {
            format!(
                "partition {number}: record {} cannot be read ({error}); it may be of a newer release",
                record.sequence
            )
        })?;
        partition.apply(&batch);
    }
    Ok(())
}
