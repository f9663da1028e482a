//! An exclusive gateway: the first flow whose condition holds, or the default flow.

use crate::diagnostic::{Place, Report, quoted};
use crate::model::{Known, Site};
use crate::process::{ElementKind, ExclusiveGateway, FlowIdx};
use crate::xml;

/// The default flow; that the other flows have conditions.
pub(crate) fn lower(site: &Site<'_, '_>, report: &mut Report) -> Option<ElementKind> {
    let default = default_flow(site, report);
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

/// The flow that the `default` attribute names.
fn default_flow(site: &Site<'_, '_>, report: &mut Report) -> Option<FlowIdx> {
    let reference = site.node().attribute("default")?;
    let reason = match site.draft.ids.get(xml::local(reference)) {
        Some(Known::Flow(flow)) if site.draft.flow(*flow).source == site.idx => return Some(*flow),
        Some(Known::Refused) => return None,
        Some(Known::Flow(_)) => "starts elsewhere",
        Some(Known::Element(_)) => "is no sequence flow",
        None => "does not exist",
    };
    report.error(
        Place::of_attribute(site.node(), "default"),
        "Default flow must start at gateway",
        format!(
            "'{}' {reason}: set default to the id of an outgoing sequence flow of this gateway",
            quoted(reference)
        ),
    );
    None
}
