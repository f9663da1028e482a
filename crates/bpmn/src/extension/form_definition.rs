//! `zeebe:formDefinition`: the form of a user task.

use crate::diagnostic::Report;
use crate::element::user_task::UserTaskHeaders;
use crate::xml::{self, Node};

/// Adds the header for the form.
pub(crate) fn lower(task: Node<'_>, headers: &mut UserTaskHeaders, report: &mut Report) {
    let Some(node) = xml::extensions_named(task, "formDefinition").next() else { return };
    let filled = |name| node.attribute(name).filter(|value| !value.trim().is_empty());
    match (filled("formKey"), filled("formId"), filled("externalReference")) {
        (Some(key), None, None) | (None, None, Some(key)) => {
            headers.fixed.push(("io.camunda.zeebe:formKey", key.to_owned()));
        }
        (None, Some(id), None) => {
            headers.fixed.push(("io.camunda.zeebe:formKey", id.to_owned()));
            report.warning(
                node,
                "linked forms (formId) are not looked up yet: task lists get the form's id",
                "let the task list find the form by its id, or use formKey",
            );
        }
        _ => {
            let message = "Exactly one of the attributes 'formId, formKey' must be present and not blank";
            report.error(node, message, "keep one of them");
        }
    }
}
