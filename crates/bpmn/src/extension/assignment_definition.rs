//! `zeebe:assignmentDefinition`: who may do a user task.

use crate::diagnostic::Report;
use crate::element::user_task::UserTaskHeaders;
use crate::expression::Source;
use crate::extension::task_headers;
use crate::xml::{self, Node};

/// Adds the headers for assignee and candidates.
pub(crate) fn lower(task: Node<'_>, headers: &mut UserTaskHeaders, report: &mut Report) {
    let Some(node) = xml::extensions_named(task, "assignmentDefinition").next() else { return };
    let filled = |name| Source::attribute(node, name).filter(|value| !value.text().is_empty());
    if let Some(assignee) = filled("assignee") {
        if assignee.expression_text().is_some() {
            headers.evaluated.extend(assignee.feel(report).map(|e| ("io.camunda.zeebe:assignee", e)));
        } else {
            headers.fixed.push(("io.camunda.zeebe:assignee", assignee.text().to_owned()));
        }
    }
    for (name, header) in [
        ("candidateGroups", "io.camunda.zeebe:candidateGroups"),
        ("candidateUsers", "io.camunda.zeebe:candidateUsers"),
    ] {
        let Some(list) = filled(name) else { continue };
        if list.expression_text().is_some() {
            headers.evaluated.extend(list.feel(report).map(|expression| (header, expression)));
        } else if let Some(items) = comma_separated(list.text()) {
            headers.fixed.push((header, task_headers::json_list(items.into_iter())));
        } else {
            let text = crate::diagnostic::quoted(list.text());
            report.error(
                list.place(),
                format!("Expected static value to be a list of comma-separated values, e.g. 'a,b,c' but found '{text}'"),
                "separate the names with commas and leave none empty, or write an expression",
            );
        }
    }
}

/// The items of `a, b,c`, unless one is empty.
fn comma_separated(text: &str) -> Option<Vec<&str>> {
    let items: Vec<&str> = text.split(',').map(str::trim).collect();
    items.iter().all(|item| !item.is_empty()).then_some(items)
}
