//! `zeebe:calledElement`: the process that a call activity runs.

use crate::diagnostic::{Place, Report};
use crate::extension::{self, binding};
use crate::process::CallActivity;
use crate::xml::{self, Node};

/// The call.
pub(crate) fn lower(node: Node<'_>, report: &mut Report) -> Option<CallActivity> {
    let process_id = extension::required(node, "processId", report).and_then(|id| id.expr(report));
    let binding = binding::lower(node, report);
    if node.attribute("businessId").is_some() {
        report.warning(
            Place::of_attribute(node, "businessId"),
            "business ids are not supported yet: the called process gets none",
            "remove businessId, or pass it as a variable",
        );
    }
    Some(CallActivity {
        process_id: process_id?,
        binding: binding?,
        propagate_all_child_variables: xml::flag(node, "propagateAllChildVariables", true),
        propagate_all_parent_variables: xml::flag(node, "propagateAllParentVariables", true),
    })
}
