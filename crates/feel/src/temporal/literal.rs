//! All temporal values under one name, and the `@"..."` literal.

use std::cmp::Ordering;
use std::fmt;

use super::{Date, DateTime, DaysDuration, MonthsDuration, Time};
use crate::dialect::Dialect;

/// A temporal value of any type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Temporal {
    /// A date.
    Date(Date),
    /// A time of day.
    Time(Time),
    /// A date with a time.
    DateTime(DateTime),
    /// A days and time duration.
    Days(DaysDuration),
    /// A years and months duration.
    Months(MonthsDuration),
}

impl Temporal {
    /// Reads the text of a literal `@"..."`: whichever type has such a form.
    #[must_use]
    pub fn parse(text: &str, dialect: Dialect) -> Option<Self> {
        if text.trim_start_matches('-').starts_with('P') {
            return Self::parse_duration(text, dialect);
        }
        if let Some(date) = Date::parse(text) {
            return Some(Self::Date(date));
        }
        if let Some(time) = Time::parse(text, dialect) {
            return Some(Self::Time(time));
        }
        DateTime::parse(text, dialect).map(Self::DateTime)
    }

    /// Reads a duration of either type, as the function `duration` does.
    #[must_use]
    pub fn parse_duration(text: &str, dialect: Dialect) -> Option<Self> {
        match MonthsDuration::parse(text, dialect) {
            Some(months) => Some(Self::Months(months)),
            None => DaysDuration::parse(text, dialect).map(Self::Days),
        }
    }

    /// FEEL's `=`. None: the types differ, or a local value meets a zoned one in the BPMN dialect.
    ///
    /// In the DMN dialect a date equals the date and time that is its midnight in UTC.
    #[must_use]
    pub fn equals(self, other: Self, dialect: Dialect) -> Option<bool> {
        match (self, other) {
            (Self::Date(a), Self::Date(b)) => Some(a == b),
            (Self::Time(a), Self::Time(b)) => a.equals(b, dialect),
            (Self::DateTime(a), Self::DateTime(b)) => a.equals(b, dialect),
            (Self::Days(a), Self::Days(b)) => Some(a == b),
            (Self::Months(a), Self::Months(b)) => Some(a == b),
            (Self::Date(_) | Self::Time(_) | Self::DateTime(_) | Self::Days(_) | Self::Months(_), _) => None,
        }
    }

    /// FEEL's `<`, `>`. None: not comparable.
    #[must_use]
    pub fn compare(self, other: Self, dialect: Dialect) -> Option<Ordering> {
        match (self, other) {
            (Self::Date(a), Self::Date(b)) => Some(a.cmp(&b)),
            (Self::Time(a), Self::Time(b)) => a.compare(b),
            (Self::DateTime(a), Self::DateTime(b)) => a.compare(b, dialect),
            (Self::Days(a), Self::Days(b)) => Some(a.cmp(&b)),
            (Self::Months(a), Self::Months(b)) => Some(a.cmp(&b)),
            (Self::Date(_) | Self::Time(_) | Self::DateTime(_) | Self::Days(_) | Self::Months(_), _) => None,
        }
    }

    /// As the function `string` writes it.
    pub fn write_string(self, dialect: Dialect, out: &mut impl fmt::Write) -> fmt::Result {
        match (self, dialect) {
            (Self::Date(date), Dialect::Bpmn) => date.write_signed(out),
            (Self::Days(duration), Dialect::Bpmn) => duration.write_bpmn(out),
            (Self::Months(duration), Dialect::Bpmn) => duration.write_bpmn(out),
            (Self::Date(date), Dialect::Dmn) => write!(out, "{date}"),
            (Self::Days(duration), Dialect::Dmn) => write!(out, "{duration}"),
            (Self::Months(duration), Dialect::Dmn) => write!(out, "{duration}"),
            (Self::Time(time), Dialect::Bpmn | Dialect::Dmn) => write!(out, "{time}"),
            (Self::DateTime(date_time), Dialect::Bpmn | Dialect::Dmn) => write!(out, "{date_time}"),
        }
    }

    /// As a broker stores it in a variable (a JSON string, without the quotes).
    pub fn write_stored(self, out: &mut impl fmt::Write) -> fmt::Result {
        match self {
            Self::Date(date) => date.write_signed(out),
            Self::Time(time) => time.write_stored(out),
            Self::DateTime(date_time) => date_time.write_stored(out),
            Self::Days(duration) => duration.write_bpmn(out),
            Self::Months(duration) => duration.write_bpmn(out),
        }
    }

    /// As the function `to json` writes it (without the quotes).
    pub fn write_json(self, out: &mut impl fmt::Write) -> fmt::Result {
        match self {
            Self::Date(date) => date.write_signed(out),
            Self::Time(time) => time.write_iso(out),
            Self::DateTime(date_time) => date_time.write_stored(out),
            Self::Days(duration) => duration.write_hours(out),
            Self::Months(duration) => duration.write_signed(out),
        }
    }
}
