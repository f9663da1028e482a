//! An embedded sub-process: a scope of its own within its process (BPMN 2.0.2, clause 13.3.4).

use weir_bpmn::process::Scope;

use crate::{
    flow::{self, Next},
    step::Entrance,
    tx::{At, Failure, Tx},
};

/// Enters its start event; it completes when nothing is left in it.
pub(crate) fn activate(tx: &mut Tx<'_>, at: &At, scope: &Scope) -> Result<Next, Failure> {
    flow::activated(tx, at);
    if let Some(start) = scope.none_start {
        flow::begin(tx, at.key, start.0, Entrance::Direct);
    }
    Ok(Next::Wait)
}
