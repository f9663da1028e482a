//! Drawing a family of processes.

use weir_journal::random::SplitMix;

use super::{
    CONDITION_VARIABLES, ERROR_CODES, Family, Flow, Interrupting, Kind, Many, Model, Node, On, Palette,
    SIGNALS_SEED, signals,
};

/// Draws a family.
pub fn draw(random: &mut SplitMix, palette: Palette, name: &str) -> Family {
    let count = if palette.calls && random.percent(50) { 2 } else { 1 };
    let models = (0..count).map(|number| {
        let id = format!("{name}_{number}");
        let process = Node { id: id.clone(), scope: 0, kind: Kind::Process, many: None, maps: false };
        let model = Model { id, nodes: vec![process], flows: Vec::new() };
        let mut pen = Pen { random: &mut *random, palette, model, number, count };
        pen.scope(0, palette.depth, Kind::Start);
        if palette.starts && number == 0 && pen.random.percent(50) {
            pen.message_start();
        }
        pen.model
    });
    let mut models: Vec<Model> = models.collect();
    let own = &mut SplitMix(random.0 ^ SIGNALS_SEED);
    if palette.signals && own.percent(50) {
        signals::put_into(&mut models, own);
    }
    Family { models }
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
        self.model.nodes.push(Node { id, scope, kind, many: None, maps: false });
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
        if self.palette.tangled && self.random.percent(30) {
            self.tangle(scope, start);
        } else {
            let last = self.blocks(scope, start, depth);
            let end = self.node(scope, Kind::End);
            self.flow(last, end);
        }
        let event_starts = matches!(self.model.nodes[start].kind, Kind::EventStart(..));
        if self.palette.events && self.random.percent(if event_starts { 10 } else { 25 }) {
            let inner = self.node(scope, Kind::EventSubProcess);
            let (on, interrupting) = self.trigger();
            self.scope(inner, depth.saturating_sub(1).min(1), Kind::EventStart(on, interrupting));
        }
    }

    /// A graph without blocks: each element leads to the next one, some also somewhere else. What may lead back is decided by a
    /// condition and leads to a job, so that nothing turns without waiting; what forks is never joined.
    fn tangle(&mut self, scope: usize, start: usize) {
        let mut places = vec![start];
        for _ in 0..3 + self.random.below(5) {
            let kind = match self.random.below(10) {
                0..4 => Kind::Service,
                4..6 => Kind::Pass,
                6 => Kind::Script,
                _ => Kind::Exclusive,
            };
            places.push(self.node(scope, kind));
        }
        places.push(self.node(scope, Kind::End));
        let second = self.node(scope, Kind::End);
        for (number, from) in places.iter().copied().enumerate().take(places.len() - 1) {
            let forward = self.flow(from, places[number + 1]);
            let is_gateway = self.model.nodes[from].kind == Kind::Exclusive;
            if is_gateway {
                self.model.flows[forward].default = true;
            }
            if !is_gateway && !self.random.percent(15) {
                continue;
            }
            let later = number + 1 + self.random.below(places.len() - number - 1);
            let to = match self.random.below(3) {
                0 if is_gateway => self.job_before(&places[1..]).unwrap_or(second),
                1 => second,
                _ => places[later],
            };
            let jump = self.flow(from, to);
            if is_gateway {
                let condition = self.condition();
                self.model.flows[jump].condition = Some(condition);
            }
        }
        if self.model.incoming(second).is_empty() {
            self.flow(places[1], second);
            if self.model.nodes[places[1]].kind == Kind::Exclusive {
                let condition = self.condition();
                let last = self.model.flows.len() - 1;
                self.model.flows[last].condition = Some(condition);
            }
        }
    }

    fn job_before(&mut self, places: &[usize]) -> Option<usize> {
        let jobs = places.iter().filter(|place| self.model.nodes[**place].kind == Kind::Service);
        let jobs: Vec<_> = jobs.copied().collect();
        (!jobs.is_empty()).then(|| jobs[self.random.below(jobs.len())])
    }

    /// A message start event with a task of its own.
    fn message_start(&mut self) {
        let start = self.node(0, Kind::MessageStart);
        let task = self.node(0, Kind::Service);
        self.flow(start, task);
        let end = self.node(0, Kind::End);
        self.flow(task, end);
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
            35..37 if self.palette.data => self.task(scope, last, Kind::Decision),
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
        let is_quick = matches!(kind, Kind::Pass | Kind::Script | Kind::Decision);
        if matches!(kind, Kind::Catch(_)) {
            return node;
        }
        let crowd = self.palette.many && is_quick && self.random.percent(self.palette.crowds_percent);
        if crowd || (self.palette.many && !matches!(kind, Kind::Receive(_)) && self.random.percent(15)) {
            let most = if crowd { self.palette.crowd_items - 100 } else { 4 };
            let many = Many {
                sequential: self.random.percent(50),
                items: self.random.below(most) + if crowd { 101 } else { 0 },
                collects: self.random.percent(60),
                enough: self.random.percent(20),
            };
            self.model.nodes[node].many = Some(many);
        } else if self.palette.data && kind == Kind::Service && self.random.percent(25) {
            self.model.nodes[node].maps = true;
        }
        if is_quick {
            return node;
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
