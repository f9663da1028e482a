//! The memory of a node: one figure bounds the process; here is how it is shared out.
//!
//! | what | share |
//! |---|---|
//! | rows of the partitions | 30 % |
//! | the store's cache of blocks | 15 % |
//! | the store's write buffers, the journal's buffers, commands in flight, the program itself | the rest |

/// Memory that a node may take, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Memory {
    bytes: u64,
}

/// The least that a node runs with, in bytes.
pub const MEMORY_BYTES_MIN: u64 = 128 << 20;
/// What it takes at most where nothing is said, in bytes.
pub const MEMORY_BYTES_DEFAULT_MAX: u64 = 512 << 20;

impl Memory {
    /// So many bytes; `None`: fewer than [`MEMORY_BYTES_MIN`].
    pub fn new(bytes: u64) -> Option<Memory> {
        (bytes >= MEMORY_BYTES_MIN).then_some(Memory { bytes })
    }

    /// What is right on this machine where nothing is said: an eighth of what it has, or of what its control group is allowed.
    pub fn of_machine() -> Memory {
        let total = machine_bytes().unwrap_or(u64::MAX).min(group_bytes().unwrap_or(u64::MAX));
        Memory { bytes: (total / 8).clamp(MEMORY_BYTES_MIN, MEMORY_BYTES_DEFAULT_MAX) }
    }

    /// All of it.
    pub fn bytes(self) -> u64 {
        self.bytes
    }

    /// The share of the rows of partitions.
    pub fn rows_bytes(self) -> usize {
        usize::try_from(self.bytes / 100 * 30).unwrap_or(usize::MAX)
    }

    /// The share of the store's cache.
    pub fn store_cache_bytes(self) -> u64 {
        self.bytes / 100 * 15
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
        assert_eq!(Memory::new(MEMORY_BYTES_MIN - 1), None);
        assert!(Memory::of_machine().bytes() >= MEMORY_BYTES_MIN);
    }
}
