//! A start event: none, message, signal or timer in a process, none in a sub-process, message, signal, timer or error in
//! an event sub-process.

use crate::diagnostic::Report;
use crate::element::Tag;
use crate::event::{self, Position, Trigger};
use crate::model::Site;
use crate::process::{CatchEvent, ElementKind};
use crate::xml;

/// The trigger that the place allows.
pub(crate) fn lower(site: &Site<'_, '_>, report: &mut Report) -> Option<ElementKind> {
    if let Some(flow) = site.element().incoming.first() {
        report.error(
            site.draft.flow(*flow).node,
            "a start event must not have incoming sequence flows",
            "lead the sequence flow to the element after the start event",
        );
    }
    let triggers = event::triggers(site, report)?;
    let in_event_sub_process = site.scope_tag() == Some(Tag::EventSubProcess);
    let trigger = match triggers.as_slice() {
        [] if in_event_sub_process => return refuse_in_event_sub_process(site, report),
        [] => return Some(ElementKind::StartEvent(CatchEvent::None)),
        [only] => *only,
        [_, ..] => {
            let remedy = "keep one event definition, and add a start event for each of the others";
            report.error(site.node(), "Start event can't have more than one type", remedy);
            return None;
        }
    };
    let position = match site.scope_tag() {
        Some(Tag::EventSubProcess) => {
            Position::EventSubProcessStart { interrupting: xml::flag(site.node(), "isInterrupting", true) }
        }
        Some(Tag::SubProcess) => {
            report.error(
                site.node(),
                "Start events in subprocesses must be of type none",
                "remove the event definition, or make it an event sub-process (triggeredByEvent=\"true\")",
            );
            return None;
        }
        _ => Position::ProcessStart,
    };
    match (trigger, in_event_sub_process) {
        (Trigger::Terminate, true) => refuse_in_event_sub_process(site, report),
        (Trigger::Error(_) | Trigger::Terminate, false) => {
            report.error(
                site.node(),
                "Start events of a process must be one of: none, message, signal, timer",
                "remove the event definition, or move the start event into an event sub-process",
            );
            None
        }
        (Trigger::Message(_) | Trigger::Signal(_) | Trigger::Timer(_) | Trigger::Error(_), _) => {
            event::catch(site, trigger, position, report).map(ElementKind::StartEvent)
        }
    }
}

fn refuse_in_event_sub_process(site: &Site<'_, '_>, report: &mut Report) -> Option<ElementKind> {
    report.error(
        site.node(),
        "Start events in event subprocesses must be one of: message, timer, error, signal or escalation",
        "give the start event a message, a signal, a timer or an error (escalation is not supported yet)",
    );
    None
}
