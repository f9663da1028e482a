//! What can go wrong, and what the caller may conclude from it.

use std::sync::Arc;

use thiserror::Error;

use crate::record::{Epoch, PartitionId, Sequence};

/// Why `append` did not succeed.
///
/// `Fenced`, `OutOfOrder`, `TooLarge` and `Full` are definite: no record of the call is in the journal or ever will be.
/// `Unknown` and `Failed` are not: each record of the call may or may not be there, which only a reader can find out,
/// after a new claim. Neither may be answered by appending the same records again blindly.
#[derive(Debug, Clone, Error)]
pub enum AppendError {
    /// Somebody claimed the partition after the caller did, or the caller never claimed it on this handle.
    #[error(
        "partition {partition} is fenced: epoch {offered} was offered, epoch {current} is in force; \
         stop leading the partition and claim it again if it should be led here"
    )]
    Fenced {
        /// The partition.
        partition: PartitionId,
        /// The epoch of the refused record.
        offered: Epoch,
        /// The epoch that is in force.
        current: Epoch,
    },
    /// The record does not follow the last one: a mistake of the caller.
    #[error("partition {partition} expects sequence {expected}, record has {offered}")]
    OutOfOrder {
        /// The partition.
        partition: PartitionId,
        /// The sequence that would have been right.
        expected: Sequence,
        /// The sequence of the refused record.
        offered: Sequence,
    },
    /// The payload is larger than the journal takes.
    #[error("record of partition {partition} has {bytes} bytes, the limit is {limit_bytes} bytes")]
    TooLarge {
        /// The partition.
        partition: PartitionId,
        /// Size of the refused payload.
        bytes: usize,
        /// The largest payload that is taken.
        limit_bytes: usize,
    },
    /// There is no room for the records. The journal stays usable: try again when there is space.
    #[error("journal is full: {0}")]
    Full(Failure),
    /// Whether the records arrived is not known. The handle can be used again after a new claim of their partitions.
    #[error("outcome of the append is not known: {0}")]
    Unknown(Failure),
    /// The storage broke. The journal is poisoned: this and every later call fails, and nothing is tried again.
    #[error("journal has failed: {0}")]
    Failed(Failure),
}

/// Why a journal could not be opened, claimed, read or trimmed.
#[derive(Debug, Clone, Error)]
pub enum JournalError {
    /// Another process has the journal open.
    #[error("journal {folder} is in use by {holder}; stop it first, or choose another data folder")]
    Locked {
        /// The folder of the journal.
        folder: String,
        /// What the holder wrote into the lock file.
        holder: String,
    },
    /// The journal was written by a newer release.
    #[error(
        "journal {folder} has format {found}, this release reads formats up to {supported}; use the newer release"
    )]
    NewerFormat {
        /// The folder of the journal.
        folder: String,
        /// The format of the journal.
        found: u32,
        /// The newest format that this release reads.
        supported: u32,
    },
    /// Something that was durable is no longer there or no longer the same. Nothing was changed.
    #[error("journal is damaged: {0}")]
    Damaged(Failure),
    /// The records were trimmed away.
    #[error("partition {partition} is trimmed: sequence {from} was asked for, the first one kept is {first}")]
    Trimmed {
        /// The partition.
        partition: PartitionId,
        /// The first sequence that was asked for.
        from: Sequence,
        /// The first sequence that is still there, or will be written next.
        first: Sequence,
    },
    /// Asked to trim or read past the end.
    #[error("partition {partition} ends at sequence {last}, {asked} was asked for")]
    PastEnd {
        /// The partition.
        partition: PartitionId,
        /// The sequence that was asked for.
        asked: Sequence,
        /// The last sequence of the partition.
        last: Sequence,
    },
    /// There is no room. The journal stays usable: try again when there is space.
    #[error("journal is full: {0}")]
    Full(Failure),
    /// The back end could not be reached or did not answer; the outcome is not known. Asking again is safe.
    #[error("journal is unavailable: {0}")]
    Unavailable(Failure),
    /// The storage broke. The journal is poisoned: this and every later call fails, and nothing is tried again.
    #[error("journal has failed: {0}")]
    Failed(Failure),
}

/// What failed, where, why, and what to do about it.
#[derive(Debug, Clone, Error)]
#[error("{action} {place}: {cause}; {remedy}")]
pub struct Failure {
    /// What was being done.
    pub action: &'static str,
    /// The file, offset or address.
    pub place: String,
    /// What was found, or what the system answered.
    pub cause: Arc<str>,
    /// What a person can do.
    pub remedy: &'static str,
}
