//! An event sub-process: runs when its start event is triggered while the enclosing scope is active.

use crate::diagnostic::Report;
use crate::element::{Tag, sub_process};
use crate::event;
use crate::model::Site;
use crate::process::{ElementKind, EventSubProcess};
use crate::xml;

/// Finds the start event that carries the trigger.
pub(crate) fn lower(site: &Site<'_, '_>, report: &mut Report) -> Option<ElementKind> {
    for flow in [site.element().incoming.first(), site.element().outgoing.first()].into_iter().flatten() {
        report.error(
            site.draft.flow(*flow).node,
            "an event sub-process must not have incoming or outgoing sequence flows",
            "remove the sequence flow: the start event inside triggers the event sub-process",
        );
    }
    check_distinct(site, report);
    let start = sub_process::only_start(site, report)?;
    let interrupting = xml::flag(site.at(start).node(), "isInterrupting", true);
    Some(ElementKind::EventSubProcess(EventSubProcess { start, interrupting }))
}

/// No two event sub-processes of a scope may wait for the same.
pub(crate) fn check_distinct(scope: &Site<'_, '_>, report: &mut Report) {
    let starts = scope.children(Tag::EventSubProcess).flat_map(|inner| inner.children(Tag::StartEvent));
    event::check_distinct(starts, report);
}
