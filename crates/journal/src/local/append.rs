//! Writing: one buffer, one write, one sync for the records of all partitions.

use std::{
    io,
    sync::{Arc, PoisonError, RwLockWriteGuard},
};

use weir_canary::{Canary, planted};

use super::{
    Active, LocalJournal, MAX_GROUP_BYTES,
    examine::failure,
    frame::{Header, Kind, Position, frame_bytes},
    open::RESERVE,
    read::Log,
    segment::{self, BLOCK_BYTES, Segment, SegmentHeader, Tails, file_name, frames_start, zeroed_file},
    walk::{TRIM_POINT_BYTES, encode_trim_points, place},
};
use crate::{
    AppendError, Chore, Claim, Epoch, Failure, Journal, JournalError, PartitionId, Reader, Record, Sequence,
    Tail,
    disk::Disk,
    disk::{give_name, is_full, remove_file},
};

/// Why a group was not written.
enum Unwritten {
    /// There is no room; nothing was written.
    Full(Failure),
    /// The journal is poisoned.
    Failed(Failure),
}

/// What goes into a frame beside its place.
struct Draft<'a> {
    kind: Kind,
    partition: PartitionId,
    epoch: Epoch,
    sequence: Sequence,
    before: Tail,
    after: Tail,
    body: &'a [u8],
}

impl From<Unwritten> for AppendError {
    fn from(unwritten: Unwritten) -> AppendError {
        match unwritten {
            Unwritten::Full(failure) => AppendError::Full(failure),
            Unwritten::Failed(failure) => AppendError::Failed(failure),
        }
    }
}

impl From<Unwritten> for JournalError {
    fn from(unwritten: Unwritten) -> JournalError {
        match unwritten {
            Unwritten::Full(failure) => JournalError::Full(failure),
            Unwritten::Failed(failure) => JournalError::Failed(failure),
        }
    }
}

impl Journal for LocalJournal {
    fn claim(&mut self, partition: PartitionId) -> Result<Claim, JournalError> {
        self.check()?;
        let before = self.tail(partition)?;
        let after = Tail { epoch: before.epoch.next(), ..before };
        self.make_room(frame_bytes(0), true)?;
        self.staged.clear();
        self.staged.insert(partition, after);
        let (kind, epoch, sequence) = (Kind::Claim, after.epoch, after.last_sequence);
        self.frame(&Draft { kind, partition, epoch, sequence, before, after, body: &[] }, true);
        self.write_group()?;
        self.claimed.insert(partition, epoch);
        Ok(Claim { epoch, last_sequence: sequence, last_hash: after.last_hash })
    }

    fn append(&mut self, records: &[Record<'_>]) -> Result<(), AppendError> {
        self.check()?;
        if records.is_empty() {
            return Ok(());
        }
        self.check_size(records)?;
        self.make_room(records.iter().map(|record| frame_bytes(record.payload.len())).sum(), true)?;
        self.staged.clear();
        for (index, record) in records.iter().enumerate() {
            if let Err(refused) = self.stage(record, index + 1 == records.len()) {
                self.discard();
                return Err(refused);
            }
        }
        self.write_group()?;
        Ok(())
    }

    fn trim(&mut self, partition: PartitionId, until: Sequence) -> Result<(), JournalError> {
        self.check()?;
        let last = self.tail(partition)?.last_sequence;
        if until > last {
            return Err(JournalError::PastEnd { partition, asked: until, last });
        }
        if let Some(tail) = self.log_mut().tails.get_mut(&partition) {
            tail.trimmed = tail.trimmed.max(until);
        }
        self.condemn_trimmed_segments()
    }

    fn reader(&self) -> Arc<dyn Reader> {
        Arc::new(self.local_reader())
    }

    fn take_chore(&mut self) -> Option<Chore> {
        let disk = Arc::clone(&self.disk);
        if std::mem::take(&mut self.removal_wanted) {
            let condemned = Arc::clone(&self.condemned);
            return Some(Box::new(move |pause| condemned.remove(disk.as_ref(), pause)));
        }
        if !std::mem::take(&mut self.spare_wanted) {
            return None;
        }
        let (capacity_bytes, reserve_bytes) = (self.options.segment_bytes, self.options.reserve_bytes);
        // What can not be made now is made when it is needed, and an error is reported then.
        Some(Box::new(move |pause| {
            drop(segment::make_spare(disk.as_ref(), capacity_bytes, pause));
            drop(make_reserve(disk.as_ref(), &format!("{RESERVE}.chore.tmp"), reserve_bytes, pause));
        }))
    }

    fn release_reserve(&mut self) -> Result<bool, JournalError> {
        self.check()?;
        match remove_file(self.disk.as_ref(), RESERVE) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(self.poison("removing", RESERVE, &error).into()),
        }
    }

    fn refill_reserve(&mut self) -> Result<bool, JournalError> {
        self.check()?;
        self.refill_reserve_file()
    }
}

impl LocalJournal {
    fn check(&self) -> Result<(), Unwritten> {
        let failed = self.failed.as_ref().or_else(|| self.condemned.failure());
        failed.map_or(Ok(()), |failure| Err(Unwritten::Failed(failure.clone())))
    }

    /// From now on nothing is tried any more: what the disk holds is no longer known.
    fn poison(&mut self, action: &'static str, path: &str, error: &io::Error) -> Unwritten {
        let failure = failure(self.disk.as_ref(), action, path, error);
        self.failed = Some(failure.clone());
        Unwritten::Failed(failure)
    }

    fn log_mut(&self) -> RwLockWriteGuard<'_, Log> {
        self.log.write().unwrap_or_else(PoisonError::into_inner)
    }

    fn check_size(&self, records: &[Record<'_>]) -> Result<(), AppendError> {
        let mut group_bytes = 0_usize;
        for record in records {
            group_bytes = group_bytes.saturating_add(frame_bytes(record.payload.len()));
            if group_bytes > MAX_GROUP_BYTES {
                let (partition, bytes) = (record.partition, group_bytes);
                return Err(AppendError::TooLarge { partition, bytes, limit_bytes: MAX_GROUP_BYTES });
            }
        }
        Ok(())
    }

    /// Puts a record into the group if it follows the last one of its partition.
    fn stage(&mut self, record: &Record<'_>, is_last: bool) -> Result<(), AppendError> {
        let Record { partition, epoch, sequence, payload } = *record;
        let before = match self.staged.get(&partition) {
            Some(staged) => *staged,
            None => self.local_reader_tail(partition),
        };
        let after = before.follow(record, self.claimed.get(&partition).copied())?;
        let offset = (self.active.offset + self.buffer.len()) as u32;
        self.staged.insert(partition, after);
        self.offsets.push((partition, offset));
        self.frame(
            &Draft { kind: Kind::Record, partition, epoch, sequence, before, after, body: payload },
            is_last,
        );
        Ok(())
    }

    fn local_reader_tail(&self, partition: PartitionId) -> Tail {
        let log = self.log.read().unwrap_or_else(PoisonError::into_inner);
        log.tails.get(&partition).copied().unwrap_or_default()
    }

    fn discard(&mut self) {
        self.buffer.clear();
        self.offsets.clear();
        self.staged.clear();
    }

    fn frame(&mut self, draft: &Draft<'_>, last_in_group: bool) {
        let number = self.last.0 + 1 + self.frames_in_buffer();
        let header = Header {
            kind: draft.kind,
            last_in_group,
            partition: draft.partition,
            // Sizes are limited far below 4 GiB.
            body_bytes: draft.body.len() as u32,
            body_crc: crc32c::crc32c(draft.body),
            position: Position(number),
            durable: self.last,
            epoch: draft.epoch,
            sequence: draft.sequence,
            previous: draft.before.last_hash,
            hash: draft.after.last_hash,
            place: place(self.incarnation, self.active.number, self.active.offset + self.buffer.len()),
        };
        let end = self.buffer.len() + header.frame_bytes();
        self.buffer.extend_from_slice(&header.encode());
        self.buffer.extend_from_slice(draft.body);
        self.buffer.resize(end, 0);
    }

    /// Claims and trims are alone in their group; only records are counted.
    fn frames_in_buffer(&self) -> u64 {
        self.offsets.len().saturating_sub(1) as u64
    }

    /// Writes the group and waits until it is durable; only then it becomes part of the log.
    fn write_group(&mut self) -> Result<(), Unwritten> {
        let frames = self.offsets.len().max(1) as u64;
        self.buffer.resize(self.buffer.len().next_multiple_of(BLOCK_BYTES), 0);
        let written = self.active.file.write_at(&self.buffer, self.active.offset as u64);
        if let Err(error) = written {
            return Err(self.poison("writing to", &file_name(self.active.number), &error));
        }
        if let Err(error) = self.sync() {
            return Err(self.poison("syncing", &file_name(self.active.number), &error));
        }
        self.active.offset += self.buffer.len();
        self.last = Position(self.last.0 + frames);
        self.publish();
        self.discard();
        if let Err(error) = self.watermark.write(self.last, self.active.number) {
            return Err(self.poison("writing", super::watermark::FILE, &error));
        }
        Ok(())
    }

    fn sync(&self) -> io::Result<()> {
        if planted(Canary::ConfirmedBeforeSync) {
            return Ok(());
        }
        let synced = self.active.file.sync_data();
        match planted(Canary::SyncRetried) {
            true => synced.or_else(|_| self.active.file.sync_data()),
            false => synced,
        }
    }

    /// Shows readers what has become durable.
    fn publish(&mut self) {
        let mut log = self.log.write().unwrap_or_else(PoisonError::into_inner);
        for (partition, tail) in &self.staged {
            log.tails.insert(*partition, *tail);
        }
        if let Some(segment) = log.segments.last_mut() {
            for (partition, offset) in self.offsets.drain(..) {
                segment.records.entry(partition).or_default().push(offset);
            }
        }
    }

    /// Makes sure that the group fits into the active segment, and begins the next one if it does not. With `keep_slack` there is
    /// room left for a trim, which is what makes room on a full disk.
    fn make_room(&mut self, group_bytes: usize, keep_slack: bool) -> Result<(), Unwritten> {
        let partitions = self.log.read().unwrap_or_else(PoisonError::into_inner).tails.len();
        let slack_bytes = if keep_slack { trim_group_bytes(partitions + 1) } else { 0 };
        let needed_bytes = group_bytes.next_multiple_of(BLOCK_BYTES) + slack_bytes;
        if self.active.offset + needed_bytes <= self.active.capacity_bytes {
            return Ok(());
        }
        let starts = self.log.read().unwrap_or_else(PoisonError::into_inner).tails.clone();
        let least_bytes = frames_start(starts.len()) + needed_bytes;
        let at_hand_bytes = segment::capacity_at_hand_bytes(self.disk.as_ref(), self.options.segment_bytes);
        let capacity_bytes = at_hand_bytes.max(least_bytes as u64);
        self.roll(starts, capacity_bytes)
    }

    fn roll(&mut self, starts: Tails, capacity_bytes: u64) -> Result<(), Unwritten> {
        let number = self.active.number + 1;
        let header = SegmentHeader {
            number,
            incarnation: self.incarnation,
            first_position: self.last.next(),
            capacity_bytes,
            starts,
        };
        let begun = segment::begin(self.disk.as_ref(), &header);
        let file = match begun {
            Ok(file) => file,
            Err(error) if is_full(&error) => {
                return Err(Unwritten::Full(failure(
                    self.disk.as_ref(),
                    "creating",
                    &file_name(number),
                    &error,
                )));
            }
            Err(error) => return Err(self.poison("creating", &file_name(number), &error)),
        };
        let marked = self.watermark.write(self.last, number).and_then(|()| self.watermark.sync());
        if let Err(error) = marked {
            return Err(self.poison("writing", super::watermark::FILE, &error));
        }
        let capacity_bytes = capacity_bytes as usize;
        self.active = Active { number, file, offset: header.frames_start(), capacity_bytes };
        self.spare_wanted = true;
        let segment = Segment { number, starts: header.starts, records: Default::default() };
        self.log_mut().segments.push(segment);
        Ok(())
    }

    /// Gives up the oldest segments that no partition needs, after the trim points that allow it are durable.
    fn condemn_trimmed_segments(&mut self) -> Result<(), JournalError> {
        if !self.oldest_is_trimmed() {
            return Ok(());
        }
        let points = encode_trim_points(&self.log_mut().tails);
        self.make_room(frame_bytes(points.len()), false)?;
        self.staged.clear();
        self.frame(
            &Draft {
                kind: Kind::Trim,
                partition: PartitionId(0),
                epoch: Epoch::default(),
                sequence: Sequence::default(),
                before: Tail::default(),
                after: Tail::default(),
                body: &points,
            },
            true,
        );
        self.write_group()?;
        while self.oldest_is_trimmed() {
            let oldest = self.log_mut().segments.remove(0);
            self.condemned.add(file_name(oldest.number));
            self.removal_wanted = true;
        }
        Ok(())
    }

    fn oldest_is_trimmed(&self) -> bool {
        let log = self.log.read().unwrap_or_else(PoisonError::into_inner);
        // What the oldest one holds ends where the second one starts.
        log.segments.get(1).is_some_and(|second| {
            second.starts.iter().all(|(partition, start)| {
                log.tails.get(partition).is_some_and(|tail| tail.trimmed >= start.last_sequence)
            })
        })
    }

    /// Makes the reserve unless it is there or there is no room; whether it is there now.
    pub(super) fn refill_reserve_file(&mut self) -> Result<bool, JournalError> {
        let disk = Arc::clone(&self.disk);
        let temporary = format!("{RESERVE}.tmp");
        match make_reserve(disk.as_ref(), &temporary, self.options.reserve_bytes, &mut || {}) {
            Ok(()) => Ok(true),
            Err(error) if is_full(&error) => Ok(false),
            // Nothing that was acknowledged is in it: it is tried again.
            Err(error) => {
                Err(Unwritten::Failed(failure(self.disk.as_ref(), "creating", RESERVE, &error)).into())
            }
        }
    }
}

/// Makes the reserve unless it is there or not wanted.
fn make_reserve(disk: &dyn Disk, temporary: &str, bytes: u64, pause: &mut dyn FnMut()) -> io::Result<()> {
    if bytes == 0 || disk.open(RESERVE).is_ok() {
        return Ok(());
    }
    let made = zeroed_file(disk, temporary, bytes, pause).and_then(|_| give_name(disk, temporary, RESERVE));
    if made.is_err() {
        // Half a reserve must not keep the room that a full disk lacks.
        let _ = disk.remove(temporary);
    }
    made
}

/// Room for a trim frame with so many partitions.
fn trim_group_bytes(partitions: usize) -> usize {
    frame_bytes(partitions * TRIM_POINT_BYTES).next_multiple_of(BLOCK_BYTES)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_room_for_a_trim_frame_of_any_number_of_partitions() {
        for partitions in [1, 2, 399, 400, 401, 5_000, usize::from(u16::MAX)] {
            let tails: Tails =
                (0..partitions).map(|number| (PartitionId(number as u16), Tail::default())).collect();
            let needed_bytes = frame_bytes(encode_trim_points(&tails).len());
            let room_bytes = trim_group_bytes(partitions);
            assert!(room_bytes.is_multiple_of(BLOCK_BYTES));
            assert!((needed_bytes..needed_bytes + BLOCK_BYTES).contains(&room_bytes), "{partitions}");
        }
    }
}
