//! The frame: how one record, claim or trim lies in a segment.
//!
//! ```text
//!  0  magic "WJF"        3     48  previous chain hash     16
//!  3  version            1     64  own chain hash          16
//!  4  kind               1     80  tag of the incarnation   4
//!  5  flags              1     84  segment                  4
//!  6  partition          2     88  offset in the segment    4
//!  8  body length        4     92  CRC32C of bytes 0..92    4
//! 12  CRC32C of the body 4     96  body, padded to 8
//! 16  position           8
//! 24  durable position   8
//! 32  epoch              8
//! 40  sequence           8     all numbers little-endian
//! ```
//!
//! The header has a checksum of its own, so that a length is only trusted when it is sound. A frame names its own
//! place: bytes of an older file, of another journal or of a write that went astray can not be taken for a frame of
//! this place, and neither can a journal that somebody put into a variable. The *durable position* is the end of the
//! flush before: what a torn tail is told from a rotten middle by.

use crate::record::{ChainHash, Epoch, PartitionId, Sequence};

pub(super) const HEADER_BYTES: usize = 96;
/// Frames start at multiples of this.
pub(super) const ALIGN_BYTES: usize = 8;
const MAGIC: [u8; 3] = *b"WJF";
const VERSION: u8 = 1;
const LAST_IN_GROUP: u8 = 1;

/// Number of a frame in the journal, over all partitions: 1, 2, 3, ... without gaps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Position(pub u64);

/// Where a frame belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) incarnation_tag: u32,
    pub(super) segment: u32,
    pub(super) offset: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A batch of the engine.
    Record,
    /// A partition was claimed: epoch is the new one, sequence and hashes are where it stood. No body.
    Claim,
    /// Trim points: pairs of partition (2 bytes) and sequence (8 bytes). Belongs to no partition.
    Trim,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) kind: Kind,
    /// The frames of one `append` are a group: all of them count or none. The next group starts in a new block.
    pub(super) last_in_group: bool,
    pub(super) partition: PartitionId,
    pub(super) body_bytes: u32,
    pub(super) body_crc: u32,
    pub(super) position: Position,
    pub(super) durable: Position,
    pub(super) epoch: Epoch,
    pub(super) sequence: Sequence,
    pub(super) previous: ChainHash,
    pub(super) hash: ChainHash,
    pub(super) place: Place,
}

/// Why bytes are not a frame header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NotAHeader {
    /// Nothing was ever written here.
    Zero,
    /// Not a header, or no longer one.
    Broken,
    /// Sound, but of a release that came after this one.
    Newer,
}

impl Header {
    pub(super) fn encode(&self) -> [u8; HEADER_BYTES] {
        let mut bytes = [0; HEADER_BYTES];
        bytes[..3].copy_from_slice(&MAGIC);
        bytes[3] = VERSION;
        bytes[4] = match self.kind {
            Kind::Record => 1,
            Kind::Claim => 2,
            Kind::Trim => 3,
        };
        bytes[5] = if self.last_in_group { LAST_IN_GROUP } else { 0 };
        bytes[6..8].copy_from_slice(&self.partition.0.to_le_bytes());
        bytes[8..12].copy_from_slice(&self.body_bytes.to_le_bytes());
        bytes[12..16].copy_from_slice(&self.body_crc.to_le_bytes());
        bytes[16..24].copy_from_slice(&self.position.0.to_le_bytes());
        bytes[24..32].copy_from_slice(&self.durable.0.to_le_bytes());
        bytes[32..40].copy_from_slice(&self.epoch.0.to_le_bytes());
        bytes[40..48].copy_from_slice(&self.sequence.0.to_le_bytes());
        bytes[48..64].copy_from_slice(&self.previous.0);
        bytes[64..80].copy_from_slice(&self.hash.0);
        bytes[80..84].copy_from_slice(&self.place.incarnation_tag.to_le_bytes());
        bytes[84..88].copy_from_slice(&self.place.segment.to_le_bytes());
        bytes[88..92].copy_from_slice(&self.place.offset.to_le_bytes());
        let crc = crc32c::crc32c(&bytes[..92]);
        bytes[92..].copy_from_slice(&crc.to_le_bytes());
        bytes
    }

    pub(super) fn parse(bytes: &[u8]) -> Result<Header, NotAHeader> {
        let bytes: &[u8; HEADER_BYTES] =
            bytes.get(..HEADER_BYTES).and_then(|bytes| bytes.try_into().ok()).ok_or(NotAHeader::Broken)?;
        if bytes.iter().all(|byte| *byte == 0) {
            return Err(NotAHeader::Zero);
        }
        if bytes[..3] != MAGIC || crc32c::crc32c(&bytes[..92]) != u32_at(bytes, 92) {
            return Err(NotAHeader::Broken);
        }
        if bytes[3] != VERSION {
            return Err(NotAHeader::Newer);
        }
        let kind = match bytes[4] {
            1 => Kind::Record,
            2 => Kind::Claim,
            3 => Kind::Trim,
            _ => return Err(NotAHeader::Newer),
        };
        Ok(Header {
            kind,
            last_in_group: bytes[5] & LAST_IN_GROUP != 0,
            partition: PartitionId(u16::from_le_bytes([bytes[6], bytes[7]])),
            body_bytes: u32_at(bytes, 8),
            body_crc: u32_at(bytes, 12),
            position: Position(u64_at(bytes, 16)),
            durable: Position(u64_at(bytes, 24)),
            epoch: Epoch(u64_at(bytes, 32)),
            sequence: Sequence(u64_at(bytes, 40)),
            previous: hash_at(bytes, 48),
            hash: hash_at(bytes, 64),
            place: Place {
                incarnation_tag: u32_at(bytes, 80),
                segment: u32_at(bytes, 84),
                offset: u32_at(bytes, 88),
            },
        })
    }

    /// How much room the frame takes, with its padding.
    pub(super) fn frame_bytes(&self) -> usize {
        frame_bytes(self.body_bytes as usize)
    }
}

/// How much room a frame with such a body takes, with its padding.
pub(super) fn frame_bytes(body_bytes: usize) -> usize {
    (HEADER_BYTES + body_bytes).next_multiple_of(ALIGN_BYTES)
}

// The slices below are of the right length because every caller asks within a buffer whose size it has checked.

pub(super) fn u32_at(bytes: &[u8], at: usize) -> u32 {
    let mut number = [0; 4];
    number.copy_from_slice(&bytes[at..at + 4]);
    u32::from_le_bytes(number)
}

pub(super) fn u64_at(bytes: &[u8], at: usize) -> u64 {
    let mut number = [0; 8];
    number.copy_from_slice(&bytes[at..at + 8]);
    u64::from_le_bytes(number)
}

pub(super) fn hash_at(bytes: &[u8], at: usize) -> ChainHash {
    let mut hash = [0; 16];
    hash.copy_from_slice(&bytes[at..at + 16]);
    ChainHash(hash)
}

impl Position {
    pub(super) fn next(self) -> Position {
        Position(self.0.saturating_add(1))
    }
}

impl std::fmt::Display for Position {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.0)
    }
}
