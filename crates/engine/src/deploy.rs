//! Deployments: files in, new versions of definitions out; all or nothing.
//!
//! The deployment partition decides versions and keys; every other partition takes the result over by mail. The caller
//! is answered when all have it.

use std::{collections::BTreeMap, sync::Arc};

use weir_bpmn::process::{Binding, BusinessRuleTask, CatchEvent, ElementIdx, ElementKind, Process};
use weir_dmn::{Drg, Mode};

use crate::{
    apply::{DECISION_IDS, DRG_IDS, PROCESS_IDS},
    command::{Deployed, DeployedResource, Reply, Resource},
    event::{DeployedFile, Deployment, Event, NewDecision, NewDrg, NewProcess},
    expression,
    key::{DecisionKey, DeploymentKey, DrgKey, PartitionId, ProcessKey, TimerKey},
    limits,
    mail::Mail,
    rejection::Rejection,
    state::row::{StartEvent, Timer, TimerTarget},
    timer,
    tx::{Failure, Tx},
};

/// A file that was read.
enum Parsed {
    Processes(Vec<Arc<Process>>),
    Drg(Drg),
}

/// Carries out [`crate::command::Command::Deploy`].
pub(crate) fn deploy(tx: &mut Tx<'_>, resources: Vec<Resource>) {
    match try_deploy(tx, resources) {
        Ok(deployed) => tx.answer_after_mail(Reply::Deployed(deployed)),
        Err(rejection) => tx.answer(Err(rejection)),
    }
}

fn try_deploy(tx: &mut Tx<'_>, resources: Vec<Resource>) -> Result<Deployed, Rejection> {
    let parsed = parse_all(tx, &resources)?;
    let reuse = !must_version_all(tx, &resources, &parsed);
    let key = DeploymentKey(tx.next_key());
    let mut deployment = Deployment { key, files: Vec::new(), processes: Vec::new(), drgs: Vec::new() };
    let mut answer = Vec::new();
    for (resource, parsed) in resources.iter().zip(&parsed) {
        match parsed {
            Parsed::Processes(processes) => {
                for process in processes {
                    answer.push(place_process(tx, &mut deployment, resource, process, reuse));
                }
            }
            Parsed::Drg(drg) => place_drg(tx, &mut deployment, resource, drg, reuse, &mut answer),
        }
    }
    take_over(tx, deployment.clone());
    for other in tx.others() {
        tx.send(other, Mail::Deployment(deployment.clone()));
    }
    Ok(Deployed { key, resources: answer })
}

fn parse_all(tx: &Tx<'_>, resources: &[Resource]) -> Result<Vec<Parsed>, Rejection> {
    if resources.is_empty() {
        return Err(Rejection::invalid("Expected to deploy at least one resource, but none given"));
    }
    let bytes: usize = resources.iter().map(|resource| resource.content.len()).sum();
    if bytes > limits::DEPLOYMENT_BYTES {
        return Err(Rejection::invalid(format!(
            "Expected to deploy resources of at most {} bytes together, but they have {bytes} bytes; deploy them in several calls",
            limits::DEPLOYMENT_BYTES
        )));
    }
    let (mut parsed, mut errors) = (Vec::new(), Vec::new());
    for resource in resources {
        match parse(tx, resource) {
            Ok(one) => parsed.push(one),
            Err(text) => errors.push(text),
        }
    }
    errors.extend(duplicates(resources, &parsed));
    if errors.is_empty() {
        return Ok(parsed);
    }
    Err(Rejection::invalid(refusal(&errors)))
}

/// The text of a refused deployment. Clients can not take a long one: what does not fit is counted.
fn refusal(errors: &[String]) -> String {
    let mut text = String::from("Expected to deploy new resources, but encountered the following errors:");
    for (shown, error) in errors.iter().enumerate() {
        let fits = text.len() + error.len() + 100 <= limits::MESSAGE_TEXT_BYTES;
        if !fits && shown > 0 {
            text.push_str(&format!(
                "\n... and {} more files with errors; mend these first",
                errors.len() - shown
            ));
            break;
        }
        text.push('\n');
        text.push_str(error.trim_end());
    }
    crate::incident::cut(text, limits::MESSAGE_TEXT_BYTES)
}

fn parse(tx: &Tx<'_>, resource: &Resource) -> Result<Parsed, String> {
    let name = &*resource.name;
    if name.ends_with(".bpmn") || name.ends_with(".xml") {
        let definitions = weir_bpmn::parse(name, &resource.content).map_err(|found| found.to_string())?;
        let processes: Vec<Arc<Process>> = definitions.processes.into_iter().map(Arc::new).collect();
        for process in &processes {
            starts_of(tx, process).map_err(|failure| {
                format!("'{name}':\n- Process: {}\n    - ERROR: {}", process.id, failure.message)
            })?;
        }
        return Ok(Parsed::Processes(processes));
    }
    if name.ends_with(".dmn") {
        return Drg::parse(&resource.content, Mode::Zeebe)
            .map(Parsed::Drg)
            .map_err(|found| format!("'{name}': {found}"));
    }
    Err(format!(
        "'{name}': unknown resource type; expected a file name that ends with .bpmn, .xml or .dmn (forms and other files are not supported yet)"
    ))
}

fn duplicates(resources: &[Resource], parsed: &[Parsed]) -> Vec<String> {
    let mut seen: BTreeMap<(&str, String), &str> = BTreeMap::new();
    let mut errors = Vec::new();
    for (resource, parsed) in resources.iter().zip(parsed) {
        let ids: Vec<(&str, String)> = match parsed {
            Parsed::Processes(processes) => {
                processes.iter().map(|process| ("process", process.id.to_string())).collect()
            }
            Parsed::Drg(drg) => std::iter::once(("DRG", drg.id().to_string()))
                .chain(drg.decisions().map(|decision| ("decision", decision.id.to_string())))
                .collect(),
        };
        for (kind, id) in ids {
            if let Some(first) = seen.insert((kind, id.clone()), &resource.name) {
                errors.push(format!(
                    "Duplicated {kind} id in resources '{first}' and '{}': '{id}'",
                    resource.name
                ));
            }
        }
    }
    errors
}

/// Whether even unchanged files get new versions: something in the deployment refers to what is deployed with it, and
/// something changed.
fn must_version_all(tx: &Tx<'_>, resources: &[Resource], parsed: &[Parsed]) -> bool {
    let bound = parsed.iter().any(|one| match one {
        Parsed::Processes(processes) => processes.iter().any(|process| refers_to_its_deployment(process)),
        Parsed::Drg(_) => false,
    });
    bound
        && resources.iter().zip(parsed).any(|(resource, one)| match one {
            Parsed::Processes(processes) => {
                processes.iter().any(|process| unchanged_process(tx, resource, &process.id).is_none())
            }
            Parsed::Drg(drg) => unchanged_drg(tx, resource, drg.id()).is_none(),
        })
}

fn refers_to_its_deployment(process: &Process) -> bool {
    process.elements.iter().any(|element| match &element.kind {
        ElementKind::CallActivity(call) => call.binding == Binding::Deployment,
        ElementKind::BusinessRuleTask(BusinessRuleTask::Decision { binding, .. }) => {
            *binding == Binding::Deployment
        }
        _ => false,
    })
}

/// The newest version of a process, if this very file brought it.
fn unchanged_process(tx: &Tx<'_>, resource: &Resource, id: &Arc<str>) -> Option<ProcessKey> {
    let key = tx.state().latest_process(id)?;
    let definition = tx.state().processes.get(&key)?;
    same_file(tx, resource, definition.deployment, definition.file).then_some(key)
}

fn unchanged_drg(tx: &Tx<'_>, resource: &Resource, id: &str) -> Option<DrgKey> {
    let key = tx.state().latest_drg(&id.into())?;
    let definition = tx.state().drgs.get(&key)?;
    same_file(tx, resource, definition.deployment, definition.file).then_some(key)
}

fn same_file(tx: &Tx<'_>, resource: &Resource, deployment: DeploymentKey, file: u32) -> bool {
    let file = tx.state().files.get(&(deployment, file));
    file.is_some_and(|file| file.name == resource.name && file.content == resource.content)
}

/// The place of a file in the deployment; it is kept once however many definitions it holds.
fn file_place(deployment: &mut Deployment, resource: &Resource) -> u32 {
    let known = deployment
        .files
        .iter()
        .position(|file| file.name == resource.name && file.content == resource.content);
    let place = known.unwrap_or_else(|| {
        deployment
            .files
            .push(DeployedFile { name: resource.name.clone(), content: resource.content.clone() });
        deployment.files.len() - 1
    });
    place as u32
}

fn next_version(tx: &Tx<'_>, kind: u32, id: &Arc<str>) -> i32 {
    tx.state().last_versions.get(&(kind, id.clone())).map_or(0, |last| *last) + 1
}

fn place_process(
    tx: &mut Tx<'_>,
    deployment: &mut Deployment,
    resource: &Resource,
    process: &Arc<Process>,
    reuse: bool,
) -> DeployedResource {
    let id = process.id.clone();
    let resource_name = resource.name.clone();
    if let Some(key) = unchanged_process(tx, resource, &id).filter(|_| reuse) {
        let version = tx.state().processes.get(&key).map_or(0, |definition| definition.version);
        return DeployedResource::Process { key, id, version, resource_name };
    }
    let key = ProcessKey(tx.next_key());
    let version = next_version(tx, PROCESS_IDS, &id);
    let file = file_place(deployment, resource);
    let version_tag = process.version_tag.clone();
    deployment.processes.push(NewProcess { key, id: id.clone(), version, version_tag, file });
    tx.definitions.know(key, process.clone());
    DeployedResource::Process { key, id, version, resource_name }
}

fn place_drg(
    tx: &mut Tx<'_>,
    deployment: &mut Deployment,
    resource: &Resource,
    drg: &Drg,
    reuse: bool,
    answer: &mut Vec<DeployedResource>,
) {
    if let Some(key) = unchanged_drg(tx, resource, drg.id()).filter(|_| reuse) {
        return answer_drg(tx, key, resource, answer);
    }
    let key = DrgKey(tx.next_key());
    let id: Arc<str> = drg.id().into();
    let decisions: Vec<NewDecision> = drg
        .decisions()
        .map(|decision| {
            let id: Arc<str> = decision.id.into();
            let version = next_version(tx, DECISION_IDS, &id);
            NewDecision {
                key: DecisionKey(tx.next_key()),
                id,
                name: decision.name.into(),
                version,
                version_tag: None,
            }
        })
        .collect();
    let new = NewDrg {
        key,
        version: next_version(tx, DRG_IDS, &id),
        id: id.clone(),
        name: drg.name().into(),
        file: file_place(deployment, resource),
        decisions,
    };
    for decision in &new.decisions {
        answer.push(DeployedResource::Decision {
            key: decision.key,
            id: decision.id.clone(),
            name: decision.name.clone(),
            version: decision.version,
            drg_id: id.clone(),
            drg_key: key,
        });
    }
    answer.push(DeployedResource::Drg {
        key,
        id,
        name: new.name.clone(),
        version: new.version,
        resource_name: resource.name.clone(),
    });
    deployment.drgs.push(new);
}

fn answer_drg(tx: &Tx<'_>, key: DrgKey, resource: &Resource, answer: &mut Vec<DeployedResource>) {
    let Some(drg) = tx.state().drgs.get(&key) else { return };
    for decision_key in &drg.decisions {
        if let Some(decision) = tx.state().decisions.get(decision_key) {
            answer.push(DeployedResource::Decision {
                key: *decision_key,
                id: decision.id.clone(),
                name: decision.name.clone(),
                version: decision.version,
                drg_id: drg.id.clone(),
                drg_key: key,
            });
        }
    }
    answer.push(DeployedResource::Drg {
        key,
        id: drg.id.clone(),
        name: drg.name.clone(),
        version: drg.version,
        resource_name: resource.name.clone(),
    });
}

/// Makes a deployment known on this partition: definitions, and the start events of its processes.
pub(crate) fn take_over(tx: &mut Tx<'_>, deployment: Deployment) {
    let before: Vec<Option<ProcessKey>> =
        deployment.processes.iter().map(|new| tx.state().latest_process(&new.id)).collect();
    let new: Vec<ProcessKey> = deployment.processes.iter().map(|new| new.key).collect();
    tx.emit(Event::Deployed(deployment));
    for (before, key) in before.into_iter().zip(new) {
        if let Some(before) = before {
            close_starts(tx, before);
        }
        open_starts(tx, key);
    }
}

/// What a start event of a process waits for.
enum Start {
    Message(Arc<str>),
    Signal(Arc<str>),
    Timer(timer::Due),
}

fn starts_of(tx: &Tx<'_>, process: &Process) -> Result<Vec<(ElementIdx, Start)>, Failure> {
    let ElementKind::Process(scope) = &process.element(ElementIdx(0)).kind else { return Ok(Vec::new()) };
    let mut starts = Vec::new();
    for idx in &scope.triggered_starts {
        match &process.element(*idx).kind {
            ElementKind::StartEvent(CatchEvent::Message(message)) => {
                starts.push((*idx, Start::Message(expression::text(tx, &message.name, None)?)));
            }
            ElementKind::StartEvent(CatchEvent::Signal(name)) => {
                starts.push((*idx, Start::Signal(expression::text(tx, name, None)?)));
            }
            ElementKind::StartEvent(CatchEvent::Timer(definition)) => {
                starts.push((*idx, Start::Timer(timer::evaluate(tx, definition, None)?)));
            }
            _ => {}
        }
    }
    Ok(starts)
}

/// The names of the messages that start the newest version of a process.
pub(crate) fn message_starts(tx: &Tx<'_>, id: &Arc<str>) -> Vec<Arc<str>> {
    let process = tx.state().latest_process(id).and_then(|key| tx.definitions.process(tx.state(), key));
    let Some(process) = process else { return Vec::new() };
    let ElementKind::Process(scope) = &process.element(ElementIdx(0)).kind else { return Vec::new() };
    let starts = scope.triggered_starts.iter().map(|idx| &process.element(*idx).kind);
    starts
        .filter_map(|kind| match kind {
            ElementKind::StartEvent(CatchEvent::Message(message)) => {
                expression::text(tx, &message.name, None).ok()
            }
            _ => None,
        })
        .collect()
}

/// Begins to wait for what starts a process. Timers run on the deployment partition only.
fn open_starts(tx: &mut Tx<'_>, key: ProcessKey) {
    let Some(process) = tx.definitions.process(tx.state(), key) else { return };
    let starts = starts_of(tx, &process).unwrap_or_default();
    for (idx, start) in starts {
        match start {
            Start::Message(name) => {
                let start = StartEvent { process: key, element: idx.0 };
                tx.emit(Event::MessageStartOpened { name, process_id: process.id.clone(), start });
            }
            Start::Signal(name) => {
                let start = StartEvent { process: key, element: idx.0 };
                tx.emit(Event::SignalStartOpened { name, process_id: process.id.clone(), start });
            }
            Start::Timer(due) if tx.settings.partition == PartitionId::DEPLOYMENT => {
                let timer = Timer {
                    target: TimerTarget::Start { process: key, element: idx.0 },
                    due_ms: due.due_ms,
                    cycle: due.cycle,
                    repetitions: due.repetitions,
                };
                let key = TimerKey(tx.next_key());
                tx.emit(Event::TimerCreated { key, timer });
            }
            Start::Timer(_) => {}
        }
    }
}

fn close_starts(tx: &mut Tx<'_>, key: ProcessKey) {
    let Some(process) = tx.definitions.process(tx.state(), key) else { return };
    for (_, start) in starts_of(tx, &process).unwrap_or_default() {
        let process_id = process.id.clone();
        match start {
            Start::Message(name) => tx.emit(Event::MessageStartClosed { name, process_id }),
            Start::Signal(name) => tx.emit(Event::SignalStartClosed { name, process_id }),
            Start::Timer(_) => {}
        }
    }
    let timers: Vec<TimerKey> = tx
        .state()
        .timers_of_process
        .beginning(key, (key, TimerKey(0)))
        .map(|((_, timer), _)| timer)
        .collect();
    for timer in timers {
        tx.emit(Event::TimerCanceled(timer));
    }
}

/// The process that a reference means.
pub(crate) fn bound_process(
    tx: &Tx<'_>,
    id: &Arc<str>,
    binding: &Binding,
    caller: ProcessKey,
) -> Option<ProcessKey> {
    let state = tx.state();
    let versions = state.process_versions.backward((id.clone(), i32::MIN)..=(id.clone(), i32::MAX));
    match binding {
        Binding::Latest => state.latest_process(id),
        Binding::Deployment => {
            let deployment = state.processes.get(&caller)?.deployment;
            let own = |key: &ProcessKey| state.processes.get(key).is_some_and(|p| p.deployment == deployment);
            versions.map(|(_, key)| *key).find(own)
        }
        Binding::VersionTag(tag) => versions
            .map(|(_, key)| *key)
            .find(|key| state.processes.get(key).is_some_and(|p| p.version_tag.as_ref() == Some(tag))),
    }
}

/// Carries out [`crate::command::Command::DeleteResource`].
pub(crate) fn delete(tx: &mut Tx<'_>, key: u64) {
    let is_process = tx.state().processes.get(&ProcessKey(key)).is_some_and(|process| !process.deleted);
    if !is_process && !tx.state().drgs.contains(&DrgKey(key)) {
        let reason = format!("Expected to delete resource but no resource found with key `{key}`");
        return tx.answer(Err(Rejection::not_found(reason)));
    }
    forget(tx, key);
    for other in tx.others() {
        tx.send(other, Mail::ResourceDeleted(key));
    }
    tx.answer_after_mail(Reply::Done);
}

/// Makes a definition unknown on this partition. Running instances of a process go on; no new ones start. If it was
/// the newest version, the one before it is from now on.
pub(crate) fn forget(tx: &mut Tx<'_>, key: u64) {
    let process = ProcessKey(key);
    let id = tx.state().processes.get(&process).map(|definition| definition.id.clone());
    let was_latest = id.as_ref().is_some_and(|id| tx.state().latest_process(id) == Some(process));
    if was_latest {
        close_starts(tx, process);
    }
    tx.emit(Event::DefinitionDeleted(key));
    if let Some(before) = id.filter(|_| was_latest).and_then(|id| tx.state().latest_process(&id)) {
        open_starts(tx, before);
    }
}
