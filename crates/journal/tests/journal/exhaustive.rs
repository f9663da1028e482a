//! Every single damage of a small folder, none left out: each byte, each sector, each pair of sectors, each older version of a
//! sector, each length, each file. It is recovered whole, or cut where a power loss could have torn it, or refused; and what was
//! refused can be repaired to what lies before the damage.
//!
//! The folder is looked at twice: as a process leaves it that ended well, when the watermark vouches for everything; and as a power
//! loss leaves it, when the watermark is old and the last flush may be torn.
//!
//! `WEIR_PROOF=100` tries every value of every byte.
#![expect(clippy::print_stdout, reason = "how much was tried goes into the report of the proof")]

use std::{collections::BTreeMap, sync::Arc};

use weir_journal::{
    Journal, JournalError, OwnedRecord,
    disk::sim::SimDisk,
    local::{Incarnation, LocalJournal, Options, repair_accepting_loss},
};

use crate::{
    crash::thoroughness,
    damage::{files, frames, with_stale_watermark},
    suite::{P, Q, read_all, record},
};

const SECTOR: usize = 512;
const GROUPS: u64 = 7;
/// Every so many refused folders one is repaired.
const REPAIR_EVERY: u64 = 29;

type Held = [Vec<OwnedRecord>; 2];
/// What each sector of each file held before it held what it holds now.
type Versions = BTreeMap<(String, usize), Vec<Vec<u8>>>;

fn open(disk: &SimDisk) -> Result<LocalJournal, JournalError> {
    let mut options = Options::new(Incarnation([5; 16]));
    options.segment_bytes = 16 * 1024;
    options.reserve_bytes = 0;
    LocalJournal::open(Arc::new(disk.clone()), options)
}

fn held(disk: &SimDisk) -> Result<Held, JournalError> {
    let journal = open(disk)?;
    Ok([read_all(&journal, P), read_all(&journal, Q)])
}

/// Several segments, two partitions, groups of two records; and what every sector held on the way.
fn written() -> (SimDisk, Versions) {
    let disk = SimDisk::new();
    let mut versions = Versions::new();
    let mut journal = open(&disk).expect("open");
    let [p, q] = [P, Q].map(|partition| journal.claim(partition).expect("claim"));
    for sequence in 1..=GROUPS {
        note_versions(&disk, &mut versions);
        let payload = vec![sequence as u8 | 0x40; 90 * sequence as usize];
        let group = [record(P, p.epoch, sequence, &payload), record(Q, q.epoch, sequence, b"short")];
        journal.append(&group).expect("append");
    }
    drop(journal);
    note_versions(&disk, &mut versions);
    (disk, versions)
}

fn note_versions(disk: &SimDisk, versions: &mut Versions) {
    for (path, contents) in files(disk) {
        for (number, sector) in contents.chunks(SECTOR).enumerate() {
            let known = versions.entry((path.clone(), number)).or_default();
            if known.last().is_none_or(|last| last != sector) {
                known.push(sector.to_vec());
            }
        }
    }
}

/// A folder, what it holds, and what became of its damaged copies.
struct Folder {
    disk: SimDisk,
    expected: Held,
    /// Where the flush begins that may be torn: the last one, when the watermark does not know of it.
    doubtful: Option<(String, usize)>,
    harmless: u64,
    cut: u64,
    refused: u64,
    repaired: u64,
}

impl Folder {
    fn new(disk: SimDisk, watermark_is_old: bool) -> Folder {
        let expected = held(&disk.copy()).expect("open");
        assert_eq!(expected[0].len() as u64, GROUPS);
        let last = disk.paths().into_iter().rfind(|path| path.ends_with(".segment")).expect("a segment");
        assert_eq!(last, "0000000005.segment", "several segments");
        let group = frames(&disk, &last).into_iter().rev().nth(1).expect("a group of two frames");
        let doubtful = watermark_is_old.then_some((last, group));
        Folder { disk, expected, doubtful, harmless: 0, cut: 0, refused: 0, repaired: 0 }
    }

    fn both() -> ([Folder; 2], Versions) {
        let (disk, versions) = written();
        let old = Folder::new(with_stale_watermark(&disk), true);
        ([Folder::new(disk, false), old], versions)
    }

    /// Judges a damaged copy. `place`: the file and the first byte that are damaged.
    fn judge(&mut self, damaged: &SimDisk, (path, offset): (&str, usize), what: &dyn Fn() -> String) {
        let before = damaged.copy();
        let in_doubt = self.doubtful.as_ref().is_some_and(|(last, group)| path == last && offset >= *group);
        match held(damaged) {
            Ok(found) if found == self.expected => self.harmless += 1,
            Ok(found) => {
                assert!(in_doubt, "{}: opened with something else", what());
                for (found, expected) in found.iter().zip(&self.expected) {
                    assert!(*found == expected[..expected.len() - 1], "{}: more was cut", what());
                }
                self.cut += 1;
            }
            Err(JournalError::Damaged(failure)) => {
                assert!(!in_doubt, "{}: it was never confirmed for sure, but: {failure}", what());
                assert!(files(damaged) == files(&before), "{}: a refusal changes nothing", what());
                self.refused += 1;
                if self.refused.is_multiple_of(REPAIR_EVERY) && !path.starts_with("format") {
                    self.repair(damaged, what);
                }
            }
            Err(error) => panic!("{}: {error}", what()),
        }
    }

    /// A repair gives a journal that holds what was there from the beginning up to some record, and that can be written on.
    fn repair(&mut self, damaged: &SimDisk, what: &dyn Fn() -> String) {
        match repair_accepting_loss(damaged, &BTreeMap::new()) {
            Ok(Some(_)) => {}
            Ok(None) => panic!("{}: refused, but there is nothing to repair", what()),
            // Nothing is left of the first segment, so nothing could be kept.
            Err(JournalError::Damaged(_)) => return,
            Err(error) => panic!("{}: {error}", what()),
        }
        let mut journal = open(damaged).unwrap_or_else(|error| panic!("{}, repaired: {error}", what()));
        for (partition, expected) in [P, Q].into_iter().zip(&self.expected) {
            let kept = read_all(&journal, partition);
            let tail = journal.tail(partition).expect("tail");
            let range = tail.trimmed.0 as usize..tail.last_sequence.0 as usize;
            assert!(kept == expected[range], "{}, repaired: it holds something else", what());
            let claim = journal.claim(partition).expect("claim");
            let next = claim.last_sequence.next().0;
            journal.append(&[record(partition, claim.epoch, next, b"on")]).expect("append");
        }
        drop(journal);
        open(damaged).unwrap_or_else(|error| panic!("{}, repaired and written: {error}", what()));
        self.repaired += 1;
    }

    /// Says how many folders were tried, for the report of the proof.
    fn tell(&self, what: &str) {
        let Folder { harmless, cut, refused, repaired, .. } = self;
        let all = harmless + cut + refused;
        let watermark = if self.doubtful.is_some() { "old" } else { "fresh" };
        println!(
            "images: {all} folders with {what}, watermark {watermark}: {harmless} recovered whole, {cut} without the last \
             flush, {refused} refused ({repaired} of them repaired)"
        );
        assert!(*refused > 0 && *harmless > 0, "{all} folders");
    }
}

#[test]
fn every_byte() {
    let (folders, _) = Folder::both();
    for mut folder in folders {
        for (path, contents) in files(&folder.disk) {
            for (offset, byte) in contents.iter().enumerate() {
                let bit = *byte ^ 1 << (offset % 8);
                let few = if folder.doubtful.is_some() { [bit; 3] } else { [bit, 0, 0xff] };
                let all = thoroughness() >= 100;
                let values = (0..=0xff_u8).filter(|value| value != byte && (all || few.contains(value)));
                for value in values {
                    let damaged = folder.disk.copy();
                    damaged.overwrite(&path, offset, &[value]);
                    let what = || format!("byte {offset} of {path} is {value} instead of {byte}");
                    folder.judge(&damaged, (&path, offset), &what);
                }
            }
        }
        folder.tell("one wrong byte");
    }
}

#[test]
fn every_sector() {
    let (folders, versions) = Folder::both();
    for mut folder in folders {
        for (path, contents) in files(&folder.disk) {
            for (number, sector) in contents.chunks(SECTOR).enumerate() {
                let garbled = sector.iter().enumerate().map(|(at, byte)| byte ^ (at as u8 | 1)).collect();
                let older = versions.get(&(path.clone(), number)).into_iter().flatten().cloned();
                for bytes in
                    [vec![0; sector.len()], vec![0xff; sector.len()], garbled].into_iter().chain(older)
                {
                    if bytes == sector {
                        continue;
                    }
                    let damaged = folder.disk.copy();
                    damaged.overwrite(&path, number * SECTOR, &bytes);
                    let differs = bytes.iter().zip(sector).position(|(new, old)| new != old).unwrap_or(0);
                    let what = || format!("sector {number} of {path} begins with {:?}", &bytes[..8]);
                    folder.judge(&damaged, (&path, number * SECTOR + differs), &what);
                }
            }
        }
        folder.tell("one sector zeroed, garbled or stale");
    }
}

/// A write that went to another sector, and two that were exchanged. Only with a fresh watermark, and no sector of it exchanged
/// for one of the log: both the last flush and what vouches for it are gone then (see the limit in `local/mod.rs`).
#[test]
fn every_pair_of_sectors() {
    let ([mut folder, _], _) = Folder::both();
    let all = files(&folder.disk);
    let sectors: Vec<_> = all
        .iter()
        .flat_map(|(path, contents)| {
            contents.chunks(SECTOR).enumerate().map(move |(number, bytes)| (path, number, bytes))
        })
        .filter(|(_, _, bytes)| bytes.len() == SECTOR)
        .collect();
    for (path, number, bytes) in &sectors {
        for (other_path, other_number, other) in &sectors {
            if bytes == other {
                continue;
            }
            let what = || format!("sector {number} of {path} also written to {other_number} of {other_path}");
            let damaged = folder.disk.copy();
            damaged.overwrite(other_path, other_number * SECTOR, bytes);
            folder.judge(&damaged, (other_path, other_number * SECTOR), &what);
            let of_one_kind = (*path == "watermark") == (*other_path == "watermark");
            if of_one_kind && (path, number) < (other_path, other_number) {
                let what = || format!("sectors {number} of {path}, {other_number} of {other_path} exchanged");
                let damaged = folder.disk.copy();
                damaged.overwrite(path, number * SECTOR, other);
                damaged.overwrite(other_path, other_number * SECTOR, bytes);
                folder.judge(&damaged, (path, number * SECTOR), &what);
            }
        }
    }
    folder.tell("a misdirected or exchanged sector");
}

#[test]
fn every_length_and_every_file() {
    let ([mut folder, _], _) = Folder::both();
    for (path, contents) in files(&folder.disk) {
        for bytes in 0..contents.len() {
            let damaged = folder.disk.copy();
            damaged.truncate(&path, bytes);
            folder.judge(&damaged, (&path, bytes), &|| format!("{path} is cut to {bytes} bytes"));
        }
        let damaged = folder.disk.copy();
        damaged.lose(&path);
        folder.judge(&damaged, (&path, 0), &|| format!("{path} is gone"));
        for (other, other_contents) in files(&folder.disk) {
            if other_contents != contents && other.contains('.') == path.contains('.') {
                let damaged = folder.disk.copy();
                damaged.put(&path, &other_contents);
                folder.judge(&damaged, (&path, 0), &|| format!("{path} holds what {other} holds"));
            }
        }
    }
    folder.tell("a file shortened, gone or in another's place");
}
