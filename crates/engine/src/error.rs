//! BPMN errors: who catches them.
//!
//! The search goes from the thrower outward: its own boundary events, the event sub-processes of its scope, that
//! scope's boundary events, and so on, through call activities to the calling process. Within one place an exact code
//! wins over an event that catches everything.

use std::sync::Arc;

use weir_bpmn::process::{CatchEvent, ElementIdx, ElementKind, ErrorCatch, Process};

use crate::{
    catch,
    state::row::{IncidentKind, Phase, Role},
    tx::{At, Failure, Tx},
    variable::Named,
};

/// Throws an error from an element instance; what catches it interrupts. Uncaught it is a failure of the thrower.
pub(crate) fn throw(
    tx: &mut Tx<'_>,
    from: &At,
    code: &str,
    message: &str,
    variables: Named,
) -> Result<(), Failure> {
    let mut known: Vec<Arc<str>> = Vec::new();
    let mut at = from.clone();
    loop {
        if at.row.phase == Phase::Terminating {
            return Err(uncaught(code, message, &known));
        }
        if !at.is_item() {
            let events = at
                .element()
                .boundary_events
                .iter()
                .filter_map(|idx| Some((*idx, boundary(&at.process, *idx)?)));
            if let Some(event) = choose(events, code, &mut known) {
                catch::trigger_boundary(tx, &at, event, true, variables);
                return Ok(());
            }
        }
        let Some(parent) = at.row.parent.and_then(|parent| tx.at(parent)) else {
            return Err(uncaught(code, message, &known));
        };
        if parent.row.role != Role::Body && !parent.row.interrupted {
            let handlers = parent.element().event_sub_processes.iter();
            let handlers = handlers.filter_map(|idx| Some((*idx, handler(&parent.process, *idx)?)));
            if let Some(event) = choose(handlers, code, &mut known) {
                catch::trigger_event_sub_process(tx, parent.key, event, true, variables);
                return Ok(());
            }
        }
        at = parent;
    }
}

fn boundary(process: &Process, idx: ElementIdx) -> Option<&ErrorCatch> {
    match &process.element(idx).kind {
        ElementKind::BoundaryEvent(event) => error_of(&event.trigger),
        _ => None,
    }
}

fn handler(process: &Process, idx: ElementIdx) -> Option<&ErrorCatch> {
    match &process.element(idx).kind {
        ElementKind::EventSubProcess(handler) => match &process.element(handler.start).kind {
            ElementKind::StartEvent(trigger) => error_of(trigger),
            _ => None,
        },
        _ => None,
    }
}

fn error_of(trigger: &CatchEvent) -> Option<&ErrorCatch> {
    match trigger {
        CatchEvent::Error(error) => Some(error),
        CatchEvent::None | CatchEvent::Message(_) | CatchEvent::Signal(_) | CatchEvent::Timer(_) => None,
    }
}

fn choose<'a>(
    events: impl Iterator<Item = (ElementIdx, &'a ErrorCatch)>,
    code: &str,
    known: &mut Vec<Arc<str>>,
) -> Option<ElementIdx> {
    let mut catch_all = None;
    for (idx, event) in events {
        match &event.code {
            Some(own) if **own == *code => return Some(idx),
            Some(own) => known.push(own.clone()),
            None => catch_all = Some(idx),
        }
    }
    catch_all
}

fn uncaught(code: &str, message: &str, known: &[Arc<str>]) -> Failure {
    let with = if message.is_empty() { String::new() } else { format!(" with message '{message}'") };
    let available = match known {
        [] => "No error events are available in the scope.".to_string(),
        codes => format!("Available error events are [{}]", codes.join(", ")),
    };
    Failure::new(
        IncidentKind::UnhandledErrorEvent,
        format!(
            "Expected to throw an error event with the code '{code}'{with}, but it was not caught. {available}"
        ),
    )
}
