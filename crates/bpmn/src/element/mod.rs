//! One file per element; this one is the register.

use crate::diagnostic::Report;
use crate::model::Site;
use crate::process::ElementKind;
use crate::xml::{self, Node};

pub(crate) mod drawn;
pub(crate) mod unsupported;

/// The register: declares the module of each element, its [`Tag`], and its lowering.
macro_rules! elements {
    ($($tag:ident = $name:literal in $module:ident,)*) => {
        $(pub(crate) mod $module;)*

        /// Which element a node of the model is.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub(crate) enum Tag { $(#[doc = $name] $tag,)* }

        impl Tag {
            /// The element with this XML name.
            fn named(name: &str) -> Option<Self> {
                match name { $($name => Some(Self::$tag),)* _ => None }
            }

            /// What people call it: the XML name, where it has one.
            pub(crate) fn name(self) -> &'static str {
                match self { $(Self::$tag => $name,)* }
            }
        }

        /// Lowers one element; `None` when it was refused (which is then in `report`).
        pub(crate) fn lower(site: &Site<'_, '_>, report: &mut Report) -> Option<ElementKind> {
            match site.element().tag { $(Tag::$tag => $module::lower(site, report),)* }
        }

        /// The file of each element in this folder, for the support table.
        pub(crate) const MODULES: &[(&str, &str)] = &[$(($name, stringify!($module)),)*];
    };
}

elements! {
    Process = "process" in process,
    SubProcess = "subProcess" in sub_process,
    EventSubProcess = "subProcess[triggeredByEvent]" in event_sub_process,
    StartEvent = "startEvent" in start_event,
    EndEvent = "endEvent" in end_event,
    IntermediateCatchEvent = "intermediateCatchEvent" in intermediate_catch_event,
    IntermediateThrowEvent = "intermediateThrowEvent" in intermediate_throw_event,
    BoundaryEvent = "boundaryEvent" in boundary_event,
    ServiceTask = "serviceTask" in service_task,
    SendTask = "sendTask" in send_task,
    ScriptTask = "scriptTask" in script_task,
    BusinessRuleTask = "businessRuleTask" in business_rule_task,
    UserTask = "userTask" in user_task,
    ReceiveTask = "receiveTask" in receive_task,
    ManualTask = "manualTask" in manual_task,
    Task = "task" in task,
    ExclusiveGateway = "exclusiveGateway" in exclusive_gateway,
    ParallelGateway = "parallelGateway" in parallel_gateway,
    EventBasedGateway = "eventBasedGateway" in event_based_gateway,
    CallActivity = "callActivity" in call_activity,
}

// The marker of activities has a file of its own but is no element.
pub(crate) mod multi_instance;

impl Tag {
    /// Which element `node`, directly inside a process or sub-process, is.
    pub(crate) fn of(node: Node<'_>) -> Option<Self> {
        match Self::named(node.tag_name().name())? {
            Self::Process => None,
            Self::SubProcess if xml::flag(node, "triggeredByEvent", false) => Some(Self::EventSubProcess),
            tag => Some(tag),
        }
    }

    /// What a sentence calls it.
    pub(crate) fn with_article(self) -> String {
        let name = match self {
            Self::EventSubProcess => "event sub-process",
            tag => tag.name(),
        };
        let article = if name.starts_with(['a', 'e', 'i', 'o']) { "an" } else { "a" };
        format!("{article} {name}")
    }

    /// Whether other elements are inside it.
    pub(crate) fn is_scope(self) -> bool {
        matches!(self, Self::Process | Self::SubProcess | Self::EventSubProcess)
    }

    /// Whether it is an activity: it may carry boundary events and a multi-instance marker.
    pub(crate) fn is_activity(self) -> bool {
        match self {
            Self::SubProcess
            | Self::ServiceTask
            | Self::SendTask
            | Self::ScriptTask
            | Self::BusinessRuleTask
            | Self::UserTask
            | Self::ReceiveTask
            | Self::ManualTask
            | Self::Task
            | Self::CallActivity => true,
            Self::Process
            | Self::EventSubProcess
            | Self::StartEvent
            | Self::EndEvent
            | Self::IntermediateCatchEvent
            | Self::IntermediateThrowEvent
            | Self::BoundaryEvent
            | Self::ExclusiveGateway
            | Self::ParallelGateway
            | Self::EventBasedGateway => false,
        }
    }

    /// Whether it passes on without waiting for anything outside.
    pub(crate) fn is_straight_through(self) -> bool {
        match self {
            Self::SubProcess
            | Self::ManualTask
            | Self::Task
            | Self::CallActivity
            | Self::StartEvent
            | Self::EndEvent
            | Self::ExclusiveGateway
            | Self::ParallelGateway => true,
            Self::Process
            | Self::EventSubProcess
            | Self::ServiceTask
            | Self::SendTask
            | Self::ScriptTask
            | Self::BusinessRuleTask
            | Self::UserTask
            | Self::ReceiveTask
            | Self::IntermediateCatchEvent
            | Self::IntermediateThrowEvent
            | Self::BoundaryEvent
            | Self::EventBasedGateway => false,
        }
    }
}
