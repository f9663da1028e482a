//! Durations in days, hours, minutes, seconds.

use std::fmt;

use super::scan::{self, Scan, write_fraction};
use super::time::NANOS_PER_SECOND;
use crate::dialect::Dialect;

/// An exact length of time ("days and time duration"), to about 292 thousand million years.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct DaysDuration {
    /// Whole seconds, rounded down: the value is `seconds` plus `nanos`, also for negative durations.
    seconds: i64,
    /// 0 to 999,999,999.
    nanos: u32,
}

impl DaysDuration {
    /// So many seconds.
    #[must_use]
    pub const fn from_seconds(seconds: i64) -> Self {
        Self { seconds, nanos: 0 }
    }

    /// So many milliseconds.
    #[must_use]
    pub fn from_ms(ms: i64) -> Self {
        // In range: less than a second.
        Self { seconds: ms.div_euclid(1000), nanos: ms.rem_euclid(1000) as u32 * 1_000_000 }
    }

    /// So many nanoseconds. None: out of range.
    #[must_use]
    pub fn from_nanos(nanos: i128) -> Option<Self> {
        let seconds = i64::try_from(nanos.div_euclid(NANOS_PER_SECOND)).ok()?;
        // In range: less than a second.
        Some(Self { seconds, nanos: nanos.rem_euclid(NANOS_PER_SECOND) as u32 })
    }

    /// All of it in nanoseconds.
    #[must_use]
    pub fn total_nanos(self) -> i128 {
        i128::from(self.seconds) * NANOS_PER_SECOND + i128::from(self.nanos)
    }

    /// All of it in milliseconds, rounded down. None: out of range.
    #[must_use]
    pub fn total_ms(self) -> Option<i64> {
        i64::try_from(self.total_nanos().div_euclid(1_000_000)).ok()
    }

    /// Whether it is no time at all.
    #[must_use]
    pub fn is_zero(self) -> bool {
        self.seconds == 0 && self.nanos == 0
    }

    /// Reads `[-]P[nD][T[nH][nM][n[.f]S]]` with at least one part, and one after `T`.
    ///
    /// BPMN: a `-` before each number, a comma for the point, at most nine digits of fraction.
    #[must_use]
    pub fn parse(text: &str, dialect: Dialect) -> Option<Self> {
        let mut scan = Scan::new(text);
        let is_negative = scan.take(b'-');
        scan.expect(b'P')?;
        let mut parts = Parts { dialect, nanos: 0, is_empty: true };
        parts.take(&mut scan, b'D', 86_400)?;
        if scan.take(b'T') {
            parts.is_empty = true;
            parts.take(&mut scan, b'H', 3600)?;
            parts.take(&mut scan, b'M', 60)?;
            parts.take_seconds(&mut scan)?;
        }
        if parts.is_empty || !scan.is_done() {
            return None;
        }
        Self::from_nanos(if is_negative { -parts.nanos } else { parts.nanos })
    }

    /// Whole days, rounded towards zero: the property `days`.
    #[must_use]
    pub fn days(self, dialect: Dialect) -> i64 {
        self.whole_seconds(dialect) / 86_400
    }

    /// Hours beyond the days: the property `hours`.
    #[must_use]
    pub fn hours(self, dialect: Dialect) -> i64 {
        self.whole_seconds(dialect) / 3600 % 24
    }

    /// Minutes beyond the hours: the property `minutes`.
    #[must_use]
    pub fn minutes(self, dialect: Dialect) -> i64 {
        self.whole_seconds(dialect) / 60 % 60
    }

    /// Seconds beyond the minutes: the property `seconds`.
    #[must_use]
    pub fn seconds(self, dialect: Dialect) -> i64 {
        self.whole_seconds(dialect) % 60
    }

    /// Whole seconds; the BPMN dialect rounds down (`-PT0.5S` is -1), as feel-scala does.
    fn whole_seconds(self, dialect: Dialect) -> i64 {
        match dialect {
            Dialect::Dmn if self.seconds < 0 && self.nanos > 0 => self.seconds + 1,
            Dialect::Dmn | Dialect::Bpmn => self.seconds,
        }
    }

    /// Adds it to a fraction of a second: the seconds to move by, and the fraction afterwards.
    pub(super) fn carry_into(self, nanos: u32) -> (i64, u32) {
        let sum = self.nanos + nanos;
        if sum < 1_000_000_000 { (self.seconds, sum) } else { (self.seconds + 1, sum - 1_000_000_000) }
    }

    /// The sum. None: out of range.
    #[must_use]
    pub fn plus(self, other: Self) -> Option<Self> {
        Self::from_nanos(self.total_nanos() + other.total_nanos())
    }

    /// The same length in the other direction. None: out of range.
    #[must_use]
    pub fn negate(self) -> Option<Self> {
        Self::from_nanos(-self.total_nanos())
    }

    /// The length without direction. None: out of range.
    #[must_use]
    pub fn abs(self) -> Option<Self> {
        Self::from_nanos(self.total_nanos().abs())
    }

    /// As `string()` and the broker write it in the BPMN dialect: `P2DT3H`, `-PT5M`, `P0D`; the fraction is dropped.
    pub fn write_bpmn(self, out: &mut impl fmt::Write) -> fmt::Result {
        if self.seconds == 0 {
            return out.write_str("P0D");
        }
        write_parts(out, self.seconds < 0, self.seconds.unsigned_abs(), 0)
    }

    /// As `java.time.Duration` prints it (the function `to json`): no days, `PT51H`.
    pub fn write_hours(self, out: &mut impl fmt::Write) -> fmt::Result {
        if self.is_zero() {
            return out.write_str("PT0S");
        }
        let seconds = self.whole_seconds(Dialect::Dmn);
        let (hours, minutes, rest) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
        out.write_str("PT")?;
        if hours != 0 {
            write!(out, "{hours}H")?;
        }
        if minutes != 0 {
            write!(out, "{minutes}M")?;
        }
        let nanos = if self.seconds < 0 && self.nanos > 0 { 1_000_000_000 - self.nanos } else { self.nanos };
        if rest == 0 && nanos == 0 {
            return Ok(());
        }
        if rest == 0 && self.seconds < 0 {
            out.write_char('-')?;
        }
        write!(out, "{rest}")?;
        write_fraction(out, nanos)?;
        out.write_char('S')
    }
}

impl fmt::Display for DaysDuration {
    /// `[-]P[nD][T[nH][nM][n[.f]S]]`, `PT0S` for none: the canonical form of XML Schema.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_zero() {
            return out.write_str("PT0S");
        }
        let nanos = self.total_nanos().unsigned_abs();
        // In range: as many seconds as `seconds` holds, and less than a second.
        let (seconds, fraction) = ((nanos / 1_000_000_000) as u64, (nanos % 1_000_000_000) as u32);
        write_parts(out, self.seconds < 0, seconds, fraction)
    }
}

fn write_parts(out: &mut impl fmt::Write, is_negative: bool, seconds: u64, nanos: u32) -> fmt::Result {
    out.write_str(if is_negative { "-P" } else { "P" })?;
    let (days, hours, minutes, rest) =
        (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
    if days != 0 {
        write!(out, "{days}D")?;
    }
    if hours == 0 && minutes == 0 && rest == 0 && nanos == 0 {
        return Ok(());
    }
    out.write_char('T')?;
    if hours != 0 {
        write!(out, "{hours}H")?;
    }
    if minutes != 0 {
        write!(out, "{minutes}M")?;
    }
    if rest != 0 || nanos != 0 {
        write!(out, "{rest}")?;
        write_fraction(out, nanos)?;
        out.write_char('S')?;
    }
    Ok(())
}

/// The parts read so far.
struct Parts {
    dialect: Dialect,
    nanos: i128,
    is_empty: bool,
}

impl Parts {
    /// Takes `n` and its unit if they are next.
    fn take(&mut self, scan: &mut Scan<'_>, unit: u8, seconds: i128) -> Option<()> {
        let mut ahead = *scan;
        let is_negative = self.dialect == Dialect::Bpmn && ahead.take(b'-');
        let digits = ahead.digits();
        if digits.is_empty() || !ahead.take(unit) {
            return Some(());
        }
        let value = i128::from(scan::number(digits)?) * seconds * NANOS_PER_SECOND;
        self.nanos += if is_negative { -value } else { value };
        self.is_empty = false;
        *scan = ahead;
        Some(())
    }

    /// Takes `n[.f]S` if it is next.
    fn take_seconds(&mut self, scan: &mut Scan<'_>) -> Option<()> {
        let mut ahead = *scan;
        let is_negative = self.dialect == Dialect::Bpmn && ahead.take(b'-');
        let digits = ahead.digits();
        if digits.is_empty() {
            return Some(());
        }
        let has_point = ahead.take(b'.') || (self.dialect == Dialect::Bpmn && ahead.take(b','));
        let fraction = if has_point { ahead.digits() } else { &[] };
        let is_too_fine = self.dialect == Dialect::Bpmn && fraction.len() > 9;
        if is_too_fine || !ahead.take(b'S') {
            return None;
        }
        let value = i128::from(scan::number(digits)?) * NANOS_PER_SECOND + i128::from(scan::nanos(fraction));
        self.nanos += if is_negative { -value } else { value };
        self.is_empty = false;
        *scan = ahead;
        Some(())
    }
}
