//! A family as BPMN XML.

use std::fmt::Write as _;

use super::{CALM, ERROR_CODES, Family, Kind, LOUD, Many, Model, On};

/// The id of the decision that business rule tasks call.
const DECISION: &str = "raised";

/// The decision as DMN XML.
pub fn decision_xml() -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<definitions xmlns=\"https://www.omg.org/spec/DMN/20191111/MODEL/\" \
         id=\"decisions\" name=\"decisions\" namespace=\"sim\">\n<decision id=\"{DECISION}\" name=\"{DECISION}\">\
         <variable name=\"{DECISION}\"/><literalExpression><text>a + 100</text></literalExpression></decision>\n</definitions>\n"
    )
}

/// The family as BPMN XML.
pub fn to_xml(family: &Family) -> String {
    let mut out = String::from(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<definitions \
         xmlns=\"http://www.omg.org/spec/BPMN/20100524/MODEL\" \
         xmlns:zeebe=\"http://camunda.org/schema/zeebe/1.0\" targetNamespace=\"sim\" id=\"d\">\n",
    );
    for code in ERROR_CODES {
        let _ = writeln!(out, "<error id=\"{code}\" errorCode=\"{code}\"/>");
    }
    if family.models.iter().flat_map(|model| &model.nodes).any(|node| node.kind.has_signal()) {
        for name in [CALM, LOUD] {
            let _ = writeln!(out, "<signal id=\"{name}\" name=\"{name}\"/>");
        }
    }
    for model in &family.models {
        for node in model.nodes.iter().filter(|node| node.kind.message().is_some()) {
            let _ = writeln!(
                out,
                "<message id=\"m_{0}\" name=\"{0}\"><extensionElements><zeebe:subscription correlationKey=\"=key\"/>\
                 </extensionElements></message>",
                node.id
            );
        }
    }
    for (number, model) in family.models.iter().enumerate() {
        let _ = writeln!(out, "<process id=\"{}\" isExecutable=\"true\">", model.id);
        Writer { out: &mut out, family, model, number }.scope(0);
        out.push_str("</process>\n");
    }
    out.push_str("</definitions>\n");
    out
}

struct Writer<'a> {
    out: &'a mut String,
    family: &'a Family,
    model: &'a Model,
    number: usize,
}

impl Writer<'_> {
    fn scope(&mut self, scope: usize) {
        for node in self.model.within(scope).collect::<Vec<_>>() {
            self.node(node);
        }
        let flows = self.model.flows.iter().enumerate().filter(|(_, flow)| flow.scope == scope);
        for (place, flow) in flows {
            let (from, to) = (&self.model.nodes[flow.from].id, &self.model.nodes[flow.to].id);
            let number = self.number;
            let _ = write!(
                self.out,
                "<sequenceFlow id=\"f{number}_{place}\" sourceRef=\"{from}\" targetRef=\"{to}\""
            );
            let _ = match flow.condition {
                Some(name) => writeln!(
                    self.out,
                    "><conditionExpression>={name} &gt; 1</conditionExpression></sequenceFlow>"
                ),
                None => writeln!(self.out, "/>"),
            };
        }
    }

    fn node(&mut self, place: usize) {
        let node = &self.model.nodes[place];
        let id = &node.id;
        let tag = match &node.kind {
            Kind::Process => return,
            Kind::Start | Kind::MessageStart | Kind::EventStart(..) => "startEvent",
            Kind::End | Kind::Terminate | Kind::ErrorEnd(_) | Kind::SignalEnd(_) => "endEvent",
            Kind::Throw(_) => "intermediateThrowEvent",
            Kind::Service => "serviceTask",
            Kind::Pass => "task",
            Kind::Script => "scriptTask",
            Kind::Decision => "businessRuleTask",
            Kind::Receive(_) => "receiveTask",
            Kind::Catch(_) => "intermediateCatchEvent",
            Kind::Exclusive => "exclusiveGateway",
            Kind::Parallel => "parallelGateway",
            Kind::EventBased => "eventBasedGateway",
            Kind::SubProcess | Kind::EventSubProcess => "subProcess",
            Kind::Boundary(..) => "boundaryEvent",
            Kind::Call(_) => "callActivity",
        };
        let attributes = self.attributes(place);
        let _ = writeln!(self.out, "<{tag} id=\"{id}\"{attributes}>");
        self.content(place);
        let _ = writeln!(self.out, "</{tag}>");
    }

    fn attributes(&self, place: usize) -> String {
        let node = &self.model.nodes[place];
        let default = self.model.flows.iter().position(|flow| flow.from == place && flow.default);
        match &node.kind {
            Kind::Exclusive => {
                default.map(|flow| format!(" default=\"f{}_{flow}\"", self.number)).unwrap_or_default()
            }
            Kind::Receive(_) => format!(" messageRef=\"m_{}\"", node.id),
            Kind::EventSubProcess => " triggeredByEvent=\"true\"".into(),
            Kind::EventStart(_, interrupting) => format!(" isInterrupting=\"{interrupting}\""),
            Kind::Boundary(host, _, interrupting) => {
                format!(" attachedToRef=\"{}\" cancelActivity=\"{interrupting}\"", self.model.nodes[*host].id)
            }
            Kind::Process
            | Kind::Start
            | Kind::MessageStart
            | Kind::End
            | Kind::Terminate
            | Kind::ErrorEnd(_)
            | Kind::SignalEnd(_)
            | Kind::Throw(_)
            | Kind::Service
            | Kind::Pass
            | Kind::Script
            | Kind::Decision
            | Kind::Catch(_)
            | Kind::Parallel
            | Kind::EventBased
            | Kind::SubProcess
            | Kind::Call(_) => String::new(),
        }
    }

    fn content(&mut self, place: usize) {
        let node = &self.model.nodes[place];
        if let Some(extension) = self.extension(place) {
            let _ = write!(self.out, "<extensionElements>{extension}</extensionElements>");
        }
        if node.kind == Kind::Terminate {
            self.out.push_str("<terminateEventDefinition/>");
        }
        if let Kind::ErrorEnd(code) = &node.kind {
            let _ = write!(self.out, "<errorEventDefinition errorRef=\"{code}\"/>");
        }
        if let Kind::SignalEnd(name) | Kind::Throw(name) = &node.kind {
            let _ = write!(self.out, "<signalEventDefinition signalRef=\"{name}\"/>");
        }
        if let Some(on) = node.kind.on().filter(|_| !matches!(node.kind, Kind::Receive(_))) {
            let definition = event_definition(on, &node.id);
            self.out.push_str(&definition);
        }
        if let Some(many) = &node.many {
            self.many(place, &many.clone());
        }
        if matches!(self.model.nodes[place].kind, Kind::SubProcess | Kind::EventSubProcess) {
            self.scope(place);
        }
    }

    fn extension(&self, place: usize) -> Option<String> {
        let node = &self.model.nodes[place];
        let maps = match node.maps {
            true => format!(
                "<zeebe:ioMapping><zeebe:input source=\"=a + 1\" target=\"x{place}\"/>\
                 <zeebe:output source=\"=x{place}\" target=\"y{place}\"/><zeebe:output source=\"=b\" target=\"z{place}\"/>\
                 </zeebe:ioMapping>"
            ),
            false => String::new(),
        };
        match &node.kind {
            Kind::Service => Some(format!("<zeebe:taskDefinition type=\"work\" retries=\"2\"/>{maps}")),
            Kind::Script => {
                Some(format!("<zeebe:script expression=\"=a + 10\" resultVariable=\"s{place}\"/>"))
            }
            Kind::Decision => {
                Some(format!("<zeebe:calledDecision decisionId=\"{DECISION}\" resultVariable=\"d{place}\"/>"))
            }
            Kind::Call(called) => Some(format!(
                "<zeebe:calledElement processId=\"{}\" propagateAllChildVariables=\"true\"/>",
                self.family.models[*called].id
            )),
            Kind::Process
            | Kind::Start
            | Kind::MessageStart
            | Kind::End
            | Kind::Terminate
            | Kind::ErrorEnd(_)
            | Kind::SignalEnd(_)
            | Kind::Throw(_)
            | Kind::Pass
            | Kind::Receive(_)
            | Kind::Catch(_)
            | Kind::Exclusive
            | Kind::Parallel
            | Kind::EventBased
            | Kind::SubProcess
            | Kind::EventSubProcess
            | Kind::EventStart(..)
            | Kind::Boundary(..) => None,
        }
    }

    fn many(&mut self, place: usize, many: &Many) {
        let items: Vec<_> = (1..=many.items).map(|item| item.to_string()).collect();
        let collects = match many.collects {
            true => format!(" outputCollection=\"out{}_{place}\" outputElement=\"=item + 1\"", self.number),
            false => String::new(),
        };
        let enough = match many.enough {
            true => "<completionCondition>=numberOfCompletedInstances &gt;= 2</completionCondition>",
            false => "",
        };
        let _ = write!(
            self.out,
            "<multiInstanceLoopCharacteristics isSequential=\"{}\"><extensionElements>\
             <zeebe:loopCharacteristics inputCollection=\"=[{}]\" inputElement=\"item\"{collects}/>\
             </extensionElements>{enough}</multiInstanceLoopCharacteristics>",
            many.sequential,
            items.join(", ")
        );
    }
}

fn event_definition(on: &On, id: &str) -> String {
    match on {
        On::Message => format!("<messageEventDefinition messageRef=\"m_{id}\"/>"),
        On::Signal(name) => format!("<signalEventDefinition signalRef=\"{name}\"/>"),
        On::Timer(ms, 1) => {
            let seconds = ms / 1_000;
            format!("<timerEventDefinition><timeDuration>PT{seconds}S</timeDuration></timerEventDefinition>")
        }
        On::Timer(ms, times) => {
            let seconds = ms / 1_000;
            format!(
                "<timerEventDefinition><timeCycle>R{times}/PT{seconds}S</timeCycle></timerEventDefinition>"
            )
        }
        On::Error(Some(code)) => format!("<errorEventDefinition errorRef=\"{code}\"/>"),
        On::Error(None) => "<errorEventDefinition/>".into(),
    }
}
