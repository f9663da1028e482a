//! The rows of the tables: what is kept about each thing that lives.

use std::sync::Arc;

use minicbor::{Decode, Encode};

use crate::{
    codec,
    key::{DecisionKey, DeploymentKey, DrgKey, ElementKey, JobKey, MessageKey, PartitionId, ProcessKey},
};

/// An element at run time.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct ElementInstance {
    /// The definition of its process.
    #[n(0)]
    pub process: ProcessKey,
    /// The process instance that it belongs to.
    #[n(1)]
    pub process_instance: ElementKey,
    /// The scope that it lives in; for a called process the call activity; `None` for a root process.
    #[n(2)]
    pub parent: Option<ElementKey>,
    /// Its index in the process.
    #[n(3)]
    pub element: u32,
    /// Where it is in its life.
    #[n(4)]
    pub phase: Phase,
    /// What it is in a multi-instance.
    #[n(5)]
    pub role: Role,
    /// Element instances that live in it.
    #[n(6)]
    pub children: u32,
    /// Tokens on its sequence flows and at its joining gateways.
    #[n(7)]
    pub tokens: u32,
    /// Whether all that ran in it was interrupted (by a terminate end event or an event sub-process).
    #[n(8)]
    pub interrupted: bool,
    /// Its job.
    #[n(9)]
    pub job: Option<JobKey>,
    /// How many calls enclose its process.
    #[n(10)]
    pub call_depth: u32,
    /// The state of a multi-instance body.
    #[n(11)]
    pub items: Option<Items>,
    /// Of a process instance: bytes of the variables of all its scopes, and of the items and results of its multi-instances.
    /// Earlier programs did not count.
    #[n(12)]
    #[cbor(default)]
    pub variables_bytes: u64,
}

impl ElementInstance {
    /// An instance of a process's element 0, not in a scope, being activated.
    pub fn new(process: ProcessKey, process_instance: ElementKey, call_depth: u32) -> ElementInstance {
        ElementInstance {
            process,
            process_instance,
            parent: None,
            element: 0,
            phase: Phase::Activating,
            role: Role::Single,
            children: 0,
            tokens: 0,
            interrupted: false,
            job: None,
            call_depth,
            items: None,
            variables_bytes: 0,
        }
    }
}

/// Where an element instance is in its life.
///
/// ```text
/// Activating -> Active -> Completing -> (gone: completed)
///      any of them -> Terminating -> (gone: terminated)
/// ```
/// An instance stays in `Activating` or `Completing` only while an incident holds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum Phase {
    /// Input mappings and subscriptions are under way, or an incident stopped them.
    #[n(0)]
    Activating,
    /// It waits, or its children run.
    #[n(1)]
    Active,
    /// Output mappings are under way, or an incident stopped them.
    #[n(2)]
    Completing,
    /// Its children are being ended.
    #[n(3)]
    Terminating,
}

/// What an element instance is in a multi-instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Role {
    /// Not in one.
    #[n(0)]
    Single,
    /// The body around all items.
    #[n(1)]
    Body,
    /// The item with this number, from 0.
    #[n(2)]
    Item(#[n(0)] u32),
}

/// The state of a multi-instance body.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub struct Items {
    /// How many there are.
    #[n(0)]
    pub total: u32,
    /// How many were started.
    #[n(1)]
    pub started: u32,
    /// How many completed.
    #[n(2)]
    pub completed: u32,
    /// How many were terminated.
    #[n(3)]
    pub terminated: u32,
    /// Whether a row of items holds several of them, as a JSON list. Earlier programs wrote one for each.
    #[n(4)]
    #[cbor(default)]
    pub packed: bool,
    /// Bytes of its items and results.
    #[n(5)]
    #[cbor(default)]
    pub bytes: u64,
}

/// Results of some items of a multi-instance body in a row.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Gathered {
    /// How many items.
    #[n(0)]
    pub count: u32,
    /// Their JSON texts with commas between; null where an item has none.
    #[n(1)]
    #[cbor(with = "codec::arc_str")]
    pub results: Arc<str>,
}

/// What happens when an element instance has ended because it was interrupted.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Trigger {
    /// The boundary event or event sub-process.
    #[n(0)]
    pub element: u32,
    /// What came with it.
    #[n(1)]
    #[cbor(with = "codec::variables")]
    pub variables: Vec<(Arc<str>, Arc<str>)>,
}

/// A job.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Job {
    /// Its type.
    #[n(0)]
    #[cbor(with = "codec::arc_str")]
    pub job_type: Arc<str>,
    /// The element instance that waits for it.
    #[n(1)]
    pub element: ElementKey,
    /// How often it may still be tried.
    #[n(2)]
    pub retries: i32,
    /// Where it is in its life.
    #[n(3)]
    pub phase: JobPhase,
    /// Who has it.
    #[n(4)]
    #[cbor(with = "codec::opt_arc_str")]
    pub worker: Option<Arc<str>>,
    /// When its worker's time or its back-off is over, in milliseconds since 1970.
    #[n(5)]
    pub due_ms: i64,
    /// Its headers as a JSON object where some were known only when it was made; otherwise the model has them.
    #[n(6)]
    #[cbor(with = "codec::opt_arc_str")]
    pub headers: Option<Arc<str>>,
}

/// Where a job is in its life.
///
/// ```text
/// Activatable <-> Activated;  Activatable, Activated -> Failed -> Activatable;
/// Activatable, Activated -> ErrorThrown -> Activatable (its incident resolved);
/// any -> (gone: completed or canceled)
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum JobPhase {
    /// Free to be taken.
    #[n(0)]
    Activatable,
    /// A worker has it.
    #[n(1)]
    Activated,
    /// Waits for its back-off, or for its incident.
    #[n(2)]
    Failed,
    /// Its worker threw an error that nobody caught.
    #[n(3)]
    ErrorThrown,
}

/// A timer.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Timer {
    /// What it triggers.
    #[n(0)]
    pub target: TimerTarget,
    /// When, in milliseconds since 1970.
    #[n(1)]
    pub due_ms: i64,
    /// The text of its cycle, where it repeats.
    #[n(2)]
    #[cbor(with = "codec::opt_arc_str")]
    pub cycle: Option<Arc<str>>,
    /// How often it still fires after this; `None`: without end.
    #[n(3)]
    pub repetitions: Option<u32>,
}

/// What a timer triggers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub enum TimerTarget {
    /// A catching event on behalf of an element instance.
    #[n(0)]
    Catch {
        /// The element instance: the catching event itself, the activity with the boundary event, the scope with
        /// the event sub-process, the event-based gateway.
        #[n(0)]
        owner: ElementKey,
        /// The catching event's index.
        #[n(1)]
        element: u32,
    },
    /// The start event of a process.
    #[n(1)]
    Start {
        /// The process.
        #[n(0)]
        process: ProcessKey,
        /// The start event's index.
        #[n(1)]
        element: u32,
    },
}

/// An element instance that waits for a message or a signal, on its own partition.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Wait {
    /// Who waits (see [`TimerTarget::Catch`]).
    #[n(0)]
    pub owner: ElementKey,
    /// The catching event's index.
    #[n(1)]
    pub element: u32,
    /// The partition that keeps the message; for a signal its own.
    #[n(2)]
    pub partition: PartitionId,
    /// Whether it ends with the first message or signal.
    #[n(3)]
    pub closes: bool,
    /// The signal's name; `None`: it is a message that is waited for.
    #[n(4)]
    #[cbor(with = "codec::opt_arc_str", default)]
    pub signal: Option<Arc<str>>,
}

/// A subscription on the message's partition.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Subscription {
    /// What the waiting partition said.
    #[n(0)]
    pub opened: crate::mail::OpenSubscription,
    /// The message that is on its way.
    #[n(1)]
    pub correlating: Option<MessageKey>,
}

/// A published message.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Message {
    /// Its name.
    #[n(0)]
    #[cbor(with = "codec::arc_str")]
    pub name: Arc<str>,
    /// Which instance it is for.
    #[n(1)]
    #[cbor(with = "codec::arc_str")]
    pub correlation_key: Arc<str>,
    /// Its id; empty: none.
    #[n(2)]
    #[cbor(with = "codec::arc_str")]
    pub id: Arc<str>,
    /// When it is forgotten, in milliseconds since 1970.
    #[n(3)]
    pub deadline_ms: i64,
    /// What it carries.
    #[n(4)]
    #[cbor(with = "codec::variables")]
    pub variables: Vec<(Arc<str>, Arc<str>)>,
    /// Whom to answer when it is correlated, for a synchronous correlation.
    #[n(5)]
    pub request: Option<u64>,
}

/// A start event that waits for a message or a signal.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct StartEvent {
    /// The process.
    #[n(0)]
    pub process: ProcessKey,
    /// The start event's index.
    #[n(1)]
    pub element: u32,
}

/// The message that started an instance.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct StartLock {
    /// The process's id.
    #[n(0)]
    #[cbor(with = "codec::arc_str")]
    pub process_id: Arc<str>,
    /// The message's correlation key.
    #[n(1)]
    #[cbor(with = "codec::arc_str")]
    pub correlation_key: Arc<str>,
}

/// Something that stopped a process.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Incident {
    /// The kind, as clients know it.
    #[n(0)]
    pub kind: IncidentKind,
    /// What happened, for people.
    #[n(1)]
    #[cbor(with = "codec::arc_str")]
    pub message: Arc<str>,
    /// The element instance that is held.
    #[n(2)]
    pub element: ElementKey,
    /// The job that is held.
    #[n(3)]
    pub job: Option<JobKey>,
}

/// The kinds of incident that clients know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum IncidentKind {
    /// An input or output mapping failed.
    #[n(0)]
    IoMappingError,
    /// A job failed and has no retries left.
    #[n(1)]
    JobNoRetries,
    /// No outgoing flow could be chosen.
    #[n(2)]
    ConditionError,
    /// An expression did not give what was needed.
    #[n(3)]
    ExtractValueError,
    /// A called process is missing or cannot be started.
    #[n(4)]
    CalledElementError,
    /// A called decision is missing.
    #[n(5)]
    CalledDecisionError,
    /// A decision failed.
    #[n(6)]
    DecisionEvaluationError,
    /// A BPMN error was not caught.
    #[n(7)]
    UnhandledErrorEvent,
    /// A job is too large to be handed out.
    #[n(8)]
    MessageSizeExceeded,
}

impl IncidentKind {
    /// The name that clients know.
    pub fn name(self) -> &'static str {
        match self {
            Self::IoMappingError => "IO_MAPPING_ERROR",
            Self::JobNoRetries => "JOB_NO_RETRIES",
            Self::ConditionError => "CONDITION_ERROR",
            Self::ExtractValueError => "EXTRACT_VALUE_ERROR",
            Self::CalledElementError => "CALLED_ELEMENT_ERROR",
            Self::CalledDecisionError => "CALLED_DECISION_ERROR",
            Self::DecisionEvaluationError => "DECISION_EVALUATION_ERROR",
            Self::UnhandledErrorEvent => "UNHANDLED_ERROR_EVENT",
            Self::MessageSizeExceeded => "MESSAGE_SIZE_EXCEEDED",
        }
    }
}

/// A version of a process.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct ProcessDefinition {
    /// Its id.
    #[n(0)]
    #[cbor(with = "codec::arc_str")]
    pub id: Arc<str>,
    /// Its version.
    #[n(1)]
    pub version: i32,
    /// Its `zeebe:versionTag`.
    #[n(2)]
    #[cbor(with = "codec::opt_arc_str")]
    pub version_tag: Option<Arc<str>>,
    /// The deployment that brought it.
    #[n(3)]
    pub deployment: DeploymentKey,
    /// Its place among that deployment's files.
    #[n(4)]
    pub file: u32,
    /// Whether it was deleted: its running instances go on, new ones do not start.
    #[n(5)]
    pub deleted: bool,
}

/// A version of a DMN file.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct DrgDefinition {
    /// Its id.
    #[n(0)]
    #[cbor(with = "codec::arc_str")]
    pub id: Arc<str>,
    /// Its name.
    #[n(1)]
    #[cbor(with = "codec::arc_str")]
    pub name: Arc<str>,
    /// Its version.
    #[n(2)]
    pub version: i32,
    /// The deployment that brought it.
    #[n(3)]
    pub deployment: DeploymentKey,
    /// Its place among that deployment's files.
    #[n(4)]
    pub file: u32,
    /// Its decisions.
    #[n(5)]
    pub decisions: Vec<DecisionKey>,
}

/// A version of a decision.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct DecisionDefinition {
    /// Its id.
    #[n(0)]
    #[cbor(with = "codec::arc_str")]
    pub id: Arc<str>,
    /// Its name.
    #[n(1)]
    #[cbor(with = "codec::arc_str")]
    pub name: Arc<str>,
    /// Its version.
    #[n(2)]
    pub version: i32,
    /// Its `zeebe:versionTag`.
    #[n(3)]
    #[cbor(with = "codec::opt_arc_str")]
    pub version_tag: Option<Arc<str>>,
    /// Its DMN file.
    #[n(4)]
    pub drg: DrgKey,
    /// The deployment that brought it.
    #[n(5)]
    pub deployment: DeploymentKey,
}

/// Somebody waits for an instance's result.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct AwaitedResult {
    /// Whom to answer.
    #[n(0)]
    pub request: u64,
    /// Which variables; all where empty.
    #[n(1)]
    #[cbor(with = "codec::arc_strs")]
    pub fetch_variables: Vec<Arc<str>>,
}

/// A JSON text.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(transparent)]
pub struct Json(
    #[n(0)]
    #[cbor(with = "codec::arc_str")]
    pub Arc<str>,
);
