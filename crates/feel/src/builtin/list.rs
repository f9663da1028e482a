//! Functions on lists (DMN 1.5 clause 10.3.4.4).

use super::{
    ANY, Builtin, CONTEXT, FUNCTION, LIST, NULL, NUMBER, STRING, builtin, optional, overload, required, rest,
};
use crate::dialect::Dialect;
use crate::machine::{Machine, Stop};
use crate::value::{self, List, Value};

pub(super) const BUILTINS: &[Builtin] = &[
    builtin("list contains", &[overload(&[required("list", LIST), required("element", ANY)], list_contains)]),
    builtin("count", &[overload(&[required("list", LIST)], count)]),
    builtin("all", &[overload(&[rest("list")], all)]),
    builtin("and", &[overload(&[rest("list")], all)]),
    builtin("any", &[overload(&[rest("list")], any)]),
    builtin("or", &[overload(&[rest("list")], any)]),
    builtin(
        "sublist",
        &[
            overload(
                &[required("list", LIST), required("start", NUMBER), optional("length", NUMBER)],
                sublist,
            )
            .only(Dialect::Bpmn),
            overload(
                &[required("list", LIST), required("start position", NUMBER), optional("length", NUMBER)],
                sublist,
            ),
        ],
    ),
    builtin(
        "append",
        &[
            overload(&[required("list", LIST), rest("items")], append).only(Dialect::Bpmn),
            overload(&[required("list", LIST), rest("item")], append).only(Dialect::Dmn),
        ],
    ),
    builtin(
        "concatenate",
        &[
            overload(&[rest("lists")], concatenate).only(Dialect::Bpmn),
            overload(&[rest("list")], concatenate).only(Dialect::Dmn),
        ],
    ),
    builtin(
        "insert before",
        &[overload(
            &[required("list", LIST), required("position", NUMBER), required("newItem", ANY)],
            insert_before,
        )],
    ),
    builtin("remove", &[overload(&[required("list", LIST), required("position", NUMBER)], remove)]),
    builtin(
        "list replace",
        &[
            overload(
                &[required("list", LIST), required("position", NUMBER), required("newItem", ANY)],
                replace_at,
            ),
            overload(
                &[required("list", LIST), required("match", FUNCTION), required("newItem", ANY)],
                replace_matching,
            ),
        ],
    )
    .only(Dialect::Dmn),
    builtin("reverse", &[overload(&[required("list", LIST)], reverse)]),
    builtin("index of", &[overload(&[required("list", LIST), required("match", ANY)], index_of)]),
    builtin(
        "union",
        &[
            overload(&[rest("lists")], union).only(Dialect::Bpmn),
            overload(&[rest("list")], union).only(Dialect::Dmn),
        ],
    ),
    builtin("distinct values", &[overload(&[required("list", LIST)], distinct_values)]),
    builtin("duplicate values", &[overload(&[required("list", LIST)], duplicate_values)]),
    builtin("flatten", &[overload(&[required("list", LIST)], flatten)]),
    builtin("sort", &[overload(&[required("list", LIST), optional("precedes", FUNCTION)], sort)]),
    builtin(
        "string join",
        &[
            overload(&[required("list", LIST), optional("delimiter", STRING)], string_join),
            overload(
                &[
                    required("list", LIST),
                    required("delimiter", STRING.or(NULL)),
                    required("prefix", STRING.or(NULL)),
                    required("suffix", STRING.or(NULL)),
                ],
                string_join,
            ),
        ],
    ),
    builtin(
        "is empty",
        &[
            // First, because a context is also a list of one.
            overload(&[required("context", CONTEXT)], is_empty_context).only(Dialect::Dmn),
            overload(&[required("list", LIST)], is_empty),
        ],
    ),
    builtin("partition", &[overload(&[required("list", LIST), required("size", NUMBER)], partition)]),
];

/// The list that the registry has checked to be one.
pub(super) fn list(value: &Value) -> &List {
    static EMPTY: std::sync::LazyLock<List> = std::sync::LazyLock::new(List::default);
    value.as_list().unwrap_or(&EMPTY)
}

fn list_contains(machine: &mut Machine<'_>, arguments: &[Value]) -> Result<Value, Stop> {
    let items = list(&arguments[0]);
    machine.burn(items.len() as u64)?;
    let switches = machine.switches();
    Ok(Value::Boolean(items.iter().any(|item| value::equal(item, &arguments[1], switches) == Some(true))))
}

fn count(_machine: &mut Machine<'_>, arguments: &[Value]) -> Result<Value, Stop> {
    Ok(Value::Number(list(&arguments[0]).len().into()))
}

fn all(machine: &mut Machine<'_>, arguments: &[Value]) -> Result<Value, Stop> {
    logic(machine, list(&arguments[0]), false)
}

fn any(machine: &mut Machine<'_>, arguments: &[Value]) -> Result<Value, Stop> {
    logic(machine, list(&arguments[0]), true)
}

fn logic(machine: &mut Machine<'_>, items: &List, deciding: bool) -> Result<Value, Stop> {
    machine.burn(items.len() as u64)?;
    if items.iter().any(|item| item.as_bool() == Some(deciding)) {
        return Ok(Value::Boolean(deciding));
    }
    let known = items.iter().all(|item| item.as_bool().is_some());
    Ok(if known { Value::Boolean(!deciding) } else { Value::Null })
}

/// The place in the list (from 0) that a position (from 1, or from the end) means; it may lie outside.
fn place(items: &[Value], position: &Value) -> Result<i64, Stop> {
    let position = position.as_number().map_or(0, crate::number::Number::to_i64_saturating);
    match position {
        0 => Err(Stop::null("position must be a non-zero number")),
        1.. => Ok(position - 1),
        _ => Ok((items.len() as i64).saturating_add(position)),
    }
}

/// The place, held within the list.
fn clamped(items: &[Value], place: i64) -> usize {
    place.clamp(0, items.len() as i64) as usize
}

/// The place of an item that must exist.
fn existing(machine: &Machine<'_>, items: &[Value], position: &Value) -> Result<Option<usize>, Stop> {
    let place = place(items, position)?;
    let inside = (0..items.len() as i64).contains(&place);
    if !inside && machine.dialect() == Dialect::Dmn {
        return Err(Stop::null(format!("position {position} lies outside the list")));
    }
    Ok(inside.then_some(place as usize))
}

fn sublist(machine: &mut Machine<'_>, arguments: &[Value]) -> Result<Value, Stop> {
    let items = list(&arguments[0]);
    let start = match place(items, &arguments[1]) {
        Ok(place) => place,
        Err(_) => return Err(Stop::null("start position must be a non-zero number")),
    };
    let length = arguments[2].as_number().map(crate::number::Number::to_i64_saturating);
    let end = length.map_or(items.len() as i64, |length| start.saturating_add(length));
    if machine.dialect() == Dialect::Dmn
        && (start < 0
            || start >= items.len() as i64
            || length.is_some_and(|length| length < 1)
            || end > items.len() as i64)
    {
        return Err(Stop::null("the part lies outside the list"));
    }
    let (start, end) = (clamped(items, start), clamped(items, end));
    machine.list(items.get(start..end.max(start)).unwrap_or_default().to_vec())
}

fn append(machine: &mut Machine<'_>, arguments: &[Value]) -> Result<Value, Stop> {
    let mut items = list(&arguments[0]).to_vec();
    items.extend(list(&arguments[1]).iter().cloned());
    machine.list(items)
}

fn concatenate(machine: &mut Machine<'_>, arguments: &[Value]) -> Result<Value, Stop> {
    let mut items = Vec::new();
    for part in list(&arguments[0]).iter() {
        match part {
            Value::List(part) => {
                machine.burn(part.len() as u64)?;
                items.extend(part.iter().cloned());
            }
            // In the standard's dialect null is no list, nor the only item of one.
            Value::Null if machine.switches().singleton_coercion => {
                return Err(Stop::null("null is not a list"));
            }
            other => items.push(other.clone()),
        }
    }
    machine.list(items)
}

fn insert_before(machine: &mut Machine<'_>, arguments: &[Value]) -> Result<Value, Stop> {
    let mut items = list(&arguments[0]).to_vec();
    let at = match existing(machine, &items, &arguments[1])? {
        Some(at) => at,
        None => clamped(&items, place(&items, &arguments[1])?),
    };
    items.insert(at, arguments[2].clone());
    machine.list(items)
}

fn remove(machine: &mut Machine<'_>, arguments: &[Value]) -> Result<Value, Stop> {
    let mut items = list(&arguments[0]).to_vec();
    if let Some(at) = existing(machine, &items, &arguments[1])? {
        items.remove(at);
    }
    machine.list(items)
}

fn replace_at(machine: &mut Machine<'_>, arguments: &[Value]) -> Result<Value, Stop> {
    let mut items = list(&arguments[0]).to_vec();
    if let Some(at) = existing(machine, &items, &arguments[1])? {
        items[at] = arguments[2].clone();
    }
    machine.list(items)
}

fn replace_matching(machine: &mut Machine<'_>, arguments: &[Value]) -> Result<Value, Stop> {
    let Value::Function(function) = &arguments[1] else { return Ok(Value::Null) };
    if function.parameter_count() != 2 {
        return Err(Stop::null("match must be a function of two parameters"));
    }
    let mut items = list(&arguments[0]).to_vec();
    for item in &mut items {
        machine.burn(1)?;
        match machine.invoke(function, &[item.clone(), arguments[2].clone()])? {
            Value::Boolean(true) => *item = arguments[2].clone(),
            Value::Boolean(false) => {}
            other => return Err(Stop::null(format!("expected boolean but found '{other}'"))),
        }
    }
    machine.list(items)
}

fn reverse(machine: &mut Machine<'_>, arguments: &[Value]) -> Result<Value, Stop> {
    machine.list(list(&arguments[0]).iter().rev().cloned().collect())
}

fn index_of(machine: &mut Machine<'_>, arguments: &[Value]) -> Result<Value, Stop> {
    let items = list(&arguments[0]);
    machine.burn(items.len() as u64)?;
    let switches = machine.switches();
    let places = items
        .iter()
        .enumerate()
        .filter(|(_, item)| value::equal(item, &arguments[1], switches) == Some(true))
        .map(|(nth, _)| Value::Number((nth + 1).into()))
        .collect();
    machine.list(places)
}

fn union(machine: &mut Machine<'_>, arguments: &[Value]) -> Result<Value, Stop> {
    let all = concatenate(machine, arguments)?;
    distinct_values(machine, &[all])
}

/// The items, each once, with how often it occurs, in the order of first occurrence.
fn counted(machine: &mut Machine<'_>, items: &List) -> Result<Vec<(Value, usize)>, Stop> {
    let switches = machine.switches();
    let mut counted: Vec<(Value, usize)> = Vec::new();
    for item in items.iter() {
        machine.burn(counted.len() as u64 + 1)?;
        match counted.iter_mut().find(|(known, _)| value::equal(known, item, switches) == Some(true)) {
            Some((_, count)) => *count += 1,
            None => counted.push((item.clone(), 1)),
        }
    }
    Ok(counted)
}

fn distinct_values(machine: &mut Machine<'_>, arguments: &[Value]) -> Result<Value, Stop> {
    let distinct = counted(machine, list(&arguments[0]))?.into_iter().map(|(item, _)| item).collect();
    machine.list(distinct)
}

fn duplicate_values(machine: &mut Machine<'_>, arguments: &[Value]) -> Result<Value, Stop> {
    let counted = counted(machine, list(&arguments[0]))?;
    machine.list(counted.into_iter().filter(|(_, count)| *count > 1).map(|(item, _)| item).collect())
}

fn flatten(machine: &mut Machine<'_>, arguments: &[Value]) -> Result<Value, Stop> {
    let mut items = Vec::new();
    flatten_into(machine, list(&arguments[0]), &mut items)?;
    machine.list(items)
}

/// Recursion is bounded by the depth that values may have.
fn flatten_into(machine: &mut Machine<'_>, list: &List, items: &mut Vec<Value>) -> Result<(), Stop> {
    machine.burn(list.len() as u64)?;
    for item in list.iter() {
        match item {
            Value::List(inner) => flatten_into(machine, inner, items)?,
            other => items.push(other.clone()),
        }
    }
    Ok(())
}

/// A stable merge sort of our own making: the order may be any function, also one that contradicts itself.
fn sort(machine: &mut Machine<'_>, arguments: &[Value]) -> Result<Value, Stop> {
    let items = list(&arguments[0]);
    let precedes = match &arguments[1] {
        Value::Function(function) if function.parameter_count() == 2 => Some(function),
        Value::Function(function) => {
            let found = function.parameter_count();
            return Err(Stop::null(format!("expect boolean function with 2 arguments, but found '{found}'")));
        }
        _ if machine.dialect() == Dialect::Dmn => None,
        _ => return Err(Stop::null("Illegal arguments: the function that says what precedes is missing")),
    };
    let mut sorted = items.to_vec();
    let mut width = 1;
    while width < sorted.len() {
        let mut merged = Vec::with_capacity(sorted.len());
        for pair in sorted.chunks(width * 2) {
            let (left, right) = pair.split_at(width.min(pair.len()));
            merge(machine, precedes, left, right, &mut merged)?;
        }
        sorted = merged;
        width *= 2;
    }
    machine.list(sorted)
}

fn merge(
    machine: &mut Machine<'_>,
    precedes: Option<&crate::value::Function>,
    mut left: &[Value],
    mut right: &[Value],
    merged: &mut Vec<Value>,
) -> Result<(), Stop> {
    while let ([a, left_rest @ ..], [b, right_rest @ ..]) = (left, right) {
        machine.burn(1)?;
        if is_before(machine, precedes, b, a)? {
            merged.push(b.clone());
            right = right_rest;
        } else {
            merged.push(a.clone());
            left = left_rest;
        }
    }
    merged.extend_from_slice(left);
    merged.extend_from_slice(right);
    Ok(())
}

fn is_before(
    machine: &mut Machine<'_>,
    precedes: Option<&crate::value::Function>,
    a: &Value,
    b: &Value,
) -> Result<bool, Stop> {
    let Some(precedes) = precedes else {
        return match value::compare(a, b, machine.switches()) {
            Some(ordering) => Ok(ordering.is_lt()),
            None => Err(Stop::null(format!("'{a}' and '{b}' are not comparable"))),
        };
    };
    let answer = machine.invoke(precedes, &[a.clone(), b.clone()]);
    match answer.map_err(|stop| sort_failure(stop, None))? {
        Value::Boolean(before) => Ok(before),
        other => Err(sort_failure(Stop::null(""), Some(&other))),
    }
}

fn sort_failure(stop: Stop, found: Option<&Value>) -> Stop {
    match (stop.into_null(), found) {
        (Err(stop), _) => stop,
        (Ok(_), Some(found)) => Stop::null(format!(
            "fail to sort list by given precedes function: expected boolean but found '{found}'"
        )),
        (Ok(message), None) => Stop::null(format!("fail to sort list by given precedes function: {message}")),
    }
}

fn string_join(machine: &mut Machine<'_>, arguments: &[Value]) -> Result<Value, Stop> {
    let items = list(&arguments[0]);
    machine.burn(items.len() as u64)?;
    let text = |nth: usize| arguments.get(nth).and_then(Value::as_str).unwrap_or("");
    let mut parts: Vec<&str> = Vec::with_capacity(items.len());
    let mut bytes = text(2).len() + text(3).len();
    for item in items.iter() {
        match item {
            Value::String(part) => {
                bytes = bytes.saturating_add(part.len() + text(1).len());
                parts.push(part);
            }
            Value::Null => {}
            _ => return Err(Stop::null(format!("expected a list of strings but found '{}'", arguments[0]))),
        }
    }
    if bytes > machine.limits().string_bytes {
        return Err(Stop::limit("string_bytes", machine.limits().string_bytes as u64));
    }
    machine.string(format!("{}{}{}", text(2), parts.join(text(1)), text(3)))
}

fn is_empty(_machine: &mut Machine<'_>, arguments: &[Value]) -> Result<Value, Stop> {
    Ok(Value::Boolean(list(&arguments[0]).is_empty()))
}

fn is_empty_context(_machine: &mut Machine<'_>, arguments: &[Value]) -> Result<Value, Stop> {
    Ok(Value::Boolean(arguments[0].as_context().is_some_and(crate::value::Context::is_empty)))
}

fn partition(machine: &mut Machine<'_>, arguments: &[Value]) -> Result<Value, Stop> {
    let size = arguments[1].as_number().map_or(0, crate::number::Number::to_i64_saturating);
    if size <= 0 {
        return Err(Stop::null(format!("'size' should be greater than zero but was '{}'", arguments[1])));
    }
    let mut parts = Vec::new();
    for part in list(&arguments[0]).chunks(usize::try_from(size).unwrap_or(usize::MAX)) {
        parts.push(machine.list(part.to_vec())?);
    }
    machine.list(parts)
}
