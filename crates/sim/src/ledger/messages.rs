//! What the events say of messages: to each process at most once, never after their time, and never kept while somebody waits
//! who could have them.

use std::collections::{BTreeMap, BTreeSet};

use weir_engine::{
    event::Event,
    key::{MessageKey, PartitionId, SubscriptionKey},
    mail::OpenSubscription,
};

use super::{Violation, broken};
use crate::situations::{Seen, Situation};

/// All messages.
#[derive(Debug, Default)]
pub(super) struct Messages {
    published: BTreeSet<MessageKey>,
    kept: BTreeMap<MessageKey, Kept>,
    correlated: BTreeSet<(MessageKey, String)>,
    subscribers: BTreeMap<u64, String>,
    waiting: BTreeMap<SubscriptionKey, Waiting>,
}

/// A message that is kept.
#[derive(Debug)]
struct Kept {
    until_ms: i64,
    since_ms: i64,
    partition: PartitionId,
    name: String,
    correlation_key: String,
    /// Whether it goes to who waits now, or to nobody.
    at_once: bool,
}

/// Somebody who waits for messages.
#[derive(Debug)]
struct Waiting {
    partition: PartitionId,
    opened: OpenSubscription,
    /// The message that is on its way.
    taking: Option<MessageKey>,
}

impl Messages {
    pub(super) fn is_published(&self, message: MessageKey) -> bool {
        self.published.contains(&message)
    }

    pub(super) fn event(
        &mut self,
        partition: PartitionId,
        at_ms: i64,
        event: &Event,
        seen: &mut Seen,
    ) -> Result<(), Violation> {
        match event {
            Event::MessagePublished { key, message } => {
                self.published.insert(*key);
                let kept = Kept {
                    until_ms: message.deadline_ms,
                    since_ms: at_ms,
                    partition,
                    name: message.name.to_string(),
                    correlation_key: message.correlation_key.to_string(),
                    at_once: message.request.is_some(),
                };
                self.kept.insert(*key, kept);
            }
            Event::MessageExpired(key) => {
                let kept = self.kept.remove(key);
                seen.note_if(kept.is_some_and(|kept| kept.since_ms < at_ms), Situation::KeptMessageExpired);
            }
            Event::SubscriptionOpened(opened) => {
                self.subscribers.insert(opened.key.0, opened.process_id.to_string());
                let waiting = Waiting { partition, opened: opened.clone(), taking: None };
                self.waiting.insert(opened.key, waiting);
            }
            Event::SubscriptionClosed(key) => drop(self.waiting.remove(key)),
            Event::SubscriptionCorrelating { key, message } => {
                seen.note_if(key.partition() != partition, Situation::MessageCrossedPartitions);
                self.takes(*key, Some(*message));
                return self.begin(*message, at_ms, Situation::KeptMessageTaken, seen);
            }
            Event::SubscriptionCorrelated { key, message } => {
                self.takes(*key, None);
                let process = self.subscribers.get(&key.0).cloned().unwrap_or_default();
                return self.took(*message, process);
            }
            Event::MessageStarted { message, process_id, .. } => {
                seen.note(Situation::MessageStarted);
                self.begin(*message, at_ms, Situation::KeptMessageStarted, seen)?;
                return self.took(*message, process_id.to_string());
            }
            Event::CorrelationRefused { key, .. } => {
                self.takes(*key, None);
                seen.note(Situation::CorrelationRefused);
            }
            _ => {}
        }
        Ok(())
    }

    /// A message goes on its way: it must still be kept.
    fn begin(
        &mut self,
        message: MessageKey,
        at_ms: i64,
        late: Situation,
        seen: &mut Seen,
    ) -> Result<(), Violation> {
        match self.kept.get(&message) {
            Some(kept) if kept.until_ms < at_ms => broken(format!(
                "message {message:?} was correlated {} ms after its time",
                at_ms - kept.until_ms
            )),
            Some(kept) => {
                seen.note_if(kept.since_ms < at_ms, late);
                Ok(())
            }
            None => broken(format!("message {message:?} was correlated, but it is not kept")),
        }
    }

    fn takes(&mut self, subscription: SubscriptionKey, message: Option<MessageKey>) {
        if let Some(waiting) = self.waiting.get_mut(&subscription) {
            waiting.taking = message;
        }
    }

    /// Nobody waits for a message that is kept and that his process did not have. To be asked when nothing is under way.
    pub(super) fn check_nobody_waits_for_what_is_kept(
        &self,
        last_ms: impl Fn(PartitionId) -> i64,
    ) -> Result<(), Violation> {
        for (subscription, Waiting { partition, opened, taking }) in &self.waiting {
            let waits_for = |kept: &Kept| {
                kept.partition == *partition
                    && *kept.name == *opened.message_name
                    && *kept.correlation_key == *opened.correlation_key
                    && !kept.at_once
                    && kept.until_ms > last_ms(*partition)
            };
            let process = opened.process_id.to_string();
            let on_its_way = |message: MessageKey| {
                let same = |other: &&Waiting| other.opened.process_id == opened.process_id;
                self.waiting.values().filter(same).any(|other| other.taking == Some(message))
            };
            let mut kept = self.kept.iter().filter(|(_, kept)| taking.is_none() && waits_for(kept));
            let free = kept.find(|(message, _)| {
                !self.correlated.contains(&(**message, process.clone())) && !on_its_way(**message)
            });
            if let Some((message, kept)) = free {
                return broken(format!(
                    "subscription {subscription:?} of {process} waits for message {} with {}, and {message:?} is kept",
                    kept.name, kept.correlation_key
                ));
            }
        }
        Ok(())
    }

    fn took(&mut self, message: MessageKey, process: String) -> Result<(), Violation> {
        match self.correlated.insert((message, process)) {
            true => Ok(()),
            false => broken(format!("message {message:?} was correlated twice to one process")),
        }
    }
}
