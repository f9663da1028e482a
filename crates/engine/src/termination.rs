//! Ending what runs: an element instance and all in it, depth first; and what happens when it has ended.

use std::ops::Bound;

use crate::{
    catch,
    element::multi_instance,
    event::Event,
    flow, instance,
    key::ElementKey,
    state::row::{Phase, Trigger},
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
        .prefix((key, crate::key::IncidentKey(0)), |(of, _)| *of == key)
        .map(|((_, incident), _)| *incident)
        .collect();
    for incident in incidents {
        tx.emit(Event::IncidentResolved(incident));
    }
    if at.row.children > 0 {
        tx.emit(Event::ElementTerminating(key));
        tx.then(Step::TerminateChildren { scope: key, after: ElementKey(0) });
    } else {
        tx.emit(Event::ElementTerminated(key));
        ended(tx, at);
    }
}

/// Ends the next children of a scope.
pub(crate) fn terminate_children(tx: &mut Tx<'_>, scope: ElementKey, after: ElementKey) {
    let range = (Bound::Excluded((scope, after)), Bound::Included((scope, ElementKey(u64::MAX))));
    let children: Vec<ElementKey> =
        tx.state().children.range(range).take(CHILDREN_PER_STEP).map(|((_, child), _)| *child).collect();
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

fn after_interruption(tx: &mut Tx<'_>, scope: ElementKey) {
    match take_trigger(tx, scope) {
        Some(trigger) => enter_triggered(tx, scope, trigger),
        None => tx.then(Step::Complete(scope)),
    }
}

fn take_trigger(tx: &mut Tx<'_>, owner: ElementKey) -> Option<Trigger> {
    let trigger = tx.state().triggers.get(&owner)?;
    tx.emit(Event::TriggerTaken(owner));
    Some((*trigger).clone())
}

fn enter_triggered(tx: &mut Tx<'_>, scope: ElementKey, trigger: Trigger) {
    let Trigger { element, variables } = trigger;
    tx.then(Step::Enter { scope, element, by: Entrance::Triggered { flow: None, variables } });
}

/// What follows when an element instance was terminated: the boundary event that interrupted it, or its scope goes on.
fn ended(tx: &mut Tx<'_>, mut at: At) {
    loop {
        if at.is_process() {
            instance::terminated(tx, &at);
        }
        let Some(parent) = at.row.parent else { return };
        if let Some(trigger) = take_trigger(tx, at.key) {
            return enter_triggered(tx, parent, trigger);
        }
        let Some(scope) = tx.at(parent) else { return };
        if scope.row.children > 0 {
            return;
        }
        if scope.row.phase == Phase::Terminating {
            tx.emit(Event::ElementTerminated(parent));
            at = scope;
            continue;
        }
        if at.is_item() {
            return multi_instance::item_ended(tx, &at);
        }
        if scope.row.interrupted {
            return after_interruption(tx, parent);
        }
        return flow::scope_may_complete(tx, parent);
    }
}
