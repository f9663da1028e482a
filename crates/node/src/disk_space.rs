//! The free space of the data folder's disk, looked at before it runs out.
//!
//! While little is left, no new work is let in, and what is under way can still end: in segments that were made ahead of
//! time, then from the journal's reserve. Checkpoints wait for room: a store that finds a full disk must be opened anew. All
//! of it ends by itself when there is space again.

use std::{
    io,
    path::{Path, PathBuf},
    sync::{Arc, Condvar, Mutex, PoisonError},
    time::Duration,
};

use weir_journal::disk::{free_bytes, mirror::Side};

use crate::{
    admission::Admission,
    commit::SharedCommitter,
    limits::{CHECKPOINT_FREE_BYTES, NEW_WORK_AGAIN_FREE_BYTES, NEW_WORK_FREE_BYTES},
    mirror::Mirror,
};

/// How often it is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// The disk of a data folder, and of its mirror if it has one.
#[derive(Debug)]
pub(crate) struct DiskSpace {
    folder: PathBuf,
    mirror: Option<Mirror>,
    admission: Arc<Admission>,
    stopping: Mutex<bool>,
    told_to_stop: Condvar,
}

/// Whether there is too little for new work.
fn is_low(was_low: bool, free_bytes: u64) -> bool {
    free_bytes < if was_low { NEW_WORK_AGAIN_FREE_BYTES } else { NEW_WORK_FREE_BYTES }
}

impl DiskSpace {
    /// Looks at the disk for the first time.
    pub(crate) fn of(folder: &Path, mirror: Option<Mirror>, admission: Arc<Admission>) -> Arc<DiskSpace> {
        let space = Arc::new(DiskSpace {
            folder: folder.to_path_buf(),
            mirror,
            admission,
            stopping: Mutex::new(false),
            told_to_stop: Condvar::new(),
        });
        space.look();
        space
    }

    /// The door-keeper, who is told what is seen.
    pub(crate) fn admission(&self) -> Arc<Admission> {
        self.admission.clone()
    }

    /// Looks every now and then, until the node stops. What checkpoints made superfluous goes even when nothing is committed any more.
    pub(crate) fn watch(&self, committer: &SharedCommitter) {
        while !self.stops_within(LOOK_EVERY) {
            committer.clear_up();
            self.look();
            if self.admission.is_disk_full() && !self.admission.is_disk_low() {
                committer.refill_reserve();
            }
        }
    }

    /// What is free where there is less of it: both folders are written. One that was left behind is not.
    fn free(&self) -> io::Result<(u64, &Path)> {
        let Some(Mirror { folder: mirror, pair }) = &self.mirror else {
            return Ok((free_bytes(&self.folder)?, &self.folder));
        };
        let sides = [(Side::Primary, &self.folder), (Side::Mirror, mirror)];
        let mut least = (u64::MAX, self.folder.as_path());
        for (_, folder) in sides.into_iter().filter(|(side, _)| pair.counts(*side)) {
            least = least.min((free_bytes(folder)?, folder));
        }
        Ok(least)
    }

    fn look(&self) {
        // A disk that cannot be asked is judged by what it said before; the next write tells.
        let Ok((free, folder)) = self.free() else { return };
        let was_low = self.admission.is_disk_low();
        let low = is_low(was_low, free);
        self.admission.set_disk_low(low);
        let free_mib = free >> 20;
        if low && !was_low {
            let needed_mib = NEW_WORK_AGAIN_FREE_BYTES >> 20;
            tracing::error!(
                "only {free_mib} MiB are free on the disk of {}: new work is refused until there are {needed_mib} MiB",
                folder.display()
            );
        } else if was_low && !low {
            tracing::info!(
                "{free_mib} MiB are free on the disk of the data folder again: new work is let in"
            );
        }
    }

    /// Whether the store may be written to. A disk that cannot be asked is tried.
    pub(crate) fn has_checkpoint_room(&self) -> bool {
        self.free().map_or(true, |(free, _)| is_enough_for_a_checkpoint(free))
    }

    /// Waits until there is room for a checkpoint; `false`: the node stops before there is.
    pub(crate) fn waits_for_checkpoint_room(&self) -> bool {
        let mut told = false;
        loop {
            if self.has_checkpoint_room() {
                return true;
            }
            if self.stops_within(Duration::ZERO) {
                return false;
            }
            if !told {
                told = true;
                let needed_mib = CHECKPOINT_FREE_BYTES >> 20;
                tracing::error!(
                    "checkpoints wait until {needed_mib} MiB are free; the journal grows meanwhile"
                );
            }
            self.stops_within(LOOK_EVERY);
        }
    }

    /// The node stops: nobody waits for space any more.
    pub(crate) fn stop(&self) {
        *self.stopping.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.told_to_stop.notify_all();
    }

    /// Waits; whether the node stops.
    pub(crate) fn stops_within(&self, time: Duration) -> bool {
        let stopping = self.stopping.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.told_to_stop.wait_timeout_while(stopping, time, |stopping| !*stopping);
        *waited.unwrap_or_else(PoisonError::into_inner).0
    }
}

fn is_enough_for_a_checkpoint(free_bytes: u64) -> bool {
    free_bytes >= CHECKPOINT_FREE_BYTES
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checkpoints_wait_for_room_long_after_new_work_does() {
        assert!(is_enough_for_a_checkpoint(CHECKPOINT_FREE_BYTES));
        assert!(!is_enough_for_a_checkpoint(CHECKPOINT_FREE_BYTES - 1));
        assert!(is_enough_for_a_checkpoint(NEW_WORK_FREE_BYTES - 1), "what is there can still be worked off");
    }

    #[test]
    fn new_work_is_let_in_again_with_some_more_than_it_was_refused_with() {
        let steps = [
            (NEW_WORK_FREE_BYTES, false),
            (NEW_WORK_FREE_BYTES - 1, true),
            (NEW_WORK_FREE_BYTES, true),
            (NEW_WORK_AGAIN_FREE_BYTES - 1, true),
            (NEW_WORK_AGAIN_FREE_BYTES, false),
            (0, true),
        ];
        let mut low = false;
        for (free, expected) in steps {
            low = is_low(low, free);
            assert_eq!(low, expected, "{free}");
        }
    }

    #[test]
    fn who_waits_for_space_ends_with_the_node() {
        let space = DiskSpace::of(Path::new("."), None, Admission::new(1));
        assert!(!space.stops_within(Duration::from_millis(1)));
        space.stop();
        assert!(space.stops_within(Duration::from_secs(60)));
    }
}
