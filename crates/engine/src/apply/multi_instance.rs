//! The rows of a multi-instance body: its items, several to a row, and their results, put together bit by bit. However many
//! there are, no event changes more than some hundreds of rows.

use std::sync::Arc;

use crate::{
    key::ElementKey,
    state::{
        State,
        row::{Gathered, Items, Json},
    },
};

/// A body got its items: `counts` says how many each text holds; where it is empty, each is one item.
pub(super) fn started(state: &mut State, body: ElementKey, items: &[Arc<str>], counts: &[u32]) {
    let packed = !counts.is_empty();
    let mut total = 0;
    for (place, item) in items.iter().enumerate() {
        state.loop_items.insert((body, total), Json(item.clone()));
        total += if packed { counts.get(place).copied().unwrap_or(0) } else { 1 };
    }
    let bytes = items.iter().map(|item| item.len() as u64).sum();
    state.elements.change(&body, |row| row.items = Some(Items { total, packed, bytes, ..Items::default() }));
    super::variables_weigh(state, body, bytes, 0);
}

/// An item has its result.
pub(super) fn result(state: &mut State, body: ElementKey, index: u32, result: &Arc<str>) {
    state.loop_results.put((body, index), Json(result.clone()));
    let bytes = result.len() as u64;
    state.elements.change(&body, |row| {
        if let Some(items) = &mut row.items {
            items.bytes += bytes;
        }
    });
    super::variables_weigh(state, body, bytes, 0);
}

/// The results of `count` items from `from` on become one row.
pub(super) fn gathered(state: &mut State, body: ElementKey, from: u32, count: u32) {
    let until = from + count.saturating_sub(1);
    let rows: Vec<_> = state.loop_results.range((body, from)..=(body, until)).collect();
    let mut results = String::with_capacity(rows.iter().map(|(_, row)| row.0.len() + 1).sum());
    let mut found = rows.iter().peekable();
    for number in from..=until {
        if number > from {
            results.push(',');
        }
        match found.next_if(|((_, index), _)| *index == number) {
            Some((_, result)) => results.push_str(&result.0),
            None => results.push_str("null"),
        }
    }
    for (place, _) in &rows {
        state.loop_results.erase(place);
    }
    state.loop_gathered.put((body, from), Gathered { count, results: results.into() });
}

/// So many rows of a body are forgotten.
pub(super) fn cleared(state: &mut State, body: ElementKey, rows: usize) {
    let all = (body, 0)..=(body, u32::MAX);
    let items: Vec<_> = state.loop_items.range(all.clone()).take(rows).map(|(place, _)| place).collect();
    let left = rows - items.len();
    let results: Vec<_> = state.loop_results.range(all.clone()).take(left).map(|(place, _)| place).collect();
    let left = left - results.len();
    let gathered: Vec<_> = state.loop_gathered.range(all).take(left).map(|(place, _)| place).collect();
    items.iter().for_each(|place| state.loop_items.erase(place));
    results.iter().for_each(|place| state.loop_results.erase(place));
    gathered.iter().for_each(|place| state.loop_gathered.erase(place));
}
