//! The engine against the reference interpreter: the same process, the same driver, compared after every step.

use std::{collections::BTreeMap, sync::Arc};

use weir_bpmn::process::{ElementIdx, Process};
use weir_engine::{
    Partition, RequestId,
    command::{
        ActivateJobs, BroadcastSignal, Command, CreateInstance, FailJob, ProcessRef, PublishMessage, Reply,
        Resource, ThrowError,
    },
    document::Document,
    event::Event,
    key::{ElementKey, IncidentKey, JobKey, ProcessKey},
    state::row::{IncidentKind, JobPhase, Role, TimerTarget},
};
use weir_journal::random::SplitMix;

use crate::{
    machine::settings,
    model::{self, ERROR_CODES, Family, Kind, Palette},
    reference::{Away, Reference, Stuck, Token, Variables},
};

/// What a seed came to.
#[derive(Clone, Debug)]
pub struct Comparison {
    /// Where the two differ, if they do.
    pub difference: Option<String>,
    /// What was done, a line a step, after the XML.
    pub story: Vec<String>,
    /// Whether the instance came to its end.
    pub ended: bool,
}

/// Steps before the driver only does what leads to an end.
const FREE_STEPS: usize = 25;
/// Steps in all.
const MOST_STEPS: usize = 150;

/// Runs one seed.
pub fn run(seed: u64, palette: Palette) -> Comparison {
    let mut random = SplitMix(seed);
    random.draw();
    let family = model::draw(&mut random, palette, "p");
    let mut story = vec![model::to_xml(&family)];
    let outcome = drive(&family, &mut random, &mut story);
    let (difference, ended) = match outcome {
        Ok(ended) => (None, ended),
        Err(why) => (Some(why), false),
    };
    Comparison { difference, story, ended }
}

fn drive(family: &Family, random: &mut SplitMix, story: &mut Vec<String>) -> Result<bool, String> {
    let mut first = numbers(random);
    first.insert("key".into(), "\"k\"".into());
    let mut engine = Engine::deploy(family)?;
    engine.create(family, &first)?;
    let mut reference = Reference::start(family, engine.now_ms, first.clone());
    story.push(format!("start with {first:?}"));
    if reference.is_lost || reference.undetermined {
        return Ok(false);
    }
    compare(&engine, &reference)?;
    let names: Vec<_> = family
        .models
        .iter()
        .flat_map(|model| &model.nodes)
        .filter(|node| node.kind.message().is_some())
        .map(|node| node.id.clone())
        .collect();
    let has_signals = family.models.iter().flat_map(|model| &model.nodes).any(|node| node.kind.has_signal());
    let signals: &[&'static str] = if has_signals { &[model::CALM, model::LOUD] } else { &[] };
    let is_quiet = !family
        .models
        .iter()
        .flat_map(|model| &model.nodes)
        .any(|node| node.kind == Kind::Script || node.kind == Kind::Decision);
    for step in 0..MOST_STEPS {
        if reference.result.is_some() || reference.cancelled {
            break;
        }
        let mut pair =
            Pair { engine: &mut engine, reference: &mut reference, random, names: &names, signals, is_quiet };
        let line = match pair.step(step < FREE_STEPS) {
            Err(_) if reference.undetermined || reference.is_lost => return Ok(false),
            line => line?,
        };
        story.push(format!("{step}: {line}"));
        if reference.is_lost {
            return Ok(false);
        }
        match compare(&engine, &reference) {
            // They did it in another order, and BPMN has none for it.
            Err(_) if reference.undetermined => return Ok(false),
            compared => compared?,
        }
        // What it ended with is still to be compared.
        reference.undetermined &= reference.result.is_some();
    }
    match &reference.result {
        Some(result) if engine.last_root != *result && reference.undetermined => Ok(false),
        Some(result) if engine.last_root != *result => {
            Err(format!("results differ\n  engine    {:?}\n  reference {result:?}", engine.last_root))
        }
        result => Ok(result.is_some() || reference.cancelled),
    }
}

fn compare(engine: &Engine, reference: &Reference) -> Result<(), String> {
    let (has, expected) = (engine.view(), reference.view());
    if has != expected {
        let only = |of: &[String], not: &[String]| {
            let mut rest = not.to_vec();
            let lines = of.iter().filter(|line| match rest.iter().position(|other| other == *line) {
                Some(at) => {
                    rest.remove(at);
                    false
                }
                None => true,
            });
            lines.cloned().collect::<Vec<_>>().join("\n    ")
        };
        return Err(format!(
            "only in the engine:\n    {}\nonly in the reference:\n    {}",
            only(&has, &expected),
            only(&expected, &has)
        ));
    }
    match reference.root_variables() {
        Some(expected) if engine.root_variables() != *expected => Err(format!(
            "variables differ\n  engine    {:?}\n  reference {expected:?}",
            engine.root_variables()
        )),
        Some(_) | None => Ok(()),
    }
}

struct Pair<'a> {
    engine: &'a mut Engine,
    reference: &'a mut Reference,
    random: &'a mut SplitMix,
    names: &'a [String],
    /// The signals of the family, if it has any.
    signals: &'a [&'static str],
    /// Whether nothing but jobs and messages writes variables.
    is_quiet: bool,
}

impl Pair<'_> {
    /// One step of the driver, for both. `free`: anything; otherwise what leads to an end.
    fn step(&mut self, free: bool) -> Result<String, String> {
        // No two steps at one moment, so that timers of different steps are not due together.
        let later_ms = self.engine.now_ms + 1 + self.random.below(20) as i64;
        self.pass_time(later_ms)?;
        if self.reference.result.is_some() {
            return Ok("time passed, and it ended".into());
        }
        let (jobs, stuck) = (self.reference.jobs(), self.reference.stuck());
        let ready: Vec<_> = jobs.iter().map(|(token, _)| *token).collect();
        let choice = if free { self.random.below(100) } else { 0 };
        match choice {
            0..42 if !ready.is_empty() => {
                let token = ready[self.random.below(ready.len())];
                self.work(self.oldest(&ready, token), free)
            }
            42..50 => self.take_job(&jobs),
            50..65 => self.fire_timer(),
            65..80 if self.has_callers() => self.call(),
            80..84 => {
                let variables = numbers(self.random);
                self.engine.ask(Command::SetVariables {
                    scope: self.engine.root,
                    variables: document(&variables)?,
                    local: false,
                })?;
                self.reference.set_variables(variables.clone());
                Ok(format!("set {variables:?}"))
            }
            84..85 => {
                self.engine.ask(Command::CancelInstance(self.engine.root))?;
                self.reference.cancel();
                Ok("cancel".into())
            }
            _ if !stuck.is_empty() => {
                let tokens: Vec<_> = stuck.iter().map(|(token, _)| *token).collect();
                let any = tokens[self.random.below(tokens.len())];
                let token = self.oldest(&tokens, any);
                let why = stuck.iter().find(|(at, _)| *at == token).map_or(Stuck::Error, |(_, why)| *why);
                self.resolve(token, why)
            }
            _ if self.has_callers() && self.random.percent(50) => self.call(),
            _ => self.fire_timer(),
        }
    }

    /// Of several tokens at the same place the oldest one: that is how the same is found in the engine.
    fn oldest(&self, of: &[Token], like: Token) -> Token {
        let path = self.reference.path(like);
        of.iter().copied().filter(|token| self.reference.path(*token) == path).min().unwrap_or(like)
    }

    fn pass_time(&mut self, now_ms: i64) -> Result<(), String> {
        self.engine.now_ms = now_ms;
        self.engine.ask(Command::TimePassed)?;
        // What is due together comes in slices; a node asks again until nothing is due.
        while self.engine.partition.next_due_ms().is_some_and(|due_ms| due_ms <= now_ms) {
            self.engine.ask(Command::TimePassed)?;
        }
        self.reference.pass_time(now_ms);
        Ok(())
    }

    fn fire_timer(&mut self) -> Result<String, String> {
        match self.reference.next_due_ms() {
            Some(due_ms) => {
                self.pass_time(due_ms.max(self.engine.now_ms))?;
                Ok("the next timer".into())
            }
            None => Ok("nothing".into()),
        }
    }

    fn work(&mut self, token: Token, free: bool) -> Result<String, String> {
        let path = self.reference.path(token);
        let job = self.engine.job(&path)?;
        let choice = if free { self.random.below(100) } else { 0 };
        match choice {
            0..65 => {
                let zero = || ["a", "b", "c"].map(|name| (name.to_owned(), "0".to_owned())).into();
                let variables = if free { numbers(self.random) } else { zero() };
                self.engine.ask(Command::CompleteJob { job, variables: document(&variables)? })?;
                self.reference.complete_job(token, variables.clone());
                Ok(format!("complete {path} with {variables:?}"))
            }
            65..80 => {
                let retries = self.random.below(3) as i32;
                let backoff_ms = [0, 0, 45_000][self.random.below(3)];
                self.engine.ask(Command::FailJob(FailJob {
                    job,
                    retries,
                    error_message: "no".into(),
                    backoff_ms,
                    variables: Document::default(),
                }))?;
                self.reference.fail_job(token, retries, backoff_ms);
                Ok(format!("fail {path} with {retries} retries, again in {backoff_ms} ms"))
            }
            _ => {
                let code = ERROR_CODES[self.random.below(2)];
                self.engine.ask(Command::ThrowError(ThrowError {
                    job,
                    error_code: code.into(),
                    error_message: "".into(),
                    variables: Document::default(),
                }))?;
                self.reference.throw_error(token, code);
                Ok(format!("throw {code} at {path}"))
            }
        }
    }

    /// A worker takes the oldest free job.
    fn take_job(&mut self, jobs: &[(Token, Option<Away>)]) -> Result<String, String> {
        let timeout_ms = 1_000 + self.random.below(90_000) as i64;
        let reply = self.engine.ask(Command::ActivateJobs(ActivateJobs {
            job_type: "work".into(),
            worker: "w".into(),
            timeout_ms,
            max_jobs: 1,
            fetch_variables: Vec::new().into(),
            max_bytes: 1 << 20,
        }))?;
        let free: Vec<_> = jobs.iter().filter(|(_, away)| away.is_none()).map(|(token, _)| *token).collect();
        let taken = match reply {
            Some(Reply::JobsActivated { jobs, .. }) => jobs.into_iter().next(),
            other => return Err(format!("activating jobs answered {other:?}")),
        };
        let Some(job) = taken else {
            return if free.is_empty() {
                Ok("no job is free".into())
            } else {
                Err("no job is given out".into())
            };
        };
        let path = self.engine.path(job.element_instance);
        let token = free.iter().copied().filter(|token| self.reference.path(*token) == path).min();
        self.reference.take_job(token.ok_or_else(|| format!("the job at {path} is not free"))?, timeout_ms);
        Ok(format!("take the job at {path} for {timeout_ms} ms"))
    }

    fn has_callers(&self) -> bool {
        !self.names.is_empty() || !self.signals.is_empty()
    }

    /// A message or a signal.
    fn call(&mut self) -> Result<String, String> {
        if self.names.is_empty() || (!self.signals.is_empty() && self.random.percent(50)) {
            return self.broadcast();
        }
        self.publish()
    }

    fn broadcast(&mut self) -> Result<String, String> {
        let name = self.signals[self.random.below(self.signals.len())];
        let variables = numbers(self.random);
        let asked = BroadcastSignal { name: name.into(), variables: document(&variables)? };
        self.engine.ask(Command::BroadcastSignal(asked))?;
        self.reference.broadcast(name, &variables);
        Ok(format!("broadcast {name} with {variables:?}"))
    }

    fn publish(&mut self) -> Result<String, String> {
        let name = &self.names[self.random.below(self.names.len())];
        // A kept message that interrupts what writes without waiting: BPMN leaves open who is first.
        let may_be_kept = self.is_quiet || name.starts_with("catch") || name.starts_with("receive");
        let ttl_ms = if may_be_kept { [0, 100_000][self.random.below(2)] } else { 0 };
        // Several kept messages may be taken in one step, in an order that BPMN leaves open: each has a variable of its own.
        let variables = match ttl_ms {
            0 => numbers(self.random),
            _ => [(format!("from_{name}"), self.random.below(100).to_string())].into(),
        };
        self.engine.ask(Command::PublishMessage(PublishMessage {
            name: name.as_str().into(),
            correlation_key: "k".into(),
            ttl_ms,
            message_id: "".into(),
            variables: document(&variables)?,
        }))?;
        self.reference.publish(name, ttl_ms, &variables);
        Ok(format!("publish {name} for {ttl_ms} ms with {variables:?}"))
    }

    fn resolve(&mut self, token: Token, why: Stuck) -> Result<String, String> {
        let path = self.reference.path(token);
        let (incident, job) = self.engine.incident(&path)?;
        if let Some(job) = job {
            self.engine.ask(Command::UpdateJob { job, retries: Some(2), timeout_ms: None })?;
        }
        if why == Stuck::Condition {
            let high: Variables = ["a", "b", "c"].map(|name| (name.to_owned(), "2".to_owned())).into();
            let scope = self.engine.root;
            self.engine.ask(Command::SetVariables { scope, variables: document(&high)?, local: false })?;
            self.reference.set_variables(high);
        }
        self.engine.ask(Command::ResolveIncident(incident))?;
        self.reference.resolve(token, 2);
        Ok(format!("resolve the incident of {path}"))
    }
}

/// One partition, and what is needed to read its state.
struct Engine {
    partition: Partition,
    models: BTreeMap<ProcessKey, Arc<Process>>,
    root: ElementKey,
    now_ms: i64,
    /// The root's variables when it was last seen.
    last_root: Variables,
}

impl Engine {
    fn deploy(family: &Family) -> Result<Engine, String> {
        let mut engine = Engine {
            partition: Partition::new(settings(1, 1)),
            models: BTreeMap::new(),
            root: ElementKey(0),
            now_ms: 1_700_000_000_000,
            last_root: Variables::new(),
        };
        let xml = model::to_xml(family);
        let resource = Resource { name: "p.bpmn".into(), content: xml.as_bytes().into() };
        let decision = Resource { name: "d.dmn".into(), content: model::decision_xml().into_bytes().into() };
        engine.ask(Command::Deploy(vec![resource, decision]))?;
        let parsed = weir_bpmn::parse("p.bpmn", xml.as_bytes()).map_err(|found| format!("{found:?}"))?;
        for process in parsed.processes {
            let id = process.id.clone();
            let key = engine.partition.state().latest_process(&id).ok_or("a process is not deployed")?;
            engine.models.insert(key, Arc::new(process));
        }
        Ok(engine)
    }

    fn create(&mut self, family: &Family, variables: &Variables) -> Result<(), String> {
        let command = CreateInstance {
            process: ProcessRef::Latest(family.models[0].id.as_str().into()),
            variables: document(variables)?,
            start_at: Vec::new(),
            with_result: None,
        };
        match self.ask(Command::CreateInstance(command))? {
            Some(Reply::InstanceCreated(created)) => self.root = created.instance,
            other => return Err(format!("creating an instance answered {other:?}")),
        }
        // What was set while it was created, and perhaps ended, is in the events only.
        Ok(())
    }

    fn ask(&mut self, command: Command) -> Result<Option<Reply>, String> {
        let text = format!("{command:?}");
        let mut output = self.partition.handle(self.now_ms, Some(RequestId(1)), command, &mut ());
        let answer = output.answers.pop();
        self.follow(output.batch.map(|batch| batch.events).unwrap_or_default());
        while self.partition.has_deferred_work() {
            let output = self.partition.handle(self.now_ms, None, Command::Continue, &mut ());
            self.follow(output.batch.map(|batch| batch.events).unwrap_or_default());
        }
        match answer.map(|answer| answer.result) {
            Some(Ok(reply)) => Ok(Some(reply)),
            Some(Err(rejection)) => Err(format!("the engine refuses {text}: {rejection}")),
            None => Ok(None),
        }
    }

    /// Keeps the variables of the root, from the events alone.
    fn follow(&mut self, events: Vec<Event>) {
        for event in events {
            match event {
                Event::ElementActivating { key, instance, .. } if instance.parent.is_none() => {
                    self.root = key
                }
                Event::VariablesSet { scope, variables } if scope == self.root => {
                    let texts =
                        variables.into_iter().map(|(name, value)| (name.to_string(), value.to_string()));
                    self.last_root.extend(texts);
                }
                _ => {}
            }
        }
    }

    fn root_variables(&self) -> Variables {
        let rows = self.partition.state().variables.iter().filter(|((scope, _), _)| *scope == self.root);
        rows.map(|((_, name), value)| (name.to_string(), value.0.to_string())).collect()
    }

    fn path(&self, key: ElementKey) -> String {
        let Some(row) = self.partition.state().elements.get(&key) else { return format!("gone {key:?}") };
        let id = match self.models.get(&row.process) {
            Some(model) => model.element(ElementIdx(row.element)).id.to_string(),
            None => "?".into(),
        };
        let own = match row.role {
            Role::Single => id,
            Role::Body => format!("{id}*"),
            Role::Item(number) => format!("{id}[{number}]"),
        };
        match row.parent {
            Some(parent) => format!("{}/{own}", self.path(parent)),
            None => own,
        }
    }

    fn job(&self, path: &str) -> Result<JobKey, String> {
        let jobs = self.partition.state().jobs.iter();
        let at_path = jobs.filter(|(_, job)| {
            matches!(job.phase, JobPhase::Activatable | JobPhase::Activated) && self.path(job.element) == path
        });
        let oldest = at_path.min_by_key(|(_, job)| job.element);
        oldest.map(|(key, _)| key).ok_or_else(|| format!("the engine has no job at {path}"))
    }

    fn incident(&self, path: &str) -> Result<(IncidentKey, Option<JobKey>), String> {
        let incidents = self.partition.state().incidents.iter();
        let at_path = incidents.filter(|(_, incident)| self.path(incident.element) == path);
        let oldest = at_path.min_by_key(|(_, incident)| incident.element);
        oldest.map(|(key, row)| (key, row.job)).ok_or_else(|| format!("the engine has no incident at {path}"))
    }

    fn view(&self) -> Vec<String> {
        let state = self.partition.state();
        let mut lines = Vec::new();
        for (key, row) in state.elements.iter() {
            let incident = state.incidents.iter().find(|(_, incident)| incident.element == key);
            let stuck = incident.map(|(_, incident)| match incident.kind {
                IncidentKind::JobNoRetries => "Job".to_owned(),
                IncidentKind::ConditionError => "Condition".to_owned(),
                IncidentKind::UnhandledErrorEvent => "Error".to_owned(),
                other => format!("{} {}", other.name(), incident.message),
            });
            let job = row.job.and_then(|job| state.jobs.get(&job));
            let suffix = match (job, stuck) {
                (Some(job), None) => match job.phase {
                    JobPhase::Activatable => format!(" job ready {}", job.retries),
                    JobPhase::Activated => format!(" job {:?} {}", Away::Taken(job.due_ms), job.retries),
                    JobPhase::Failed => format!(" job {:?} {}", Away::Rests(job.due_ms), job.retries),
                    JobPhase::ErrorThrown => " job threw".to_owned(),
                },
                (Some(_), Some(stuck)) => format!(" job {stuck}"),
                (None, Some(stuck)) => format!(" stuck {stuck}"),
                (None, None) => String::new(),
            };
            lines.push(format!("{}{suffix}", self.path(key)));
        }
        for (_, timer) in state.timers.iter() {
            if let TimerTarget::Catch { owner, .. } = timer.target {
                lines.push(format!("{} awaits time {}", self.path(owner), timer.due_ms));
            }
        }
        for (key, wait) in state.waits.iter() {
            let message = || state.subscriptions.get(&key).map(|row| row.opened.message_name.to_string());
            let what = match &wait.signal {
                Some(name) => format!("signal {name}"),
                None => format!("message {}", message().unwrap_or_default()),
            };
            lines.push(format!("{} awaits {what}", self.path(wait.owner)));
        }
        lines.sort();
        lines
    }
}

fn numbers(random: &mut SplitMix) -> Variables {
    ["a", "b", "c"].map(|name| (name.to_owned(), random.below(4).to_string())).into()
}

fn document(variables: &Variables) -> Result<Document, String> {
    let texts: Vec<_> = variables.iter().map(|(name, value)| format!("\"{name}\":{value}")).collect();
    Document::parse(&format!("{{{}}}", texts.join(","))).map_err(|error| error.to_string())
}
