//! An end event: where a branch of a scope ends (BPMN 2.0.2, clause 13.5.6).

use weir_bpmn::process::EndEvent;

use crate::{
    error, expression,
    flow::{self, Next},
    job, signal,
    tx::{At, Failure, Tx},
};

/// None: done. Terminate: done, and [`crate::flow`] ends the scope. Error: thrown to who catches it. Message: a job.
/// Signal: broadcast.
pub(crate) fn activate(tx: &mut Tx<'_>, at: &At, event: &EndEvent) -> Result<Next, Failure> {
    match event {
        EndEvent::None | EndEvent::Terminate => Ok(Next::Complete),
        EndEvent::Message(definition) => job::create(tx, at, definition),
        EndEvent::Signal(name) => signal::throw(tx, at, name),
        EndEvent::Error(code) => {
            let code = expression::text(tx, code, Some(at.key))?;
            error::throw(tx, at, &code, "", Vec::new())?;
            // What caught the error interrupts a scope around this event, and so ends it.
            flow::activated(tx, at);
            Ok(Next::Wait)
        }
    }
}
