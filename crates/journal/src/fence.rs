//! How a log that takes everything is read so that only one writer counts (law 4).
//!
//! Some logs have no conditional append: what an old leader sent may arrive late, twice, or after a new leader began.
//! The entries of a partition are then read in their order through a [`Fence`], which every reader applies alike:
//!
//! - a claim counts if its epoch is one more than the epoch in force; the first of several with the same epoch wins;
//! - a record counts if it is of the epoch in force, has the next sequence, and is chained to the last record that counted;
//! - everything else is as if it were not there.

use crate::{ChainHash, Epoch, Record, Tail};

/// One entry of such a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Entry<'a> {
    /// Somebody wants to lead.
    Claim {
        /// The epoch that it would have.
        epoch: Epoch,
        /// A number that nobody else has.
        owner: u64,
    },
    /// Somebody who led, or thought so, wrote.
    Record {
        /// The record.
        record: Record<'a>,
        /// The hash of the record that it is to follow.
        previous: ChainHash,
    },
}

/// Where a reader stands.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Fence {
    /// What counted so far.
    pub(crate) tail: Tail,
    /// Whose the epoch in force is.
    pub(crate) owner: u64,
}

impl Fence {
    /// Reads the next entry; whether it counts.
    pub(crate) fn admit(&mut self, entry: &Entry<'_>) -> bool {
        match entry {
            Entry::Claim { epoch, owner } => {
                let counts = *epoch == self.tail.epoch.next();
                if counts {
                    self.tail.epoch = *epoch;
                    self.owner = *owner;
                }
                counts
            }
            Entry::Record { record, previous } => {
                let counts = record.epoch == self.tail.epoch
                    && record.sequence == self.tail.last_sequence.next()
                    && *previous == self.tail.last_hash;
                if counts {
                    self.tail.last_sequence = record.sequence;
                    self.tail.last_hash = record.hash(*previous);
                }
                counts
            }
        }
    }
}
