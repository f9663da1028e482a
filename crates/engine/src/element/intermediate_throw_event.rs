//! An intermediate throw event (BPMN 2.0.2, clause 13.5.2).

use weir_bpmn::process::ThrowEvent;

use crate::{
    flow::Next,
    job, signal,
    tx::{At, Failure, Tx},
};

/// None: passed through. Message: a job for a worker that sends it. Signal: broadcast.
pub(crate) fn activate(tx: &mut Tx<'_>, at: &At, event: &ThrowEvent) -> Result<Next, Failure> {
    match event {
        ThrowEvent::None => Ok(Next::Complete),
        ThrowEvent::Message(definition) => job::create(tx, at, definition),
        ThrowEvent::Signal(name) => signal::throw(tx, at, name),
    }
}
