//! An intermediate catch event: waits for a message, a signal or a point in time (BPMN 2.0.2, clause 13.5.2).

use weir_bpmn::process::CatchEvent;

use crate::{
    catch,
    flow::{self, Next},
    tx::{At, Failure, Tx},
};

/// Begins to wait.
pub(crate) fn activate(tx: &mut Tx<'_>, at: &At, event: &CatchEvent) -> Result<Next, Failure> {
    let wait = catch::prepare(tx, at.idx(), event, at.key, at.key, true)?;
    flow::activated(tx, at);
    catch::open(tx, at.key, wait.into_iter().collect());
    Ok(Next::Wait)
}
