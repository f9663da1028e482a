//! `zeebe:calledDecision`: the decision that a business rule task evaluates.

use crate::diagnostic::Report;
use crate::extension::{self, binding};
use crate::model::shared;
use crate::process::BusinessRuleTask;
use crate::xml::Node;

/// The decision and where its result goes.
pub(crate) fn lower(node: Node<'_>, report: &mut Report) -> Option<BusinessRuleTask> {
    let decision_id = extension::required(node, "decisionId", report).and_then(|id| id.expr(report));
    let result_variable = extension::required(node, "resultVariable", report);
    let binding = binding::lower(node, report);
    Some(BusinessRuleTask::Decision {
        decision_id: decision_id?,
        result_variable: shared(result_variable?.text()),
        binding: binding?,
    })
}
