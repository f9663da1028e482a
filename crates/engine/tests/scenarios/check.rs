//! What must hold after every line of every scenario.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use weir_engine::{
    Partition,
    key::ElementKey,
    state::{
        State,
        below::MemoryStore,
        row::{JobPhase, Phase, Role, TimerTarget},
    },
};

/// Two partitions know the same.
pub(crate) fn equal(live: &Partition, other: &Partition, how: &str) -> Result<(), String> {
    let (a, b) = (live.state().dump(), other.state().dump());
    if a == b {
        return Ok(());
    }
    let only = |these: &[(Vec<u8>, Vec<u8>)], those: &[(Vec<u8>, Vec<u8>)]| {
        let missing: Vec<String> =
            these.iter().filter(|row| !those.contains(row)).take(3).map(|row| format!("{row:?}")).collect();
        missing.join("\n    ")
    };
    Err(format!("the state {how} differs\n  live only: {}\n  {how} only: {}", only(&a, &b), only(&b, &a)))
}

/// Every row can be written and read again.
pub(crate) fn readable(partition: &Partition) -> Result<(), String> {
    let rows = partition.state().dump();
    // Much of the same proves no more; crashes read all rows anyway.
    if rows.len() > 3_000 {
        return Ok(());
    }
    let store = Arc::new(MemoryStore::default());
    rows.iter().for_each(|(key, value)| store.write(key.clone(), Some(value.clone())));
    let copy = State::over(store);
    // Counting brings nothing up; consistency reads every row of every table.
    consistent(&copy, false)?;
    if let Some(failure) = copy.failure() {
        return Err(format!("a row cannot be read: {failure}"));
    }
    match copy.dump() == rows {
        true => Ok(()),
        false => Err("rows read differently".to_string()),
    }
}

/// Tables that belong together agree, and nothing waits for what can never come.
pub(crate) fn consistent(state: &State, no_mail: bool) -> Result<(), String> {
    elements(state)?;
    weights(state)?;
    owners(state)?;
    indices(state)?;
    if state.deferred.is_empty() {
        nobody_is_stuck(state)?;
    }
    if no_mail {
        for (key, subscription) in state.subscriptions.iter() {
            if let Some(message) = subscription.correlating {
                return Err(format!("{key:?} waits for {message:?}, but no mail is on its way"));
            }
        }
    }
    Ok(())
}

fn elements(state: &State) -> Result<(), String> {
    let (mut children, mut tokens) = (BTreeMap::new(), BTreeMap::new());
    for ((parent, _), _) in state.children.iter() {
        *children.entry(parent).or_insert(0u32) += 1;
    }
    for ((scope, _, _), count) in state.joins.iter() {
        *tokens.entry(scope).or_insert(0u32) += *count;
    }
    for (key, row) in state.elements.iter() {
        let living = children.get(&key).copied().unwrap_or(0);
        if living != row.children {
            return Err(format!("{key:?} has {living} children but counts {}", row.children));
        }
        let waiting = tokens.get(&key).copied().unwrap_or(0);
        // With no work put off, nothing is on its way any more.
        let all_wait = state.deferred.is_empty() && row.phase == Phase::Active && !row.interrupted;
        if waiting > row.tokens || (all_wait && waiting != row.tokens) {
            return Err(format!("{key:?} has {waiting} tokens at gateways but counts {}", row.tokens));
        }
        if row.job.is_some_and(|job| !state.jobs.contains(&job)) {
            return Err(format!("{key:?} has a job that does not exist"));
        }
    }
    Ok(())
}

/// Each process instance knows what its variables weigh.
fn weights(state: &State) -> Result<(), String> {
    let mut weights: BTreeMap<ElementKey, u64> = BTreeMap::new();
    for (_, row) in state.elements.iter() {
        *weights.entry(row.process_instance).or_default() += row.items.map_or(0, |items| items.bytes);
    }
    for ((scope, name), json) in state.variables.iter() {
        let Some(row) = state.elements.get(&scope) else { continue };
        *weights.entry(row.process_instance).or_default() += (name.len() + json.0.len()) as u64;
    }
    for (instance, weight) in weights {
        let known = state.elements.get(&instance).map_or(weight, |row| row.variables_bytes);
        if known != weight {
            return Err(format!("{instance:?} has {weight} bytes of variables but counts {known}"));
        }
    }
    Ok(())
}

fn owners(state: &State) -> Result<(), String> {
    let alive = |key: &ElementKey| state.elements.contains(key);
    let parents = state.children.iter().find(|((parent, child), _)| !alive(parent) || !alive(child));
    let lost: Vec<String> = [
        parents.map(|row| format!("children {row:?}")),
        state.variables.iter().find(|((scope, _), _)| !alive(scope)).map(|row| format!("variable {row:?}")),
        state.joins.iter().find(|((scope, _, _), _)| !alive(scope)).map(|row| format!("join {row:?}")),
        state.triggers.iter().find(|(owner, _)| !alive(owner)).map(|row| format!("trigger {row:?}")),
        state.loop_items.iter().find(|((body, _), _)| !alive(body)).map(|row| format!("item {row:?}")),
        state.loop_results.iter().find(|((body, _), _)| !alive(body)).map(|row| format!("result {row:?}")),
        state.loop_gathered.iter().find(|((body, _), _)| !alive(body)).map(|row| format!("results {row:?}")),
        state.jobs.iter().find(|(_, job)| !alive(&job.element)).map(|row| format!("job {row:?}")),
        state.waits.iter().find(|(_, wait)| !alive(&wait.owner)).map(|row| format!("wait {row:?}")),
        state.incidents.iter().find(|(_, row)| !alive(&row.element)).map(|row| format!("incident {row:?}")),
        state.awaited_results.iter().find(|(key, _)| !alive(key)).map(|row| format!("result {row:?}")),
        state
            .timers
            .iter()
            .find(|(_, timer)| matches!(timer.target, TimerTarget::Catch { owner, .. } if !alive(&owner)))
            .map(|row| format!("timer {row:?}")),
    ]
    .into_iter()
    .flatten()
    .collect();
    match lost.first() {
        None => Ok(()),
        Some(lost) => Err(format!("left behind by an element that ended: {lost}")),
    }
}

fn indices(state: &State) -> Result<(), String> {
    let free = state.jobs.iter().filter(|(_, job)| job.phase == JobPhase::Activatable).count();
    let dues = state.jobs.iter().filter(|(_, job)| job.due_ms != 0).count();
    let free_subscriptions =
        state.subscriptions.iter().filter(|(_, subscription)| subscription.correlating.is_none()).count();
    let for_signals = state.waits.iter().filter(|(_, wait)| wait.signal.is_some()).count();
    let pairs = [
        ("waits for signals", for_signals, state.signal_waits.len()),
        ("job queue", free, state.job_queue.len()),
        ("job dues", dues, state.job_dues.len()),
        ("timer dues", state.timers.len(), state.timer_dues.len()),
        ("timer owners", state.timers.len(), state.timers_of_element.len() + state.timers_of_process.len()),
        ("wait owners", state.waits.len(), state.waits_of_element.len()),
        ("free subscriptions", free_subscriptions, state.free_subscriptions.len()),
        ("messages by name", state.messages.len(), state.messages_by_name.len()),
        ("message dues", state.messages.len(), state.message_dues.len()),
        ("incident elements", state.incidents.len(), state.incidents_of_element.len()),
        ("start locks", state.start_locks.len(), state.start_lock_of.len()),
    ];
    match pairs.iter().find(|(_, rows, index)| rows != index) {
        None => Ok(()),
        Some((name, rows, index)) => Err(format!("{name}: {rows} rows but {index} in the index")),
    }
}

/// With no work put off, a scope that is active has something in it, and nothing is still ending.
fn nobody_is_stuck(state: &State) -> Result<(), String> {
    let held: BTreeSet<_> = state.incidents.iter().map(|(_, incident)| incident.element).collect();
    let timers = state.timers_of_element.iter().map(|((owner, _), _)| owner);
    let waiting: BTreeSet<_> =
        state.waits_of_element.iter().map(|((owner, _), _)| owner).chain(timers).collect();
    for (key, row) in state.elements.iter() {
        let waits = row.job.is_some() || waiting.contains(&key);
        let empty = row.children == 0 && row.tokens == 0;
        let stuck = match row.phase {
            Phase::Activating | Phase::Completing | Phase::Terminating => true,
            Phase::Active => empty && (!waits || row.role == Role::Body || row.element == 0),
        };
        if stuck && !held.contains(&key) {
            return Err(format!("{key:?} is stuck: {row:?}"));
        }
    }
    Ok(())
}

/// When no instance lives, nothing of one is left.
pub(crate) fn nothing_left(state: &State) -> Result<(), String> {
    let of_instances = [
        "elements",
        "children",
        "variables",
        "joins",
        "triggers",
        "loop_items",
        "loop_results",
        "loop_gathered",
        "jobs",
        "job_queue",
        "job_dues",
        "timers_of_element",
        "waits",
        "waits_of_element",
        "signal_waits",
        "subscriptions",
        "free_subscriptions",
        "start_locks",
        "start_lock_of",
        "incidents",
        "incidents_of_element",
        "awaited_results",
        "outbox",
        "deferred",
    ];
    let left: Vec<String> = state
        .row_counts()
        .into_iter()
        .filter(|(name, rows)| *rows > 0 && of_instances.contains(name))
        .map(|(name, rows)| format!("{name}: {rows}"))
        .collect();
    match left.is_empty() {
        true => Ok(()),
        false => Err(format!("all instances have ended, but rows are left: {}", left.join(", "))),
    }
}
