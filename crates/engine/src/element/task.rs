//! A task without a type (BPMN 2.0.2, clause 13.3.3).

use crate::{flow::Next, tx::Failure};

/// Passed through.
pub(crate) fn activate() -> Result<Next, Failure> {
    Ok(Next::Complete)
}
