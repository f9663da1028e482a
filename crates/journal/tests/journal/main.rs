//! The journal's tests: conformance of every back end, and what the local one does when disks and power fail.

mod conformance;
mod crash;
mod damage;
mod disk;
mod exhaustive;
mod faults;
mod formats;
mod mirror;
mod scrub;
mod story;
mod suite;
