//! A boundary event: message, signal, timer or error, attached to an activity.

use crate::diagnostic::{Place, Report, quoted};
use crate::event::{self, Position, Trigger};
use crate::model::{Draft, Known, Site};
use crate::process::{BoundaryEvent, ElementIdx, ElementKind};
use crate::xml::{self, Node};

/// The trigger and what it is attached to.
pub(crate) fn lower(site: &Site<'_, '_>, report: &mut Report) -> Option<ElementKind> {
    if let Some(flow) = site.element().incoming.first() {
        report.error(
            site.draft.flow(*flow).node,
            "Cannot have incoming sequence flows",
            "lead the sequence flow to another element: a boundary event is triggered, not entered",
        );
    }
    let triggers = event::triggers(site, report);
    if site.element().outgoing.is_empty() && triggers.is_some() {
        report.error(
            site.node(),
            "Must have at least one outgoing sequence flow or association",
            "draw a sequence flow from the boundary event to what shall happen when it is triggered",
        );
    }
    let attached_to = attached_to(site.draft, site.node(), report);
    let interrupting = xml::flag(site.node(), "cancelActivity", true);
    let trigger = match triggers?.as_slice() {
        [trigger @ (Trigger::Message(_) | Trigger::Signal(_) | Trigger::Timer(_) | Trigger::Error(_))] => {
            event::catch(site, *trigger, Position::Boundary { interrupting }, report)?
        }
        [Trigger::Terminate] => {
            report.error(
                site.node(),
                "Boundary events must be one of: timer, message, error, signal, escalation",
                "use a timer, a message, a signal or an error (escalation is not supported yet)",
            );
            return None;
        }
        [] | [_, ..] => {
            let remedy = "give the boundary event one event definition, and add a boundary event for each other one";
            report.error(site.node(), "Must have exactly one event definition", remedy);
            return None;
        }
    };
    let attached_to = attached_to?;
    Some(ElementKind::BoundaryEvent(BoundaryEvent { attached_to, interrupting, trigger }))
}

/// The activity that a boundary event is attached to, without a report.
pub(crate) fn activity(draft: &Draft<'_>, node: Node<'_>) -> Option<ElementIdx> {
    match draft.ids.get(xml::local(node.attribute("attachedToRef")?)) {
        Some(Known::Element(idx)) if draft.element(*idx).tag.is_activity() => Some(*idx),
        _ => None,
    }
}

/// The activity that a boundary event is attached to.
fn attached_to(draft: &Draft<'_>, node: Node<'_>, report: &mut Report) -> Option<ElementIdx> {
    if let Some(idx) = activity(draft, node) {
        return Some(idx);
    }
    let remedy = "set attachedToRef to the id of an activity of the same scope";
    let Some(reference) = node.attribute("attachedToRef") else {
        report.error(node, "Must be attached to an activity", remedy);
        return None;
    };
    let reason = match draft.ids.get(xml::local(reference)) {
        Some(Known::Refused) => return None,
        Some(Known::Element(_) | Known::Flow(_)) => "is not an activity",
        None => "does not exist",
    };
    let message = format!("Must be attached to an activity: '{}' {reason}", quoted(reference));
    report.error(Place::of_attribute(node, "attachedToRef"), message, remedy);
    None
}
