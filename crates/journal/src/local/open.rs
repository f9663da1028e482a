//! Opening: create what is new, recover what is there.

use std::{
    collections::BTreeMap,
    io,
    sync::{Arc, RwLock},
};

use weir_canary::{Canary, planted};

use super::{
    Active, Incarnation, LocalJournal, MAX_SEGMENT_BYTES, MIN_SEGMENT_BYTES, Options,
    examine::{Examination, Spot, Verdict, examine, failed, read_marker, read_segment, segment_numbers},
    frame::Position,
    marker,
    read::Log,
    segment::{self, BLOCK_BYTES, SegmentHeader, Tails, file_name},
    walk::is_zero,
    watermark::{self, Watermark},
};
use crate::{
    Failure, JournalError,
    disk::{DELETED_SUFFIX, Disk, DiskLock, LockError, SharedDisk, is_full, mirror::STALE, replace_file},
};

const LOCK: &str = "lock";
pub(super) const CUT_FOLDER: &str = "lost+cut";
pub(super) const RESERVE: &str = "reserve";

/// What was found when a journal was opened; for the log of the node.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Recovery {
    /// Whether the journal was created now.
    pub created: bool,
    /// The last frame that is there.
    pub last: Position,
    /// What was cut off the tail: a write that was never confirmed.
    pub cut: Option<Cut>,
}

/// A torn write that recovery cut off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cut {
    /// Where, and what was wrong with it.
    pub spot: Spot,
    /// How many bytes.
    pub bytes: u64,
    /// Where they are kept.
    pub kept_in: String,
}

impl LocalJournal {
    /// Opens the journal that lies at the root of `disk`, or creates one there.
    ///
    /// # Errors
    /// [`JournalError::Locked`], [`NewerFormat`](JournalError::NewerFormat), [`Damaged`](JournalError::Damaged) (then nothing was changed),
    /// [`Full`](JournalError::Full), [`Failed`](JournalError::Failed).
    pub fn open(disk: SharedDisk, options: Options) -> Result<LocalJournal, JournalError> {
        let lock = take_lock(disk.as_ref(), &options.holder)?;
        check_not_stale(disk.as_ref())?;
        LocalJournal::open_locked(disk, options, lock)
    }

    pub(super) fn open_locked(
        disk: SharedDisk,
        mut options: Options,
        lock: DiskLock,
    ) -> Result<LocalJournal, JournalError> {
        options.segment_bytes = options
            .segment_bytes
            .clamp(MIN_SEGMENT_BYTES, MAX_SEGMENT_BYTES)
            .next_multiple_of(BLOCK_BYTES as u64);
        let found = read_marker(disk.as_ref())?;
        let incarnation = match found {
            Some(incarnation) => incarnation,
            None => {
                create(disk.as_ref(), &options)?;
                options.incarnation
            }
        };
        settle(disk.as_ref())?;
        let examination = examine(disk.as_ref(), incarnation)?;
        let mut recovery = Recovery { created: found.is_none(), last: examination.course.last, cut: None };
        match &examination.verdict {
            Verdict::Sound => {}
            Verdict::Torn(spot) => recovery.cut = Some(cut(disk.as_ref(), spot)?),
            Verdict::Refused(spot) => return Err(spot.refusal(disk.as_ref())),
        }
        remove_leftovers(disk.as_ref())?;
        let active = resume_segment(disk.as_ref(), &examination)?;
        let watermark = resume_watermark(disk.as_ref(), &examination, active.number)?;
        let log = Log { tails: examination.course.tails, segments: examination.segments };
        Ok(LocalJournal {
            disk,
            options,
            incarnation,
            active,
            last: examination.course.last,
            claimed: BTreeMap::new(),
            watermark,
            buffer: Vec::new(),
            staged: Tails::new(),
            offsets: Vec::new(),
            log: Arc::new(RwLock::new(log)),
            failed: None,
            spare_wanted: true,
            condemned: Arc::default(),
            removal_wanted: false,
            recovery,
            _lock: lock,
        })
    }
}

pub(super) fn take_lock(disk: &dyn Disk, holder: &str) -> Result<DiskLock, JournalError> {
    disk.create_dir(CUT_FOLDER).map_err(|error| failed(disk, "creating", CUT_FOLDER, &error))?;
    disk.lock(LOCK, holder).map_err(|error| match error {
        LockError::Held { holder } => JournalError::Locked { folder: disk.describe(""), holder },
        LockError::Io(error) => failed(disk, "locking", LOCK, &error),
    })
}

/// Creates a journal; the marker comes last, so a crash on the way leaves something that is created again.
fn create(disk: &dyn Disk, options: &Options) -> Result<(), JournalError> {
    let numbers = check_unmade(disk)?;
    let made = || -> io::Result<()> {
        for number in numbers {
            disk.remove(&file_name(number))?;
        }
        disk.sync_dir("")?;
        let header = SegmentHeader {
            number: 1,
            incarnation: options.incarnation,
            first_position: Position(1),
            // A new journal is ready at once; full-sized segments are made behind the work.
            capacity_bytes: options.segment_bytes.min(segment::SHORT_SEGMENT_BYTES),
            starts: Tails::new(),
        };
        segment::begin(disk, &header)?;
        Watermark::create(disk, options.incarnation, Position(0), 1)?;
        replace_file(disk, marker::FILE, marker::encode(options.incarnation).as_bytes())
    };
    made().map_err(|error| failed(disk, "creating a journal in", "", &error))
}

/// Checks that a folder without a marker holds nothing that was ever confirmed; the segments that are in it.
pub(super) fn check_unmade(disk: &dyn Disk) -> Result<Vec<u32>, JournalError> {
    let numbers = segment_numbers(disk)?;
    if numbers.iter().any(|number| *number != 1) || holds_frames(disk, &numbers)? {
        return Err(JournalError::Damaged(Failure {
            action: "opening",
            place: disk.describe(marker::FILE),
            cause: "the format marker is missing, but there are segments".into(),
            remedy: "restore the file from a backup of this folder; nothing was changed",
        }));
    }
    Ok(numbers)
}

/// Refuses a copy that was left behind by a pair: the other one went on, and has more.
fn check_not_stale(disk: &dyn Disk) -> Result<(), JournalError> {
    match disk.open(STALE) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Ok(_) | Err(_) => Err(left_behind(disk)),
    }
}

pub(super) fn left_behind(disk: &dyn Disk) -> JournalError {
    JournalError::Damaged(Failure {
        action: "opening",
        place: disk.describe(STALE),
        cause: "this copy was left behind when its disk failed, and the other copy went on without it".into(),
        remedy: "start with the other copy, which then rebuilds this one; if the other one is lost, what it acknowledged \
                 alone is lost with it: remove this file to go on without that",
    })
}

fn holds_frames(disk: &dyn Disk, numbers: &[u32]) -> Result<bool, JournalError> {
    for number in numbers {
        let (bytes, _) = read_segment(disk, *number)?;
        if !is_zero(bytes.get(segment::frames_start(0)..).unwrap_or_default()) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Makes durable what a killed process left in the caches, and forgets the caches: what is read next is what is there,
/// not what somebody failed to write.
pub(super) fn settle(disk: &dyn Disk) -> Result<(), JournalError> {
    let last = segment_numbers(disk)?.last().copied();
    for path in last.map(file_name).into_iter().chain([watermark::FILE.to_owned()]) {
        let file = match disk.open(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            opened => opened.map_err(|error| failed(disk, "opening", &path, &error))?,
        };
        file.sync_data().map_err(|error| failed(disk, "syncing", &path, &error))?;
        file.drop_cache();
    }
    // What was put aside must not come back behind what was written since; the folder may not be there yet.
    for dir in [CUT_FOLDER, ""] {
        match disk.sync_dir(dir) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(failed(disk, "syncing", dir, &error));
            }
            Ok(()) | Err(_) => {}
        }
    }
    Ok(())
}

/// Keeps a copy of everything behind the spot, then zeroes it. Both are durable before anything is appended.
pub(super) fn cut(disk: &dyn Disk, spot: &Spot) -> Result<Cut, JournalError> {
    let name = file_name(spot.segment);
    let (bytes, _) = read_segment(disk, spot.segment)?;
    let start = usize::try_from(spot.offset).unwrap_or(usize::MAX).min(bytes.len());
    let end = bytes.iter().rposition(|byte| *byte != 0).map_or(start, |last| (last + 1).max(start));
    let kept_in = unused_name(disk, &format!("{CUT_FOLDER}/{name}-{}-{}", spot.offset, spot.position));
    let done = || -> io::Result<()> {
        let kept = replace_file(disk, &kept_in, &bytes[start..end]);
        if kept.as_ref().is_err_and(is_full) && disk.remove(RESERVE).is_ok() {
            replace_file(disk, &kept_in, &bytes[start..end])?;
        } else {
            kept?;
        }
        let file = disk.open(&name)?;
        if planted(Canary::CutNotWiped) {
            return Ok(());
        }
        file.write_at(&vec![0; end - start], spot.offset)?;
        file.sync_data()
    };
    done().map_err(|error| failed(disk, "cutting", &name, &error))?;
    Ok(Cut { spot: spot.clone(), bytes: (end - start) as u64, kept_in })
}

/// The name, or the name with the first free number: nothing that was kept is ever overwritten.
pub(super) fn unused_name(disk: &dyn Disk, name: &str) -> String {
    let mut unused = name.to_owned();
    let mut number = 1;
    while disk.open(&unused).is_ok() {
        number += 1;
        unused = format!("{name}.{number}");
    }
    unused
}

/// Removes what an interrupted creation, trim or spare left behind. All of it is unneeded by construction.
pub(super) fn remove_leftovers(disk: &dyn Disk) -> Result<(), JournalError> {
    let names = disk.list("").map_err(|error| failed(disk, "listing", "", &error))?;
    for name in names {
        if name.ends_with(DELETED_SUFFIX) || name.ends_with(".tmp") || name == segment::SPARE {
            disk.remove(&name).map_err(|error| failed(disk, "removing", &name, &error))?;
        }
    }
    disk.sync_dir("").map_err(|error| failed(disk, "syncing", "", &error))
}

fn resume_segment(disk: &dyn Disk, examination: &Examination) -> Result<Active, JournalError> {
    // An examination that found no segment was refused.
    let (number, summary) = match (examination.segments.last(), examination.summaries.last()) {
        (Some(segment), Some(summary)) => (segment.number, summary),
        (None, _) | (_, None) => {
            let why = "there is no segment at all".to_owned();
            return Err(Spot { segment: 1, offset: 0, position: Position(1), why }.refusal(disk));
        }
    };
    let resumed = || -> io::Result<Active> {
        let file = disk.open(&summary.file)?;
        if summary.size_bytes < summary.capacity_bytes {
            file.allocate(summary.capacity_bytes)?;
            file.sync_data()?;
        }
        let in_memory = |bytes: u64| usize::try_from(bytes).map_err(io::Error::other);
        Ok(Active {
            number,
            file,
            offset: in_memory(summary.used_bytes)?,
            capacity_bytes: in_memory(summary.capacity_bytes)?,
        })
    };
    resumed().map_err(|error| failed(disk, "opening", &summary.file, &error))
}

/// From here on everything that was found counts as confirmed.
fn resume_watermark(
    disk: &dyn Disk,
    examination: &Examination,
    segment: u32,
) -> Result<Watermark, JournalError> {
    let (incarnation, last) = (examination.incarnation, examination.course.last);
    let resumed = || -> io::Result<Watermark> {
        if examination.mark.is_none() {
            return Watermark::create(disk, incarnation, last, segment);
        }
        let mut watermark = Watermark::resume(disk, incarnation)?;
        watermark.write(last, segment)?;
        watermark.sync()?;
        Ok(watermark)
    };
    resumed().map_err(|error| failed(disk, "writing", watermark::FILE, &error))
}

/// The identity of a journal that must be there.
pub(super) fn identity(disk: &dyn Disk) -> Result<Incarnation, JournalError> {
    read_marker(disk)?.ok_or_else(|| {
        JournalError::Damaged(Failure {
            action: "opening",
            place: disk.describe(marker::FILE),
            cause: "the format marker is missing".into(),
            remedy: "give the folder of a journal, or restore the file from a backup of this folder",
        })
    })
}
