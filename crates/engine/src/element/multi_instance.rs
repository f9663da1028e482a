//! The multi-instance marker: an activity for each item of a list (BPMN 2.0.2, clause 13.3.6).
//!
//! A *body* takes the place of the activity in its scope; its items are the activity itself, one for each item of the
//! input collection, all at once or one after the other.

use std::sync::Arc;

use weir_bpmn::process::MultiInstance;
use weir_canary::{Canary, planted};
use weir_feel::{Number, Value};

use crate::{
    event::Event,
    expression,
    flow::{self, Next},
    key::ElementKey,
    state::row::{Items, Phase},
    step::{Entrance, Step},
    tx::{At, Failure, Tx},
    variable::{self, Named},
};

/// Items that one step starts before others get their turn.
const ITEMS_PER_STEP: u32 = 100;

/// Activates the body: reads the items and starts the first (or all).
pub(crate) fn activate(tx: &mut Tx<'_>, at: &At) -> Result<Next, Failure> {
    let Some(marker) = &at.element().multi_instance else { return Ok(Next::Complete) };
    let result = expression::evaluate(tx, &marker.input_collection, Some(at.key), &[])?;
    let Value::List(list) = &result.value else {
        let text = marker.input_collection.text();
        return Err(expression::wrong_kind(text, &["ARRAY"], &result.value, &result.warnings));
    };
    let items: Vec<Arc<str>> = list.iter().map(|item| item.to_json().into()).collect();
    let empty = items.is_empty();
    tx.emit(Event::LoopStarted { body: at.key, items });
    flow::activated(tx, at);
    if empty {
        return Ok(Next::Complete);
    }
    tx.then(Step::SpawnItems(at.key));
    Ok(Next::Wait)
}

/// Starts the next items of a body.
pub(crate) fn spawn(tx: &mut Tx<'_>, body: ElementKey) {
    let Some(at) = tx.at(body).filter(|at| at.row.phase == Phase::Active && !at.row.interrupted) else {
        return;
    };
    let (Some(marker), Some(items)) = (&at.element().multi_instance, at.row.items) else { return };
    let left = items.total - items.started;
    let count = if marker.sequential { left.min(1) } else { left.min(ITEMS_PER_STEP) };
    let lost = if planted(Canary::LastItemLost) && items.started > 0 && count > 1 { 1 } else { 0 };
    for number in items.started..items.started + count - lost {
        tx.then(Step::Enter { scope: body, element: at.row.element, by: Entrance::Item(number) });
    }
    if !marker.sequential && count < left {
        tx.then(Step::SpawnItems(body));
    }
}

/// Gives a new item its own variables.
pub(crate) fn prepare_item(tx: &mut Tx<'_>, key: ElementKey, number: u32, item: Option<Arc<str>>) {
    let Some(at) = tx.at(key) else { return };
    let Some(marker) = &at.element().multi_instance else { return };
    let mut variables: Named = vec![("loopCounter".into(), (u64::from(number) + 1).to_string().into())];
    if let (Some(name), Some(item)) = (&marker.input_element, item) {
        variables.push((name.clone(), item));
    }
    // A result that is a plain variable is made here, so that it stays in the item.
    if let Some(name) = marker.output.as_ref().and_then(|output| output.element.as_variable())
        && variables.iter().all(|(known, _)| **known != *name)
    {
        variables.push((name.into(), "null".into()));
    }
    variable::set_local(tx, key, variables);
}

/// An item is about to complete: its result is kept, and the completion condition looked at.
pub(crate) fn collect(tx: &mut Tx<'_>, at: &At, index: u32) -> Result<(), Failure> {
    let Some(marker) = &at.element().multi_instance else { return Ok(()) };
    let body = at.scope();
    let result = match &marker.output {
        Some(output) => Some(expression::evaluate(tx, &output.element, Some(at.key), &[])?.value.to_json()),
        None => None,
    };
    if let Some(result) = result {
        tx.emit(Event::LoopResult { body, index, result: result.into() });
    }
    if condition_holds(tx, marker, at.key, body)? {
        tx.emit(Event::ScopeInterrupted(body));
    }
    Ok(())
}

fn condition_holds(
    tx: &Tx<'_>,
    marker: &MultiInstance,
    item: ElementKey,
    body: ElementKey,
) -> Result<bool, Failure> {
    let Some(condition) = &marker.completion_condition else { return Ok(false) };
    let Some(row) = tx.state().elements.get(&body) else { return Ok(false) };
    let Items { total, completed, terminated, .. } = row.items.unwrap_or_default();
    let count = |number: u32| Value::Number(Number::from(i64::from(number)));
    let given = [
        ("numberOfInstances".into(), count(total)),
        ("numberOfActiveInstances".into(), count(row.children.saturating_sub(1))),
        ("numberOfCompletedInstances".into(), count(completed + 1)),
        ("numberOfTerminatedInstances".into(), count(terminated)),
    ];
    expression::boolean(tx, condition, item, &given)
}

/// An item has ended: the next one starts, or the body is done.
pub(crate) fn item_ended(tx: &mut Tx<'_>, item: &At) {
    let body = item.scope();
    let Some(row) = tx.state().elements.get(&body).filter(|row| row.phase == Phase::Active) else { return };
    let items = row.items.unwrap_or_default();
    if row.children == 0 && (row.interrupted || items.completed + items.terminated >= items.total) {
        return tx.then(Step::Complete(body));
    }
    if row.interrupted {
        return tx.then(Step::TerminateChildren { scope: body, after: ElementKey(0) });
    }
    // The items of a parallel body are all under way: started, or about to be by a step of its own.
    let sequential = item.element().multi_instance.as_ref().is_some_and(|marker| marker.sequential);
    if sequential && row.children == 0 {
        tx.then(Step::SpawnItems(body));
    }
}

/// The body is about to complete: the list of results goes to the enclosing scope.
pub(crate) fn deliver(tx: &mut Tx<'_>, at: &At) {
    if let Some((name, json)) = output_collection(tx, at.key) {
        variable::merge(tx, at.scope(), vec![(name, json)]);
    }
}

/// The variable that a body collects its results in.
pub(crate) fn collects_into(tx: &Tx<'_>, body: ElementKey) -> Option<Arc<str>> {
    tx.state().elements.get(&body)?.items?;
    let at = tx.at(body)?;
    at.element().multi_instance.as_ref()?.output.as_ref().map(|output| output.collection.clone())
}

/// The output collection of a body as it stands: results in the order of the items, null where there is none.
pub(crate) fn output_collection(tx: &Tx<'_>, body: ElementKey) -> Option<(Arc<str>, Arc<str>)> {
    let name = collects_into(tx, body)?;
    let items = tx.state().elements.get(&body)?.items?;
    let mut json = String::from("[");
    let mut results = tx.state().loop_results.range((body, 0)..=(body, u32::MAX)).peekable();
    for number in 0..items.total {
        if number > 0 {
            json.push(',');
        }
        match results.next_if(|((_, index), _)| *index == number) {
            Some((_, result)) => json.push_str(&result.0),
            None => json.push_str("null"),
        }
    }
    json.push(']');
    Some((name, json.into()))
}
