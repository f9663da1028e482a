//! How much memory rows take: what eviction goes by. Approximate, and rather too much than too little: a text that several
//! rows share counts for each.

use std::sync::Arc;

use crate::{
    event::{DeployedFile, Deployment},
    key::{DecisionKey, DrgKey, ElementKey, MessageKey, ProcessKey},
    mail::{BroadcastSignal, Correlate, Mail, OpenSubscription},
    state::row::{
        AwaitedResult, DecisionDefinition, DrgDefinition, ElementInstance, Gathered, Incident, Job, Json,
        Message, ProcessDefinition, StartEvent, StartLock, Subscription, Timer, Trigger, Wait,
    },
    step::{Entrance, Step},
};

/// Bytes that an allocation costs besides what was asked for.
pub(crate) const ALLOCATION_BYTES: usize = 16;
/// The two counters of a shared value.
pub(crate) const COUNTERS_BYTES: usize = 16;

/// Something whose memory can be told.
pub trait Weigh {
    /// Bytes that it keeps outside of itself.
    fn heap_bytes(&self) -> usize;
}

impl Weigh for str {
    fn heap_bytes(&self) -> usize {
        self.len() + COUNTERS_BYTES + ALLOCATION_BYTES
    }
}

impl Weigh for Arc<str> {
    fn heap_bytes(&self) -> usize {
        (**self).heap_bytes()
    }
}

impl<T: Weigh> Weigh for Option<T> {
    fn heap_bytes(&self) -> usize {
        self.as_ref().map_or(0, Weigh::heap_bytes)
    }
}

impl<T: Weigh> Weigh for Vec<T> {
    fn heap_bytes(&self) -> usize {
        self.iter().map(|item| size_of::<T>() + item.heap_bytes()).sum::<usize>() + ALLOCATION_BYTES
    }
}

impl<A: Weigh, B: Weigh> Weigh for (A, B) {
    fn heap_bytes(&self) -> usize {
        self.0.heap_bytes() + self.1.heap_bytes()
    }
}

macro_rules! weightless {
    ($($name:ty)*) => {$(
        impl Weigh for $name {
            fn heap_bytes(&self) -> usize {
                0
            }
        }
    )*};
}

weightless! {
    () i32 u32 u64 ProcessKey DrgKey DecisionKey MessageKey ElementKey ElementInstance StartEvent
}

macro_rules! weigh_fields {
    ($($name:ident: $($field:ident)*;)*) => {$(
        impl Weigh for $name {
            fn heap_bytes(&self) -> usize {
                0 $(+ self.$field.heap_bytes())*
            }
        }
    )*};
}

weigh_fields! {
    Trigger: variables;
    Job: job_type worker headers;
    Timer: cycle;
    Wait: signal;
    Subscription: opened;
    OpenSubscription: process_id message_name correlation_key;
    Message: name correlation_key id variables;
    Correlate: variables;
    BroadcastSignal: name variables;
    StartLock: process_id correlation_key;
    Incident: message;
    ProcessDefinition: id version_tag;
    DrgDefinition: id name decisions;
    DecisionDefinition: id name version_tag;
    AwaitedResult: fetch_variables;
    Gathered: results;
    DeployedFile: name content;
    Deployment: files;
}

impl Weigh for Json {
    fn heap_bytes(&self) -> usize {
        self.0.heap_bytes()
    }
}

impl Weigh for Arc<[u8]> {
    fn heap_bytes(&self) -> usize {
        self.len() + COUNTERS_BYTES + ALLOCATION_BYTES
    }
}

impl Weigh for Mail {
    fn heap_bytes(&self) -> usize {
        match self {
            Self::Deployment(deployment) => deployment.heap_bytes(),
            Self::OpenSubscription(opened) => opened.heap_bytes(),
            Self::Correlate(correlate) => correlate.heap_bytes(),
            Self::BroadcastSignal(signal) => signal.heap_bytes(),
            Self::ResourceDeleted(_)
            | Self::CloseSubscription(_)
            | Self::Correlated { .. }
            | Self::CorrelationRefused { .. } => 0,
        }
    }
}

impl Weigh for Step {
    fn heap_bytes(&self) -> usize {
        match self {
            Self::Enter { by: Entrance::Triggered { variables, .. }, .. }
            | Self::StartAt { variables, .. } => variables.heap_bytes(),
            Self::OwnMail(mail) => mail.heap_bytes(),
            Self::HandOut(job_type) => job_type.heap_bytes(),
            Self::DeliverSignal { name, variables, .. } => name.heap_bytes() + variables.heap_bytes(),
            Self::Enter { by: Entrance::Direct | Entrance::Flow(_) | Entrance::Item(_), .. }
            | Self::Activate(_)
            | Self::Complete(_)
            | Self::Terminate(_)
            | Self::TerminateChildren { .. }
            | Self::SpawnItems(_)
            | Self::CorrelateMessage(_)
            | Self::ForgetMail { .. }
            | Self::ClearLoop(_) => 0,
        }
    }
}
