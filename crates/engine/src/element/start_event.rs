//! A start event: where a scope begins (BPMN 2.0.2, clause 13.5.1).

use weir_bpmn::process::CatchEvent;

use crate::{
    flow::Next,
    tx::{At, Failure, Tx},
    variable::{self, Named},
};

/// Passed through.
pub(crate) fn activate() -> Result<Next, Failure> {
    Ok(Next::Complete)
}

/// Takes what its trigger brought: an error's variables stay local, others go on to the scope.
pub(crate) fn take(tx: &mut Tx<'_>, at: &At, event: &CatchEvent, variables: Named) {
    match event {
        CatchEvent::Error(_) => variable::set_local(tx, at.key, variables),
        CatchEvent::None | CatchEvent::Message(_) | CatchEvent::Signal(_) | CatchEvent::Timer(_) => {
            variable::receive(tx, at, variables)
        }
    }
}
