//! The data folder and its mirror: a second folder, best on another disk, that holds the same journal and the same state.
//!
//! The journal writes to both before anything is acknowledged ([`weir_journal::disk::mirror`]). The state is kept in a store on each side;
//! every checkpoint is written to both before the journal behind it may go, so that each side's store and journal are enough alone. A side that
//! fails, in its journal or in its store, is left behind as a whole, and is rebuilt from the other at the next start.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use weir_journal::{
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
    stores::{Stores, fits},
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
    pub(crate) store: Stores<Store>,
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

/// Opens both stores, after one that is missing, damaged or too old for the journal was made from the other.
fn open_stores(
    journal: &LocalJournal,
    mending: &Mending,
    pair: &Arc<Pair>,
    folders: [PathBuf; 2],
    caches: [u64; 2],
) -> Result<Stores<Store>, StartError> {
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
    Ok(Stores::two(primary, mirror, pair))
}

fn index(side: Side) -> usize {
    match side {
        Side::Primary => 0,
        Side::Mirror => 1,
    }
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
