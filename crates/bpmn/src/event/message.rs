//! A message event definition: waits for a message, or sends one through a worker.

use crate::diagnostic::{Place, Report, quoted};
use crate::event::{Position, check_constant};
use crate::expression::Source;
use crate::extension::{subscription, task_definition};
use crate::model::{File, Message, Site};
use crate::process::{Expr, JobDefinition, MessageCatch};
use crate::xml::{self, Node};

/// The XML name.
pub(crate) const NAME: &str = "messageEventDefinition";

/// The message that an event definition, a receive task or a send task refers to, without a report.
fn message_of<'m, 'a>(file: &'m File<'a>, node: Node<'_>) -> Option<&'m Message<'a>> {
    file.messages.get(xml::local(node.attribute("messageRef")?))
}

/// The name of the message, as it is written, if there is one.
pub(crate) fn name_of<'a>(file: &File<'a>, node: Node<'_>) -> Option<&'a str> {
    message_of(file, node)?.node.attribute("name").filter(|name| !name.is_empty())
}

/// The message that is waited for.
pub(crate) fn catch(
    site: &Site<'_, '_>,
    node: Node<'_>,
    position: Position,
    report: &mut Report,
) -> Option<MessageCatch> {
    let Some(message) = message_of(site.file, node) else {
        let remedy = match node.attribute("messageRef") {
            Some(reference) => {
                format!("the message '{}' does not exist: add it, or mend messageRef", quoted(reference))
            }
            None => "set messageRef to the id of a message".to_owned(),
        };
        report.error(Place::of_attribute(node, "messageRef"), "Must reference a message", remedy);
        return None;
    };
    let name = message.name.get_or_init(|| name(message.node, report)).clone();
    if position == Position::ProcessStart {
        let name = name?;
        check_constant(message.node, &name, "give a message that starts a process a fixed name", report);
        return Some(MessageCatch { name, correlation_key: None });
    }
    let correlation_key =
        message.correlation_key.get_or_init(|| subscription::lower(message.node, report)).clone();
    Some(MessageCatch { name: name?, correlation_key: Some(correlation_key?) })
}

/// The name of a message: text, or an expression.
fn name(message: Node<'_>, report: &mut Report) -> Option<Expr> {
    let source = Source::attribute(message, "name").filter(|name| !name.text().is_empty());
    let Some(source) = source else {
        report.error(message, "Name must be present and not empty", "give the message a name");
        return None;
    };
    source.expr(report)
}

/// The job that sends the message. A message need not be referred to: the worker knows what to send.
pub(crate) fn throw(site: &Site<'_, '_>, _node: Node<'_>, report: &mut Report) -> Option<JobDefinition> {
    task_definition::required_of_thrower(site, report)
}
