//! Walks the groups of one segment from its start until they end or break.

use std::collections::BTreeMap;

use super::{
    Incarnation,
    frame::{ALIGN_BYTES, HEADER_BYTES, Header, Kind, NotAHeader, Place, Position, u64_at},
    segment::{BLOCK_BYTES, Segment, SegmentHeader, Tails},
};
use crate::{Epoch, PartitionId, Record, Sequence, Tail};

/// Where the frames of a segment end, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// Only zeros, or nothing, from here on.
    Clean,
    /// Here is something that is not a whole group; the first position that is missing or bad.
    Broken { position: Position, why: &'static str },
    /// A sound frame that does not belong here or does not follow from what is before it: misdirected or recycled.
    Foreign { position: Position, why: &'static str },
    /// A sound frame that only a newer release understands.
    Newer,
}

/// What a walk carries from segment to segment.
#[derive(Debug, Clone, Default)]
pub(super) struct Course {
    /// The last good frame.
    pub(super) last: Position,
    /// Where every partition stands after it.
    pub(super) tails: Tails,
    /// The greatest durable position that any sound frame carries.
    pub(super) durable: Position,
}

/// The walk through one segment.
#[derive(Debug)]
pub(super) struct Walk {
    pub(super) segment: Segment,
    pub(super) frames: u64,
    /// Where the group that did not end well starts; where the next group goes.
    pub(super) offset: usize,
    pub(super) end: End,
}

/// What is still readable behind a place where a walk broke off.
#[derive(Debug, Clone, Default)]
pub(super) struct Evidence {
    pub(super) durable: Position,
    /// Some frame carries a position that was already passed.
    pub(super) recycled: bool,
    /// The first and last record of each partition that is seen there, and the greatest epoch.
    pub(super) seen: BTreeMap<PartitionId, Seen>,
}

/// The records of one partition that are seen behind a damaged place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seen {
    /// The first one.
    pub first: Sequence,
    /// The last one.
    pub last: Sequence,
    /// The greatest epoch.
    pub epoch: Epoch,
}

/// Walks a segment whose header is sound, and moves `course` along.
pub(super) fn walk(header: &SegmentHeader, bytes: &[u8], course: &mut Course) -> Walk {
    let mut walk = Walk::of(header);
    let mut group = Vec::new();
    loop {
        match walk.step(header, bytes, course, &mut group) {
            Ok(true) => {}
            Ok(false) => return walk,
            Err(end) => {
                walk.end = end;
                return walk;
            }
        }
    }
}

impl Walk {
    /// Before the first group.
    pub(super) fn of(header: &SegmentHeader) -> Walk {
        let segment =
            Segment { number: header.number, starts: header.starts.clone(), records: BTreeMap::new() };
        Walk { segment, frames: 0, offset: header.frames_start(), end: End::Clean }
    }

    /// Takes the next group; `false`: there are only zeros. After an error all is as before.
    pub(super) fn step(
        &mut self,
        header: &SegmentHeader,
        bytes: &[u8],
        course: &mut Course,
        group: &mut Vec<(Header, usize)>,
    ) -> Result<bool, End> {
        let rest = bytes.get(self.offset..).unwrap_or_default();
        if is_zero(&rest[..rest.len().min(HEADER_BYTES)]) && is_zero(rest) {
            return Ok(false);
        }
        group.clear();
        let end = read_group(header, bytes, self.offset, course, group)?;
        take_group(group, bytes, course, self)?;
        self.offset = end.next_multiple_of(BLOCK_BYTES);
        Ok(true)
    }
}

/// Reads the headers of a group and checks the bodies; the offset after the group.
fn read_group(
    header: &SegmentHeader,
    bytes: &[u8],
    start: usize,
    course: &Course,
    group: &mut Vec<(Header, usize)>,
) -> Result<usize, End> {
    let mut offset = start;
    let mut position = course.last;
    loop {
        position = position.next();
        let broken = |why| End::Broken { position, why };
        let frame = match Header::parse(bytes.get(offset..).unwrap_or_default()) {
            Ok(frame) => frame,
            Err(NotAHeader::Zero) => return Err(broken("the group of frames is not complete")),
            Err(NotAHeader::Broken) => return Err(broken("the frame header does not match its checksum")),
            Err(NotAHeader::Newer) => return Err(End::Newer),
        };
        if frame.place != place(header.incarnation, header.number, offset) {
            return Err(End::Foreign { position, why: "the frame belongs to another place" });
        }
        if frame.position != position {
            return Err(End::Foreign { position, why: "the frame has a position that does not follow" });
        }
        let body = bytes.get(offset + HEADER_BYTES..offset + HEADER_BYTES + frame.body_bytes as usize);
        let body = body.ok_or(broken("the frame body is cut short"))?;
        if crc32c::crc32c(body) != frame.body_crc {
            return Err(broken("the frame body does not match its checksum"));
        }
        group.push((frame, offset));
        offset += frame.frame_bytes();
        if frame.last_in_group {
            return Ok(offset);
        }
    }
}

/// Takes a whole group into the course, frame by frame. Frames that follow from one another always do, unless they are foreign.
fn take_group(
    group: &[(Header, usize)],
    bytes: &[u8],
    course: &mut Course,
    walk: &mut Walk,
) -> Result<(), End> {
    let mut undo = Vec::new();
    for (frame, offset) in group {
        let body = &bytes[offset + HEADER_BYTES..][..frame.body_bytes as usize];
        undo.push((frame.partition, course.tails.get(&frame.partition).copied()));
        if let Err(why) = take(frame, body, course) {
            put_back(undo, course);
            return Err(End::Foreign { position: frame.position, why });
        }
    }
    for (frame, offset) in group {
        if frame.kind == Kind::Record {
            // Offsets fit: a segment is at most 4 GiB.
            walk.segment.records.entry(frame.partition).or_default().push(*offset as u32);
        }
        course.last = frame.position;
        course.durable = course.durable.max(frame.durable);
        walk.frames += 1;
    }
    Ok(())
}

fn put_back(undo: Vec<(PartitionId, Option<Tail>)>, course: &mut Course) {
    for (partition, before) in undo.into_iter().rev() {
        match before {
            Some(tail) => course.tails.insert(partition, tail),
            None => course.tails.remove(&partition),
        };
    }
}

pub(super) fn take(frame: &Header, body: &[u8], course: &mut Course) -> Result<(), &'static str> {
    match frame.kind {
        Kind::Record => {
            let tail = course.tails.entry(frame.partition).or_default();
            let (partition, epoch, sequence) = (frame.partition, frame.epoch, frame.sequence);
            let record = Record { partition, epoch, sequence, payload: body };
            if epoch != tail.epoch {
                return Err("the record has an epoch that is not in force");
            }
            if sequence != tail.last_sequence.next() || frame.previous != tail.last_hash {
                return Err("the record is not chained to the one before it");
            }
            if record.hash(frame.previous) != frame.hash {
                return Err("the record does not match its hash");
            }
            tail.last_sequence = sequence;
            tail.last_hash = frame.hash;
        }
        Kind::Claim => {
            let tail = course.tails.entry(frame.partition).or_default();
            let stands = frame.sequence == tail.last_sequence && frame.previous == tail.last_hash;
            if frame.epoch <= tail.epoch || !stands {
                return Err("the claim does not follow from the epoch before it");
            }
            tail.epoch = frame.epoch;
        }
        Kind::Trim => {
            if trim_points(body).any(|(partition, _)| !course.tails.contains_key(&partition)) {
                return Err("the trim names an unknown partition");
            }
            for (partition, until) in trim_points(body) {
                let tail = course.tails.entry(partition).or_default();
                tail.trimmed = tail.trimmed.max(until);
            }
        }
    }
    Ok(())
}

/// Looks for sound frames of this segment from `offset` on, wherever they start, to learn what was there.
pub(super) fn evidence(
    incarnation: Incarnation,
    number: u32,
    bytes: &[u8],
    offset: usize,
    last: Position,
) -> Evidence {
    let mut evidence = Evidence::default();
    let mut offset = offset.next_multiple_of(ALIGN_BYTES);
    while offset + HEADER_BYTES <= bytes.len() {
        let Ok(frame) = Header::parse(&bytes[offset..]) else {
            offset += ALIGN_BYTES;
            continue;
        };
        if frame.place == place(incarnation, number, offset) {
            evidence.take(&frame, last);
        }
        offset += ALIGN_BYTES;
    }
    evidence
}

impl Evidence {
    fn take(&mut self, frame: &Header, last: Position) {
        self.durable = self.durable.max(frame.durable);
        self.recycled |= frame.position <= last;
        if frame.kind != Kind::Trim {
            let seen = Seen { first: frame.sequence, last: frame.sequence, epoch: frame.epoch };
            let seen = self.seen.entry(frame.partition).or_insert(seen);
            seen.first = seen.first.min(frame.sequence);
            seen.last = seen.last.max(frame.sequence);
            seen.epoch = seen.epoch.max(frame.epoch);
        }
    }
}

/// The body of a trim frame.
pub(super) fn encode_trim_points(tails: &Tails) -> Vec<u8> {
    let points = tails.iter().flat_map(|(partition, tail)| {
        let mut point = [0; TRIM_POINT_BYTES];
        point[..2].copy_from_slice(&partition.0.to_le_bytes());
        point[2..].copy_from_slice(&tail.trimmed.0.to_le_bytes());
        point
    });
    points.collect()
}

fn trim_points(body: &[u8]) -> impl Iterator<Item = (PartitionId, Sequence)> {
    body.chunks_exact(TRIM_POINT_BYTES)
        .map(|point| (PartitionId(u16::from_le_bytes([point[0], point[1]])), Sequence(u64_at(point, 2))))
}

pub(super) const TRIM_POINT_BYTES: usize = 10;

pub(super) fn place(incarnation: Incarnation, segment: u32, offset: usize) -> Place {
    Place { incarnation_tag: incarnation.tag(), segment, offset: offset as u32 }
}

pub(super) fn is_zero(bytes: &[u8]) -> bool {
    // Folding a chunk instead of stopping at its first byte lets the compiler use wide registers.
    bytes.chunks(BLOCK_BYTES).all(|chunk| chunk.iter().fold(0, |all, byte| all | byte) == 0)
}
