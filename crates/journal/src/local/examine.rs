//! Reads a whole journal folder, changes nothing, and judges what it finds by the decision table:
//!
//! | finding | watermark W | verdict |
//! |---|---|---|
//! | the log ends in zeros | at W or beyond | sound |
//! | bad or incomplete group | beyond W, whatever follows it | torn: cut (a write that was never confirmed) |
//! | bad, zeroed or missing group | up to W | refused (something that was confirmed is gone) |
//! | missing, shortened or foreign segment | any | refused |
//! | both watermark slots bad | unknown | refused, unless the rest is zeros |
//! | sound frame that does not belong where it is | any | refused (misdirected or recycled) |
//!
//! W is the greatest position that the watermark file, any sound frame (also behind the bad place) or a later segment vouches
//! for. A group counts as a whole, so an incomplete one is cut from its start.

use std::io;

use weir_canary::{Canary, planted};

use super::{
    Incarnation,
    frame::Position,
    marker::{self, BadMarker},
    segment::{self, BLOCK_BYTES, FORMAT, Segment, SegmentHeader, Tails},
    walk::{Course, End, evidence, walk},
    watermark::{self, Mark},
};
use crate::{
    Failure, JournalError,
    disk::{Disk, DiskFile, read_full},
};

/// What a folder holds.
#[derive(Debug)]
pub(super) struct Examination {
    pub(super) incarnation: Incarnation,
    pub(super) segments: Vec<Segment>,
    pub(super) summaries: Vec<SegmentSummary>,
    pub(super) course: Course,
    pub(super) mark: Option<Mark>,
    pub(super) verdict: Verdict,
}

/// One segment file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SegmentSummary {
    /// The name of the file.
    pub file: String,
    /// The position of its first frame.
    pub first_position: Position,
    /// How many sound frames it holds.
    pub frames: u64,
    /// Up to where frames reach, in bytes.
    pub used_bytes: u64,
    /// The size it was made with, in bytes.
    pub capacity_bytes: u64,
    /// The size it has, in bytes.
    pub size_bytes: u64,
}

/// What follows from it.
#[derive(Debug, Clone)]
pub(super) enum Verdict {
    /// All that was confirmed is there, and nothing else.
    Sound,
    /// All that was confirmed is there; behind it lies a write that never was.
    Torn(Spot),
    /// Something that was confirmed is gone or changed.
    Refused(Spot),
}

/// A place and what is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Spot {
    /// The number of the segment.
    pub segment: u32,
    /// The offset in its file.
    pub offset: u64,
    /// The first position that is bad or missing.
    pub position: Position,
    /// What was found there.
    pub why: String,
}

/// What to do about a place in a segment that cannot be read.
pub(super) const DAMAGED_REMEDY: &str = "start with its mirror (`--mirror-dir`) if it has one, which repairs it and loses nothing; \
     without one look with `weir data inspect`, and restore a backup or give up what is behind this place with \
     `weir data repair --accept-loss`; nothing was changed";

impl Spot {
    fn new(segment: u32, offset: usize, position: Position, why: impl Into<String>) -> Spot {
        Spot { segment, offset: offset as u64, position, why: why.into() }
    }

    pub(super) fn refusal(&self, disk: &dyn Disk) -> JournalError {
        let file = segment::file_name(self.segment);
        JournalError::Damaged(Failure {
            action: "reading",
            place: format!("{} at byte {}, position {}", disk.describe(&file), self.offset, self.position),
            cause: self.why.clone().into(),
            remedy: DAMAGED_REMEDY,
        })
    }
}

/// Reads the marker. `None` when there is none.
pub(super) fn read_marker(disk: &dyn Disk) -> Result<Option<Incarnation>, JournalError> {
    let file = match disk.open(marker::FILE) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        opened => opened.map_err(|error| failed(disk, "opening", marker::FILE, &error))?,
    };
    let mut bytes = vec![0; marker::LIMIT_BYTES];
    let read = read_full(file.as_ref(), &mut bytes, 0)
        .map_err(|error| failed(disk, "reading", marker::FILE, &error))?;
    marker::parse(&bytes[..read]).map(Some).map_err(|bad| match bad {
        BadMarker::Damaged(why) => JournalError::Damaged(Failure {
            action: "reading",
            place: disk.describe(marker::FILE),
            cause: why.into(),
            remedy: "restore the file from a backup of this folder",
        }),
        BadMarker::Newer(found) => {
            JournalError::NewerFormat { folder: disk.describe(""), found, supported: FORMAT }
        }
    })
}

/// The numbers of the segments in the folder, in order.
pub(super) fn segment_numbers(disk: &dyn Disk) -> Result<Vec<u32>, JournalError> {
    let names = disk.list("").map_err(|error| failed(disk, "listing", "", &error))?;
    Ok(names.iter().filter_map(|name| segment::number_of(name)).collect())
}

/// Reads everything.
pub(super) fn examine(disk: &dyn Disk, incarnation: Incarnation) -> Result<Examination, JournalError> {
    let mark = watermark::read(disk, incarnation)
        .map_err(|error| failed(disk, "reading", watermark::FILE, &error))?;
    let numbers = segment_numbers(disk)?;
    examine_segments(disk, incarnation, mark, &numbers, &mut |number, _| read_segment(disk, number))
}

/// Gives the bytes of a segment and the size of its file, when what lies before it is known.
pub(super) type ReadSegment<'a> = dyn FnMut(u32, &mut Course) -> Result<(Vec<u8>, u64), JournalError> + 'a;

/// Judges segments, wherever they are read from.
pub(super) fn examine_segments(
    disk: &dyn Disk,
    incarnation: Incarnation,
    mark: Option<Mark>,
    numbers: &[u32],
    read: &mut ReadSegment<'_>,
) -> Result<Examination, JournalError> {
    let mut examination = Examination {
        incarnation,
        segments: Vec::new(),
        summaries: Vec::new(),
        course: Course::default(),
        mark,
        verdict: Verdict::Sound,
    };
    let Some(last) = numbers.last().copied() else {
        examination.verdict = Verdict::Refused(Spot::new(1, 0, Position(1), "there is no segment at all"));
        return Ok(examination);
    };
    for number in numbers.iter().copied() {
        examination.verdict = examination.segment(disk, number, number == last, read)?;
        if !matches!(examination.verdict, Verdict::Sound) {
            return Ok(examination);
        }
    }
    examination.verdict = examination.ends();
    Ok(examination)
}

impl Examination {
    fn segment(
        &mut self,
        disk: &dyn Disk,
        number: u32,
        is_last: bool,
        read: &mut ReadSegment<'_>,
    ) -> Result<Verdict, JournalError> {
        let refused =
            |offset, position, why: &str| Ok(Verdict::Refused(Spot::new(number, offset, position, why)));
        let next = self.course.last.next();
        if let Some(before) = self.segments.last()
            && before.number + 1 != number
        {
            let missing = before.number + 1;
            return Ok(Verdict::Refused(Spot::new(missing, 0, next, "the segment is missing")));
        }
        let (bytes, size_bytes) = read(number, &mut self.course)?;
        let header = match SegmentHeader::parse(&bytes) {
            Ok(header) => header,
            Err(why) => return refused(0, next, why),
        };
        if header.number != number || header.incarnation != self.incarnation {
            return refused(0, next, "the segment belongs to another place or another journal");
        }
        if let Some(verdict) = self.joins(&header) {
            return Ok(verdict);
        }
        let walk = walk(&header, &bytes, &mut self.course);
        self.summaries.push(SegmentSummary {
            file: segment::file_name(number),
            first_position: header.first_position,
            frames: walk.frames,
            used_bytes: walk.offset as u64,
            capacity_bytes: header.capacity_bytes,
            size_bytes,
        });
        let (offset, end) = (walk.offset, walk.end);
        self.segments.push(walk.segment);
        match end {
            End::Foreign { position, why } => refused(offset, position, why),
            End::Newer => {
                let folder = disk.describe("");
                Err(JournalError::NewerFormat { folder, found: FORMAT + 1, supported: FORMAT })
            }
            // Whether the frames reach as far as they should is seen from where the next segment begins.
            End::Clean | End::Broken { .. } if !is_last => Ok(Verdict::Sound),
            End::Clean => Ok(Verdict::Sound),
            End::Broken { position, why } => Ok(self.broken(&bytes, offset, position, why)),
        }
    }

    /// Checks that a segment goes on where the one before it ends.
    fn joins(&mut self, header: &SegmentHeader) -> Option<Verdict> {
        let next = self.course.last.next();
        let Some(before) = self.summaries.last() else {
            self.course.last = Position(header.first_position.0.saturating_sub(1));
            self.course.tails = header.starts.clone();
            self.course.durable = self.course.durable.max(self.course.last);
            return None;
        };
        if header.first_position != next {
            let offset = usize::try_from(before.used_bytes).unwrap_or(usize::MAX);
            let why = format!(
                "frames {next} to {} are bad or missing, but they were confirmed",
                Position(header.first_position.0.saturating_sub(1))
            );
            return Some(Verdict::Refused(Spot::new(header.number - 1, offset, next, why)));
        }
        if !continues(&self.course.tails, &header.starts) {
            let why = "the partition table does not follow from the segment before it";
            return Some(Verdict::Refused(Spot::new(header.number, 0, next, why)));
        }
        // Trim points may have moved on without a frame of their own.
        self.course.tails = header.starts.clone();
        // A segment is begun only after everything before it is durable.
        self.course.durable = self.course.durable.max(self.course.last);
        None
    }

    /// The last segment breaks off at `offset`: was what is there ever confirmed?
    fn broken(&mut self, bytes: &[u8], offset: usize, position: Position, why: &str) -> Verdict {
        let number = self.segments.last().map_or(0, |segment| segment.number);
        let behind = evidence(self.incarnation, number, bytes, offset, self.course.last);
        self.course.durable = self.course.durable.max(behind.durable);
        let spot = |why: String| Spot::new(number, offset, position, why);
        if planted(Canary::CutAnywhere) {
            return Verdict::Torn(spot(why.to_owned()));
        }
        if behind.recycled {
            return Verdict::Refused(spot(format!("{why}, and frames behind it belong to another time")));
        }
        if let Some(missing) = self.unmet(number, offset) {
            return Verdict::Refused(Spot {
                why: format!("{why}, but {}", missing.why),
                position,
                ..missing
            });
        }
        if self.mark.is_none() {
            let unknown = "both watermark slots are bad, so it may have been confirmed";
            return Verdict::Refused(spot(format!("{why}, and {unknown}")));
        }
        Verdict::Torn(spot(why.to_owned()))
    }

    /// All segments end well. Do they reach as far as they should, in both directions?
    fn ends(&self) -> Verdict {
        let (Some(first), Some(summary)) = (self.segments.first(), self.summaries.last()) else {
            return Verdict::Sound;
        };
        let forgotten = first.starts.iter().find(|(partition, start)| {
            let trimmed = self.course.tails.get(partition).map(|tail| tail.trimmed).unwrap_or_default();
            start.last_sequence > trimmed
        });
        if let Some((partition, start)) = forgotten {
            let why = format!(
                "the segments before it are missing; they hold partition {partition} up to sequence {}",
                start.last_sequence
            );
            return Verdict::Refused(Spot::new(first.number, 0, summary.first_position, why));
        }
        let number = self.segments.last().map_or(0, |segment| segment.number);
        let offset = usize::try_from(summary.used_bytes).unwrap_or(usize::MAX);
        self.unmet(number, offset).map_or(Verdict::Sound, Verdict::Refused)
    }

    /// What was confirmed beyond the last good frame.
    fn unmet(&self, number: u32, offset: usize) -> Option<Spot> {
        let last = self.course.last;
        if let Some(missing) = self.mark.map(|mark| mark.segment).filter(|segment| *segment > number) {
            let why = format!("segment {missing} was begun and is missing");
            return Some(Spot::new(missing, 0, last.next(), why));
        }
        let durable = self.mark.map_or(Position(0), |mark| mark.durable).max(self.course.durable);
        (durable > last).then(|| {
            let why = format!("frames up to {durable} were confirmed and the last good one is {last}");
            Spot::new(number, offset, last.next(), why)
        })
    }
}

/// Whether a table says where the walk before it ended. Its trim points may be ahead, and after a repair its epochs, and
/// it may then name partitions of which nothing is left, or let one go on behind its checkpoint.
fn continues(walked: &Tails, table: &Tails) -> bool {
    walked.keys().all(|partition| table.contains_key(partition))
        && table.iter().all(|(partition, tail)| {
            let walked = walked.get(partition).copied().unwrap_or_default();
            let goes_on_behind_its_checkpoint =
                tail.last_sequence > walked.last_sequence && tail.trimmed == tail.last_sequence;
            tail.epoch >= walked.epoch
                && tail.trimmed >= walked.trimmed
                && tail.trimmed <= tail.last_sequence
                && (goes_on_behind_its_checkpoint
                    || (tail.last_sequence, tail.last_hash) == (walked.last_sequence, walked.last_hash))
        })
}

/// The bytes of a segment, as far as its capacity, and the size of its file. What can not be read, even the second time, becomes bytes that are
/// no frame.
pub(super) fn read_segment(disk: &dyn Disk, number: u32) -> Result<(Vec<u8>, u64), JournalError> {
    let name = segment::file_name(number);
    let file = disk.open(&name).map_err(|error| failed(disk, "opening", &name, &error))?;
    let size_bytes = file.size_bytes().map_err(|error| failed(disk, "reading", &name, &error))?;
    let mut bytes = vec![0; usize::try_from(size_bytes).unwrap_or(usize::MAX).min(u32::MAX as usize)];
    if read_full(file.as_ref(), &mut bytes, 0).is_err() {
        read_by_blocks(file.as_ref(), &mut bytes);
    }
    Ok((bytes, size_bytes))
}

fn read_by_blocks(file: &dyn DiskFile, bytes: &mut [u8]) {
    for (index, block) in bytes.chunks_mut(BLOCK_BYTES).enumerate() {
        if read_full(file, block, (index * BLOCK_BYTES) as u64).is_err() {
            block.fill(0xff);
        }
    }
}

/// What a system error becomes for the caller.
pub(super) fn failed(disk: &dyn Disk, action: &'static str, path: &str, error: &io::Error) -> JournalError {
    let failure = failure(disk, action, path, error);
    if crate::disk::is_full(error) { JournalError::Full(failure) } else { JournalError::Failed(failure) }
}

pub(super) fn failure(disk: &dyn Disk, action: &'static str, path: &str, error: &io::Error) -> Failure {
    let remedy = if crate::disk::is_full(error) {
        "free space on this disk"
    } else {
        "check the disk and the system's log, then start again; the journal recovers what was confirmed"
    };
    Failure { action, place: disk.describe(path), cause: error.to_string().into(), remedy }
}
