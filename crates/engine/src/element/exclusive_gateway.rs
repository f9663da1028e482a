//! An exclusive gateway: one of its outgoing flows is taken (BPMN 2.0.2, clause 13.4.2).

use weir_bpmn::process::ExclusiveGateway;

use crate::{
    expression,
    flow::Next,
    state::row::IncidentKind,
    tx::{At, Failure, Tx},
};

/// Takes the first flow whose condition holds, last of the document first (as Zeebe does), else the default flow.
///
/// A condition that gives neither true nor false is an incident even where a default flow exists.
pub(crate) fn activate(tx: &mut Tx<'_>, at: &At, gateway: &ExclusiveGateway) -> Result<Next, Failure> {
    let outgoing = &at.element().outgoing;
    if let ([only], None) = (outgoing.as_slice(), gateway.default)
        && at.process.flow(*only).condition.is_none()
    {
        return Ok(Next::CompleteBy(*only));
    }
    if outgoing.is_empty() {
        return Ok(Next::Complete);
    }
    for idx in outgoing {
        if let Some(condition) = &at.process.flow(*idx).condition
            && expression::boolean(tx, condition, at.key, &[])?
        {
            return Ok(Next::CompleteBy(*idx));
        }
    }
    gateway.default.map(Next::CompleteBy).ok_or_else(|| {
        let text = "Expected at least one condition to evaluate to true, or to have a default flow";
        Failure::new(IncidentKind::ConditionError, text)
    })
}
