//! What one partition says to another.
//!
//! Mail is put into an outbox by an event, delivered until it is acknowledged, and taken once: the receiver remembers
//! the last number it took from each sender. Its effect is exactly-once.

use std::sync::Arc;

use minicbor::{Decode, Encode};

use crate::{
    codec,
    key::{ElementKey, MessageKey, ProcessKey, SubscriptionKey},
};

/// One piece of mail.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Mail {
    /// From the deployment partition to all others: take over this deployment.
    #[n(0)]
    Deployment(#[n(0)] crate::event::Deployment),
    /// From the deployment partition to all others: forget this definition.
    #[n(1)]
    ResourceDeleted(#[n(0)] u64),
    /// To a message's partition: somebody waits for it.
    #[n(2)]
    OpenSubscription(#[n(0)] OpenSubscription),
    /// To a message's partition: nobody waits any longer.
    #[n(3)]
    CloseSubscription(#[n(0)] SubscriptionKey),
    /// From a message's partition: here is a message for a subscription.
    #[n(4)]
    Correlate(#[n(0)] Correlate),
    /// To a message's partition: the message was taken.
    #[n(5)]
    Correlated {
        /// The subscription that took it.
        #[n(0)]
        subscription: SubscriptionKey,
        /// The message.
        #[n(1)]
        message: MessageKey,
    },
    /// To a message's partition: nobody was there any longer; the message is free for others.
    #[n(6)]
    CorrelationRefused {
        /// The subscription that did not take it.
        #[n(0)]
        subscription: SubscriptionKey,
        /// The message.
        #[n(1)]
        message: MessageKey,
    },
    /// To all others: a signal was broadcast.
    #[n(7)]
    BroadcastSignal(#[n(0)] BroadcastSignal),
}

/// Somebody waits for a message.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct OpenSubscription {
    /// Its key, made by the waiting partition.
    #[n(0)]
    pub key: SubscriptionKey,
    /// The process instance that waits.
    #[n(1)]
    pub process_instance: ElementKey,
    /// The id of its process: a message goes to each process at most once.
    #[n(2)]
    #[cbor(with = "codec::arc_str")]
    pub process_id: Arc<str>,
    /// Its definition.
    #[n(3)]
    pub process: ProcessKey,
    /// The message's name.
    #[n(4)]
    #[cbor(with = "codec::arc_str")]
    pub message_name: Arc<str>,
    /// The correlation key.
    #[n(5)]
    #[cbor(with = "codec::arc_str")]
    pub correlation_key: Arc<str>,
    /// Whether it ends with the first message.
    #[n(6)]
    pub closes: bool,
}

impl OpenSubscription {
    /// Its place among those to the same message: by process, oldest first.
    pub(crate) fn place(&self) -> (Arc<str>, Arc<str>, Arc<str>, SubscriptionKey) {
        (self.message_name.clone(), self.correlation_key.clone(), self.process_id.clone(), self.key)
    }
}

/// A message for a subscription.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Correlate {
    /// Who waits.
    #[n(0)]
    pub subscription: SubscriptionKey,
    /// What came.
    #[n(1)]
    pub message: MessageKey,
    /// What it carries: names and JSON texts.
    #[n(2)]
    #[cbor(with = "codec::variables")]
    pub variables: Vec<(Arc<str>, Arc<str>)>,
}

/// A signal for everybody who waits for it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct BroadcastSignal {
    /// Its name.
    #[n(0)]
    #[cbor(with = "codec::arc_str")]
    pub name: Arc<str>,
    /// What it carries: names and JSON texts.
    #[n(1)]
    #[cbor(with = "codec::variables")]
    pub variables: Vec<(Arc<str>, Arc<str>)>,
}
