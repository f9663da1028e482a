//! An event-based gateway: waits for several events and takes the branch of the first.

use crate::diagnostic::{Place, Report};
use crate::element::Tag;
use crate::event;
use crate::model::Site;
use crate::process::ElementKind;
use crate::xml;

/// That its branches start with events.
pub(crate) fn lower(site: &Site<'_, '_>, report: &mut Report) -> Option<ElementKind> {
    let node = site.node();
    if xml::flag(node, "instantiate", false) {
        report.error(
            Place::of_attribute(node, "instantiate"),
            "instantiating event-based gateways are not supported yet",
            "start the process with message start events",
        );
    }
    if node.attribute("eventGatewayType").is_some_and(|kind| kind != "Exclusive") {
        report.error(
            Place::of_attribute(node, "eventGatewayType"),
            "parallel event-based gateways are not supported yet",
            "use a parallel gateway that leads to the catch events",
        );
    }
    let outgoing = &site.element().outgoing;
    if outgoing.len() < 2 {
        report.error(
            node,
            "Event-based gateway must have at least 2 outgoing sequence flows.",
            "add a branch, or replace the gateway by its only catch event",
        );
    }
    let mut targets = Vec::new();
    for flow in outgoing {
        let flow = site.draft.flow(*flow);
        let target = site.at(flow.target);
        if target.element().tag != Tag::IntermediateCatchEvent {
            report.error(
                flow.node,
                "Event-based gateway must not have an outgoing sequence flow to other elements than message/timer/signal intermediate catch events.",
                "lead the sequence flow to an intermediate catch event",
            );
            continue;
        }
        if target.element().incoming.len() > 1 {
            report.error(
                target.node(),
                "Target elements of an event gateway must not have any additional incoming sequence flows other than that from the event gateway.",
                "give the other sequence flow a catch event of its own",
            );
        }
        targets.push(target);
    }
    event::check_distinct(targets.into_iter(), report);
    Some(ElementKind::EventBasedGateway)
}
