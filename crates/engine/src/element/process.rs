//! The process itself: the outermost scope (BPMN 2.0.2, clause 13.2.2).

use weir_bpmn::process::Scope;

use crate::{
    event::Event,
    flow::{self, Next},
    step::Entrance,
    tx::{At, Failure, Tx},
};

/// Enters the start event whose trigger started the instance, or else the none start event.
pub(crate) fn activate(tx: &mut Tx<'_>, at: &At, scope: &Scope) -> Result<Next, Failure> {
    flow::activated(tx, at);
    if let Some(trigger) = tx.state().triggers.get(&at.key) {
        tx.emit(Event::TriggerTaken(at.key));
        let by = Entrance::Triggered { flow: None, variables: trigger.variables.clone() };
        flow::begin(tx, at.key, trigger.element, by);
    } else if let Some(start) = scope.none_start {
        flow::begin(tx, at.key, start.0, Entrance::Direct);
    }
    Ok(Next::Wait)
}
