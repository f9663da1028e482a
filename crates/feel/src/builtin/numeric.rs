//! Functions on numbers (DMN 1.5 clause 10.3.4.5).

use super::{Builtin, DAYS, MONTHS, NUMBER, STRING, builtin, overload, required};
use crate::dialect::Dialect;
use crate::machine::{Machine, Stop};
use crate::number::{Number, Rounding};
use crate::value::Value;

pub(super) const BUILTINS: &[Builtin] = &[
    builtin(
        "decimal",
        &[
            overload(&[required("n", NUMBER), required("scale", NUMBER)], decimal),
            overload(
                &[required("n", NUMBER), required("scale", NUMBER), required("mode", STRING)],
                decimal_with_mode,
            )
            .only(Dialect::Bpmn),
        ],
    ),
    builtin(
        "floor",
        &[
            overload(&[required("n", NUMBER)], floor),
            overload(&[required("n", NUMBER), required("scala", NUMBER)], floor).only(Dialect::Bpmn),
            overload(&[required("n", NUMBER), required("scale", NUMBER)], floor),
        ],
    ),
    builtin(
        "ceiling",
        &[
            overload(&[required("n", NUMBER)], ceiling),
            overload(&[required("n", NUMBER), required("scale", NUMBER)], ceiling),
        ],
    ),
    builtin("round up", &[overload(&[required("n", NUMBER), required("scale", NUMBER)], round_up)]),
    builtin("round down", &[overload(&[required("n", NUMBER), required("scale", NUMBER)], round_down)]),
    builtin("round half up", &[overload(&[required("n", NUMBER), required("scale", NUMBER)], round_half_up)]),
    builtin(
        "round half down",
        &[
            overload(&[required("n", NUMBER), required("scale", NUMBER)], round_half_down),
            overload(&[required("n", NUMBER), required("scala", NUMBER)], round_half_down)
                .only(Dialect::Bpmn),
        ],
    ),
    builtin(
        "abs",
        &[
            overload(&[required("n", NUMBER.or(DAYS).or(MONTHS))], abs),
            overload(&[required("number", NUMBER.or(DAYS).or(MONTHS))], abs).only(Dialect::Bpmn),
        ],
    ),
    builtin("modulo", &[overload(&[required("dividend", NUMBER), required("divisor", NUMBER)], modulo)]),
    builtin("sqrt", &[overload(&[required("number", NUMBER)], sqrt)]),
    builtin("log", &[overload(&[required("number", NUMBER)], log)]),
    builtin("exp", &[overload(&[required("number", NUMBER)], exp)]),
    builtin("odd", &[overload(&[required("number", NUMBER)], odd)]),
    builtin("even", &[overload(&[required("number", NUMBER)], even)]),
    builtin("random number", &[overload(&[], random_number)]).only(Dialect::Bpmn).volatile(),
];

/// The number that the registry has checked to be one.
pub(super) fn number(value: &Value) -> Number {
    value.as_number().copied().unwrap_or(Number::ZERO)
}

/// Rounds the first argument to the scale in the second, or to whole numbers.
fn rounded(machine: &Machine<'_>, arguments: &[Value], rounding: Rounding) -> Result<Value, Stop> {
    let scale = arguments.get(1).map_or(0, |scale| number(scale).to_i64_saturating());
    let decimal128 = (-6111..=6176).contains(&scale);
    if !decimal128 && machine.dialect() == Dialect::Dmn {
        return Err(Stop::null(format!("the scale must lie between -6111 and 6176 but was '{scale}'")));
    }
    let scale = scale.clamp(-6111, 6176) as i32;
    number(&arguments[0]).round(scale, rounding).map(Value::Number).ok_or_else(|| {
        Stop::null(format!("Failed to apply rounding mode: '{}' has too many digits", arguments[0]))
    })
}

fn decimal(machine: &mut Machine<'_>, arguments: &[Value]) -> Result<Value, Stop> {
    rounded(machine, arguments, Rounding::HalfEven)
}

fn decimal_with_mode(machine: &mut Machine<'_>, arguments: &[Value]) -> Result<Value, Stop> {
    let mode = arguments[2].as_str().unwrap_or("");
    let rounding = match mode.to_ascii_uppercase().as_str() {
        "UP" => Rounding::Up,
        "DOWN" => Rounding::Down,
        "CEILING" => Rounding::Ceiling,
        "FLOOR" => Rounding::Floor,
        "HALF_UP" => Rounding::HalfUp,
        "HALF_DOWN" => Rounding::HalfDown,
        "HALF_EVEN" => Rounding::HalfEven,
        "UNNECESSARY" => return unrounded(machine, arguments),
        _ => {
            return Err(Stop::null(format!(
                "Illegal argument '{mode}' for rounding mode. Must be one of: \
                 UP, DOWN, CEILING, FLOOR, HALF_UP, HALF_DOWN, HALF_EVEN, UNNECESSARY"
            )));
        }
    };
    rounded(machine, &arguments[..2], rounding)
}

/// The scale must hold all digits.
fn unrounded(machine: &Machine<'_>, arguments: &[Value]) -> Result<Value, Stop> {
    let cut = rounded(machine, &arguments[..2], Rounding::Down)?;
    if number(&cut) == number(&arguments[0]) {
        return Ok(cut);
    }
    Err(Stop::null("Failed to apply rounding mode 'UNNECESSARY': Rounding necessary"))
}

fn floor(machine: &mut Machine<'_>, arguments: &[Value]) -> Result<Value, Stop> {
    rounded(machine, arguments, Rounding::Floor)
}

fn ceiling(machine: &mut Machine<'_>, arguments: &[Value]) -> Result<Value, Stop> {
    rounded(machine, arguments, Rounding::Ceiling)
}

fn round_up(machine: &mut Machine<'_>, arguments: &[Value]) -> Result<Value, Stop> {
    rounded(machine, arguments, Rounding::Up)
}

fn round_down(machine: &mut Machine<'_>, arguments: &[Value]) -> Result<Value, Stop> {
    rounded(machine, arguments, Rounding::Down)
}

fn round_half_up(machine: &mut Machine<'_>, arguments: &[Value]) -> Result<Value, Stop> {
    rounded(machine, arguments, Rounding::HalfUp)
}

fn round_half_down(machine: &mut Machine<'_>, arguments: &[Value]) -> Result<Value, Stop> {
    rounded(machine, arguments, Rounding::HalfDown)
}

fn abs(_machine: &mut Machine<'_>, arguments: &[Value]) -> Result<Value, Stop> {
    let too_large = || Stop::null("the duration is too large");
    match &arguments[0] {
        Value::DaysDuration(duration) => duration.abs().map(Value::DaysDuration).ok_or_else(too_large),
        Value::MonthsDuration(duration) => duration.abs().map(Value::MonthsDuration).ok_or_else(too_large),
        other => Ok(Value::Number(number(other).abs())),
    }
}

fn modulo(machine: &mut Machine<'_>, arguments: &[Value]) -> Result<Value, Stop> {
    match number(&arguments[0]).modulo(&number(&arguments[1])) {
        Some(rest) => Ok(Value::Number(rest)),
        // The reference fails with its host's exception, so a process that relied on it had an incident.
        None if machine.dialect() == Dialect::Bpmn => Err(Stop::failed("modulo: division by zero")),
        None => Err(Stop::null("division by zero")),
    }
}

/// A result with endless digits; in the BPMN dialect it has those of a double.
pub(super) fn irrational(machine: &Machine<'_>, result: Option<Number>) -> Result<Value, Stop> {
    let result = result.ok_or_else(|| Stop::null("there is no such number"))?;
    let double = machine.switches().rounds_to_double.then(|| result.as_double()).flatten();
    Ok(Value::Number(double.unwrap_or(result)))
}

fn sqrt(machine: &mut Machine<'_>, arguments: &[Value]) -> Result<Value, Stop> {
    let number = number(&arguments[0]);
    if number.is_negative() { Ok(Value::Null) } else { irrational(machine, number.sqrt()) }
}

fn log(machine: &mut Machine<'_>, arguments: &[Value]) -> Result<Value, Stop> {
    machine.burn(crate::number::LOGARITHM_STEPS)?;
    irrational(machine, number(&arguments[0]).ln())
}

fn exp(machine: &mut Machine<'_>, arguments: &[Value]) -> Result<Value, Stop> {
    machine.burn(crate::number::LOGARITHM_STEPS)?;
    irrational(machine, number(&arguments[0]).exp())
}

fn odd(_machine: &mut Machine<'_>, arguments: &[Value]) -> Result<Value, Stop> {
    Ok(Value::Boolean(number(&arguments[0]).is_odd()))
}

fn even(_machine: &mut Machine<'_>, arguments: &[Value]) -> Result<Value, Stop> {
    Ok(Value::Boolean(number(&arguments[0]).is_even()))
}

/// From 0 to below 1, with 53 bits.
fn random_number(machine: &mut Machine<'_>, _arguments: &[Value]) -> Result<Value, Stop> {
    let bits = machine.random() >> 11;
    let number = Number::from_f64(bits as f64 / (1_u64 << 53) as f64);
    Ok(number.map_or(Value::Null, Value::Number))
}
