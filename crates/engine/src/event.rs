//! What happened: the only things that change state.
//!
//! An event carries all that its application needs, so that [`crate::apply`] decides nothing. Tags (`#[n]`) are frozen
//! once released; see [`crate::codec`].

mod deployment;

use std::sync::Arc;

use minicbor::{Decode, Encode};

use crate::{
    codec,
    key::{ElementKey, IncidentKey, JobKey, MessageKey, PartitionId, SignalKey, SubscriptionKey, TimerKey},
    mail::{Mail, OpenSubscription},
    state::row::{AwaitedResult, ElementInstance, Incident, Job, Message, StartEvent, Timer, Trigger, Wait},
    step::Step,
};

pub use self::deployment::{DeployedFile, Deployment, NewDecision, NewDrg, NewProcess};

/// Everything that one command changed: one record of the journal.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Batch {
    /// When it happened, in milliseconds since 1970; never less than in the batch before.
    #[n(0)]
    pub at_ms: i64,
    /// The key counter after it.
    #[n(1)]
    pub counter: u64,
    /// What happened, in order.
    #[n(2)]
    pub events: Vec<Event>,
}

impl Batch {
    /// The batch as bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        codec::to_bytes(self, 512)
    }

    /// A batch from its bytes.
    pub fn from_bytes(bytes: &[u8]) -> Result<Batch, minicbor::decode::Error> {
        minicbor::decode(bytes)
    }
}

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Event {
    /// An element instance exists from here on; it is being activated.
    #[n(0)]
    ElementActivating {
        /// Its key.
        #[n(0)]
        key: ElementKey,
        /// What it is.
        #[n(1)]
        instance: ElementInstance,
        /// How many tokens of its scope it took in.
        #[n(2)]
        tokens: u32,
    },
    /// It is active: it waits for something, or its children run.
    #[n(1)]
    ElementActivated(#[n(0)] ElementKey),
    /// It could not complete at once: an incident holds it.
    #[n(2)]
    ElementCompleting(#[n(0)] ElementKey),
    /// It ended well; it and its variables are gone.
    #[n(3)]
    ElementCompleted(#[n(0)] ElementKey),
    /// It is being ended; its children end first.
    #[n(4)]
    ElementTerminating(#[n(0)] ElementKey),
    /// It was ended; it and its variables are gone.
    #[n(5)]
    ElementTerminated(#[n(0)] ElementKey),
    /// A sequence flow was taken: its scope holds a token more.
    #[n(6)]
    FlowTaken {
        /// The scope.
        #[n(0)]
        scope: ElementKey,
        /// The flow's index in the process.
        #[n(1)]
        flow: u32,
    },
    /// A token waits at a joining gateway.
    #[n(7)]
    TokenArrived {
        /// The scope.
        #[n(0)]
        scope: ElementKey,
        /// The gateway's index.
        #[n(1)]
        gateway: u32,
        /// The flow it came by.
        #[n(2)]
        flow: u32,
    },
    /// A joining gateway took one token of each of these flows.
    #[n(8)]
    TokensJoined {
        /// The scope.
        #[n(0)]
        scope: ElementKey,
        /// The gateway's index.
        #[n(1)]
        gateway: u32,
        /// The flows.
        #[n(2)]
        flows: Vec<u32>,
    },
    /// All that runs in a scope ends; its tokens are gone.
    #[n(9)]
    ScopeInterrupted(#[n(0)] ElementKey),
    /// A catching event was triggered and happens when its owner has ended.
    #[n(10)]
    TriggerStored {
        /// The element instance that must end first.
        #[n(0)]
        owner: ElementKey,
        /// What happens then.
        #[n(1)]
        trigger: Trigger,
    },
    /// A stored trigger was used.
    #[n(11)]
    TriggerTaken(#[n(0)] ElementKey),
    /// Variables were created or changed in a scope.
    #[n(12)]
    VariablesSet {
        /// The scope.
        #[n(0)]
        scope: ElementKey,
        /// Names and JSON texts.
        #[n(1)]
        #[cbor(with = "codec::variables")]
        variables: Vec<(Arc<str>, Arc<str>)>,
    },
    /// A multi-instance body got its items.
    #[n(13)]
    LoopStarted {
        /// The body.
        #[n(0)]
        body: ElementKey,
        /// The items, in order: JSON lists of several.
        #[n(1)]
        #[cbor(with = "codec::arc_strs")]
        items: Vec<Arc<str>>,
        /// How many items each list holds. Earlier programs wrote none: then each text is an item.
        #[n(2)]
        #[cbor(default)]
        counts: Vec<u32>,
    },
    /// A multi-instance item delivered its result.
    #[n(14)]
    LoopResult {
        /// The body.
        #[n(0)]
        body: ElementKey,
        /// The item's number, from 0.
        #[n(1)]
        index: u32,
        /// The result as JSON text.
        #[n(2)]
        #[cbor(with = "codec::arc_str")]
        result: Arc<str>,
    },
    /// The results of some items in a row were put together: they are one row now.
    #[n(15)]
    LoopGathered {
        /// The body.
        #[n(0)]
        body: ElementKey,
        /// The number of the first item.
        #[n(1)]
        from: u32,
        /// How many items.
        #[n(2)]
        count: u32,
    },
    /// So many rows of a body that is being ended were forgotten.
    #[n(16)]
    LoopCleared {
        /// The body.
        #[n(0)]
        body: ElementKey,
        /// How many rows.
        #[n(1)]
        rows: u32,
    },
    /// Something is about to begin in a scope that no sequence flow leads to: the scope holds a token more, and does not complete before.
    #[n(17)]
    TokenAdded(#[n(0)] ElementKey),
    /// A job exists from here on.
    #[n(20)]
    JobCreated {
        /// Its key.
        #[n(0)]
        key: JobKey,
        /// What it is.
        #[n(1)]
        job: Job,
    },
    /// A worker has it.
    #[n(21)]
    JobActivated {
        /// Which job.
        #[n(0)]
        key: JobKey,
        /// Who has it.
        #[n(1)]
        #[cbor(with = "codec::arc_str")]
        worker: Arc<str>,
        /// Until when, in milliseconds since 1970.
        #[n(2)]
        deadline_ms: i64,
    },
    /// It is done and gone.
    #[n(22)]
    JobCompleted(#[n(0)] JobKey),
    /// An attempt failed.
    #[n(23)]
    JobFailed {
        /// Which job.
        #[n(0)]
        key: JobKey,
        /// How often it may still be tried.
        #[n(1)]
        retries: i32,
        /// When it may be tried again; `None`: an incident holds it.
        #[n(2)]
        retry_at_ms: Option<i64>,
        /// What the worker said.
        #[n(3)]
        #[cbor(with = "codec::arc_str")]
        message: Arc<str>,
    },
    /// It may be taken (again), for this reason.
    #[n(24)]
    JobFreed {
        /// Which job.
        #[n(0)]
        key: JobKey,
        /// Why.
        #[n(1)]
        reason: JobFreedReason,
    },
    /// Its worker threw a BPMN error.
    #[n(25)]
    JobErrorThrown(#[n(0)] JobKey),
    /// It is gone because its element ended.
    #[n(26)]
    JobCanceled(#[n(0)] JobKey),
    /// How often it may be tried was changed.
    #[n(27)]
    JobRetriesUpdated {
        /// Which job.
        #[n(0)]
        key: JobKey,
        /// The new number.
        #[n(1)]
        retries: i32,
    },
    /// Its deadline was changed.
    #[n(28)]
    JobDeadlineUpdated {
        /// Which job.
        #[n(0)]
        key: JobKey,
        /// In milliseconds since 1970.
        #[n(1)]
        deadline_ms: i64,
    },
    /// A timer runs.
    #[n(30)]
    TimerCreated {
        /// Its key.
        #[n(0)]
        key: TimerKey,
        /// What it is.
        #[n(1)]
        timer: Timer,
    },
    /// It fired and is gone.
    #[n(31)]
    TimerFired(#[n(0)] TimerKey),
    /// It is gone because nobody waits for it.
    #[n(32)]
    TimerCanceled(#[n(0)] TimerKey),
    /// An element instance of this partition waits for a message or a signal.
    #[n(40)]
    WaitOpened {
        /// The subscription's key.
        #[n(0)]
        key: SubscriptionKey,
        /// Who waits for what.
        #[n(1)]
        wait: Wait,
    },
    /// It does not wait any longer.
    #[n(41)]
    WaitClosed(#[n(0)] SubscriptionKey),
    /// A subscription is known to the message's partition.
    #[n(42)]
    SubscriptionOpened(#[n(0)] OpenSubscription),
    /// A message is on its way to a subscription.
    #[n(43)]
    SubscriptionCorrelating {
        /// The subscription.
        #[n(0)]
        key: SubscriptionKey,
        /// The message.
        #[n(1)]
        message: MessageKey,
    },
    /// It arrived; the subscription is free for the next.
    #[n(44)]
    SubscriptionCorrelated {
        /// The subscription.
        #[n(0)]
        key: SubscriptionKey,
        /// The message.
        #[n(1)]
        message: MessageKey,
    },
    /// It did not arrive; the message is free for others of the same process.
    #[n(45)]
    CorrelationRefused {
        /// The subscription.
        #[n(0)]
        key: SubscriptionKey,
        /// The message.
        #[n(1)]
        message: MessageKey,
    },
    /// A subscription is forgotten by the message's partition.
    #[n(46)]
    SubscriptionClosed(#[n(0)] SubscriptionKey),
    /// A message was published.
    #[n(47)]
    MessagePublished {
        /// Its key.
        #[n(0)]
        key: MessageKey,
        /// What it is.
        #[n(1)]
        message: Message,
    },
    /// A message is gone.
    #[n(48)]
    MessageExpired(#[n(0)] MessageKey),
    /// A message started an instance.
    #[n(49)]
    MessageStarted {
        /// The message.
        #[n(0)]
        message: MessageKey,
        /// The process's id.
        #[n(1)]
        #[cbor(with = "codec::arc_str")]
        process_id: Arc<str>,
        /// The message's correlation key; while the instance runs, no other message with it starts the process.
        #[n(2)]
        #[cbor(with = "codec::arc_str")]
        correlation_key: Arc<str>,
        /// The instance.
        #[n(3)]
        instance: ElementKey,
    },
    /// The instance that a message started has ended.
    #[n(50)]
    MessageStartReleased(#[n(0)] ElementKey),
    /// A start event waits for a message.
    #[n(51)]
    MessageStartOpened {
        /// The message's name.
        #[n(0)]
        #[cbor(with = "codec::arc_str")]
        name: Arc<str>,
        /// The process's id.
        #[n(1)]
        #[cbor(with = "codec::arc_str")]
        process_id: Arc<str>,
        /// Which start event of which version.
        #[n(2)]
        start: StartEvent,
    },
    /// It does not wait any longer.
    #[n(52)]
    MessageStartClosed {
        /// The message's name.
        #[n(0)]
        #[cbor(with = "codec::arc_str")]
        name: Arc<str>,
        /// The process's id.
        #[n(1)]
        #[cbor(with = "codec::arc_str")]
        process_id: Arc<str>,
    },
    /// A start event waits for a signal.
    #[n(53)]
    SignalStartOpened {
        /// The signal's name.
        #[n(0)]
        #[cbor(with = "codec::arc_str")]
        name: Arc<str>,
        /// The process's id.
        #[n(1)]
        #[cbor(with = "codec::arc_str")]
        process_id: Arc<str>,
        /// Which start event of which version.
        #[n(2)]
        start: StartEvent,
    },
    /// It does not wait any longer.
    #[n(54)]
    SignalStartClosed {
        /// The signal's name.
        #[n(0)]
        #[cbor(with = "codec::arc_str")]
        name: Arc<str>,
        /// The process's id.
        #[n(1)]
        #[cbor(with = "codec::arc_str")]
        process_id: Arc<str>,
    },
    /// A signal was broadcast from this partition. Nothing keeps it.
    #[n(55)]
    SignalBroadcast {
        /// Its key.
        #[n(0)]
        key: SignalKey,
        /// Its name.
        #[n(1)]
        #[cbor(with = "codec::arc_str")]
        name: Arc<str>,
    },
    /// Something stopped a process; somebody must look at it.
    #[n(60)]
    IncidentCreated {
        /// Its key.
        #[n(0)]
        key: IncidentKey,
        /// What it is.
        #[n(1)]
        incident: Incident,
    },
    /// It is gone.
    #[n(61)]
    IncidentResolved(#[n(0)] IncidentKey),
    /// Definitions are known from here on.
    #[n(70)]
    Deployed(#[n(0)] Deployment),
    /// A definition is forgotten.
    #[n(71)]
    DefinitionDeleted(#[n(0)] u64),
    /// The caller wants the instance's result.
    #[n(80)]
    ResultAwaited {
        /// Which instance.
        #[n(0)]
        instance: ElementKey,
        /// Whom to answer, and with what.
        #[n(1)]
        awaited: AwaitedResult,
    },
    /// Mail waits to be delivered.
    #[n(90)]
    MailSent {
        /// To whom.
        #[n(0)]
        to: PartitionId,
        /// Its number among all mail to that partition, from 1.
        #[n(1)]
        sequence: u64,
        /// What it says.
        #[n(2)]
        mail: Mail,
    },
    /// Mail was taken; it has its effect once.
    #[n(91)]
    MailTaken {
        /// From whom.
        #[n(0)]
        from: PartitionId,
        /// Its number.
        #[n(1)]
        sequence: u64,
    },
    /// All mail up to a number is delivered.
    #[n(92)]
    MailDelivered {
        /// To whom.
        #[n(0)]
        to: PartitionId,
        /// The last number.
        #[n(1)]
        sequence: u64,
    },
    /// The rest of a large piece of work was put off.
    #[n(100)]
    StepsDeferred(#[n(0)] Vec<Step>),
    /// So many of the oldest put-off steps are being taken.
    #[n(101)]
    StepsResumed(#[n(0)] u32),
}

/// Why a job may be taken again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum JobFreedReason {
    /// Its worker's time was over.
    #[n(0)]
    TimedOut,
    /// Its back-off was over.
    #[n(1)]
    BackoffElapsed,
    /// It could not be delivered.
    #[n(2)]
    Yielded,
    /// Its incident was resolved.
    #[n(3)]
    IncidentResolved,
}
