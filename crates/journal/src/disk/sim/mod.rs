//! A disk in memory that behaves as badly as a real one may, and the same way every time.
//!
//! It keeps apart what the running system sees (its caches) and what would be there after a power loss. Until a sync,
//! every 512-byte sector of every write, every change of size and every change of a name may survive or not, each on its own
//! ([`SimDisk::crash`], [`SimDisk::crash_images`]). A sync that fails drops what it should have written and keeps showing
//! it, as Linux does. Faults are planted with [`SimDisk::plant`], rot with [`SimDisk::overwrite`].

mod contents;
mod crash;
mod folder;

use std::{
    collections::{BTreeMap, BTreeSet},
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use self::contents::Contents;
pub use self::{
    crash::{CrashImages, Fate},
    folder::SimFolder,
};
use super::{Disk, DiskFile, DiskLock, Guard, LockError, folder_of};

/// What a disk writes as a whole or not at all, in bytes.
pub const SECTOR_BYTES: usize = 512;

/// A deterministic disk; clones are the same disk.
#[derive(Debug, Clone, Default)]
pub struct SimDisk {
    state: Arc<Mutex<State>>,
}

/// What a [`Fault`] strikes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    /// Reading from a file.
    Read,
    /// Writing to a file, or giving it space.
    Write,
    /// Syncing a file.
    SyncData,
    /// Creating, renaming or removing a file.
    Name,
    /// Syncing a folder.
    SyncDir,
}

/// A fault to come.
#[derive(Debug, Clone)]
pub struct Fault {
    /// The operation that fails.
    pub operation: Operation,
    /// Only on paths that contain this.
    pub path_contains: String,
    /// How many matching operations succeed before.
    pub after: u64,
    /// How many fail then.
    pub times: u64,
    /// With what error.
    pub error: io::ErrorKind,
}

#[derive(Debug, Clone, Default)]
struct State {
    files: BTreeMap<FileId, SimFileState>,
    folders: BTreeSet<String>,
    /// What the running system sees.
    names: BTreeMap<String, FileId>,
    /// What would be there after a power loss, apart from `pending_names`.
    durable_names: BTreeMap<String, FileId>,
    pending_names: Vec<NameChange>,
    locks: BTreeMap<String, String>,
    faults: Vec<Fault>,
    capacity_bytes: Option<u64>,
    next_file: u64,
    operations: u64,
    power_cut_at: Option<u64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct FileId(u64);

#[derive(Debug, Clone, Default)]
struct SimFileState {
    /// What the running system sees.
    cached: Contents,
    /// What would be there after a power loss, apart from `pending`.
    durable: Contents,
    pending: Vec<Change>,
}

/// A change of a file that is not durable yet.
#[derive(Debug, Clone)]
enum Change {
    Sector { offset: usize, bytes: Vec<u8> },
    Grow { bytes: usize },
    Shrink { bytes: usize },
}

/// A change of a folder that is not durable yet.
#[derive(Debug, Clone)]
enum NameChange {
    Create { path: String, file: FileId },
    Rename { from: String, to: String, file: FileId },
    Remove { path: String },
}

#[derive(Debug)]
struct SimFile {
    disk: SimDisk,
    path: String,
    file: FileId,
}

impl SimDisk {
    /// An empty disk without a size limit.
    pub fn new() -> SimDisk {
        SimDisk::default()
    }

    /// Limits what all files together may hold; `None` lifts the limit.
    pub fn set_capacity_bytes(&self, bytes: Option<u64>) {
        self.lock_state().capacity_bytes = bytes;
    }

    /// Plants a fault.
    pub fn plant(&self, fault: Fault) {
        self.lock_state().faults.push(fault);
    }

    /// Removes all planted faults.
    pub fn heal(&self) {
        self.lock_state().faults.clear();
    }

    /// How many changing operations (writes, syncs, names) were asked for so far.
    pub fn operations(&self) -> u64 {
        self.lock_state().operations
    }

    /// Cuts the power during the changing operation with this number (the first is 1): it and all later ones fail.
    /// What it was about to do counts as not yet durable.
    pub fn cut_power_at(&self, operation: u64) {
        self.lock_state().power_cut_at = Some(operation);
    }

    /// Takes back a cut that has not come yet.
    pub fn keep_power(&self) {
        let mut state = self.lock_state();
        if !state.is_dark() {
            state.power_cut_at = None;
        }
    }

    /// Whether the power was cut.
    pub fn is_dark(&self) -> bool {
        self.lock_state().is_dark()
    }

    /// All files that the running system sees, sorted.
    pub fn paths(&self) -> Vec<String> {
        self.lock_state().names.keys().cloned().collect()
    }

    /// What a file holds, as the running system sees it; empty when there is none.
    pub fn contents(&self, path: &str) -> Vec<u8> {
        let state = self.lock_state();
        state.names.get(path).map(|file| state.files[file].cached.copy(0, usize::MAX)).unwrap_or_default()
    }

    /// How long a file is, and the parts of it that were written: between them and behind them are zeros.
    pub fn written(&self, path: &str) -> (usize, Vec<(usize, Vec<u8>)>) {
        let state = self.lock_state();
        let contents = state.names.get(path).map(|file| &state.files[file].cached);
        contents.map(|contents| (contents.len(), contents.written())).unwrap_or_default()
    }

    /// Replaces bytes behind the system's back, on the device and in the cache: rot. Nothing is extended.
    pub fn overwrite(&self, path: &str, offset: usize, bytes: &[u8]) {
        self.damage(path, |contents| {
            let within = bytes.len().min(contents.len().saturating_sub(offset));
            contents.write(offset.min(contents.len()), &bytes[..within]);
        });
    }

    /// Shortens a file behind the system's back.
    pub fn truncate(&self, path: &str, bytes: usize) {
        self.damage(path, |contents| contents.truncate(bytes));
    }

    /// Shortens a file as a process does: it may survive a power loss or not.
    pub fn shrink(&self, path: &str, bytes: usize) {
        let mut state = self.lock_state();
        if let Some(file) = state.names.get(path).copied()
            && let Some(file) = state.files.get_mut(&file)
        {
            let change = Change::Shrink { bytes };
            change.apply(&mut file.cached);
            file.pending.push(change);
        }
    }

    /// Makes a file vanish behind the system's back.
    pub fn lose(&self, path: &str) {
        let mut state = self.lock_state();
        state.names.remove(path);
        state.durable_names.remove(path);
    }

    /// Puts a file there behind the system's back, durable.
    pub fn put(&self, path: &str, contents: &[u8]) {
        let mut state = self.lock_state();
        let file = state.new_file();
        let mut cached = Contents::default();
        cached.write(0, contents);
        state.files.insert(file, SimFileState { durable: cached.clone(), cached, pending: Vec::new() });
        state.names.insert(path.to_owned(), file);
        state.durable_names.insert(path.to_owned(), file);
        state.folders.insert(folder_of(path).to_owned());
    }

    fn damage(&self, path: &str, mut change: impl FnMut(&mut Contents)) {
        let mut state = self.lock_state();
        if let Some(file) = state.names.get(path).copied()
            && let Some(contents) = state.files.get_mut(&file)
        {
            change(&mut contents.cached);
            change(&mut contents.durable);
        }
    }

    fn lock_state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn is_dark(&self) -> bool {
        self.power_cut_at.is_some_and(|at| self.operations >= at)
    }

    fn new_file(&mut self) -> FileId {
        self.next_file += 1;
        FileId(self.next_file)
    }

    /// Counts a changing operation. `Ok(true)` means that the power goes while it is under way.
    fn begin(&mut self, operation: Operation, path: &str) -> io::Result<bool> {
        if self.is_dark() {
            return Err(dark());
        }
        self.operations += 1;
        self.strike(operation, path)?;
        Ok(self.is_dark())
    }

    fn strike(&mut self, operation: Operation, path: &str) -> io::Result<()> {
        for fault in &mut self.faults {
            if fault.operation != operation || !path.contains(&fault.path_contains) {
                continue;
            }
            if fault.after > 0 {
                fault.after -= 1;
            } else if fault.times > 0 {
                fault.times -= 1;
                return Err(io::Error::new(fault.error, "planted fault"));
            }
        }
        Ok(())
    }

    fn used_bytes(&self) -> u64 {
        self.names.values().map(|file| self.files[file].cached.len() as u64).sum()
    }

    fn check_room(&self, file: FileId, new_bytes: usize) -> io::Result<()> {
        let grown_bytes = new_bytes.saturating_sub(self.files[&file].cached.len()) as u64;
        match self.capacity_bytes {
            Some(capacity) if grown_bytes > 0 && self.used_bytes() + grown_bytes > capacity => {
                Err(io::ErrorKind::StorageFull.into())
            }
            Some(_) | None => Ok(()),
        }
    }

    fn change_name(&mut self, change: NameChange) {
        change.apply(&mut self.names);
        self.pending_names.push(change);
    }
}

impl NameChange {
    fn apply(&self, names: &mut BTreeMap<String, FileId>) {
        match self {
            NameChange::Create { path, file } => {
                names.insert(path.clone(), *file);
            }
            NameChange::Rename { from, to, file } => {
                names.remove(from);
                names.insert(to.clone(), *file);
            }
            NameChange::Remove { path } => {
                names.remove(path);
            }
        }
    }

    fn path(&self) -> &str {
        match self {
            NameChange::Create { path, .. } | NameChange::Remove { path } => path,
            NameChange::Rename { to, .. } => to,
        }
    }
}

impl Change {
    fn apply(&self, contents: &mut Contents) {
        match self {
            Change::Sector { offset, bytes } => contents.write(*offset, bytes),
            Change::Grow { bytes } => contents.grow(*bytes),
            Change::Shrink { bytes } => contents.truncate(*bytes),
        }
    }
}

fn dark() -> io::Error {
    io::Error::new(io::ErrorKind::NotConnected, "power lost")
}

fn not_found(path: &str) -> io::Error {
    io::Error::new(io::ErrorKind::NotFound, format!("no file {path}"))
}

impl Disk for SimDisk {
    fn open(&self, path: &str) -> io::Result<Box<dyn DiskFile>> {
        let state = self.lock_state();
        if state.is_dark() {
            return Err(dark());
        }
        let file = *state.names.get(path).ok_or_else(|| not_found(path))?;
        Ok(Box::new(SimFile { disk: self.clone(), path: path.to_owned(), file }))
    }

    fn create(&self, path: &str) -> io::Result<Box<dyn DiskFile>> {
        let mut state = self.lock_state();
        let goes_dark = state.begin(Operation::Name, path)?;
        if state.names.contains_key(path) {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        let file = state.new_file();
        state.files.insert(file, SimFileState::default());
        state.change_name(NameChange::Create { path: path.to_owned(), file });
        if goes_dark {
            return Err(dark());
        }
        Ok(Box::new(SimFile { disk: self.clone(), path: path.to_owned(), file }))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let mut state = self.lock_state();
        let goes_dark = state.begin(Operation::Name, to)?;
        let file = *state.names.get(from).ok_or_else(|| not_found(from))?;
        state.change_name(NameChange::Rename { from: from.to_owned(), to: to.to_owned(), file });
        if goes_dark { Err(dark()) } else { Ok(()) }
    }

    fn remove(&self, path: &str) -> io::Result<()> {
        let mut state = self.lock_state();
        let goes_dark = state.begin(Operation::Name, path)?;
        if !state.names.contains_key(path) {
            return Err(not_found(path));
        }
        state.change_name(NameChange::Remove { path: path.to_owned() });
        if goes_dark { Err(dark()) } else { Ok(()) }
    }

    fn create_dir(&self, path: &str) -> io::Result<()> {
        let mut state = self.lock_state();
        if state.is_dark() {
            return Err(dark());
        }
        state.folders.insert(path.to_owned());
        Ok(())
    }

    fn list(&self, dir: &str) -> io::Result<Vec<String>> {
        let state = self.lock_state();
        if state.is_dark() {
            return Err(dark());
        }
        if !dir.is_empty() && !state.folders.contains(dir) {
            return Err(not_found(dir));
        }
        let within = state.names.keys().filter(|path| folder_of(path) == dir);
        Ok(within.map(|path| path.rsplit('/').next().unwrap_or(path).to_owned()).collect())
    }

    fn sync_dir(&self, dir: &str) -> io::Result<()> {
        let mut state = self.lock_state();
        if state.begin(Operation::SyncDir, dir)? {
            return Err(dark());
        }
        let pending = std::mem::take(&mut state.pending_names);
        for change in pending {
            if folder_of(change.path()) == dir {
                change.apply(&mut state.durable_names);
            } else {
                state.pending_names.push(change);
            }
        }
        Ok(())
    }

    fn lock(&self, path: &str, holder: &str) -> Result<DiskLock, LockError> {
        let mut state = self.lock_state();
        if state.is_dark() {
            return Err(dark().into());
        }
        if let Some(held) = state.locks.get(path) {
            return Err(LockError::Held { holder: held.clone() });
        }
        state.locks.insert(path.to_owned(), holder.to_owned());
        Ok(DiskLock { _guard: Box::new(SimLock { disk: self.clone(), path: path.to_owned() }) })
    }

    fn describe(&self, path: &str) -> String {
        format!("sim:/{path}")
    }
}

impl DiskFile for SimFile {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let mut state = self.disk.lock_state();
        if state.is_dark() {
            return Err(dark());
        }
        state.strike(Operation::Read, &self.path)?;
        let contents = &state.files[&self.file].cached;
        let start = usize::try_from(offset).unwrap_or(usize::MAX).min(contents.len());
        Ok(contents.read(buffer, start))
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        let mut state = self.disk.lock_state();
        let goes_dark = state.begin(Operation::Write, &self.path)?;
        let offset = usize::try_from(offset).map_err(io::Error::other)?;
        state.check_room(self.file, offset + bytes.len())?;
        let Some(file) = state.files.get_mut(&self.file) else { return Err(not_found(&self.path)) };
        let end = offset + bytes.len();
        file.cached.write(offset, bytes);
        // The device gets whole sectors, with what was in them before.
        for start in (offset / SECTOR_BYTES * SECTOR_BYTES..end).step_by(SECTOR_BYTES) {
            let bytes = file.cached.copy(start, SECTOR_BYTES);
            file.pending.push(Change::Sector { offset: start, bytes });
        }
        if goes_dark { Err(dark()) } else { Ok(()) }
    }

    fn allocate(&self, bytes: u64) -> io::Result<()> {
        let mut state = self.disk.lock_state();
        let goes_dark = state.begin(Operation::Write, &self.path)?;
        let bytes = usize::try_from(bytes).map_err(io::Error::other)?;
        state.check_room(self.file, bytes)?;
        let Some(file) = state.files.get_mut(&self.file) else { return Err(not_found(&self.path)) };
        if file.cached.len() < bytes {
            let change = Change::Grow { bytes };
            change.apply(&mut file.cached);
            file.pending.push(change);
        }
        if goes_dark { Err(dark()) } else { Ok(()) }
    }

    fn size_bytes(&self) -> io::Result<u64> {
        Ok(self.disk.lock_state().files[&self.file].cached.len() as u64)
    }

    fn sync_data(&self) -> io::Result<()> {
        let mut state = self.disk.lock_state();
        let begun = state.begin(Operation::SyncData, &self.path);
        let dark_now = state.is_dark();
        let Some(file) = state.files.get_mut(&self.file) else { return Err(not_found(&self.path)) };
        match begun {
            Ok(true) => Err(dark()),
            Ok(false) => {
                for change in std::mem::take(&mut file.pending) {
                    change.apply(&mut file.durable);
                }
                Ok(())
            }
            Err(error) => {
                // The pages are marked clean although they never reached the device; the next sync reports success.
                if !dark_now {
                    file.pending.clear();
                }
                Err(error)
            }
        }
    }

    fn drop_cache(&self) {
        let mut state = self.disk.lock_state();
        if let Some(file) = state.files.get_mut(&self.file)
            && file.pending.is_empty()
        {
            file.cached.clone_from(&file.durable);
        }
    }
}

#[derive(Debug)]
struct SimLock {
    disk: SimDisk,
    path: String,
}

impl Guard for SimLock {}

impl Drop for SimLock {
    fn drop(&mut self) {
        self.disk.lock_state().locks.remove(&self.path);
    }
}
