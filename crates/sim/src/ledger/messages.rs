//! What the events say of messages: to each process at most once, never after their time.

use std::collections::{BTreeMap, BTreeSet};

use weir_engine::{
    event::Event,
    key::{MessageKey, PartitionId},
};

use super::{Violation, broken};
use crate::situations::{Seen, Situation};

/// All messages.
#[derive(Debug, Default)]
pub(super) struct Messages {
    published: BTreeSet<MessageKey>,
    /// Until when, and since when.
    kept: BTreeMap<MessageKey, (i64, i64)>,
    correlated: BTreeSet<(MessageKey, String)>,
    subscribers: BTreeMap<u64, String>,
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
                self.kept.insert(*key, (message.deadline_ms, at_ms));
            }
            Event::MessageExpired(key) => {
                let kept = self.kept.remove(key);
                seen.note_if(kept.is_some_and(|(_, since)| since < at_ms), Situation::KeptMessageExpired);
            }
            Event::SubscriptionOpened(opened) => {
                self.subscribers.insert(opened.key.0, opened.process_id.to_string());
            }
            Event::SubscriptionCorrelating { key, message } => {
                seen.note_if(key.partition() != partition, Situation::MessageCrossedPartitions);
                return self.begin(*message, at_ms, Situation::KeptMessageTaken, seen);
            }
            Event::SubscriptionCorrelated { key, message } => {
                let process = self.subscribers.get(&key.0).cloned().unwrap_or_default();
                return self.took(*message, process);
            }
            Event::MessageStarted { message, process_id, .. } => {
                seen.note(Situation::MessageStarted);
                self.begin(*message, at_ms, Situation::KeptMessageStarted, seen)?;
                return self.took(*message, process_id.to_string());
            }
            Event::CorrelationRefused { .. } => seen.note(Situation::CorrelationRefused),
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
            Some((until, _)) if *until < at_ms => {
                broken(format!("message {message:?} was correlated {} ms after its time", at_ms - until))
            }
            Some((_, since)) => {
                seen.note_if(*since < at_ms, late);
                Ok(())
            }
            None => broken(format!("message {message:?} was correlated, but it is not kept")),
        }
    }

    fn took(&mut self, message: MessageKey, process: String) -> Result<(), Violation> {
        match self.correlated.insert((message, process)) {
            true => Ok(()),
            false => broken(format!("message {message:?} was correlated twice to one process")),
        }
    }
}
