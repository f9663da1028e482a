//! Entering, activating, completing: what all elements share.
//!
//! An element instance is made by [`enter`], does its own thing in [`crate::element`], and leaves by [`complete`] (here)
//! or [`crate::termination`].

use std::ops::Bound;

use weir_bpmn::process::{ElementIdx, ElementKind, EndEvent, FlowIdx};

use crate::{
    catch, element,
    element::multi_instance,
    event::Event,
    incident, instance, job,
    key::ElementKey,
    mailroom, message, payload, signal,
    state::{
        reach::UpTo,
        row::{ElementInstance, Phase, Role},
    },
    step::{Entrance, Step},
    termination,
    tx::{At, Failure, Tx},
    variable,
};

/// How an element goes on after its activation.
pub(crate) enum Next {
    /// It waits (and said so with [`activated`]).
    Wait,
    /// It is done and leaves by all its flows.
    Complete,
    /// It is done and leaves by this flow only.
    CompleteBy(FlowIdx),
}

/// Works through the steps of a command; what is too much for one batch is put off.
pub(crate) fn run(tx: &mut Tx<'_>) {
    while let Some(step) = tx.steps.pop_front() {
        if tx.is_full() {
            let mut rest = vec![step];
            rest.extend(tx.steps.drain(..));
            return tx.emit(Event::StepsDeferred(rest));
        }
        take(tx, step);
    }
}

/// Goes on with steps that were put off. What follows from them comes behind all that wait: in the order in which it would have come
/// had nothing been put off, so that nobody can tell where a batch ended.
pub(crate) fn resume(tx: &mut Tx<'_>) {
    tx.stand_behind();
    let (mut taken, mut last) = (0, Bound::Unbounded);
    let next = |tx: &Tx<'_>, from| tx.state().deferred.rows(UpTo { from, to: u64::MAX }).next();
    while let Some((number, step)) = next(tx, last) {
        if tx.is_full() {
            let behind: Vec<Step> = tx.steps.drain(..).collect();
            if !behind.is_empty() {
                tx.emit(Event::StepsDeferred(behind));
            }
            break;
        }
        last = Bound::Excluded(number);
        taken += 1;
        take(tx, (*step).clone());
    }
    if taken > 0 {
        tx.emit(Event::StepsResumed(taken));
    }
}

fn take(tx: &mut Tx<'_>, step: Step) {
    tx.worked(1);
    match step {
        Step::Enter { scope, element, by, holds_token } => {
            enter(tx, scope, ElementIdx(element), by, holds_token);
        }
        Step::Activate(key) => activate(tx, key),
        Step::Complete(key) => complete(tx, key, None),
        Step::Terminate(key) => termination::terminate(tx, key),
        Step::TerminateChildren { scope, after } => termination::terminate_children(tx, scope, after),
        Step::SpawnItems(body) => multi_instance::spawn(tx, body),
        Step::StartAt { instance, process, start, variables } => {
            instance::start_at(tx, instance, process, ElementIdx(start), variables);
        }
        Step::OwnMail(mail) => {
            let own = tx.settings.partition;
            mailroom::take(tx, own, mail);
        }
        Step::CorrelateMessage(key) => message::correlate(tx, key),
        Step::HandOut(job_type) => job::hand_out_free(tx, &job_type),
        Step::ForgetMail { to, sequence } => mailroom::acknowledged(tx, to, sequence),
        Step::ClearLoop(body) => termination::go_on(tx, body),
        Step::DeliverSignal { name, variables, after, before } => {
            signal::deliver(tx, name, variables, after, before);
        }
    }
}

/// Enters an element that no sequence flow leads to, when the steps before it are taken: until then its scope does not complete.
pub(crate) fn begin(tx: &mut Tx<'_>, scope: ElementKey, element: u32, by: Entrance) {
    tx.emit(Event::TokenAdded(scope));
    tx.then(Step::Enter { scope, element, by, holds_token: true });
}

/// Makes an element instance in `scope` and activates it; at a joining gateway, notes the token and waits for the others.
fn enter(tx: &mut Tx<'_>, scope: ElementKey, idx: ElementIdx, by: Entrance, holds_token: bool) {
    let Some(parent) = tx.at(scope) else { return };
    let process = parent.process.clone();
    let element = process.element(idx);
    // What interrupted a scope is all that may still begin in it.
    let interrupts = matches!(&element.kind, ElementKind::EventSubProcess(handler) if handler.interrupting);
    if parent.row.phase != Phase::Active || (parent.row.interrupted && !interrupts) {
        return;
    }
    let mut tokens = match by {
        Entrance::Flow(_) | Entrance::Triggered { flow: Some(_), .. } => 1,
        Entrance::Direct | Entrance::Triggered { flow: None, .. } => u32::from(holds_token),
        Entrance::Item(_) => 0,
    };
    if let (ElementKind::ParallelGateway, Entrance::Flow(flow), true) =
        (&element.kind, &by, element.incoming.len() > 1)
    {
        match element::parallel_gateway::join(tx, scope, idx, &element.incoming, *flow) {
            Some(joined) => tokens = joined,
            None => return,
        }
    }
    let role = match (&by, &element.multi_instance) {
        (Entrance::Item(number), _) => Role::Item(*number),
        (Entrance::Direct | Entrance::Flow(_) | Entrance::Triggered { .. }, Some(_)) => Role::Body,
        (Entrance::Direct | Entrance::Flow(_) | Entrance::Triggered { .. }, None) => Role::Single,
    };
    let item = match by {
        Entrance::Item(number) => multi_instance::item(tx, scope, number),
        Entrance::Direct | Entrance::Flow(_) | Entrance::Triggered { .. } => None,
    };
    let key = ElementKey(tx.next_key());
    let instance = ElementInstance {
        parent: Some(scope),
        element: idx.0,
        role,
        ..ElementInstance::new(parent.row.process, parent.row.process_instance, parent.row.call_depth)
    };
    tx.emit(Event::ElementActivating { key, instance, tokens });
    match by {
        Entrance::Triggered { variables, .. } => element::triggered(tx, key, variables),
        Entrance::Direct | Entrance::Flow(_) => activate(tx, key),
        Entrance::Item(number) => {
            multi_instance::prepare_item(tx, key, number, item);
            activate(tx, key);
        }
    }
}

/// Activates an element instance; what fails becomes an incident, and is tried again when that is resolved.
pub(crate) fn activate(tx: &mut Tx<'_>, key: ElementKey) {
    let Some(at) = tx.at(key).filter(|at| at.row.phase == Phase::Activating) else { return };
    match try_activate(tx, &at) {
        Ok(Next::Wait) => {}
        Ok(Next::Complete) => complete(tx, key, None),
        Ok(Next::CompleteBy(flow)) => complete(tx, key, Some(flow)),
        Err(failure) => incident::raise(tx, key, failure),
    }
}

fn try_activate(tx: &mut Tx<'_>, at: &At) -> Result<Next, Failure> {
    if !at.is_process() {
        payload::check_instance(tx, at)?;
    }
    if at.row.role == Role::Body {
        let catches = catch::around(tx, at)?;
        let next = multi_instance::activate(tx, at)?;
        if matches!(next, Next::Wait) {
            catch::open(tx, at.key, catches);
        }
        return Ok(next);
    }
    variable::apply_inputs(tx, at)?;
    let catches = catch::around(tx, at)?;
    let next = element::activate(tx, at)?;
    let waits = tx.state().elements.get(&at.key).is_some_and(|row| row.phase == Phase::Active);
    if matches!(next, Next::Wait) && waits {
        catch::open(tx, at.key, catches);
    }
    Ok(next)
}

/// Says that an element instance is active: it waits, or its children run.
pub(crate) fn activated(tx: &mut Tx<'_>, at: &At) {
    tx.emit(Event::ElementActivated(at.key));
}

/// Completes an element instance: output mappings, then its outgoing flows (or only `by`), then perhaps its scope.
pub(crate) fn complete(tx: &mut Tx<'_>, key: ElementKey, by: Option<FlowIdx>) {
    let Some(at) = tx.at(key).filter(|at| at.row.phase != Phase::Terminating) else { return };
    if at.row.children > 0 || at.row.tokens > 0 {
        return;
    }
    if termination::is_overtaken(tx, &at) {
        return termination::terminate(tx, key);
    }
    if at.row.role == Role::Body && multi_instance::gather_rest(tx, &at) {
        return tx.then(Step::Complete(key));
    }
    let outcome = match at.row.role {
        Role::Body => multi_instance::deliver(tx, &at),
        Role::Single => variable::apply_outputs(tx, &at),
        Role::Item(number) => {
            variable::apply_outputs(tx, &at).and_then(|()| multi_instance::collect(tx, &at, number))
        }
    };
    if let Err(failure) = outcome {
        if at.row.phase != Phase::Completing {
            tx.emit(Event::ElementCompleting(key));
        }
        return incident::raise(tx, key, failure);
    }
    if at.is_process() {
        instance::completing(tx, &at);
    }
    catch::close(tx, key);
    tx.emit(Event::ElementCompleted(key));
    leave(tx, &at, by);
}

fn leave(tx: &mut Tx<'_>, at: &At, by: Option<FlowIdx>) {
    if at.is_item() {
        return multi_instance::item_ended(tx, at);
    }
    if at.is_process() {
        return instance::completed(tx, at);
    }
    let scope = at.scope();
    if matches!(at.element().kind, ElementKind::EndEvent(EndEvent::Terminate)) {
        return termination::interrupt(tx, scope, None);
    }
    match by {
        Some(flow) => take_flow(tx, at, scope, flow),
        None => {
            for flow in &at.element().outgoing {
                take_flow(tx, at, scope, *flow);
            }
        }
    }
    if by.is_none() && at.element().outgoing.is_empty() {
        scope_may_complete(tx, scope);
    }
}

fn take_flow(tx: &mut Tx<'_>, at: &At, scope: ElementKey, flow: FlowIdx) {
    tx.emit(Event::FlowTaken { scope, flow: flow.0 });
    let element = at.process.flow(flow).target.0;
    tx.then(Step::Enter { scope, element, by: Entrance::Flow(flow.0), holds_token: true });
}

/// Completes a scope in which nothing is left.
pub(crate) fn scope_may_complete(tx: &mut Tx<'_>, scope: ElementKey) {
    let Some(row) = tx.state().elements.get(&scope) else { return };
    if row.children > 0 || row.tokens > 0 || row.phase != Phase::Active {
        return;
    }
    match row.interrupted {
        true => termination::after_interruption(tx, scope),
        false => tx.then(Step::Complete(scope)),
    }
}
