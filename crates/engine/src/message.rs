//! Messages: published on one partition, correlated to who waits on any.
//!
//! The partition of a message is a function of its correlation key. There it meets the subscriptions to it. A message
//! goes to each process (by id) at most once; of several subscriptions of one process the oldest takes it.

use std::sync::Arc;

use weir_bpmn::process::ElementIdx;
use weir_canary::{Canary, planted};

use crate::{
    catch,
    command::{CorrelateMessage, PublishMessage, Reply},
    deploy,
    document::Document,
    event::Event,
    key::{ElementKey, MessageKey, PartitionId, SubscriptionKey},
    limits,
    mail::{Correlate, Mail, OpenSubscription},
    rejection::{Rejection, RejectionCode},
    state::row::{Message, StartEvent},
    step::Step,
    tx::{RequestId, Tx},
    variable::Named,
    work::variables_bytes,
};

/// The partition that keeps messages with this correlation key: Java's string hash over the key's bytes.
pub fn partition_of(correlation_key: &str, partitions: u16) -> PartitionId {
    let hash = correlation_key
        .bytes()
        .fold(0i32, |hash, byte| hash.wrapping_mul(31).wrapping_add(i32::from(byte as i8)));
    PartitionId((hash % i32::from(partitions)).unsigned_abs() as u16 + 1)
}

/// Carries out [`crate::command::Command::PublishMessage`].
pub(crate) fn publish(tx: &mut Tx<'_>, published: PublishMessage) {
    let PublishMessage { name, correlation_key, ttl_ms, message_id: id, variables } = published;
    if !id.is_empty() && tx.state().message_ids.contains(&(name.clone(), correlation_key.clone(), id.clone()))
    {
        let reason = format!(
            "Expected to publish a new message with id '{id}', but a message with that id was already published"
        );
        return tx.answer(Err(Rejection::new(RejectionCode::AlreadyExists, reason)));
    }
    if let Err(rejection) = check_starts(tx, &name, &variables) {
        return tx.answer(Err(rejection));
    }
    let key = MessageKey(tx.next_key());
    let deadline_ms = tx.now_ms.saturating_add(ttl_ms.clamp(0, limits::DURATION_MS));
    let message = Message { name, correlation_key, id, deadline_ms, variables: variables.0, request: None };
    tx.emit(Event::MessagePublished { key, message });
    correlate(tx, key);
    if ttl_ms <= 0 {
        tx.emit(Event::MessageExpired(key));
    }
    tx.answer(Ok(Reply::MessagePublished(key)));
}

/// Carries out [`crate::command::Command::CorrelateMessage`]: the answer comes when somebody took it, or nobody did.
pub(crate) fn correlate_now(tx: &mut Tx<'_>, asked: CorrelateMessage) {
    let CorrelateMessage { name, correlation_key, variables } = asked;
    if let Err(rejection) = check_starts(tx, &name, &variables) {
        return tx.answer(Err(rejection));
    }
    let key = MessageKey(tx.next_key());
    let (id, deadline_ms) = ("".into(), tx.now_ms.saturating_add(CORRELATION_MS));
    let request = tx.request.map(|request| request.0);
    let message = Message { name, correlation_key, id, deadline_ms, variables: variables.0, request };
    tx.emit(Event::MessagePublished { key, message });
    correlate(tx, key);
    settle(tx, key);
}

/// Each process that a message or a signal starts gets its variables: what that makes together fits into one record.
fn check_starts(tx: &Tx<'_>, name: &Arc<str>, variables: &Document) -> Result<(), Rejection> {
    let starts = || tx.state().message_starts.beginning(name.clone(), (name.clone(), "".into())).count();
    fits_starts("message", name, starts, &variables.0).map_err(Rejection::invalid)
}

/// Whether the variables fit for each of the start events that wait for them; otherwise what to do about it.
pub(crate) fn fits_starts(
    kind: &str,
    name: &str,
    starts: impl Fn() -> usize,
    variables: &Named,
) -> Result<(), String> {
    let (bytes, limit) = (variables_bytes(variables), limits::STARTS_BYTES);
    if bytes <= limit / 1_000 {
        return Ok(());
    }
    let starts = starts();
    if starts * bytes <= limit {
        return Ok(());
    }
    Err(format!(
        "Expected the {kind} '{name}' to give at most {limit} bytes of variables to the processes that it starts, but there \
         are {starts} of them, and its variables have {bytes} bytes; keep large data outside and pass a reference"
    ))
}

/// How long a synchronous correlation may take before it is forgotten.
const CORRELATION_MS: i64 = 60_000;

/// Ends a synchronous correlation that nobody takes part in any longer.
fn settle(tx: &mut Tx<'_>, key: MessageKey) {
    let Some(message) = tx.state().messages.get(&key) else { return };
    let Some(request) = message.request.map(RequestId) else { return };
    let takers = &tx.state().messages_correlated;
    let taker = takers.beginning(key, (key, "".into())).map(|(_, taker)| *taker).max();
    match taker {
        Some(taker) if taker != 0 => {}
        Some(_) => {
            let instance = started_by(tx, key).unwrap_or(ElementKey(0));
            tx.emit(Event::MessageExpired(key));
            tx.answer_to(request, Ok(Reply::MessageCorrelated { message: key, instance }));
        }
        None => {
            let (name, correlation_key) = (&message.name, &message.correlation_key);
            let reason = format!(
                "Expected to find subscription for message with name '{name}' and correlation key '{correlation_key}', but none was found."
            );
            tx.emit(Event::MessageExpired(key));
            tx.answer_to(request, Err(Rejection::not_found(reason)));
        }
    }
}

/// The instance that a message started in this batch.
fn started_by(tx: &Tx<'_>, key: MessageKey) -> Option<ElementKey> {
    tx.events.iter().rev().find_map(|event| match event {
        Event::MessageStarted { message, instance, .. } if *message == key => Some(*instance),
        _ => None,
    })
}

/// Brings a message to everybody who may have it now.
pub(crate) fn correlate(tx: &mut Tx<'_>, key: MessageKey) {
    let Some(message) = tx.state().messages.get(&key) else { return };
    let place = (message.name.clone(), message.correlation_key.clone());
    if !message.correlation_key.is_empty() {
        let mut from = (place.0.clone(), place.1.clone(), Arc::from(""), SubscriptionKey(0));
        // The oldest of each process; the others of it are not looked at.
        while let Some(found) = next_free(tx, &place, from) {
            deliver(tx, key, &message, found.3);
            from = (found.0, found.1, found.2, SubscriptionKey(u64::MAX));
        }
    }
    let starts: Vec<(Arc<str>, Arc<StartEvent>)> = tx
        .state()
        .message_starts
        .beginning(place.0.clone(), (place.0.clone(), "".into()))
        .map(|((_, process_id), start)| (process_id, start))
        .collect();
    for (process_id, start) in starts {
        start_instance(tx, key, &message, &process_id, &start);
    }
}

type FreeSubscription = (Arc<str>, Arc<str>, Arc<str>, SubscriptionKey);

fn next_free(tx: &Tx<'_>, place: &(Arc<str>, Arc<str>), from: FreeSubscription) -> Option<FreeSubscription> {
    tx.state().free_subscriptions.beginning(place.clone(), from).next().map(|(found, _)| found)
}

/// Sends a message on its way to a subscription, unless that is busy or its process had it.
fn deliver(tx: &mut Tx<'_>, key: MessageKey, message: &Message, subscription: SubscriptionKey) {
    let Some(row) = tx.state().subscriptions.get(&subscription) else { return };
    if row.correlating.is_some() || had(tx, key, &row.opened.process_id) {
        return;
    }
    tx.emit(Event::SubscriptionCorrelating { key: subscription, message: key });
    let mail = Correlate { subscription, message: key, variables: message.variables.clone() };
    tx.send(subscription.partition(), Mail::Correlate(mail));
}

fn had(tx: &Tx<'_>, message: MessageKey, process_id: &Arc<str>) -> bool {
    tx.state().messages_correlated.contains(&(message, process_id.clone()))
}

fn start_instance(
    tx: &mut Tx<'_>,
    key: MessageKey,
    message: &Message,
    process_id: &Arc<str>,
    start: &StartEvent,
) {
    let lock = (process_id.clone(), message.correlation_key.clone());
    let locked = !message.correlation_key.is_empty() && tx.state().start_locks.contains(&lock);
    if locked || had(tx, key, process_id) {
        return;
    }
    let instance = ElementKey(tx.next_key());
    tx.emit(Event::MessageStarted {
        message: key,
        process_id: process_id.clone(),
        correlation_key: message.correlation_key.clone(),
        instance,
    });
    let variables = message.variables.clone();
    tx.then(Step::StartAt { instance, process: start.process, start: start.element, variables });
}

/// An instance that a message started has ended: the next kept message may start one.
pub(crate) fn start_ended(tx: &mut Tx<'_>, instance: ElementKey) {
    let Some(lock) = tx.state().start_lock_of.get(&instance) else { return };
    tx.emit(Event::MessageStartReleased(instance));
    let mut next: Option<(MessageKey, Arc<Message>, Arc<StartEvent>)> = None;
    for name in deploy::message_starts(tx, &lock.process_id) {
        let Some(start) = tx.state().message_starts.get(&(name.clone(), lock.process_id.clone())) else {
            continue;
        };
        if let Some((key, message)) = next_kept(tx, &name, &lock.correlation_key, &lock.process_id)
            && next.as_ref().is_none_or(|(oldest, _, _)| key < *oldest)
        {
            next = Some((key, message, start));
        }
    }
    if let Some((key, message, start)) = next {
        start_instance(tx, key, &message, &lock.process_id, &start);
    }
}

/// The oldest kept message with a name and a correlation key that a process did not have.
fn next_kept(
    tx: &Tx<'_>,
    name: &Arc<str>,
    correlation_key: &Arc<str>,
    process_id: &Arc<str>,
) -> Option<(MessageKey, Arc<Message>)> {
    tx.state()
        .messages_by_name
        .beginning(
            (name.clone(), correlation_key.clone()),
            (name.clone(), correlation_key.clone(), MessageKey(0)),
        )
        .filter_map(|((_, _, key), _)| tx.state().messages.get(&key).map(|message| (key, message)))
        .find(|(key, message)| {
            message.deadline_ms > tx.now_ms && message.request.is_none() && !had(tx, *key, process_id)
        })
}

/// Somebody begins to wait for a message that this partition keeps.
pub(crate) fn subscribe(tx: &mut Tx<'_>, opened: OpenSubscription) {
    let key = opened.key;
    // Between slices of put-off work whoever waited here may have ended; elsewhere, mail comes in the order in which it was sent.
    if key.partition() == tx.settings.partition && tx.state().waits.get(&key).is_none() {
        return;
    }
    tx.emit(Event::SubscriptionOpened(opened));
    next_message(tx, key);
}

/// Gives a free subscription the oldest kept message that its process did not have.
fn next_message(tx: &mut Tx<'_>, subscription: SubscriptionKey) {
    let Some(row) = tx.state().subscriptions.get(&subscription) else { return };
    let OpenSubscription { message_name, correlation_key, process_id, .. } = &row.opened;
    let next = next_kept(tx, message_name, correlation_key, process_id);
    if let Some((key, message)) = next {
        deliver(tx, key, &message, subscription);
    }
}

/// A message arrives for a subscription of this partition.
pub(crate) fn arrive(tx: &mut Tx<'_>, mail: Correlate) {
    let Correlate { subscription, message, variables } = mail;
    let back = message.partition();
    let wait = tx.state().waits.get(&subscription).filter(|wait| catch::is_waiting(tx, wait.owner));
    let Some(wait) = wait else {
        return tx.send(back, Mail::CorrelationRefused { subscription, message });
    };
    if wait.closes {
        tx.emit(Event::WaitClosed(subscription));
    }
    tx.send(back, Mail::Correlated { subscription, message });
    catch::trigger(tx, wait.owner, ElementIdx(wait.element), variables as Named);
}

/// A message was taken.
pub(crate) fn taken(tx: &mut Tx<'_>, subscription: SubscriptionKey, message: MessageKey) {
    let row = tx.state().subscriptions.get(&subscription);
    tx.emit(Event::SubscriptionCorrelated { key: subscription, message });
    let request = tx.state().messages.get(&message).and_then(|message| message.request);
    if let (Some(row), Some(request)) = (&row, request) {
        let instance = row.opened.process_instance;
        tx.emit(Event::MessageExpired(message));
        tx.answer_to(RequestId(request), Ok(Reply::MessageCorrelated { message, instance }));
    }
    match row.is_some_and(|row| row.opened.closes) {
        true => tx.emit(Event::SubscriptionClosed(subscription)),
        false => next_message(tx, subscription),
    }
}

/// A message was not taken: its subscription was gone.
pub(crate) fn refused(tx: &mut Tx<'_>, subscription: SubscriptionKey, message: MessageKey) {
    tx.emit(Event::CorrelationRefused { key: subscription, message });
    if tx.state().subscriptions.contains(&subscription) {
        tx.emit(Event::SubscriptionClosed(subscription));
    }
    // The refusal may have come late: a message whose time is over goes to nobody else.
    let kept = tx.state().messages.get(&message).is_some_and(|kept| kept.deadline_ms > tx.now_ms);
    if kept && !planted(Canary::RefusedMessageLost) {
        correlate(tx, message);
    }
    settle(tx, message);
}

/// Nobody waits any longer.
pub(crate) fn unsubscribe(tx: &mut Tx<'_>, subscription: SubscriptionKey) {
    if tx.state().subscriptions.contains(&subscription) {
        tx.emit(Event::SubscriptionClosed(subscription));
    }
}

/// A message's time is over.
pub(crate) fn due(tx: &mut Tx<'_>, key: MessageKey) {
    let request = tx.state().messages.get(&key).and_then(|message| message.request);
    tx.emit(Event::MessageExpired(key));
    if let Some(request) = request {
        let reason = format!(
            "Expected to correlate the message within {} s, but the partition of its subscription did not answer; it may \
             still be correlated",
            CORRELATION_MS / 1_000
        );
        tx.answer_to(RequestId(request), Err(Rejection::new(RejectionCode::ProcessingError, reason)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_partition_of_a_correlation_key_is_the_one_that_other_clients_compute() {
        // "abc".hashCode() is 96354 in Java.
        assert_eq!(partition_of("abc", 7), PartitionId(7), "96354 mod 7 is 6");
        assert_eq!(partition_of("", 8), PartitionId(1));
        assert_eq!(partition_of("order-4711", 1), PartitionId(1));
    }
}
