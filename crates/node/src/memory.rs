//! The memory of a node: one figure bounds the process; here is how it is shared out.
//!
//! | what | share |
//! |---|---|
//! | rows of the partitions | 24 %, less two thirds of what a mirror's store takes |
//! | the store's cache of blocks | 12 %, less one third of it |
//! | the store's write buffers, the journal's buffers, commands in flight, the program itself | the rest |
//!
//! Measured with the default of 512 MiB: 330 MiB at most while a million waiting instances are made, 470 MiB while as many timers that
//! were due in one second fire, and millions of rows go in seconds. Three things took 200 MiB more before: checkpoints of very many rows at
//! once, a write buffer that grew while the store compacted, and an allocator that gave memory back after a second instead of 10 ms.
//!
//! A mirror has a store of its own, with write buffers and a small cache; rows and cache of the first make room for it, down
//! to a quarter of their shares.

use crate::limits::{DEFAULT_MEMORY_BYTES, MIN_MEMORY_BYTES};

/// Memory that a node may take, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Memory {
    bytes: u64,
    /// What a second store takes.
    mirror_bytes: u64,
}

impl Memory {
    /// So many bytes; `None`: fewer than [`MIN_MEMORY_BYTES`].
    pub fn new(bytes: u64) -> Option<Memory> {
        (bytes >= MIN_MEMORY_BYTES).then_some(Memory { bytes, mirror_bytes: 0 })
    }

    /// What is right on this machine where nothing is said: an eighth of what it has, or of what its control group is allowed.
    pub fn of_machine() -> Memory {
        let total = machine_bytes().unwrap_or(u64::MAX).min(group_bytes().unwrap_or(u64::MAX));
        Memory { bytes: (total / 8).clamp(MIN_MEMORY_BYTES, DEFAULT_MEMORY_BYTES), mirror_bytes: 0 }
    }

    /// The same memory where a mirror's store takes so many bytes of it.
    pub(crate) fn with_mirror(self, mirror_bytes: u64) -> Memory {
        Memory { mirror_bytes, ..self }
    }

    /// All of it.
    pub fn bytes(self) -> u64 {
        self.bytes
    }

    /// The share of the rows of partitions.
    pub fn rows_bytes(self) -> usize {
        usize::try_from(self.share(24, self.mirror_bytes / 3 * 2)).unwrap_or(usize::MAX)
    }

    /// The share of the store's cache.
    pub fn store_cache_bytes(self) -> u64 {
        self.share(12, self.mirror_bytes / 3)
    }

    /// So many hundredths, less what is needed elsewhere, but at least a quarter of them.
    fn share(self, hundredths: u64, elsewhere: u64) -> u64 {
        let share = self.bytes / 100 * hundredths;
        share.saturating_sub(elsewhere).max(share / 4)
    }
}

/// Memory of the machine, where the system says.
fn machine_bytes() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/meminfo").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok().map(|kib| kib * 1024)
}

/// Memory that the control group may take, where there is one with a limit.
fn group_bytes() -> Option<u64> {
    let own = std::fs::read_to_string("/proc/self/cgroup").ok()?;
    let path = own.lines().find_map(|line| line.strip_prefix("0::/")).unwrap_or_default();
    let places = [
        format!("/sys/fs/cgroup/{path}/memory.max"),
        "/sys/fs/cgroup/memory.max".to_string(),
        "/sys/fs/cgroup/memory/memory.limit_in_bytes".to_string(),
    ];
    places.iter().filter_map(|place| std::fs::read_to_string(place).ok()?.trim().parse().ok()).min()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shares_leave_room_for_what_they_do_not_bound() {
        let memory = Memory::new(512 << 20).unwrap();
        let shared = memory.rows_bytes() as u64 + memory.store_cache_bytes();
        assert!(shared < memory.bytes() / 2);
        assert_eq!(Memory::new(MIN_MEMORY_BYTES - 1), None);
        for bytes in [MIN_MEMORY_BYTES, 512 << 20, 4 << 30] {
            let (alone, mirrored) =
                (Memory::new(bytes).unwrap(), Memory::new(bytes).unwrap().with_mirror(48 << 20));
            let shares = |memory: Memory| memory.rows_bytes() as u64 + memory.store_cache_bytes();
            let freed = shares(alone) - shares(mirrored);
            assert!(freed + 3 >= (48 << 20) || bytes == MIN_MEMORY_BYTES, "{freed}");
            let together = shares(mirrored) + (48 << 20);
            assert!(together < bytes / 2, "even of the least memory half is left: {together} are taken");
        }
        let usual = Memory::of_machine().bytes();
        assert!((MIN_MEMORY_BYTES..=DEFAULT_MEMORY_BYTES).contains(&usual), "{usual}");
    }
}
