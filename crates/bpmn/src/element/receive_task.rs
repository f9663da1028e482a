//! A receive task: waits for a message.

use crate::diagnostic::{Place, Report};
use crate::event::{self, Position, Trigger, message};
use crate::model::Site;
use crate::process::ElementKind;
use crate::xml;

/// The message.
pub(crate) fn lower(site: &Site<'_, '_>, report: &mut Report) -> Option<ElementKind> {
    let node = site.node();
    if xml::flag(node, "instantiate", false) {
        report.error(
            Place::of_attribute(node, "instantiate"),
            "instantiating receive tasks are not supported yet",
            "use a message start event",
        );
    }
    let own_name = message::name_of(site.file, node);
    for boundary in &site.element().boundary_events {
        let Some(Trigger::Message(other)) = event::peek(&site.at(*boundary)) else { continue };
        if own_name.is_some() && message::name_of(site.file, other) == own_name {
            report.error(
                node,
                "Cannot reference the same message name as a boundary event",
                "use messages with different names for the task and for its boundary event",
            );
        }
    }
    message::catch(site, node, Position::Intermediate, report).map(ElementKind::ReceiveTask)
}
