//! Steps: what a command still has to do after its first event.
//!
//! A command puts steps into a queue and works through it. When they become too many for one batch, the rest is put
//! off by an event and goes on later, so that other work gets its turn. A step names only keys, and checks what it
//! finds: what it speaks of may have ended meanwhile.

use std::sync::Arc;

use minicbor::{Decode, Encode};

use crate::{
    codec,
    key::{ElementKey, MessageKey, PartitionId, ProcessKey, SignalKey, SubscriptionKey},
    mail::Mail,
};

/// One step.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Step {
    /// Enter an element.
    #[n(0)]
    Enter {
        /// The scope it stands in.
        #[n(0)]
        scope: ElementKey,
        /// Its index in the process.
        #[n(1)]
        element: u32,
        /// How it is entered.
        #[n(2)]
        by: Entrance,
        /// Whether its scope holds a token for it, where no sequence flow brings one. Earlier programs had none.
        #[n(3)]
        #[cbor(default)]
        holds_token: bool,
    },
    /// Activate an element instance (again).
    #[n(1)]
    Activate(#[n(0)] ElementKey),
    /// Complete an element instance (again).
    #[n(2)]
    Complete(#[n(0)] ElementKey),
    /// End an element instance and all in it.
    #[n(3)]
    Terminate(#[n(0)] ElementKey),
    /// End the children of a scope.
    #[n(4)]
    TerminateChildren {
        /// The scope.
        #[n(0)]
        scope: ElementKey,
        /// Only those with greater keys: the others were seen to.
        #[n(1)]
        after: ElementKey,
    },
    /// Start the next items of a multi-instance body.
    #[n(5)]
    SpawnItems(#[n(0)] ElementKey),
    /// Start an instance of a process at a start event.
    #[n(6)]
    StartAt {
        /// The instance's key.
        #[n(0)]
        instance: ElementKey,
        /// The process.
        #[n(1)]
        process: ProcessKey,
        /// The start event's index.
        #[n(2)]
        start: u32,
        /// Variables that the trigger brought.
        #[n(3)]
        #[cbor(with = "codec::variables")]
        variables: Vec<(Arc<str>, Arc<str>)>,
    },
    /// Take mail that this partition wrote to itself.
    #[n(7)]
    OwnMail(#[n(0)] Mail),
    /// Look for subscriptions and start events that take a message.
    #[n(8)]
    CorrelateMessage(#[n(0)] MessageKey),
    /// Hand out more free jobs of a type to workers that wait for it, if any do.
    #[n(9)]
    HandOut(
        #[n(0)]
        #[cbor(with = "codec::arc_str")]
        Arc<str>,
    ),
    /// Forget more mail that its receiver has.
    #[n(10)]
    ForgetMail {
        /// The receiver.
        #[n(0)]
        to: PartitionId,
        /// The last number that it has.
        #[n(1)]
        sequence: u64,
    },
    /// Go on clearing a multi-instance body that is being ended.
    #[n(11)]
    ClearLoop(#[n(0)] ElementKey),
    /// Give a signal to (more of) those who waited for it.
    #[n(12)]
    DeliverSignal {
        /// Its name.
        #[n(0)]
        #[cbor(with = "codec::arc_str")]
        name: Arc<str>,
        /// What it carries.
        #[n(1)]
        #[cbor(with = "codec::variables")]
        variables: Vec<(Arc<str>, Arc<str>)>,
        /// Only those with greater keys: the others were seen to.
        #[n(2)]
        after: SubscriptionKey,
        /// Only those with smaller keys: the others began to wait when it had been broadcast.
        #[n(3)]
        before: SignalKey,
    },
}

/// How an element is entered.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Entrance {
    /// Directly: a start event, a start instruction.
    #[n(0)]
    Direct,
    /// By a sequence flow.
    #[n(1)]
    Flow(#[n(0)] u32),
    /// Because its trigger came, with these variables.
    #[n(2)]
    Triggered {
        /// The sequence flow behind an event-based gateway.
        #[n(0)]
        flow: Option<u32>,
        /// What the trigger brought.
        #[n(1)]
        #[cbor(with = "codec::variables")]
        variables: Vec<(Arc<str>, Arc<str>)>,
    },
    /// As an item of a multi-instance body, with this number from 0.
    #[n(3)]
    Item(#[n(0)] u32),
}
