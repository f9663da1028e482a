//! Two folders that hold one journal, made alike before it is opened.
//!
//! Group by group, what is sound on one side is taken, whichever that is; the judgement over what comes of it is that of
//! `examine.rs`, with the watermark that reaches furthest and the evidence of both sides. Only when that is not a refusal, anything is written:
//! places that are bad, missing or shorter on a side are written from the other. A side that has nothing is built whole,
//! its marker last. A torn last write that one side has whole is taken: it was never acknowledged, so either would do.
//!
//! Never mixed are journals of two identities, and copies that parted: a sound group on each side for the same place, with different bytes.
//! Segments that end before the other side begins cannot be compared; they are kept in `lost+cut/`, unless their epochs say that
//! somebody went on with them alone.

use std::{collections::BTreeSet, io, sync::Arc};

use super::{
    Incarnation, LocalJournal, Options,
    examine::{Verdict, examine_segments, failed, read_marker, read_segment, segment_numbers},
    frame::{HEADER_BYTES, Header, Position},
    marker,
    open::{CUT_FOLDER, check_unmade, left_behind, settle, take_lock, unused_name},
    segment::{BLOCK_BYTES, SegmentHeader, Tails, file_name},
    walk::{Course, Walk, evidence, is_zero, walk},
    watermark::{self, Mark},
};
use crate::{
    Failure, JournalError,
    disk::{
        Disk, SharedDisk, give_name,
        mirror::{MirrorDisk, Pair, STALE, Side},
        read_full, replace_file,
    },
};

/// What was done to make two folders alike.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Mending {
    /// The side that held no journal and was built whole.
    pub built: Option<Side>,
    /// The side that a run before left behind, and that is rebuilt now.
    pub was_left_behind: Option<Side>,
    /// What was written from one side to the other.
    pub mended: Vec<Mended>,
}

/// A piece of a file that one side has from the other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mended {
    /// The side that was written.
    pub side: Side,
    /// Which file.
    pub file: String,
    /// From where on, in bytes.
    pub offset: u64,
    /// How many bytes.
    pub bytes: u64,
}

/// Opens a journal that lies in two folders, after they were made alike; or creates it in both. When whatever else the two sides hold is alike as well, call
/// [`Mending::done`].
///
/// # Errors
/// As [`LocalJournal::open`]; [`JournalError::Damaged`] also for two journals that are not copies of each other. Then nothing was changed.
pub fn open_mirrored(pair: &Arc<Pair>, options: Options) -> Result<(LocalJournal, Mending), JournalError> {
    let disk: SharedDisk = Arc::new(MirrorDisk::new(Arc::clone(pair)));
    let lock = take_lock(disk.as_ref(), &options.holder)?;
    let sides = Side::BOTH.map(|side| pair.disk(side).as_ref());
    let mending = reconcile(sides)?;
    let journal = LocalJournal::open_locked(disk, options, lock)?;
    Ok((journal, mending))
}

impl Mending {
    /// All that the two sides hold is alike: a side that was left behind counts again, and either may go on without the other.
    ///
    /// # Errors
    /// What the system answers.
    pub fn done(&self, pair: &Pair) -> Result<(), JournalError> {
        if let Some(side) = self.was_left_behind {
            let disk = pair.disk(side).as_ref();
            disk.remove(STALE)
                .and_then(|()| disk.sync_dir(""))
                .map_err(|error| failed(disk, "removing", STALE, &error))?;
        }
        pair.are_alike();
        Ok(())
    }
}

type Sides<'a> = [&'a dyn Disk; 2];

/// What is to be written to a side from the other.
#[derive(Debug)]
enum Patch {
    /// A range of a segment.
    Range { side: Side, number: u32, start: usize, end: usize },
    /// A whole segment that is not there.
    Whole { side: Side, number: u32 },
}

/// Makes the two alike, both locked.
fn reconcile(sides: Sides<'_>) -> Result<Mending, JournalError> {
    let markers = [marker_of(sides[0])?, marker_of(sides[1])?];
    let Some(incarnation) = common_identity(sides, &markers)? else {
        return Ok(Mending::default());
    };
    let mut mending = Mending { was_left_behind: stale_side(sides)?, ..Mending::default() };
    for side in Side::BOTH {
        settle(sides[side.index()])?;
        let has_segments = !segment_numbers(sides[side.index()])?.is_empty();
        if matches!(markers[side.index()], Marker::Missing) && !has_segments {
            mending.built = Some(side);
        }
    }
    let marks = [mark_of(sides[0], incarnation)?, mark_of(sides[1], incarnation)?];
    if let Some(stale) = mending.was_left_behind
        && marks[stale.other().index()].is_none()
    {
        return Err(left_behind(sides[stale.index()]));
    }
    let best = if reach(marks[1]) > reach(marks[0]) { Side::Mirror } else { Side::Primary };
    let (patches, outdated) = merge(sides, incarnation, marks[best.index()])?;
    outdated.set_aside(sides)?;
    for patch in &patches {
        mending.mended.push(patch.apply(sides)?);
    }
    copy_watermark(sides, best, marks)?;
    for side in Side::BOTH {
        if !matches!(markers[side.index()], Marker::Of(_)) {
            let disk = sides[side.index()];
            replace_file(disk, marker::FILE, marker::encode(incarnation).as_bytes())
                .map_err(|error| failed(disk, "writing", marker::FILE, &error))?;
        }
    }
    Ok(mending)
}

/// The marker of a side.
enum Marker {
    Of(Incarnation),
    Missing,
    Bad(JournalError),
}

fn marker_of(disk: &dyn Disk) -> Result<Marker, JournalError> {
    match read_marker(disk) {
        Ok(Some(incarnation)) => Ok(Marker::Of(incarnation)),
        Ok(None) => Ok(Marker::Missing),
        Err(error @ JournalError::Damaged(_)) => Ok(Marker::Bad(error)),
        Err(error) => Err(error),
    }
}

/// Whose journal it is; `None`: there is none yet.
fn common_identity(sides: Sides<'_>, markers: &[Marker; 2]) -> Result<Option<Incarnation>, JournalError> {
    let incarnation = match markers {
        [Marker::Of(one), Marker::Of(other)] if one != other => {
            return Err(foreign(sides[1], format!("it is a copy of journal {other}, not of {one}")));
        }
        [Marker::Of(one), _] | [_, Marker::Of(one)] => *one,
        [Marker::Bad(error), _] | [_, Marker::Bad(error)] => return Err(error.clone()),
        [Marker::Missing, Marker::Missing] => {
            return forget_unmade(sides).map(|()| None);
        }
    };
    for disk in sides {
        for number in segment_numbers(disk)? {
            let (bytes, _) = head(disk, number)?;
            let of = SegmentHeader::parse(&bytes).map(|header| header.incarnation);
            if of.is_ok_and(|of| of != incarnation) {
                let file = file_name(number);
                return Err(foreign(
                    disk,
                    format!("its {file} belongs to another journal than {incarnation}"),
                ));
            }
        }
    }
    Ok(Some(incarnation))
}

/// Removes what interrupted creations left, so that both begin with nothing.
fn forget_unmade(sides: Sides<'_>) -> Result<(), JournalError> {
    let unmade = [check_unmade(sides[0])?, check_unmade(sides[1])?];
    for (disk, numbers) in sides.into_iter().zip(unmade) {
        for name in numbers.into_iter().map(file_name).chain([watermark::FILE.to_owned()]) {
            match disk.remove(&name) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(failed(disk, "removing", &name, &error));
                }
                Ok(()) | Err(_) => {}
            }
        }
        disk.sync_dir("").map_err(|error| failed(disk, "syncing", "", &error))?;
    }
    Ok(())
}

fn foreign(disk: &dyn Disk, cause: String) -> JournalError {
    JournalError::Damaged(Failure {
        action: "mirroring",
        place: disk.describe(""),
        cause: cause.into(),
        remedy: "give the folder that belongs to it, or an empty one, which is then filled; nothing was changed",
    })
}

fn parted(disk: &dyn Disk, number: u32, offset: usize) -> JournalError {
    JournalError::Damaged(Failure {
        action: "mirroring",
        place: format!("{} at byte {offset}", disk.describe(&file_name(number))),
        cause: "the two copies parted here: each was written on without the other".into(),
        remedy: "look at both with `weir data inspect`, decide which one counts, move the folder `journal` and the folder \
                 `state` of the other away, and start again; nothing was changed",
    })
}

/// The side that was left behind. Both cannot be: the last one never is.
fn stale_side(sides: Sides<'_>) -> Result<Option<Side>, JournalError> {
    let is_stale = |side: &Side| match sides[side.index()].open(STALE) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => false,
        Ok(_) | Err(_) => true,
    };
    let stale: Vec<Side> = Side::BOTH.into_iter().filter(is_stale).collect();
    match stale.as_slice() {
        [] => Ok(None),
        [side] => Ok(Some(*side)),
        [side, ..] => Err(left_behind(sides[side.index()])),
    }
}

fn mark_of(disk: &dyn Disk, incarnation: Incarnation) -> Result<Option<Mark>, JournalError> {
    watermark::read(disk, incarnation).map_err(|error| failed(disk, "reading", watermark::FILE, &error))
}

fn reach(mark: Option<Mark>) -> Option<(Position, u32)> {
    mark.map(|mark| (mark.durable, mark.segment))
}

/// Both sides get the watermark file that reaches furthest. Where both are bad, opening makes a new one or refuses.
fn copy_watermark(sides: Sides<'_>, best: Side, marks: [Option<Mark>; 2]) -> Result<(), JournalError> {
    let (from, to) = (sides[best.index()], sides[best.other().index()]);
    let mut bytes = vec![0; watermark::FILE_BYTES as usize];
    let mut there = bytes.clone();
    if marks[best.index()].is_some() {
        read_small(from, &mut bytes)?;
    }
    for disk in [from, to] {
        there.fill(0xff);
        let whole = read_small(disk, &mut there)?;
        if !whole || there != bytes {
            replace_file(disk, watermark::FILE, &bytes)
                .map_err(|error| failed(disk, "writing", watermark::FILE, &error))?;
        }
    }
    Ok(())
}

/// Reads the watermark file; whether all of it is there.
fn read_small(disk: &dyn Disk, bytes: &mut [u8]) -> Result<bool, JournalError> {
    match disk.open(watermark::FILE) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        // What cannot be read is written anew.
        opened => Ok(opened
            .and_then(|file| Ok(read_full(file.as_ref(), bytes, 0)? == bytes.len()))
            .unwrap_or(false)),
    }
}

/// The first bytes of a segment, and the size of its file.
fn head(disk: &dyn Disk, number: u32) -> Result<(Vec<u8>, u64), JournalError> {
    let name = file_name(number);
    let read = || -> io::Result<(Vec<u8>, u64)> {
        let file = disk.open(&name)?;
        // The table of 8191 partitions and what is before it.
        let mut bytes = vec![0; 512 * 1024];
        let read = read_full(file.as_ref(), &mut bytes, 0).unwrap_or(0);
        bytes.truncate(read);
        Ok((bytes, file.size_bytes()?))
    };
    read().map_err(|error| failed(disk, "reading", &name, &error))
}

/// Finds what is to be written to either side so that both hold the same; nothing is written yet.
fn merge(
    sides: Sides<'_>,
    incarnation: Incarnation,
    mark: Option<Mark>,
) -> Result<(Vec<Patch>, Outdated), JournalError> {
    let mut refused = None;
    for Chain { numbers, outdated } in chains(sides)? {
        let mut merge = Merge { sides, incarnation, patches: Vec::new() };
        let last = numbers.last().copied();
        let examination = examine_segments(sides[0], incarnation, mark, &numbers, &mut |number, course| {
            merge.segment(number, Some(number) == last, course)
        })?;
        match examination.verdict {
            Verdict::Sound | Verdict::Torn(_) => {
                outdated.check(sides, incarnation, &numbers)?;
                return Ok((merge.patches, outdated));
            }
            Verdict::Refused(spot) => drop(refused.get_or_insert(spot)),
        }
    }
    // There is always a chain: one that was not refused was taken.
    Err(refused.unwrap_or_default().refusal(sides[0]))
}

/// Segments of a side that was away for so long that the other one's begin after them.
struct Outdated(Option<(Side, Vec<u32>)>);

/// Segments that may be a journal, and those of a side that are too old for it.
struct Chain {
    numbers: Vec<u32>,
    outdated: Outdated,
}

/// What the journal may be, the likeliest first: the segments of both sides together, or, where one side's end before the other's
/// begin, only the later ones. That side lost its later ones, or was away while the other trimmed what it still has.
fn chains(sides: Sides<'_>) -> Result<Vec<Chain>, JournalError> {
    let of = [segment_numbers(sides[0])?, segment_numbers(sides[1])?];
    let all: Vec<u32> = of.iter().flatten().copied().collect::<BTreeSet<u32>>().into_iter().collect();
    let gap = all.windows(2).rposition(|pair| pair[0] + 1 != pair[1]);
    let ends_before = |side: &Side| {
        let (old, new) = (&of[side.index()], &of[side.other().index()]);
        matches!((old.last(), new.first()), (Some(last), Some(first)) if last < first)
    };
    let old = Side::BOTH.into_iter().find(ends_before).map(|side| (side, of[side.index()].clone()));
    let mut chains = Vec::new();
    // With a gap they cannot go on from one to the next, and where no side ends before it, what is missing will be named.
    if gap.is_none() || old.is_none() {
        chains.push(Chain { numbers: all, outdated: Outdated(None) });
    }
    if let Some((side, old)) = old {
        let numbers = of[side.other().index()].clone();
        chains.push(Chain { numbers, outdated: Outdated(Some((side, old))) });
    }
    Ok(chains)
}

/// What a segment of one side says of the partitions: at its beginning, and as far as it can be read.
fn tails(disk: &dyn Disk, incarnation: Incarnation, number: u32) -> Result<Option<[Tails; 2]>, JournalError> {
    let (bytes, _) = read_segment(disk, number)?;
    let header = SegmentHeader::parse(&bytes).ok().filter(|header| header.incarnation == incarnation);
    Ok(header.map(|header| {
        let mut course = Course {
            last: Position(header.first_position.0.saturating_sub(1)),
            tails: header.starts.clone(),
            durable: Position(0),
        };
        walk(&header, &bytes, &mut course);
        [header.starts, course.tails]
    }))
}

impl Outdated {
    /// Refuses segments that somebody went on with alone.
    fn check(&self, sides: Sides<'_>, incarnation: Incarnation, numbers: &[u32]) -> Result<(), JournalError> {
        let Outdated(Some((side, old))) = self else { return Ok(()) };
        let (Some(last), Some(first)) = (old.last(), numbers.first()) else { return Ok(()) };
        let ends = tails(sides[side.index()], incarnation, *last)?;
        let begins = tails(sides[side.other().index()], incarnation, *first)?;
        let (Some([_, ends]), Some([begins, _])) = (ends, begins) else { return Ok(()) };
        let ahead = |(partition, end): (_, &crate::Tail)| {
            begins
                .get(partition)
                .is_none_or(|begin| begin.epoch < end.epoch || begin.last_sequence < end.last_sequence)
        };
        match ends.iter().any(ahead) {
            true => Err(parted(sides[side.index()], *last, 0)),
            false => Ok(()),
        }
    }

    fn set_aside(self, sides: Sides<'_>) -> Result<(), JournalError> {
        let Outdated(Some((side, numbers))) = self else { return Ok(()) };
        let disk = sides[side.index()];
        for number in numbers {
            let name = file_name(number);
            let aside = unused_name(disk, &format!("{CUT_FOLDER}/{name}"));
            disk.rename(&name, &aside)
                .and_then(|()| disk.sync_dir(CUT_FOLDER))
                .and_then(|()| disk.sync_dir(""))
                .map_err(|error| failed(disk, "moving", &name, &error))?;
        }
        Ok(())
    }
}

/// Takes what is sound from either side, and notes what each lacks.
struct Merge<'a> {
    sides: Sides<'a>,
    incarnation: Incarnation,
    patches: Vec<Patch>,
}

impl Merge<'_> {
    /// The best of both for one segment, and the size of the file.
    fn segment(
        &mut self,
        number: u32,
        is_last: bool,
        course: &mut Course,
    ) -> Result<(Vec<u8>, u64), JournalError> {
        let mut read = [None, None];
        for side in Side::BOTH {
            let disk = self.sides[side.index()];
            if segment_numbers(disk)?.contains(&number) {
                read[side.index()] = Some(read_segment(disk, number)?);
            }
        }
        match read {
            [Some(primary), Some(mirror)] => self.both(number, is_last, course, primary, mirror),
            [Some(only), None] => {
                self.patches.push(Patch::Whole { side: Side::Mirror, number });
                Ok(only)
            }
            [None, Some(only)] => {
                self.patches.push(Patch::Whole { side: Side::Primary, number });
                Ok(only)
            }
            // The numbers are those that some side has.
            [None, None] => Ok((Vec::new(), 0)),
        }
    }

    fn both(
        &mut self,
        number: u32,
        is_last: bool,
        course: &mut Course,
        (mut bytes, size): (Vec<u8>, u64),
        (mut other, other_size): (Vec<u8>, u64),
    ) -> Result<(Vec<u8>, u64), JournalError> {
        if bytes == other {
            return Ok((bytes, size));
        }
        let length = bytes.len().max(other.len());
        bytes.resize(length, 0);
        other.resize(length, 0);
        let header = match [self.header(number, &bytes), self.header(number, &other)] {
            [Some(one), Some(two)] if one != two => return Err(parted(self.sides[0], number, 0)),
            [Some(header), Some(_)] => header,
            [Some(header), None] => {
                self.take(Side::Mirror, number, (0, header.frames_start()), &bytes, &mut other);
                header
            }
            [None, Some(header)] => {
                self.take(Side::Primary, number, (0, header.frames_start()), &other, &mut bytes);
                header
            }
            [None, None] => return Ok((bytes, size)),
        };
        let end = self.groups(&header, &mut bytes, &mut other)?;
        // What neither has whole still tells what was once durable.
        for side in [&bytes, &other] {
            let position = Position(u64::MAX);
            course.durable =
                course.durable.max(evidence(self.incarnation, number, side, end, position).durable);
        }
        if bytes[end..] != other[end..] {
            // In the last segment it is a torn write, which is kept when it is cut; elsewhere it is rot where nothing was written.
            let from = if is_zero(&bytes[end..]) == is_last { Side::Mirror } else { Side::Primary };
            match from {
                Side::Primary => self.take(Side::Mirror, number, (end, length), &bytes, &mut other),
                Side::Mirror => self.take(Side::Primary, number, (end, length), &other, &mut bytes),
            }
        }
        for (side, size) in [(Side::Primary, size), (Side::Mirror, other_size)] {
            if (size as usize) < length {
                self.patches.push(Patch::Range { side, number, start: length, end: length });
            }
        }
        Ok((bytes, size.max(other_size)))
    }

    fn header(&self, number: u32, bytes: &[u8]) -> Option<SegmentHeader> {
        SegmentHeader::parse(bytes)
            .ok()
            .filter(|header| header.number == number && header.incarnation == self.incarnation)
    }

    /// Goes from group to group as long as one side has the next one; where that ends.
    fn groups(
        &mut self,
        header: &SegmentHeader,
        bytes: &mut [u8],
        other: &mut [u8],
    ) -> Result<usize, JournalError> {
        let mut course = Course {
            last: Position(header.first_position.0.saturating_sub(1)),
            tails: header.starts.clone(),
            durable: Position(0),
        };
        let mut walk = Walk::of(header);
        let mut group = Vec::new();
        let number = header.number;
        loop {
            let start = walk.offset;
            if walk.step(header, bytes, &mut course, &mut group) == Ok(true) {
                let range = start..walk.offset.min(bytes.len());
                if bytes[range.clone()] == other[range.clone()] {
                    continue;
                }
                if is_rival(&bytes[range.clone()], &other[range.clone()]) {
                    return Err(parted(self.sides[0], number, start));
                }
                self.take(Side::Mirror, number, (range.start, range.end), bytes, other);
            } else if walk.step(header, other, &mut course, &mut group) == Ok(true) {
                let range = (start, walk.offset.min(bytes.len()));
                self.take(Side::Primary, number, range, other, bytes);
            } else {
                return Ok(start);
            }
        }
    }

    /// A side gets a range from the other.
    fn take(&mut self, side: Side, number: u32, range: (usize, usize), from: &[u8], to: &mut [u8]) {
        let (start, end) = range;
        let end = end.min(from.len());
        if let (Some(from), Some(to)) = (from.get(start..end), to.get_mut(start..end)) {
            to.copy_from_slice(from);
        }
        self.patches.push(Patch::Range { side, number, start, end });
    }
}

/// Whether both are the beginning of a sound frame for the same place: then they parted, and neither is damaged.
fn is_rival(one: &[u8], other: &[u8]) -> bool {
    let sound = |bytes: &[u8]| {
        let header = Header::parse(bytes).ok()?;
        let body = bytes.get(HEADER_BYTES..HEADER_BYTES + header.body_bytes as usize)?;
        (crc32c::crc32c(body) == header.body_crc).then_some(header)
    };
    match (sound(one), sound(other)) {
        (Some(one), Some(other)) => {
            one.place == other.place && one.position == other.position && one != other
        }
        (Some(_) | None, Some(_) | None) => false,
    }
}

impl Patch {
    /// Writes it, durably.
    fn apply(&self, sides: Sides<'_>) -> Result<Mended, JournalError> {
        let (side, number, range) = match *self {
            Patch::Range { side, number, start, end } => (side, number, Some((start, end))),
            Patch::Whole { side, number } => (side, number, None),
        };
        let (from, to) = (sides[side.other().index()], sides[side.index()]);
        let name = file_name(number);
        let written = || -> io::Result<(u64, u64)> {
            let source = from.open(&name)?;
            let size = source.size_bytes()?;
            let Some((start, end)) = range else {
                let temporary = format!("{name}.tmp");
                match to.remove(&temporary) {
                    Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                    Ok(()) | Err(_) => {}
                }
                let file = to.create(&temporary)?;
                let end = usize::try_from(size).map_err(io::Error::other)?;
                copy_range(source.as_ref(), file.as_ref(), 0, end)?;
                give_name(to, &temporary, &name)?;
                return Ok((0, size));
            };
            let file = to.open(&name)?;
            file.allocate(size)?;
            copy_range(source.as_ref(), file.as_ref(), start, end)?;
            Ok((start as u64, end.saturating_sub(start) as u64))
        };
        let (offset, bytes) = written().map_err(|error| failed(to, "rebuilding", &name, &error))?;
        Ok(Mended { side, file: name, offset, bytes })
    }
}

/// Bytes that are copied between two syncs.
const COPY_BYTES: usize = 4 * 1024 * 1024;

/// Copies a range of a file, durably.
fn copy_range(
    from: &dyn crate::disk::DiskFile,
    to: &dyn crate::disk::DiskFile,
    start: usize,
    end: usize,
) -> io::Result<()> {
    let mut buffer = vec![0; COPY_BYTES.min(end.saturating_sub(start)).next_multiple_of(BLOCK_BYTES)];
    let mut offset = start;
    while offset < end {
        let count = buffer.len().min(end - offset);
        let read = read_full(from, &mut buffer[..count], offset as u64)?;
        buffer[read..count].fill(0);
        to.write_at(&buffer[..count], offset as u64)?;
        to.sync_data()?;
        offset += count;
    }
    to.sync_data()
}
