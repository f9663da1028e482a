//! Looking at a journal that nobody has open, and the last resort: giving up what is behind a damaged place.

use std::{
    collections::BTreeMap,
    sync::{Arc, RwLock},
};

use super::{
    Position, SEGMENT_BYTES, SegmentSummary, Spot,
    examine::{Examination, Verdict, examine, failed, read_segment, segment_numbers},
    marker::Incarnation,
    open::{self, CUT_FOLDER},
    read::{LocalReader, Log},
    segment::{self, SegmentHeader, Tails, file_name, frames_start},
    walk::{Seen, evidence},
    watermark::Watermark,
};
use crate::{
    ChainHash, JournalError, PartitionId, Reader, Sequence, Tail,
    disk::{Disk, DiskLock, SharedDisk},
};

/// What a journal folder holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inspection {
    /// The identity of the journal.
    pub incarnation: Incarnation,
    /// The segments, as far as they could be read.
    pub segments: Vec<SegmentSummary>,
    /// Where every partition stands after the last good frame.
    pub partitions: BTreeMap<PartitionId, Tail>,
    /// The last good frame.
    pub last: Position,
    /// Up to where the watermark file says that frames were confirmed; `None` when it is bad.
    pub watermark: Option<Position>,
    /// What opening the journal would do.
    pub condition: Condition,
}

/// What opening a journal would do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Condition {
    /// Open it.
    Sound,
    /// Cut off a write that was never confirmed, and open it.
    Torn(Spot),
    /// Refuse.
    Damaged {
        /// Where, and why.
        spot: Spot,
        /// What is still readable behind the place, and would be given up by a repair.
        behind: BTreeMap<PartitionId, Seen>,
    },
}

/// What a repair gave up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repair {
    /// Where, and why; `None`: the journal itself was sound, but did not fit to the checkpoints.
    pub spot: Option<Spot>,
    /// What was still readable behind the place.
    pub given_up: BTreeMap<PartitionId, Seen>,
    /// Where every partition stands now.
    pub partitions: BTreeMap<PartitionId, Tail>,
    /// The files that keep what was given up.
    pub kept_in: Vec<String>,
}

/// Reads and verifies everything, every checksum, hash and chain, and changes nothing. The journal must not be open elsewhere.
///
/// # Errors
/// [`JournalError::Locked`], [`NewerFormat`](JournalError::NewerFormat), a damaged or missing marker, or what the system answers.
/// Damage of the log itself is no error but the [`Condition`].
pub fn inspect(disk: &dyn Disk) -> Result<Inspection, JournalError> {
    // What is no journal gets no lock file either.
    let incarnation = open::identity(disk)?;
    let _lock = open::take_lock(disk, "an inspection")?;
    let examination = examine(disk, incarnation)?;
    inspection(disk, &examination)
}

/// A journal that nobody writes, and nobody can as long as this lives.
pub struct Resting {
    /// What it holds.
    pub inspection: Inspection,
    /// Reads what is good.
    pub reader: Arc<dyn Reader>,
    _lock: DiskLock,
}

/// As [`inspect`], and keeps the journal locked to read from it.
///
/// # Errors
/// As [`inspect`].
pub fn rest(disk: SharedDisk) -> Result<Resting, JournalError> {
    let incarnation = open::identity(disk.as_ref())?;
    let lock = open::take_lock(disk.as_ref(), "an inspection")?;
    let examination = examine(disk.as_ref(), incarnation)?;
    let inspection = inspection(disk.as_ref(), &examination)?;
    let log = Log { tails: examination.course.tails, segments: examination.segments };
    let reader = Arc::new(LocalReader { disk, incarnation, log: Arc::new(RwLock::new(log)) });
    Ok(Resting { inspection, reader, _lock: lock })
}

fn inspection(disk: &dyn Disk, examination: &Examination) -> Result<Inspection, JournalError> {
    let condition = match &examination.verdict {
        Verdict::Sound => Condition::Sound,
        Verdict::Torn(spot) => Condition::Torn(spot.clone()),
        Verdict::Refused(spot) => {
            let behind = seen_behind(disk, examination, spot)?;
            Condition::Damaged { spot: spot.clone(), behind }
        }
    };
    Ok(Inspection {
        incarnation: examination.incarnation,
        segments: examination.summaries.clone(),
        partitions: examination.course.tails.clone(),
        last: examination.course.last,
        watermark: examination.mark.map(|mark| mark.durable),
        condition,
    })
}

/// Gives up everything behind the damaged place, keeps the bytes in `lost+cut/`, and moves every epoch that is seen
/// anywhere one on, so that no writer of the lost part is ever accepted again. Does nothing to a journal that opens and fits.
///
/// `checkpoints` says up to which record each partition is held elsewhere. Where that is beyond the last good record, the
/// partition goes on behind it: nothing of it is lost. Where records between it and the first good one are missing, the good ones
/// are of no use, and are given up too.
///
/// # Errors
/// As [`inspect`]; [`JournalError::Damaged`] when not even the first segment can be kept.
pub fn repair_accepting_loss(
    disk: &dyn Disk,
    checkpoints: &BTreeMap<PartitionId, Sequence>,
) -> Result<Option<Repair>, JournalError> {
    let incarnation = open::identity(disk)?;
    let _lock = open::take_lock(disk, "a repair")?;
    let examination = examine(disk, incarnation)?;
    let (spot, torn) = match &examination.verdict {
        Verdict::Refused(spot) => (Some(spot), None),
        Verdict::Torn(_) | Verdict::Sound if fits(&examination.course.tails, checkpoints) => return Ok(None),
        Verdict::Torn(spot) => (None, Some(spot)),
        Verdict::Sound => (None, None),
    };
    let Some(kept) = examination.segments.last().map(|segment| segment.number) else {
        // A journal without a segment is refused.
        return spot.map_or(Ok(None), |spot| Err(spot.refusal(disk)));
    };
    let given_up = match spot {
        Some(spot) => seen_behind(disk, &examination, spot)?,
        None => BTreeMap::new(),
    };
    let partitions = partitions_after(&examination, &given_up, checkpoints);
    // A repair that lost power may have left a spare that is a segment's other name.
    open::remove_leftovers(disk)?;
    let mut kept_in = set_aside_segments(disk, kept)?;
    let offset = examination.summaries.last().map_or(0, |summary| summary.used_bytes);
    if let Some(spot) = spot.or(torn) {
        kept_in.push(open::cut(disk, &Spot { segment: kept, offset, ..spot.clone() })?.kept_in);
    }
    begin_anew(disk, &examination, kept + 1, &partitions)?;
    Ok(Some(Repair { spot: spot.cloned(), given_up, partitions, kept_in }))
}

/// Whether every partition can be brought from its checkpoint to its last record.
fn fits(tails: &Tails, checkpoints: &BTreeMap<PartitionId, Sequence>) -> bool {
    checkpoints.iter().all(|(partition, at)| {
        let tail = tails.get(partition).copied().unwrap_or_default();
        tail.trimmed <= *at && *at <= tail.last_sequence
    })
}

/// Where every partition stands after the loss.
fn partitions_after(
    examination: &Examination,
    given_up: &BTreeMap<PartitionId, Seen>,
    checkpoints: &BTreeMap<PartitionId, Sequence>,
) -> Tails {
    let mut partitions = examination.course.tails.clone();
    for (partition, seen) in given_up {
        let tail = partitions.entry(*partition).or_default();
        tail.epoch = tail.epoch.max(seen.epoch);
    }
    for (partition, tail) in &mut partitions {
        tail.epoch = tail.epoch.next();
        // Of what lay in segments that are missing at the front nothing can be read again.
        let start = examination.segments.first().and_then(|first| first.starts.get(partition));
        tail.trimmed = tail.trimmed.max(start.map(|start| start.last_sequence).unwrap_or_default());
    }
    for (partition, at) in checkpoints {
        let tail = partitions.entry(*partition).or_default();
        if tail.last_sequence < *at {
            *tail = Tail { last_sequence: *at, last_hash: ChainHash::START, trimmed: *at, ..*tail };
        } else if tail.trimmed > *at {
            tail.trimmed = tail.last_sequence;
        }
    }
    partitions
}

/// What is readable behind a place: in the rest of its segment and in all later ones.
fn seen_behind(
    disk: &dyn Disk,
    examination: &Examination,
    spot: &Spot,
) -> Result<BTreeMap<PartitionId, Seen>, JournalError> {
    let mut behind: BTreeMap<PartitionId, Seen> = BTreeMap::new();
    for number in segment_numbers(disk)?.into_iter().filter(|number| *number >= spot.segment) {
        let (bytes, _) = read_segment(disk, number)?;
        let start =
            if number == spot.segment { usize::try_from(spot.offset).unwrap_or(usize::MAX) } else { 0 };
        let found = evidence(examination.incarnation, number, &bytes, start.min(bytes.len()), Position(0));
        for (partition, seen) in found.seen {
            let whole = behind.entry(partition).or_insert(seen);
            whole.first = whole.first.min(seen.first);
            whole.last = whole.last.max(seen.last);
            whole.epoch = whole.epoch.max(seen.epoch);
        }
    }
    Ok(behind)
}

/// Moves the segments after the last one that is kept, the newest first.
fn set_aside_segments(disk: &dyn Disk, kept: u32) -> Result<Vec<String>, JournalError> {
    let mut kept_in = Vec::new();
    for number in segment_numbers(disk)?.into_iter().rev().filter(|number| *number > kept) {
        let name = file_name(number);
        let aside = open::unused_name(disk, &format!("{CUT_FOLDER}/{name}"));
        disk.rename(&name, &aside)
            .and_then(|()| disk.sync_dir(CUT_FOLDER))
            .and_then(|()| disk.sync_dir(""))
            .map_err(|error| failed(disk, "moving", &name, &error))?;
        kept_in.push(aside);
    }
    Ok(kept_in)
}

/// Begins the segment that states where everything stands now. The watermark comes last: until it is lowered, the
/// journal is refused and can be repaired again.
fn begin_anew(
    disk: &dyn Disk,
    examination: &Examination,
    number: u32,
    partitions: &Tails,
) -> Result<(), JournalError> {
    let capacity_bytes = examination.summaries.last().map_or(SEGMENT_BYTES, |summary| summary.capacity_bytes);
    let header = SegmentHeader {
        number,
        incarnation: examination.incarnation,
        first_position: examination.course.last.next(),
        capacity_bytes: capacity_bytes.max(frames_start(partitions.len()) as u64),
        starts: partitions.clone(),
    };
    segment::begin(disk, &header)
        .and_then(|_| Watermark::create(disk, examination.incarnation, examination.course.last, number))
        .map(drop)
        .map_err(|error| failed(disk, "repairing", &file_name(number), &error))
}
