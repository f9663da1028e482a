//! A date with a time of day.

use super::{Date, Time};

/// A date with a time of day, local, at an offset or in a zone.
#[derive(Clone, Copy, Debug)]
pub struct DateTime {
    date: Date,
    time: Time,
}
