//! An intermediate throw event: none, message or signal.

use crate::diagnostic::Report;
use crate::event::{self, Trigger};
use crate::model::Site;
use crate::process::{ElementKind, ThrowEvent};

/// What is thrown.
pub(crate) fn lower(site: &Site<'_, '_>, report: &mut Report) -> Option<ElementKind> {
    let triggers = event::triggers(site, report)?;
    let throw = match triggers.as_slice() {
        [] => ThrowEvent::None,
        [Trigger::Message(node)] => ThrowEvent::Message(event::message::throw(site, *node, report)?),
        [Trigger::Signal(node)] => ThrowEvent::Signal(event::signal::throw(site.file, *node, report)?),
        [Trigger::Timer(_) | Trigger::Error(_) | Trigger::Terminate] => {
            report.error(
                site.node(),
                "Event definition must be one of: message, signal, escalation, compensation or link",
                "use a message, a signal or none (errors and terminations are thrown by end events)",
            );
            return None;
        }
        [_, ..] => {
            let remedy = "keep one event definition; throw the others from further events";
            report.error(site.node(), "Must have at most one event definition", remedy);
            return None;
        }
    };
    Some(ElementKind::IntermediateThrowEvent(throw))
}
