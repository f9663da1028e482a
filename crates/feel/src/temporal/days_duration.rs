//! Durations in days, hours, minutes, seconds.

/// An exact length of time ("days and time duration").
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct DaysDuration {
    /// Whole seconds, rounded down: negative durations with a fraction are `seconds + nanos`.
    seconds: i64,
    /// 0 to 999,999,999.
    nanos: u32,
}
