//! Sequence flows: their ends, their conditions, and which one of an element is the default.

use weir_feel::Expression;

use crate::diagnostic::{Place, Report, quoted};
use crate::element::Tag;
use crate::expression::Source;
use crate::model::{Draft, DraftFlow, Known, Site};
use crate::process::{ElementIdx, Flow, FlowIdx};
use crate::xml::{self, Node};

/// Joins the elements of `draft` by the sequence flows `nodes`, which are in document order.
pub(crate) fn connect<'a>(draft: &mut Draft<'a>, nodes: Vec<Node<'a>>, report: &mut Report) {
    for node in nodes {
        let source = end(draft, node, "sourceRef", report);
        let target = end(draft, node, "targetRef", report);
        let (Some(source), Some(target)) = (source, target) else { continue };
        if draft.element(source).scope != draft.element(target).scope {
            report.error(
                node,
                "a sequence flow must not cross the border of a sub-process",
                "end the path inside the sub-process, and draw the sequence flow from the sub-process itself",
            );
            continue;
        }
        let idx = FlowIdx(draft.flows.len() as u32);
        draft.flows.push(DraftFlow { node, source, target });
        draft.elements[source.0 as usize].outgoing.push(idx);
        draft.elements[target.0 as usize].incoming.push(idx);
        if let Some(id) = xml::id(node) {
            draft.ids.insert(id, Known::Flow(idx));
        }
    }
}

/// The element at one end of a flow; `None` when there is none, which is reported unless the element itself was.
fn end(draft: &Draft<'_>, node: Node<'_>, name: &str, report: &mut Report) -> Option<ElementIdx> {
    let remedy = "draw the sequence flow anew, or remove it";
    let Some(reference) = node.attribute(name) else {
        report.error(node, format!("Attribute '{name}' must be present and not empty"), remedy);
        return None;
    };
    match draft.ids.get(xml::local(reference)) {
        Some(Known::Element(idx)) => Some(*idx),
        Some(Known::Refused) => None,
        Some(Known::Flow(_)) => {
            let message = format!("{name} '{}' is a sequence flow, not an element", quoted(reference));
            report.error(Place::of_attribute(node, name), message, remedy);
            None
        }
        None => {
            let message = format!("{name} '{}' does not exist in this process", quoted(reference));
            report.error(Place::of_attribute(node, name), message, remedy);
            None
        }
    }
}

/// The flows with their conditions.
pub(crate) fn lower(draft: &Draft<'_>, report: &mut Report) -> Vec<Flow> {
    let lower = |flow: &DraftFlow<'_>| Flow {
        id: crate::model::shared(xml::id(flow.node).unwrap_or("")),
        source: flow.source,
        target: flow.target,
        condition: condition(draft, flow, report),
    };
    draft.flows.iter().map(lower).collect()
}

/// The condition of a flow that leaves an exclusive gateway and is not its default.
fn condition(draft: &Draft<'_>, flow: &DraftFlow<'_>, report: &mut Report) -> Option<Expression> {
    let node = xml::bpmn_child(flow.node, "conditionExpression")?;
    let source = draft.element(flow.source);
    if source.tag != Tag::ExclusiveGateway {
        report.error(
            node,
            "Conditional sequence flows are only supported at exclusive or inclusive gateway",
            "put an exclusive gateway between the element and its conditional flows",
        );
        return None;
    }
    let default = source.node.attribute("default").map(xml::local);
    if default.is_some() && default == xml::id(flow.node) {
        report.warning(
            node,
            "the condition of a default flow has no effect",
            "remove it: the default flow is taken when no other condition holds",
        );
        return None;
    }
    Source::text_of(node).feel(report)
}

/// The flow that the `default` attribute of an element names, when it is one of its own outgoing ones.
pub(crate) fn default_of(site: &Site<'_, '_>) -> Option<FlowIdx> {
    match site.draft.ids.get(xml::local(site.node().attribute("default")?)) {
        Some(Known::Flow(flow)) if site.draft.flow(*flow).source == site.idx => Some(*flow),
        Some(Known::Flow(_) | Known::Element(_) | Known::Refused) | None => None,
    }
}

/// Reports a `default` attribute that names no outgoing flow of its element: of an exclusive gateway or an activity,
/// the elements that may have one (BPMN 2.0.2, 13.3.1 and 13.4.2).
pub(crate) fn check_default(site: &Site<'_, '_>, report: &mut Report) {
    let tag = site.element().tag;
    let Some(reference) = site.node().attribute("default") else { return };
    let kind = match tag == Tag::ExclusiveGateway {
        true => "gateway",
        false if tag.is_activity() => "activity",
        false => return,
    };
    let reason = match site.draft.ids.get(xml::local(reference)) {
        Some(Known::Flow(_)) if default_of(site).is_some() => return,
        Some(Known::Refused) => return,
        Some(Known::Flow(_)) => "starts elsewhere",
        Some(Known::Element(_)) => "is no sequence flow",
        None => "does not exist",
    };
    report.error(
        Place::of_attribute(site.node(), "default"),
        format!("Default flow must start at {kind}"),
        format!(
            "'{}' {reason}: set default to the id of an outgoing sequence flow of this {kind}",
            quoted(reference)
        ),
    );
}
