//! What instances do, line by line, for people: out of the events of a node in this process.

use std::{collections::HashMap, sync::Arc};

use weir_bpmn::process::{Element, ElementKind, Process};
use weir_engine::{
    event::Event,
    key::{ElementKey, ProcessKey},
};
use weir_node::Observed;

use crate::output::{BAD, DIM, GOOD, NAME, WARN};

/// Follows instances. Events of processes that it does not know are passed over.
#[derive(Debug, Default)]
pub(crate) struct Follower {
    processes: HashMap<ProcessKey, Arc<Process>>,
    /// Running element instances: their process, and the index of the element.
    running: HashMap<ElementKey, (ProcessKey, u32, ElementKey)>,
}

impl Follower {
    /// Makes a process known.
    pub(crate) fn know(&mut self, key: i64, process: &Arc<Process>) {
        self.processes.insert(ProcessKey(key.cast_unsigned()), Arc::clone(process));
    }

    /// The lines that tell what happened in a batch.
    pub(crate) fn lines(&mut self, observed: &Observed) -> Vec<String> {
        let mut lines = Vec::new();
        let mut begun = Vec::new();
        for event in &observed.batch.events {
            if let Event::ElementActivating { key, instance, tokens: _ } = event {
                self.running.insert(*key, (instance.process, instance.element, instance.process_instance));
                begun.push(*key);
            } else if let Event::ElementCompleted(key) | Event::ElementTerminated(key) = event {
                let completed = matches!(event, Event::ElementCompleted(_));
                let verb = if completed {
                    format!("{GOOD}done{GOOD:#}     ")
                } else {
                    format!("{DIM}ended{DIM:#}    ")
                };
                begun.retain(|other| other != key);
                lines.extend(self.line(*key, &verb, ""));
                self.running.remove(key);
            } else if let Event::IncidentCreated { key, incident } = event {
                let why = format!("{BAD}incident {key}: {}{BAD:#}", incident.message);
                lines.extend(self.line(incident.element, &format!("{BAD}stopped{BAD:#}  "), &why));
            }
        }
        // What has begun and not ended within the batch waits for something.
        for key in begun {
            let waits = self.element(key).map_or("", |element| waits_for(&element.kind));
            if !waits.is_empty() {
                lines.extend(self.line(
                    key,
                    &format!("{WARN}waiting{WARN:#}  "),
                    &format!("{DIM}for {waits}{DIM:#}"),
                ));
            }
        }
        lines
    }

    fn element(&self, key: ElementKey) -> Option<&Element> {
        let (process, element, _) = self.running.get(&key)?;
        self.processes.get(process)?.elements.get(*element as usize)
    }

    fn line(&self, key: ElementKey, verb: &str, more: &str) -> Option<String> {
        let element = self.element(key)?;
        let (_, _, instance) = self.running.get(&key)?;
        let name = element.name.as_deref().filter(|name| !name.is_empty()).unwrap_or(&element.id);
        let kind = kind(&element.kind);
        Some(
            format!("{DIM}{instance}{DIM:#}  {verb}{NAME}{name}{NAME:#} {DIM}({kind}){DIM:#} {more}")
                .trim_end()
                .to_owned(),
        )
    }
}

/// What an element of this kind waits for; empty where it does not.
fn waits_for(kind: &ElementKind) -> &'static str {
    match kind {
        ElementKind::ServiceTask(_) | ElementKind::SendTask(_) => "a worker",
        ElementKind::ScriptTask(_) | ElementKind::BusinessRuleTask(_) => "a worker",
        ElementKind::UserTask(_) => "a person",
        ElementKind::ReceiveTask(_) => "a message",
        ElementKind::IntermediateCatchEvent(_) => "its event",
        ElementKind::EventBasedGateway => "one of several events",
        ElementKind::CallActivity(_) => "the called process",
        ElementKind::Process(_)
        | ElementKind::SubProcess(_)
        | ElementKind::EventSubProcess(_)
        | ElementKind::StartEvent(_)
        | ElementKind::EndEvent(_)
        | ElementKind::IntermediateThrowEvent(_)
        | ElementKind::BoundaryEvent(_)
        | ElementKind::ManualTask
        | ElementKind::Task
        | ElementKind::ExclusiveGateway(_)
        | ElementKind::ParallelGateway => "",
    }
}

/// The name that BPMN gives an element of this kind.
fn kind(kind: &ElementKind) -> &'static str {
    match kind {
        ElementKind::Process(_) => "process",
        ElementKind::SubProcess(_) => "sub-process",
        ElementKind::EventSubProcess(_) => "event sub-process",
        ElementKind::StartEvent(_) => "start event",
        ElementKind::EndEvent(_) => "end event",
        ElementKind::IntermediateCatchEvent(_) => "catch event",
        ElementKind::IntermediateThrowEvent(_) => "throw event",
        ElementKind::BoundaryEvent(_) => "boundary event",
        ElementKind::ServiceTask(_) => "service task",
        ElementKind::SendTask(_) => "send task",
        ElementKind::ScriptTask(_) => "script task",
        ElementKind::BusinessRuleTask(_) => "business rule task",
        ElementKind::UserTask(_) => "user task",
        ElementKind::ReceiveTask(_) => "receive task",
        ElementKind::ManualTask => "manual task",
        ElementKind::Task => "task",
        ElementKind::ExclusiveGateway(_) => "exclusive gateway",
        ElementKind::ParallelGateway => "parallel gateway",
        ElementKind::EventBasedGateway => "event-based gateway",
        ElementKind::CallActivity(_) => "call activity",
    }
}
