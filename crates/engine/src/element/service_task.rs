//! A service task: work done by a worker (BPMN 2.0.2, clause 13.3.3).

use weir_bpmn::process::JobDefinition;

use crate::{
    flow::Next,
    job,
    tx::{At, Failure, Tx},
};

/// Waits for a worker.
pub(crate) fn activate(tx: &mut Tx<'_>, at: &At, definition: &JobDefinition) -> Result<Next, Failure> {
    job::create(tx, at, definition)
}
