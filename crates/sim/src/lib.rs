//! Deterministic world and reference interpreter. Never a dependency of anything.
//!
//! [`world`] runs the real driver, engine and journal in one thread with virtual time, a simulated disk and simulated clients,
//! and crashes it; [`ledger`] is the auditor; [`model`] draws processes; [`reference`] says what they do, and [`differential`]
//! compares the engine with it.

pub mod crowd;
pub mod differential;
pub mod ledger;
pub mod machine;
pub mod model;
pub mod reference;
pub mod world;
