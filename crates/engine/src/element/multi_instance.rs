//! The multi-instance marker: an activity for each item of a list (BPMN 2.0.2, clause 13.3.6).
//!
//! A *body* takes the place of the activity in its scope; its items are the activity itself, one for each item of the
//! input collection, all at once or one after the other.

use std::sync::Arc;

use weir_bpmn::process::MultiInstance;
use weir_canary::{Canary, planted};
use weir_feel::{Number, Value};

use crate::{
    document,
    event::Event,
    expression,
    flow::{self, Next},
    key::ElementKey,
    payload,
    state::row::{Items, Phase},
    step::{Entrance, Step},
    tx::{At, Failure, Tx},
    variable::{self, Named},
};

/// Items that one step starts before others get their turn, and that a row of items holds at most.
const ITEMS_PER_STEP: u32 = 100;
/// Bytes of a row of items after which it takes no further item: each item is looked for in its row.
const ITEMS_ROW_BYTES: usize = 2 * 1024;
/// Results that are put together into one row.
const GATHERED_RESULTS: u32 = 200;
/// Rows of a body that one step forgets when it is ended before its time.
const CLEARED_ROWS: usize = 200;

/// Activates the body: reads the items and starts the first (or all).
pub(crate) fn activate(tx: &mut Tx<'_>, at: &At) -> Result<Next, Failure> {
    let Some(marker) = &at.element().multi_instance else { return Ok(Next::Complete) };
    let result = expression::evaluate(tx, &marker.input_collection, Some(at.key), &[])?;
    let Value::List(list) = &result.value else {
        let text = marker.input_collection.text();
        return Err(expression::wrong_kind(text, &["ARRAY"], &result.value, &result.warnings));
    };
    let (items, counts) = packed(list.iter());
    payload::check_growth(tx, at, items.iter().map(|row| row.len()).sum())?;
    let empty = items.is_empty();
    tx.emit(Event::LoopStarted { body: at.key, items, counts });
    flow::activated(tx, at);
    if empty {
        return Ok(Next::Complete);
    }
    tx.then(Step::SpawnItems(at.key));
    Ok(Next::Wait)
}

/// Items as JSON lists of several, and how many each holds.
fn packed<'a>(items: impl Iterator<Item = &'a Value>) -> (Vec<Arc<str>>, Vec<u32>) {
    let (mut rows, mut counts) = (Vec::new(), Vec::new());
    let (mut row, mut count) = (String::new(), 0);
    for item in items {
        row.push(if count == 0 { '[' } else { ',' });
        item.write_json(&mut row);
        count += 1;
        if count == ITEMS_PER_STEP || row.len() >= ITEMS_ROW_BYTES {
            row.push(']');
            rows.push(row.as_str().into());
            counts.push(count);
            (count, row) = (0, String::with_capacity(row.len()));
        }
    }
    if count > 0 {
        row.push(']');
        rows.push(row.into());
        counts.push(count);
    }
    (rows, counts)
}

/// The JSON text of an item that was not started yet.
pub(crate) fn item(tx: &Tx<'_>, body: ElementKey, number: u32) -> Option<Arc<str>> {
    let state = tx.state();
    if !state.elements.get(&body)?.items?.packed {
        return Some(state.loop_items.get(&(body, number))?.0.clone());
    }
    let ((_, first), row) = state.loop_items.backward((body, 0)..=(body, number)).next()?;
    document::list_item(&row.0, (number - first) as usize).map(Arc::from)
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
        let by = Entrance::Item(number);
        tx.then(Step::Enter { scope: body, element: at.row.element, by, holds_token: false });
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
        payload::check_growth(tx, at, result.len())?;
        tx.emit(Event::LoopResult { body, index, result: result.into() });
        gather_full(tx, body, index);
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
pub(crate) fn deliver(tx: &mut Tx<'_>, at: &At) -> Result<(), Failure> {
    if let Some((name, json)) = output_collection(tx, at.key) {
        payload::check_growth(tx, at, json.len())?;
        variable::merge(tx, at.scope(), vec![(name, json)]);
    }
    Ok(())
}

/// The variable that a body collects its results in.
pub(crate) fn collects_into(tx: &Tx<'_>, body: ElementKey) -> Option<Arc<str>> {
    tx.state().elements.get(&body)?.items?;
    let at = tx.at(body)?;
    at.element().multi_instance.as_ref()?.output.as_ref().map(|output| output.collection.clone())
}

/// The first item, and how many there are, of those whose results are put together with that of item `index`.
fn stretch_of(items: Items, index: u32) -> (u32, u32) {
    let from = index / GATHERED_RESULTS * GATHERED_RESULTS;
    (from, GATHERED_RESULTS.min(items.total.saturating_sub(from)))
}

/// Puts results together when the last of a stretch came last, as is usual: then the collection is read at little cost.
fn gather_full(tx: &mut Tx<'_>, body: ElementKey, index: u32) {
    let Some(items) = tx.state().elements.get(&body).and_then(|row| row.items) else { return };
    let (from, count) = stretch_of(items, index);
    if count < GATHERED_RESULTS || index != from + count - 1 {
        return;
    }
    tx.worked(count as usize);
    let there = tx.state().loop_results.range((body, from)..=(body, index)).count();
    if there == count as usize {
        tx.emit(Event::LoopGathered { body, from, count });
    }
}

/// Puts the next results together of a body that is about to complete; whether there were some.
pub(crate) fn gather_rest(tx: &mut Tx<'_>, at: &At) -> bool {
    let body = at.key;
    let Some(items) = at.row.items.filter(|items| items.total > GATHERED_RESULTS) else { return false };
    let Some(((_, index), _)) = tx.state().loop_results.range((body, 0)..=(body, u32::MAX)).next() else {
        return false;
    };
    let (from, count) = stretch_of(items, index);
    tx.emit(Event::LoopGathered { body, from, count });
    true
}

/// Forgets rows of a body that is ended before its time; whether that may not be all of them.
pub(crate) fn clear_some(tx: &mut Tx<'_>, at: &At) -> bool {
    if at.row.items.is_none_or(|items| items.total as usize <= CLEARED_ROWS) {
        return false;
    }
    let (all, state) = ((at.key, 0)..=(at.key, u32::MAX), tx.state());
    let rows = state.loop_items.range(all.clone()).take(CLEARED_ROWS).count()
        + state.loop_results.range(all.clone()).take(CLEARED_ROWS).count()
        + state.loop_gathered.range(all).take(CLEARED_ROWS).count();
    if rows < CLEARED_ROWS {
        return false;
    }
    tx.emit(Event::LoopCleared { body: at.key, rows: CLEARED_ROWS as u32 });
    true
}

/// The output collection of a body as it stands: results in the order of the items, null where there is none.
pub(crate) fn output_collection(tx: &Tx<'_>, body: ElementKey) -> Option<(Arc<str>, Arc<str>)> {
    let name = collects_into(tx, body)?;
    let items = tx.state().elements.get(&body)?.items?;
    let mut json = String::from("[");
    let mut results = tx.state().loop_results.range((body, 0)..=(body, u32::MAX)).peekable();
    let mut gathered = tx.state().loop_gathered.range((body, 0)..=(body, u32::MAX)).peekable();
    let mut number = 0;
    while number < items.total {
        if number > 0 {
            json.push(',');
        }
        if let Some((_, stretch)) = gathered.next_if(|((_, from), _)| *from == number) {
            json.push_str(&stretch.results);
            number += stretch.count.max(1);
            continue;
        }
        match results.next_if(|((_, index), _)| *index == number) {
            Some((_, result)) => json.push_str(&result.0),
            None => json.push_str("null"),
        }
        number += 1;
    }
    json.push(']');
    Some((name, json.into()))
}
