//! Functions on contexts (DMN 1.5 clause 10.3.4.7).

use std::sync::Arc;

use super::list::list;
use super::string::text;
use super::{ANY, Builtin, CONTEXT, LIST, STRING, builtin, overload, required, rest};
use crate::dialect::Dialect;
use crate::machine::{Machine, Stop};
use crate::value::{Context, Value};

pub(super) const BUILTINS: &[Builtin] = &[
    builtin(
        "get entries",
        &[
            overload(&[required("context", CONTEXT)], get_entries).only(Dialect::Bpmn),
            overload(&[required("m", CONTEXT)], get_entries),
        ],
    ),
    builtin(
        "get value",
        &[
            overload(&[required("m", CONTEXT), required("key", STRING)], get_value),
            overload(&[required("context", CONTEXT), required("key", STRING)], get_value).only(Dialect::Bpmn),
            overload(&[required("context", CONTEXT), required("keys", LIST)], get_nested).only(Dialect::Bpmn),
        ],
    ),
    builtin(
        "context put",
        &[
            overload(&[required("context", CONTEXT), required("key", STRING), required("value", ANY)], put),
            overload(
                &[required("context", CONTEXT), required("keys", LIST), required("value", ANY)],
                put_nested,
            ),
        ],
    ),
    builtin(
        "put",
        &[
            overload(&[required("context", CONTEXT), required("key", STRING), required("value", ANY)], put),
            overload(
                &[required("context", CONTEXT), required("keys", LIST), required("value", ANY)],
                put_nested,
            ),
        ],
    )
    .only(Dialect::Bpmn),
    builtin("context merge", &[overload(&[rest("contexts")], merge)]),
    builtin("put all", &[overload(&[rest("contexts")], merge)]).only(Dialect::Bpmn),
    builtin(
        "context",
        &[
            overload(&[required("entries", LIST)], context),
            overload(&[required("entries", ANY)], no_context).only(Dialect::Bpmn),
        ],
    ),
];

/// The context that the registry has checked to be one.
fn entries(value: &Value) -> &[(Arc<str>, Value)] {
    value.as_context().map_or(&[], Context::entries)
}

fn get_entries(machine: &mut Machine<'_>, arguments: &[Value]) -> Result<Value, Stop> {
    let (key, value): (Arc<str>, Arc<str>) = ("key".into(), "value".into());
    let mut items = Vec::new();
    for (name, entry) in entries(&arguments[0]) {
        let pair = vec![(key.clone(), Value::String(name.clone())), (value.clone(), entry.clone())];
        items.push(machine.context(pair)?);
    }
    machine.list(items)
}

fn get_value(_machine: &mut Machine<'_>, arguments: &[Value]) -> Result<Value, Stop> {
    let context = arguments[0].as_context();
    Ok(context.and_then(|context| context.get(text(&arguments[1]))).cloned().unwrap_or_default())
}

fn get_nested(machine: &mut Machine<'_>, arguments: &[Value]) -> Result<Value, Stop> {
    let keys = list(&arguments[1]);
    machine.burn(keys.len() as u64)?;
    let mut value = arguments[0].clone();
    for key in keys.iter() {
        let next = value.as_context().zip(key.as_str()).and_then(|(context, key)| context.get(key)).cloned();
        value = next.unwrap_or_default();
    }
    Ok(if keys.is_empty() { Value::Null } else { value })
}

fn put(machine: &mut Machine<'_>, arguments: &[Value]) -> Result<Value, Stop> {
    let key = Value::from(vec![arguments[1].clone()]);
    put_nested(machine, &[arguments[0].clone(), key, arguments[2].clone()])
}

fn put_nested(machine: &mut Machine<'_>, arguments: &[Value]) -> Result<Value, Stop> {
    let keys = list(&arguments[1]);
    if keys.is_empty() {
        return Ok(Value::Null);
    }
    let Some(keys) = keys.iter().map(Value::as_str).collect::<Option<Vec<&str>>>() else {
        return Err(Stop::null(format!("the keys must be strings but were '{}'", arguments[1])));
    };
    if keys.len() > machine.limits().value_depth_levels as usize {
        return Err(Stop::limit("value_depth_levels", u64::from(machine.limits().value_depth_levels)));
    }
    let context = arguments[0].as_context().cloned().unwrap_or_default();
    let context = with_nested(machine, &context, &keys, &arguments[2])?;
    machine.check_depth(context.depth())?;
    Ok(Value::Context(context))
}

/// What is no context along the keys becomes one in the BPMN dialect, and makes the result null in DMN.
fn with_nested(
    machine: &mut Machine<'_>,
    context: &Context,
    keys: &[&str],
    value: &Value,
) -> Result<Context, Stop> {
    machine.burn(context.len() as u64 + 1)?;
    machine.take(48 * context.len() as u64 + 96)?;
    let [key, rest @ ..] = keys else { return Ok(context.clone()) };
    if rest.is_empty() {
        return Ok(context.with(key, value.clone()));
    }
    let inner = match context.get(key) {
        Some(Value::Context(inner)) => inner.clone(),
        Some(_) | None if machine.dialect() == Dialect::Bpmn => Context::default(),
        Some(_) | None => return Err(Stop::null(format!("the entry '{key}' is no context"))),
    };
    let inner = with_nested(machine, &inner, rest, value)?;
    Ok(context.with(key, Value::Context(inner)))
}

fn merge(machine: &mut Machine<'_>, arguments: &[Value]) -> Result<Value, Stop> {
    let mut merged = Vec::new();
    for part in list(&arguments[0]).iter() {
        let Value::Context(part) = part else { return Ok(Value::Null) };
        machine.burn(part.len() as u64)?;
        merged.extend(part.entries().iter().cloned());
    }
    machine.context(merged)
}

/// A list of contexts with `key` and `value` as a context.
fn context(machine: &mut Machine<'_>, arguments: &[Value]) -> Result<Value, Stop> {
    let mut made: Vec<(Arc<str>, Value)> = Vec::new();
    let items = list(&arguments[0]);
    machine.burn(items.len() as u64)?;
    for item in items.iter() {
        let pair = item.as_context().and_then(|pair| Some((pair.get("key")?, pair.get("value")?)));
        let Some((Value::String(key), value)) = pair else { return Ok(Value::Null) };
        made.push((key.clone(), value.clone()));
    }
    if machine.dialect() == Dialect::Dmn && Context::new(made.clone()).len() < made.len() {
        return Err(Stop::null("the keys must differ from each other"));
    }
    machine.context(made)
}

fn no_context(_machine: &mut Machine<'_>, _arguments: &[Value]) -> Result<Value, Stop> {
    Ok(Value::Null)
}
