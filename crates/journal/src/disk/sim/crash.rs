//! What a disk may hold after a power loss.

use super::{Change, SimDisk, SimFileState, State};
use crate::random::SplitMix;

/// What becomes of one change that was not durable when the power went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It never reached the device.
    Lost,
    /// It did.
    Kept,
    /// The sector was being written: it holds neither the old nor the new. For what is not a sector, as `Lost`.
    Garbage,
}

impl SimDisk {
    /// How many changes are not durable: sectors, sizes and names.
    pub fn pending(&self) -> usize {
        let state = self.lock_state();
        state.pending_names.len() + state.files.values().map(|file| file.pending.len()).sum::<usize>()
    }

    /// The disk as it is found when the power comes back, when `fate` decides what became of each pending change
    /// (numbered from 0, names first, then the changes of each file in order). A new disk; this one is left alone.
    pub fn crash(&self, mut fate: impl FnMut(usize) -> Fate) -> SimDisk {
        let state = self.lock_state();
        let mut found = State {
            folders: state.folders.clone(),
            durable_names: state.durable_names.clone(),
            capacity_bytes: state.capacity_bytes,
            next_file: state.next_file,
            ..State::default()
        };
        let mut number = 0;
        let mut next_fate = || {
            number += 1;
            fate(number - 1)
        };
        for change in &state.pending_names {
            if next_fate() == Fate::Kept {
                change.apply(&mut found.durable_names);
            }
        }
        for (id, file) in &state.files {
            let mut durable = file.durable.clone();
            for change in &file.pending {
                match next_fate() {
                    Fate::Lost => {}
                    Fate::Kept => change.apply(&mut durable),
                    Fate::Garbage => change.spoiled().apply(&mut durable),
                }
            }
            let found_file = SimFileState { cached: durable.clone(), durable, pending: Vec::new() };
            found.files.insert(*id, found_file);
        }
        found.names = found.durable_names.clone();
        let named: Vec<_> = found.names.values().copied().collect();
        found.files.retain(|id, _| named.contains(id));
        SimDisk { state: std::sync::Arc::new(std::sync::Mutex::new(found)) }
    }

    /// A copy as it is seen now, with nothing pending: what a process finds when only the one before it was killed.
    pub fn copy(&self) -> SimDisk {
        self.crash(|_| Fate::Kept)
    }

    /// Images to test recovery with: all subsets when at most `EXHAUSTIVE_PENDING` changes are pending, else none,
    /// all, only the oldest, only the newest, and `samples` drawn from `seed`, among them torn and garbled writes.
    pub fn crash_images(&self, seed: u64, samples: u64) -> CrashImages {
        let pending = self.pending();
        let (exhaustive, count) = if pending <= EXHAUSTIVE_PENDING {
            (true, 1_u64 << pending)
        } else {
            (false, ADVERSARIAL_IMAGES + samples)
        };
        CrashImages { disk: self.clone(), pending, exhaustive, seed, next: 0, count }
    }
}

/// With at most this many pending changes every subset is tried.
const EXHAUSTIVE_PENDING: usize = 8;
const ADVERSARIAL_IMAGES: u64 = 4;

/// The images of one power loss.
#[derive(Debug)]
pub struct CrashImages {
    disk: SimDisk,
    pending: usize,
    exhaustive: bool,
    seed: u64,
    next: u64,
    count: u64,
}

impl Iterator for CrashImages {
    type Item = SimDisk;

    fn next(&mut self) -> Option<SimDisk> {
        if self.next == self.count {
            return None;
        }
        let number = self.next;
        self.next += 1;
        let last = self.pending.saturating_sub(1);
        let keep = |kept: bool| if kept { Fate::Kept } else { Fate::Lost };
        Some(match (self.exhaustive, number) {
            (true, mask) => self.disk.crash(|change| keep(mask >> change & 1 == 1)),
            (false, 0) => self.disk.crash(|_| Fate::Lost),
            (false, 1) => self.disk.crash(|_| Fate::Kept),
            (false, 2) => self.disk.crash(|change| keep(change == 0)),
            (false, 3) => self.disk.crash(|change| keep(change == last)),
            (false, _) => self.sample(number),
        })
    }
}

impl CrashImages {
    /// Draws how likely changes survive first and then each one, so that nearly whole, nearly lost and torn images all occur.
    fn sample(&self, number: u64) -> SimDisk {
        let mut random = SplitMix(self.seed ^ number.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let survival_percent = [3, 20, 50, 80, 97][random.below(5)];
        let garbage_percent = [0, 0, 2, 20][random.below(4)];
        let cut = (random.below(3) == 0).then(|| random.below(self.pending + 1));
        self.disk.crash(|change| {
            if random.below(100) < garbage_percent {
                return Fate::Garbage;
            }
            let survives = match cut {
                Some(cut) => change < cut,
                None => random.below(100) < survival_percent,
            };
            if survives { Fate::Kept } else { Fate::Lost }
        })
    }
}

impl Change {
    fn spoiled(&self) -> Change {
        match self {
            Change::Sector { offset, bytes } => {
                let spoiled =
                    bytes.iter().enumerate().map(|(index, byte)| byte ^ (index as u8 | 1)).collect();
                Change::Sector { offset: *offset, bytes: spoiled }
            }
            Change::Grow { .. } | Change::Shrink { .. } => Change::Grow { bytes: 0 },
        }
    }
}
