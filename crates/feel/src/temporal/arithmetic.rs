//! Sums and differences of temporal values (DMN 1.5 tables 55 and 56; compat of the BPMN dialect: feel-scala).

use std::fmt;

use super::{Date, DateTime, DaysDuration, Temporal, Time, Zone};
use crate::dialect::Dialect;

/// Why there is no result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ArithmeticError {
    /// The operator does not know these two types.
    Types,
    /// The result would lie beyond the years or durations that FEEL knows.
    Range,
}

impl fmt::Display for ArithmeticError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Types => "the operator does not know these types",
            Self::Range => "the result is out of range",
        })
    }
}

impl std::error::Error for ArithmeticError {}

impl Temporal {
    /// FEEL's `self + other`.
    pub fn plus(self, other: Self) -> Result<Self, ArithmeticError> {
        let sum = match (self, other) {
            (Self::Date(date), Self::Days(days)) | (Self::Days(days), Self::Date(date)) => {
                move_date(date, days).map(Self::Date)
            }
            (Self::Date(date), Self::Months(months)) | (Self::Months(months), Self::Date(date)) => {
                date.plus_months(months.total_months()).map(Self::Date)
            }
            (Self::Time(time), Self::Days(days)) | (Self::Days(days), Self::Time(time)) => {
                Some(Self::Time(time.plus(days)))
            }
            (Self::DateTime(at), Self::Days(days)) | (Self::Days(days), Self::DateTime(at)) => {
                at.plus(days).map(Self::DateTime)
            }
            (Self::DateTime(at), Self::Months(months)) | (Self::Months(months), Self::DateTime(at)) => {
                at.plus_months(months.total_months()).map(Self::DateTime)
            }
            (Self::Days(a), Self::Days(b)) => a.plus(b).map(Self::Days),
            (Self::Months(a), Self::Months(b)) => a.plus(b).map(Self::Months),
            (Self::Date(_) | Self::Time(_) | Self::DateTime(_) | Self::Days(_) | Self::Months(_), _) => {
                return Err(ArithmeticError::Types);
            }
        };
        sum.ok_or(ArithmeticError::Range)
    }

    /// FEEL's `self - other`.
    ///
    /// In the DMN dialect a date minus a zoned date and time, or the reverse, takes the date as midnight in UTC.
    pub fn minus(self, other: Self, dialect: Dialect) -> Result<Self, ArithmeticError> {
        let difference = match (self, other) {
            (Self::Days(_) | Self::Months(_), Self::Date(_) | Self::Time(_) | Self::DateTime(_)) => None,
            (_, Self::Days(days)) => {
                return self.plus(Self::Days(days.negate().ok_or(ArithmeticError::Range)?));
            }
            (_, Self::Months(months)) => {
                return self.plus(Self::Months(months.negate().ok_or(ArithmeticError::Range)?));
            }
            (Self::Date(a), Self::Date(b)) => {
                Some(DaysDuration::from_seconds((a.days_since_epoch() - b.days_since_epoch()) * 86_400))
            }
            (Self::Time(a), Self::Time(b)) => a.since(b, dialect),
            (Self::DateTime(a), Self::DateTime(b)) => a.since(b),
            (Self::Date(a), Self::DateTime(b)) if dialect == Dialect::Dmn => utc_midnight(a)?.since(b),
            (Self::DateTime(a), Self::Date(b)) if dialect == Dialect::Dmn => a.since(utc_midnight(b)?),
            (Self::Date(_) | Self::Time(_) | Self::DateTime(_), _) => None,
        };
        difference.map(Self::Days).ok_or(ArithmeticError::Types)
    }

    /// FEEL's `-self`; only durations have one, and only in the DMN dialect.
    pub fn negate(self, dialect: Dialect) -> Result<Self, ArithmeticError> {
        let negated = match (self, dialect) {
            (Self::Days(days), Dialect::Dmn) => days.negate().map(Self::Days),
            (Self::Months(months), Dialect::Dmn) => months.negate().map(Self::Months),
            (Self::Date(_) | Self::Time(_) | Self::DateTime(_) | Self::Days(_) | Self::Months(_), _) => {
                return Err(ArithmeticError::Types);
            }
        };
        negated.ok_or(ArithmeticError::Range)
    }
}

/// The date of the date's midnight so much later.
fn move_date(date: Date, duration: DaysDuration) -> Option<Date> {
    DateTime::new(date, Time::MIDNIGHT)?.plus(duration).map(DateTime::date)
}

fn utc_midnight(date: Date) -> Result<DateTime, ArithmeticError> {
    let midnight = Time::new(0, 0, 0, 0, Zone::UTC).ok_or(ArithmeticError::Range)?;
    DateTime::new(date, midnight).ok_or(ArithmeticError::Range)
}
