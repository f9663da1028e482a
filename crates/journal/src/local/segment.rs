//! The segment: a preallocated file of frames that starts with where every partition stood when it was begun, so that
//! the segments before it can be deleted without forgetting an epoch.
//!
//! ```text
//!  0  magic "WEIRSEG\0"  8     48  block size              4
//!  8  format             4     52  number of partitions    4
//! 12  segment number     4     56  CRC32C of the table     4
//! 16  incarnation       16     60  CRC32C of bytes 0..60   4
//! 32  first position     8     64  table: partition 2, zero 6, epoch 8, sequence 8, trimmed 8, hash 16
//! 40  capacity           8         frames from the next block on
//! ```

use std::{collections::BTreeMap, io};

use weir_canary::{Canary, planted};

use super::{
    Incarnation,
    frame::{Position, hash_at, u32_at, u64_at},
};
use crate::{
    Epoch, PartitionId, Sequence, Tail,
    disk::{Disk, DiskFile, give_name},
};

/// Groups of frames start at multiples of this, in bytes, so that nothing acknowledged shares a page (and a physical
/// sector) with anything that is written later: a torn write can only tear what it wrote.
pub(super) const BLOCK_BYTES: usize = 4096;
pub(super) const FORMAT: u32 = 1;
const MAGIC: [u8; 8] = *b"WEIRSEG\0";
const FIXED_BYTES: usize = 64;
const ENTRY_BYTES: usize = 48;
const SUFFIX: &str = ".segment";
/// A segment that was made ahead of time; it has no header yet.
pub(super) const SPARE: &str = "spare";
const SPARE_TEMPORARY: &str = "spare.tmp";
/// Size of a segment that somebody waits for: the first one, and one that is begun before the spare is there.
pub(super) const SHORT_SEGMENT_BYTES: u64 = 4 * 1024 * 1024;
/// New segments are zeroed and synced in pieces of this size, so that other syncs of the same disk get through between.
const ZERO_STEP_BYTES: u64 = 1024 * 1024;

/// Where every partition stands.
pub(super) type Tails = BTreeMap<PartitionId, Tail>;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SegmentHeader {
    pub(super) number: u32,
    pub(super) incarnation: Incarnation,
    pub(super) first_position: Position,
    pub(super) capacity_bytes: u64,
    pub(super) starts: Tails,
}

/// A segment as readers and the trimmer know it.
#[derive(Debug, Clone)]
pub(super) struct Segment {
    pub(super) number: u32,
    pub(super) starts: Tails,
    /// The offsets of the records of each partition, the first one being the record after `starts`. Four bytes a record.
    pub(super) records: BTreeMap<PartitionId, Vec<u32>>,
}

impl SegmentHeader {
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut bytes = vec![0; frames_start(self.starts.len())];
        bytes[..8].copy_from_slice(&MAGIC);
        bytes[8..12].copy_from_slice(&FORMAT.to_le_bytes());
        bytes[12..16].copy_from_slice(&self.number.to_le_bytes());
        bytes[16..32].copy_from_slice(&self.incarnation.0);
        bytes[32..40].copy_from_slice(&self.first_position.0.to_le_bytes());
        bytes[40..48].copy_from_slice(&self.capacity_bytes.to_le_bytes());
        bytes[48..52].copy_from_slice(&(BLOCK_BYTES as u32).to_le_bytes());
        bytes[52..56].copy_from_slice(&(self.starts.len() as u32).to_le_bytes());
        for (index, (partition, tail)) in self.starts.iter().enumerate() {
            let entry = &mut bytes[FIXED_BYTES + index * ENTRY_BYTES..][..ENTRY_BYTES];
            entry[..2].copy_from_slice(&partition.0.to_le_bytes());
            entry[8..16].copy_from_slice(&tail.epoch.0.to_le_bytes());
            entry[16..24].copy_from_slice(&tail.last_sequence.0.to_le_bytes());
            entry[24..32].copy_from_slice(&tail.trimmed.0.to_le_bytes());
            entry[32..48].copy_from_slice(&tail.last_hash.0);
        }
        let table_crc = crc32c::crc32c(&bytes[FIXED_BYTES..]);
        bytes[56..60].copy_from_slice(&table_crc.to_le_bytes());
        let crc = crc32c::crc32c(&bytes[..60]);
        bytes[60..64].copy_from_slice(&crc.to_le_bytes());
        bytes
    }

    /// Reads the header, or says what is wrong with it.
    pub(super) fn parse(bytes: &[u8]) -> Result<SegmentHeader, &'static str> {
        if bytes.len() < BLOCK_BYTES {
            return Err("the segment header is cut short");
        }
        if bytes[..8] != MAGIC || crc32c::crc32c(&bytes[..60]) != u32_at(bytes, 60) {
            return Err("the segment header does not match its checksum");
        }
        if u32_at(bytes, 8) != FORMAT || u32_at(bytes, 48) as usize != BLOCK_BYTES {
            return Err("the segment is of another format than its journal");
        }
        if u64_at(bytes, 40) > u64::from(u32::MAX) {
            return Err("the segment claims to be larger than any segment is");
        }
        let count = u32_at(bytes, 52) as usize;
        let table = bytes.get(FIXED_BYTES..frames_start(count)).ok_or("the partition table is cut short")?;
        if crc32c::crc32c(table) != u32_at(bytes, 56) {
            return Err("the partition table does not match its checksum");
        }
        let mut incarnation = [0; 16];
        incarnation.copy_from_slice(&bytes[16..32]);
        let starts = table.chunks_exact(ENTRY_BYTES).take(count).map(|entry| {
            let tail = Tail {
                epoch: Epoch(u64_at(entry, 8)),
                last_sequence: Sequence(u64_at(entry, 16)),
                trimmed: Sequence(u64_at(entry, 24)),
                last_hash: hash_at(entry, 32),
            };
            (PartitionId(u16::from_le_bytes([entry[0], entry[1]])), tail)
        });
        Ok(SegmentHeader {
            number: u32_at(bytes, 12),
            incarnation: Incarnation(incarnation),
            first_position: Position(u64_at(bytes, 32)),
            capacity_bytes: u64_at(bytes, 40),
            starts: starts.collect(),
        })
    }

    /// Where the first frame goes.
    pub(super) fn frames_start(&self) -> usize {
        frames_start(self.starts.len())
    }
}

/// Where the first frame goes in a segment whose table has so many entries.
pub(super) fn frames_start(partitions: usize) -> usize {
    (FIXED_BYTES + partitions * ENTRY_BYTES).next_multiple_of(BLOCK_BYTES)
}

pub(super) fn file_name(number: u32) -> String {
    format!("{number:010}{SUFFIX}")
}

/// The number in a segment's name; `None` for other files.
pub(super) fn number_of(name: &str) -> Option<u32> {
    let digits = name.strip_suffix(SUFFIX)?;
    if digits.len() == 10 { digits.parse().ok() } else { None }
}

/// Makes a spare segment unless there is one: reserved, zeroed, durable, without a header.
pub(super) fn make_spare(disk: &dyn Disk, capacity_bytes: u64, pause: &mut dyn FnMut()) -> io::Result<()> {
    if disk.open(SPARE).is_ok() {
        return Ok(());
    }
    let made = zeroed_file(disk, SPARE_TEMPORARY, capacity_bytes, pause)
        .and_then(|_| give_name(disk, SPARE_TEMPORARY, SPARE));
    if made.is_err() {
        // Half a spare must not keep the room that a full disk lacks.
        let _ = disk.remove(SPARE_TEMPORARY);
    }
    made
}

/// Begins a segment, from the spare when it is large enough. Durable, name and all, when it returns.
pub(super) fn begin(disk: &dyn Disk, header: &SegmentHeader) -> io::Result<Box<dyn DiskFile>> {
    let name = file_name(header.number);
    let temporary = format!("{name}.tmp");
    let begun = take_spare(disk, &temporary, header.capacity_bytes).and_then(|file| {
        file.write_at(&header.encode(), 0)?;
        file.sync_data()?;
        disk.rename(&temporary, &name)?;
        if planted(Canary::NameNotSynced) {
            return Ok(file);
        }
        // From here on the segment exists, so even a full disk is no longer a reason to go on without it.
        disk.sync_dir("").map_err(io::Error::other)?;
        Ok(file)
    });
    if begun.is_err() {
        let _ = disk.remove(&temporary);
    }
    begun
}

/// The spare, if there is one of this size.
fn open_spare(disk: &dyn Disk, capacity_bytes: u64) -> Option<Box<dyn DiskFile>> {
    let spare = disk.open(SPARE).ok()?;
    spare.size_bytes().is_ok_and(|bytes| bytes == capacity_bytes).then_some(spare)
}

/// How large a segment that is begun now should be: a full-sized one if it is there already, and else a short one, because
/// to zero the other takes a tenth of a second.
pub(super) fn capacity_at_hand_bytes(disk: &dyn Disk, full_bytes: u64) -> u64 {
    if open_spare(disk, full_bytes).is_some() { full_bytes } else { full_bytes.min(SHORT_SEGMENT_BYTES) }
}

fn take_spare(disk: &dyn Disk, temporary: &str, capacity_bytes: u64) -> io::Result<Box<dyn DiskFile>> {
    if let Some(spare) = open_spare(disk, capacity_bytes) {
        disk.rename(SPARE, temporary)?;
        return Ok(spare);
    }
    zeroed_file(disk, temporary, capacity_bytes, &mut || {})
}

/// A durable file of zeros; `pause` is called between its pieces.
pub(super) fn zeroed_file(
    disk: &dyn Disk,
    path: &str,
    bytes: u64,
    pause: &mut dyn FnMut(),
) -> io::Result<Box<dyn DiskFile>> {
    match disk.remove(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        Ok(()) | Err(_) => {}
    }
    let file = disk.create(path)?;
    let mut zeroed_bytes = 0;
    while zeroed_bytes < bytes {
        zeroed_bytes = (zeroed_bytes + ZERO_STEP_BYTES).min(bytes);
        file.allocate(zeroed_bytes)?;
        file.sync_data()?;
        if zeroed_bytes < bytes {
            pause();
        }
    }
    Ok(file)
}
