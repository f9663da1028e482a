//! Functions that make one value of many: sums, means, extremes (DMN 1.5 clause 10.3.4.4).

use super::list::list;
use super::{Builtin, builtin, overload, rest};
use crate::dialect::Dialect;
use crate::machine::{Machine, Stop};
use crate::number::Number;
use crate::value::{self, Value};

pub(super) const BUILTINS: &[Builtin] = &[
    builtin("min", &[overload(&[rest("list")], min)]),
    builtin("max", &[overload(&[rest("list")], max)]),
    builtin("sum", &[overload(&[rest("list")], sum)]),
    builtin("product", &[overload(&[rest("list")], product)]),
    builtin("mean", &[overload(&[rest("list")], mean)]),
    builtin("median", &[overload(&[rest("list")], median)]),
    builtin("stddev", &[overload(&[rest("list")], stddev)]),
    builtin("mode", &[overload(&[rest("list")], mode)]),
];

fn min(machine: &mut Machine<'_>, arguments: &[Value]) -> Result<Value, Stop> {
    extreme(machine, &arguments[0], std::cmp::Ordering::Less)
}

fn max(machine: &mut Machine<'_>, arguments: &[Value]) -> Result<Value, Stop> {
    extreme(machine, &arguments[0], std::cmp::Ordering::Greater)
}

fn extreme(machine: &mut Machine<'_>, items: &Value, wanted: std::cmp::Ordering) -> Result<Value, Stop> {
    let list = list(items);
    machine.burn(list.len() as u64)?;
    let switches = machine.switches();
    let not_comparable = || Stop::null(format!("{items} is not comparable"));
    let Some(mut best) = list.first() else { return Ok(Value::Null) };
    if value::compare(best, best, switches).is_none() {
        return Err(not_comparable());
    }
    for item in &list[1..] {
        if value::compare(item, best, switches).ok_or_else(not_comparable)? == wanted {
            best = item;
        }
    }
    Ok(best.clone())
}

/// The numbers of a list; none for an empty list, and a failure if something else is among them.
fn numbers(machine: &mut Machine<'_>, items: &Value) -> Result<Vec<Number>, Stop> {
    let items = list(items);
    machine.burn(items.len() as u64)?;
    items
        .iter()
        .map(|item| {
            item.as_number().copied().ok_or_else(|| Stop::null(format!("expected number but found '{item}'")))
        })
        .collect()
}

fn overflow() -> Stop {
    Stop::null("the result is too large")
}

fn total(numbers: &[Number]) -> Result<Number, Stop> {
    numbers.iter().try_fold(Number::ZERO, |sum, number| sum.add(number)).ok_or_else(overflow)
}

fn sum(machine: &mut Machine<'_>, arguments: &[Value]) -> Result<Value, Stop> {
    let numbers = numbers(machine, &arguments[0])?;
    if numbers.is_empty() {
        return Ok(Value::Null);
    }
    total(&numbers).map(Value::Number)
}

fn product(machine: &mut Machine<'_>, arguments: &[Value]) -> Result<Value, Stop> {
    let numbers = numbers(machine, &arguments[0])?;
    if numbers.is_empty() {
        return Ok(Value::Null);
    }
    let product = numbers.iter().try_fold(Number::ONE, |product, number| product.multiply(number));
    product.map(Value::Number).ok_or_else(overflow)
}

fn average(numbers: &[Number]) -> Result<Number, Stop> {
    total(numbers)?.divide(&numbers.len().into()).ok_or_else(overflow)
}

fn mean(machine: &mut Machine<'_>, arguments: &[Value]) -> Result<Value, Stop> {
    let numbers = numbers(machine, &arguments[0])?;
    if numbers.is_empty() { Ok(Value::Null) } else { average(&numbers).map(Value::Number) }
}

fn median(machine: &mut Machine<'_>, arguments: &[Value]) -> Result<Value, Stop> {
    let mut numbers = numbers(machine, &arguments[0])?;
    numbers.sort();
    let middle = numbers.len() / 2;
    match numbers.len() {
        0 => Ok(Value::Null),
        odd if odd % 2 == 1 => Ok(Value::Number(numbers[middle])),
        _ => average(&numbers[middle - 1..=middle]).map(Value::Number),
    }
}

/// The standard deviation of a sample.
fn stddev(machine: &mut Machine<'_>, arguments: &[Value]) -> Result<Value, Stop> {
    let numbers = numbers(machine, &arguments[0])?;
    if numbers.is_empty() {
        return Ok(Value::Null);
    }
    if numbers.len() == 1 {
        let why = "the standard deviation needs at least two numbers";
        return Err(match machine.dialect() {
            Dialect::Bpmn => Stop::failed(format!("stddev: {why}")),
            Dialect::Dmn => Stop::null(why),
        });
    }
    let mean = average(&numbers)?;
    let squares = numbers.iter().try_fold(Number::ZERO, |sum, number| {
        let distance = number.subtract(&mean)?;
        sum.add(&distance.multiply(&distance)?)
    });
    let variance = squares.and_then(|sum| sum.divide(&(numbers.len() - 1).into())).ok_or_else(overflow)?;
    super::numeric::irrational(machine, variance.sqrt())
}

fn mode(machine: &mut Machine<'_>, arguments: &[Value]) -> Result<Value, Stop> {
    let mut numbers = numbers(machine, &arguments[0])?;
    if numbers.is_empty() && machine.dialect() == Dialect::Dmn && arguments[0].is_null() {
        return Ok(Value::Null);
    }
    numbers.sort();
    let runs: Vec<&[Number]> = numbers.chunk_by(|a, b| a == b).collect();
    let most = runs.iter().map(|run| run.len()).max().unwrap_or(0);
    machine.list(runs.iter().filter(|run| run.len() == most).map(|run| Value::Number(run[0])).collect())
}
