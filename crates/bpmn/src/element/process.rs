//! A process, seen as the outermost scope.

use crate::diagnostic::Report;
use crate::element::{Tag, event_sub_process};
use crate::event::{self, Trigger};
use crate::model::Site;
use crate::process::{ElementKind, Scope};

/// Finds the start events.
pub(crate) fn lower(site: &Site<'_, '_>, report: &mut Report) -> Option<ElementKind> {
    let starts: Vec<_> = site.children(Tag::StartEvent).collect();
    if starts.is_empty() {
        report.error(
            site.node(),
            "Must have at least one start event",
            "add a start event and draw a sequence flow from it to the first element",
        );
    }
    let is_none = |start: &&Site<'_, '_>| event::definition_nodes(start.node()).next().is_none();
    let none_starts: Vec<_> = starts.iter().filter(is_none).collect();
    if let [_, second, ..] = none_starts.as_slice() {
        report.error(
            second.node(),
            "Multiple none start events are not allowed",
            "keep one none start event, or give the others a message, a signal or a timer",
        );
    }
    let named =
        |start: &&Site<'_, '_>| matches!(event::peek(start), Some(Trigger::Message(_) | Trigger::Signal(_)));
    event::check_distinct(starts.iter().filter(named).copied(), report);
    event_sub_process::check_distinct(site, report);
    let triggered = starts.iter().filter(|start| !is_none(start)).map(|start| start.idx).collect();
    let none_start = none_starts.first().map(|start| start.idx);
    Some(ElementKind::Process(Scope { none_start, triggered_starts: triggered }))
}
