//! A date with a time of day.

use std::cmp::Ordering;
use std::fmt;

use super::scan::Scan;
use super::time::{Clock, NANOS_PER_SECOND};
use super::zone::PackedZone;
use super::{Date, DaysDuration, Offset, Time, Zone};
use crate::dialect::Dialect;

const SECONDS_PER_DAY: i64 = 86_400;
/// -999999999-01-01T00:00:00
const MIN_LOCAL_SECONDS: i64 = -365_243_219_162 * SECONDS_PER_DAY;
/// 999999999-12-31T23:59:59
const MAX_LOCAL_SECONDS: i64 = 365_241_780_472 * SECONDS_PER_DAY - 1;

/// A date with a time of day, local, at an offset or in a zone.
///
/// `==` means the same in every part (FEEL's `is`); what FEEL's `=` means depends on the dialect, see
/// [`DateTime::equals`]. It has 16 bytes, so that a `Value` can hold it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DateTime {
    /// Seconds from 1970-01-01T00:00:00 to this on the clock of the zone.
    local_seconds: i64,
    nanos: u32,
    zone: PackedZone,
}

impl DateTime {
    /// 1970-01-01T00:00:00Z
    pub const EPOCH: Self = Self { local_seconds: 0, nanos: 0, zone: PackedZone::UTC };

    /// The date and time of these parts, in the time's zone.
    ///
    /// A local time that the zone skips is moved forward by what is skipped; of two it is the earlier one.
    #[must_use]
    pub fn new(date: Date, time: Time) -> Option<Self> {
        let seconds = date.days_since_epoch() * SECONDS_PER_DAY + i64::from(time.second_of_day());
        match time.zone() {
            Zone::Local | Zone::Fixed(_) => Self::from_local_seconds(seconds, time.nanos(), time.zone()),
            Zone::Named { id, offset: _ } => {
                let (offset, forward_seconds) = id.offset_of_local(date, time.second_of_day());
                let zone = Zone::Named { id, offset };
                Self::from_local_seconds(seconds + i64::from(forward_seconds), time.nanos(), zone)
            }
        }
    }

    fn from_local_seconds(local_seconds: i64, nanos: u32, zone: Zone) -> Option<Self> {
        let is_in_range = (MIN_LOCAL_SECONDS..=MAX_LOCAL_SECONDS).contains(&local_seconds);
        is_in_range.then_some(Self { local_seconds, nanos, zone: PackedZone::new(zone) })
    }

    /// An instant in seconds since 1970-01-01T00:00:00Z, as seen in a zone ([`Zone::Local`]: as in UTC).
    #[must_use]
    pub fn from_epoch_seconds(seconds: i64, nanos: u32, zone: Zone) -> Option<Self> {
        let zone = match zone {
            Zone::Local | Zone::Fixed(_) => zone,
            Zone::Named { id, offset: _ } => Zone::Named { id, offset: id.offset_at(seconds) },
        };
        let offset = zone.offset().map_or(0, Offset::total_seconds);
        Self::from_local_seconds(seconds.checked_add(i64::from(offset))?, nanos, zone)
    }

    /// An instant in milliseconds since 1970-01-01T00:00:00Z, as seen in a zone.
    #[must_use]
    pub fn from_epoch_ms(ms: i64, zone: Zone) -> Option<Self> {
        // In range: less than a second.
        let nanos = ms.rem_euclid(1000) as u32 * 1_000_000;
        Self::from_epoch_seconds(ms.div_euclid(1000), nanos, zone)
    }

    /// Reads a date, or a date, `T` and a time; a date alone is its local midnight.
    ///
    /// BPMN: seconds may be left out, and a zone in brackets may follow the offset: the offset says which instant
    /// is meant, the zone where it is seen. DMN: 24:00:00 is the next day's midnight, seconds in the offset.
    #[must_use]
    pub fn parse(text: &str, dialect: Dialect) -> Option<Self> {
        let mut scan = Scan::new(text);
        let date = Date::scan(&mut scan)?;
        if scan.is_done() {
            return Self::new(date, Time::MIDNIGHT);
        }
        scan.expect(b'T')?;
        let clock = Clock::scan(&mut scan, dialect)?;
        let is_end_of_day = i64::from(clock.second_of_day) == SECONDS_PER_DAY;
        if clock.has_bare_point || (is_end_of_day && dialect == Dialect::Bpmn) {
            return None;
        }
        let date = if is_end_of_day { date.plus_days(1)? } else { date };
        let (zone, bracketed) = Zone::scan(scan, dialect)?;
        let second_of_day = if is_end_of_day { 0 } else { clock.second_of_day };
        let placed = Self::new(date, Time::from_parts(second_of_day, clock.nanos, zone))?;
        match bracketed {
            None => Some(placed),
            Some(id) => placed.in_zone(Zone::Named { id, offset: id.standard_offset() }),
        }
    }

    /// The same instant seen in another zone; of a local date and time, the same fields there.
    #[must_use]
    pub fn in_zone(self, zone: Zone) -> Option<Self> {
        match self.epoch_seconds() {
            Some(seconds) => Self::from_epoch_seconds(seconds, self.nanos, zone),
            None => {
                let time = self.time();
                Self::new(self.date(), Time::from_parts(time.second_of_day(), time.nanos(), zone))
            }
        }
    }

    /// The date.
    #[must_use]
    pub fn date(self) -> Date {
        Date::from_valid_days(self.local_seconds.div_euclid(SECONDS_PER_DAY))
    }

    /// The time of day, with the zone and the offset that holds on this date.
    #[must_use]
    pub fn time(self) -> Time {
        // In range: less than a day.
        let second_of_day = self.local_seconds.rem_euclid(SECONDS_PER_DAY) as u32;
        Time::from_parts(second_of_day, self.nanos, self.zone())
    }

    /// Where it is valid.
    #[must_use]
    pub fn zone(self) -> Zone {
        self.zone.unpack()
    }

    /// Seconds since 1970-01-01T00:00:00Z, rounded down; a local date and time is no instant.
    #[must_use]
    pub fn epoch_seconds(self) -> Option<i64> {
        self.zone().offset().map(|offset| self.local_seconds - i64::from(offset.total_seconds()))
    }

    /// Milliseconds since 1970-01-01T00:00:00Z, rounded down; a local date and time is no instant.
    #[must_use]
    pub fn epoch_ms(self) -> Option<i64> {
        self.epoch_seconds()?.checked_mul(1000)?.checked_add(i64::from(self.nanos / 1_000_000))
    }

    fn comparable_nanos(self) -> i128 {
        let seconds = self.epoch_seconds().unwrap_or(self.local_seconds);
        i128::from(seconds) * NANOS_PER_SECOND + i128::from(self.nanos)
    }

    fn is_local(self) -> bool {
        self.zone == PackedZone::LOCAL
    }

    /// FEEL's `=`. None: not comparable.
    ///
    /// BPMN: the same in every part; local and zoned are different types. DMN: the same second on the time line,
    /// because the standard compares by the properties, which know no fractions.
    #[must_use]
    pub fn equals(self, other: Self, dialect: Dialect) -> Option<bool> {
        let same_kind = self.is_local() == other.is_local();
        let second = |value: Self| value.comparable_nanos().div_euclid(NANOS_PER_SECOND);
        match dialect {
            Dialect::Bpmn => same_kind.then_some(self == other),
            Dialect::Dmn => Some(same_kind && second(self) == second(other)),
        }
    }

    /// FEEL's `<`, `>`. None: one is local and the other is not.
    ///
    /// In the BPMN dialect equal instants are ordered by local time, then by the name of the zone, as in `java.time`:
    /// only what `=` calls equal is neither less nor greater.
    #[must_use]
    pub fn compare(self, other: Self, dialect: Dialect) -> Option<Ordering> {
        if self.is_local() != other.is_local() {
            return None;
        }
        let by_instant = self.comparable_nanos().cmp(&other.comparable_nanos());
        let order = match dialect {
            Dialect::Dmn => by_instant,
            Dialect::Bpmn => by_instant
                .then_with(|| self.local_seconds.cmp(&other.local_seconds))
                .then_with(|| self.zone_text().cmp(&other.zone_text())),
        };
        Some(order)
    }

    fn zone_text(self) -> String {
        self.zone().name().map_or_else(|| self.zone().to_string(), str::to_owned)
    }

    /// So much later on the time line. None: the year is out of range.
    #[must_use]
    pub fn plus(self, duration: DaysDuration) -> Option<Self> {
        let (seconds, nanos) = duration.carry_into(self.nanos);
        match self.epoch_seconds() {
            Some(start) => Self::from_epoch_seconds(start.checked_add(seconds)?, nanos, self.zone()),
            None => Self::from_local_seconds(self.local_seconds.checked_add(seconds)?, nanos, self.zone()),
        }
    }

    /// The same time of day so many calendar months later. None: the year is out of range.
    #[must_use]
    pub fn plus_months(self, months: i64) -> Option<Self> {
        let moved = Self::new(self.date().plus_months(months)?, self.time())?;
        // Where the zone's clock shows the time twice, the offset that held before is kept if it is one of the two.
        let kept = match (self.zone(), moved.zone()) {
            (Zone::Named { id, offset: before }, Zone::Named { id: _, offset: now }) if before != now => {
                let candidate = Self { zone: self.zone, ..moved };
                candidate
                    .epoch_seconds()
                    .filter(|&seconds| id.offset_at(seconds) == before)
                    .map(|_| candidate)
            }
            _ => None,
        };
        Some(kept.unwrap_or(moved))
    }

    /// FEEL's `self - other`. None: one is local and the other is not.
    #[must_use]
    pub fn since(self, other: Self) -> Option<DaysDuration> {
        if self.is_local() != other.is_local() {
            return None;
        }
        DaysDuration::from_nanos(self.comparable_nanos() - other.comparable_nanos())
    }

    /// As a broker stores it: `java.time`'s ISO formats, `2024-01-31T08:00:00+01:00[Europe/Berlin]`.
    pub fn write_stored(self, out: &mut impl fmt::Write) -> fmt::Result {
        self.date().write_signed(out)?;
        out.write_char('T')?;
        self.time().write_iso(out)?;
        self.zone().name().map_or(Ok(()), |name| write!(out, "[{name}]"))
    }
}

impl fmt::Display for DateTime {
    /// The date, `T`, the time of day, the zone.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}T{}", self.date(), self.time())
    }
}
