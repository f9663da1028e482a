//! A folder of a simulated disk as a disk of its own: two of them lose power together, and each can fail alone.

use std::io;

use super::SimDisk;
use crate::disk::{Disk, DiskFile, DiskLock, LockError};

/// A folder of a disk, taken for a disk.
#[derive(Debug, Clone)]
pub struct SimFolder {
    disk: SimDisk,
    name: String,
}

impl SimDisk {
    /// The folder with this name (no `/` in it), made if need be.
    pub fn folder(&self, name: &str) -> SimFolder {
        self.lock_state().folders.insert(name.to_owned());
        SimFolder { disk: self.clone(), name: name.to_owned() }
    }

    /// Makes all that is below a folder vanish behind the system's back.
    pub fn lose_folder(&self, name: &str) {
        let within = |path: &str| path.strip_prefix(name).is_some_and(|rest| rest.starts_with('/'));
        let mut state = self.lock_state();
        state.names.retain(|path, _| !within(path));
        state.durable_names.retain(|path, _| !within(path));
        state.pending_names.retain(|change| !within(change.path()));
    }
}

impl SimFolder {
    fn path(&self, path: &str) -> String {
        if path.is_empty() { self.name.clone() } else { format!("{}/{path}", self.name) }
    }
}

impl Disk for SimFolder {
    fn open(&self, path: &str) -> io::Result<Box<dyn DiskFile>> {
        self.disk.open(&self.path(path))
    }

    fn create(&self, path: &str) -> io::Result<Box<dyn DiskFile>> {
        self.disk.create(&self.path(path))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.disk.rename(&self.path(from), &self.path(to))
    }

    fn remove(&self, path: &str) -> io::Result<()> {
        self.disk.remove(&self.path(path))
    }

    fn create_dir(&self, path: &str) -> io::Result<()> {
        self.disk.create_dir(&self.path(path))
    }

    fn list(&self, dir: &str) -> io::Result<Vec<String>> {
        self.disk.list(&self.path(dir))
    }

    fn sync_dir(&self, dir: &str) -> io::Result<()> {
        self.disk.sync_dir(&self.path(dir))
    }

    fn lock(&self, path: &str, holder: &str) -> Result<DiskLock, LockError> {
        self.disk.lock(&self.path(path), holder)
    }

    fn describe(&self, path: &str) -> String {
        self.disk.describe(&self.path(path))
    }
}
