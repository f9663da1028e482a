//! Times of day.

use super::Zone;

/// A time of day with a resolution of nanoseconds, local, at an offset or in a zone.
#[derive(Clone, Copy, Debug)]
pub struct Time {
    second_of_day: u32,
    nanos: u32,
    zone: Zone,
}
