//! Every limit of a node, with its unit in its name. Each has a test that exceeds it.

/// Commands that may be in flight before new work is refused.
pub const IN_FLIGHT_COMMANDS: usize = 2_000;
/// Bytes of variables that may be in flight before new work is refused.
pub const IN_FLIGHT_BYTES: usize = 32 << 20;
/// Free bytes of the disk below which new work is refused.
pub const NEW_WORK_FREE_BYTES: u64 = 256 << 20;
/// Free bytes of the disk from which new work is let in again, so that it does not flicker.
pub const NEW_WORK_AGAIN_FREE_BYTES: u64 = NEW_WORK_FREE_BYTES + (64 << 20);
/// Free bytes of the disk below which checkpoints wait: their store also needs room to tidy up.
pub const CHECKPOINT_FREE_BYTES: u64 = 128 << 20;
/// The least memory that a node runs with, in bytes.
pub const MIN_MEMORY_BYTES: u64 = 128 << 20;
/// What it takes at most where nothing is said, in bytes.
pub const DEFAULT_MEMORY_BYTES: u64 = 512 << 20;
/// Partitions that one system may have: a key has 13 bits for its partition.
pub const MAX_PARTITIONS: u16 = 8_191;
/// What the limit of one document of variables may be set to, in bytes.
pub const MAX_VARIABLES_BYTES: usize = weir_engine::limits::MAX_DOCUMENT_BYTES;
/// What the limit of all variables of a process instance may be set to, in bytes.
pub const MAX_INSTANCE_VARIABLES_BYTES: usize = weir_engine::limits::MAX_INSTANCE_BYTES;
