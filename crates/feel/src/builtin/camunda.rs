//! Functions that a Camunda 8 broker adds to FEEL.

use super::{ANY, Builtin, DAYS, MONTHS, NULL, NUMBER, builtin, optional, overload, required};
use crate::dialect::Dialect;
use crate::machine::{Machine, Stop};
use crate::value::Value;

pub(super) const BUILTINS: &[Builtin] = &[
    builtin(
        "cycle",
        &[
            overload(&[required("interval", DAYS.or(MONTHS))], cycle),
            overload(
                &[required("repetitions", NUMBER.or(NULL)), required("interval", DAYS.or(MONTHS))],
                cycle_repeated,
            ),
        ],
    )
    .only(Dialect::Bpmn),
    builtin(
        "fromAi",
        &[overload(
            &[
                required("value", ANY),
                optional("description", ANY),
                optional("type", ANY),
                optional("schema", ANY),
                optional("options", ANY),
            ],
            from_ai,
        )],
    )
    .only(Dialect::Bpmn),
];

/// `R/P7D`: what timers understand as an endless repetition.
fn cycle(machine: &mut Machine<'_>, arguments: &[Value]) -> Result<Value, Stop> {
    machine.string(format!("R/{}", arguments[0].to_text(Dialect::Bpmn)))
}

/// `R3/PT1H`
fn cycle_repeated(machine: &mut Machine<'_>, arguments: &[Value]) -> Result<Value, Stop> {
    let interval = arguments[1].to_text(Dialect::Bpmn);
    match &arguments[0] {
        Value::Number(repetitions) => {
            machine.string(format!("R{}/{interval}", repetitions.to_i64_wrapping() as i32))
        }
        _ => machine.string(format!("R/{interval}")),
    }
}

/// A mark for tools that look at the model; the value itself.
fn from_ai(_machine: &mut Machine<'_>, arguments: &[Value]) -> Result<Value, Stop> {
    Ok(arguments[0].clone())
}
