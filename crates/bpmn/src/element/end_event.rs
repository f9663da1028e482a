//! An end event: none, terminate, error, message or signal.

use crate::diagnostic::Report;
use crate::event::{self, Trigger};
use crate::model::Site;
use crate::process::{ElementKind, EndEvent};

/// The result that it throws.
pub(crate) fn lower(site: &Site<'_, '_>, report: &mut Report) -> Option<ElementKind> {
    if let Some(flow) = site.element().outgoing.first() {
        report.error(
            site.draft.flow(*flow).node,
            "End events must not have outgoing sequence flows to other elements.",
            "remove the sequence flow, or make the end event an intermediate throw event",
        );
    }
    let triggers = event::triggers(site, report)?;
    let end = match triggers.as_slice() {
        [] => EndEvent::None,
        [Trigger::Terminate] => EndEvent::Terminate,
        [Trigger::Error(node)] => EndEvent::Error(event::error::throw(site, *node, report)?),
        [Trigger::Message(node)] => EndEvent::Message(event::message::throw(site, *node, report)?),
        [Trigger::Signal(node)] => EndEvent::Signal(event::signal::throw(site.file, *node, report)?),
        [Trigger::Timer(_)] => {
            report.error(
                site.node(),
                "End events must be one of: none, error, message, terminate, signal, escalation or compensation",
                "put the timer on an intermediate catch event before the end event",
            );
            return None;
        }
        [_, ..] => {
            let remedy = "keep one event definition; throw the others from intermediate throw events before";
            report.error(site.node(), "Must have at most one event definition", remedy);
            return None;
        }
    };
    Some(ElementKind::EndEvent(end))
}
