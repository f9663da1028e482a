//! Extensions of other engines: tolerated, because they say nothing about how Weir runs a model, but mentioned,
//! because their authors expect them to do something.

use crate::diagnostic::{Place, Report, quoted};
use crate::xml::{self, Node};

/// What to write instead of an attribute of Camunda 7 and its relatives.
const INSTEAD: [(&str, &str); 14] = [
    ("assignee", "use <zeebe:assignmentDefinition assignee=\"...\" />"),
    ("asyncAfter", "remove it: every step is durable before the next one begins"),
    ("asyncBefore", "remove it: every step is durable before the next one begins"),
    ("candidateGroups", "use <zeebe:assignmentDefinition candidateGroups=\"...\" />"),
    ("candidateUsers", "use <zeebe:assignmentDefinition candidateUsers=\"...\" />"),
    ("class", "use <zeebe:taskDefinition type=\"...\" /> and do the work in a worker"),
    ("decisionRef", "use <zeebe:calledDecision decisionId=\"...\" resultVariable=\"...\" />"),
    ("delegateExpression", "use <zeebe:taskDefinition type=\"...\" /> and do the work in a worker"),
    ("dueDate", "use <zeebe:taskSchedule dueDate=\"...\" />"),
    (
        "expression",
        "use <zeebe:script expression=\"=...\" resultVariable=\"...\" /> on a script task, or a worker",
    ),
    ("formKey", "use <zeebe:formDefinition formKey=\"...\" />"),
    ("resultVariable", "use the resultVariable of zeebe:script or zeebe:calledDecision"),
    ("topic", "use <zeebe:taskDefinition type=\"...\" />: the topic is the job type"),
    ("type", "use <zeebe:taskDefinition type=\"...\" />"),
];

/// Attributes that only concern other engines' bookkeeping.
const HARMLESS: [&str; 4] = ["historyTimeToLive", "isStartableInTasklist", "versionTag", "diagramRelationId"];

/// Warns of what another engine would do at `node`: one warning for its attributes, one for its extension elements.
pub(crate) fn check(node: Node<'_>, report: &mut Report) {
    let is_foreign = |attribute: &roxmltree::Attribute<'_, '_>| {
        engine(attribute.namespace()).is_some() && !HARMLESS.contains(&attribute.name())
    };
    // Of several the topic says most.
    let topic = node.attributes().find(|attribute| is_foreign(attribute) && attribute.name() == "topic");
    let attribute = topic.or_else(|| node.attributes().find(is_foreign));
    if let Some((attribute, engine)) = attribute.and_then(|found| Some((found, engine(found.namespace())?))) {
        let remedy = INSTEAD.iter().find(|(name, _)| *name == attribute.name()).map(|(_, remedy)| *remedy);
        report.warning(
            Place::of(node).with_span(attribute.range()),
            format!("the attribute {} of {engine} has no effect", quoted(attribute.name())),
            remedy.unwrap_or("remove it, or use the zeebe: extension for the same purpose"),
        );
    }
    let element = xml::bpmn_children(node)
        .filter(|child| child.tag_name().name() == "extensionElements")
        .flat_map(|container| container.children())
        .find(|child| engine(child.tag_name().namespace()).is_some());
    if let Some((element, engine)) =
        element.and_then(|found| Some((found, engine(found.tag_name().namespace())?)))
    {
        report.warning(
            element,
            format!("the extension element {} of {engine} has no effect", quoted(element.tag_name().name())),
            "remove it, or use the zeebe: extension for the same purpose (zeebe:ioMapping, zeebe:taskHeaders, ...)",
        );
    }
}

fn engine(namespace: Option<&str>) -> Option<&'static str> {
    let namespace = namespace?;
    xml::FOREIGN_ENGINES.iter().find(|(known, _)| *known == namespace).map(|(_, engine)| *engine)
}
