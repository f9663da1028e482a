//! Durations in years and months.

/// A number of calendar months ("years and months duration").
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct MonthsDuration {
    months: i64,
}
