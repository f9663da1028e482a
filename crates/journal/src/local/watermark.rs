//! The watermark: up to where the journal is known to be durable, in a small file beside the segments.
//!
//! Frames carry the end of the flush *before* them, so they can not vouch for the last flush; this file can, as far as
//! it reached the disk. It is written after each flush and synced only when a segment is begun and when the journal is
//! opened. Of its two slots only the *hot* one is written between two syncs, so a power loss can spoil one slot, never
//! both: both bad means that the file rotted.
//!
//! Slot: magic `"WEIRMARK"` 8, counter 8, durable position 8, segment 4, tag of the incarnation 4, CRC32C of these 4.

use std::io;

use super::{
    Incarnation,
    frame::{Position, u32_at, u64_at},
};
use crate::disk::{Disk, DiskFile, read_full};

pub(super) const FILE: &str = "watermark";
const MAGIC: [u8; 8] = *b"WEIRMARK";
const SLOT_BYTES: usize = 36;
/// Each slot has a page of its own.
const SLOT_OFFSETS: [u64; 2] = [0, 4096];
pub(super) const FILE_BYTES: u64 = 8192;

/// What a slot says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Mark {
    counter: u64,
    pub(super) durable: Position,
    pub(super) segment: u32,
}

#[derive(Debug)]
pub(super) struct Watermark {
    file: Box<dyn DiskFile>,
    incarnation_tag: u32,
    counter: u64,
    hot: usize,
}

impl Watermark {
    /// Creates the file, or writes it anew after it rotted, with both slots saying `durable`.
    pub(super) fn create(
        disk: &dyn Disk,
        incarnation: Incarnation,
        durable: Position,
        segment: u32,
    ) -> io::Result<Watermark> {
        let file = match disk.open(FILE) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => disk.create(FILE)?,
            opened => opened?,
        };
        file.allocate(FILE_BYTES)?;
        let mut watermark = Watermark { file, incarnation_tag: incarnation.tag(), counter: 0, hot: 0 };
        for _ in SLOT_OFFSETS {
            watermark.write(durable, segment)?;
            watermark.sync()?;
        }
        disk.sync_dir("")?;
        Ok(watermark)
    }

    /// Opens the file to continue it: the older or bad slot becomes the hot one.
    pub(super) fn resume(disk: &dyn Disk, incarnation: Incarnation) -> io::Result<Watermark> {
        let file = disk.open(FILE)?;
        let marks = read_slots(file.as_ref(), incarnation);
        let counter_of = |slot: usize| marks[slot].map_or(0, |mark: Mark| mark.counter);
        let hot = if counter_of(0) <= counter_of(1) { 0 } else { 1 };
        let counter = counter_of(0).max(counter_of(1));
        Ok(Watermark { file, incarnation_tag: incarnation.tag(), counter, hot })
    }

    /// Notes how far the journal is durable; not durable itself.
    pub(super) fn write(&mut self, durable: Position, segment: u32) -> io::Result<()> {
        self.counter += 1;
        let mut bytes = [0; SLOT_BYTES];
        bytes[..8].copy_from_slice(&MAGIC);
        bytes[8..16].copy_from_slice(&self.counter.to_le_bytes());
        bytes[16..24].copy_from_slice(&durable.0.to_le_bytes());
        bytes[24..28].copy_from_slice(&segment.to_le_bytes());
        bytes[28..32].copy_from_slice(&self.incarnation_tag.to_le_bytes());
        let crc = crc32c::crc32c(&bytes[..32]);
        bytes[32..].copy_from_slice(&crc.to_le_bytes());
        self.file.write_at(&bytes, SLOT_OFFSETS[self.hot])
    }

    /// Makes the hot slot durable; from now on the other one is hot.
    pub(super) fn sync(&mut self) -> io::Result<()> {
        self.file.sync_data()?;
        self.hot = 1 - self.hot;
        Ok(())
    }
}

/// The best mark there is; `None` when the file is missing or both slots are bad.
pub(super) fn read(disk: &dyn Disk, incarnation: Incarnation) -> io::Result<Option<Mark>> {
    let file = match disk.open(FILE) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        opened => opened?,
    };
    Ok(read_slots(file.as_ref(), incarnation).into_iter().flatten().max_by_key(|mark| mark.counter))
}

fn read_slots(file: &dyn DiskFile, incarnation: Incarnation) -> [Option<Mark>; 2] {
    SLOT_OFFSETS.map(|offset| {
        let mut bytes = [0; SLOT_BYTES];
        // A slot that can not be read is a bad slot.
        let read = read_full(file, &mut bytes, offset).is_ok_and(|read| read == SLOT_BYTES);
        if read { parse(&bytes, incarnation) } else { None }
    })
}

fn parse(bytes: &[u8; SLOT_BYTES], incarnation: Incarnation) -> Option<Mark> {
    let sound = bytes[..8] == MAGIC
        && crc32c::crc32c(&bytes[..32]) == u32_at(bytes, 32)
        && u32_at(bytes, 28) == incarnation.tag();
    sound.then(|| Mark {
        counter: u64_at(bytes, 8),
        durable: Position(u64_at(bytes, 16)),
        segment: u32_at(bytes, 24),
    })
}
