//! Functions that read the calendar and the clock.

use super::{Builtin, DATE, DATE_TIME, builtin, overload, required};
use crate::machine::{Machine, Stop};
use crate::number::Number;
use crate::temporal::Date;
use crate::value::Value;

pub(super) const BUILTINS: &[Builtin] = &[
    builtin("now", &[overload(&[], now)]).volatile(),
    builtin("today", &[overload(&[], today)]).volatile(),
    builtin("day of year", &[overload(&[required("date", DATE.or(DATE_TIME))], day_of_year)]),
    builtin("day of week", &[overload(&[required("date", DATE.or(DATE_TIME))], day_of_week)]),
    builtin("month of year", &[overload(&[required("date", DATE.or(DATE_TIME))], month_of_year)]),
    builtin("week of year", &[overload(&[required("date", DATE.or(DATE_TIME))], week_of_year)]),
    builtin("last day of month", &[overload(&[required("date", DATE.or(DATE_TIME))], last_day_of_month)]),
];

fn now(machine: &mut Machine<'_>, _arguments: &[Value]) -> Result<Value, Stop> {
    Ok(Value::DateTime(machine.moment().now))
}

fn today(machine: &mut Machine<'_>, _arguments: &[Value]) -> Result<Value, Stop> {
    Ok(Value::Date(machine.moment().now.date()))
}

fn date(arguments: &[Value]) -> Result<Date, Stop> {
    match &arguments[0] {
        Value::Date(date) => Ok(*date),
        Value::DateTime(at) => Ok(at.date()),
        _ => Err(Stop::null("Illegal arguments")),
    }
}

fn day_of_year(_machine: &mut Machine<'_>, arguments: &[Value]) -> Result<Value, Stop> {
    Ok(Value::Number(Number::from(i64::from(date(arguments)?.day_of_year()))))
}

fn day_of_week(_machine: &mut Machine<'_>, arguments: &[Value]) -> Result<Value, Stop> {
    Ok(Value::from(date(arguments)?.weekday_name()))
}

fn month_of_year(_machine: &mut Machine<'_>, arguments: &[Value]) -> Result<Value, Stop> {
    Ok(Value::from(date(arguments)?.month_name()))
}

fn week_of_year(_machine: &mut Machine<'_>, arguments: &[Value]) -> Result<Value, Stop> {
    Ok(Value::Number(Number::from(i64::from(date(arguments)?.week_of_year()))))
}

fn last_day_of_month(_machine: &mut Machine<'_>, arguments: &[Value]) -> Result<Value, Stop> {
    Ok(Value::Date(date(arguments)?.last_day_of_month()))
}
