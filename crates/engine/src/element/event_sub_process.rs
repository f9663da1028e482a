//! An event sub-process: a handler that its trigger starts within its scope (BPMN 2.0.2, clause 13.5.4).

use weir_bpmn::process::EventSubProcess;

use crate::{
    event::Event,
    flow::{self, Next},
    step::Entrance,
    tx::{At, Failure, Tx},
};

/// Enters its start event with what its trigger brought.
pub(crate) fn activate(tx: &mut Tx<'_>, at: &At, handler: &EventSubProcess) -> Result<Next, Failure> {
    flow::activated(tx, at);
    let variables = match tx.state().triggers.get(&at.key) {
        Some(trigger) => {
            tx.emit(Event::TriggerTaken(at.key));
            trigger.variables.clone()
        }
        None => Vec::new(),
    };
    let by = Entrance::Triggered { flow: None, variables };
    flow::begin(tx, at.key, handler.start.0, by);
    Ok(Next::Wait)
}
