//! The journal in files of one folder, the default: one log for all partitions, so that one sync makes the batches of
//! all of them durable.
//!
//! ```text
//! format               what the folder is (see `marker.rs`)
//! lock                 held while a process has the journal open; names it
//! watermark            up to where the log is known to be durable (see `watermark.rs`)
//! 0000000001.segment   frames (see `segment.rs`, `frame.rs`), preallocated and zeroed
//! spare                the next segment, made ahead of time
//! reserve              room that is given up when the disk is full, so that work can still be ended
//! stale                only in a copy that a pair left behind, see `disk/mirror.rs`
//! lost+cut/            what recovery cut off a torn tail; safe to delete
//! ```
//!
//! What recovery does with what it finds is the decision table in `examine.rs`. A mirror on a second disk is a
//! [`Disk`](crate::disk::Disk) over two others ([`mirror`](crate::disk::mirror)); `reconcile.rs` makes the two alike before it is opened. Limit of the format: rot that strikes only the very
//! last flush before a power loss, while the watermark file is stale, looks like a torn write and is cut.

mod append;
mod condemned;
mod examine;
mod frame;
mod inspect;
mod marker;
mod open;
mod read;
mod reconcile;
mod scrub;
mod segment;
mod walk;
mod watermark;

use std::{
    collections::BTreeMap,
    sync::{Arc, RwLock},
};

use self::{
    condemned::Condemned,
    read::{LocalReader, Log},
    segment::Tails,
    watermark::Watermark,
};
pub use self::{
    examine::{SegmentSummary, Spot},
    frame::Position,
    inspect::{Condition, Inspection, Repair, Resting, inspect, repair_accepting_loss, rest},
    marker::Incarnation,
    open::{Cut, Recovery},
    reconcile::{Mended, Mending, open_mirrored},
    scrub::{BadSegment, Scrubbed, Scrubber},
    walk::Seen,
};
use crate::{
    Epoch, Failure, PartitionId,
    disk::{DiskFile, DiskLock, SharedDisk},
};

/// How a local journal is opened.
#[derive(Debug, Clone)]
pub struct Options {
    /// Size of a segment. A group of records that needs more gets a segment of its own size.
    pub segment_bytes: u64,
    /// Size of the reserve for a full disk; should have room for a segment. 0 means none.
    pub reserve_bytes: u64,
    /// What the lock file says about the holder, for people: process id, host.
    pub holder: String,
    /// The identity that the journal gets if it is created now; random bytes.
    pub incarnation: Incarnation,
}

/// Default size of a segment.
pub const SEGMENT_BYTES: u64 = 64 * 1024 * 1024;
/// Default size of the reserve: a segment, and something for the rest.
pub const RESERVE_BYTES: u64 = SEGMENT_BYTES + 4 * 1024 * 1024;
/// The smallest segment, in bytes.
pub const MIN_SEGMENT_BYTES: u64 = 16 * 1024;
/// The largest segment, in bytes, unless a group needs more. Offsets have 32 bits.
pub const MAX_SEGMENT_BYTES: u64 = 1024 * 1024 * 1024;
/// The largest group of records in one append, with headers, in bytes.
pub const MAX_GROUP_BYTES: usize = 1024 * 1024 * 1024;

impl Options {
    /// The defaults, for this process.
    pub fn new(incarnation: Incarnation) -> Options {
        Options {
            segment_bytes: SEGMENT_BYTES,
            reserve_bytes: RESERVE_BYTES,
            holder: format!("process {}", std::process::id()),
            incarnation,
        }
    }
}

/// A journal in files.
#[derive(Debug)]
pub struct LocalJournal {
    disk: SharedDisk,
    options: Options,
    incarnation: Incarnation,
    active: Active,
    /// The last frame, which is durable.
    last: Position,
    /// The epochs that were claimed on this handle.
    claimed: BTreeMap<PartitionId, Epoch>,
    watermark: Watermark,
    /// The group being built; kept for its memory.
    buffer: Vec<u8>,
    staged: Tails,
    offsets: Vec<(PartitionId, u32)>,
    log: Arc<RwLock<Log>>,
    failed: Option<Failure>,
    spare_wanted: bool,
    condemned: Arc<Condemned>,
    removal_wanted: bool,
    recovery: Recovery,
    _lock: DiskLock,
}

/// The segment that is being written.
#[derive(Debug)]
struct Active {
    number: u32,
    file: Box<dyn DiskFile>,
    offset: usize,
    capacity_bytes: usize,
}

impl LocalJournal {
    /// What was found when the journal was opened.
    pub fn recovery(&self) -> &Recovery {
        &self.recovery
    }

    /// The identity of the journal.
    pub fn incarnation(&self) -> Incarnation {
        self.incarnation
    }

    /// The last frame; durable.
    pub fn position(&self) -> Position {
        self.last
    }

    fn local_reader(&self) -> LocalReader {
        LocalReader {
            disk: Arc::clone(&self.disk),
            incarnation: self.incarnation,
            log: Arc::clone(&self.log),
        }
    }
}
