//! An exclusive gateway: the first flow whose condition holds, or the default flow.

use crate::diagnostic::Report;
use crate::model::Site;
use crate::process::{ElementKind, ExclusiveGateway};
use crate::{flow, xml};

/// The default flow; that the other flows have conditions.
pub(crate) fn lower(site: &Site<'_, '_>, report: &mut Report) -> Option<ElementKind> {
    let default = flow::default_of(site);
    let outgoing = &site.element().outgoing;
    if outgoing.len() > 1 {
        for flow in outgoing {
            let node = site.draft.flow(*flow).node;
            if Some(*flow) != default && xml::bpmn_child(node, "conditionExpression").is_none() {
                report.error(
                    node,
                    "Must have a condition or be default flow",
                    "add a conditionExpression, or make the flow the default of the gateway",
                );
            }
        }
    }
    Some(ElementKind::ExclusiveGateway(ExclusiveGateway { default }))
}
