//! What reaches an instance from outside, and what of it can be seen there: messages, time, jobs, incidents.

use super::{
    Away, Message, Place, Reference, Role, Stuck, TRIGGERED, Todo, Token, Variables, Wanted, duration_ms,
    interrupts,
};
use crate::model::Kind;

impl Reference {
    /// A message or a time that a token waited for has come.
    pub(super) fn trigger(&mut self, token: Token, order: usize, mut variables: Variables) {
        let Some(place) = self.places.get_mut(&token) else { return };
        let Some(at) = place.awaited.iter().position(|awaited| awaited.order == order) else { return };
        let awaited = place.awaited[at].clone();
        let (parent, node) = (place.parent, place.node);
        let model = self.family.models[place.model].clone();
        let closes = interrupts(&model, awaited.element);
        match (&awaited.what, closes) {
            (_, true) => drop(place.awaited.remove(at)),
            (Wanted::Time { times: 1, .. }, false) => drop(place.awaited.remove(at)),
            (Wanted::Time { due_ms, times }, false) => {
                let length = duration_ms(&model, awaited.element);
                place.awaited[at].what = Wanted::Time { due_ms: due_ms + length, times: times - 1 };
                place.awaited[at].order = self.next;
                self.next += 1;
            }
            (Wanted::Message { .. } | Wanted::Signal { .. }, false) => {}
        }
        let enter = |scope, variables| Todo::Enter { scope, node: awaited.element, flow: None, variables };
        match &model.nodes[awaited.element].kind {
            Kind::Boundary(_, _, interrupting) => {
                if *interrupting {
                    self.end(token);
                }
                self.todo.extend(parent.map(|scope| enter(scope, variables)));
            }
            Kind::EventSubProcess if closes => self.interrupt(token, awaited.element, variables),
            Kind::EventSubProcess => self.todo.push_back(enter(token, variables)),
            _ if awaited.element == node => self.complete(token, variables),
            _ => {
                variables.insert(TRIGGERED.into(), "true".into());
                self.end(token);
                self.todo.extend(parent.map(|scope| enter(scope, variables)));
            }
        }
    }

    /// A new subscription takes messages that wait for it.
    pub(super) fn look(&mut self, token: Token, order: usize) {
        for taken in 0.. {
            let Some(place) = self.places.get(&token) else { return };
            let Some(awaited) = place.awaited.iter().find(|awaited| awaited.order == order) else { return };
            let Wanted::Message { name } = awaited.what.clone() else { return };
            let (process, now_ms) = (place.model, self.now_ms);
            let fits = |message: &&mut Message| {
                message.name == name && message.until_ms > now_ms && !message.taken_by.contains(&process)
            };
            let Some(message) = self.messages.iter_mut().find(fits) else { return };
            message.taken_by.push(process);
            let variables = message.variables.clone();
            self.undetermined |= self.interrupts_all(token, order);
            self.is_lost |= self.has_rival(token, order);
            self.taken_in_this_breath.push((process, name));
            if taken > 0 {
                self.racing.push(token);
            }
            self.trigger(token, order, variables);
        }
    }

    /// Whether a token of the same process began to wait for the same in the same breath.
    fn has_rival(&self, token: Token, order: usize) -> bool {
        let process = self.places[&token].model;
        let places = self.places.values().filter(|place| place.model == process);
        let mut awaited = places.flat_map(|place| &place.awaited);
        let Some(own) = self.places[&token].awaited.iter().find(|own| own.order == order) else {
            return false;
        };
        awaited.any(|other| other.order != order && (other.breath, &other.what) == (own.breath, &own.what))
    }

    /// Whether what a token waits for ends everything in it, or the token.
    fn interrupts_all(&self, token: Token, order: usize) -> bool {
        let model = &self.family.models[self.places[&token].model];
        let awaited = self.places[&token].awaited.iter().find(|awaited| awaited.order == order);
        awaited.is_some_and(|awaited| {
            awaited.element != self.places[&token].node && interrupts(model, awaited.element)
        })
    }

    /// A message is published: one subscription of each process takes it; it is kept for `ttl_ms`.
    pub fn publish(&mut self, name: &str, ttl_ms: i64, variables: &Variables) {
        let mut message = Message {
            name: name.to_owned(),
            until_ms: self.now_ms + ttl_ms,
            variables: variables.clone(),
            taken_by: Vec::new(),
        };
        let mut open: Vec<_> = self
            .places
            .iter()
            .flat_map(|(token, place)| {
                let wanted = Wanted::Message { name: name.to_owned() };
                let fits = place.awaited.iter().filter(move |awaited| awaited.what == wanted);
                fits.map(|awaited| (awaited.order, *token, place.model, awaited.breath))
            })
            .collect();
        open.sort_unstable();
        let together = |(at, one): (usize, &(usize, Token, usize, usize))| {
            open[..at].iter().any(|other| (other.2, other.3) == (one.2, one.3))
        };
        self.undetermined |= open.iter().enumerate().any(together);
        let mut takers = Vec::new();
        for (order, token, process, _) in open {
            if !message.taken_by.contains(&process) {
                message.taken_by.push(process);
                takers.push((order, token));
            }
        }
        self.messages.push(message);
        for (order, token) in takers {
            self.trigger(token, order, variables.clone());
        }
        self.work();
    }

    /// When the next timer is due.
    pub fn next_due_ms(&self) -> Option<i64> {
        self.due().map(|(due_ms, ..)| due_ms).chain(self.job_due().map(|(due_ms, _)| due_ms)).min()
    }

    /// The job that comes back first.
    fn job_due(&self) -> Option<(i64, Token)> {
        let due = self.places.iter().filter_map(|(token, place)| match place.away? {
            Away::Taken(due_ms) | Away::Rests(due_ms) => Some((due_ms, *token)),
        });
        due.min()
    }

    fn due(&self) -> impl Iterator<Item = (i64, usize, Token)> + '_ {
        self.places.iter().flat_map(|(token, place)| {
            place.awaited.iter().filter_map(move |awaited| match awaited.what {
                Wanted::Time { due_ms, .. } => Some((due_ms, awaited.order, *token)),
                Wanted::Message { .. } | Wanted::Signal { .. } => None,
            })
        })
    }

    /// It is so late: what is due happens, in order.
    pub fn pass_time(&mut self, now_ms: i64) {
        self.now_ms = now_ms;
        let breath = self.breath;
        loop {
            // What is due together has no order of its own either.
            self.breath = breath;
            let timer = self.due().min().filter(|(due_ms, ..)| *due_ms <= now_ms);
            let job = self.job_due().filter(|(due_ms, _)| *due_ms <= now_ms);
            match (timer, job) {
                (Some((due_ms, ..)), Some((back_ms, token))) if back_ms < due_ms => self.come_back(token),
                (Some((_, order, token)), _) => {
                    self.trigger(token, order, Variables::new());
                    self.work();
                }
                (None, Some((_, token))) => self.come_back(token),
                (None, None) => break,
            }
        }
        self.breath = breath + 1;
    }

    fn come_back(&mut self, token: Token) {
        self.places.entry(token).and_modify(|place| place.away = None);
    }

    /// A worker takes a job for so long.
    pub fn take_job(&mut self, token: Token, timeout_ms: i64) {
        let until_ms = self.now_ms + timeout_ms;
        self.places.entry(token).and_modify(|place| place.away = Some(Away::Taken(until_ms)));
    }

    /// Tokens with a job that can be worked on, and where it is.
    pub fn jobs(&self) -> Vec<(Token, Option<Away>)> {
        let with_job = |(token, place): (&Token, &Place)| {
            let workable = place.stuck.is_none() && !matches!(place.away, Some(Away::Rests(_)));
            (place.job.is_some() && workable).then_some((*token, place.away))
        };
        self.places.iter().filter_map(with_job).collect()
    }

    /// Tokens that are stuck.
    pub fn stuck(&self) -> Vec<(Token, Stuck)> {
        self.places.iter().filter_map(|(token, place)| Some((*token, place.stuck?))).collect()
    }

    /// A job was done.
    pub fn complete_job(&mut self, token: Token, variables: Variables) {
        let node = self.places[&token].node;
        if self.model(token).nodes[node].maps {
            // What the worker brings stays with the task; only what is mapped goes out.
            self.places.entry(token).and_modify(|place| place.variables.extend(variables));
            let visible = self.visible(token);
            let value = |name: &str| visible.get(name).cloned().unwrap_or_else(|| "null".into());
            let mapped = [(format!("y{node}"), value(&format!("x{node}"))), (format!("z{node}"), value("b"))];
            self.propagate(self.places[&token].parent, mapped.into());
            self.complete(token, Variables::new());
        } else {
            self.complete(token, variables);
        }
        self.work();
    }

    /// A job failed, and may be tried again after a while.
    pub fn fail_job(&mut self, token: Token, retries: i32, backoff_ms: i64) {
        self.set_job(token, Some(retries));
        let until_ms = self.now_ms + backoff_ms;
        if retries <= 0 {
            self.stick(token, Stuck::Job);
        } else if backoff_ms > 0 {
            self.places.entry(token).and_modify(|place| place.away = Some(Away::Rests(until_ms)));
        }
    }

    /// A worker threw an error.
    pub fn throw_error(&mut self, token: Token, code: &str) {
        self.throw(token, code);
        self.work();
    }

    /// An incident is tried again; a job gets `retries`.
    pub fn resolve(&mut self, token: Token, retries: i32) {
        if self.places[&token].job.is_some() {
            return self.set_job(token, Some(retries));
        }
        self.stick(token, Stuck::Error);
        let kind = self.kind(token);
        if let Some(place) = self.places.get_mut(&token) {
            place.stuck = None;
        }
        self.happen(token, &kind, Variables::new());
        self.work();
    }

    /// Variables of the process are set from outside.
    pub fn set_variables(&mut self, variables: Variables) {
        self.propagate(Some(self.root), variables);
    }

    /// The instance is cancelled.
    pub fn cancel(&mut self) {
        self.end(self.root);
        self.todo.clear();
        self.cancelled = true;
    }

    /// The variables of the process, while it runs.
    pub fn root_variables(&self) -> Option<&Variables> {
        self.places.get(&self.root).map(|place| &place.variables)
    }

    /// Where a token is: ids from the process inwards, with the number of a multi-instance item.
    pub fn path(&self, token: Token) -> String {
        let place = &self.places[&token];
        let id = &self.model(token).nodes[place.node].id;
        let own = match place.role {
            Role::Single => id.clone(),
            Role::Body { .. } => format!("{id}*"),
            Role::Item(number) => format!("{id}[{number}]"),
        };
        match place.parent {
            Some(parent) => format!("{}/{own}", self.path(parent)),
            None => own,
        }
    }

    /// Everything that can be seen from outside, a line each, sorted.
    pub fn view(&self) -> Vec<String> {
        let mut lines = Vec::new();
        for (token, place) in &self.places {
            let path = self.path(*token);
            let job = match (place.job, place.stuck, place.away) {
                (Some(retries), None, None) => format!(" job ready {retries}"),
                (Some(retries), None, Some(away)) => format!(" job {away:?} {retries}"),
                (Some(_), Some(stuck), _) => format!(" job {stuck:?}"),
                (None, Some(stuck), _) => format!(" stuck {stuck:?}"),
                (None, None, _) => String::new(),
            };
            for awaited in &place.awaited {
                let what = match &awaited.what {
                    Wanted::Message { name } => format!("message {name}"),
                    Wanted::Signal { name } => format!("signal {name}"),
                    Wanted::Time { due_ms, .. } => format!("time {due_ms}"),
                };
                lines.push(format!("{path} awaits {what}"));
            }
            lines.push(format!("{path}{job}"));
        }
        lines.sort();
        lines
    }
}
