//! Scrubbing: cold segments are read again, slowly, so that rot is found while another copy still has what it destroyed.
//!
//! Cold are all segments but the one that is written. Each is read frame by frame from the device, not from the caches, and must follow
//! from the table at its start to the table of the next one: every checksum, hash and link. Where the journal lies on two disks, both copies are
//! read, and one that is bad is written anew from the other, where they differ, if that one is sound.

use std::{io, sync::PoisonError};

use super::{
    LocalJournal,
    examine::failed,
    frame::{HEADER_BYTES, Header, NotAHeader, Position},
    read::{LocalReader, Window},
    segment::{BLOCK_BYTES, Segment, SegmentHeader, file_name, frames_start},
    walk::{Course, place, take},
};
use crate::{
    JournalError,
    disk::{Disk, DiskFile, SharedDisk, read_full},
};

/// Reads cold segments again. May be used on any thread, while the journal is written.
#[derive(Debug, Clone)]
pub struct Scrubber {
    reader: LocalReader,
}

/// What a pass says while it goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scrubbed {
    /// So many bytes were read: time for a pause.
    Read(usize),
    /// A segment is bad.
    Bad(BadSegment),
}

/// A segment that is bad on one disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadSegment {
    /// The file, and where in it.
    pub place: String,
    /// What is wrong there.
    pub why: String,
    /// Whether it was written anew from the other copy.
    pub repaired: bool,
}

/// Bytes that are compared and written at a time.
const PIECE_BYTES: usize = 64 * 1024;

/// Why a segment was not read to its end.
enum Ended {
    /// It is bad, at this offset.
    Bad(usize, String),
    /// It was trimmed away, or the pass is to end.
    Early,
}

/// Is told how it goes; `false`: end the pass.
type Tell<'a> = dyn FnMut(Scrubbed) -> bool + 'a;

impl LocalJournal {
    /// Reads what is cold of this journal, from any thread.
    pub fn scrubber(&self) -> Scrubber {
        Scrubber { reader: self.local_reader() }
    }
}

impl Scrubber {
    /// Reads every copy of every cold segment once; `tell` hears of it and may end it.
    pub fn pass(&self, tell: &mut Tell<'_>) {
        let mut goes_on = true;
        for (segment, next) in self.cold() {
            let mut copies = self.reader.disk.copies();
            if copies.is_empty() {
                copies.push(SharedDisk::clone(&self.reader.disk));
            }
            for (number, disk) in copies.iter().enumerate() {
                if !goes_on {
                    return;
                }
                let mut heard = |scrubbed| {
                    goes_on = tell(scrubbed);
                    goes_on
                };
                let Err(Ended::Bad(offset, why)) = self.read(disk.as_ref(), &segment, &next, &mut heard)
                else {
                    continue;
                };
                let others = copies.iter().enumerate().filter(|(other, _)| *other != number);
                let mut repaired = false;
                for (_, other) in others {
                    repaired |= self.read(other.as_ref(), &segment, &next, &mut heard).is_ok()
                        && self.repair(other.as_ref(), disk.as_ref(), &segment, &next, &mut heard).is_ok();
                }
                let name = disk.describe(&file_name(segment.number));
                heard(Scrubbed::Bad(BadSegment { place: format!("{name} at byte {offset}"), why, repaired }));
            }
        }
    }

    /// The cold segments, each with the one after it.
    fn cold(&self) -> Vec<(Segment, Segment)> {
        let log = self.reader.log.read().unwrap_or_else(PoisonError::into_inner);
        let bare = |segment: &Segment| Segment {
            number: segment.number,
            starts: segment.starts.clone(),
            records: Default::default(),
        };
        log.segments.windows(2).map(|pair| (bare(&pair[0]), bare(&pair[1]))).collect()
    }

    fn is_there(&self, number: u32) -> bool {
        let log = self.reader.log.read().unwrap_or_else(PoisonError::into_inner);
        log.segments.iter().any(|segment| segment.number == number)
    }

    /// Reads a segment from one disk.
    fn read(
        &self,
        disk: &dyn Disk,
        segment: &Segment,
        next: &Segment,
        tell: &mut Tell<'_>,
    ) -> Result<(), Ended> {
        let read = self.open(disk, segment).and_then(|file| self.frames(file, segment, next, tell));
        match read {
            // Deleted while it was read: nobody misses it.
            Err(Ended::Bad(..)) if !self.is_there(segment.number) => Err(Ended::Early),
            read => read,
        }
    }

    fn open(&self, disk: &dyn Disk, segment: &Segment) -> Result<Box<dyn DiskFile>, Ended> {
        let file = disk.open(&file_name(segment.number)).map_err(|error| Ended::Bad(0, error.to_string()))?;
        file.drop_cache();
        Ok(file)
    }

    fn frames(
        &self,
        file: Box<dyn DiskFile>,
        segment: &Segment,
        next: &Segment,
        tell: &mut Tell<'_>,
    ) -> Result<(), Ended> {
        let number = segment.number;
        let mut window = Window::of(number, file);
        let bad = |offset: usize, why: &str| Ended::Bad(offset, why.to_owned());
        let unreadable = |offset: usize| move |error: io::Error| Ended::Bad(offset, error.to_string());
        let start = frames_start(segment.starts.len());
        let header =
            SegmentHeader::parse(window.get(0, start).map_err(unreadable(0))?).map_err(|why| bad(0, why))?;
        if (header.number, header.incarnation, &header.starts)
            != (number, self.reader.incarnation, &segment.starts)
        {
            return Err(bad(0, "the segment header is not the one that was written here"));
        }
        let mut course = Course { tails: header.starts.clone(), ..Course::default() };
        let (mut offset, mut position, mut told) = (start, header.first_position, 0);
        while offset + HEADER_BYTES <= header.capacity_bytes as usize {
            let Some(frame) = self.frame(&mut window, (number, offset, position), &mut course)? else {
                break;
            };
            position = position.next();
            offset += frame.frame_bytes();
            if frame.last_in_group {
                offset = offset.next_multiple_of(BLOCK_BYTES);
            }
            if offset - told >= PIECE_BYTES {
                if !tell(Scrubbed::Read(offset - told)) {
                    return Err(Ended::Early);
                }
                told = offset;
            }
        }
        if !tell(Scrubbed::Read(offset - told)) {
            return Err(Ended::Early);
        }
        let reaches = next.starts.iter().all(|(partition, tail)| {
            let read = course.tails.get(partition).copied().unwrap_or_default();
            (read.last_sequence, read.last_hash) == (tail.last_sequence, tail.last_hash)
                || tail.trimmed == tail.last_sequence
        });
        if reaches { Ok(()) } else { Err(bad(offset, "frames are missing at the end of the segment")) }
    }

    /// Reads the frame that is to be at a place; `None`: there are zeros.
    fn frame(
        &self,
        window: &mut Window,
        (number, offset, position): (u32, usize, Position),
        course: &mut Course,
    ) -> Result<Option<Header>, Ended> {
        let bad = |why: &str| Ended::Bad(offset, why.to_owned());
        let unreadable = |error: io::Error| Ended::Bad(offset, error.to_string());
        let frame = match Header::parse(window.get(offset, HEADER_BYTES).map_err(unreadable)?) {
            Err(NotAHeader::Zero) => return Ok(None),
            frame => frame.map_err(|_| bad("the frame header does not match its checksum"))?,
        };
        if frame.place != place(self.reader.incarnation, number, offset) || frame.position != position {
            return Err(bad("the frame is not the one that was written here"));
        }
        let bytes = frame.body_bytes as usize;
        let body = &window.get(offset, HEADER_BYTES + bytes).map_err(unreadable)?[HEADER_BYTES..];
        if crc32c::crc32c(body) != frame.body_crc {
            return Err(bad("the frame body does not match its checksum"));
        }
        take(&frame, body, course).map_err(bad)?;
        Ok(Some(frame))
    }

    /// Writes what differs from a sound copy, and reads the result.
    fn repair(
        &self,
        from: &dyn Disk,
        to: &dyn Disk,
        segment: &Segment,
        next: &Segment,
        tell: &mut Tell<'_>,
    ) -> Result<(), Ended> {
        let copied = copy_differences(from, to, &file_name(segment.number), tell);
        copied.map_err(|error| Ended::Bad(0, error.to_string()))?;
        self.read(to, segment, next, tell)
    }
}

fn copy_differences(
    from: &dyn Disk,
    to: &dyn Disk,
    name: &str,
    tell: &mut Tell<'_>,
) -> Result<(), JournalError> {
    let mut copy = || -> io::Result<()> {
        let (source, target) = (from.open(name)?, to.open(name)?);
        let (mut good, mut there) = (vec![0; PIECE_BYTES], vec![0; PIECE_BYTES]);
        let (mut offset, size) = (0, source.size_bytes()?);
        target.allocate(size)?;
        while offset < size {
            let read = read_full(source.as_ref(), &mut good, offset)?;
            let same = read_full(target.as_ref(), &mut there, offset).is_ok_and(|count| count >= read);
            if !same || good[..read] != there[..read] {
                target.write_at(&good[..read], offset)?;
            }
            offset += read.max(1) as u64;
            // A repair is finished, even when the pass is to end.
            let _ = tell(Scrubbed::Read(read));
        }
        target.sync_data()
    };
    copy().map_err(|error| failed(to, "repairing", name, &error))
}
