//! Mail that arrives: each piece has its effect once.

use weir_canary::{Canary, planted};

use crate::{deploy, event::Event, key::PartitionId, mail::Mail, message, signal, step::Step, tx::Tx};

/// Carries out [`crate::command::Command::Mail`]: what was taken before is passed over.
pub(crate) fn deliver(tx: &mut Tx<'_>, from: PartitionId, sequence: u64, mail: Mail) {
    let last = tx.state().inbox_last.get(&from).map_or(0, |last| *last);
    // Mail of one sender arrives in order; a gap means that the piece before it is still to come again.
    if sequence != last + 1 && !(sequence <= last && planted(Canary::MailTakenTwice)) {
        return;
    }
    if sequence > last {
        tx.emit(Event::MailTaken { from, sequence });
    }
    take(tx, from, mail);
}

/// Pieces of mail that are forgotten at once.
const FORGOTTEN_AT_ONCE: u64 = 200;

/// Carries out [`crate::command::Command::MailAcknowledged`]: mail that its receiver has is forgotten.
pub(crate) fn acknowledged(tx: &mut Tx<'_>, by: PartitionId, sequence: u64) {
    let first = tx.state().outbox.range((by, 0)..=(by, sequence)).next().map(|((_, first), _)| first);
    let Some(first) = first else { return };
    let until = sequence.min(first + FORGOTTEN_AT_ONCE - 1);
    tx.worked((until - first) as usize);
    tx.emit(Event::MailDelivered { to: by, sequence: until });
    if until < sequence {
        tx.then(Step::ForgetMail { to: by, sequence });
    }
}

/// Does what a piece of mail says.
pub(crate) fn take(tx: &mut Tx<'_>, _from: PartitionId, mail: Mail) {
    match mail {
        Mail::Deployment(deployment) => deploy::take_over(tx, deployment),
        Mail::ResourceDeleted(key) => deploy::forget(tx, key),
        Mail::OpenSubscription(opened) => message::subscribe(tx, opened),
        Mail::CloseSubscription(subscription) => message::unsubscribe(tx, subscription),
        Mail::Correlate(correlate) => message::arrive(tx, correlate),
        Mail::Correlated { subscription, message } => message::taken(tx, subscription, message),
        Mail::CorrelationRefused { subscription, message } => message::refused(tx, subscription, message),
        Mail::BroadcastSignal(mail) => signal::arrive(tx, mail),
    }
}
