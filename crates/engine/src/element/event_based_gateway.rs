//! An event-based gateway: the first of the events behind it decides the way (BPMN 2.0.2, clause 13.4.4).

use weir_bpmn::process::{ElementIdx, ElementKind};

use crate::{
    catch,
    event::Event,
    flow::{self, Next},
    step::{Entrance, Step},
    tx::{At, Failure, Tx},
    variable::Named,
};

/// Begins to wait for all events behind it.
pub(crate) fn activate(tx: &mut Tx<'_>, at: &At) -> Result<Next, Failure> {
    let mut catches = Vec::new();
    for idx in &at.element().outgoing {
        let target = at.process.flow(*idx).target;
        match &at.process.element(target).kind {
            ElementKind::IntermediateCatchEvent(event) => {
                catches.extend(catch::prepare(tx, target, event, at.key, at.key, true)?);
            }
            ElementKind::ReceiveTask(message) => {
                catches.push(catch::prepare_message(tx, target, message, at.key, true)?);
            }
            _ => {}
        }
    }
    flow::activated(tx, at);
    catch::open(tx, at.key, catches);
    Ok(Next::Wait)
}

/// One of the events happened: the others are forgotten, and the token goes through it.
pub(crate) fn chosen(tx: &mut Tx<'_>, at: &At, event: ElementIdx, variables: Named) {
    let flow = at.element().outgoing.iter().find(|idx| at.process.flow(**idx).target == event);
    let Some(flow) = flow.map(|idx| idx.0) else { return };
    let scope = at.scope();
    catch::close(tx, at.key);
    tx.emit(Event::ElementCompleted(at.key));
    tx.emit(Event::FlowTaken { scope, flow });
    let by = Entrance::Triggered { flow: Some(flow), variables };
    tx.then(Step::Enter { scope, element: event.0, by, holds_token: true });
}
