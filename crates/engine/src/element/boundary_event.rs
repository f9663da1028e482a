//! A boundary event: attached to an activity, which it interrupts or not (BPMN 2.0.2, clause 13.5.3).
//!
//! What it waits for is opened with its activity, in [`crate::catch`].

use weir_bpmn::process::{BoundaryEvent, CatchEvent};

use crate::{
    flow::Next,
    tx::{At, Failure, Tx},
    variable::{self, Named},
};

/// Started at directly: passed through.
pub(crate) fn activate() -> Result<Next, Failure> {
    Ok(Next::Complete)
}

/// Takes what its trigger brought: an error's variables stay local, others go on to the scope.
pub(crate) fn take(tx: &mut Tx<'_>, at: &At, event: &BoundaryEvent, variables: Named) {
    match event.trigger {
        CatchEvent::Error(_) => variable::set_local(tx, at.key, variables),
        CatchEvent::None | CatchEvent::Message(_) | CatchEvent::Signal(_) | CatchEvent::Timer(_) => {
            variable::receive(tx, at, variables)
        }
    }
}
