//! The properties of temporal values: `date.year`, `duration.days` (DMN 1.5 table 65).

use super::{Date, DaysDuration, Temporal, Time};
use crate::dialect::Dialect;

/// The value of a property.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Property {
    /// A whole number.
    Integer(i64),
    /// A duration: `time offset`.
    Days(DaysDuration),
    /// Text: `timezone`.
    Text(&'static str),
    /// The type has the property, this value does not: the zone of a local time.
    Null,
}

impl Temporal {
    /// The property of that name; none if the type has no such property.
    #[must_use]
    pub fn property(self, name: &str, dialect: Dialect) -> Option<Property> {
        match self {
            Self::Date(date) => date_property(date, name),
            Self::Time(time) => time_property(time, name),
            Self::DateTime(at) => date_property(at.date(), name).or_else(|| time_property(at.time(), name)),
            Self::Days(duration) => {
                let value = match name {
                    "days" => duration.days(dialect),
                    "hours" => duration.hours(dialect),
                    "minutes" => duration.minutes(dialect),
                    "seconds" => duration.seconds(dialect),
                    _ => return None,
                };
                Some(Property::Integer(value))
            }
            Self::Months(duration) => match name {
                "years" => Some(Property::Integer(duration.years())),
                "months" => Some(Property::Integer(duration.months())),
                _ => None,
            },
        }
    }

    /// The names of the properties that the type has.
    #[must_use]
    pub fn property_names(self) -> &'static [&'static str] {
        match self {
            Self::Date(_) => &["year", "month", "day", "weekday"],
            Self::Time(_) => &["hour", "minute", "second", "time offset", "timezone"],
            Self::DateTime(_) => {
                &["year", "month", "day", "weekday", "hour", "minute", "second", "time offset", "timezone"]
            }
            Self::Days(_) => &["days", "hours", "minutes", "seconds"],
            Self::Months(_) => &["years", "months"],
        }
    }
}

fn date_property(date: Date, name: &str) -> Option<Property> {
    let value = match name {
        "year" => i64::from(date.year()),
        "month" => i64::from(date.month()),
        "day" => i64::from(date.day()),
        "weekday" => i64::from(date.weekday()),
        _ => return None,
    };
    Some(Property::Integer(value))
}

fn time_property(time: Time, name: &str) -> Option<Property> {
    Some(match name {
        "hour" => Property::Integer(i64::from(time.hour())),
        "minute" => Property::Integer(i64::from(time.minute())),
        "second" => Property::Integer(i64::from(time.second())),
        "time offset" => time.time_offset().map_or(Property::Null, Property::Days),
        "timezone" => time.zone().name().map_or(Property::Null, Property::Text),
        _ => return None,
    })
}
