//! The few things that Weir asks of a file system, so that a simulated disk can stand in for the real one.
//!
//! Paths are relative to the root of the disk, with `/` between the parts. What is promised is what a POSIX file
//! system promises after a power loss, not what it usually does: a write is durable after `sync_data`, a name is
//! durable after `sync_dir` of its folder, and before that any part of it may be there or not.

pub mod mirror;
mod real;
pub mod sim;

use std::{fmt, io, sync::Arc};

pub use real::{RealDisk, free_bytes};
use weir_canary::{Canary, planted};

/// A folder tree.
pub trait Disk: Send + Sync + fmt::Debug {
    /// Opens a file for reading and writing.
    ///
    /// # Errors
    /// `NotFound`, or what the system answers.
    fn open(&self, path: &str) -> io::Result<Box<dyn DiskFile>>;

    /// Creates an empty file and opens it.
    ///
    /// # Errors
    /// `AlreadyExists`, `StorageFull`, or what the system answers.
    fn create(&self, path: &str) -> io::Result<Box<dyn DiskFile>>;

    /// Renames a file within its folder, replacing what has the new name. After a crash one of the two states is seen.
    ///
    /// # Errors
    /// `NotFound`, or what the system answers.
    fn rename(&self, from: &str, to: &str) -> io::Result<()>;

    /// Removes a file.
    ///
    /// # Errors
    /// `NotFound`, or what the system answers.
    fn remove(&self, path: &str) -> io::Result<()>;

    /// Creates a folder and those above it, unless they exist, and makes their names durable.
    ///
    /// # Errors
    /// What the system answers.
    fn create_dir(&self, path: &str) -> io::Result<()>;

    /// The names of the files in a folder, sorted; folders are left out. `""` is the root.
    ///
    /// # Errors
    /// `NotFound`, or what the system answers.
    fn list(&self, dir: &str) -> io::Result<Vec<String>>;

    /// Makes creations, renames and removals in a folder durable. Never try it again after an error.
    ///
    /// # Errors
    /// What the system answers.
    fn sync_dir(&self, dir: &str) -> io::Result<()>;

    /// Locks a file (created if need be) until the returned value is dropped, and writes `holder` into it.
    ///
    /// # Errors
    /// [`LockError::Held`] with what the holder wrote, or what the system answers.
    fn lock(&self, path: &str, holder: &str) -> Result<DiskLock, LockError>;

    /// Where a path is, for messages to people.
    fn describe(&self, path: &str) -> String;

    /// The disks that hold the same, if this one is made of several that do.
    fn copies(&self) -> Vec<SharedDisk> {
        Vec::new()
    }
}

/// An open file.
pub trait DiskFile: Send + Sync + fmt::Debug {
    /// Reads into `buffer` from `offset` on; fewer bytes than asked for only at the end of the file.
    ///
    /// # Errors
    /// What the system answers.
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize>;

    /// Writes all of `bytes` at `offset`, extending the file if need be.
    ///
    /// # Errors
    /// `StorageFull`, `QuotaExceeded`, or what the system answers. How much was written is then not known.
    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()>;

    /// Reserves space so that the file has at least `bytes` bytes; what is new reads as zero.
    ///
    /// # Errors
    /// `StorageFull`, `QuotaExceeded`, or what the system answers.
    fn allocate(&self, bytes: u64) -> io::Result<()>;

    /// The size of the file.
    ///
    /// # Errors
    /// What the system answers.
    fn size_bytes(&self) -> io::Result<u64>;

    /// Makes everything written so far durable. Never try it again after an error: the system may have dropped what it
    /// could not write, and would report success.
    ///
    /// # Errors
    /// What the system answers.
    fn sync_data(&self) -> io::Result<()>;

    /// Forgets what the system keeps of the file in memory, so that the next read asks the device. Best effort.
    fn drop_cache(&self);
}

/// Held as long as it lives.
#[derive(Debug)]
pub struct DiskLock {
    // Dropping the guard releases the lock; nobody calls it.
    _guard: Box<dyn Guard>,
}

/// What a lock is made of; dropping it releases the lock.
pub(crate) trait Guard: Send + Sync + fmt::Debug {}

/// Why a lock was not given.
#[derive(Debug)]
pub enum LockError {
    /// Somebody has it.
    Held {
        /// What the holder wrote into the file.
        holder: String,
    },
    /// The system refused.
    Io(io::Error),
}

impl From<io::Error> for LockError {
    fn from(error: io::Error) -> LockError {
        LockError::Io(error)
    }
}

/// A disk that any number of owners share.
pub type SharedDisk = Arc<dyn Disk>;

/// Whether the error says that there is no room.
pub(crate) fn is_full(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}

/// The folder part of a path.
pub(crate) fn folder_of(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// Reads until the buffer is full or the file ends; a read that fails is tried once more, as disks sometimes
/// answer the second time, and then given up.
pub(crate) fn read_full(file: &dyn DiskFile, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        let at = offset + filled as u64;
        let rest = &mut buffer[filled..];
        let read = file.read_at(rest, at).or_else(|_| file.read_at(rest, at))?;
        if read == 0 {
            break;
        }
        filled += read;
    }
    Ok(filled)
}

/// Replaces or creates a small file as a whole: temporary file, sync, rename, sync of the folder.
pub(crate) fn replace_file(disk: &dyn Disk, path: &str, bytes: &[u8]) -> io::Result<()> {
    let temporary = format!("{path}.tmp");
    match disk.remove(&temporary) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        Ok(()) | Err(_) => {}
    }
    let file = disk.create(&temporary)?;
    file.write_at(bytes, 0)?;
    file.sync_data()?;
    give_name(disk, &temporary, path)
}

/// Gives a synced temporary file its final name, durably.
pub(crate) fn give_name(disk: &dyn Disk, temporary: &str, path: &str) -> io::Result<()> {
    disk.rename(temporary, path)?;
    if planted(Canary::NameNotSynced) {
        return Ok(());
    }
    disk.sync_dir(folder_of(path))
}

/// Removes a file so that no half of it comes back after a crash: renamed out of the way, synced, unlinked.
pub(crate) fn remove_file(disk: &dyn Disk, path: &str) -> io::Result<()> {
    let deleted = format!("{path}{DELETED_SUFFIX}");
    disk.rename(path, &deleted)?;
    // Whether the name is gone is not known after an error here, so it must not look like a full disk.
    disk.sync_dir(folder_of(path)).map_err(io::Error::other)?;
    disk.remove(&deleted)
}

/// What a removed file is called between its rename and its unlinking.
pub(crate) const DELETED_SUFFIX: &str = ".deleted";
