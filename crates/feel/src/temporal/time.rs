//! Times of day.

use std::cmp::Ordering;
use std::fmt;

use super::scan::{self, Scan, write_fraction};
use super::{DaysDuration, Offset, Zone};
use crate::dialect::Dialect;

const SECONDS_PER_DAY: u32 = 86_400;
pub(super) const NANOS_PER_SECOND: i128 = 1_000_000_000;
const NANOS_PER_DAY: i128 = SECONDS_PER_DAY as i128 * NANOS_PER_SECOND;

/// A time of day with a resolution of nanoseconds, local, at an offset or in a zone.
///
/// `==` means the same in every part (FEEL's `is`); what FEEL's `=` means depends on the dialect, see [`Time::equals`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Time {
    second_of_day: u32,
    nanos: u32,
    zone: Zone,
}

impl Time {
    /// Local midnight.
    pub const MIDNIGHT: Self = Self { second_of_day: 0, nanos: 0, zone: Zone::Local };

    /// The time of these fields: hours to 23, minutes and seconds to 59, nanoseconds to 999,999,999.
    #[must_use]
    pub fn new(hour: u8, minute: u8, second: u8, nanos: u32, zone: Zone) -> Option<Self> {
        if hour > 23 || minute > 59 || second > 59 || nanos > 999_999_999 {
            return None;
        }
        let second_of_day = u32::from(hour) * 3600 + u32::from(minute) * 60 + u32::from(second);
        Some(Self { second_of_day, nanos, zone })
    }

    /// For parts that come from a valid time.
    pub(super) const fn from_parts(second_of_day: u32, nanos: u32, zone: Zone) -> Self {
        Self { second_of_day, nanos, zone }
    }

    /// Reads a time.
    ///
    /// Both dialects: `hh:mm:ss[.f]`, then nothing, `Z`, `+hh:mm` or `@Region/City`; 24:00:00 is midnight.
    /// BPMN: a `T` before it; seconds may be left out where there is no zone; at most nine digits of fraction.
    /// DMN: seconds in the offset.
    #[must_use]
    pub fn parse(text: &str, dialect: Dialect) -> Option<Self> {
        let mut scan = Scan::new(text);
        if dialect == Dialect::Bpmn {
            scan.take(b'T');
        }
        let clock = Clock::scan(&mut scan, dialect)?;
        let (zone, bracketed) = Zone::scan(scan, dialect)?;
        let is_complete = match zone {
            Zone::Local => true,
            Zone::Fixed(_) | Zone::Named { .. } => clock.has_seconds && !clock.has_bare_point,
        };
        let second_of_day = clock.second_of_day % SECONDS_PER_DAY;
        (is_complete && bracketed.is_none()).then_some(Self { second_of_day, nanos: clock.nanos, zone })
    }

    /// The hour, 0 to 23.
    #[must_use]
    pub fn hour(self) -> u8 {
        // In range: the second of the day is below 86,400.
        (self.second_of_day / 3600) as u8
    }

    /// The minute, 0 to 59.
    #[must_use]
    pub fn minute(self) -> u8 {
        (self.second_of_day / 60 % 60) as u8
    }

    /// The second, 0 to 59.
    #[must_use]
    pub fn second(self) -> u8 {
        (self.second_of_day % 60) as u8
    }

    /// Nanoseconds beyond the second.
    #[must_use]
    pub fn nanos(self) -> u32 {
        self.nanos
    }

    /// Where the time is valid.
    #[must_use]
    pub fn zone(self) -> Zone {
        self.zone
    }

    pub(super) fn second_of_day(self) -> u32 {
        self.second_of_day
    }

    /// The offset as a duration (the property `time offset`); a local time has none.
    #[must_use]
    pub fn time_offset(self) -> Option<DaysDuration> {
        self.zone.offset().map(|offset| DaysDuration::from_seconds(i64::from(offset.total_seconds())))
    }

    /// Nanoseconds since the local midnight, or since that of UTC where an offset is known.
    fn utc_nanos(self) -> i128 {
        let offset = self.zone.offset().map_or(0, Offset::total_seconds);
        (i128::from(self.second_of_day) - i128::from(offset)) * NANOS_PER_SECOND + i128::from(self.nanos)
    }

    /// FEEL's `=`. None: not comparable.
    ///
    /// BPMN: the same in every part; a local and a zoned time are of different types. DMN: the same second of the
    /// day in UTC, because the standard compares by the properties, which know no fractions.
    #[must_use]
    pub fn equals(self, other: Self, dialect: Dialect) -> Option<bool> {
        let same_kind = self.is_local() == other.is_local();
        match dialect {
            Dialect::Bpmn => same_kind.then_some(self == other),
            Dialect::Dmn => Some(same_kind && self.utc_second() == other.utc_second()),
        }
    }

    /// FEEL's `<`, `>`. None: one is local and the other is not.
    #[must_use]
    pub fn compare(self, other: Self) -> Option<Ordering> {
        (self.is_local() == other.is_local()).then(|| self.utc_nanos().cmp(&other.utc_nanos()))
    }

    fn utc_second(self) -> i128 {
        self.utc_nanos().div_euclid(NANOS_PER_SECOND)
    }

    fn is_local(self) -> bool {
        self.zone == Zone::Local
    }

    /// The time so much later, around the clock.
    #[must_use]
    pub fn plus(self, duration: DaysDuration) -> Self {
        let nanos = i128::from(self.second_of_day) * NANOS_PER_SECOND + i128::from(self.nanos);
        let sum = (nanos + duration.total_nanos()).rem_euclid(NANOS_PER_DAY);
        // In range: less than a day.
        let second_of_day = (sum / NANOS_PER_SECOND) as u32;
        Self { second_of_day, nanos: (sum % NANOS_PER_SECOND) as u32, zone: self.zone }
    }

    /// FEEL's `self - other`. None: one is local and the other is not.
    ///
    /// In the BPMN dialect the difference of zoned times is never negative, as in feel-scala.
    #[must_use]
    pub fn since(self, other: Self, dialect: Dialect) -> Option<DaysDuration> {
        if self.is_local() != other.is_local() {
            return None;
        }
        let nanos = self.utc_nanos() - other.utc_nanos();
        let is_absolute = dialect == Dialect::Bpmn && !self.is_local();
        DaysDuration::from_nanos(if is_absolute { nanos.abs() } else { nanos })
    }

    /// As a broker stores it: a local time as `java.time.LocalTime` prints it, another as `string()` does.
    pub fn write_stored(self, out: &mut impl fmt::Write) -> fmt::Result {
        if !self.is_local() {
            return write!(out, "{self}");
        }
        write!(out, "{:02}:{:02}", self.hour(), self.minute())?;
        if self.second() != 0 || self.nanos != 0 {
            write!(out, ":{:02}", self.second())?;
        }
        match self.nanos {
            0 => Ok(()),
            nanos if nanos % 1_000_000 == 0 => write!(out, ".{:03}", nanos / 1_000_000),
            nanos if nanos % 1_000 == 0 => write!(out, ".{:06}", nanos / 1_000),
            nanos => write!(out, ".{nanos:09}"),
        }
    }

    /// As the function `to json` writes it: ISO 8601, the offset in place of a zone's name.
    pub fn write_iso(self, out: &mut impl fmt::Write) -> fmt::Result {
        self.write_clock(out)?;
        self.zone.offset().map_or(Ok(()), |offset| write!(out, "{offset}"))
    }

    pub(super) fn write_clock(self, out: &mut impl fmt::Write) -> fmt::Result {
        write!(out, "{:02}:{:02}:{:02}", self.hour(), self.minute(), self.second())?;
        write_fraction(out, self.nanos)
    }
}

impl fmt::Display for Time {
    /// `hh:mm:ss[.f]`, then the zone.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write_clock(out)?;
        write!(out, "{}", self.zone)
    }
}

/// A time of day as it is read, 24:00:00 included.
pub(super) struct Clock {
    pub(super) second_of_day: u32,
    pub(super) nanos: u32,
    pub(super) has_seconds: bool,
    /// `10:30:00.`: a point without digits.
    pub(super) has_bare_point: bool,
}

impl Clock {
    pub(super) fn scan(scan: &mut Scan<'_>, dialect: Dialect) -> Option<Self> {
        let hour = scan.two_digits()?;
        scan.expect(b':')?;
        let minute = scan.two_digits()?;
        let has_seconds = scan.take(b':');
        let second = if has_seconds { scan.two_digits()? } else { 0 };
        let has_point = has_seconds && scan.take(b'.');
        let fraction = if has_point { scan.digits() } else { &[] };
        let is_well_formed = match dialect {
            Dialect::Bpmn => fraction.len() <= 9,
            Dialect::Dmn => has_seconds && (!has_point || !fraction.is_empty()),
        };
        let nanos = scan::nanos(fraction);
        let is_end_of_day = hour == 24 && minute == 0 && second == 0 && nanos == 0;
        if !is_well_formed || (hour > 23 && !is_end_of_day) || minute > 59 || second > 59 {
            return None;
        }
        let second_of_day = u32::from(hour) * 3600 + u32::from(minute) * 60 + u32::from(second);
        Some(Self { second_of_day, nanos, has_seconds, has_bare_point: has_point && fraction.is_empty() })
    }
}
