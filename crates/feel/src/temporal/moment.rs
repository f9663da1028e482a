//! What an evaluation may know about the outside world.

use super::DateTime;

/// The clock and the entropy of one evaluation: inputs, because this crate reads neither.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    /// What `now()` answers; `today()` is its date.
    pub now: DateTime,
    /// Where `random number()` and `uuid()` start. The same seed gives the same values.
    pub seed: u64,
}
