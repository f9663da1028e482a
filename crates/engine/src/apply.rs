//! The one writer of state: an event in, rows changed; nothing is decided here.
//!
//! Live processing, recovery and followers all run this code, so that they cannot differ.

use std::sync::Arc;

mod multi_instance;

use crate::{
    event::{Batch, Deployment, Event},
    key::{ElementKey, JobKey, MessageKey, SubscriptionKey, TimerKey},
    mail::OpenSubscription,
    state::{
        State,
        row::{
            DecisionDefinition, DrgDefinition, ElementInstance, Job, JobPhase, Json, Message, Phase,
            ProcessDefinition, StartLock, Subscription, Timer, TimerTarget, Wait,
        },
    },
};

/// Which ids share version numbers in the table of last versions.
pub(crate) const PROCESS_IDS: u32 = 0;
pub(crate) const DRG_IDS: u32 = 1;
pub(crate) const DECISION_IDS: u32 = 2;

/// Applies all of a batch, and what it says of time and keys.
pub(crate) fn apply_batch(state: &mut State, batch: &Batch) {
    for event in &batch.events {
        apply(state, event);
    }
    seal(state, batch.at_ms, batch.counter);
}

/// Notes the time and the key counter after a batch.
pub(crate) fn seal(state: &mut State, at_ms: i64, counter: u64) {
    state.meta.put(0, counter);
    state.meta.put(1, at_ms as u64);
}

/// Applies one event.
pub(crate) fn apply(state: &mut State, event: &Event) {
    match event {
        Event::ElementActivating { key, instance, tokens } => {
            element_activating(state, *key, instance, *tokens)
        }
        Event::ElementActivated(key) => phase(state, *key, Phase::Active),
        Event::ElementCompleting(key) => phase(state, *key, Phase::Completing),
        Event::ElementTerminating(key) => phase(state, *key, Phase::Terminating),
        Event::ElementCompleted(key) => element_gone(state, *key, false),
        Event::ElementTerminated(key) => element_gone(state, *key, true),
        Event::FlowTaken { scope, flow: _ } | Event::TokenAdded(scope) => {
            state.elements.change(scope, |row| row.tokens += 1);
        }
        Event::TokenArrived { scope, gateway, flow } => {
            let place = (*scope, *gateway, *flow);
            if !state.joins.change(&place, |count| *count += 1) {
                state.joins.put(place, 1);
            }
        }
        Event::TokensJoined { scope, gateway, flows } => tokens_joined(state, *scope, *gateway, flows),
        Event::ScopeInterrupted(scope) => scope_interrupted(state, *scope),
        Event::TriggerStored { owner, trigger } => state.triggers.put(*owner, trigger.clone()),
        Event::TriggerTaken(owner) => {
            state.triggers.remove(owner);
        }
        Event::VariablesSet { scope, variables } => {
            variables_set(state, *scope, variables);
        }
        Event::LoopStarted { body, items, counts } => multi_instance::started(state, *body, items, counts),
        Event::LoopGathered { body, from, count } => multi_instance::gathered(state, *body, *from, *count),
        Event::LoopCleared { body, rows } => multi_instance::cleared(state, *body, *rows as usize),
        Event::LoopResult { body, index, result } => multi_instance::result(state, *body, *index, result),

        Event::JobCreated { key, job } => {
            state.elements.change(&job.element, |row| row.job = Some(*key));
            state.job_queue.insert((job.job_type.clone(), *key), ());
            state.jobs.insert(*key, job.clone());
        }
        Event::JobActivated { key, worker, deadline_ms } => job_changed(state, *key, |job| {
            job.phase = JobPhase::Activated;
            job.worker = Some(worker.clone());
            job.due_ms = *deadline_ms;
        }),
        Event::JobFailed { key, retries, retry_at_ms, message: _ } => job_changed(state, *key, |job| {
            job.phase = JobPhase::Failed;
            job.retries = *retries;
            job.due_ms = retry_at_ms.unwrap_or(0);
        }),
        Event::JobFreed { key, reason: _ } => job_changed(state, *key, |job| {
            job.phase = JobPhase::Activatable;
            job.due_ms = 0;
        }),
        Event::JobErrorThrown(key) => job_changed(state, *key, |job| {
            job.phase = JobPhase::ErrorThrown;
            job.due_ms = 0;
        }),
        Event::JobCompleted(key) | Event::JobCanceled(key) => job_gone(state, *key),
        Event::JobRetriesUpdated { key, retries } => job_changed(state, *key, |job| job.retries = *retries),
        Event::JobDeadlineUpdated { key, deadline_ms } => {
            job_changed(state, *key, |job| job.due_ms = *deadline_ms)
        }

        Event::TimerCreated { key, timer } => timer_created(state, *key, timer),
        Event::TimerFired(key) | Event::TimerCanceled(key) => timer_gone(state, *key),

        Event::WaitOpened { key, wait } => wait_opened(state, *key, wait),
        Event::WaitClosed(key) => wait_closed(state, *key),
        Event::SubscriptionOpened(opened) => subscription_opened(state, opened),
        Event::SubscriptionCorrelating { key, message } => {
            subscription_takes(state, *key, *message);
        }
        Event::SubscriptionCorrelated { key, message } => {
            let _ = message;
            subscription_free(state, *key);
        }
        Event::CorrelationRefused { key, message } => correlation_refused(state, *key, *message),
        Event::SubscriptionClosed(key) => subscription_gone(state, *key),
        Event::MessagePublished { key, message } => message_published(state, *key, message),
        Event::MessageExpired(key) => message_gone(state, *key),
        Event::MessageStarted { message, process_id, correlation_key, instance } => {
            message_started(state, *message, process_id, correlation_key, *instance)
        }
        Event::MessageStartReleased(instance) => {
            if let Some(lock) = state.start_lock_of.remove(instance) {
                state.start_locks.erase(&(lock.process_id.clone(), lock.correlation_key.clone()));
            }
        }
        Event::MessageStartOpened { name, process_id, start } => {
            state.message_starts.put((name.clone(), process_id.clone()), start.clone());
        }
        Event::MessageStartClosed { name, process_id } => {
            state.message_starts.remove(&(name.clone(), process_id.clone()));
        }
        Event::SignalStartOpened { name, process_id, start } => {
            state.signal_starts.put((name.clone(), process_id.clone()), start.clone());
        }
        Event::SignalStartClosed { name, process_id } => {
            state.signal_starts.remove(&(name.clone(), process_id.clone()));
        }
        // Whoever waits for it gets it, by events of its own.
        Event::SignalBroadcast { key: _, name: _ } => {}

        Event::IncidentCreated { key, incident } => {
            state.incidents_of_element.insert((incident.element, *key), ());
            state.incidents.insert(*key, incident.clone());
        }
        Event::IncidentResolved(key) => {
            if let Some(incident) = state.incidents.remove(key) {
                state.incidents_of_element.erase(&(incident.element, *key));
            }
        }
        Event::Deployed(deployment) => deployed(state, deployment),
        Event::DefinitionDeleted(key) => definition_deleted(state, *key),
        Event::ResultAwaited { instance, awaited } => state.awaited_results.put(*instance, awaited.clone()),
        Event::MailSent { to, sequence, mail } => {
            state.outbox.insert((*to, *sequence), mail.clone());
            state.outbox_last.put(*to, *sequence);
        }
        Event::MailTaken { from, sequence } => state.inbox_last.put(*from, *sequence),
        Event::MailDelivered { to, sequence } => {
            let delivered: Vec<_> =
                state.outbox.range((*to, 0)..=(*to, *sequence)).map(|(key, _)| key).collect();
            for key in delivered {
                state.outbox.erase(&key);
            }
        }
        Event::StepsDeferred(steps) => {
            let next = state.deferred.backward(0..=u64::MAX).next().map_or(0, |(number, _)| number + 1);
            for (number, step) in (next..).zip(steps) {
                state.deferred.insert(number, step.clone());
            }
        }
        Event::StepsResumed(count) => {
            let taken: Vec<u64> =
                state.deferred.iter().take(*count as usize).map(|(number, _)| number).collect();
            for number in taken {
                state.deferred.erase(&number);
            }
        }
    }
}

fn phase(state: &mut State, key: ElementKey, phase: Phase) {
    state.elements.change(&key, |row| row.phase = phase);
}

fn element_activating(state: &mut State, key: ElementKey, instance: &ElementInstance, tokens: u32) {
    if let Some(parent) = instance.parent {
        let mut packed = false;
        state.elements.change(&parent, |row| {
            packed = row.items.is_some_and(|items| items.packed);
            row.children += 1;
            row.tokens = row.tokens.saturating_sub(tokens);
            if let (Some(items), crate::state::row::Role::Item(_)) = (&mut row.items, instance.role) {
                items.started += 1;
            }
        });
        state.children.insert((parent, key), ());
        if let (crate::state::row::Role::Item(number), false) = (instance.role, packed) {
            state.loop_items.remove(&(parent, number));
        }
    }
    state.elements.insert(key, instance.clone());
}

fn element_gone(state: &mut State, key: ElementKey, terminated: bool) {
    let Some(instance) = state.elements.remove(&key) else { return };
    state.triggers.remove(&key);
    if let Some(parent) = instance.parent {
        state.children.erase(&(parent, key));
        state.elements.change(&parent, |row| {
            row.children = row.children.saturating_sub(1);
            if let (Some(items), crate::state::row::Role::Item(_)) = (&mut row.items, instance.role) {
                match terminated {
                    true => items.terminated += 1,
                    false => items.completed += 1,
                }
            }
        });
    } else {
        state.awaited_results.remove(&key);
    }
    let mut bytes = instance.items.map_or(0, |items| items.bytes);
    let variables: Vec<_> = state.variables.beginning(key, (key, "".into())).collect();
    for (place, json) in variables {
        bytes += weight(&place.1, &json.0);
        state.variables.erase(&place);
    }
    if bytes > 0 && instance.process_instance != key {
        weigh_instance(state, instance.process_instance, 0, bytes);
    }
    if instance.tokens > 0 {
        drop_tokens(state, key);
    }
    if instance.items.is_some() {
        multi_instance::cleared(state, key, usize::MAX);
    }
}

fn variables_set(state: &mut State, scope: ElementKey, variables: &[(Arc<str>, Arc<str>)]) {
    let (mut more, mut less) = (0, 0);
    for (name, json) in variables {
        let place = (scope, name.clone());
        less += state.variables.get(&place).map_or(0, |before| weight(name, &before.0));
        more += weight(name, json);
        state.variables.put(place, Json(json.clone()));
    }
    variables_weigh(state, scope, more, less);
}

/// Bytes that a variable counts for.
fn weight(name: &str, json: &str) -> u64 {
    (name.len() + json.len()) as u64
}

/// The process instance of a scope has `more` bytes of variables, and `less`.
fn variables_weigh(state: &mut State, scope: ElementKey, more: u64, less: u64) {
    if let Some(instance) = state.elements.get(&scope).map(|row| row.process_instance) {
        weigh_instance(state, instance, more, less);
    }
}

fn weigh_instance(state: &mut State, instance: ElementKey, more: u64, less: u64) {
    if more != less {
        state.elements.change(&instance, |row| {
            row.variables_bytes = (row.variables_bytes + more).saturating_sub(less);
        });
    }
}

fn drop_tokens(state: &mut State, scope: ElementKey) {
    let places: Vec<_> =
        state.joins.range((scope, 0, 0)..=(scope, u32::MAX, u32::MAX)).map(|(place, _)| place).collect();
    for place in places {
        state.joins.erase(&place);
    }
}

fn tokens_joined(state: &mut State, scope: ElementKey, gateway: u32, flows: &[u32]) {
    for flow in flows {
        let place = (scope, gateway, *flow);
        match state.joins.get(&place).map_or(0, |count| *count) {
            0 | 1 => {
                state.joins.erase(&place);
            }
            count => state.joins.put(place, count - 1),
        }
    }
}

fn scope_interrupted(state: &mut State, scope: ElementKey) {
    state.elements.change(&scope, |row| {
        row.interrupted = true;
        row.tokens = 0;
    });
    drop_tokens(state, scope);
}

/// Changes a job and keeps the queue and the due times in step with it.
fn job_changed(state: &mut State, key: JobKey, change: impl FnOnce(&mut Job)) {
    let Some(before) = state.jobs.get(&key) else { return };
    let mut job = (*before).clone();
    change(&mut job);
    let (was_free, is_free) = (before.phase == JobPhase::Activatable, job.phase == JobPhase::Activatable);
    if was_free && !is_free {
        state.job_queue.erase(&(job.job_type.clone(), key));
    } else if is_free && !was_free {
        state.job_queue.insert((job.job_type.clone(), key), ());
    }
    if before.due_ms != job.due_ms {
        if before.due_ms != 0 {
            state.job_dues.erase(&(before.due_ms, key));
        }
        if job.due_ms != 0 {
            state.job_dues.insert((job.due_ms, key), ());
        }
    }
    state.jobs.put(key, job);
}

fn job_gone(state: &mut State, key: JobKey) {
    let Some(job) = state.jobs.remove(&key) else { return };
    if job.phase == JobPhase::Activatable {
        state.job_queue.erase(&(job.job_type.clone(), key));
    }
    if job.due_ms != 0 {
        state.job_dues.erase(&(job.due_ms, key));
    }
    state.elements.change(&job.element, |row| {
        if row.job == Some(key) {
            row.job = None;
        }
    });
}

fn timer_created(state: &mut State, key: TimerKey, timer: &Timer) {
    state.timer_dues.insert((timer.due_ms, key), ());
    match timer.target {
        TimerTarget::Catch { owner, .. } => state.timers_of_element.insert((owner, key), ()),
        TimerTarget::Start { process, .. } => state.timers_of_process.insert((process, key), ()),
    }
    state.timers.insert(key, timer.clone());
}

fn timer_gone(state: &mut State, key: TimerKey) {
    let Some(timer) = state.timers.remove(&key) else { return };
    state.timer_dues.erase(&(timer.due_ms, key));
    match timer.target {
        TimerTarget::Catch { owner, .. } => state.timers_of_element.erase(&(owner, key)),
        TimerTarget::Start { process, .. } => state.timers_of_process.erase(&(process, key)),
    };
}

fn wait_opened(state: &mut State, key: SubscriptionKey, wait: &Wait) {
    state.waits_of_element.insert((wait.owner, key), ());
    if let Some(name) = &wait.signal {
        state.signal_waits.insert((name.clone(), key), ());
    }
    state.waits.insert(key, wait.clone());
}

fn wait_closed(state: &mut State, key: SubscriptionKey) {
    let Some(wait) = state.waits.remove(&key) else { return };
    state.waits_of_element.erase(&(wait.owner, key));
    if let Some(name) = &wait.signal {
        state.signal_waits.erase(&(name.clone(), key));
    }
}

/// While the instance runs, no other message with this correlation key, unless it is empty, starts the process.
fn message_started(
    state: &mut State,
    message: MessageKey,
    process_id: &Arc<str>,
    correlation_key: &Arc<str>,
    instance: ElementKey,
) {
    state.messages_correlated.put((message, process_id.clone()), 0);
    if !correlation_key.is_empty() {
        let lock = StartLock { process_id: process_id.clone(), correlation_key: correlation_key.clone() };
        state.start_locks.put((process_id.clone(), correlation_key.clone()), instance);
        state.start_lock_of.put(instance, lock);
    }
}

fn subscription_opened(state: &mut State, opened: &OpenSubscription) {
    state.free_subscriptions.insert(opened.place(), ());
    state.subscriptions.insert(opened.key, Subscription { opened: opened.clone(), correlating: None });
}

fn subscription_takes(state: &mut State, key: SubscriptionKey, message: MessageKey) {
    let before = state.subscriptions.get(&key);
    state.subscriptions.change(&key, |row| row.correlating = Some(message));
    if let Some(row) = before {
        if row.correlating.is_none() {
            state.free_subscriptions.erase(&row.opened.place());
        }
        state.messages_correlated.put((message, row.opened.process_id.clone()), key.0);
    }
}

fn subscription_free(state: &mut State, key: SubscriptionKey) {
    let busy = state.subscriptions.get(&key).filter(|row| row.correlating.is_some());
    if let Some(row) = busy {
        state.subscriptions.change(&key, |row| row.correlating = None);
        state.free_subscriptions.insert(row.opened.place(), ());
    }
}

fn correlation_refused(state: &mut State, key: SubscriptionKey, message: MessageKey) {
    let marks: Vec<_> = state
        .messages_correlated
        .beginning(message, (message, "".into()))
        .filter(|(_, taker)| **taker == key.0)
        .map(|(place, _)| place)
        .collect();
    for place in marks {
        state.messages_correlated.erase(&place);
    }
}

fn subscription_gone(state: &mut State, key: SubscriptionKey) {
    let row = state.subscriptions.remove(&key);
    if let Some(row) = row.filter(|row| row.correlating.is_none()) {
        state.free_subscriptions.erase(&row.opened.place());
    }
}

fn message_published(state: &mut State, key: MessageKey, message: &Message) {
    let Message { name, correlation_key, id, deadline_ms, .. } = message;
    state.messages_by_name.insert((name.clone(), correlation_key.clone(), key), ());
    state.message_dues.insert((*deadline_ms, key), ());
    if !id.is_empty() {
        state.message_ids.put((name.clone(), correlation_key.clone(), id.clone()), key);
    }
    state.messages.insert(key, message.clone());
}

fn message_gone(state: &mut State, key: MessageKey) {
    let Some(message) = state.messages.remove(&key) else { return };
    let Message { name, correlation_key, id, deadline_ms, .. } = &*message;
    state.messages_by_name.erase(&(name.clone(), correlation_key.clone(), key));
    state.message_dues.erase(&(*deadline_ms, key));
    if !id.is_empty() {
        state.message_ids.erase(&(name.clone(), correlation_key.clone(), id.clone()));
    }
    let marks: Vec<_> =
        state.messages_correlated.beginning(key, (key, "".into())).map(|(place, _)| place).collect();
    for place in marks {
        state.messages_correlated.erase(&place);
    }
}

fn deployed(state: &mut State, deployment: &Deployment) {
    for (place, file) in (0..).zip(&deployment.files) {
        state.files.insert((deployment.key, place), file.clone());
    }
    for new in &deployment.processes {
        let definition = ProcessDefinition {
            id: new.id.clone(),
            version: new.version,
            version_tag: new.version_tag.clone(),
            deployment: deployment.key,
            file: new.file,
            deleted: false,
        };
        state.processes.put(new.key, definition);
        state.process_versions.put((new.id.clone(), new.version), new.key);
        state.last_versions.put((PROCESS_IDS, new.id.clone()), new.version);
    }
    for new in &deployment.drgs {
        for decision in &new.decisions {
            let definition = DecisionDefinition {
                id: decision.id.clone(),
                name: decision.name.clone(),
                version: decision.version,
                version_tag: decision.version_tag.clone(),
                drg: new.key,
                deployment: deployment.key,
            };
            state.decisions.put(decision.key, definition);
            state.decision_versions.put((decision.id.clone(), decision.version), decision.key);
            state.last_versions.put((DECISION_IDS, decision.id.clone()), decision.version);
        }
        let definition = DrgDefinition {
            id: new.id.clone(),
            name: new.name.clone(),
            version: new.version,
            deployment: deployment.key,
            file: new.file,
            decisions: new.decisions.iter().map(|decision| decision.key).collect(),
        };
        state.drgs.put(new.key, definition);
        state.drg_versions.put((new.id.clone(), new.version), new.key);
        state.last_versions.put((DRG_IDS, new.id.clone()), new.version);
    }
}

fn definition_deleted(state: &mut State, key: u64) {
    let process_key = crate::key::ProcessKey(key);
    if let Some(process) = state.processes.get(&process_key) {
        state.process_versions.erase(&(process.id.clone(), process.version));
        state.processes.change(&process_key, |process| process.deleted = true);
    }
    if let Some(drg) = state.drgs.remove(&crate::key::DrgKey(key)) {
        state.drg_versions.erase(&(drg.id.clone(), drg.version));
        for decision_key in &drg.decisions {
            if let Some(decision) = state.decisions.remove(decision_key) {
                state.decision_versions.erase(&(decision.id.clone(), decision.version));
            }
        }
    }
}
