//! Calendar dates.
//!
//! The calendar is jiff's, whose years have four digits. It repeats every 400 years (146,097 days, a whole
//! number of weeks), so a date with a longer year is computed on in the years 2000 to 2399 and moved back.

use std::fmt;

use jiff::civil;

use super::scan::{self, Scan};

/// The largest year, in both directions.
pub const YEAR_MAX: i32 = 999_999_999;

const CYCLE_YEARS: i32 = 400;
const CYCLE_DAYS: i64 = 146_097;
const CYCLE_START: i32 = 2000;
const EPOCH: civil::Date = civil::date(1970, 1, 1);
/// Days from 1970-01-01 to 2000-01-01.
const CYCLE_START_DAYS: i64 = 10_957;
const SECONDS_PER_DAY: i64 = 86_400;
/// -9999-01-01 and 9999-12-31
const JIFF_MIN_DAYS: i64 = -4_371_587;
const JIFF_MAX_DAYS: i64 = 2_932_896;
/// -999999999-01-01 and 999999999-12-31
const MIN_DAYS: i64 = -365_243_219_162;
const MAX_DAYS: i64 = 365_241_780_471;

/// A date of the proleptic Gregorian calendar, years -999,999,999 to 999,999,999.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Date {
    year: i32,
    month: u8,
    day: u8,
}

impl Date {
    /// The date with these fields, if the calendar has it.
    #[must_use]
    pub fn new(year: i32, month: u8, day: u8) -> Option<Self> {
        if !(-YEAR_MAX..=YEAR_MAX).contains(&year) {
            return None;
        }
        let (in_range, _) = in_jiff_range(year);
        civil::Date::new(in_range, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()?;
        Some(Self { year, month, day })
    }

    /// Reads `[-]yyyy-mm-dd`, four to nine digits of year without padding beyond four.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut scan = Scan::new(text);
        let date = Self::scan(&mut scan)?;
        scan.is_done().then_some(date)
    }

    pub(super) fn scan(scan: &mut Scan<'_>) -> Option<Self> {
        let is_negative = scan.take(b'-');
        let digits = scan.digits();
        let is_padded = digits.len() > 4 && digits[0] == b'0';
        if digits.len() < 4 || digits.len() > 9 || is_padded {
            return None;
        }
        let year = i32::try_from(scan::number(digits)?).ok()?;
        if is_negative && year == 0 {
            return None;
        }
        scan.expect(b'-')?;
        let month = scan.two_digits()?;
        scan.expect(b'-')?;
        let day = scan.two_digits()?;
        Self::new(if is_negative { -year } else { year }, month, day)
    }

    /// The year; year 0 is the one before year 1.
    #[must_use]
    pub fn year(self) -> i32 {
        self.year
    }

    /// The month, 1 to 12.
    #[must_use]
    pub fn month(self) -> u8 {
        self.month
    }

    /// The day of the month, 1 to 31.
    #[must_use]
    pub fn day(self) -> u8 {
        self.day
    }

    /// Days since 1970-01-01.
    #[must_use]
    pub fn days_since_epoch(self) -> i64 {
        let (date, cycles) = self.to_jiff();
        date.duration_since(EPOCH).as_secs() / SECONDS_PER_DAY + i64::from(cycles) * CYCLE_DAYS
    }

    /// The date so many days after 1970-01-01, if its year is in range.
    #[must_use]
    pub fn from_days_since_epoch(days: i64) -> Option<Self> {
        (MIN_DAYS..=MAX_DAYS).contains(&days).then(|| Self::from_valid_days(days))
    }

    /// For days that are known to be in range.
    pub(super) fn from_valid_days(days: i64) -> Self {
        let is_near = (JIFF_MIN_DAYS..=JIFF_MAX_DAYS).contains(&days);
        let cycles = if is_near { 0 } else { (days - CYCLE_START_DAYS).div_euclid(CYCLE_DAYS) };
        let near = jiff::SignedDuration::from_secs((days - cycles * CYCLE_DAYS) * SECONDS_PER_DAY);
        // Never out of jiff's range.
        let date = EPOCH.saturating_add(near);
        // In range: so many cycles fit the years of `MIN_DAYS` to `MAX_DAYS`.
        let year = i32::from(date.year()) + cycles as i32 * CYCLE_YEARS;
        Self { year, month: date.month().cast_unsigned(), day: date.day().cast_unsigned() }
    }

    /// The same day so many months later; the last day of the month where that month is shorter.
    #[must_use]
    pub fn plus_months(self, months: i64) -> Option<Self> {
        let total = self.months_since_year_zero().checked_add(months)?;
        let year = i32::try_from(total.div_euclid(12)).ok()?;
        let month = u8::try_from(total.rem_euclid(12) + 1).ok()?;
        let first = Self::new(year, month, 1)?;
        Some(Self { day: self.day.min(first.last_day_of_month().day), ..first })
    }

    /// The date so many days later.
    #[must_use]
    pub fn plus_days(self, days: i64) -> Option<Self> {
        Self::from_days_since_epoch(self.days_since_epoch().checked_add(days)?)
    }

    /// Whole months from this date to `other`: negative when `other` is earlier.
    #[must_use]
    pub fn whole_months_until(self, other: Self) -> i64 {
        let months = other.months_since_year_zero() - self.months_since_year_zero();
        match months {
            1.. if other.day < self.day => months - 1,
            ..=-1 if other.day > self.day => months + 1,
            _ => months,
        }
    }

    fn months_since_year_zero(self) -> i64 {
        i64::from(self.year) * 12 + i64::from(self.month) - 1
    }

    /// The day of the week by ISO 8601: Monday is 1, Sunday is 7.
    #[must_use]
    pub fn weekday(self) -> u8 {
        self.to_jiff().0.weekday().to_monday_one_offset().cast_unsigned()
    }

    /// The English name of the day of the week.
    #[must_use]
    pub fn weekday_name(self) -> &'static str {
        match self.to_jiff().0.weekday() {
            civil::Weekday::Monday => "Monday",
            civil::Weekday::Tuesday => "Tuesday",
            civil::Weekday::Wednesday => "Wednesday",
            civil::Weekday::Thursday => "Thursday",
            civil::Weekday::Friday => "Friday",
            civil::Weekday::Saturday => "Saturday",
            civil::Weekday::Sunday => "Sunday",
        }
    }

    /// The English name of the month.
    #[must_use]
    pub fn month_name(self) -> &'static str {
        const NAMES: [&str; 12] = [
            "January",
            "February",
            "March",
            "April",
            "May",
            "June",
            "July",
            "August",
            "September",
            "October",
            "November",
            "December",
        ];
        NAMES[usize::from(self.month) - 1]
    }

    /// The day of the year, 1 to 366.
    #[must_use]
    pub fn day_of_year(self) -> u16 {
        self.to_jiff().0.day_of_year().cast_unsigned()
    }

    /// The week of the week-based year by ISO 8601, 1 to 53.
    #[must_use]
    pub fn week_of_year(self) -> u8 {
        self.to_jiff().0.iso_week_date().week().cast_unsigned()
    }

    /// The last day of this date's month.
    #[must_use]
    pub fn last_day_of_month(self) -> Self {
        Self { day: self.to_jiff().0.days_in_month().cast_unsigned(), ..self }
    }

    /// The same date in jiff's range, and by how many cycles it was moved.
    pub(super) fn to_jiff(self) -> (civil::Date, i32) {
        let (year, cycles) = in_jiff_range(self.year);
        (civil::date(year, self.month.cast_signed(), self.day.cast_signed()), cycles)
    }

    /// As `java.time.LocalDate` and its ISO formats write it: `+` before a year of more than four digits.
    pub(super) fn write_signed(self, out: &mut impl fmt::Write) -> fmt::Result {
        if self.year > 9999 {
            out.write_char('+')?;
        }
        write!(out, "{self}")
    }
}

fn in_jiff_range(year: i32) -> (i16, i32) {
    match i16::try_from(year) {
        Ok(near @ -9999..=9999) => (near, 0),
        _ => {
            let in_cycle = CYCLE_START + year.rem_euclid(CYCLE_YEARS);
            // In range: 2000 to 2399.
            (in_cycle as i16, (year - in_cycle) / CYCLE_YEARS)
        }
    }
}

impl fmt::Display for Date {
    /// `[-]yyyy-mm-dd`
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.year < 0 { "-" } else { "" };
        write!(out, "{sign}{:04}-{:02}-{:02}", self.year.unsigned_abs(), self.month, self.day)
    }
}
