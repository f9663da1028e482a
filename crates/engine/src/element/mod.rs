//! What each BPMN element does: one file per element, one arm here.

pub(crate) mod boundary_event;
pub(crate) mod business_rule_task;
pub(crate) mod call_activity;
pub(crate) mod end_event;
pub(crate) mod event_based_gateway;
pub(crate) mod event_sub_process;
pub(crate) mod exclusive_gateway;
pub(crate) mod intermediate_catch_event;
pub(crate) mod intermediate_throw_event;
pub(crate) mod manual_task;
pub(crate) mod multi_instance;
pub(crate) mod parallel_gateway;
pub(crate) mod process;
pub(crate) mod receive_task;
pub(crate) mod script_task;
pub(crate) mod send_task;
pub(crate) mod service_task;
pub(crate) mod start_event;
pub(crate) mod sub_process;
pub(crate) mod task;
pub(crate) mod user_task;

use weir_bpmn::process::{BusinessRuleTask, ElementKind, EndEvent, JobDefinition, ScriptTask, ThrowEvent};

use crate::{
    event::Event,
    flow::{self, Next},
    key::ElementKey,
    state::row::Trigger,
    tx::{At, Failure, Tx},
    variable::{self, Named},
};

/// Does what the element does when it is entered, its input mappings done.
pub(crate) fn activate(tx: &mut Tx<'_>, at: &At) -> Result<Next, Failure> {
    match &at.element().kind {
        ElementKind::Process(scope) => process::activate(tx, at, scope),
        ElementKind::SubProcess(scope) => sub_process::activate(tx, at, scope),
        ElementKind::EventSubProcess(handler) => event_sub_process::activate(tx, at, handler),
        ElementKind::StartEvent(_) => start_event::activate(),
        ElementKind::EndEvent(event) => end_event::activate(tx, at, event),
        ElementKind::IntermediateCatchEvent(event) => intermediate_catch_event::activate(tx, at, event),
        ElementKind::IntermediateThrowEvent(event) => intermediate_throw_event::activate(tx, at, event),
        ElementKind::BoundaryEvent(_) => boundary_event::activate(),
        ElementKind::ServiceTask(job) => service_task::activate(tx, at, job),
        ElementKind::SendTask(job) => send_task::activate(tx, at, job),
        ElementKind::ScriptTask(script) => script_task::activate(tx, at, script),
        ElementKind::BusinessRuleTask(rule) => business_rule_task::activate(tx, at, rule),
        ElementKind::UserTask(job) => user_task::activate(tx, at, job),
        ElementKind::ReceiveTask(message) => receive_task::activate(tx, at, message),
        ElementKind::ManualTask => manual_task::activate(),
        ElementKind::Task => task::activate(),
        ElementKind::ExclusiveGateway(gateway) => exclusive_gateway::activate(tx, at, gateway),
        ElementKind::ParallelGateway => parallel_gateway::activate(),
        ElementKind::EventBasedGateway => event_based_gateway::activate(tx, at),
        ElementKind::CallActivity(call) => call_activity::activate(tx, at, call),
    }
}

/// An element was entered because its trigger came: it takes the variables and is done, but for an event sub-process,
/// whose start event takes them.
pub(crate) fn triggered(tx: &mut Tx<'_>, key: ElementKey, variables: Named) {
    let Some(at) = tx.at(key) else { return };
    match &at.element().kind {
        ElementKind::EventSubProcess(handler) => {
            tx.emit(Event::TriggerStored {
                owner: key,
                trigger: Trigger { element: handler.start.0, variables },
            });
            flow::activate(tx, key);
        }
        ElementKind::BoundaryEvent(event) => {
            boundary_event::take(tx, &at, event, variables);
            flow::complete(tx, key, None);
        }
        ElementKind::StartEvent(event) => {
            start_event::take(tx, &at, event, variables);
            flow::complete(tx, key, None);
        }
        ElementKind::IntermediateCatchEvent(_) | ElementKind::ReceiveTask(_) => {
            variable::receive(tx, &at, variables);
            flow::complete(tx, key, None);
        }
        ElementKind::Process(_)
        | ElementKind::SubProcess(_)
        | ElementKind::EndEvent(_)
        | ElementKind::IntermediateThrowEvent(_)
        | ElementKind::ServiceTask(_)
        | ElementKind::SendTask(_)
        | ElementKind::ScriptTask(_)
        | ElementKind::BusinessRuleTask(_)
        | ElementKind::UserTask(_)
        | ElementKind::ManualTask
        | ElementKind::Task
        | ElementKind::ExclusiveGateway(_)
        | ElementKind::ParallelGateway
        | ElementKind::EventBasedGateway
        | ElementKind::CallActivity(_) => flow::activate(tx, key),
    }
}

/// The job definition of an element that is a job.
pub(crate) fn job_definition(kind: &ElementKind) -> Option<&JobDefinition> {
    match kind {
        ElementKind::ServiceTask(job)
        | ElementKind::SendTask(job)
        | ElementKind::UserTask(job)
        | ElementKind::ScriptTask(ScriptTask::Job(job))
        | ElementKind::BusinessRuleTask(BusinessRuleTask::Job(job))
        | ElementKind::EndEvent(EndEvent::Message(job))
        | ElementKind::IntermediateThrowEvent(ThrowEvent::Message(job)) => Some(job),
        ElementKind::Process(_)
        | ElementKind::SubProcess(_)
        | ElementKind::EventSubProcess(_)
        | ElementKind::StartEvent(_)
        | ElementKind::EndEvent(
            EndEvent::None | EndEvent::Terminate | EndEvent::Error(_) | EndEvent::Signal(_),
        )
        | ElementKind::IntermediateCatchEvent(_)
        | ElementKind::IntermediateThrowEvent(ThrowEvent::None | ThrowEvent::Signal(_))
        | ElementKind::BoundaryEvent(_)
        | ElementKind::ScriptTask(ScriptTask::Feel { .. })
        | ElementKind::BusinessRuleTask(BusinessRuleTask::Decision { .. })
        | ElementKind::ReceiveTask(_)
        | ElementKind::ManualTask
        | ElementKind::Task
        | ElementKind::ExclusiveGateway(_)
        | ElementKind::ParallelGateway
        | ElementKind::EventBasedGateway
        | ElementKind::CallActivity(_) => None,
    }
}
