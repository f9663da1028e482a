//! The driver: owns time, threads and disk; runs partitions; leads and follows. No BPMN rule lives here.
//!
//! [`driver::Driver`] is the loop as a state machine; [`node::Node`] starts it on threads, a journal and a store;
//! [`handle::Handle`] is the door for the faces.

mod admission;
mod checkpoint;
pub mod clock;
mod commit;
mod delivery;
pub mod demand;
mod disk_space;
pub mod driver;
pub mod handle;
mod housekeeping;
pub mod limits;
pub mod memory;
mod metrics;
mod mirror;
pub mod node;
mod observe;
pub mod offline;
mod precedence;
pub mod recovery;
mod scrub;
mod shell;
mod standing_queue;
pub mod stores;
mod upkeep;

pub use handle::{Handle, Health, JobBatches, JobStream, JobStreamSpec, SubmitError, Topology};
pub use memory::Memory;
pub use node::{DEFAULT_PARTITIONS, Node, NodeConfig, StartError};
pub use observe::{Observed, Observer, Overrun};
pub use precedence::stand_behind;
pub use weir_engine::Payload;
pub use weir_journal::disk::mirror::Side;
