//! `random number()` and `uuid()`: drawn from the seed that came in with the moment, so that the same evaluation gives
//! the same values when it is run again.

use super::{Builtin, builtin, overload};
use crate::dialect::Dialect;
use crate::machine::{Machine, Stop};
use crate::number::Number;
use crate::value::Value;

pub(super) const BUILTINS: &[Builtin] = &[
    builtin("random number", &[overload(&[], random_number)]).only(Dialect::Bpmn).volatile(),
    builtin("uuid", &[overload(&[], uuid)]).only(Dialect::Bpmn).volatile(),
];

/// From 0 up to, not including, 1: eighteen digits.
fn random_number(machine: &mut Machine<'_>, _arguments: &[Value]) -> Result<Value, Stop> {
    const END: u128 = 10_u128.pow(18);
    let scaled = (u128::from(machine.draw()) * END) >> 64;
    // In range: less than 10^18.
    let number = Number::from_parts(scaled as i128, -18);
    number.map(Value::Number).ok_or_else(|| Stop::null("No number could be drawn"))
}

/// Version 7 of RFC 9562: the moment in milliseconds, then random bits.
fn uuid(machine: &mut Machine<'_>, _arguments: &[Value]) -> Result<Value, Stop> {
    const TIME_BITS: u64 = (1 << 48) - 1;
    let ms = machine.moment().now.epoch_ms().unwrap_or(0).cast_unsigned() & TIME_BITS;
    let (first, second) = (machine.draw(), machine.draw());
    let version_and_random = 0x7000 | (first & 0x0FFF);
    let variant_and_random = 0x8000 | ((first >> 16) & 0x3FFF);
    machine.string(format!(
        "{:08x}-{:04x}-{version_and_random:04x}-{variant_and_random:04x}-{:012x}",
        ms >> 16,
        ms & 0xFFFF,
        second & TIME_BITS
    ))
}
