//! Processes drawn at random: a graph that the reference interpreter walks, and its BPMN XML for the engine.
//!
//! They are block-structured (what forks also joins), so that every one of them can end. Conditions look at the variables
//! `a`, `b` and `c`, which always are whole numbers: once all three are 0, every loop is left.

use std::fmt::Write as _;

use weir_journal::random::SplitMix;

/// Several processes of one file; the first one is started, the others are called.
#[derive(Clone, Debug)]
pub struct Family {
    /// The processes.
    pub models: Vec<Model>,
}

/// One process.
#[derive(Clone, Debug, Default)]
pub struct Model {
    /// Its id.
    pub id: String,
    /// All elements; the first is the process itself.
    pub nodes: Vec<Node>,
    /// All sequence flows, in the order of the document.
    pub flows: Vec<Flow>,
}

/// An element.
#[derive(Clone, Debug)]
pub struct Node {
    /// Its id.
    pub id: String,
    /// The process or sub-process that it stands in.
    pub scope: usize,
    /// What it is.
    pub kind: Kind,
    /// Whether it is a multi-instance.
    pub many: Option<Many>,
}

/// A sequence flow.
#[derive(Clone, Debug)]
pub struct Flow {
    /// The scope it stands in.
    pub scope: usize,
    /// Where it begins.
    pub from: usize,
    /// Where it leads.
    pub to: usize,
    /// The variable that must be greater than 1.
    pub condition: Option<&'static str>,
    /// Whether it is its gateway's default.
    pub default: bool,
}

/// What an element is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The process itself.
    Process,
    /// None start event.
    Start,
    /// None end event.
    End,
    /// Terminate end event.
    Terminate,
    /// Error end event with this code.
    ErrorEnd(&'static str),
    /// Service task: a job.
    Service,
    /// Undefined task: passed through.
    Pass,
    /// FEEL script task: writes `s<number>`.
    Script,
    /// Receive task.
    Receive(On),
    /// Intermediate catch event.
    Catch(On),
    /// Exclusive gateway.
    Exclusive,
    /// Parallel gateway.
    Parallel,
    /// Event-based gateway.
    EventBased,
    /// Embedded sub-process.
    SubProcess,
    /// Event sub-process; its start event is the element after it.
    EventSubProcess,
    /// Its start event.
    EventStart(On, Interrupting),
    /// Boundary event of an activity.
    Boundary(usize, On, Interrupting),
    /// Call activity: which of the family.
    Call(usize),
}

/// Whether a catching event ends what it stands at.
pub type Interrupting = bool;

/// What a catching event waits for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum On {
    /// The message with the element's name, correlated by the variable `key`.
    Message,
    /// So many milliseconds; so many times (more than one: a cycle).
    Timer(i64, u32),
    /// An error with this code; `None`: any.
    Error(Option<&'static str>),
}

/// A multi-instance over the items 1 to 3, or fewer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Many {
    /// One after the other.
    pub sequential: bool,
    /// How many items.
    pub items: usize,
    /// Whether it collects `item + 1` into `out<process>_<number>`.
    pub collects: bool,
    /// Whether it is over after two items.
    pub enough: bool,
}

/// The variables that conditions look at.
pub const CONDITION_VARIABLES: [&str; 3] = ["a", "b", "c"];
/// The error codes that are thrown.
pub const ERROR_CODES: [&str; 2] = ["E1", "E2"];

impl Model {
    /// The flows that leave an element, last of the document first: the order in which they are considered.
    pub fn outgoing(&self, node: usize) -> Vec<usize> {
        (0..self.flows.len()).rev().filter(|flow| self.flows[*flow].from == node).collect()
    }

    /// The flows that lead to an element.
    pub fn incoming(&self, node: usize) -> Vec<usize> {
        (0..self.flows.len()).filter(|flow| self.flows[*flow].to == node).collect()
    }

    /// The elements directly in a scope.
    pub fn within(&self, scope: usize) -> impl Iterator<Item = usize> + '_ {
        (1..self.nodes.len()).filter(move |node| self.nodes[*node].scope == scope)
    }

    /// The boundary events of an activity.
    pub fn boundaries(&self, host: usize) -> Vec<usize> {
        let attached = |node: &usize| matches!(self.nodes[*node].kind, Kind::Boundary(at, ..) if at == host);
        (1..self.nodes.len()).filter(attached).collect()
    }
}

/// Which elements are drawn.
#[derive(Clone, Copy, Debug)]
pub struct Palette {
    /// How deep blocks nest.
    pub depth: usize,
    /// Boundary events and event sub-processes.
    pub events: bool,
    /// Multi-instance.
    pub many: bool,
    /// Call activities.
    pub calls: bool,
    /// Terminate and error end events.
    pub abrupt: bool,
}

impl Palette {
    /// Everything, at this depth.
    pub fn all(depth: usize) -> Palette {
        Palette { depth, events: true, many: true, calls: true, abrupt: true }
    }
}

/// Draws a family.
pub fn draw(random: &mut SplitMix, palette: Palette, name: &str) -> Family {
    let count = if palette.calls && random.percent(50) { 2 } else { 1 };
    let models = (0..count).map(|number| {
        let id = format!("{name}_{number}");
        let process = Node { id: id.clone(), scope: 0, kind: Kind::Process, many: None };
        let model = Model { id, nodes: vec![process], flows: Vec::new() };
        let mut pen = Pen { random, palette, model, number, count };
        pen.scope(0, palette.depth, Kind::Start);
        pen.model
    });
    Family { models: models.collect() }
}

/// What draws one process.
struct Pen<'a> {
    random: &'a mut SplitMix,
    palette: Palette,
    model: Model,
    number: usize,
    count: usize,
}

impl Pen<'_> {
    fn node(&mut self, scope: usize, kind: Kind) -> usize {
        let place = self.model.nodes.len();
        let id = format!("{}{}_{place}", kind.prefix(), self.number);
        self.model.nodes.push(Node { id, scope, kind, many: None });
        place
    }

    fn flow(&mut self, from: usize, to: usize) -> usize {
        let scope = self.model.nodes[from].scope;
        self.model.flows.push(Flow { scope, from, to, condition: None, default: false });
        self.model.flows.len() - 1
    }

    fn condition(&mut self) -> &'static str {
        CONDITION_VARIABLES[self.random.below(3)]
    }

    fn code(&mut self) -> &'static str {
        ERROR_CODES[self.random.below(2)]
    }

    /// Fills a scope: a start event, blocks, an end event, perhaps event sub-processes.
    fn scope(&mut self, scope: usize, depth: usize, start: Kind) {
        let start = self.node(scope, start);
        let last = self.blocks(scope, start, depth);
        let end = self.node(scope, Kind::End);
        self.flow(last, end);
        let event_starts = matches!(self.model.nodes[start].kind, Kind::EventStart(..));
        if self.palette.events && !event_starts && self.random.percent(25) {
            let inner = self.node(scope, Kind::EventSubProcess);
            let (on, interrupting) = self.trigger();
            self.scope(inner, depth.saturating_sub(1).min(1), Kind::EventStart(on, interrupting));
        }
    }

    fn blocks(&mut self, scope: usize, mut last: usize, depth: usize) -> usize {
        for _ in 0..1 + self.random.below(3) {
            last = self.block(scope, last, depth);
        }
        last
    }

    fn block(&mut self, scope: usize, last: usize, depth: usize) -> usize {
        let choice = if depth == 0 { self.random.below(50) } else { self.random.below(100) };
        match choice {
            0..30 => self.task(scope, last, Kind::Service),
            30..35 => self.task(scope, last, Kind::Pass),
            35..38 => self.task(scope, last, Kind::Script),
            38..42 => self.task(scope, last, Kind::Receive(On::Message)),
            42..46 => self.task(scope, last, Kind::Catch(On::Message)),
            46..50 => {
                let timer = self.timer(1);
                self.task(scope, last, Kind::Catch(timer))
            }
            50..62 => self.exclusive(scope, last, depth),
            62..72 => self.parallel(scope, last, depth),
            72..78 => self.event_based(scope, last, depth),
            78..84 => self.repeat(scope, last, depth),
            84..94 => self.sub_process(scope, last, depth),
            _ if self.palette.calls && self.number + 1 < self.count => {
                self.task(scope, last, Kind::Call(self.number + 1))
            }
            _ => self.task(scope, last, Kind::Service),
        }
    }

    fn task(&mut self, scope: usize, last: usize, kind: Kind) -> usize {
        let node = self.node(scope, kind);
        self.flow(last, node);
        self.dress(node)
    }

    /// Gives an activity a multi-instance marker and a boundary event, perhaps; gives what the next flow leaves from. What an
    /// interrupting boundary event leads to comes back to the activity's way, so that a join behind it gets its token.
    fn dress(&mut self, node: usize) -> usize {
        let kind = self.model.nodes[node].kind.clone();
        if matches!(kind, Kind::Catch(_) | Kind::Pass | Kind::Script) {
            return node;
        }
        if self.palette.many && !matches!(kind, Kind::Receive(_)) && self.random.percent(15) {
            let many = Many {
                sequential: self.random.percent(50),
                items: self.random.below(4),
                collects: self.random.percent(60),
                enough: self.random.percent(20),
            };
            self.model.nodes[node].many = Some(many);
        }
        if !self.palette.events || self.random.percent(70) {
            return node;
        }
        let (on, interrupting) = self.trigger();
        let scope = self.model.nodes[node].scope;
        let boundary = self.node(scope, Kind::Boundary(node, on, interrupting));
        let after = self.task_or_not(scope, boundary);
        let next = self.node(scope, if interrupting { Kind::Exclusive } else { Kind::End });
        self.flow(after, next);
        if !interrupting {
            return node;
        }
        self.flow(node, next);
        next
    }

    fn task_or_not(&mut self, scope: usize, last: usize) -> usize {
        if self.random.percent(40) {
            return last;
        }
        let node = self.node(scope, Kind::Service);
        self.flow(last, node);
        node
    }

    fn trigger(&mut self) -> (On, Interrupting) {
        match self.random.below(4) {
            0 => {
                let code = self.random.percent(70).then(|| self.code());
                (On::Error(code), true)
            }
            1 => (self.timer(1), true),
            2 if self.random.percent(50) => {
                let times = 1 + self.random.below(3) as u32;
                (self.timer(times), false)
            }
            _ => (On::Message, self.random.percent(50)),
        }
    }

    /// Durations differ from each other, so that no two timers of one moment are due together.
    fn timer(&mut self, times: u32) -> On {
        On::Timer(60_000 + 1_000 * self.model.nodes.len() as i64, times)
    }

    fn exclusive(&mut self, scope: usize, last: usize, depth: usize) -> usize {
        let split = self.node(scope, Kind::Exclusive);
        self.flow(last, split);
        let merge = self.node(scope, Kind::Exclusive);
        let with_default = self.random.percent(85);
        let branches = 2 + self.random.below(2);
        for branch in 0..branches {
            let first = self.model.flows.len();
            if self.palette.abrupt && branch > 0 && self.random.percent(20) {
                self.abrupt(scope, split);
            } else if self.random.percent(20) {
                self.flow(split, merge);
            } else {
                let end = self.blocks(scope, split, depth - 1);
                self.flow(end, merge);
            }
            let condition = self.condition();
            let flow = &mut self.model.flows[first];
            match with_default && branch == 0 {
                true => flow.default = true,
                false => flow.condition = Some(condition),
            }
        }
        merge
    }

    /// A service task and an end event that ends more than itself.
    fn abrupt(&mut self, scope: usize, from: usize) {
        let task = self.node(scope, Kind::Service);
        self.flow(from, task);
        let kind = if self.random.percent(50) { Kind::Terminate } else { Kind::ErrorEnd(self.code()) };
        let end = self.node(scope, kind);
        self.flow(task, end);
    }

    fn parallel(&mut self, scope: usize, last: usize, depth: usize) -> usize {
        let split = self.node(scope, Kind::Parallel);
        self.flow(last, split);
        let join = self.node(scope, Kind::Parallel);
        for _ in 0..2 + self.random.below(2) {
            let end = if self.random.percent(15) { split } else { self.blocks(scope, split, depth - 1) };
            self.flow(end, join);
        }
        join
    }

    fn event_based(&mut self, scope: usize, last: usize, depth: usize) -> usize {
        let gateway = self.node(scope, Kind::EventBased);
        self.flow(last, gateway);
        let merge = self.node(scope, Kind::Exclusive);
        for branch in 0..2 {
            let on = if branch == 0 { On::Message } else { self.timer(1) };
            let catch = self.node(scope, Kind::Catch(on));
            self.flow(gateway, catch);
            let end = if self.random.percent(50) { catch } else { self.blocks(scope, catch, depth - 1) };
            self.flow(end, merge);
        }
        merge
    }

    fn repeat(&mut self, scope: usize, last: usize, depth: usize) -> usize {
        let merge = self.node(scope, Kind::Exclusive);
        self.flow(last, merge);
        // Not a multi-instance: without items it would be passed through, and the loop would never wait.
        let task = self.node(scope, Kind::Service);
        self.flow(merge, task);
        let end = self.blocks(scope, task, depth - 1);
        let split = self.node(scope, Kind::Exclusive);
        self.flow(end, split);
        let back = self.flow(split, merge);
        let condition = self.condition();
        self.model.flows[back].condition = Some(condition);
        let out = self.node(scope, Kind::Pass);
        let leave = self.flow(split, out);
        self.model.flows[leave].default = true;
        out
    }

    fn sub_process(&mut self, scope: usize, last: usize, depth: usize) -> usize {
        let node = self.node(scope, Kind::SubProcess);
        self.flow(last, node);
        self.scope(node, depth - 1, Kind::Start);
        self.dress(node)
    }
}

impl Kind {
    fn prefix(&self) -> &'static str {
        match self {
            Kind::Process => "process",
            Kind::Start | Kind::EventStart(..) => "start",
            Kind::End => "end",
            Kind::Terminate => "terminate",
            Kind::ErrorEnd(_) => "error_end",
            Kind::Service => "work",
            Kind::Pass => "pass",
            Kind::Script => "script",
            Kind::Receive(_) => "receive",
            Kind::Catch(_) => "catch",
            Kind::Exclusive => "either",
            Kind::Parallel => "fork",
            Kind::EventBased => "first",
            Kind::SubProcess => "sub",
            Kind::EventSubProcess => "event_sub",
            Kind::Boundary(..) => "boundary",
            Kind::Call(_) => "call",
        }
    }
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

impl Kind {
    fn on(&self) -> Option<&On> {
        match self {
            Kind::Receive(on) | Kind::Catch(on) | Kind::EventStart(on, _) | Kind::Boundary(_, on, _) => {
                Some(on)
            }
            Kind::Process
            | Kind::Start
            | Kind::End
            | Kind::Terminate
            | Kind::ErrorEnd(_)
            | Kind::Service
            | Kind::Pass
            | Kind::Script
            | Kind::Exclusive
            | Kind::Parallel
            | Kind::EventBased
            | Kind::SubProcess
            | Kind::EventSubProcess
            | Kind::Call(_) => None,
        }
    }

    /// Whether it waits for a message.
    pub fn message(&self) -> Option<()> {
        matches!(self.on(), Some(On::Message)).then_some(())
    }
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
            Kind::Start | Kind::EventStart(..) => "startEvent",
            Kind::End | Kind::Terminate | Kind::ErrorEnd(_) => "endEvent",
            Kind::Service => "serviceTask",
            Kind::Pass => "task",
            Kind::Script => "scriptTask",
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
            | Kind::End
            | Kind::Terminate
            | Kind::ErrorEnd(_)
            | Kind::Service
            | Kind::Pass
            | Kind::Script
            | Kind::Catch(_)
            | Kind::Parallel
            | Kind::EventBased
            | Kind::SubProcess
            | Kind::Call(_) => String::new(),
        }
    }

    fn content(&mut self, place: usize) {
        let node = &self.model.nodes[place];
        let id = &node.id;
        let _ = match &node.kind {
            Kind::Service => write!(
                self.out,
                "<extensionElements><zeebe:taskDefinition type=\"work\" retries=\"2\"/></extensionElements>"
            ),
            Kind::Script => write!(
                self.out,
                "<extensionElements><zeebe:script expression=\"=a + 10\" resultVariable=\"s{place}\"/>\
                 </extensionElements>"
            ),
            Kind::Call(called) => write!(
                self.out,
                "<extensionElements><zeebe:calledElement processId=\"{}\" \
                 propagateAllChildVariables=\"true\"/></extensionElements>",
                self.family.models[*called].id
            ),
            Kind::Terminate => write!(self.out, "<terminateEventDefinition/>"),
            Kind::ErrorEnd(code) => write!(self.out, "<errorEventDefinition errorRef=\"{code}\"/>"),
            Kind::Catch(On::Message)
            | Kind::EventStart(On::Message, _)
            | Kind::Boundary(_, On::Message, _) => {
                write!(self.out, "<messageEventDefinition messageRef=\"m_{id}\"/>")
            }
            Kind::Catch(On::Timer(ms, times))
            | Kind::EventStart(On::Timer(ms, times), _)
            | Kind::Boundary(_, On::Timer(ms, times), _) => {
                let seconds = ms / 1_000;
                match times {
                    1 => write!(
                        self.out,
                        "<timerEventDefinition><timeDuration>PT{seconds}S</timeDuration></timerEventDefinition>"
                    ),
                    _ => write!(
                        self.out,
                        "<timerEventDefinition><timeCycle>R{times}/PT{seconds}S</timeCycle></timerEventDefinition>"
                    ),
                }
            }
            Kind::EventStart(On::Error(code), _) | Kind::Boundary(_, On::Error(code), _) => match code {
                Some(code) => write!(self.out, "<errorEventDefinition errorRef=\"{code}\"/>"),
                None => write!(self.out, "<errorEventDefinition/>"),
            },
            Kind::Process
            | Kind::Start
            | Kind::End
            | Kind::Pass
            | Kind::Receive(_)
            | Kind::Catch(On::Error(_))
            | Kind::Exclusive
            | Kind::Parallel
            | Kind::EventBased
            | Kind::SubProcess
            | Kind::EventSubProcess => Ok(()),
        };
        if let Some(many) = &node.many {
            self.many(place, &many.clone());
        }
        if matches!(self.model.nodes[place].kind, Kind::SubProcess | Kind::EventSubProcess) {
            self.scope(place);
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
