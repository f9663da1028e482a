//! `zeebe:taskSchedule`: when a user task is due, and when to follow it up.

use crate::diagnostic::{Report, quoted};
use crate::element::user_task::UserTaskHeaders;
use crate::expression::Source;
use crate::timer;
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
        } else if timer::date_due_ms(date.text()).is_err() {
            let text = quoted(date.text());
            report.error(
                date.place(),
                format!("Expected static value to be a valid DateTime String, e.g. '2023-03-02T15:35+02:00' but found '{text}'"),
                "write a date and time with an offset or a zone, or an expression that starts with '='",
            );
        } else {
            headers.fixed.push((header, date.text().to_owned()));
        }
    }
}
