//! The executable graph that a BPMN file becomes.
//!
//! Everything the engine needs and nothing that is only drawn: names are resolved to indices, expressions are
//! compiled, defaults are filled in. After lowering there is no XML, no id look-up and no `Option` for what the
//! specification guarantees.
//!
//! `Process::elements[0]` is the process itself. An element's `scope` is the element that encloses it.

use std::sync::Arc;

use weir_feel::Expression;

/// Place of an element in [`Process::elements`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ElementIdx(pub u32);

/// Place of a sequence flow in [`Process::flows`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FlowIdx(pub u32);

/// One executable process of a file.
#[derive(Clone, Debug)]
pub struct Process {
    /// The `id` attribute: clients' "bpmnProcessId".
    pub id: Arc<str>,
    /// The `name` attribute.
    pub name: Option<Arc<str>>,
    /// `zeebe:versionTag`.
    pub version_tag: Option<Arc<str>>,
    /// All elements; the first is the process itself.
    pub elements: Vec<Element>,
    /// All sequence flows.
    pub flows: Vec<Flow>,
}

/// A sequence flow.
#[derive(Clone, Debug)]
pub struct Flow {
    /// The `id` attribute.
    pub id: Arc<str>,
    /// Where it starts.
    pub source: ElementIdx,
    /// Where it leads.
    pub target: ElementIdx,
    /// `conditionExpression`; never present on a default flow.
    pub condition: Option<Expression>,
}

/// An element of a process, with what all kinds have in common.
#[derive(Clone, Debug)]
pub struct Element {
    /// The `id` attribute.
    pub id: Arc<str>,
    /// The `name` attribute.
    pub name: Option<Arc<str>>,
    /// The enclosing element; `None` only for the process itself.
    pub scope: Option<ElementIdx>,
    /// What it is.
    pub kind: ElementKind,
    /// Incoming sequence flows, in document order.
    pub incoming: Vec<FlowIdx>,
    /// Outgoing sequence flows in the order in which they are considered: last of the document first (measured on Zeebe).
    pub outgoing: Vec<FlowIdx>,
    /// `zeebe:input`, in document order.
    pub inputs: Vec<Mapping>,
    /// `zeebe:output`, in document order.
    pub outputs: Vec<Mapping>,
    /// Boundary events attached to this activity.
    pub boundary_events: Vec<ElementIdx>,
    /// Event sub-processes directly inside this scope.
    pub event_sub_processes: Vec<ElementIdx>,
    /// The multi-instance marker of an activity.
    pub multi_instance: Option<MultiInstance>,
}

/// What an element is: one variant for each supported BPMN element.
#[derive(Clone, Debug)]
pub enum ElementKind {
    /// The process itself.
    Process(Scope),
    /// An embedded sub-process.
    SubProcess(Scope),
    /// An event sub-process: a sub-process with `triggeredByEvent`.
    EventSubProcess(EventSubProcess),
    /// A start event, of a process, a sub-process or an event sub-process.
    StartEvent(CatchEvent),
    /// An end event.
    EndEvent(EndEvent),
    /// An intermediate catch event.
    IntermediateCatchEvent(CatchEvent),
    /// An intermediate throw event.
    IntermediateThrowEvent(ThrowEvent),
    /// A boundary event.
    BoundaryEvent(BoundaryEvent),
    /// A service task.
    ServiceTask(JobDefinition),
    /// A send task.
    SendTask(JobDefinition),
    /// A script task.
    ScriptTask(ScriptTask),
    /// A business rule task.
    BusinessRuleTask(BusinessRuleTask),
    /// A user task (as a job).
    UserTask(JobDefinition),
    /// A receive task.
    ReceiveTask(MessageCatch),
    /// A manual task: passed through.
    ManualTask,
    /// An undefined task: passed through.
    Task,
    /// An exclusive gateway.
    ExclusiveGateway(ExclusiveGateway),
    /// A parallel gateway.
    ParallelGateway,
    /// An event-based gateway.
    EventBasedGateway,
    /// A call activity.
    CallActivity(CallActivity),
}

impl ElementKind {
    /// The name that BPMN's XML gives an element of this kind. An event sub-process, which is a `subProcess` there, is told apart.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Process(_) => "process",
            Self::SubProcess(_) => "subProcess",
            Self::EventSubProcess(_) => "eventSubProcess",
            Self::StartEvent(_) => "startEvent",
            Self::EndEvent(_) => "endEvent",
            Self::IntermediateCatchEvent(_) => "intermediateCatchEvent",
            Self::IntermediateThrowEvent(_) => "intermediateThrowEvent",
            Self::BoundaryEvent(_) => "boundaryEvent",
            Self::ServiceTask(_) => "serviceTask",
            Self::SendTask(_) => "sendTask",
            Self::ScriptTask(_) => "scriptTask",
            Self::BusinessRuleTask(_) => "businessRuleTask",
            Self::UserTask(_) => "userTask",
            Self::ReceiveTask(_) => "receiveTask",
            Self::ManualTask => "manualTask",
            Self::Task => "task",
            Self::ExclusiveGateway(_) => "exclusiveGateway",
            Self::ParallelGateway => "parallelGateway",
            Self::EventBasedGateway => "eventBasedGateway",
            Self::CallActivity(_) => "callActivity",
        }
    }
}

/// What a process and a sub-process contain.
#[derive(Clone, Debug)]
pub struct Scope {
    /// The none start event, where there is one (a sub-process always has one).
    pub none_start: Option<ElementIdx>,
    /// Start events with a trigger (only in a process).
    pub triggered_starts: Vec<ElementIdx>,
}

/// An event sub-process.
#[derive(Clone, Debug)]
pub struct EventSubProcess {
    /// Its only start event, which carries the trigger.
    pub start: ElementIdx,
    /// Whether it ends what else runs in the enclosing scope.
    pub interrupting: bool,
}

/// The trigger of a catching event.
#[derive(Clone, Debug)]
pub enum CatchEvent {
    /// No trigger: only start events.
    None,
    /// A message.
    Message(MessageCatch),
    /// A signal with this name.
    Signal(Expr),
    /// A point in time.
    Timer(TimerDefinition),
    /// A BPMN error: only boundary events and start events of event sub-processes.
    Error(ErrorCatch),
}

/// A message that is waited for.
#[derive(Clone, Debug)]
pub struct MessageCatch {
    /// The message's name.
    pub name: Expr,
    /// The correlation key; absent only for start events of a process.
    pub correlation_key: Option<Expression>,
}

/// An error that is caught.
#[derive(Clone, Debug)]
pub struct ErrorCatch {
    /// The error code; `None` catches every error.
    pub code: Option<Arc<str>>,
}

/// When a timer fires. Static text was checked when the model was read.
#[derive(Clone, Debug)]
pub enum TimerDefinition {
    /// `timeDate`: ISO 8601 with zone or offset.
    Date(Expr),
    /// `timeDuration`: ISO 8601 period and duration.
    Duration(Expr),
    /// `timeCycle`: a repeating interval, or cron.
    Cycle(Expr),
}

/// An end event.
#[derive(Clone, Debug)]
pub enum EndEvent {
    /// Ends its branch.
    None,
    /// Ends its scope.
    Terminate,
    /// Throws an error with this code.
    Error(Expr),
    /// Sends a message, as a job.
    Message(JobDefinition),
    /// Broadcasts a signal with this name.
    Signal(Expr),
}

/// An intermediate throw event.
#[derive(Clone, Debug)]
pub enum ThrowEvent {
    /// Passed through.
    None,
    /// Sends a message, as a job.
    Message(JobDefinition),
    /// Broadcasts a signal with this name.
    Signal(Expr),
}

/// A boundary event.
#[derive(Clone, Debug)]
pub struct BoundaryEvent {
    /// The activity that it is attached to.
    pub attached_to: ElementIdx,
    /// `cancelActivity`.
    pub interrupting: bool,
    /// Its trigger; never [`CatchEvent::None`].
    pub trigger: CatchEvent,
}

/// What makes an element a job for a worker.
#[derive(Clone, Debug)]
pub struct JobDefinition {
    /// The job's type.
    pub job_type: Expr,
    /// How often it may be tried; 3 where the model says nothing.
    pub retries: Expr,
    /// `zeebe:taskHeaders`, as the JSON object that workers receive (`{}` when empty).
    pub headers: Arc<str>,
    /// Headers whose value is known only at run time: name and expression. A null is left out; what is no string is
    /// written as JSON. Empty for all but user tasks.
    pub evaluated_headers: Vec<(Arc<str>, Expression)>,
}

/// A script task.
#[derive(Clone, Debug)]
pub enum ScriptTask {
    /// A FEEL expression whose result goes into a variable.
    Feel {
        /// The script.
        expression: Expression,
        /// The variable that takes the result.
        result_variable: Arc<str>,
    },
    /// A job for a worker.
    Job(JobDefinition),
}

/// A business rule task.
#[derive(Clone, Debug)]
pub enum BusinessRuleTask {
    /// A decision of a deployed DMN model.
    Decision {
        /// The decision's id.
        decision_id: Expr,
        /// The variable that takes the result.
        result_variable: Arc<str>,
        /// Which version of the decision.
        binding: Binding,
    },
    /// A job for a worker.
    Job(JobDefinition),
}

/// Which version of another definition is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Binding {
    /// The newest.
    Latest,
    /// The one of the same deployment.
    Deployment,
    /// The newest that carries this tag.
    VersionTag(Arc<str>),
}

/// An exclusive gateway.
#[derive(Clone, Debug)]
pub struct ExclusiveGateway {
    /// Taken when no condition holds.
    pub default: Option<FlowIdx>,
}

/// A call activity.
#[derive(Clone, Debug)]
pub struct CallActivity {
    /// The id of the process that is called.
    pub process_id: Expr,
    /// Which version of it.
    pub binding: Binding,
    /// Whether all the child's variables come back.
    pub propagate_all_child_variables: bool,
    /// Whether the child sees all the variables that the call activity sees.
    pub propagate_all_parent_variables: bool,
}

/// The multi-instance marker.
#[derive(Clone, Debug)]
pub struct MultiInstance {
    /// One after the other.
    pub sequential: bool,
    /// The list whose items become inner instances.
    pub input_collection: Expression,
    /// The variable that takes the item.
    pub input_element: Option<Arc<str>>,
    /// The variable that takes the list of results, and the expression of one result.
    pub output: Option<MultiInstanceOutput>,
    /// Ends the body before all items are done.
    pub completion_condition: Option<Expression>,
}

/// What a multi-instance activity collects.
#[derive(Clone, Debug)]
pub struct MultiInstanceOutput {
    /// The variable that takes the list.
    pub collection: Arc<str>,
    /// What is put into it for each inner instance.
    pub element: Expression,
}

/// One `zeebe:input` or `zeebe:output`.
#[derive(Clone, Debug)]
pub struct Mapping {
    /// What is evaluated.
    pub source: Expr,
    /// The path of the variable that takes the value: `a.b.c` split at the dots; never empty.
    pub target: Vec<Arc<str>>,
}

/// An attribute that may hold text or, after `=`, a FEEL expression.
///
/// Static text that reads as a decimal number is a number, as in Zeebe.
#[derive(Clone, Debug)]
pub enum Expr {
    /// Static text.
    Text(Arc<str>),
    /// Static text that is a number.
    Number(Arc<str>),
    /// A compiled expression.
    Feel(Expression),
}

impl Process {
    /// The element at `idx`.
    pub fn element(&self, idx: ElementIdx) -> &Element {
        &self.elements[idx.0 as usize]
    }

    /// The flow at `idx`.
    pub fn flow(&self, idx: FlowIdx) -> &Flow {
        &self.flows[idx.0 as usize]
    }

    /// The element with the id `id`.
    pub fn element_by_id(&self, id: &str) -> Option<ElementIdx> {
        self.elements.iter().position(|element| &*element.id == id).map(|place| ElementIdx(place as u32))
    }
}
