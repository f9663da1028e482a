//! Timers: what the texts of a timer mean, and when it is due. Pure: the time and the zone are inputs.
//!
//! A date is read by [`date_due_ms`], a duration by [`Interval::parse`], a cycle by [`Cycle::parse`]; values of FEEL come in
//! through [`date_time_due_ms`] and `From`. All due times are milliseconds since 1970-01-01T00:00:00Z. `None` for a due
//! time means beyond the years that can be counted, or never.

mod cron;
mod cycle;
mod interval;

use std::fmt;

use weir_feel::Dialect;
use weir_feel::temporal::{DateTime, Zone};

pub use cron::Cron;
pub use cycle::{Cycle, Repetitions};
pub use interval::Interval;

/// Why a text is no timer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TimerError(String);

impl fmt::Display for TimerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for TimerError {}

/// When a `timeDate` text is due: ISO 8601 with an offset or a zone (`2030-01-31T08:00:00+01:00[Europe/Berlin]`).
///
/// # Errors
/// The text is no date and time, or it has neither offset nor zone.
pub fn date_due_ms(text: &str) -> Result<i64, TimerError> {
    zoned(text).and_then(|date_time| {
        date_time.epoch_ms().ok_or_else(|| TimerError(format!("'{}' is out of range", shown(text))))
    })
}

/// When a date and time from FEEL is due; a local one is taken to be in `zone`.
#[must_use]
pub fn date_time_due_ms(date_time: DateTime, zone: Zone) -> Option<i64> {
    match date_time.zone() {
        Zone::Local => date_time.in_zone(zone)?.epoch_ms(),
        Zone::Fixed(_) | Zone::Named { .. } => date_time.epoch_ms(),
    }
}

/// A date and time with an offset or a zone.
fn zoned(text: &str) -> Result<DateTime, TimerError> {
    match DateTime::parse(text, Dialect::Bpmn) {
        Some(date_time) if date_time.zone() != Zone::Local => Ok(date_time),
        Some(_) => Err(TimerError(format!(
            "'{}' has neither an offset nor a zone: add Z for UTC, or an offset such as +01:00",
            shown(text)
        ))),
        None => Err(TimerError(format!(
            "'{}' is no date and time: expected ISO 8601 such as 2030-01-31T08:00:00Z",
            shown(text)
        ))),
    }
}

/// A text as messages repeat it.
fn shown(text: &str) -> String {
    crate::diagnostic::quoted(text)
}
