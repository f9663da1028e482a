//! Deterministic world and reference interpreter. Never a dependency of anything.
//!
//! [`world`] runs the real driver, engine and journal in one thread with virtual time, a simulated disk or network and simulated
//! clients, and spoils all of them as [`profile`] says; [`ledger`] is the auditor; [`situations`] says what must come up;
//! [`lives`] is the journal alone, from power loss to power loss; [`model`] draws processes; [`reference`] says what they do, and [`differential`] compares the engine with it.

pub mod crowd;
pub mod differential;
pub mod hunt;
pub mod ledger;
pub mod lives;
pub mod machine;
pub mod model;
pub mod profile;
pub mod reference;
mod sides;
pub mod situations;
pub mod spread;
pub mod world;
