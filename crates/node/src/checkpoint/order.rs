//! The store's own journals before they are read by their library. It drops what follows a damaged place without a word; where that is
//! the end of the newest journal nothing is wrong (nobody was told of a torn batch, and of a confirmed one the node's journal knows), but
//! in an older one it leaves a hole: later checkpoints stand, rows of an earlier one are missing. It also does not see when the number of a
//! batch, which decides what of a row is newest, is another. Both are refused here, before anything is changed.
//!
//! Format: a batch is `1`, count of items (4 bytes), number (8 bytes); each item `2`, kind (1), compression (1), keyspace (8),
//! bytes of the key (2), bytes of the value (4), of the value as stored (4), key, value; then `3`, checksum (8), `FJL` and the format.
//! The numbers rise from batch to batch and from journal to journal.

use std::{
    fs,
    io::{self, BufReader, Read},
    path::{Path, PathBuf},
};

use super::torn::last_byte;

const START: u8 = 1;
const ITEM: u8 = 2;
const END: u8 = 3;
/// Bytes of an item's head behind its first one.
const ITEM_HEAD_BYTES: usize = 20;
/// What a batch ends with, before the format.
const TRAILER: &[u8] = b"FJL";

/// The journals in a store's folder, the oldest first: `7.jnl`.
pub(super) fn journals(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut journals = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let is_journal = path.extension().is_some_and(|suffix| suffix == "jnl");
        let number = path.file_stem().and_then(|stem| stem.to_str()?.parse::<u64>().ok());
        if let (true, Some(number)) = (is_journal, number) {
            journals.push((number, path));
        }
    }
    journals.sort();
    Ok(journals.into_iter().map(|(_, path)| path).collect())
}

/// Whether the journals are whole but for the end of the newest, and in order; what is wrong, in words.
pub(super) fn check(folder: &Path) -> io::Result<Result<(), String>> {
    let journals = journals(folder)?;
    let mut last_number = None;
    for (place, path) in journals.iter().enumerate() {
        let file = fs::File::open(path)?;
        let used = last_byte(&file, file.metadata()?.len())?.map_or(0, |(at, _)| at + 1);
        let mut batches = Batches { from: BufReader::new(file), end: 0, at: 0 };
        let wrong = |at: u64, what: &str| {
            Ok(Err(format!("{} at byte {at}: {what}; it is not the end of what was written", path.display())))
        };
        while let Some(number) = batches.next_number()? {
            if last_number.is_some_and(|last| number <= last) {
                return wrong(batches.end, "a batch has a number that is not greater than that before it");
            }
            last_number = Some(number);
        }
        let is_newest = place + 1 == journals.len();
        if batches.end < used && !is_newest {
            return wrong(batches.end, "a batch is damaged");
        }
    }
    Ok(Ok(()))
}

/// Reads batch after batch.
struct Batches<R> {
    from: BufReader<R>,
    /// Where the last whole batch ends.
    end: u64,
    at: u64,
}

impl<R: Read + io::Seek> Batches<R> {
    /// The number of the next batch; `None`: there is no whole one.
    fn next_number(&mut self) -> io::Result<Option<u64>> {
        match self.batch() {
            Ok(number) => Ok(number),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn batch(&mut self) -> io::Result<Option<u64>> {
        if self.take::<1>()? != [START] {
            return Ok(None);
        }
        let items = u32::from_le_bytes(self.take()?);
        let number = u64::from_le_bytes(self.take()?);
        for _ in 0..items {
            if self.take::<1>()? != [ITEM] {
                return Ok(None);
            }
            let head: [u8; ITEM_HEAD_BYTES] = self.take()?;
            let [.., k0, k1, _, _, _, _, v0, v1, v2, v3] = head;
            let key_bytes = u16::from_le_bytes([k0, k1]);
            let value_bytes = u32::from_le_bytes([v0, v1, v2, v3]);
            self.skip(u64::from(key_bytes) + u64::from(value_bytes))?;
        }
        if self.take::<1>()? != [END] {
            return Ok(None);
        }
        let [_, _, _, _, _, _, _, _, trailer @ .., _format] = self.take::<12>()?;
        if trailer != TRAILER {
            return Ok(None);
        }
        self.end = self.at;
        Ok(Some(number))
    }

    fn take<const N: usize>(&mut self) -> io::Result<[u8; N]> {
        let mut bytes = [0; N];
        self.from.read_exact(&mut bytes)?;
        self.at += N as u64;
        Ok(bytes)
    }

    fn skip(&mut self, bytes: u64) -> io::Result<()> {
        self.from.seek_relative(bytes as i64)?;
        self.at += bytes;
        Ok(())
    }
}
