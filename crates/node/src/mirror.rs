//! The data folder and its mirror: a second folder, best on another disk, that holds the same journal and the same state.
//!
//! The journal writes to both before anything is acknowledged ([`weir_journal::disk::mirror`]). The state is kept in a store on each side;
//! every checkpoint is written to both before the journal behind it may go, so that each side's store and journal are enough alone. A side that
//! fails, in its journal or in its store, is left behind as a whole, and is rebuilt from the other at the next start.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use weir_engine::{
    key::PartitionId,
    state::{
        Change,
        below::{Direction, Limit, Stored, StoredError, StoredRows},
    },
};
use weir_journal::{
    Journal, Sequence,
    disk::{
        RealDisk, SharedDisk,
        mirror::{Flushing, LeftBehind, Pair, Side},
    },
    local::{Incarnation, LocalJournal, Mending, Options, open_mirrored},
};

use crate::{
    NodeConfig, StartError,
    checkpoint::{Store, WRITE_BUFFER_BYTES},
    node::random_bytes,
    offline::{JOURNAL, STORE},
    recovery::{Ahead, Checkpoint},
};

/// A mirror in use.
#[derive(Clone, Debug)]
pub(crate) struct Mirror {
    /// The second folder.
    pub(crate) folder: PathBuf,
    /// Both, and which of them counts.
    pub(crate) pair: Arc<Pair>,
}

/// What a node keeps everything in.
pub(crate) struct Opened {
    pub(crate) journal: LocalJournal,
    pub(crate) store: Stores,
    pub(crate) mirror: Option<Mirror>,
}

/// Cache of the mirror's store: nothing is read from it while the other side can be read.
const MIRROR_CACHE_BYTES: u64 = 1 << 20;
/// Memory that the mirror's store takes.
pub(crate) const STORE_BYTES: u64 = 3 * WRITE_BUFFER_BYTES + MIRROR_CACHE_BYTES;

/// Opens the journal and the store, in one folder or in two that are made alike first.
///
/// # Errors
/// See [`StartError`].
pub(crate) fn open(config: &NodeConfig) -> Result<Opened, StartError> {
    let folder = &config.data_dir;
    let options = Options::new(Incarnation(random_bytes()));
    let disk = journal_disk(folder)?;
    let Some(mirror) = &config.mirror_dir else {
        let journal = LocalJournal::open(disk, options)?;
        let store = Store::open(&folder.join(STORE), config.memory.store_cache_bytes())?;
        return Ok(Opened { journal, store: Stores::one(store), mirror: None });
    };
    check_apart(folder, mirror)?;
    let pair = Pair::new(disk, journal_disk(mirror)?, Flushing::SideBySide, Box::new(alarm))
        .map_err(|error| StartError::Mirror(mirror.clone(), error.to_string()))?;
    let (journal, mending) = open_mirrored(&pair, options)?;
    tell(&mending, [folder, mirror]);
    let folders = [folder.join(STORE), mirror.join(STORE)];
    let caches = [config.shared_memory().store_cache_bytes(), MIRROR_CACHE_BYTES];
    let store = open_stores(&journal, &mending, &pair, folders, caches)?;
    mending.done(&pair)?;
    Ok(Opened { journal, store, mirror: Some(Mirror { folder: mirror.clone(), pair }) })
}

fn journal_disk(folder: &Path) -> Result<SharedDisk, StartError> {
    let journal = folder.join(JOURNAL);
    let disk = RealDisk::new(&journal).map_err(|error| StartError::Folder(journal, error))?;
    Ok(Arc::new(disk))
}

/// A mirror within the data folder, or the other way round, would be lost with it.
fn check_apart(folder: &Path, mirror: &Path) -> Result<(), StartError> {
    fs::create_dir_all(mirror)
        .map_err(|error| StartError::Mirror(mirror.to_path_buf(), error.to_string()))?;
    let whole = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_path_buf());
    let (one, other) = (whole(folder), whole(mirror));
    if one.starts_with(&other) || other.starts_with(&one) {
        let why =
            format!("it and the data folder {} lie in one another; give one on another disk", one.display());
        return Err(StartError::Mirror(mirror.to_path_buf(), why));
    }
    Ok(())
}

fn alarm(left: &LeftBehind) {
    let LeftBehind { side, why } = left;
    tracing::error!(
        "the {side} folder failed and is left behind: from now on everything is kept ONCE; repair its disk and start again, \
         which rebuilds it from the other folder; the cause: {why}"
    );
}

/// Says what was done to make the two journals alike.
fn tell(mending: &Mending, folders: [&PathBuf; 2]) {
    let place = |side: Side| match side {
        Side::Primary => folders[0].display(),
        Side::Mirror => folders[1].display(),
    };
    if let Some(side) = mending.built {
        tracing::warn!("the {side} folder {} held no journal: it was built from the other one", place(side));
    }
    if let Some(side) = mending.was_left_behind {
        tracing::warn!(
            "the {side} folder {} was left behind: it was rebuilt from the other one",
            place(side)
        );
    }
    if mending.built.is_none() {
        for piece in &mending.mended {
            let (file, offset, bytes) = (&piece.file, piece.offset, piece.bytes);
            tracing::warn!(
                "{bytes} bytes of {file} from byte {offset} on were bad or missing in the {} folder {}: written from the other one",
                piece.side,
                place(piece.side)
            );
        }
    }
}

/// The state store on one disk, or on two.
#[derive(Clone)]
pub(crate) struct Stores {
    primary: Store,
    mirror: Option<Second>,
}

#[derive(Clone)]
struct Second {
    store: Store,
    pair: Arc<Pair>,
    /// Partitions whose checkpoints stood at different records when they were opened, until the earlier one has caught up.
    uneven: Arc<Mutex<BTreeSet<PartitionId>>>,
}

impl Second {
    fn is_uneven(&self, id: PartitionId) -> bool {
        self.uneven.lock().unwrap_or_else(PoisonError::into_inner).contains(&id)
    }
}

impl Stores {
    fn one(store: Store) -> Stores {
        Stores { primary: store, mirror: None }
    }

    /// The last checkpoint of a partition. Where the two sides differ, because the power went between the two writes, the earlier one
    /// is read: the journal still has what follows, and recovery brings it to where the other one stands.
    pub(crate) fn partition(&self, id: PartitionId) -> Result<Checkpoint, String> {
        let (rows, at) = self.primary.partition(id)?;
        let Some(second) = &self.mirror else { return Ok(Checkpoint { rows, at, ahead: None }) };
        let (mirror_rows, mirror_at) = second.store.partition(id)?;
        let first = if mirror_at < at { Side::Mirror } else { Side::Primary };
        let ahead = (mirror_at != at).then(|| self.ahead(second, id, first, at.max(mirror_at)));
        let rows = RowsOfBoth { rows: [rows, mirror_rows], first, id, second: second.clone() };
        Ok(Checkpoint { rows: Arc::new(rows), at: at.min(mirror_at), ahead })
    }

    /// The side other than `behind` stands at record `at`.
    fn ahead(&self, second: &Second, id: PartitionId, behind: Side, at: Sequence) -> Ahead {
        let uneven = second.uneven.clone();
        uneven.lock().unwrap_or_else(PoisonError::into_inner).insert(id);
        let store = match behind {
            Side::Primary => self.primary.clone(),
            Side::Mirror => second.store.clone(),
        };
        let catch_up = move |changes: &[Change]| {
            store.write(id, at, changes).map_err(|error| error.to_string())?;
            uneven.lock().unwrap_or_else(PoisonError::into_inner).remove(&id);
            Ok(())
        };
        Ahead { at, catch_up: Box::new(catch_up) }
    }

    /// Changes rows on every side that counts; see [`Store::write`].
    pub(crate) fn write(
        &self,
        id: PartitionId,
        sequence: Sequence,
        changes: &[Change],
    ) -> Result<(), String> {
        let Some(second) = &self.mirror else {
            return self.primary.write(id, sequence, changes).map_err(|error| error.to_string());
        };
        for (side, store) in [(Side::Primary, &self.primary), (Side::Mirror, &second.store)] {
            if !second.pair.counts(side) {
                continue;
            }
            if let Err(error) = store.write(id, sequence, changes) {
                let why = format!("writing to its state store: {error}");
                if !second.pair.leave_behind(side, &why) {
                    return Err(why);
                }
            }
        }
        Ok(())
    }
}

/// The rows of one partition on both sides.
struct RowsOfBoth {
    rows: [Arc<dyn Stored>; 2],
    /// The side that is asked first.
    first: Side,
    id: PartitionId,
    second: Second,
}

impl std::fmt::Debug for RowsOfBoth {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "RowsOfBoth({:?})", self.id)
    }
}

impl RowsOfBoth {
    fn of(&self, side: Side) -> &dyn Stored {
        match side {
            Side::Primary => self.rows[0].as_ref(),
            Side::Mirror => self.rows[1].as_ref(),
        }
    }

    /// Asks the first side, and where that fails the other, unless that stands at another record.
    fn ask<T>(&self, ask: impl Fn(&dyn Stored) -> Result<T, StoredError>) -> Result<T, StoredError> {
        let pair = &self.second.pair;
        let other = self.first.other();
        let mut failed = StoredError("its disk was left behind".to_owned());
        if pair.counts(self.first) {
            match ask(self.of(self.first)) {
                Err(error) => failed = error,
                found => return found,
            }
        }
        if self.second.is_uneven(self.id) || !pair.counts(other) {
            return Err(failed);
        }
        let found = ask(self.of(other))?;
        pair.leave_behind(self.first, &format!("reading its state store: {failed}"));
        Ok(found)
    }
}

impl Stored for RowsOfBoth {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoredError> {
        self.ask(|rows| rows.get(key))
    }

    fn scan(
        &self,
        from: &[u8],
        to: &[u8],
        limit: Limit,
        direction: Direction,
    ) -> Result<StoredRows, StoredError> {
        self.ask(|rows| rows.scan(from, to, limit, direction))
    }
}

/// Opens both stores, after one that is missing, damaged or too old for the journal was made from the other.
fn open_stores(
    journal: &LocalJournal,
    mending: &Mending,
    pair: &Arc<Pair>,
    folders: [PathBuf; 2],
    caches: [u64; 2],
) -> Result<Stores, StartError> {
    let mut opened = [None, None];
    for side in Side::BOTH {
        let place = index(side);
        let folder = &folders[place];
        // One that was left behind is not looked at; a folder that is missing is not made by looking.
        if mending.was_left_behind == Some(side) || !folder.is_dir() {
            continue;
        }
        opened[place] = match Store::open(folder, caches[place]) {
            Ok(store) => Some(store).filter(|store| fits(store, journal)),
            Err(error) => {
                tracing::warn!(
                    "the state store of the {side} folder is rebuilt if the other one is sound: {error}"
                );
                None
            }
        };
    }
    let [primary, mirror] = match opened {
        [Some(primary), Some(mirror)] => [primary, mirror],
        [None, None] => [
            open_or_refuse(&folders[0], caches[0], journal)?,
            open_or_refuse(&folders[1], caches[1], journal)?,
        ],
        [Some(primary), None] => {
            let mirror = rebuild(&folders[1], caches[1], &primary)?;
            [primary, mirror]
        }
        [None, Some(mirror)] => {
            let primary = rebuild(&folders[0], caches[0], &mirror)?;
            [primary, mirror]
        }
    };
    let second = Second { store: mirror, pair: Arc::clone(pair), uneven: Arc::default() };
    Ok(Stores { primary, mirror: Some(second) })
}

fn index(side: Side) -> usize {
    match side {
        Side::Primary => 0,
        Side::Mirror => 1,
    }
}

/// Whether the journal leads from each of its checkpoints to the last record.
fn fits(store: &Store, journal: &LocalJournal) -> bool {
    let reader = journal.reader();
    let fits = |partition: weir_journal::PartitionId| {
        let tail = reader.tail(partition).ok()?;
        let (_, at) = store.partition(PartitionId(partition.get())).ok()?;
        (tail.trimmed <= at && at <= tail.last_sequence).then_some(())
    };
    reader
        .partitions()
        .is_ok_and(|partitions| partitions.into_iter().all(|partition| fits(partition).is_some()))
}

/// A store where neither side has one that fits: new ones, unless something is lost.
fn open_or_refuse(folder: &Path, cache_bytes: u64, journal: &LocalJournal) -> Result<Store, StartError> {
    let store = Store::open(folder, cache_bytes)?;
    if fits(&store, journal) {
        return Ok(store);
    }
    let why = "it does not fit to the journal, and neither does that of the other folder; restore a backup, or look with \
               `weir data inspect`";
    Err(StartError::Store(folder.to_path_buf(), why.to_owned()))
}

/// Makes a store from another one, beside the one that is there, and puts it in its place.
fn rebuild(folder: &Path, cache_bytes: u64, from: &Store) -> Result<Store, StartError> {
    let failed = |error: &dyn std::fmt::Display| StartError::Store(folder.to_path_buf(), error.to_string());
    tracing::warn!("the state store {} is built from that of the other folder", folder.display());
    let new = folder.with_extension("rebuilt");
    if new.exists() {
        fs::remove_dir_all(&new).map_err(|error| failed(&error))?;
    }
    let store = Store::open(&new, cache_bytes)?;
    store.fill_from(from).map_err(|error| failed(&error))?;
    drop(store);
    if folder.exists() {
        fs::remove_dir_all(folder).map_err(|error| failed(&error))?;
    }
    fs::rename(&new, folder).map_err(|error| failed(&error))?;
    if let Some(parent) = folder.parent() {
        fs::File::open(parent).and_then(|parent| parent.sync_all()).map_err(|error| failed(&error))?;
    }
    Store::open(folder, cache_bytes)
}
