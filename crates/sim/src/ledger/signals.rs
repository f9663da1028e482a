//! What the events say of signals: whoever waited when one was broadcast gets it, on every partition.

use std::collections::{BTreeMap, BTreeSet};

use weir_engine::{
    event::Event,
    key::{PartitionId, SignalKey, SubscriptionKey},
};

use crate::situations::{Seen, Situation};

/// All who wait for signals.
#[derive(Debug, Default)]
pub(super) struct Signals {
    broadcast: BTreeSet<SignalKey>,
    waiting: BTreeMap<SubscriptionKey, String>,
    /// Those for whom a signal is on its way, and from which partition.
    owed: BTreeMap<SubscriptionKey, PartitionId>,
}

impl Signals {
    pub(super) fn is_broadcast(&self, signal: SignalKey) -> bool {
        self.broadcast.contains(&signal)
    }

    /// Whether a signal was broadcast while somebody waited for it, who waits still.
    pub(super) fn is_owed(&self, subscription: SubscriptionKey) -> bool {
        self.owed.contains_key(&subscription)
    }

    pub(super) fn event(&mut self, partition: PartitionId, event: &Event, seen: &mut Seen) {
        match event {
            Event::WaitOpened { key, wait } => {
                self.waiting.extend(wait.signal.as_ref().map(|name| (*key, name.to_string())));
            }
            Event::WaitClosed(key) => {
                self.waiting.remove(key);
                if let Some(from) = self.owed.remove(key) {
                    seen.note_if(from == partition, Situation::SignalTaken);
                    seen.note_if(from != partition, Situation::SignalCrossedPartitions);
                }
            }
            Event::SignalBroadcast { key, name } => {
                self.broadcast.insert(*key);
                let waiting = self.waiting.iter().filter(|(_, waited)| ***waited == **name);
                self.owed.extend(waiting.map(|(subscription, _)| (*subscription, partition)));
            }
            _ => {}
        }
    }
}
