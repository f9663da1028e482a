//! Processes drawn at random: a graph that the reference interpreter walks, and its BPMN XML for the engine.
//!
//! Most are block-structured (what forks also joins); some are tangled: loops, several ends, flows from anywhere to anywhere. Every
//! one of them can end: conditions look at the variables `a`, `b` and `c`, which always are whole numbers, and once all three are
//! 0, every loop is left.

mod draw;
mod signals;
mod xml;

use weir_journal::random::SplitMix;

pub use self::{
    draw::draw,
    xml::{decision_xml, to_xml},
};

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
    /// Whether it maps variables: `=a + 1` into `x<number>` before, `=x<number>` into `y<number>` and `=b` into `z<number>` after.
    pub maps: bool,
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
    /// Message start event of the process.
    MessageStart,
    /// None end event.
    End,
    /// Terminate end event.
    Terminate,
    /// Error end event with this code.
    ErrorEnd(&'static str),
    /// End event that broadcasts this signal.
    SignalEnd(&'static str),
    /// Intermediate throw event that broadcasts this signal.
    Throw(&'static str),
    /// Service task: a job.
    Service,
    /// Undefined task: passed through.
    Pass,
    /// FEEL script task: writes `s<number>`.
    Script,
    /// Business rule task: writes `d<number>`, which is `a + 100`.
    Decision,
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
    /// This signal.
    Signal(&'static str),
    /// So many milliseconds; so many times (more than one: a cycle).
    Timer(i64, u32),
    /// An error with this code; `None`: any.
    Error(Option<&'static str>),
}

/// A multi-instance over the items from 1 on.
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
/// The signals that processes throw: only what they end, or begin once, waits for them, so that no signal calls itself up for ever.
pub const CALM: &str = "calm";
/// The signal that only clients broadcast.
pub const LOUD: &str = "loud";
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

/// Makes the numbers that decide on signals others than those that decide on the rest.
const SIGNALS_SEED: u64 = 0x0516_4a15;

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
    /// Loops, several ends, flows from anywhere to anywhere.
    pub tangled: bool,
    /// Business rule tasks and mapped variables.
    pub data: bool,
    /// Message start events.
    pub starts: bool,
    /// Signals, in half of the families.
    pub signals: bool,
    /// Percent of tasks that need nobody and have more than a hundred items.
    pub crowds_percent: usize,
    /// How many items those have at most.
    pub crowd_items: usize,
}

impl Palette {
    /// Blocks of the plainest elements only, at this depth.
    pub fn plain(depth: usize) -> Palette {
        Palette {
            depth,
            events: false,
            many: false,
            calls: false,
            abrupt: false,
            tangled: false,
            data: false,
            starts: false,
            signals: false,
            crowds_percent: 0,
            crowd_items: 0,
        }
    }

    /// Everything that the reference interpreter knows, at this depth.
    pub fn all(depth: usize) -> Palette {
        Palette {
            depth,
            events: true,
            many: true,
            calls: true,
            abrupt: true,
            tangled: true,
            data: true,
            starts: false,
            signals: true,
            crowds_percent: 1,
            crowd_items: 150,
        }
    }

    /// Some of everything.
    pub fn some(random: &mut SplitMix, depth: usize) -> Palette {
        Palette {
            depth,
            events: random.percent(80),
            many: random.percent(70),
            calls: random.percent(60),
            abrupt: random.percent(70),
            tangled: random.percent(50),
            data: random.percent(50),
            starts: random.percent(40),
            // Drawn by itself: the other worlds stay what they are.
            signals: SplitMix(random.0 ^ SIGNALS_SEED).percent(40),
            crowds_percent: [0, 0, 0, 25][random.below(4)],
            crowd_items: 2_400,
        }
    }
}

impl Kind {
    fn prefix(&self) -> &'static str {
        match self {
            Kind::Process => "process",
            Kind::Start | Kind::EventStart(..) => "start",
            Kind::MessageStart => "begin",
            Kind::End | Kind::SignalEnd(_) => "end",
            Kind::Terminate => "terminate",
            Kind::ErrorEnd(_) => "error_end",
            Kind::Service => "work",
            Kind::Pass | Kind::Throw(_) => "pass",
            Kind::Script => "script",
            Kind::Decision => "decide",
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

    fn on(&self) -> Option<&On> {
        match self {
            Kind::Receive(on) | Kind::Catch(on) | Kind::EventStart(on, _) | Kind::Boundary(_, on, _) => {
                Some(on)
            }
            Kind::MessageStart => Some(&On::Message),
            Kind::Process
            | Kind::Start
            | Kind::End
            | Kind::Terminate
            | Kind::ErrorEnd(_)
            | Kind::SignalEnd(_)
            | Kind::Throw(_)
            | Kind::Service
            | Kind::Pass
            | Kind::Script
            | Kind::Decision
            | Kind::Exclusive
            | Kind::Parallel
            | Kind::EventBased
            | Kind::SubProcess
            | Kind::EventSubProcess
            | Kind::Call(_) => None,
        }
    }

    /// Whether it waits for a signal or broadcasts one.
    pub fn has_signal(&self) -> bool {
        self.signal().is_some() || matches!(self, Kind::SignalEnd(_) | Kind::Throw(_))
    }

    /// The signal that it waits for.
    pub fn signal(&self) -> Option<&'static str> {
        match self.on() {
            Some(On::Signal(name)) => Some(name),
            Some(On::Message | On::Timer(..) | On::Error(_)) | None => None,
        }
    }

    /// Whether it waits for a message.
    pub fn message(&self) -> Option<()> {
        matches!(self.on(), Some(On::Message)).then_some(())
    }
}
