//! Ordered durable bytes per partition, fenced by epoch.
//!
//! A journal takes [`Record`]s (one engine batch each) and gives them back in order. It does not know what a
//! record means. Three promises hold for every back end, and one conformance suite (`tests/journal/conformance.rs`) checks them:
//!
//! 1. What `append` confirmed is durable, and every later reader sees it, once, in order, unchanged.
//! 2. After a `claim` nothing of an older epoch is ever accepted, whoever appends it and however late it arrives.
//!    The new epoch is one more than the last one *in the journal*.
//! 3. A failed or ambiguous write is reported as such and never tried again by the journal.
//!
//! Back ends: [`local`] (files, the default), [`memory`] (tests, simulation) and [`treacherous`] (a back end that loses,
//! delays, tears and duplicates what it is given; for tests).

pub mod disk;
pub mod error;
mod fence;
pub mod local;
pub mod memory;
pub mod random;
pub mod record;
pub mod treacherous;

use std::sync::Arc;

pub use crate::{
    error::{AppendError, Failure, JournalError},
    record::{ChainHash, Epoch, OwnedRecord, PartitionId, Record, Sequence},
};

/// The largest payload of one record, in bytes.
pub const MAX_PAYLOAD_BYTES: usize = 64 * 1024 * 1024;

/// The records of one partition, in order, from the first one asked for to the last one durable when it was asked.
/// After an error it ends.
pub type Records = Box<dyn Iterator<Item = Result<OwnedRecord, JournalError>> + Send>;

/// Work that a journal would like to have done soon, on any other thread, such as preparing space or giving it back.
/// Not doing it costs time or space later, nothing else. Between its pieces it calls what it is given: whoever runs it may wait
/// there, so that the pieces do not stand in the way of appends.
pub type Chore = Box<dyn FnOnce(&mut dyn FnMut()) + Send>;

/// The writing end. One thread owns it and collects the batches of all partitions into each call of `append`.
pub trait Journal: Send {
    /// Takes over a partition: from now on only records of the returned epoch are accepted, on this handle only.
    ///
    /// Durable when it returns. A partition that the journal has never seen starts at epoch 1 with no records.
    ///
    /// # Errors
    /// [`JournalError::Full`], [`Unavailable`](JournalError::Unavailable), [`Failed`](JournalError::Failed).
    fn claim(&mut self, partition: PartitionId) -> Result<Claim, JournalError>;

    /// Appends all records and returns when all of them are durable (a group commit). Within a partition their
    /// sequences follow one another; partitions may be mixed. An empty call does nothing.
    ///
    /// # Errors
    /// See [`AppendError`] for what each one allows the caller to conclude.
    fn append(&mut self, records: &[Record<'_>]) -> Result<(), AppendError>;

    /// Gives up the records of a partition up to and including `until`; space is freed when nothing else needs it.
    /// A trim may be forgotten in a crash (then the records are still there), never overdone.
    ///
    /// # Errors
    /// [`JournalError::PastEnd`], [`Full`](JournalError::Full), [`Failed`](JournalError::Failed).
    fn trim(&mut self, partition: PartitionId, until: Sequence) -> Result<(), JournalError>;

    /// Work for another thread, the most urgent first; ask after each `append` and `trim` until there is none.
    fn take_chore(&mut self) -> Option<Chore> {
        None
    }

    /// Gives up the reserve, after [`AppendError::Full`], so that work can still be ended while none is begun. Whether there
    /// was one.
    ///
    /// # Errors
    /// [`JournalError::Failed`].
    fn release_reserve(&mut self) -> Result<bool, JournalError> {
        Ok(false)
    }

    /// Makes the reserve again; whether there is one now. `true` is the sign that there is space again.
    ///
    /// # Errors
    /// [`JournalError::Failed`].
    fn refill_reserve(&mut self) -> Result<bool, JournalError> {
        Ok(true)
    }

    /// A reading end that other threads may use while this one appends.
    fn reader(&self) -> Arc<dyn Reader>;

    /// Reads a partition; see [`Reader::read`].
    ///
    /// # Errors
    /// As [`Reader::read`].
    fn read(&self, partition: PartitionId, from: Sequence) -> Result<Records, JournalError> {
        self.reader().read(partition, from)
    }

    /// The end of a partition; see [`Reader::tail`].
    ///
    /// # Errors
    /// As [`Reader::tail`].
    fn tail(&self, partition: PartitionId) -> Result<Tail, JournalError> {
        self.reader().tail(partition)
    }
}

/// The reading end. It sees durable records only.
pub trait Reader: Send + Sync {
    /// The records of a partition from sequence `from` (at least 1) on. Starting one past the end gives nothing.
    ///
    /// # Errors
    /// [`JournalError::Trimmed`] when `from` is gone, [`PastEnd`](JournalError::PastEnd) when it is more than one past the end;
    /// reading itself may end in [`Damaged`](JournalError::Damaged).
    fn read(&self, partition: PartitionId, from: Sequence) -> Result<Records, JournalError>;

    /// Where a partition stands. One that was never claimed stands at the default.
    ///
    /// # Errors
    /// [`JournalError::Unavailable`], [`Failed`](JournalError::Failed).
    fn tail(&self, partition: PartitionId) -> Result<Tail, JournalError>;

    /// Every partition that was ever claimed, in order.
    ///
    /// # Errors
    /// As [`Reader::tail`].
    fn partitions(&self) -> Result<Vec<PartitionId>, JournalError>;
}

/// The result of taking over a partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Claim {
    /// The epoch to append under.
    pub epoch: Epoch,
    /// The last record; the next one to append has the sequence after it.
    pub last_sequence: Sequence,
    /// The hash of the last record, or [`ChainHash::START`].
    pub last_hash: ChainHash,
}

/// Where a partition stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tail {
    /// The epoch in force.
    pub epoch: Epoch,
    /// The last durable record.
    pub last_sequence: Sequence,
    /// Its hash, or [`ChainHash::START`].
    pub last_hash: ChainHash,
    /// Everything up to and including this record is given up.
    pub trimmed: Sequence,
}

impl Tail {
    /// Whether reading may start at `from`.
    ///
    /// # Errors
    /// [`JournalError::Trimmed`] or [`JournalError::PastEnd`].
    pub(crate) fn check_from(&self, partition: PartitionId, from: Sequence) -> Result<(), JournalError> {
        if from <= self.trimmed {
            return Err(JournalError::Trimmed { partition, from, first: self.trimmed.next() });
        }
        if from > self.last_sequence.next() {
            return Err(JournalError::PastEnd { partition, asked: from, last: self.last_sequence });
        }
        Ok(())
    }

    /// The next tail, when `record` is appended to this one; the rules of law 4 for a back end that holds the truth.
    ///
    /// # Errors
    /// [`AppendError::Fenced`], [`AppendError::OutOfOrder`] or [`AppendError::TooLarge`].
    pub(crate) fn follow(&self, record: &Record<'_>, claimed: Option<Epoch>) -> Result<Tail, AppendError> {
        let partition = record.partition;
        if claimed != Some(self.epoch) || record.epoch != self.epoch {
            return Err(AppendError::Fenced { partition, offered: record.epoch, current: self.epoch });
        }
        let expected = self.last_sequence.next();
        if record.sequence != expected {
            return Err(AppendError::OutOfOrder { partition, expected, offered: record.sequence });
        }
        if record.payload.len() > MAX_PAYLOAD_BYTES {
            let bytes = record.payload.len();
            return Err(AppendError::TooLarge { partition, bytes, limit_bytes: MAX_PAYLOAD_BYTES });
        }
        Ok(Tail { last_sequence: expected, last_hash: record.hash(self.last_hash), ..*self })
    }
}
