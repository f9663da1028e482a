//! Functions that make temporal values: `date`, `time`, `date and time`, `duration`, `years and months duration`.

use super::{
    Builtin, DATE, DATE_TIME, DAYS, MONTHS, NUMBER, STRING, TIME, builtin, optional, overload, required,
};
use crate::dialect::Dialect;
use crate::machine::{Machine, Stop};
use crate::number::Number;
use crate::temporal::{Date, DateTime, DaysDuration, MonthsDuration, Offset, Temporal, Time, Zone};
use crate::value::Value;

pub(super) const BUILTINS: &[Builtin] = &[
    builtin(
        "date",
        &[
            overload(&[required("from", STRING.or(DATE).or(DATE_TIME))], date_from),
            overload(
                &[required("year", NUMBER), required("month", NUMBER), required("day", NUMBER)],
                date_of,
            ),
        ],
    ),
    builtin(
        "time",
        &[
            overload(&[required("from", STRING.or(DATE).or(DATE_TIME))], time_from),
            overload(&[required("from", TIME)], time_from).only(Dialect::Dmn),
            overload(
                &[
                    required("hour", NUMBER),
                    required("minute", NUMBER),
                    required("second", NUMBER),
                    optional("offset", DAYS),
                ],
                time_of,
            ),
        ],
    ),
    builtin(
        "date and time",
        &[
            overload(&[required("from", STRING)], date_time_from),
            overload(&[required("from", DATE_TIME)], date_time_from).only(Dialect::Dmn),
            overload(&[required("date", DATE.or(DATE_TIME)), required("time", TIME)], date_time_of),
            overload(&[required("date", DATE_TIME), required("timezone", STRING)], date_time_in_zone)
                .only(Dialect::Bpmn),
        ],
    ),
    builtin(
        "duration",
        &[
            overload(&[required("from", STRING)], duration_from),
            overload(&[required("from", DAYS.or(MONTHS))], duration_from).only(Dialect::Dmn),
        ],
    ),
    builtin(
        "years and months duration",
        &[overload(
            &[required("from", DATE.or(DATE_TIME)), required("to", DATE.or(DATE_TIME))],
            months_between,
        )],
    ),
];

/// The arguments' kinds were checked before: anything else is an overload declared wrongly.
fn unexpected() -> Stop {
    Stop::null("Illegal arguments")
}

fn date_from(_machine: &mut Machine<'_>, arguments: &[Value]) -> Result<Value, Stop> {
    match &arguments[0] {
        Value::Date(date) => Ok(Value::Date(*date)),
        Value::DateTime(at) => Ok(Value::Date(at.date())),
        Value::String(text) => Date::parse(text)
            .map(Value::Date)
            .ok_or_else(|| Stop::null(format!("Failed to parse date from '{text}'"))),
        _ => Err(unexpected()),
    }
}

/// A number as a field of a date: BPMN cuts off the fraction and the higher bits, as Java's `intValue` does; DMN takes
/// whole numbers only.
fn field(value: &Value, dialect: Dialect) -> Option<i32> {
    let number = value.as_number()?;
    match dialect {
        // The higher bits are cut on purpose.
        Dialect::Bpmn => Some(number.to_i64_wrapping() as i32),
        Dialect::Dmn => number.to_i64().and_then(|whole| i32::try_from(whole).ok()),
    }
}

fn small_field(value: &Value, dialect: Dialect) -> Option<u8> {
    field(value, dialect).and_then(|value| u8::try_from(value).ok())
}

fn date_of(machine: &mut Machine<'_>, arguments: &[Value]) -> Result<Value, Stop> {
    let dialect = machine.dialect();
    let date = || {
        let year = field(&arguments[0], dialect)?;
        Date::new(year, small_field(&arguments[1], dialect)?, small_field(&arguments[2], dialect)?)
    };
    date().map(Value::Date).ok_or_else(|| {
        let [year, month, day] = [0, 1, 2].map(|nth| &arguments[nth]);
        Stop::null(format!("Failed to parse date from: year={year}, month={month}, day={day}"))
    })
}

fn time_from(machine: &mut Machine<'_>, arguments: &[Value]) -> Result<Value, Stop> {
    match &arguments[0] {
        Value::Time(time) => Ok(Value::Time(*time)),
        Value::DateTime(at) => Ok(Value::Time(at.time())),
        Value::Date(_) => Time::new(0, 0, 0, 0, Zone::UTC).map(Value::Time).ok_or_else(unexpected),
        Value::String(text) => Time::parse(text, machine.dialect())
            .map(Value::Time)
            .ok_or_else(|| Stop::null(format!("Failed to parse time from '{text}'"))),
        _ => Err(unexpected()),
    }
}

fn time_of(machine: &mut Machine<'_>, arguments: &[Value]) -> Result<Value, Stop> {
    let dialect = machine.dialect();
    let time = || {
        let hour = small_field(&arguments[0], dialect)?;
        let minute = small_field(&arguments[1], dialect)?;
        let (second, nanos) = second_and_nanos(arguments[2].as_number()?)?;
        let zone = match &arguments[3] {
            Value::DaysDuration(offset) => Zone::Fixed(offset_of(*offset)?),
            _ => Zone::Local,
        };
        Time::new(hour, minute, second, nanos, zone)
    };
    time().map(Value::Time).ok_or_else(|| {
        let [hour, minute, second, offset] = [0, 1, 2, 3].map(|nth| &arguments[nth]);
        Stop::null(format!(
            "Failed to parse time from: hour={hour}, minute={minute}, second={second}, offset={offset}"
        ))
    })
}

fn offset_of(duration: DaysDuration) -> Option<Offset> {
    // A fraction of a second is rounded down, as Java's `getSeconds` does.
    let seconds = duration.total_nanos().div_euclid(1_000_000_000);
    Offset::from_seconds(i32::try_from(seconds).ok()?)
}

/// Seconds with a fraction; digits beyond the ninth are dropped.
fn second_and_nanos(number: &Number) -> Option<(u8, u32)> {
    let (coefficient, exponent) = number.parts();
    let shift = exponent + 9;
    let nanos = if shift >= 0 {
        coefficient.checked_mul(10_i128.checked_pow(shift.unsigned_abs())?)?
    } else {
        10_i128.checked_pow(shift.unsigned_abs()).map_or(0, |scale| coefficient / scale)
    };
    let second = u8::try_from(nanos.div_euclid(1_000_000_000)).ok()?;
    // In range: less than a second.
    Some((second, nanos.rem_euclid(1_000_000_000) as u32))
}

fn date_time_from(machine: &mut Machine<'_>, arguments: &[Value]) -> Result<Value, Stop> {
    match &arguments[0] {
        Value::DateTime(at) => Ok(Value::DateTime(*at)),
        Value::String(text) => DateTime::parse(text, machine.dialect())
            .map(Value::DateTime)
            .ok_or_else(|| Stop::null(format!("Failed to parse date-time from '{text}'"))),
        _ => Err(unexpected()),
    }
}

fn date_time_of(_machine: &mut Machine<'_>, arguments: &[Value]) -> Result<Value, Stop> {
    match (date_part(&arguments[0]), &arguments[1]) {
        (Some(date), Value::Time(time)) => DateTime::new(date, *time)
            .map(Value::DateTime)
            .ok_or_else(|| Stop::null(format!("'{date}T{time}' is out of range"))),
        _ => Err(unexpected()),
    }
}

fn date_part(value: &Value) -> Option<Date> {
    match value {
        Value::Date(date) => Some(*date),
        Value::DateTime(at) => Some(at.date()),
        _ => None,
    }
}

fn date_time_in_zone(machine: &mut Machine<'_>, arguments: &[Value]) -> Result<Value, Stop> {
    let (Value::DateTime(at), Value::String(name)) = (&arguments[0], &arguments[1]) else {
        return Err(unexpected());
    };
    let unknown = || match machine.dialect() {
        Dialect::Bpmn => Stop::failed(format!("date and time: Unknown time zone '{name}'")),
        Dialect::Dmn => Stop::null(format!("Unknown time zone '{name}'")),
    };
    let zone = Zone::parse(name).ok_or_else(unknown)?;
    at.in_zone(zone)
        .map(Value::DateTime)
        .ok_or_else(|| Stop::null(format!("'{at}' in the zone '{name}' is out of range")))
}

fn duration_from(machine: &mut Machine<'_>, arguments: &[Value]) -> Result<Value, Stop> {
    match &arguments[0] {
        Value::String(text) => Temporal::parse_duration(text, machine.dialect())
            .map(Value::from)
            .ok_or_else(|| Stop::null(format!("Failed to parse duration from '{text}'"))),
        duration => Ok(duration.clone()),
    }
}

fn months_between(_machine: &mut Machine<'_>, arguments: &[Value]) -> Result<Value, Stop> {
    match (date_part(&arguments[0]), date_part(&arguments[1])) {
        (Some(from), Some(to)) => {
            Ok(Value::MonthsDuration(MonthsDuration::from_months(from.whole_months_until(to))))
        }
        _ => Err(unexpected()),
    }
}
