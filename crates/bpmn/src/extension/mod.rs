//! The extension elements of Zeebe (`zeebe:*`). One file per element; this one says which may stand where.

use crate::diagnostic::{Report, quoted};
use crate::element::Tag;
use crate::model::Site;
use crate::xml::{self, Node};

pub(crate) mod assignment_definition;
pub(crate) mod binding;
pub(crate) mod called_decision;
pub(crate) mod called_element;
pub(crate) mod form_definition;
pub(crate) mod io_mapping;
pub(crate) mod loop_characteristics;
pub(crate) mod script;
pub(crate) mod subscription;
pub(crate) mod task_definition;
pub(crate) mod task_headers;
pub(crate) mod task_schedule;

/// What is done with an extension element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Treatment {
    /// Read by the lowering of these elements.
    ReadBy(&'static [Tag]),
    /// For tools other than the engine.
    Ignored,
    /// It would silently do nothing.
    Refused(&'static str),
    /// It does nothing yet, which does no harm.
    Warned(&'static str),
}

const JOBS: &[Tag] = &[
    Tag::ServiceTask,
    Tag::SendTask,
    Tag::ScriptTask,
    Tag::BusinessRuleTask,
    Tag::EndEvent,
    Tag::IntermediateThrowEvent,
];

const HEADERS: &[Tag] = &[
    Tag::ServiceTask,
    Tag::SendTask,
    Tag::ScriptTask,
    Tag::BusinessRuleTask,
    Tag::EndEvent,
    Tag::IntermediateThrowEvent,
    Tag::UserTask,
];

const MAPPINGS: &[Tag] = &[
    Tag::SubProcess,
    Tag::EventSubProcess,
    Tag::StartEvent,
    Tag::EndEvent,
    Tag::IntermediateCatchEvent,
    Tag::IntermediateThrowEvent,
    Tag::BoundaryEvent,
    Tag::ServiceTask,
    Tag::SendTask,
    Tag::ScriptTask,
    Tag::BusinessRuleTask,
    Tag::UserTask,
    Tag::ReceiveTask,
    Tag::ManualTask,
    Tag::Task,
    Tag::CallActivity,
];

const LATER: &str = "remove it, or wait for a later release";

/// The register: what is done with `zeebe:name`.
fn treatment(name: &str) -> Option<Treatment> {
    Some(match name {
        "taskDefinition" => Treatment::ReadBy(JOBS),
        "taskHeaders" => Treatment::ReadBy(HEADERS),
        "ioMapping" => Treatment::ReadBy(MAPPINGS),
        "calledElement" => Treatment::ReadBy(&[Tag::CallActivity]),
        "calledDecision" => Treatment::ReadBy(&[Tag::BusinessRuleTask]),
        "script" => Treatment::ReadBy(&[Tag::ScriptTask]),
        "userTask" | "assignmentDefinition" | "taskSchedule" => Treatment::ReadBy(&[Tag::UserTask]),
        "formDefinition" => Treatment::ReadBy(&[Tag::UserTask, Tag::StartEvent]),
        "userTaskForm" | "versionTag" => Treatment::ReadBy(&[Tag::Process]),
        "properties" => Treatment::Ignored,
        "priorityDefinition" => Treatment::Warned(
            "it belongs to native user tasks, which are not supported yet: it has no effect",
        ),
        "jobPriorityDefinition" => Treatment::Warned(
            "priorities of jobs are not supported yet: jobs are handed out in the order of their creation",
        ),
        "agentDefinition" => Treatment::Warned("it has no effect on how the process runs"),
        "executionListeners" | "taskListeners" | "linkedResources" | "publishMessage" | "adHoc"
        | "conditionalFilter" => Treatment::Refused(LATER),
        _ => return None,
    })
}

/// Reports extension elements that would do nothing where they stand.
pub(crate) fn check(site: &Site<'_, '_>, report: &mut Report) {
    let tag = site.element().tag;
    for node in xml::extensions(site.node()) {
        let name = node.tag_name().name();
        match treatment(name) {
            Some(Treatment::ReadBy(tags)) if !tags.contains(&tag) => {
                let message = format!("zeebe:{name} has no effect on {}", tag.with_article());
                report.warning(node, message, "remove it, or move it to the element that it is meant for");
            }
            Some(Treatment::ReadBy(_) | Treatment::Ignored) => {}
            Some(Treatment::Warned(why)) => report.warning(node, format!("zeebe:{name}: {why}"), LATER),
            Some(Treatment::Refused(remedy)) => {
                report.error(
                    node,
                    format!("zeebe:{name} is not supported yet: it would silently do nothing"),
                    remedy,
                );
            }
            None => {
                let message = format!("zeebe:{} is not known", quoted(name));
                report.error(node, message, "remove it, or correct its name");
            }
        }
    }
}

/// The only extension element among two alternatives.
pub(crate) fn only_one_of<'a>(node: Node<'a>, names: [&str; 2], report: &mut Report) -> Option<Node<'a>> {
    let mut found = xml::extensions(node).filter(|extension| names.contains(&extension.tag_name().name()));
    if let (Some(only), None) = (found.next(), found.next()) {
        return Some(only);
    }
    let [first, second] = names;
    report.error(
        node,
        format!("Must have either one 'zeebe:{first}' or one 'zeebe:{second}' extension element"),
        format!("keep or add exactly one <zeebe:{first} .../> or <zeebe:{second} .../>"),
    );
    None
}

/// An attribute that must be there and not empty.
pub(crate) fn required<'a>(
    node: Node<'a>,
    name: &str,
    report: &mut Report,
) -> Option<crate::expression::Source<'a>> {
    let source =
        crate::expression::Source::attribute(node, name).filter(|value| !value.text().trim().is_empty());
    if source.is_none() {
        report.error(
            crate::diagnostic::Place::of_attribute(node, name),
            format!("Attribute '{name}' must be present and not empty"),
            format!("add {name}=\"...\" to <zeebe:{}>", node.tag_name().name()),
        );
    }
    source
}
