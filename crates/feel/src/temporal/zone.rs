//! Where a time is valid: nowhere in particular, at an offset, or in a zone of the IANA data base.

/// The zone of a time or of a date and time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Zone {
    /// No zone: a local time.
    Local,
    /// A fixed offset from UTC, at most 18 hours; both parts have the same sign.
    Offset {
        /// Whole minutes east of UTC.
        minutes: i16,
        /// Seconds beyond the minutes.
        seconds: i8,
    },
    /// A zone of the embedded IANA data base, by its place in the table.
    Named(u16),
}
