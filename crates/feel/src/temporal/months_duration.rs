//! Durations in years and months.

use std::fmt;

use super::scan::{self, Scan};
use crate::dialect::Dialect;

/// A number of calendar months ("years and months duration").
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct MonthsDuration {
    months: i64,
}

impl MonthsDuration {
    /// So many months.
    #[must_use]
    pub const fn from_months(months: i64) -> Self {
        Self { months }
    }

    /// All of it in months.
    #[must_use]
    pub const fn total_months(self) -> i64 {
        self.months
    }

    /// Whether it is no time at all.
    #[must_use]
    pub fn is_zero(self) -> bool {
        self.months == 0
    }

    /// Reads `[-]P[nY][nM]` with at least one part. BPMN: a `-` before each number; numbers of 32 bits.
    #[must_use]
    pub fn parse(text: &str, dialect: Dialect) -> Option<Self> {
        let mut scan = Scan::new(text);
        let is_negative = scan.take(b'-');
        scan.expect(b'P')?;
        let years = part(&mut scan, b'Y', dialect)?;
        let months = part(&mut scan, b'M', dialect)?;
        if (years.is_none() && months.is_none()) || !scan.is_done() {
            return None;
        }
        let total = years.unwrap_or(0).checked_mul(12)?.checked_add(months.unwrap_or(0))?;
        let total = if is_negative { -total } else { total };
        let is_in_range = dialect == Dialect::Dmn || i32::try_from(total / 12).is_ok();
        is_in_range.then_some(Self { months: total })
    }

    /// Whole years, rounded towards zero: the property `years`.
    #[must_use]
    pub fn years(self) -> i64 {
        self.months / 12
    }

    /// Months beyond the years: the property `months`.
    #[must_use]
    pub fn months(self) -> i64 {
        self.months % 12
    }

    /// The sum. None: out of range.
    #[must_use]
    pub fn plus(self, other: Self) -> Option<Self> {
        self.months.checked_add(other.months).map(Self::from_months)
    }

    /// The same length in the other direction. None: out of range.
    #[must_use]
    pub fn negate(self) -> Option<Self> {
        self.months.checked_neg().map(Self::from_months)
    }

    /// The length without direction. None: out of range.
    #[must_use]
    pub fn abs(self) -> Option<Self> {
        self.months.checked_abs().map(Self::from_months)
    }

    /// As `string()` and the broker write it in the BPMN dialect: `P0Y` for none.
    pub fn write_bpmn(self, out: &mut impl fmt::Write) -> fmt::Result {
        if self.is_zero() { out.write_str("P0Y") } else { write!(out, "{self}") }
    }

    /// As `java.time.Period` prints it (the function `to json`): a sign before each number, `P0D` for none.
    pub fn write_signed(self, out: &mut impl fmt::Write) -> fmt::Result {
        if self.is_zero() {
            return out.write_str("P0D");
        }
        out.write_char('P')?;
        if self.years() != 0 {
            write!(out, "{}Y", self.years())?;
        }
        if self.months() != 0 {
            write!(out, "{}M", self.months())?;
        }
        Ok(())
    }
}

/// Takes `n` and its unit if they are next.
#[expect(clippy::option_option, reason = "no such literal, no such part, and a part are three things")]
fn part(scan: &mut Scan<'_>, unit: u8, dialect: Dialect) -> Option<Option<i64>> {
    let mut ahead = *scan;
    let is_negative = dialect == Dialect::Bpmn && ahead.take(b'-');
    let digits = ahead.digits();
    if digits.is_empty() || !ahead.take(unit) {
        return Some(None);
    }
    let value = scan::number(digits)?;
    let value = if is_negative { -value } else { value };
    if dialect == Dialect::Bpmn && i32::try_from(value).is_err() {
        return None;
    }
    *scan = ahead;
    Some(Some(value))
}

impl fmt::Display for MonthsDuration {
    /// `[-]P[nY][nM]`, `P0M` for none: the canonical form of XML Schema.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_zero() {
            return out.write_str("P0M");
        }
        out.write_str(if self.months < 0 { "-P" } else { "P" })?;
        let (years, months) = (self.months.unsigned_abs() / 12, self.months.unsigned_abs() % 12);
        if years != 0 {
            write!(out, "{years}Y")?;
        }
        if months != 0 {
            write!(out, "{months}M")?;
        }
        Ok(())
    }
}
