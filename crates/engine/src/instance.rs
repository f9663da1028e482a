//! Process instances: starting them, their end, cancelling them.

use std::{collections::BTreeMap, sync::Arc};

use weir_bpmn::process::{ElementIdx, ElementKind, Process};

use crate::{
    catch,
    command::{CreateInstance, InstanceCreated, ProcessRef, Reply, WithResult},
    event::Event,
    flow,
    key::{ElementKey, ProcessKey},
    message,
    rejection::Rejection,
    state::row::{AwaitedResult, ElementInstance, Phase, Role, Trigger},
    step::{Entrance, Step},
    tx::{At, Failure, RequestId, Tx},
    variable::{self, Named},
};

/// Carries out [`crate::command::Command::CreateInstance`].
pub(crate) fn create(tx: &mut Tx<'_>, asked: CreateInstance) {
    match try_create(tx, asked) {
        Ok(Some(created)) => tx.answer(Ok(Reply::InstanceCreated(created))),
        Ok(None) => {}
        Err(rejection) => tx.answer(Err(rejection)),
    }
}

/// `None`: the answer comes when the instance completes.
fn try_create(tx: &mut Tx<'_>, asked: CreateInstance) -> Result<Option<InstanceCreated>, Rejection> {
    let key = find(tx, &asked.process)?;
    let process = tx.definitions.process(tx.state(), key).ok_or_else(|| {
        Rejection::not_found(format!("Expected to find process definition with key '{key}', but none found"))
    })?;
    let targets = start_targets(&process, &asked.start_at)?;
    if targets.is_empty() && none_start(&process).is_none() {
        return Err(Rejection::state(
            "Expected to create instance of process with none start event, but there is no such event",
        ));
    }
    let version = tx.state().processes.get(&key).map_or(0, |definition| definition.version);
    let instance = ElementKey(tx.next_key());
    let created = InstanceCreated { process: key, process_id: process.id.clone(), version, instance };
    tx.emit(Event::ElementActivating {
        key: instance,
        instance: ElementInstance::new(key, instance, 0),
        tokens: 0,
    });
    variable::set_local(tx, instance, asked.variables.0);
    let waits = match (asked.with_result, tx.request) {
        (Some(WithResult { fetch_variables }), Some(request)) => {
            let awaited = AwaitedResult { request: request.0, fetch_variables };
            tx.emit(Event::ResultAwaited { instance, awaited });
            true
        }
        (Some(_) | None, _) => false,
    };
    if targets.is_empty() {
        flow::activate(tx, instance);
    } else {
        start_at_elements(tx, instance, &targets);
    }
    Ok((!waits).then_some(created))
}

fn find(tx: &Tx<'_>, process: &ProcessRef) -> Result<ProcessKey, Rejection> {
    let state = tx.state();
    match process {
        ProcessRef::Key(key) if state.processes.get(key).is_some_and(|process| !process.deleted) => Ok(*key),
        ProcessRef::Key(key) => {
            Err(Rejection::not_found(format!("Expected to find process definition with key '{key}', but none found")))
        }
        ProcessRef::Latest(id) => state.latest_process(id).ok_or_else(|| {
            Rejection::not_found(format!("Expected to find process definition with process ID '{id}', but none found"))
        }),
        ProcessRef::Version(id, version) => {
            state.process_versions.get(&(id.clone(), *version)).map(|key| *key).ok_or_else(|| {
                Rejection::not_found(format!(
                    "Expected to find process definition with process ID '{id}' and version '{version}', but none found"
                ))
            })
        }
    }
}

/// The none start event of a process.
pub(crate) fn none_start(process: &Process) -> Option<ElementIdx> {
    match &process.element(ElementIdx(0)).kind {
        ElementKind::Process(scope) => scope.none_start,
        _ => None,
    }
}

fn start_targets(process: &Process, ids: &[Arc<str>]) -> Result<Vec<ElementIdx>, Rejection> {
    ids.iter().map(|id| start_target(process, id)).collect()
}

fn start_target(process: &Process, id: &str) -> Result<ElementIdx, Rejection> {
    let refused = |why: &str| {
        Rejection::invalid(format!(
            "Expected to create instance of process with start instructions but {why}"
        ))
    };
    let idx = process
        .element_by_id(id)
        .filter(|idx| idx.0 != 0)
        .ok_or_else(|| refused(&format!("no element found with id '{id}'.")))?;
    let element = process.element(idx);
    let kind = match &element.kind {
        ElementKind::StartEvent(_) => Some("START_EVENT"),
        ElementKind::BoundaryEvent(_) => Some("BOUNDARY_EVENT"),
        ElementKind::EventSubProcess(_) => Some("EVENT_SUB_PROCESS"),
        _ => None,
    };
    if let Some(kind) = kind {
        return Err(refused(&format!(
            "the element with id '{id}' targets unsupported element type '{kind}'."
        )));
    }
    let behind_gateway = element.incoming.iter().any(|flow| {
        matches!(process.element(process.flow(*flow).source).kind, ElementKind::EventBasedGateway)
    });
    if behind_gateway {
        return Err(refused(&format!("the element with id '{id}' belongs to an event-based gateway.")));
    }
    let mut scope = element.scope;
    while let Some(outer) = scope {
        if process.element(outer).multi_instance.is_some() {
            return Err(refused(&format!(
                "the element with id '{id}' is inside a multi-instance subprocess."
            )));
        }
        scope = process.element(outer).scope;
    }
    Ok(idx)
}

/// Starts at given elements: the scopes around them exist without their own start events.
///
/// Not done: where an event sub-process of such a scope waits for something that cannot be evaluated, the scope is held
/// by an incident and the instructions in it are lost; resolved, it begins at its start event. (Zeebe refuses the
/// command.)
fn start_at_elements(tx: &mut Tx<'_>, instance: ElementKey, targets: &[ElementIdx]) {
    let Some(at) = tx.at(instance) else { return };
    if let Err(failure) = open_scope(tx, &at) {
        return crate::incident::raise(tx, instance, failure);
    }
    let mut scopes = BTreeMap::from([(ElementIdx(0), instance)]);
    for target in targets {
        let mut path = Vec::new();
        let mut next = at.process.element(*target).scope;
        while let Some(scope) = next.filter(|scope| !scopes.contains_key(scope)) {
            path.push(scope);
            next = at.process.element(scope).scope;
        }
        let mut parent = next.and_then(|scope| scopes.get(&scope).copied()).unwrap_or(instance);
        for scope in path.into_iter().rev() {
            parent = make_scope(tx, &at, parent, scope);
            scopes.insert(scope, parent);
        }
        flow::begin(tx, parent, target.0, Entrance::Direct);
    }
}

fn make_scope(tx: &mut Tx<'_>, at: &At, parent: ElementKey, idx: ElementIdx) -> ElementKey {
    let key = ElementKey(tx.next_key());
    let instance = ElementInstance {
        parent: Some(parent),
        element: idx.0,
        role: Role::Single,
        ..ElementInstance::new(at.row.process, at.row.process_instance, at.row.call_depth)
    };
    tx.emit(Event::ElementActivating { key, instance, tokens: 0 });
    if let Some(scope) = tx.at(key)
        && let Err(failure) = open_scope(tx, &scope)
    {
        crate::incident::raise(tx, key, failure);
    }
    key
}

fn open_scope(tx: &mut Tx<'_>, at: &At) -> Result<(), Failure> {
    let catches = catch::around(tx, at)?;
    flow::activated(tx, at);
    catch::open(tx, at.key, catches);
    Ok(())
}

/// Starts an instance at a start event with a trigger.
pub(crate) fn start_at(
    tx: &mut Tx<'_>,
    key: ElementKey,
    process: ProcessKey,
    start: ElementIdx,
    variables: Named,
) {
    if tx.definitions.process(tx.state(), process).is_none() {
        return;
    }
    tx.emit(Event::ElementActivating { key, instance: ElementInstance::new(process, key, 0), tokens: 0 });
    tx.emit(Event::TriggerStored { owner: key, trigger: Trigger { element: start.0, variables } });
    flow::activate(tx, key);
}

/// Starts an instance on behalf of a call activity.
pub(crate) fn call(tx: &mut Tx<'_>, caller: &At, process: ProcessKey, variables: Named) {
    let key = ElementKey(tx.next_key());
    let instance = ElementInstance {
        parent: Some(caller.key),
        ..ElementInstance::new(process, key, caller.row.call_depth + 1)
    };
    tx.emit(Event::ElementActivating { key, instance, tokens: 0 });
    variable::set_local(tx, key, variables);
    flow::activate(tx, key);
}

/// An instance is about to complete: its result is taken while its variables are still there.
pub(crate) fn completing(tx: &mut Tx<'_>, at: &At) {
    if let Some(awaited) = tx.state().awaited_results.get(&at.key) {
        let variables = variable::visible(tx, at.key, &awaited.fetch_variables);
        let version = tx.state().processes.get(&at.row.process).map_or(0, |definition| definition.version);
        let instance = InstanceCreated {
            process: at.row.process,
            process_id: at.process.id.clone(),
            version,
            instance: at.key,
        };
        tx.answer_to(RequestId(awaited.request), Ok(Reply::InstanceCompleted { instance, variables }));
    }
    if let Some(caller) = at.row.parent.and_then(|caller| tx.at(caller)) {
        crate::element::call_activity::returned(tx, &caller, at.key);
    }
}

/// An instance has completed.
pub(crate) fn completed(tx: &mut Tx<'_>, at: &At) {
    message::start_ended(tx, at.key);
    if let Some(caller) = at.row.parent {
        tx.then(Step::Complete(caller));
    }
}

/// An instance was terminated.
pub(crate) fn terminated(tx: &mut Tx<'_>, at: &At) {
    message::start_ended(tx, at.key);
}

/// Carries out [`crate::command::Command::CancelInstance`].
pub(crate) fn cancel(tx: &mut Tx<'_>, key: ElementKey) {
    let row = tx.state().elements.get(&key).filter(|row| row.element == 0 && row.phase != Phase::Terminating);
    let Some(row) = row else {
        let reason =
            format!("Expected to cancel a process instance with key '{key}', but no such process was found");
        return tx.answer(Err(Rejection::not_found(reason)));
    };
    if let Some(caller) = row.parent {
        let root = root_of(tx, caller);
        let reason = format!(
            "Expected to cancel a process instance with key '{key}', but it is created by a parent process instance. \
             Cancel the root process instance '{root}' instead."
        );
        return tx.answer(Err(Rejection::state(reason)));
    }
    tx.then(Step::Terminate(key));
    tx.answer(Ok(Reply::Done));
}

fn root_of(tx: &Tx<'_>, mut key: ElementKey) -> ElementKey {
    while let Some(parent) = tx.state().elements.get(&key).and_then(|row| row.parent) {
        key = parent;
    }
    key
}
