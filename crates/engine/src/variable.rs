//! Variables: which one a name means, and where a value goes.
//!
//! Reads walk from a scope outward to the process; the innermost wins. A value that is merged goes to the nearest scope
//! that has the name already, or to the process.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use weir_bpmn::process::Mapping;
use weir_feel::Value;

use crate::{
    command::Reply,
    document::Document,
    element::multi_instance,
    event::Event,
    expression,
    key::ElementKey,
    payload,
    rejection::Rejection,
    state::State,
    tx::{At, Failure, Tx},
};

/// Names and JSON texts.
pub(crate) type Named = Vec<(Arc<str>, Arc<str>)>;

/// The scope around a scope, within one process instance.
fn outer(state: &State, scope: ElementKey) -> Option<ElementKey> {
    let row = state.elements.get(&scope)?;
    if row.element == 0 { None } else { row.parent }
}

/// The JSON text of the variable that `name` means in `scope`.
pub(crate) fn lookup(tx: &Tx<'_>, scope: ElementKey, name: &str) -> Option<Arc<str>> {
    let mut place = (scope, Arc::from(name));
    loop {
        if let Some(json) = tx.state().variables.get(&place) {
            return Some(json.0.clone());
        }
        if multi_instance::collects_into(tx, place.0).is_some_and(|found| *found == *name)
            && let Some((_, json)) = multi_instance::output_collection(tx, place.0)
        {
            return Some(json);
        }
        place.0 = outer(tx.state(), place.0)?;
    }
}

/// All variables that are visible in `scope` (or only those asked for), as a JSON object.
pub(crate) fn visible(tx: &Tx<'_>, scope: ElementKey, only: &[Arc<str>]) -> String {
    if only.is_empty() {
        return Document(all_visible(tx, scope)).to_json();
    }
    let names: BTreeSet<&Arc<str>> = only.iter().collect();
    let found = names.into_iter().filter_map(|name| Some((name.clone(), lookup(tx, scope, name)?)));
    Document(found.collect()).to_json()
}

/// All variables that are visible in `scope`, in name order; inner ones hide outer ones.
pub(crate) fn all_visible(tx: &Tx<'_>, scope: ElementKey) -> Named {
    let mut found: BTreeMap<Arc<str>, Arc<str>> = BTreeMap::new();
    let mut next = Some(scope);
    while let Some(scope) = next {
        let computed = multi_instance::output_collection(tx, scope);
        for (name, json) in own(tx.state(), scope).into_iter().chain(computed) {
            found.entry(name).or_insert(json);
        }
        next = outer(tx.state(), scope);
    }
    found.into_iter().collect()
}

/// The variables of exactly this scope.
pub(crate) fn own(state: &State, scope: ElementKey) -> Named {
    state
        .variables
        .beginning(scope, (scope, "".into()))
        .map(|((_, name), json)| (name, json.0.clone()))
        .collect()
}

/// Writes variables into exactly this scope; what does not change anything is not written.
pub(crate) fn set_local(tx: &mut Tx<'_>, scope: ElementKey, variables: Named) {
    let variables: Named = variables
        .into_iter()
        .filter(|(name, json)| {
            tx.state().variables.get(&(scope, name.clone())).is_none_or(|current| current.0 != *json)
        })
        .collect();
    if !variables.is_empty() {
        tx.emit(Event::VariablesSet { scope, variables });
    }
}

/// Merges variables: each goes to the nearest scope from `start` outward that has it, or to the process.
pub(crate) fn merge(tx: &mut Tx<'_>, start: ElementKey, variables: Named) {
    let mut by_scope: Vec<(ElementKey, Named)> = Vec::new();
    for (name, json) in variables {
        let Some(target) = holder(tx, start, &name) else { continue };
        match by_scope.iter_mut().find(|(scope, _)| *scope == target) {
            Some((_, group)) => group.push((name, json)),
            None => by_scope.push((target, vec![(name, json)])),
        }
    }
    for (scope, group) in by_scope {
        set_local(tx, scope, group);
    }
}

/// The nearest scope from `start` outward that has a variable, or the process; `None` where a multi-instance body
/// collects its results in it, which nobody overwrites.
fn holder(tx: &Tx<'_>, start: ElementKey, name: &Arc<str>) -> Option<ElementKey> {
    let mut place = (start, name.clone());
    loop {
        if tx.state().variables.contains(&place) {
            return Some(place.0);
        }
        if multi_instance::collects_into(tx, place.0).is_some_and(|collection| collection == *name) {
            return None;
        }
        match outer(tx.state(), place.0) {
            Some(scope) => place.0 = scope,
            None => return Some(place.0),
        }
    }
}

/// Bytes of the variable that a value for `name` would replace in `scope` (or, unless `local`, around it).
pub(crate) fn replaced_bytes(tx: &Tx<'_>, scope: ElementKey, name: &Arc<str>, local: bool) -> usize {
    let target = if local { Some(scope) } else { holder(tx, scope, name) };
    let row = target.and_then(|target| tx.state().variables.get(&(target, name.clone())));
    row.map_or(0, |json| name.len() + json.0.len())
}

/// Evaluates the input mappings into local variables.
pub(crate) fn apply_inputs(tx: &mut Tx<'_>, at: &At) -> Result<(), Failure> {
    if at.element().inputs.is_empty() {
        return Ok(());
    }
    let results = evaluate_mappings(tx, &at.element().inputs, at.key, |_| None)?;
    set_local(tx, at.key, results);
    Ok(())
}

/// Takes what an element received (`received`) and what its output mappings make of it to where it belongs.
///
/// Without output mappings the received variables are merged from the element outward, so that a local variable of
/// the same name takes the value. With output mappings they stay local, and the mappings' results are merged into the
/// enclosing scope (for an item of a multi-instance: from the item outward).
pub(crate) fn apply_outputs(tx: &mut Tx<'_>, at: &At) -> Result<(), Failure> {
    if at.element().outputs.is_empty() {
        return Ok(());
    }
    let start = if at.is_item() || at.is_process() { at.key } else { at.scope() };
    let existing = |tx: &Tx<'_>, name: &str| lookup(tx, start, name);
    let results = evaluate_mappings(tx, &at.element().outputs, at.key, |name| existing(tx, name))?;
    merge(tx, start, results);
    Ok(())
}

/// Gives an element variables that came from outside: a job's results, a message, a called process.
pub(crate) fn receive(tx: &mut Tx<'_>, at: &At, variables: Named) {
    if at.element().outputs.is_empty() {
        merge(tx, at.key, variables);
    } else {
        set_local(tx, at.key, variables);
    }
}

/// Evaluates mappings in order; a later one sees the targets of earlier ones. A nested target changes an object:
/// one that `existing` knows, or a new one.
fn evaluate_mappings(
    tx: &Tx<'_>,
    mappings: &[Mapping],
    scope: ElementKey,
    existing: impl Fn(&str) -> Option<Arc<str>>,
) -> Result<Named, Failure> {
    let mut results: Vec<(Arc<str>, Value)> = Vec::new();
    for mapping in mappings {
        let value = expression::mapping(tx, &mapping.source, scope, &results)?;
        let Some((name, path)) = mapping.target.split_first() else { continue };
        let known = results.iter().position(|(known, _)| known == name);
        let value = if path.is_empty() {
            value
        } else {
            let base = match known {
                Some(place) => results[place].1.clone(),
                None => existing(name).and_then(|json| Value::from_json(&json).ok()).unwrap_or_default(),
            };
            put_at(base, path, value)
        };
        match known {
            Some(place) => results[place].1 = value,
            None => results.push((name.clone(), value)),
        }
    }
    let made: Named = results.into_iter().map(|(name, value)| (name, value.to_json().into())).collect();
    payload::check_made(tx, &made)?;
    Ok(made)
}

/// `base` with `value` at `path`; what is not an object on the way becomes one.
fn put_at(base: Value, path: &[Arc<str>], value: Value) -> Value {
    let Some((name, rest)) = path.split_first() else { return value };
    let context = base.as_context().cloned().unwrap_or_default();
    let inner = context.get(name).cloned().unwrap_or_default();
    Value::Context(context.with(name, put_at(inner, rest, value)))
}

/// Carries out [`crate::command::Command::SetVariables`].
pub(crate) fn set_by_command(tx: &mut Tx<'_>, scope: ElementKey, variables: Document, local: bool) {
    if !tx.state().elements.contains(&scope) {
        let reason = format!(
            "Expected to update variables for element with key '{scope}', but no such element was found"
        );
        return tx.answer(Err(Rejection::not_found(reason)));
    }
    if let Err(rejection) = payload::check_addition(tx, scope, &variables.0, local) {
        return tx.answer(Err(rejection));
    }
    match local {
        true => set_local(tx, scope, variables.0),
        false => merge(tx, scope, variables.0),
    }
    let key = tx.next_key();
    tx.answer(Ok(Reply::VariablesSet(key)));
}
