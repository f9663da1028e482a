//! Signals: broadcast to everybody who waits for them at that moment, on all partitions; nobody keeps them (BPMN 2.0.2, clause 13.5.1).
//!
//! Keys of a partition grow, so those who waited before a signal came are those whose subscriptions have smaller keys than it: however
//! many they are, and however late their turn comes, nobody who began to wait afterwards gets it.

use std::sync::Arc;

use weir_bpmn::process::{ElementIdx, Expr};

use crate::{
    catch,
    command::{BroadcastSignal, Reply},
    event::Event,
    expression,
    flow::Next,
    key::{ElementKey, SignalKey, SubscriptionKey},
    mail::{BroadcastSignal as SignalMail, Mail},
    message,
    rejection::Rejection,
    state::row::{IncidentKind, StartEvent},
    step::Step,
    tx::{At, Failure, Tx},
    variable::{self, Named},
};

/// Carries out [`crate::command::Command::BroadcastSignal`].
pub(crate) fn broadcast_by_command(tx: &mut Tx<'_>, asked: BroadcastSignal) {
    let BroadcastSignal { name, variables } = asked;
    match broadcast(tx, &name, variables.0) {
        Ok(key) => tx.answer(Ok(Reply::SignalBroadcast(key))),
        Err(reason) => tx.answer(Err(Rejection::invalid(reason))),
    }
}

/// An event throws a signal: it carries the event's own variables, which its input mappings made.
pub(crate) fn throw(tx: &mut Tx<'_>, at: &At, name: &Expr) -> Result<Next, Failure> {
    let name = expression::text(tx, name, Some(at.key))?;
    let variables = variable::own(tx.state(), at.key);
    broadcast(tx, &name, variables)
        .map_err(|reason| Failure::new(IncidentKind::MessageSizeExceeded, reason))?;
    Ok(Next::Complete)
}

/// Broadcasts a signal: here and, by mail, on all other partitions. It starts processes here only.
fn broadcast(tx: &mut Tx<'_>, name: &Arc<str>, variables: Named) -> Result<SignalKey, String> {
    let starts: Vec<Arc<StartEvent>> = tx
        .state()
        .signal_starts
        .beginning(name.clone(), (name.clone(), "".into()))
        .map(|(_, start)| start)
        .collect();
    message::fits_starts("signal", name, || starts.len(), &variables)?;
    let key = SignalKey(tx.next_key());
    tx.emit(Event::SignalBroadcast { key, name: name.clone() });
    for other in tx.others() {
        let mail = SignalMail { name: name.clone(), variables: variables.clone() };
        tx.send(other, Mail::BroadcastSignal(mail));
    }
    begin_delivery(tx, name.clone(), variables.clone(), key);
    for start in starts {
        let instance = ElementKey(tx.next_key());
        let variables = variables.clone();
        tx.then(Step::StartAt { instance, process: start.process, start: start.element, variables });
    }
    Ok(key)
}

fn begin_delivery(tx: &mut Tx<'_>, name: Arc<str>, variables: Named, before: SignalKey) {
    tx.then(Step::DeliverSignal { name, variables, after: SubscriptionKey(0), before });
}

/// A signal that was broadcast on another partition arrives.
pub(crate) fn arrive(tx: &mut Tx<'_>, mail: SignalMail) {
    let before = SignalKey(tx.next_key());
    begin_delivery(tx, mail.name, mail.variables, before);
}

/// Gives a signal to those who waited `before` it came, from behind the subscription `after` on. What is too much for a batch goes on
/// in a later one.
pub(crate) fn deliver(
    tx: &mut Tx<'_>,
    name: Arc<str>,
    variables: Named,
    mut after: SubscriptionKey,
    before: SignalKey,
) {
    while let Some(subscription) = next_wait(tx, &name, after).filter(|next| next.0 < before.0) {
        if tx.is_full() {
            return tx.then(Step::DeliverSignal { name, variables, after, before });
        }
        after = subscription;
        tx.worked(1);
        take(tx, subscription, variables.clone());
    }
}

fn next_wait(tx: &Tx<'_>, name: &Arc<str>, after: SubscriptionKey) -> Option<SubscriptionKey> {
    let from = (name.clone(), SubscriptionKey(after.0 + 1));
    tx.state().signal_waits.beginning(name.clone(), from).next().map(|((_, key), _)| key)
}

fn take(tx: &mut Tx<'_>, subscription: SubscriptionKey, variables: Named) {
    let wait = tx.state().waits.get(&subscription).filter(|wait| catch::is_waiting(tx, wait.owner));
    let Some(wait) = wait else { return };
    if wait.closes {
        tx.emit(Event::WaitClosed(subscription));
    }
    catch::trigger(tx, wait.owner, ElementIdx(wait.element), variables);
}
