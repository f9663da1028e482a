//! A receive task: waits for a message (BPMN 2.0.2, clause 13.3.3).

use weir_bpmn::process::MessageCatch;

use crate::{
    catch,
    flow::{self, Next},
    tx::{At, Failure, Tx},
};

/// Begins to wait.
pub(crate) fn activate(tx: &mut Tx<'_>, at: &At, message: &MessageCatch) -> Result<Next, Failure> {
    let wait = catch::prepare_message(tx, at.idx(), message, at.key, true)?;
    flow::activated(tx, at);
    catch::open(tx, at.key, vec![wait]);
    Ok(Next::Wait)
}
