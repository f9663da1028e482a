//! What an evaluation may know about the outside world.

use super::{DateTime, Zone};

/// The clock and the entropy of one evaluation: inputs, because this crate reads neither.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// What `now()` answers; `today()` is its date.
    pub now: DateTime,
    /// Where `random number()` and `uuid()` start. The same seed gives the same values.
    pub seed: u64,
}

impl Moment {
    /// The moment so many milliseconds after 1970-01-01T00:00:00Z, seen in a zone. An instant beyond FEEL's years is
    /// the start of 1970.
    #[must_use]
    pub fn from_epoch_ms(ms: i64, zone: Zone, seed: u64) -> Self {
        Self { now: DateTime::from_epoch_ms(ms, zone).unwrap_or(DateTime::EPOCH), seed }
    }
}

impl Default for Moment {
    /// 1970-01-01T00:00:00Z, seed 0.
    fn default() -> Self {
        Self { now: DateTime::EPOCH, seed: 0 }
    }
}
