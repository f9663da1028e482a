//! The reference interpreter: what BPMN 2.0.2 (clause 13) says a process does, as plainly as it can be written.
//!
//! It walks the drawn [`Model`] with tokens and knows nothing of the engine. Everything is a list that is searched; nothing is
//! fast. Where BPMN leaves a choice, it chooses as Zeebe was measured to do.

mod errors;
mod items;
mod outside;
mod signals;

use std::collections::{BTreeMap, VecDeque};

use crate::model::{Family, Kind, Model, On};

/// Names a token: the greater, the later.
pub type Token = usize;
/// Variables as JSON texts.
pub type Variables = BTreeMap<String, String>;

/// Why a token is stuck.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stuck {
    /// No condition holds and there is no default flow.
    Condition,
    /// Nobody catches the error.
    Error,
    /// The job failed too often.
    Job,
}

/// Where a job is that nobody can take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Away {
    /// A worker has it, until this time in milliseconds since 1970.
    Taken(i64),
    /// It failed and rests, until this time in milliseconds since 1970.
    Rests(i64),
}

/// What a token is in a multi-instance.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Role {
    Single,
    Body { results: Vec<String>, started: usize, completed: usize },
    Item(usize),
}

/// Something that a token waits for, on behalf of an element.
#[derive(Clone, Debug)]
struct Awaited {
    order: usize,
    /// What begins in one breath has no order of its own.
    breath: usize,
    /// The catching element.
    element: usize,
    what: Wanted,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Wanted {
    Message { name: String },
    Signal { name: &'static str },
    Time { due_ms: i64, times: u32 },
}

/// An element at run time.
#[derive(Clone, Debug)]
struct Place {
    model: usize,
    node: usize,
    parent: Option<Token>,
    role: Role,
    variables: Variables,
    awaited: Vec<Awaited>,
    /// Tokens at joining gateways: (gateway, flow).
    joins: Vec<(usize, usize)>,
    interrupted: bool,
    /// Retries of its job.
    job: Option<i32>,
    /// Where its job is, when it is not free to be taken.
    away: Option<Away>,
    stuck: Option<Stuck>,
}

#[derive(Clone, Debug)]
enum Todo {
    Enter {
        scope: Token,
        node: usize,
        flow: Option<usize>,
        variables: Variables,
    },
    Look {
        token: Token,
        order: usize,
    },
    /// A signal goes to those whose waiting has a smaller order than `before`; `scope` is where it was thrown.
    Signal {
        name: &'static str,
        before: usize,
        scope: Option<Token>,
    },
}

#[derive(Clone, Debug)]
struct Message {
    name: String,
    until_ms: i64,
    variables: Variables,
    /// Processes that it went to.
    taken_by: Vec<usize>,
}

/// An interpreter of one instance.
#[derive(Clone, Debug)]
pub struct Reference {
    family: Family,
    places: BTreeMap<Token, Place>,
    todo: VecDeque<Todo>,
    messages: Vec<Message>,
    next: usize,
    now_ms: i64,
    root: Token,
    /// The root's variables when it ended.
    pub result: Option<Variables>,
    /// Whether it was ended from outside.
    pub cancelled: bool,
    /// Tokens in which several things race since something came from outside: kept messages, items of which some are enough.
    racing: Vec<Token>,
    /// How often something came from outside.
    breath: usize,
    /// Whether a process was called since something came from outside.
    called_in_this_breath: bool,
    /// Whether such a token ended in the same breath, or a kept message interrupted what had just begun, or one message found two that
    /// began to wait together: what was first, BPMN does not say.
    pub undetermined: bool,
    /// Signals thrown since something came from outside.
    thrown_in_this_breath: Vec<&'static str>,
    /// What was taken of what was kept, by which process, since something came from outside.
    taken_in_this_breath: Vec<(usize, String)>,
    /// Whether tokens that began together could take the same kept message, or processes were called while one was taken: who took it, and
    /// whether before or after variables were given, is open, and may be seen much later.
    pub is_lost: bool,
}

impl Reference {
    /// Starts the first process of a family.
    pub fn start(family: &Family, now_ms: i64, variables: Variables) -> Reference {
        let mut reference = Reference {
            family: family.clone(),
            places: BTreeMap::new(),
            todo: VecDeque::new(),
            messages: Vec::new(),
            next: 1,
            now_ms,
            root: 1,
            result: None,
            cancelled: false,
            racing: Vec::new(),
            breath: 0,
            called_in_this_breath: false,
            undetermined: false,
            thrown_in_this_breath: Vec::new(),
            taken_in_this_breath: Vec::new(),
            is_lost: false,
        };
        reference.root = reference.begin_process(0, None, variables);
        reference.work();
        reference
    }

    fn model(&self, token: Token) -> &Model {
        &self.family.models[self.places[&token].model]
    }

    fn kind(&self, token: Token) -> Kind {
        self.model(token).nodes[self.places[&token].node].kind.clone()
    }

    fn add(&mut self, model: usize, node: usize, parent: Option<Token>, role: Role) -> Token {
        let token = self.next;
        self.next += 1;
        let place = Place {
            model,
            node,
            parent,
            role,
            variables: Variables::new(),
            awaited: Vec::new(),
            joins: Vec::new(),
            interrupted: false,
            job: None,
            away: None,
            stuck: None,
        };
        self.places.insert(token, place);
        token
    }

    fn begin_process(&mut self, model: usize, parent: Option<Token>, variables: Variables) -> Token {
        let token = self.add(model, 0, parent, Role::Single);
        if let Some(place) = self.places.get_mut(&token) {
            place.variables = variables;
        }
        self.begin_scope(token, Variables::new());
        token
    }

    /// A process or sub-process begins: its event sub-processes listen, its start event happens.
    fn begin_scope(&mut self, scope: Token, variables: Variables) {
        let (model, node) = (self.model(scope).clone(), self.places[&scope].node);
        for inner in model.within(node).filter(|inner| model.nodes[*inner].kind == Kind::EventSubProcess) {
            if let Some(start) =
                model.within(inner).find(|at| matches!(model.nodes[*at].kind, Kind::EventStart(..)))
                && let Kind::EventStart(on, _) = &model.nodes[start].kind
            {
                self.listen(scope, inner, on, &model.nodes[start].id);
            }
        }
        let starts = |at: &usize| matches!(model.nodes[*at].kind, Kind::Start | Kind::EventStart(..));
        match model.within(node).find(starts) {
            // What began an event sub-process has happened, whatever a kept message ends in it at once.
            Some(start) if matches!(model.nodes[start].kind, Kind::EventStart(..)) => {
                self.enter(scope, start, None, variables);
            }
            Some(start) => self.todo.push_back(Todo::Enter { scope, node: start, flow: None, variables }),
            None => {}
        }
    }

    fn listen(&mut self, token: Token, element: usize, on: &On, name: &str) {
        let order = self.next;
        self.next += 1;
        let what = match on {
            On::Message => Wanted::Message { name: name.to_owned() },
            On::Signal(name) => {
                // Whether it was thrown before or after somebody began to wait for it, BPMN does not say.
                self.is_lost |= self.thrown_in_this_breath.contains(name);
                Wanted::Signal { name }
            }
            On::Timer(ms, times) => Wanted::Time { due_ms: self.now_ms + ms, times: *times },
            On::Error(_) => return,
        };
        if let Wanted::Message { name } = &what {
            let took = (self.places[&token].model, name.clone());
            self.is_lost |= self.taken_in_this_breath.contains(&took);
            self.todo.push_back(Todo::Look { token, order });
        }
        if let Some(place) = self.places.get_mut(&token) {
            place.awaited.push(Awaited { order, breath: self.breath, element, what });
        }
    }

    fn work(&mut self) {
        while let Some(todo) = self.todo.pop_front() {
            match todo {
                Todo::Enter { scope, node, flow, variables } => self.enter(scope, node, flow, variables),
                Todo::Look { token, order } => self.look(token, order),
                Todo::Signal { name, before, scope } => self.spread(name, before, scope),
            }
        }
        self.is_lost |= self.called_in_this_breath && !self.taken_in_this_breath.is_empty();
        self.breath += 1;
        self.taken_in_this_breath.clear();
        self.thrown_in_this_breath.clear();
        self.called_in_this_breath = false;
        self.racing.clear();
    }

    fn enter(&mut self, scope: Token, node: usize, flow: Option<usize>, variables: Variables) {
        if !self.places.contains_key(&scope) {
            return;
        }
        let model = self.places[&scope].model;
        let drawn = self.family.models[model].nodes[node].clone();
        if drawn.kind == Kind::Parallel && !self.joins(scope, node, flow) {
            return;
        }
        let role = match &drawn.many {
            Some(many) => Role::Body { results: vec!["null".into(); many.items], started: 0, completed: 0 },
            None => Role::Single,
        };
        let token = self.add(model, node, Some(scope), role);
        // Of two kept messages, one for a receive task and one for its boundary event, BPMN prefers none: its own comes first.
        if matches!(drawn.kind, Kind::Receive(_)) {
            self.happen(token, &drawn.kind, variables);
            return self.listen_at_boundaries(token);
        }
        self.listen_at_boundaries(token);
        match &drawn.many {
            Some(many) => self.begin_items(token, many),
            None => self.happen(token, &drawn.kind, variables),
        }
    }

    /// A parallel gateway waits for a token of each incoming flow, and takes one of each.
    fn joins(&mut self, scope: Token, gateway: usize, flow: Option<usize>) -> bool {
        let incoming = self.model(scope).incoming(gateway);
        let Some(place) = self.places.get_mut(&scope) else { return false };
        place.joins.extend(flow.map(|flow| (gateway, flow)));
        if !incoming.iter().all(|flow| place.joins.contains(&(gateway, *flow))) {
            return false;
        }
        for flow in incoming {
            if let Some(at) = place.joins.iter().position(|token| *token == (gateway, flow)) {
                place.joins.remove(at);
            }
        }
        true
    }

    fn listen_at_boundaries(&mut self, token: Token) {
        let (model, node) = (self.model(token).clone(), self.places[&token].node);
        for boundary in model.boundaries(node) {
            if let Kind::Boundary(_, on, _) = &model.nodes[boundary].kind {
                self.listen(token, boundary, on, &model.nodes[boundary].id);
            }
        }
    }

    /// What an element does when a token reaches it.
    fn happen(&mut self, token: Token, kind: &Kind, variables: Variables) {
        let node = self.places[&token].node;
        let id = self.model(token).nodes[node].id.clone();
        match kind {
            Kind::Start
            | Kind::MessageStart
            | Kind::End
            | Kind::Pass
            | Kind::Parallel
            | Kind::EventStart(..)
            | Kind::Boundary(..) => {
                self.complete(token, variables);
            }
            // Triggered through an event-based gateway: what it waited for has happened already.
            Kind::Catch(_) if variables.contains_key(TRIGGERED) => self.complete(token, variables),
            Kind::Catch(on) | Kind::Receive(on) => self.listen(token, node, on, &id),
            Kind::Exclusive => self.choose(token),
            Kind::Service => self.begin_job(token, node),
            Kind::Script => {
                let result = self.whole(token, "a") + 10;
                self.complete(token, [(format!("s{node}"), result.to_string())].into());
            }
            Kind::Decision => {
                let result = self.whole(token, "a") + 100;
                self.complete(token, [(format!("d{node}"), result.to_string())].into());
            }
            Kind::EventBased => {
                let model = self.model(token).clone();
                for flow in model.outgoing(node) {
                    let target = model.flows[flow].to;
                    if let Kind::Catch(on) = &model.nodes[target].kind {
                        self.listen(token, target, on, &model.nodes[target].id);
                    }
                }
            }
            Kind::SubProcess | Kind::EventSubProcess | Kind::Process => {
                // What triggered an event sub-process goes up from its start event, like any start event's.
                self.begin_scope(token, variables);
            }
            Kind::Call(called) => {
                // It gets what is visible now.
                self.called_in_this_breath = true;
                let visible = self.visible(token);
                self.begin_process(*called, Some(token), visible);
            }
            Kind::Terminate => {
                let scope = self.places[&token].parent;
                if let Some(scope) = scope {
                    self.end_children(scope);
                    self.complete(scope, Variables::new());
                }
            }
            Kind::ErrorEnd(code) => self.throw(token, code),
            Kind::SignalEnd(name) | Kind::Throw(name) => self.throw_signal(token, name),
        }
    }

    fn begin_job(&mut self, token: Token, node: usize) {
        if self.model(token).nodes[node].maps {
            let x = (self.whole(token, "a") + 1).to_string();
            self.places.entry(token).and_modify(|place| drop(place.variables.insert(format!("x{node}"), x)));
        }
        self.set_job(token, Some(2));
    }

    /// A variable that is a whole number.
    fn whole(&self, token: Token, name: &str) -> i64 {
        self.visible(token).get(name).and_then(|value| value.parse().ok()).unwrap_or(0)
    }

    fn set_job(&mut self, token: Token, retries: Option<i32>) {
        if let Some(place) = self.places.get_mut(&token) {
            place.job = retries;
            place.away = None;
            place.stuck = None;
        }
    }

    fn stick(&mut self, token: Token, why: Stuck) {
        if let Some(place) = self.places.get_mut(&token) {
            place.stuck = Some(why);
        }
    }

    /// An exclusive gateway takes the first flow whose condition holds, or its default.
    fn choose(&mut self, token: Token) {
        let model = self.model(token).clone();
        let outgoing = model.outgoing(self.places[&token].node);
        let visible = self.visible(token);
        let holds = |flow: &&usize| {
            let value = model.flows[**flow].condition.and_then(|name| visible.get(name));
            value.is_some_and(|value| value.parse::<i64>().is_ok_and(|number| number > 1))
        };
        let only = if outgoing.len() == 1 { outgoing.first() } else { None };
        let default = outgoing.iter().find(|flow| model.flows[**flow].default);
        match only.or_else(|| outgoing.iter().find(holds)).or(default) {
            Some(flow) => {
                let scope = self.places[&token].parent;
                self.places.remove(&token);
                self.take(scope, *flow, &model);
            }
            None => self.stick(token, Stuck::Condition),
        }
    }

    fn take(&mut self, scope: Option<Token>, flow: usize, model: &Model) {
        let Some(scope) = scope else { return };
        let node = model.flows[flow].to;
        self.todo.push_back(Todo::Enter { scope, node, flow: Some(flow), variables: Variables::new() });
    }

    /// An element is done: its variables go up, its tokens go on.
    fn complete(&mut self, token: Token, variables: Variables) {
        self.propagate(Some(token), variables);
        let model = self.model(token).clone();
        let Some(place) = self.places.remove(&token) else { return };
        self.undetermined |= self.racing.contains(&token);
        if place.node == 0 {
            return self.process_done(place);
        }
        match &place.role {
            Role::Item(item) => return self.item_done(&place, *item),
            Role::Body { results, .. } => {
                let many = model.nodes[place.node].many.clone();
                if many.is_some_and(|many| many.collects) {
                    let list = format!("[{}]", results.join(","));
                    self.propagate(
                        place.parent,
                        [(format!("out{}_{}", place.model, place.node), list)].into(),
                    );
                }
            }
            Role::Single => {}
        }
        for flow in model.outgoing(place.node) {
            self.take(place.parent, flow, &model);
        }
        self.scope_may_be_done(place.parent);
    }

    fn process_done(&mut self, place: Place) {
        match place.parent {
            None => self.result = Some(place.variables),
            Some(call) => self.complete(call, place.variables),
        }
    }

    fn scope_may_be_done(&mut self, scope: Option<Token>) {
        let Some(scope) = scope else { return };
        if self.places.contains_key(&scope) && !self.is_busy(scope) {
            self.complete(scope, Variables::new());
        }
    }

    /// All variables that an element sees.
    fn visible(&self, token: Token) -> Variables {
        let mut visible = Variables::new();
        let mut at = Some(token);
        while let Some(place) = at.and_then(|token| self.places.get(&token)) {
            for (name, value) in &place.variables {
                visible.entry(name.clone()).or_insert_with(|| value.clone());
            }
            at = place.parent.filter(|_| place.node != 0);
        }
        visible
    }

    /// Each variable goes to the nearest scope that has it, or else to the process.
    fn propagate(&mut self, from: Option<Token>, variables: Variables) {
        for (name, value) in variables.into_iter().filter(|(name, _)| name != TRIGGERED) {
            let mut at = from;
            while let Some(token) = at {
                let Some(place) = self.places.get_mut(&token) else { break };
                if place.variables.contains_key(&name) || place.node == 0 {
                    place.variables.insert(name, value);
                    break;
                }
                at = place.parent;
            }
        }
    }

    /// Ends an element and all in it.
    fn end(&mut self, token: Token) {
        self.end_children(token);
        self.places.remove(&token);
        self.undetermined |= self.racing.contains(&token);
    }

    fn end_children(&mut self, scope: Token) {
        let children: Vec<_> = self
            .places
            .iter()
            .filter(|(_, place)| place.parent == Some(scope))
            .map(|(token, _)| *token)
            .collect();
        for child in children {
            self.end(child);
        }
        self.todo.retain(|todo| !matches!(todo, Todo::Enter { scope: to, .. } if *to == scope));
        if let Some(place) = self.places.get_mut(&scope) {
            place.joins.clear();
        }
    }

    fn interrupt(&mut self, scope: Token, handler: usize, variables: Variables) {
        self.end_children(scope);
        let model = self.model(scope).clone();
        if let Some(place) = self.places.get_mut(&scope) {
            place.interrupted = true;
            place.awaited.retain(|awaited| model.nodes[awaited.element].kind != Kind::EventSubProcess);
        }
        self.todo.push_back(Todo::Enter { scope, node: handler, flow: None, variables });
    }
}

/// Marks that the catching event was triggered before its token came; no variable of a process has this name.
const TRIGGERED: &str = " triggered";

/// Whether a catching element is over when it was triggered once.
fn interrupts(model: &Model, element: usize) -> bool {
    match &model.nodes[element].kind {
        Kind::Boundary(_, _, interrupting) => *interrupting,
        Kind::EventSubProcess => {
            model.within(element).any(|start| matches!(model.nodes[start].kind, Kind::EventStart(_, true)))
        }
        _ => true,
    }
}

fn duration_ms(model: &Model, element: usize) -> i64 {
    let of = |kind: &Kind| match kind {
        Kind::Boundary(_, On::Timer(ms, _), _) | Kind::EventStart(On::Timer(ms, _), _) => Some(*ms),
        _ => None,
    };
    let own = of(&model.nodes[element].kind);
    own.or_else(|| model.within(element).find_map(|start| of(&model.nodes[start].kind))).unwrap_or(0)
}
