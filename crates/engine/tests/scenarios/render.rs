//! Events, answers and pushed jobs as lines. Events of one thing that follow each other share a line.

use std::{collections::BTreeMap, sync::Arc};

use weir_engine::{
    Answer, Push,
    command::{ActivatedJob, DeployedResource, Reply},
    event::Event,
    key::ElementKey,
    mail::Mail,
    state::{
        State,
        row::{Timer, TimerTarget},
    },
};

use crate::names::Names;

/// The start of virtual time: 2026-01-01T00:00:00Z.
pub(crate) const EPOCH_MS: i64 = 1_767_225_600_000;

/// One happening: about what, and what happened to it.
struct Told {
    subject: String,
    verb: String,
}

/// Writes events down.
pub(crate) struct Renderer<'a> {
    pub(crate) names: &'a mut Names,
    /// Process of each scope that was ever seen, to find names of flows.
    pub(crate) scopes: &'a mut BTreeMap<ElementKey, weir_engine::key::ProcessKey>,
}

/// `+2d3h` after the start of virtual time.
pub(crate) fn time(at_ms: i64) -> String {
    let mut left = at_ms - EPOCH_MS;
    let mut out = String::from(if left < 0 { "-" } else { "+" });
    left = left.abs();
    for (unit, size) in [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)] {
        if left >= size {
            out.push_str(&format!("{}{unit}", left / size));
            left %= size;
        }
    }
    if out.len() == 1 { "+0".to_string() } else { out }
}

/// Named JSON texts as an object.
fn object(variables: &[(Arc<str>, Arc<str>)]) -> String {
    let fields: Vec<String> =
        variables.iter().map(|(name, json)| format!("\"{name}\":{}", shorten(json))).collect();
    format!("{{{}}}", fields.join(","))
}

fn shorten(text: &str) -> String {
    match text.chars().count() {
        0..=400 => text.to_string(),
        length => format!("{}...({length} characters)", text.chars().take(60).collect::<String>()),
    }
}

impl Renderer<'_> {
    /// The lines of one batch.
    pub(crate) fn events(&mut self, events: &[Event], state: &State) -> Vec<String> {
        let mut lines: Vec<String> = Vec::new();
        let mut last = String::new();
        for event in events {
            let Some(told) = self.event(event, state) else { continue };
            match lines.last_mut() {
                Some(line) if told.subject == last && !last.is_empty() => {
                    line.push_str(&format!(", {}", told.verb));
                }
                _ => lines.push(format!("{} {}", told.subject, told.verb).trim().to_string()),
            }
            last = told.subject;
        }
        lines
    }

    /// The kinds of events with their numbers.
    pub(crate) fn counts(&mut self, events: &[Event], into: &mut BTreeMap<String, usize>) {
        for event in events {
            let debug = format!("{event:?}");
            let kind = debug.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default().to_string();
            *into.entry(kind).or_default() += 1;
        }
    }

    fn event(&mut self, event: &Event, state: &State) -> Option<Told> {
        let told = |subject: String, verb: &str| Some(Told { subject, verb: verb.to_string() });
        match event {
            Event::ElementActivating { key, instance, .. } => {
                self.names.element(key.0, instance);
                self.scopes.insert(*key, instance.process);
                told(self.names.name(key.0), "activating")
            }
            Event::ElementActivated(key) => told(self.names.name(key.0), "activated"),
            Event::ElementCompleting(key) => told(self.names.name(key.0), "completing"),
            Event::ElementCompleted(key) => told(self.names.name(key.0), "completed"),
            Event::ElementTerminating(key) => told(self.names.name(key.0), "terminating"),
            Event::ElementTerminated(key) => told(self.names.name(key.0), "terminated"),
            Event::FlowTaken { scope, flow } => {
                let process = self.scopes.get(scope).copied()?;
                told(format!("flow {}", self.names.flow_id(process, *flow)), "")
            }
            Event::TokenArrived { scope, gateway, .. } => {
                let process = self.scopes.get(scope).copied()?;
                told(format!("{} token", self.names.element_id(process, *gateway)), "waits")
            }
            Event::TokensJoined { scope, gateway, flows } => {
                let process = self.scopes.get(scope).copied()?;
                let subject = format!("{} token", self.names.element_id(process, *gateway));
                told(subject, &format!("joined with {} others", flows.len() - 1))
            }
            Event::ScopeInterrupted(scope) => told(self.names.name(scope.0), "interrupted"),
            Event::TriggerStored { owner, trigger } => {
                let process = self.scopes.get(owner).copied()?;
                let id = self.names.element_id(process, trigger.element);
                told(self.names.name(owner.0), &format!("triggered {id}"))
            }
            Event::TriggerTaken(_) | Event::TokenAdded(_) => None,
            Event::VariablesSet { scope, variables } => {
                told(self.names.name(scope.0), &format!("variables {}", object(variables)))
            }
            Event::LoopStarted { body, counts, .. } => {
                told(self.names.name(body.0), &format!("got {} items", counts.iter().sum::<u32>()))
            }
            Event::LoopGathered { body, from, count } => {
                told(self.names.name(body.0), &format!("results {from} to {} put together", from + count - 1))
            }
            Event::LoopCleared { body, rows } => {
                told(self.names.name(body.0), &format!("{rows} rows cleared"))
            }
            Event::LoopResult { body, index, result } => {
                told(self.names.name(body.0), &format!("result {index} = {}", shorten(result)))
            }
            _ => self.outside(event, state),
        }
    }

    fn outside(&mut self, event: &Event, state: &State) -> Option<Told> {
        let told = |subject: String, verb: &str| Some(Told { subject, verb: verb.to_string() });
        match event {
            Event::JobCreated { key, job } => {
                self.names.label(key.0, format!("job {}", job.job_type));
                let headers = match &job.headers {
                    Some(headers) => format!(", headers {headers}"),
                    None => String::new(),
                };
                told(self.names.name(key.0), &format!("created, {} retries{headers}", job.retries))
            }
            Event::JobActivated { key, worker, deadline_ms } => {
                told(self.names.name(key.0), &format!("activated for {worker} until {}", time(*deadline_ms)))
            }
            Event::JobCompleted(key) => told(self.names.name(key.0), "completed"),
            Event::JobFailed { key, retries, retry_at_ms, message } => {
                let again = retry_at_ms.map_or(String::new(), |at| format!(", again at {}", time(at)));
                let message = shorten(message);
                told(self.names.name(key.0), &format!("failed '{message}', {retries} retries{again}"))
            }
            Event::JobFreed { key, reason } => told(self.names.name(key.0), &format!("freed: {reason:?}")),
            Event::JobErrorThrown(key) => told(self.names.name(key.0), "threw"),
            Event::JobCanceled(key) => told(self.names.name(key.0), "canceled"),
            Event::JobRetriesUpdated { key, retries } => {
                told(self.names.name(key.0), &format!("{retries} retries"))
            }
            Event::JobDeadlineUpdated { key, deadline_ms } => {
                told(self.names.name(key.0), &format!("until {}", time(*deadline_ms)))
            }
            Event::TimerCreated { key, timer } => self.timer(key.0, timer),
            Event::TimerFired(key) => told(self.names.name(key.0), "fired"),
            Event::TimerCanceled(key) => told(self.names.name(key.0), "canceled"),
            Event::WaitOpened { key, wait } => {
                let process = self.scopes.get(&wait.owner).copied()?;
                let id = self.names.element_id(process, wait.element);
                self.names.label(key.0, format!("wait {id}"));
                told(self.names.name(key.0), "opened")
            }
            Event::WaitClosed(key) => told(self.names.name(key.0), "closed"),
            Event::IncidentCreated { key, incident } => {
                let element = self.names.name(incident.element.0);
                self.names.label(key.0, format!("incident on {element}"));
                let message = shorten(&self.names.in_text(&incident.message)).replace('\n', " | ");
                told(self.names.name(key.0), &format!("{}: {message}", incident.kind.name()))
            }
            Event::IncidentResolved(key) => told(self.names.name(key.0), "resolved"),
            _ => self.messages(event, state),
        }
    }

    fn timer(&mut self, key: u64, timer: &Timer) -> Option<Told> {
        let id = match timer.target {
            TimerTarget::Catch { owner, element } => {
                self.names.element_id(self.scopes.get(&owner).copied()?, element)
            }
            TimerTarget::Start { process, element } => self.names.element_id(process, element),
        };
        self.names.label(key, format!("timer {id}"));
        let again = match (&timer.cycle, timer.repetitions) {
            (None, _) => String::new(),
            (Some(_), None) => ", again and again".to_string(),
            (Some(_), Some(count)) => format!(", then {count} times"),
        };
        Some(Told { subject: self.names.name(key), verb: format!("due {}{again}", time(timer.due_ms)) })
    }

    fn messages(&mut self, event: &Event, state: &State) -> Option<Told> {
        let told = |subject: String, verb: &str| Some(Told { subject, verb: verb.to_string() });
        match event {
            Event::SubscriptionOpened(opened) => {
                let to = format!("{} '{}'", opened.message_name, opened.correlation_key);
                told(self.names.name(opened.key.0), &format!("subscribed to {to}"))
            }
            Event::SubscriptionCorrelating { key, message } => {
                let message = self.names.name(message.0);
                told(self.names.name(key.0), &format!("is sent {message}"))
            }
            Event::SubscriptionCorrelated { key, message } => {
                let message = self.names.name(message.0);
                told(self.names.name(key.0), &format!("took {message}"))
            }
            Event::CorrelationRefused { key, message } => {
                let message = self.names.name(message.0);
                told(self.names.name(key.0), &format!("refused {message}"))
            }
            Event::SubscriptionClosed(key) => told(self.names.name(key.0), "unsubscribed"),
            Event::MessagePublished { key, message } => {
                self.names.label(key.0, format!("message {}", message.name));
                let until = time(message.deadline_ms);
                told(
                    self.names.name(key.0),
                    &format!("published '{}' until {until}", message.correlation_key),
                )
            }
            Event::MessageExpired(key) => told(self.names.name(key.0), "forgotten"),
            Event::MessageStarted { message, process_id, instance, .. } => {
                let instance = self.names.name(instance.0);
                told(self.names.name(message.0), &format!("starts {process_id} as {instance}"))
            }
            Event::MessageStartReleased(instance) => {
                told(self.names.name(instance.0), "releases its correlation key")
            }
            Event::MessageStartOpened { name, process_id, start } => {
                let process = self.names.name(start.process.0);
                told(format!("start of {process_id} by {name}"), &format!("opened for {process}"))
            }
            Event::MessageStartClosed { name, process_id } => {
                told(format!("start of {process_id} by {name}"), "closed")
            }
            _ => self.signals(event, state),
        }
    }

    fn signals(&mut self, event: &Event, state: &State) -> Option<Told> {
        let told = |subject: String, verb: &str| Some(Told { subject, verb: verb.to_string() });
        match event {
            Event::SignalBroadcast { key, name } => {
                self.names.label(key.0, format!("signal {name}"));
                told(self.names.name(key.0), "broadcast")
            }
            Event::SignalStartOpened { name, process_id, start } => {
                let process = self.names.name(start.process.0);
                told(format!("start of {process_id} by signal {name}"), &format!("opened for {process}"))
            }
            Event::SignalStartClosed { name, process_id } => {
                told(format!("start of {process_id} by signal {name}"), "closed")
            }
            _ => self.system(event, state),
        }
    }

    fn system(&mut self, event: &Event, _: &State) -> Option<Told> {
        let told = |subject: &str, verb: String| Some(Told { subject: subject.to_string(), verb });
        match event {
            Event::Deployed(deployment) => {
                self.names.deployed(deployment);
                let processes = deployment.processes.iter().map(|new| new.key.0);
                let drgs = deployment.drgs.iter().map(|new| new.key.0);
                let decisions =
                    deployment.drgs.iter().flat_map(|drg| drg.decisions.iter().map(|new| new.key.0));
                let all: Vec<u64> = processes.chain(drgs).chain(decisions).collect();
                let all: Vec<String> = all.into_iter().map(|key| self.names.name(key)).collect();
                let list = if all.is_empty() { "nothing new".to_string() } else { all.join(", ") };
                told("deployed", list)
            }
            Event::DefinitionDeleted(key) => told("deleted", self.names.name(*key)),
            Event::ResultAwaited { instance, .. } => {
                Some(Told { subject: self.names.name(instance.0), verb: "result awaited".to_string() })
            }
            Event::MailSent { to, mail, .. } => told("", format!("-> {} {}", to.0, self.mail(mail))),
            Event::MailTaken { .. } | Event::MailDelivered { .. } => None,
            Event::StepsDeferred(steps) => told("", format!("{} steps put off", steps.len())),
            Event::StepsResumed(count) => told("", format!("{count} steps taken up")),
            other => told("?", format!("{other:?}")),
        }
    }

    fn mail(&mut self, mail: &Mail) -> String {
        match mail {
            Mail::Deployment(_) => "deployment".to_string(),
            Mail::ResourceDeleted(key) => format!("deleted {}", self.names.name(*key)),
            Mail::OpenSubscription(opened) => format!("subscribe {}", self.names.name(opened.key.0)),
            Mail::CloseSubscription(key) => format!("unsubscribe {}", self.names.name(key.0)),
            Mail::Correlate(sent) => {
                format!("{} for {}", self.names.name(sent.message.0), self.names.name(sent.subscription.0))
            }
            Mail::BroadcastSignal(signal) => format!("signal {}", signal.name),
            Mail::Correlated { subscription, message } => {
                format!("{} took {}", self.names.name(subscription.0), self.names.name(message.0))
            }
            Mail::CorrelationRefused { subscription, message } => {
                format!("{} refused {}", self.names.name(subscription.0), self.names.name(message.0))
            }
        }
    }

    /// An answer to a caller.
    pub(crate) fn answer(&mut self, answer: &Answer) -> Vec<String> {
        match &answer.result {
            Err(rejection) => {
                let reason = self.names.in_text(&rejection.reason).replace('\n', "\n    ");
                vec![format!("! {}: {reason}", rejection.code.name())]
            }
            Ok(reply) => self.reply(reply),
        }
    }

    fn reply(&mut self, reply: &Reply) -> Vec<String> {
        match reply {
            Reply::Deployed(deployed) => {
                deployed.resources.iter().map(|resource| self.resource(resource)).collect()
            }
            Reply::InstanceCreated(created) => {
                vec![format!("= created {}", self.names.name(created.instance.0))]
            }
            Reply::InstanceCompleted { instance, variables } => {
                vec![format!("= completed {} {}", self.names.name(instance.instance.0), shorten(variables))]
            }
            Reply::MessagePublished(key) => vec![format!("= published {}", self.names.name(key.0))],
            Reply::SignalBroadcast(key) => vec![format!("= broadcast {}", self.names.name(key.0))],
            Reply::MessageCorrelated { message, instance } => {
                let message = self.names.name(message.0);
                vec![format!("= correlated {message} to {}", self.names.name(instance.0))]
            }
            Reply::JobsActivated { jobs, truncated } => {
                let mut lines: Vec<String> = jobs.iter().map(|job| format!("= {}", self.job(job))).collect();
                if *truncated {
                    lines.push("= more was left because of the size".to_string());
                }
                lines
            }
            Reply::VariablesSet(_) | Reply::Done => vec!["= done".to_string()],
            Reply::DecisionEvaluated(decided) => {
                let mut lines = vec![format!("= {} -> {}", self.names.name(decided.key.0), decided.output)];
                lines.extend(decided.failure.iter().map(|(id, text)| format!("= failed in {id}: {text}")));
                lines
            }
            Reply::ExpressionEvaluated { result, warnings } => {
                let mut lines = vec![format!("= {result}")];
                lines.extend(warnings.iter().map(|warning| format!("= warning {warning}")));
                lines
            }
        }
    }

    fn resource(&mut self, resource: &DeployedResource) -> String {
        match resource {
            DeployedResource::Process { key, resource_name, .. } => {
                format!("= process {} of {resource_name}", self.names.name(key.0))
            }
            DeployedResource::Decision { key, drg_id, .. } => {
                format!("= decision {} of {drg_id}", self.names.name(key.0))
            }
            DeployedResource::Drg { key, resource_name, .. } => {
                format!("= drg {} of {resource_name}", self.names.name(key.0))
            }
        }
    }

    fn job(&mut self, job: &ActivatedJob) -> String {
        let headers = if &*job.headers == "{}" { String::new() } else { format!(" headers {}", job.headers) };
        format!(
            "{} at {} for {} until {}{headers} {}",
            self.names.name(job.key.0),
            job.element_id,
            job.worker,
            time(job.deadline_ms),
            shorten(&job.variables)
        )
    }

    /// A job that goes to a waiting worker.
    pub(crate) fn push(&mut self, push: &Push) -> String {
        format!("> {}", self.job(&push.job))
    }
}
