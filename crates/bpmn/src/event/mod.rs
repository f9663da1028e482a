//! Event definitions: what an event waits for or throws. One file per kind.

use std::collections::BTreeSet;

use crate::diagnostic::{Place, Report, quoted};
use crate::element::{Tag, unsupported};
use crate::model::Site;
use crate::process::{CatchEvent, Expr};
use crate::xml::{self, Node};

pub(crate) mod error;
pub(crate) mod message;
pub(crate) mod signal;
pub(crate) mod terminate;
pub(crate) mod timer;

/// An event definition that is supported.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Trigger<'a> {
    /// `messageEventDefinition`
    Message(Node<'a>),
    /// `signalEventDefinition`
    Signal(Node<'a>),
    /// `timerEventDefinition`
    Timer(Node<'a>),
    /// `errorEventDefinition`
    Error(Node<'a>),
    /// `terminateEventDefinition`
    Terminate,
}

/// The file of each event definition in this folder, for the support table.
pub(crate) const MODULES: &[(&str, &str)] = &[
    (message::NAME, "message"),
    (signal::NAME, "signal"),
    (timer::NAME, "timer"),
    (error::NAME, "error"),
    (terminate::NAME, "terminate"),
];

/// Where a catching event stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Position {
    /// Start event of a process.
    ProcessStart,
    /// Start event of an event sub-process.
    EventSubProcessStart { interrupting: bool },
    /// In the flow.
    Intermediate,
    /// On the border of an activity.
    Boundary { interrupting: bool },
}

impl Position {
    /// Whether what it interrupts goes on: only then may an event happen more than once.
    pub(crate) fn is_non_interrupting(self) -> bool {
        match self {
            Self::EventSubProcessStart { interrupting } | Self::Boundary { interrupting } => !interrupting,
            Self::ProcessStart | Self::Intermediate => false,
        }
    }
}

/// All event definitions of an event, supported or not.
pub(crate) fn definition_nodes(event: Node<'_>) -> impl Iterator<Item = Node<'_>> {
    xml::bpmn_children(event).filter(|node| {
        let name = node.tag_name().name();
        name.ends_with("EventDefinition") || name == "eventDefinitionRef"
    })
}

/// The supported event definition that `node` is.
fn trigger(node: Node<'_>) -> Option<Trigger<'_>> {
    match node.tag_name().name() {
        message::NAME => Some(Trigger::Message(node)),
        signal::NAME => Some(Trigger::Signal(node)),
        timer::NAME => Some(Trigger::Timer(node)),
        error::NAME => Some(Trigger::Error(node)),
        terminate::NAME => Some(Trigger::Terminate),
        _ => None,
    }
}

/// The first event definition of an event, if it is supported; nothing is reported.
pub(crate) fn peek<'a>(site: &Site<'_, 'a>) -> Option<Trigger<'a>> {
    definition_nodes(site.node()).find_map(trigger)
}

/// The event definitions of an event; `None` when one was refused by name.
pub(crate) fn triggers<'a>(site: &Site<'_, 'a>, report: &mut Report) -> Option<Vec<Trigger<'a>>> {
    let mut triggers = Vec::new();
    let mut refused = false;
    for node in definition_nodes(site.node()) {
        let name = node.tag_name().name();
        match (trigger(node), unsupported::event_definition(name)) {
            (Some(trigger), _) => triggers.push(trigger),
            (None, Some(unsupported)) => {
                refused = true;
                let message =
                    format!("{}, here on {}", unsupported.message(), site.element().tag.with_article());
                report.error(node, message, unsupported.remedy);
            }
            (None, None) => {
                refused = true;
                let message =
                    format!("Event definition of this type is not supported (bpmn:{})", quoted(name));
                report.error(
                    node,
                    message,
                    "put a message, signal, timer, error or terminate event definition inside the event",
                );
            }
        }
    }
    if xml::flag(site.node(), "parallelMultiple", false) {
        refused = true;
        let message = "parallel multiple events are not supported yet";
        report.error(
            Place::of_attribute(site.node(), "parallelMultiple"),
            message,
            "use a parallel gateway that leads to one catch event for each definition",
        );
    }
    (!refused).then_some(triggers)
}

/// What a catching event waits for.
pub(crate) fn catch(
    site: &Site<'_, '_>,
    trigger: Trigger<'_>,
    position: Position,
    report: &mut Report,
) -> Option<CatchEvent> {
    match trigger {
        Trigger::Message(node) => message::catch(site, node, position, report).map(CatchEvent::Message),
        Trigger::Signal(node) => signal::catch(site.file, node, position, report).map(CatchEvent::Signal),
        Trigger::Timer(node) => timer::lower(node, position, report).map(CatchEvent::Timer),
        Trigger::Error(node) => error::catch(site, node, position, report).map(CatchEvent::Error),
        Trigger::Terminate => None,
    }
}

/// A process is started by a message or a signal before there are variables: its name, which stands at `named`, must not need any.
fn check_constant(named: Node<'_>, name: &Expr, remedy: &'static str, report: &mut Report) {
    let Expr::Feel(expression) = name else { return };
    if let Some(variable) = expression.variables().first() {
        report.error(
            Place::of_attribute(named, "name"),
            format!(
                "Expected constant expression but found '={}', which could not be evaluated without context: it needs the variable '{}'",
                quoted(expression.text()),
                quoted(variable)
            ),
            remedy,
        );
    }
}

/// Reports catching events, all of which wait at the same time, that wait for the same message, signal or error.
pub(crate) fn check_distinct<'m, 'a: 'm>(events: impl Iterator<Item = Site<'m, 'a>>, report: &mut Report) {
    let mut messages = BTreeSet::new();
    let mut signals = BTreeSet::new();
    let mut codes = BTreeSet::new();
    for site in events {
        match peek(&site) {
            Some(Trigger::Message(node)) => {
                let Some(name) = message::name_of(site.file, node) else { continue };
                if !messages.insert(name) {
                    let name = quoted(name);
                    report.error(
                        site.node(),
                        format!("Multiple message event definitions with the same name '{name}' are not allowed."),
                        "use a message with another name: nobody could tell which of the two events it is for",
                    );
                }
            }
            Some(Trigger::Signal(node)) => {
                let Some(name) = signal::name_of(site.file, node) else { continue };
                if !signals.insert(name) {
                    let name = quoted(name);
                    report.error(
                        site.node(),
                        format!(
                            "Multiple signal event definitions with the same name '{name}' are not allowed."
                        ),
                        "use a signal with another name, or keep one of the two events",
                    );
                }
            }
            Some(Trigger::Error(node)) => {
                let Some(code) = error::code_of(site.file, node) else { continue };
                if !codes.insert(code) {
                    report.error(site.node(), error::duplicate(code), "keep one of them");
                }
            }
            Some(Trigger::Timer(_) | Trigger::Terminate) | None => {}
        }
    }
}

/// Reports event definitions at elements that are no events.
pub(crate) fn check_misplaced(site: &Site<'_, '_>, report: &mut Report) {
    let tag = site.element().tag;
    match tag {
        Tag::StartEvent
        | Tag::EndEvent
        | Tag::IntermediateCatchEvent
        | Tag::IntermediateThrowEvent
        | Tag::BoundaryEvent => {}
        _ => {
            for node in definition_nodes(site.node()) {
                let message = format!("an event definition has no effect on {}", tag.with_article());
                report.error(node, message, "attach a boundary event, or remove the event definition");
            }
        }
    }
}
