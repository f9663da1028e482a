//! Segments that nobody needs any more, until they are removed. To take a file's name away and to make that durable
//! waits for the file system's own journal, tens of milliseconds at times: no commit stands behind that.
//!
//! They go oldest first, whoever removes them and however often that breaks off: a folder may hold too many segments,
//! but never one that is followed by a gap.

use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, OnceLock, PoisonError},
};

use super::examine::failure;
use crate::{
    Failure,
    disk::{Disk, remove_file},
};

#[derive(Debug, Default)]
pub(super) struct Condemned {
    files: Mutex<VecDeque<String>>,
    /// Held by the one who removes.
    removing: Mutex<()>,
    failed: OnceLock<Failure>,
}

impl Condemned {
    /// Adds the next one; older ones were added before.
    pub(super) fn add(&self, file: String) {
        lock(&self.files).push_back(file);
    }

    /// Removes all there are, one after the other. The first that can not be removed stays, and so do those behind it.
    pub(super) fn remove(&self, disk: &dyn Disk, pause: &mut dyn FnMut()) {
        let _alone = lock(&self.removing);
        while self.failed.get().is_none() {
            let Some(oldest) = lock(&self.files).front().cloned() else { return };
            match remove_file(disk, &oldest) {
                Ok(()) => drop(lock(&self.files).pop_front()),
                // Only the first failure is told; there is none before it.
                Err(error) => drop(self.failed.set(failure(disk, "removing", &oldest, &error))),
            }
            pause();
        }
    }

    /// Why one could not be removed. What the disk holds is then no longer known.
    pub(super) fn failure(&self) -> Option<&Failure> {
        self.failed.get()
    }
}

/// A panic of who held it left nothing half done: each change is one call.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
