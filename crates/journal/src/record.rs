//! What a journal holds: records, and the numbers and hashes that order them.

use std::fmt;

use xxhash_rust::xxh3::xxh3_128;

/// Number of a partition. A key of the engine carries it in its upper 13 bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PartitionId(pub u16);

/// Number of a leadership of one partition: 1, 2, 3, ... Zero means "never claimed".
///
/// It is anchored in the journal: a new epoch is one more than the last one that the journal itself holds,
/// so no coordinator that forgets or is restored from an old backup can hand out an old one again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Epoch(pub u64);

/// Place of a record in its partition: 1, 2, 3, ... without gaps. Zero means "before the first record".
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Sequence(pub u64);

/// Hash of a record and, through the record before it, of everything that its partition held until then.
///
/// `xxh3_128(previous, xxh3_128(payload), partition, epoch, sequence)`, numbers little-endian. It does not depend
/// on the back end, so a copy in a mirror, a backup or another back end can be compared record by record.
/// It finds accidents, not forgers: XXH3 is no cryptographic hash.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct ChainHash(pub [u8; 16]);

/// One engine batch on its way into the journal. The journal does not know what the payload means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Record<'a> {
    /// The partition that the batch belongs to.
    pub partition: PartitionId,
    /// The epoch under which the writer claimed the partition.
    pub epoch: Epoch,
    /// One more than the sequence of the record before it.
    pub sequence: Sequence,
    /// The batch, encoded. At most [`MAX_PAYLOAD_BYTES`](crate::MAX_PAYLOAD_BYTES).
    pub payload: &'a [u8],
}

/// A record as it was read back: present, whole, in order, and of the epoch that was in force at its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnedRecord {
    /// The partition that the record belongs to.
    pub partition: PartitionId,
    /// The epoch under which it was written.
    pub epoch: Epoch,
    /// Its place in the partition.
    pub sequence: Sequence,
    /// Its hash, which the next record is chained to.
    pub hash: ChainHash,
    /// The batch, as it was appended.
    pub payload: Vec<u8>,
}

impl PartitionId {
    /// The number alone.
    pub fn get(self) -> u16 {
        self.0
    }
}

impl Epoch {
    /// The epoch that the next claim of the partition gets.
    #[must_use]
    pub fn next(self) -> Epoch {
        Epoch(self.0.saturating_add(1))
    }
}

impl Sequence {
    /// The place after this one.
    #[must_use]
    pub fn next(self) -> Sequence {
        Sequence(self.0.saturating_add(1))
    }
}

impl ChainHash {
    /// What the first record of a partition is chained to.
    pub const START: ChainHash = ChainHash([0; 16]);
}

impl Record<'_> {
    /// The hash of this record when it follows the record whose hash is `previous`.
    pub fn hash(&self, previous: ChainHash) -> ChainHash {
        let mut link = [0_u8; 50];
        link[..16].copy_from_slice(&previous.0);
        link[16..32].copy_from_slice(&xxh3_128(self.payload).to_le_bytes());
        link[32..34].copy_from_slice(&self.partition.0.to_le_bytes());
        link[34..42].copy_from_slice(&self.epoch.0.to_le_bytes());
        link[42..].copy_from_slice(&self.sequence.0.to_le_bytes());
        ChainHash(xxh3_128(&link).to_le_bytes())
    }
}

impl OwnedRecord {
    /// The same record, borrowed.
    pub fn as_record(&self) -> Record<'_> {
        Record {
            partition: self.partition,
            epoch: self.epoch,
            sequence: self.sequence,
            payload: &self.payload,
        }
    }
}

impl fmt::Display for PartitionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

impl fmt::Display for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

impl fmt::Display for Sequence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

impl fmt::Display for ChainHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for ChainHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
