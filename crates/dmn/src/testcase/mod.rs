//! Test cases in the XML format of the DMN Technology Compatibility Kit: for the kit itself and for users' own
//! decisions. Bytes in, results out; files are the caller's.
//!
//! A test case passes when all its result nodes do; that is what the published results count.

mod compare;
mod declared;
mod read;
mod report;
mod run;

pub use read::{Datum, DatumKind, Invocable, ResultNode, TestCase, TestSuite, TestValue, is_test_file};
pub use report::Report;
pub use run::{CaseResult, NodeResult};
