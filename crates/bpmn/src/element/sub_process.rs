//! An embedded sub-process.

use crate::diagnostic::Report;
use crate::element::{Tag, event_sub_process};
use crate::model::Site;
use crate::process::{ElementIdx, ElementKind, Scope};

/// Finds the start event.
pub(crate) fn lower(site: &Site<'_, '_>, report: &mut Report) -> Option<ElementKind> {
    event_sub_process::check_distinct(site, report);
    let start = only_start(site, report)?;
    Some(ElementKind::SubProcess(Scope { none_start: Some(start), triggered_starts: Vec::new() }))
}

/// The start event of a sub-process: there must be exactly one.
pub(crate) fn only_start(site: &Site<'_, '_>, report: &mut Report) -> Option<ElementIdx> {
    let mut starts = site.children(Tag::StartEvent);
    match (starts.next(), starts.next()) {
        (Some(start), None) => Some(start.idx),
        (first, _) => {
            let remedy = match first {
                None => "add a start event inside the sub-process",
                Some(_) => "keep one start event; lead its flow into a gateway if several paths shall start",
            };
            report.error(site.node(), "Must have exactly one start event", remedy);
            None
        }
    }
}
