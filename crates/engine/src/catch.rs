//! Catching events: opening and closing what they wait for, and what happens when it comes.
//!
//! An *owner* is the element instance on whose behalf something is waited for: the catching event or receive task
//! itself, the activity with a boundary event, the scope with an event sub-process, the event-based gateway.

use std::sync::Arc;

use weir_bpmn::process::{CatchEvent, ElementIdx, ElementKind, MessageCatch, TimerDefinition};
use weir_canary::{Canary, planted};

use crate::{
    event::Event,
    expression, flow,
    key::{ElementKey, PartitionId, SubscriptionKey, TimerKey},
    mail::{Mail, OpenSubscription},
    message,
    state::row::{Phase, Timer, TimerTarget, Trigger, Wait},
    step::Entrance,
    termination, timer,
    tx::{At, Failure, Tx},
    variable::{self, Named},
};

/// Something to wait for, all its expressions evaluated.
pub(crate) enum Catch {
    Timer { element: ElementIdx, due: timer::Due },
    Message { element: ElementIdx, name: Arc<str>, correlation_key: Arc<str>, closes: bool },
    Signal { element: ElementIdx, name: Arc<str>, closes: bool },
}

/// What an activity's boundary events and a scope's event sub-processes wait for.
pub(crate) fn around(tx: &Tx<'_>, at: &At) -> Result<Vec<Catch>, Failure> {
    let mut catches = Vec::new();
    if !at.is_item() {
        for idx in &at.element().boundary_events {
            if let ElementKind::BoundaryEvent(event) = &at.process.element(*idx).kind {
                // A boundary timer sees the activity's own variables; a message's key does not.
                let outer = at.scope();
                catches.extend(prepare(tx, *idx, &event.trigger, at.key, outer, event.interrupting)?);
            }
        }
    }
    if at.row.role != crate::state::row::Role::Body {
        for idx in &at.element().event_sub_processes {
            if let ElementKind::EventSubProcess(handler) = &at.process.element(*idx).kind
                && let ElementKind::StartEvent(trigger) = &at.process.element(handler.start).kind
            {
                catches.extend(prepare(tx, *idx, trigger, at.key, at.key, handler.interrupting)?);
            }
        }
    }
    Ok(catches)
}

/// What one catching event waits for; nothing for an error.
pub(crate) fn prepare(
    tx: &Tx<'_>,
    element: ElementIdx,
    event: &CatchEvent,
    timer_scope: ElementKey,
    message_scope: ElementKey,
    closes: bool,
) -> Result<Option<Catch>, Failure> {
    match event {
        CatchEvent::None | CatchEvent::Error(_) => Ok(None),
        CatchEvent::Timer(definition) => prepare_timer(tx, element, definition, timer_scope).map(Some),
        CatchEvent::Message(catch) => prepare_message(tx, element, catch, message_scope, closes).map(Some),
        CatchEvent::Signal(name) => {
            let name = expression::text(tx, name, Some(message_scope))?;
            Ok(Some(Catch::Signal { element, name, closes }))
        }
    }
}

fn prepare_timer(
    tx: &Tx<'_>,
    element: ElementIdx,
    definition: &TimerDefinition,
    scope: ElementKey,
) -> Result<Catch, Failure> {
    let due = timer::evaluate(tx, definition, Some(scope))?;
    Ok(Catch::Timer { element, due })
}

pub(crate) fn prepare_message(
    tx: &Tx<'_>,
    element: ElementIdx,
    catch: &MessageCatch,
    scope: ElementKey,
    closes: bool,
) -> Result<Catch, Failure> {
    let name = expression::text(tx, &catch.name, Some(scope))?;
    let correlation_key = match &catch.correlation_key {
        Some(expression) => expression::correlation_key(tx, expression, scope)?,
        None => Arc::from(""),
    };
    Ok(Catch::Message { element, name, correlation_key, closes })
}

/// Begins to wait.
pub(crate) fn open(tx: &mut Tx<'_>, owner: ElementKey, catches: Vec<Catch>) {
    for catch in catches {
        match catch {
            Catch::Timer { element, due } => open_timer(tx, owner, element, due),
            Catch::Message { element, name, correlation_key, closes } => {
                open_message(tx, owner, element, name, correlation_key, closes);
            }
            Catch::Signal { element, name, closes } => open_signal(tx, owner, element, name, closes),
        }
    }
}

fn open_timer(tx: &mut Tx<'_>, owner: ElementKey, element: ElementIdx, due: timer::Due) {
    let key = TimerKey(tx.next_key());
    let timer = Timer {
        target: TimerTarget::Catch { owner, element: element.0 },
        due_ms: due.due_ms,
        cycle: due.cycle,
        repetitions: due.repetitions,
    };
    tx.emit(Event::TimerCreated { key, timer });
}

fn open_message(
    tx: &mut Tx<'_>,
    owner: ElementKey,
    element: ElementIdx,
    message_name: Arc<str>,
    correlation_key: Arc<str>,
    closes: bool,
) {
    let Some(at) = tx.at(owner) else { return };
    let key = SubscriptionKey(tx.next_key());
    let partition = message::partition_of(&correlation_key, tx.settings.partitions);
    let wait = Wait { owner, element: element.0, partition, closes, signal: None };
    tx.emit(Event::WaitOpened { key, wait });
    let opened = OpenSubscription {
        key,
        process_instance: at.row.process_instance,
        process_id: at.process.id.clone(),
        process: at.row.process,
        message_name,
        correlation_key,
        closes,
    };
    tx.send(partition, Mail::OpenSubscription(opened));
}

fn open_signal(tx: &mut Tx<'_>, owner: ElementKey, element: ElementIdx, name: Arc<str>, closes: bool) {
    let key = SubscriptionKey(tx.next_key());
    let partition = tx.settings.partition;
    let wait = Wait { owner, element: element.0, partition, closes, signal: Some(name) };
    tx.emit(Event::WaitOpened { key, wait });
}

/// Ends all waiting on behalf of `owner`.
pub(crate) fn close(tx: &mut Tx<'_>, owner: ElementKey) {
    let leaks = planted(Canary::WaitLeaks) && tx.at(owner).is_some_and(|at| at.row.job.is_some());
    close_those(tx, owner, |_| !leaks);
}

/// Ends the waiting of a scope's event sub-processes; its boundary events go on.
pub(crate) fn close_handlers(tx: &mut Tx<'_>, scope: ElementKey) {
    let Some(at) = tx.at(scope) else { return };
    close_those(tx, scope, |element| {
        matches!(at.process.element(ElementIdx(element)).kind, ElementKind::EventSubProcess(_))
    });
}

fn close_those(tx: &mut Tx<'_>, owner: ElementKey, chosen: impl Fn(u32) -> bool) {
    let state = tx.state();
    let timers: Vec<TimerKey> = state
        .timers_of_element
        .beginning(owner, (owner, TimerKey(0)))
        .map(|((_, key), _)| key)
        .filter(|key| match state.timers.get(key).map(|timer| timer.target) {
            Some(TimerTarget::Catch { element, .. }) => chosen(element),
            Some(TimerTarget::Start { .. }) | None => false,
        })
        .collect();
    let waits: Vec<(SubscriptionKey, Option<PartitionId>)> = state
        .waits_of_element
        .beginning(owner, (owner, SubscriptionKey(0)))
        .filter_map(|((_, key), _)| state.waits.get(&key).map(|wait| (key, wait)))
        .filter(|(_, wait)| chosen(wait.element))
        .map(|(key, wait)| (key, wait.signal.is_none().then_some(wait.partition)))
        .collect();
    for timer in timers {
        tx.emit(Event::TimerCanceled(timer));
    }
    for (key, message_partition) in waits {
        tx.emit(Event::WaitClosed(key));
        if let Some(partition) = message_partition {
            tx.send(partition, Mail::CloseSubscription(key));
        }
    }
}

/// Whether something that comes for `owner` now still finds it waiting.
pub(crate) fn is_waiting(tx: &Tx<'_>, owner: ElementKey) -> bool {
    tx.at(owner).is_some_and(|at| at.row.phase == Phase::Active && !termination::is_overtaken(tx, &at))
}

/// What `owner` waited for at `element` has come.
pub(crate) fn trigger(tx: &mut Tx<'_>, owner: ElementKey, element: ElementIdx, variables: Named) {
    let Some(at) = tx.at(owner).filter(|_| is_waiting(tx, owner)) else { return };
    if at.idx() == element {
        variable::receive(tx, &at, variables);
        return flow::complete(tx, owner, None);
    }
    match &at.process.element(element).kind {
        ElementKind::BoundaryEvent(event) => {
            trigger_boundary(tx, &at, element, event.interrupting, variables)
        }
        ElementKind::EventSubProcess(handler) => {
            trigger_event_sub_process(tx, owner, element, handler.interrupting, variables);
        }
        ElementKind::IntermediateCatchEvent(_) | ElementKind::ReceiveTask(_) => {
            crate::element::event_based_gateway::chosen(tx, &at, element, variables);
        }
        ElementKind::Process(_)
        | ElementKind::SubProcess(_)
        | ElementKind::StartEvent(_)
        | ElementKind::EndEvent(_)
        | ElementKind::IntermediateThrowEvent(_)
        | ElementKind::ServiceTask(_)
        | ElementKind::SendTask(_)
        | ElementKind::ScriptTask(_)
        | ElementKind::BusinessRuleTask(_)
        | ElementKind::UserTask(_)
        | ElementKind::ManualTask
        | ElementKind::Task
        | ElementKind::ExclusiveGateway(_)
        | ElementKind::ParallelGateway
        | ElementKind::EventBasedGateway
        | ElementKind::CallActivity(_) => {}
    }
}

/// A boundary event happens: the activity ends first, or goes on beside it.
pub(crate) fn trigger_boundary(
    tx: &mut Tx<'_>,
    activity: &At,
    event: ElementIdx,
    interrupting: bool,
    variables: Named,
) {
    if interrupting {
        tx.emit(Event::TriggerStored {
            owner: activity.key,
            trigger: Trigger { element: event.0, variables },
        });
        termination::terminate(tx, activity.key);
    } else {
        let by = Entrance::Triggered { flow: None, variables };
        flow::begin(tx, activity.scope(), event.0, by);
    }
}

/// An event sub-process starts: what else runs in its scope ends first, or goes on beside it.
pub(crate) fn trigger_event_sub_process(
    tx: &mut Tx<'_>,
    scope: ElementKey,
    handler: ElementIdx,
    interrupting: bool,
    variables: Named,
) {
    if interrupting {
        termination::interrupt(tx, scope, Some(Trigger { element: handler.0, variables }));
    } else {
        let by = Entrance::Triggered { flow: None, variables };
        flow::begin(tx, scope, handler.0, by);
    }
}
