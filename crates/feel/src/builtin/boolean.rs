//! Boolean functions, and those about being there at all.

use super::{ANY, BOOLEAN, Builtin, NULL, STRING, builtin, overload, required};
use crate::dialect::Dialect;
use crate::machine::{Machine, Stop};
use crate::value::Value;

pub(super) const BUILTINS: &[Builtin] = &[
    builtin("not", &[overload(&[required("negand", ANY)], not)]),
    builtin("is", &[overload(&[required("value1", ANY), required("value2", ANY)], is)]).only(Dialect::Dmn),
    builtin("is defined", &[overload(&[required("value", ANY)], is_defined)]),
    builtin("get or else", &[overload(&[required("value", ANY), required("default", ANY)], get_or_else)]),
    builtin(
        "assert",
        &[
            overload(&[required("value", ANY), required("condition", ANY)], assert),
            overload(
                &[required("value", ANY), required("condition", ANY), required("cause", STRING)],
                assert,
            ),
            overload(
                &[required("value", ANY), required("condition", BOOLEAN), required("cause", NULL)],
                assert,
            ),
        ],
    )
    .only(Dialect::Bpmn),
];

fn not(_machine: &mut Machine<'_>, arguments: &[Value]) -> Result<Value, Stop> {
    Ok(match &arguments[0] {
        Value::Boolean(negand) => Value::Boolean(!negand),
        _ => Value::Null,
    })
}

/// The same element of the semantic domain (DMN 1.5, table 82): of one type and written the same way.
fn is(_machine: &mut Machine<'_>, arguments: &[Value]) -> Result<Value, Stop> {
    let (a, b) = (&arguments[0], &arguments[1]);
    if let (Value::Number(a), Value::Number(b)) = (a, b) {
        return Ok(Value::Boolean(a == b));
    }
    let text = |value: &Value| value.to_text(Dialect::Dmn);
    Ok(Value::Boolean(a.type_name() == b.type_name() && text(a) == text(b)))
}

fn is_defined(_machine: &mut Machine<'_>, arguments: &[Value]) -> Result<Value, Stop> {
    Ok(Value::Boolean(!arguments[0].is_null()))
}

fn get_or_else(_machine: &mut Machine<'_>, arguments: &[Value]) -> Result<Value, Stop> {
    Ok(if arguments[0].is_null() { arguments[1].clone() } else { arguments[0].clone() })
}

fn assert(_machine: &mut Machine<'_>, arguments: &[Value]) -> Result<Value, Stop> {
    if arguments[1].is_true() {
        return Ok(arguments[0].clone());
    }
    let cause = arguments.get(2).and_then(Value::as_str).unwrap_or("The condition is not fulfilled");
    Err(Stop::assertion(cause))
}
