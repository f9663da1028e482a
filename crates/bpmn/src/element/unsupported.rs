//! What has behaviour in BPMN but not here yet: refused by name, because an element that silently does nothing is
//! the worst of all.

/// An element that is refused.
pub(crate) struct Unsupported {
    /// Its XML name.
    pub(crate) name: &'static str,
    /// What people call it.
    pub(crate) title: &'static str,
    /// What to use instead.
    pub(crate) remedy: &'static str,
}

const ELEMENTS: [Unsupported; 8] = [
    Unsupported {
        name: "inclusiveGateway",
        title: "inclusive gateway",
        remedy: "use a parallel gateway with an exclusive gateway on each branch, or wait for a later release",
    },
    Unsupported {
        name: "complexGateway",
        title: "complex gateway",
        remedy: "express the rule with exclusive and parallel gateways",
    },
    Unsupported {
        name: "transaction",
        title: "transaction sub-process",
        remedy: "use a sub-process with an error boundary event",
    },
    Unsupported {
        name: "adHocSubProcess",
        title: "ad-hoc sub-process",
        remedy: "use a sub-process, or wait for a later release",
    },
    Unsupported {
        name: "subChoreography",
        title: "sub-choreography",
        remedy: "model the choreography as processes that exchange messages",
    },
    Unsupported {
        name: "choreographyTask",
        title: "choreography task",
        remedy: "model the choreography as processes that exchange messages",
    },
    Unsupported {
        name: "callChoreography",
        title: "call choreography",
        remedy: "model the choreography as processes that exchange messages",
    },
    Unsupported {
        name: "implicitThrowEvent",
        title: "implicit throw event",
        remedy: "use an intermediate throw event",
    },
];

const EVENT_DEFINITIONS: [Unsupported; 5] = [
    Unsupported {
        name: "escalationEventDefinition",
        title: "escalation event",
        remedy: "use an error event, or wait for a later release",
    },
    Unsupported {
        name: "compensateEventDefinition",
        title: "compensation event",
        remedy: "model the compensating activities explicitly, or wait for a later release",
    },
    Unsupported {
        name: "conditionalEventDefinition",
        title: "conditional event",
        remedy: "use a message event, or wait for a later release",
    },
    Unsupported {
        name: "linkEventDefinition",
        title: "link event",
        remedy: "draw a sequence flow, or wait for a later release",
    },
    Unsupported { name: "cancelEventDefinition", title: "cancel event", remedy: "use an error event" },
];

/// The refused flow element with this XML name.
pub(crate) fn element(name: &str) -> Option<&'static Unsupported> {
    ELEMENTS.iter().find(|unsupported| unsupported.name == name)
}

/// The refused event definition with this XML name.
pub(crate) fn event_definition(name: &str) -> Option<&'static Unsupported> {
    EVENT_DEFINITIONS.iter().find(|unsupported| unsupported.name == name)
}

/// All refused elements and event definitions, for the support table.
pub(crate) fn all() -> impl Iterator<Item = &'static Unsupported> {
    ELEMENTS.iter().chain(&EVENT_DEFINITIONS)
}

impl Unsupported {
    /// What is wrong.
    pub(crate) fn message(&self) -> String {
        format!("{} is not supported yet (bpmn:{})", self.title, self.name)
    }
}
