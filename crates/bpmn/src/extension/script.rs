//! `zeebe:script`: a FEEL expression that a script task evaluates.

use crate::diagnostic::Report;
use crate::extension;
use crate::model::shared;
use crate::process::ScriptTask;
use crate::xml::Node;

/// The script and where its result goes.
pub(crate) fn lower(node: Node<'_>, report: &mut Report) -> Option<ScriptTask> {
    let expression = extension::required(node, "expression", report).and_then(|script| script.feel(report));
    let result_variable = extension::required(node, "resultVariable", report);
    Some(ScriptTask::Feel { expression: expression?, result_variable: shared(result_variable?.text()) })
}
