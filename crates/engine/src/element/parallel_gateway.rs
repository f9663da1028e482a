//! A parallel gateway: waits for a token on each incoming flow, then takes all outgoing ones (BPMN 2.0.2, clause 13.4.1).

use weir_bpmn::process::{ElementIdx, FlowIdx};
use weir_canary::{Canary, planted};

use crate::{
    event::Event,
    flow::Next,
    key::ElementKey,
    tx::{Failure, Tx},
};

/// Takes all outgoing flows.
pub(crate) fn activate() -> Result<Next, Failure> {
    Ok(Next::Complete)
}

/// Notes a token; when every incoming flow has one, takes one of each and returns how many that are. Further tokens
/// on the same flow count for the next time.
pub(crate) fn join(
    tx: &mut Tx<'_>,
    scope: ElementKey,
    gateway: ElementIdx,
    incoming: &[FlowIdx],
    flow: u32,
) -> Option<u32> {
    let gateway = gateway.0;
    tx.emit(Event::TokenArrived { scope, gateway, flow });
    let has_token = |flow: &&FlowIdx| tx.state().joins.contains(&(scope, gateway, flow.0));
    let flows: Vec<u32> = incoming.iter().filter(has_token).map(|flow| flow.0).collect();
    let needed = if planted(Canary::JoinsEarly) { 2 } else { incoming.len() };
    if flows.len() < needed {
        return None;
    }
    let joined = flows.len() as u32;
    tx.emit(Event::TokensJoined { scope, gateway, flows });
    Some(joined)
}
