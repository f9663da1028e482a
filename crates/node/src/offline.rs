//! A data folder while nobody runs it: what it holds, whether all of it can be read, and the last resort. A folder that a node has
//! open is refused.
//!
//! The journal is only read, but by a repair. The state store has no way of being looked at without being opened; it then finishes what a
//! crash interrupted, as it does whenever a node starts.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    sync::Arc,
};

use weir_engine::{Partition, event::Batch, key::PartitionId};
use weir_journal::{
    JournalError, Reader, Sequence, Tail,
    disk::{RealDisk, SharedDisk},
    local::{self, Inspection, Repair, Resting},
};

use crate::{Memory, StartError, checkpoint::Store, recovery, stores::CheckpointStore};

/// What a data folder holds.
#[derive(Debug)]
pub struct Contents {
    /// The journal.
    pub journal: Inspection,
    /// The record that each partition's checkpoint stands at, 0: there is none; or why the state store cannot be opened.
    pub checkpoints: Result<BTreeMap<u16, Sequence>, String>,
    /// What keeps the checkpoints and the journal from fitting together, a sentence each.
    pub misfits: Vec<String>,
}

/// What came of reading all of a folder.
#[derive(Debug)]
pub struct Verification {
    /// What the folder holds.
    pub contents: Contents,
    /// What was read, by partition.
    pub partitions: BTreeMap<u16, Verified>,
    /// What could not be read, a sentence each.
    pub wrong: Vec<String>,
}

/// What was read of a partition.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Verified {
    /// Records of the journal, each decoded.
    pub records: u64,
    /// Rows of its state after the last record, each decoded.
    pub rows: u64,
}

/// What a repair did.
#[derive(Debug)]
pub struct Repaired {
    /// What the journal gave up, if anything.
    pub journal: Option<Repair>,
    /// Where the state store was moved to; it is made anew from the journal, which has everything.
    pub store_set_aside: Option<PathBuf>,
    /// Partitions whose checkpoints now stand for later records than they hold: from (exclusive) and to, what was lost.
    pub lost_after_checkpoint: BTreeMap<u16, (Sequence, Sequence)>,
}

/// Looks at a folder.
///
/// # Errors
/// There is no journal, or a node has it open; see [`JournalError`].
pub fn inspect(folder: &Path) -> Result<Contents, StartError> {
    let resting = rest(folder)?;
    Ok(contents(folder, &resting).0)
}

/// Looks at a folder and reads all of it: every record is decoded and every partition brought to its last record. What is wrong is told
/// in words; a journal that is damaged is read as far as it goes.
///
/// # Errors
/// As [`inspect`].
pub fn verify(folder: &Path) -> Result<Verification, StartError> {
    let resting = rest(folder)?;
    let (contents, store) = contents(folder, &resting);
    let (mut verified, mut wrong) = (BTreeMap::new(), Vec::new());
    let partitions = resting.inspection.partitions.len() as u16;
    for (partition, tail) in &resting.inspection.partitions {
        let number = partition.get();
        let counts = verified.entry(number).or_insert_with(Verified::default);
        match read_records(resting.reader.as_ref(), *partition, tail) {
            Ok(records) => counts.records = records,
            Err(why) => wrong.push(why),
        }
        let Some(store) = &store else { continue };
        match replay(store, resting.reader.as_ref(), PartitionId(number), partitions) {
            Ok(rows) => counts.rows = rows,
            Err(why) => wrong.push(why),
        }
    }
    Ok(Verification { contents, partitions: verified, wrong })
}

/// How a folder and its mirror differ, a sentence each. Checkpoints need not stand at the same record: a start brings them together.
pub fn differences(folder: &Contents, mirror: &Contents) -> Vec<String> {
    let (one, other) = (&folder.journal, &mirror.journal);
    if one.incarnation != other.incarnation {
        return vec![format!(
            "journal {} and journal {} are no copies of each other",
            one.incarnation, other.incarnation
        )];
    }
    let numbers: BTreeSet<_> = one.partitions.keys().chain(other.partitions.keys()).copied().collect();
    let differs = |number: weir_journal::PartitionId| {
        let tail = |journal: &Inspection| journal.partitions.get(&number).copied().unwrap_or_default();
        let (one, other) = (tail(one), tail(other));
        let (ours, theirs) = (one.last_sequence, other.last_sequence);
        if ours != theirs {
            return Some(format!("partition {number} ends at record {ours} and, in the mirror, at {theirs}"));
        }
        if one.last_hash != other.last_hash {
            return Some(format!(
                "partition {number} holds another record {ours} than the mirror: the copies parted"
            ));
        }
        let (ours, theirs) = (one.epoch, other.epoch);
        (ours != theirs)
            .then(|| format!("partition {number} is at epoch {ours} and, in the mirror, at {theirs}"))
    };
    numbers.into_iter().filter_map(differs).collect()
}

/// Makes a folder usable that a node refuses, and loses what cannot be read any more; what that is, [`inspect`] says. Whatever is given up is
/// kept aside. A folder that a node takes is left alone.
///
/// # Errors
/// As [`inspect`]; [`StartError::Store`] when the store cannot be opened and the journal does not reach back to the beginning,
/// [`StartError::Damaged`] when it cannot be written.
pub fn repair_accepting_loss(folder: &Path) -> Result<Repaired, StartError> {
    let (disk, resting) = (disk(folder)?, rest(folder)?);
    let mut repaired =
        Repaired { journal: None, store_set_aside: None, lost_after_checkpoint: BTreeMap::new() };
    let has_everything = resting.inspection.partitions.values().all(|tail| tail.trimmed == Sequence(0));
    if !has_everything && !folder.join(STORE).is_dir() {
        let why = "there is no state store in it, and the journal does not reach back to the beginning";
        return Err(damaged(folder, why.to_owned()));
    }
    let store = match open_store(folder) {
        Ok(store) => Some(store),
        Err(_) if has_everything => {
            repaired.store_set_aside = Some(set_aside(&folder.join(STORE))?);
            None
        }
        Err(error) => return Err(error),
    };
    let checkpoints = match &store {
        Some(store) => positions(store, &resting.inspection).map_err(|why| damaged(folder, why))?,
        None => BTreeMap::new(),
    };
    // The journal is locked again by its repair.
    drop(resting);
    let held = checkpoints.iter().map(|(number, at)| (weir_journal::PartitionId(*number), *at)).collect();
    repaired.journal = local::repair_accepting_loss(disk.as_ref(), &held)?;
    let (Some(journal), Some(store)) = (&repaired.journal, &store) else { return Ok(repaired) };
    for (number, at) in checkpoints {
        let tail = journal.partitions.get(&weir_journal::PartitionId(number)).copied().unwrap_or_default();
        if at < tail.trimmed {
            store
                .write(PartitionId(number), tail.trimmed, &[])
                .map_err(|error| damaged(folder, error.to_string()))?;
            repaired.lost_after_checkpoint.insert(number, (at, tail.trimmed));
        }
    }
    Ok(repaired)
}

/// The folder of the state store.
pub(crate) const STORE: &str = "state";
/// The folder of the journal.
pub const JOURNAL: &str = "journal";

fn disk(folder: &Path) -> Result<SharedDisk, StartError> {
    let journal = folder.join(JOURNAL);
    if !journal.is_dir() {
        return Err(StartError::Folder(folder.to_path_buf(), std::io::ErrorKind::NotFound.into()));
    }
    let disk = RealDisk::new(&journal).map_err(|error| StartError::Folder(journal, error))?;
    Ok(Arc::new(disk))
}

fn rest(folder: &Path) -> Result<Resting, StartError> {
    Ok(local::rest(disk(folder)?)?)
}

fn damaged(folder: &Path, why: String) -> StartError {
    StartError::Damaged(folder.to_path_buf(), why)
}

fn open_store(folder: &Path) -> Result<Store, StartError> {
    Store::open(&folder.join(STORE), Memory::of_machine().store_cache_bytes())
}

fn contents(folder: &Path, resting: &Resting) -> (Contents, Option<Store>) {
    let journal = resting.inspection.clone();
    let store = match folder.join(STORE).is_dir() {
        true => open_store(folder),
        false => Err(damaged(folder, "there is no state store in it".to_owned())),
    };
    let (store, checkpoints) = match store {
        Ok(store) => match positions(&store, &journal) {
            Ok(positions) => (Some(store), Ok(positions)),
            Err(why) => (Some(store), Err(why)),
        },
        Err(error) => (None, Err(error.to_string())),
    };
    let misfits = checkpoints.as_ref().map(|checkpoints| misfits(checkpoints, &journal)).unwrap_or_default();
    (Contents { journal, checkpoints, misfits }, store)
}

fn positions(store: &Store, journal: &Inspection) -> Result<BTreeMap<u16, Sequence>, String> {
    let numbers = journal.partitions.keys().map(|partition| partition.get());
    numbers.map(|number| Ok((number, store.partition(PartitionId(number))?.1))).collect()
}

fn misfits(checkpoints: &BTreeMap<u16, Sequence>, journal: &Inspection) -> Vec<String> {
    let misfit = |(number, at): (&u16, &Sequence)| {
        let tail = journal.partitions.get(&weir_journal::PartitionId(*number)).copied().unwrap_or_default();
        if *at > tail.last_sequence {
            return Some(format!(
                "partition {number}: its checkpoint holds records up to {at}, but the journal ends at {}",
                tail.last_sequence
            ));
        }
        (*at < tail.trimmed).then(|| {
            format!(
                "partition {number}: its checkpoint holds records up to {at}, but the journal begins after {}",
                tail.trimmed
            )
        })
    };
    checkpoints.iter().filter_map(misfit).collect()
}

fn read_records(
    reader: &dyn Reader,
    partition: weir_journal::PartitionId,
    tail: &Tail,
) -> Result<u64, String> {
    let wrong = |error: JournalError| format!("partition {partition}: {error}");
    let mut count = 0;
    for record in reader.read(partition, tail.trimmed.next()).map_err(wrong)? {
        let record = record.map_err(wrong)?;
        Batch::from_bytes(&record.payload).map_err(|error| {
            format!("partition {partition}: record {} cannot be decoded: {error}", record.sequence)
        })?;
        count += 1;
    }
    Ok(count)
}

/// Brings a partition to its last record and reads all its rows.
fn replay(store: &Store, reader: &dyn Reader, id: PartitionId, partitions: u16) -> Result<u64, String> {
    let (stored, at) = store.partition(id)?;
    let mut partition = Partition::over(recovery::settings(id, partitions), stored);
    recovery::replay(reader, id.0, at, None, &mut partition, Memory::of_machine().rows_bytes())?;
    let mut rows = 0;
    partition.state().show(&mut |_, _| rows += 1);
    match partition.failure() {
        Some(failure) => Err(format!("partition {}: {failure}", id.0)),
        None => Ok(rows),
    }
}

/// Moves a folder out of the way, under a name that is free.
fn set_aside(store: &Path) -> Result<PathBuf, StartError> {
    let name = |number: u32| store.with_extension(format!("damaged-{number}"));
    let aside = (1..).map(name).find(|path| !path.exists()).unwrap_or_else(|| name(0));
    std::fs::rename(store, &aside).map_err(|error| StartError::Folder(store.to_path_buf(), error))?;
    Ok(aside)
}
