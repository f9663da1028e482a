//! Ending what runs: an element instance and all in it, depth first; and what happens when it has ended.

use std::ops::Bound;

use weir_bpmn::process::{ElementIdx, ElementKind};
use weir_canary::{Canary, planted};

use crate::{
    catch,
    element::multi_instance,
    event::Event,
    flow, instance,
    key::ElementKey,
    state::{
        reach::UpTo,
        row::{Phase, Role, Trigger},
    },
    step::{Entrance, Step},
    tx::{At, Tx},
};

/// Children that one step ends before others get their turn.
const CHILDREN_PER_STEP: usize = 100;

/// Ends an element instance.
pub(crate) fn terminate(tx: &mut Tx<'_>, key: ElementKey) {
    let Some(at) = tx.at(key).filter(|at| at.row.phase != Phase::Terminating) else { return };
    catch::close(tx, key);
    if let Some(job) = at.row.job {
        tx.emit(Event::JobCanceled(job));
    }
    let incidents: Vec<_> = tx
        .state()
        .incidents_of_element
        .beginning(key, (key, crate::key::IncidentKey(0)))
        .map(|((_, incident), _)| incident)
        .collect();
    for incident in incidents {
        tx.emit(Event::IncidentResolved(incident));
    }
    if at.row.children > 0 {
        tx.emit(Event::ElementTerminating(key));
        tx.then(Step::TerminateChildren { scope: key, after: ElementKey(0) });
    } else {
        end(tx, at);
    }
}

/// Goes on with the end of a multi-instance body that holds much.
pub(crate) fn go_on(tx: &mut Tx<'_>, body: ElementKey) {
    let at = tx.at(body).filter(|at| at.row.phase == Phase::Terminating && at.row.children == 0);
    if let Some(at) = at {
        end(tx, at);
    }
}

/// Ends the next children of a scope.
pub(crate) fn terminate_children(tx: &mut Tx<'_>, scope: ElementKey, after: ElementKey) {
    let rest = UpTo { from: Bound::Excluded((scope, after)), to: (scope, ElementKey(u64::MAX)) };
    let mut children: Vec<ElementKey> =
        tx.state().children.rows(rest).take(CHILDREN_PER_STEP).map(|((_, child), _)| child).collect();
    if planted(Canary::HashOrder) {
        weir_canary::shuffle(&mut children);
    }
    for child in &children {
        tx.then(Step::Terminate(*child));
    }
    if let (CHILDREN_PER_STEP, Some(last)) = (children.len(), children.last()) {
        tx.then(Step::TerminateChildren { scope, after: *last });
    }
}

/// Ends all that runs in a scope; then `trigger` happens in it, or it completes.
pub(crate) fn interrupt(tx: &mut Tx<'_>, scope: ElementKey, trigger: Option<Trigger>) {
    let Some(row) = tx.state().elements.get(&scope).filter(|row| row.phase == Phase::Active) else { return };
    catch::close_handlers(tx, scope);
    if let Some(trigger) = trigger {
        tx.emit(Event::TriggerStored { owner: scope, trigger });
    }
    tx.emit(Event::ScopeInterrupted(scope));
    match row.children {
        0 => after_interruption(tx, scope),
        _ => tx.then(Step::TerminateChildren { scope, after: ElementKey(0) }),
    }
}

/// Nothing runs any longer in a scope that was interrupted: what interrupted it happens, or it completes.
pub(crate) fn after_interruption(tx: &mut Tx<'_>, scope: ElementKey) {
    match take_trigger(tx, scope) {
        Some(trigger) => enter_triggered(tx, scope, trigger),
        None => tx.then(Step::Complete(scope)),
    }
}

/// Whether an element instance may not complete any more, because what it lives in is being ended: the step that ends
/// it is on its way.
pub(crate) fn is_overtaken(tx: &Tx<'_>, at: &At) -> bool {
    let Some(parent) = at.row.parent.and_then(|parent| tx.state().elements.get(&parent)) else {
        return false;
    };
    let is_handler = matches!(at.element().kind, ElementKind::EventSubProcess(_));
    parent.phase == Phase::Terminating || (parent.interrupted && !is_handler)
}

fn take_trigger(tx: &mut Tx<'_>, owner: ElementKey) -> Option<Trigger> {
    let trigger = tx.state().triggers.get(&owner)?;
    tx.emit(Event::TriggerTaken(owner));
    Some((*trigger).clone())
}

fn enter_triggered(tx: &mut Tx<'_>, scope: ElementKey, trigger: Trigger) {
    let Trigger { element, variables } = trigger;
    flow::begin(tx, scope, element, Entrance::Triggered { flow: None, variables });
}

/// The boundary event that interrupts an element instance which is about to be gone. (What interrupts its inside, an
/// event sub-process, is gone with it.)
fn boundary_trigger(tx: &mut Tx<'_>, at: &At) -> Option<Trigger> {
    let trigger = tx.state().triggers.get(&at.key)?;
    let kind = &at.process.element(ElementIdx(trigger.element)).kind;
    matches!(kind, ElementKind::BoundaryEvent(_)).then(|| (*trigger).clone())
}

/// An element instance in which nothing lives any longer is gone. What follows: the boundary event that interrupted it,
/// or its scope goes on.
fn end(tx: &mut Tx<'_>, mut at: At) {
    loop {
        if at.row.role == Role::Body && multi_instance::clear_some(tx, &at) {
            if at.row.phase != Phase::Terminating {
                tx.emit(Event::ElementTerminating(at.key));
            }
            return tx.then(Step::ClearLoop(at.key));
        }
        let trigger = boundary_trigger(tx, &at);
        tx.emit(Event::ElementTerminated(at.key));
        if at.is_process() {
            instance::terminated(tx, &at);
        }
        let Some(scope) = at.row.parent.and_then(|parent| tx.at(parent)) else { return };
        let goes_on = scope.row.phase == Phase::Active && !scope.row.interrupted;
        if let Some(trigger) = trigger.filter(|_| goes_on) {
            return enter_triggered(tx, scope.key, trigger);
        }
        if scope.row.children > 0 {
            return;
        }
        if scope.row.phase == Phase::Terminating {
            at = scope;
            continue;
        }
        if at.is_item() {
            return multi_instance::item_ended(tx, &at);
        }
        return flow::scope_may_complete(tx, scope.key);
    }
}
