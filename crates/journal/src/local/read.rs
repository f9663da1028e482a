//! Reading records by partition and sequence while others are appended.

use std::{
    io,
    sync::{Arc, PoisonError, RwLock},
};

use super::{
    Incarnation,
    examine::{DAMAGED_REMEDY, failed},
    frame::{HEADER_BYTES, Header, Kind},
    segment::{Segment, Tails, file_name},
    walk::place,
};
use crate::{
    ChainHash, Failure, JournalError, OwnedRecord, PartitionId, Reader, Records, Sequence, Tail,
    disk::{DiskFile, SharedDisk, read_full},
};

/// What is durable: shared by the writing end and all readers.
#[derive(Debug, Default)]
pub(super) struct Log {
    pub(super) tails: Tails,
    pub(super) segments: Vec<Segment>,
}

/// The reading end of a local journal.
#[derive(Debug, Clone)]
pub(super) struct LocalReader {
    pub(super) disk: SharedDisk,
    pub(super) incarnation: Incarnation,
    pub(super) log: Arc<RwLock<Log>>,
}

impl Log {
    /// The segment and offset of a record.
    fn find(&self, partition: PartitionId, sequence: Sequence) -> Option<(u32, u32)> {
        // The segment is the last one at whose start the partition had not come so far.
        let after = self.segments.partition_point(|segment| start_of(segment, partition) < sequence);
        let segment = self.segments.get(after.checked_sub(1)?)?;
        let index = sequence.0.checked_sub(start_of(segment, partition).0 + 1)?;
        let offset = segment.records.get(&partition)?.get(usize::try_from(index).ok()?)?;
        Some((segment.number, *offset))
    }
}

fn start_of(segment: &Segment, partition: PartitionId) -> Sequence {
    segment.starts.get(&partition).map(|tail| tail.last_sequence).unwrap_or_default()
}

impl LocalReader {
    fn locate(&self, partition: PartitionId, sequence: Sequence) -> Result<(u32, u32), JournalError> {
        let log = self.log.read().unwrap_or_else(PoisonError::into_inner);
        let first = log.tails.get(&partition).map(|tail| tail.trimmed).unwrap_or_default().next();
        log.find(partition, sequence).ok_or(JournalError::Trimmed { partition, from: sequence, first })
    }
}

impl Reader for LocalReader {
    fn read(&self, partition: PartitionId, from: Sequence) -> Result<Records, JournalError> {
        let tail = self.tail(partition)?;
        tail.check_from(partition, from)?;
        let reader = self.clone();
        Ok(Box::new(Cursor {
            reader,
            partition,
            next: from,
            last: tail.last_sequence,
            chain: None,
            window: None,
        }))
    }

    fn tail(&self, partition: PartitionId) -> Result<Tail, JournalError> {
        let log = self.log.read().unwrap_or_else(PoisonError::into_inner);
        Ok(log.tails.get(&partition).copied().unwrap_or_default())
    }

    fn partitions(&self) -> Result<Vec<PartitionId>, JournalError> {
        let log = self.log.read().unwrap_or_else(PoisonError::into_inner);
        Ok(log.tails.keys().copied().collect())
    }
}

/// Goes through the records of one partition.
struct Cursor {
    reader: LocalReader,
    partition: PartitionId,
    next: Sequence,
    last: Sequence,
    chain: Option<ChainHash>,
    window: Option<Window>,
}

/// A piece of a segment that was read ahead, as neighbours are usually wanted next.
pub(super) struct Window {
    segment: u32,
    file: Box<dyn DiskFile>,
    start: usize,
    bytes: Vec<u8>,
}

const WINDOW_BYTES: usize = 64 * 1024;

impl Iterator for Cursor {
    type Item = Result<OwnedRecord, JournalError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.next > self.last {
            return None;
        }
        let read = self.read();
        match &read {
            Ok(record) => {
                self.next = record.sequence.next();
                self.chain = Some(record.hash);
            }
            // After an error the iterator ends.
            Err(_) => self.last = Sequence(0),
        }
        Some(read)
    }
}

impl Cursor {
    fn read(&mut self) -> Result<OwnedRecord, JournalError> {
        let (segment, offset) = self.reader.locate(self.partition, self.next)?;
        let (incarnation, wanted) = (self.reader.incarnation, (self.partition, self.next, self.chain));
        let disk = Arc::clone(&self.reader.disk);
        let at = offset as usize;
        let damaged = |cause: &str| {
            JournalError::Damaged(Failure {
                action: "reading",
                place: format!("{} at byte {offset}", disk.describe(&file_name(segment))),
                cause: cause.into(),
                remedy: DAMAGED_REMEDY,
            })
        };
        let window = self.window(segment)?;
        let unreadable = |error: io::Error| damaged(&error.to_string());
        let header = Header::parse(window.get(at, HEADER_BYTES).map_err(unreadable)?)
            .map_err(|_| damaged("the frame header does not match its checksum"))?;
        let belongs = header.kind == Kind::Record
            && header.place == place(incarnation, segment, at)
            && (header.partition, header.sequence) == (wanted.0, wanted.1)
            && wanted.2.is_none_or(|chain| chain == header.previous);
        if !belongs {
            return Err(damaged("the frame is not the one that was written here"));
        }
        let body_bytes = header.body_bytes as usize;
        let body = &window.get(at, HEADER_BYTES + body_bytes).map_err(unreadable)?[HEADER_BYTES..];
        let record = OwnedRecord {
            partition: header.partition,
            epoch: header.epoch,
            sequence: header.sequence,
            hash: header.hash,
            payload: body.to_vec(),
        };
        let sound = crc32c::crc32c(body) == header.body_crc
            && record.as_record().hash(header.previous) == header.hash;
        if sound { Ok(record) } else { Err(damaged("the frame body does not match its checksum")) }
    }

    fn window(&mut self, segment: u32) -> Result<&mut Window, JournalError> {
        let window = match self.window.take().filter(|window| window.segment == segment) {
            Some(window) => window,
            None => self.open_window(segment)?,
        };
        Ok(self.window.insert(window))
    }

    fn open_window(&self, segment: u32) -> Result<Window, JournalError> {
        let name = file_name(segment);
        let file = self.reader.disk.open(&name).map_err(|error| {
            if error.kind() == io::ErrorKind::NotFound {
                // A trim deleted it after it was looked up.
                let (partition, from) = (self.partition, self.next);
                JournalError::Trimmed { partition, from, first: from.next() }
            } else {
                failed(self.reader.disk.as_ref(), "opening", &name, &error)
            }
        })?;
        Ok(Window::of(segment, file))
    }
}

impl Window {
    pub(super) fn of(segment: u32, file: Box<dyn DiskFile>) -> Window {
        Window { segment, file, start: 0, bytes: Vec::new() }
    }

    pub(super) fn get(&mut self, offset: usize, bytes: usize) -> io::Result<&[u8]> {
        let held = self.start..self.start + self.bytes.len();
        if !(held.contains(&offset) && offset + bytes <= held.end) {
            self.bytes.resize(bytes.max(WINDOW_BYTES), 0);
            let read = read_full(self.file.as_ref(), &mut self.bytes, offset as u64)?;
            self.bytes.truncate(read);
            self.start = offset;
        }
        let from = offset - self.start;
        self.bytes.get(from..from + bytes).ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
    }
}
