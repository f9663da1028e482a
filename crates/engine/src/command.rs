//! What can be asked of a partition, and what it answers.

use std::sync::Arc;

use crate::{
    document::Document,
    key::{
        DecisionKey, DeploymentKey, DrgKey, ElementKey, IncidentKey, JobKey, MessageKey, PartitionId,
        ProcessKey, SignalKey,
    },
    mail::Mail,
};

/// What is asked.
#[derive(Clone, Debug)]
pub enum Command {
    /// Deploy resources: all of them or none.
    Deploy(Vec<Resource>),
    /// Start an instance of a process.
    CreateInstance(CreateInstance),
    /// Cancel a process instance.
    CancelInstance(ElementKey),
    /// Publish a message: correlated now, kept for later, or both.
    PublishMessage(PublishMessage),
    /// Correlate a message now or not at all.
    CorrelateMessage(CorrelateMessage),
    /// Broadcast a signal: to all who wait for it now.
    BroadcastSignal(BroadcastSignal),
    /// Take jobs for a worker.
    ActivateJobs(ActivateJobs),
    /// Complete a job.
    CompleteJob {
        /// Which job.
        job: JobKey,
        /// Its results.
        variables: Document,
    },
    /// Report a failed attempt.
    FailJob(FailJob),
    /// Throw a BPMN error from a job.
    ThrowError(ThrowError),
    /// Change a job: all that is given, or nothing.
    UpdateJob {
        /// Which job.
        job: JobKey,
        /// How often it may still be tried: at least 1.
        retries: Option<i32>,
        /// How much time its worker has, in milliseconds from now; only of an activated job.
        timeout_ms: Option<i64>,
    },
    /// Hand back an activated job that could not be delivered.
    YieldJob(Activation),
    /// Write variables into a scope.
    SetVariables {
        /// An element instance or process instance.
        scope: ElementKey,
        /// What is written.
        variables: Document,
        /// Only into this scope; otherwise each goes to the nearest scope that has it, or to the root.
        local: bool,
    },
    /// Try again what an incident stopped.
    ResolveIncident(IncidentKey),
    /// Delete a deployed process or DMN file.
    DeleteResource(u64),
    /// Evaluate a decision.
    EvaluateDecision {
        /// Which decision.
        decision: DecisionRef,
        /// Its inputs.
        variables: Document,
    },
    /// Evaluate an expression.
    EvaluateExpression {
        /// The text, starting with `=`.
        expression: Arc<str>,
        /// What it sees.
        variables: Document,
    },
    /// Time has passed: fire what is due.
    TimePassed,
    /// Somebody began to wait for jobs of this type: hand out what rests in the queue, as demand allows.
    DemandRose(Arc<str>),
    /// Go on with work that was put off.
    Continue,
    /// Mail from another partition.
    Mail {
        /// Who sent it.
        from: PartitionId,
        /// Its number in the sender's outbox to this partition.
        sequence: u64,
        /// What it says.
        mail: Mail,
    },
    /// Another partition has durably taken all mail up to a number.
    MailAcknowledged {
        /// Who took it.
        by: PartitionId,
        /// The last number taken.
        sequence: u64,
    },
}

impl Command {
    /// The variables that it brings.
    pub fn variables(&self) -> Option<&Document> {
        match self {
            Command::CreateInstance(CreateInstance { variables, .. })
            | Command::PublishMessage(PublishMessage { variables, .. })
            | Command::CorrelateMessage(CorrelateMessage { variables, .. })
            | Command::BroadcastSignal(BroadcastSignal { variables, .. })
            | Command::FailJob(FailJob { variables, .. })
            | Command::ThrowError(ThrowError { variables, .. })
            | Command::EvaluateDecision { variables, .. }
            | Command::EvaluateExpression { variables, .. }
            | Command::SetVariables { variables, .. }
            | Command::CompleteJob { variables, .. } => Some(variables),
            Command::Deploy(_)
            | Command::CancelInstance(_)
            | Command::ActivateJobs(_)
            | Command::UpdateJob { .. }
            | Command::YieldJob(_)
            | Command::ResolveIncident(_)
            | Command::DeleteResource(_)
            | Command::TimePassed
            | Command::DemandRose(_)
            | Command::Continue
            | Command::Mail { .. }
            | Command::MailAcknowledged { .. } => None,
        }
    }
}

/// A file of a deployment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resource {
    /// File name; its suffix tells the kind.
    pub name: Arc<str>,
    /// The bytes as the client sent them.
    pub content: Arc<[u8]>,
}

/// Which process to start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProcessRef {
    /// By definition key.
    Key(ProcessKey),
    /// The newest version of this id.
    Latest(Arc<str>),
    /// This version of this id.
    Version(Arc<str>, i32),
}

/// Which decision to evaluate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DecisionRef {
    /// By decision key.
    Key(DecisionKey),
    /// The newest version of this id.
    Latest(Arc<str>),
}

/// Start an instance.
#[derive(Clone, Debug)]
pub struct CreateInstance {
    /// Of which process.
    pub process: ProcessRef,
    /// Its first variables.
    pub variables: Document,
    /// Elements to start at instead of the none start event.
    pub start_at: Vec<Arc<str>>,
    /// Answer when the instance has completed, with its variables.
    pub with_result: Option<WithResult>,
}

/// What the answer to a completed instance holds.
#[derive(Clone, Debug, Default)]
pub struct WithResult {
    /// Only these variables; all where empty.
    pub fetch_variables: Vec<Arc<str>>,
}

/// Publish a message.
#[derive(Clone, Debug)]
pub struct PublishMessage {
    /// The message's name.
    pub name: Arc<str>,
    /// Which instance it is for; empty: start events only.
    pub correlation_key: Arc<str>,
    /// How long it is kept, in milliseconds; 0 or less: not at all.
    pub ttl_ms: i64,
    /// Refused while another with the same name, correlation key and id is kept; empty: no check.
    pub message_id: Arc<str>,
    /// What it carries.
    pub variables: Document,
}

/// Correlate a message synchronously.
#[derive(Clone, Debug)]
pub struct CorrelateMessage {
    /// The message's name.
    pub name: Arc<str>,
    /// Which instance it is for.
    pub correlation_key: Arc<str>,
    /// What it carries.
    pub variables: Document,
}

/// Broadcast a signal.
#[derive(Clone, Debug)]
pub struct BroadcastSignal {
    /// The signal's name.
    pub name: Arc<str>,
    /// What it carries.
    pub variables: Document,
}

/// Take jobs.
#[derive(Clone, Debug)]
pub struct ActivateJobs {
    /// Of this type.
    pub job_type: Arc<str>,
    /// For this worker.
    pub worker: Arc<str>,
    /// Milliseconds until an activated job goes back to the queue.
    pub timeout_ms: i64,
    /// At most this many.
    pub max_jobs: usize,
    /// Only these variables; all visible ones where empty.
    pub fetch_variables: Arc<[Arc<str>]>,
    /// At most so many bytes of jobs.
    pub max_bytes: usize,
}

/// A failed attempt.
#[derive(Clone, Debug)]
pub struct FailJob {
    /// Which job.
    pub job: JobKey,
    /// How often it may still be tried.
    pub retries: i32,
    /// What went wrong.
    pub error_message: Arc<str>,
    /// Milliseconds before the next attempt.
    pub backoff_ms: i64,
    /// Variables local to the task.
    pub variables: Document,
}

/// A BPMN error thrown by a worker.
#[derive(Clone, Debug)]
pub struct ThrowError {
    /// Which job.
    pub job: JobKey,
    /// The code that catching events are compared with.
    pub error_code: Arc<str>,
    /// For people.
    pub error_message: Arc<str>,
    /// Variables local to the catching event.
    pub variables: Document,
}

/// What a command that was carried out answers. Released only when its events are durable.
#[derive(Clone, Debug, PartialEq)]
pub enum Reply {
    /// To [`Command::Deploy`], when every partition has it.
    Deployed(Deployed),
    /// To [`Command::CreateInstance`].
    InstanceCreated(InstanceCreated),
    /// To [`Command::CreateInstance`] with result: the variables as a JSON object.
    InstanceCompleted {
        /// What was created.
        instance: InstanceCreated,
        /// The root scope's variables.
        variables: String,
    },
    /// To [`Command::PublishMessage`].
    MessagePublished(MessageKey),
    /// To [`Command::CorrelateMessage`].
    MessageCorrelated {
        /// The message.
        message: MessageKey,
        /// The instance that took it.
        instance: ElementKey,
    },
    /// To [`Command::BroadcastSignal`].
    SignalBroadcast(SignalKey),
    /// To [`Command::ActivateJobs`].
    JobsActivated {
        /// The jobs, oldest first.
        jobs: Vec<ActivatedJob>,
        /// Whether jobs were left because of the byte limit.
        truncated: bool,
    },
    /// To [`Command::SetVariables`]: the key of this write.
    VariablesSet(u64),
    /// To [`Command::EvaluateDecision`].
    DecisionEvaluated(Box<DecisionEvaluated>),
    /// To [`Command::EvaluateExpression`].
    ExpressionEvaluated {
        /// The result as JSON.
        result: String,
        /// What was odd about it.
        warnings: Vec<String>,
    },
    /// To all commands whose success says everything.
    Done,
}

/// What a deployment made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deployed {
    /// The deployment.
    pub key: DeploymentKey,
    /// What each resource became; a DMN file gives one entry for itself and one for each decision.
    pub resources: Vec<DeployedResource>,
}

/// One definition of a deployment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeployedResource {
    /// A process.
    Process {
        /// Its key.
        key: ProcessKey,
        /// Its id.
        id: Arc<str>,
        /// Its version.
        version: i32,
        /// The file.
        resource_name: Arc<str>,
    },
    /// A decision.
    Decision {
        /// Its key.
        key: DecisionKey,
        /// Its id.
        id: Arc<str>,
        /// Its name.
        name: Arc<str>,
        /// Its version.
        version: i32,
        /// The id of its DMN file.
        drg_id: Arc<str>,
        /// The key of its DMN file.
        drg_key: DrgKey,
    },
    /// A DMN file.
    Drg {
        /// Its key.
        key: DrgKey,
        /// Its id.
        id: Arc<str>,
        /// Its name.
        name: Arc<str>,
        /// Its version.
        version: i32,
        /// The file.
        resource_name: Arc<str>,
    },
}

/// An instance that was created.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InstanceCreated {
    /// Of this definition.
    pub process: ProcessKey,
    /// Its id.
    pub process_id: Arc<str>,
    /// Its version.
    pub version: i32,
    /// The instance.
    pub instance: ElementKey,
}

/// A job as a worker receives it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActivatedJob {
    /// The job.
    pub key: JobKey,
    /// Its type.
    pub job_type: Arc<str>,
    /// The instance it belongs to.
    pub process_instance: ElementKey,
    /// The process's id.
    pub process_id: Arc<str>,
    /// The process's version.
    pub process_version: i32,
    /// The process's key.
    pub process: ProcessKey,
    /// The element's id.
    pub element_id: Arc<str>,
    /// The element instance.
    pub element_instance: ElementKey,
    /// Headers as a JSON object.
    pub headers: Arc<str>,
    /// Who has it.
    pub worker: Arc<str>,
    /// How often it may still be tried.
    pub retries: i32,
    /// When it goes back to the queue, in milliseconds since 1970.
    pub deadline_ms: i64,
    /// Variables as a JSON object.
    pub variables: String,
}

/// One time that a job was given to a worker. A job that timed out meanwhile and went to another worker has a different one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Activation {
    /// The job.
    pub job: JobKey,
    /// When the worker's time is over, in milliseconds since 1970.
    pub deadline_ms: i64,
}

impl ActivatedJob {
    /// Which activation this is.
    pub fn activation(&self) -> Activation {
        Activation { job: self.key, deadline_ms: self.deadline_ms }
    }

    /// About how many bytes it takes at the wire.
    pub fn size_bytes(&self) -> usize {
        self.variables.len() + self.headers.len() + self.job_type.len() + self.worker.len() + 256
    }
}

/// What evaluating a decision gave.
#[derive(Clone, Debug, PartialEq)]
pub struct DecisionEvaluated {
    /// The decision.
    pub key: DecisionKey,
    /// Its id.
    pub id: Arc<str>,
    /// Its name.
    pub name: Arc<str>,
    /// Its version.
    pub version: i32,
    /// The id of its DMN file.
    pub drg_id: Arc<str>,
    /// The key of its DMN file.
    pub drg_key: DrgKey,
    /// The key of this evaluation.
    pub evaluation: u64,
    /// The result as JSON; `null` on failure.
    pub output: String,
    /// The decision that failed and why.
    pub failure: Option<(Arc<str>, String)>,
    /// Every decision that was evaluated, required ones first.
    pub evaluated: Vec<EvaluatedDecision>,
}

/// One decision of an evaluation.
#[derive(Clone, Debug, PartialEq)]
pub struct EvaluatedDecision {
    /// The decision.
    pub key: DecisionKey,
    /// Its id.
    pub id: Arc<str>,
    /// Its name.
    pub name: Arc<str>,
    /// Its version.
    pub version: i32,
    /// `DECISION_TABLE`, `LITERAL_EXPRESSION`, ...
    pub kind: &'static str,
    /// The result as JSON.
    pub output: String,
    /// Inputs of a decision table: id, name, value as JSON.
    pub inputs: Vec<(Arc<str>, Arc<str>, String)>,
    /// Rules that matched: id, number from 1, outputs (id, name, value as JSON).
    pub matched_rules: Vec<MatchedRule>,
}

/// A rule that matched.
#[derive(Clone, Debug, PartialEq)]
pub struct MatchedRule {
    /// Its id.
    pub id: Arc<str>,
    /// Its number, from 1.
    pub index: i32,
    /// Outputs: id, name, value as JSON.
    pub outputs: Vec<(Arc<str>, Arc<str>, String)>,
}
