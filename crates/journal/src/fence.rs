//! How a log that takes everything is read so that only one writer counts (law 4).
//!
//! Some logs have no conditional append: what an old leader sent may arrive late, twice, or after a new leader began.
//! The entries of a partition are then read in their order through a [`Fence`], which every reader applies alike:
//!
//! - a claim counts if its epoch is one more than the epoch in force; the first of several with the same epoch wins;
//! - a record counts if it is of the epoch in force, has the next sequence, and is chained to the last record that counted;
//! - everything else is as if it were not there.

use weir_canary::{Canary, planted};

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
                let counts = (record.epoch == self.tail.epoch || planted(Canary::EpochNotRead))
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{PartitionId, Sequence};

    fn record(epoch: u64, sequence: u64, payload: &[u8]) -> Record<'_> {
        Record { partition: PartitionId(1), epoch: Epoch(epoch), sequence: Sequence(sequence), payload }
    }

    fn claim(epoch: u64, owner: u64) -> Entry<'static> {
        Entry::Claim { epoch: Epoch(epoch), owner }
    }

    #[test]
    fn only_the_next_epoch_can_be_claimed_and_the_first_claim_wins() {
        let mut fence = Fence::default();
        assert!(fence.admit(&claim(1, 10)));
        assert!(!fence.admit(&claim(1, 11)), "the epoch is taken");
        assert!(
            !fence.admit(&claim(3, 12)),
            "an epoch was left out: the claimant did not read the journal to its end"
        );
        assert_eq!((fence.tail.epoch, fence.owner), (Epoch(1), 10));
        assert!(fence.admit(&claim(2, 13)));
        assert!(!fence.admit(&claim(1, 14)), "an old claim that came late");
        assert_eq!((fence.tail.epoch, fence.owner), (Epoch(2), 13));
    }

    #[test]
    fn a_record_counts_only_under_the_epoch_in_force_in_order_and_chained() {
        let mut fence = Fence::default();
        fence.admit(&claim(1, 10));
        let first = record(1, 1, b"first");
        let start = fence.tail.last_hash;
        assert!(fence.admit(&Entry::Record { record: first, previous: start }));
        let hash = fence.tail.last_hash;
        assert!(!fence.admit(&Entry::Record { record: first, previous: start }), "it came twice");
        assert!(!fence.admit(&Entry::Record { record: record(1, 3, b"third"), previous: hash }), "a gap");
        let other = record(1, 2, b"second");
        assert!(!fence.admit(&Entry::Record { record: other, previous: start }), "chained to something else");
        fence.admit(&claim(2, 11));
        assert!(!fence.admit(&Entry::Record { record: other, previous: hash }), "of an older epoch");
        assert!(fence.admit(&Entry::Record { record: record(2, 2, b"second"), previous: hash }));
        assert_eq!(fence.tail.last_sequence, Sequence(2));
    }
}
