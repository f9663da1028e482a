//! `zeebe:taskSchedule`: when a user task is due, and when to follow it up.

use crate::diagnostic::Report;
use crate::element::user_task::UserTaskHeaders;
use crate::expression::Source;
use crate::xml::{self, Node};

/// Adds the headers for the dates.
pub(crate) fn lower(task: Node<'_>, headers: &mut UserTaskHeaders, report: &mut Report) {
    let Some(node) = xml::extensions_named(task, "taskSchedule").next() else { return };
    for (name, header) in
        [("dueDate", "io.camunda.zeebe:dueDate"), ("followUpDate", "io.camunda.zeebe:followUpDate")]
    {
        let Some(date) = Source::attribute(node, name).filter(|date| !date.text().is_empty()) else {
            continue;
        };
        if date.expression_text().is_some() {
            headers.evaluated.extend(date.feel(report).map(|expression| (header, expression)));
        } else {
            headers.fixed.push((header, date.text().to_owned()));
        }
    }
}
