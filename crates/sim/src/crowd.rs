//! The clients and workers of a world: what they do, and what they were promised.

mod act;
mod help;
mod work;

use std::collections::{BTreeMap, BTreeSet};

use weir_engine::{
    RequestId,
    command::{ActivateJobs, ActivatedJob, BroadcastSignal, Command, PublishMessage, Reply, Resource},
    document::Document,
    key::{ElementKey, IncidentKey, JobKey, PartitionId, SubscriptionKey},
    rejection::{Rejection, RejectionCode},
    state::row::Phase,
};
use weir_journal::random::SplitMix;
use weir_node::{demand::TakerId, driver::Input};

use crate::{
    ledger::{Violation, broken},
    machine::{Machine, Released},
    model::{self, Family},
    situations::Situation,
};

/// What a caller asked and has no answer to.
#[derive(Clone, Debug)]
enum Asked {
    Deploy,
    Create,
    Correlate,
    Publish,
    Activate,
    Complete(JobKey),
    Cancel(ElementKey),
    Resolve(IncidentKey),
    Decide,
    Delete,
    Other,
}

/// A worker that waits.
#[derive(Clone, Debug)]
struct Worker {
    poll: bool,
    credit: usize,
}

/// A step of chaos: its number, its numbers, the machine and what its clock shows.
pub struct Turn<'a> {
    /// The number of the step.
    pub step: u64,
    /// Its own random numbers.
    pub random: &'a mut SplitMix,
    /// The machine.
    pub machine: &'a mut Machine,
    /// What the machine's clock shows, in milliseconds since 1970.
    pub now_ms: i64,
}

/// All clients.
pub struct Crowd {
    families: Vec<Family>,
    message_names: Vec<String>,
    has_signals: bool,
    most_instances: usize,
    /// How many correlation keys there are: instances with the same one wait for the same messages.
    keys: usize,
    created: usize,
    asked: BTreeMap<RequestId, Asked>,
    next_request: u64,
    next_taker: TakerId,
    workers: BTreeMap<TakerId, Worker>,
    /// Jobs that workers have.
    in_hand: Vec<ActivatedJob>,
    /// Jobs that were worked on before.
    worked: Vec<JobKey>,
    instances: Vec<ElementKey>,
    /// Promised: these jobs are completed.
    completed: BTreeSet<JobKey>,
    cancelled: BTreeSet<ElementKey>,
    resolved: BTreeSet<IncidentKey>,
    is_deployed: bool,
    /// Whether some instance began in the middle, or was helped past a gateway that may lead back to itself.
    may_hang: bool,
    /// How often healing sent a message, or found none to send.
    helped: usize,
    /// Jobs that workers got, until when, and how often.
    given: BTreeMap<(JobKey, i64), usize>,
    /// What happened, a line a step.
    pub story: Vec<String>,
}

const WORK: &str = "work";
const JOB_TIMEOUT_MS: i64 = 30_000;

impl Crowd {
    /// Clients of these processes.
    pub fn new(families: Vec<Family>, most_instances: usize, keys: usize) -> Crowd {
        let nodes = || families.iter().flat_map(|family| &family.models).flat_map(|model| &model.nodes);
        let has_signals = nodes().any(|node| node.kind.has_signal());
        let message_names =
            nodes().filter(|node| node.kind.message().is_some()).map(|node| node.id.clone()).collect();
        Crowd {
            families,
            message_names,
            has_signals,
            most_instances,
            keys,
            created: 0,
            asked: BTreeMap::new(),
            next_request: 0,
            next_taker: 0,
            workers: BTreeMap::new(),
            in_hand: Vec::new(),
            worked: Vec::new(),
            instances: Vec::new(),
            completed: BTreeSet::new(),
            cancelled: BTreeSet::new(),
            resolved: BTreeSet::new(),
            is_deployed: false,
            may_hang: false,
            helped: 0,
            given: BTreeMap::new(),
            story: Vec::new(),
        }
    }

    /// The processes as XML.
    pub fn models(&self) -> impl Iterator<Item = String> + '_ {
        self.families.iter().map(model::to_xml)
    }

    /// Adds a line to the story.
    pub fn note(&mut self, line: impl Into<String>) {
        self.story.push(line.into());
    }

    /// Asks, unless it is new work and the disk is full: then the node refuses it at its door.
    fn ask(
        &mut self,
        machine: &mut Machine,
        now_ms: i64,
        partition: PartitionId,
        asked: Asked,
        command: Command,
    ) -> Result<(), Violation> {
        let brings_work = matches!(
            command,
            Command::CreateInstance(_)
                | Command::PublishMessage(_)
                | Command::CorrelateMessage(_)
                | Command::BroadcastSignal(_)
                | Command::EvaluateDecision { .. }
                | Command::EvaluateExpression { .. }
                | Command::SetVariables { .. }
        );
        if brings_work && machine.is_draining {
            machine.note(Situation::RefusedWhileFull);
            return Ok(());
        }
        self.next_request += 1;
        let request = RequestId(self.next_request);
        self.asked.insert(request, asked);
        machine.input(now_ms, Input::Command { partition, request: Some(request), command })
    }

    /// Asks for the deployment of all processes.
    ///
    /// # Errors
    /// A promise was broken.
    pub fn deploy(&mut self, machine: &mut Machine, now_ms: i64) -> Result<(), Violation> {
        let models = self.families.iter().enumerate().map(|(number, family)| Resource {
            name: format!("{number}.bpmn").into(),
            content: model::to_xml(family).into_bytes().into(),
        });
        let decision = Resource { name: "d.dmn".into(), content: model::decision_xml().into_bytes().into() };
        let command = Command::Deploy(models.chain([decision]).collect());
        self.ask(machine, now_ms, PartitionId::DEPLOYMENT, Asked::Deploy, command)
    }

    /// The machine crashed: nobody knows what became of what they asked.
    ///
    /// # Errors
    /// A promise was broken.
    pub fn machine_crashed(&mut self, machine: &mut Machine, now_ms: i64) -> Result<(), Violation> {
        self.asked.clear();
        self.workers.clear();
        if self.is_deployed {
            return Ok(());
        }
        self.deploy(machine, now_ms)
    }

    /// Takes what came out of the machine.
    ///
    /// # Errors
    /// A promise was broken.
    pub fn receive(&mut self, machine: &mut Machine, now_ms: i64) -> Result<(), Violation> {
        let mut undelivered = Vec::new();
        for released in std::mem::take(&mut machine.released) {
            match released {
                Released::Answer(request, result) => self.answered(request, result, machine)?,
                Released::Push(taker, job) => match self.workers.get_mut(&taker) {
                    Some(worker) => {
                        if worker.credit == 0 {
                            return broken(format!("worker {taker} got more jobs than it has room for"));
                        }
                        worker.credit -= 1;
                        self.take(*job)?;
                    }
                    None => {
                        self.note(format!("     job {:?} finds worker {taker} gone", job.key));
                        undelivered.push(job.activation());
                    }
                },
                Released::PollEnded(taker) => {
                    machine.note(Situation::PollServed);
                    self.workers.remove(&taker);
                }
            }
        }
        if undelivered.is_empty() {
            return Ok(());
        }
        machine.input(now_ms, Input::Undelivered(undelivered))
    }

    /// A worker gets a job.
    fn take(&mut self, job: ActivatedJob) -> Result<(), Violation> {
        *self.given.entry((job.key, job.deadline_ms)).or_default() += 1;
        self.note(format!("     job {:?} of {} is given to {}", job.key, job.element_id, job.worker));
        self.in_hand.push(job);
        Ok(())
    }

    fn answered(
        &mut self,
        request: RequestId,
        result: Result<Reply, Rejection>,
        machine: &mut Machine,
    ) -> Result<(), Violation> {
        // Nobody waits: the answer to somebody of before the crash.
        let Some(asked) = self.asked.remove(&request) else { return Ok(()) };
        match result {
            Ok(reply) => self.granted(asked, reply, machine),
            Err(rejection) => self.refused(&asked, &rejection, machine),
        }
    }

    fn refused(
        &mut self,
        asked: &Asked,
        rejection: &Rejection,
        machine: &mut Machine,
    ) -> Result<(), Violation> {
        self.note(format!("     {asked:?} is refused: {rejection}"));
        match (asked, rejection.code) {
            (Asked::Deploy, _) => {
                return broken(format!("a process that was drawn is not accepted: {rejection}"));
            }
            (Asked::Correlate, RejectionCode::NotFound) => machine.note(Situation::CorrelatedWithNobody),
            (Asked::Publish, RejectionCode::AlreadyExists) => machine.note(Situation::SameMessageRefused),
            (Asked::Complete(job), _) => {
                let again = machine.ledger.is_completed(*job);
                machine.ledger.seen.note_if(again, Situation::SecondCompletionRefused);
            }
            (_, RejectionCode::NotFound) => machine.note(Situation::UnknownKeyRefused),
            _ => {}
        }
        Ok(())
    }

    fn granted(&mut self, asked: Asked, reply: Reply, machine: &mut Machine) -> Result<(), Violation> {
        match (asked, reply) {
            (Asked::Deploy, _) => self.is_deployed = true,
            (Asked::Create, Reply::InstanceCreated(created)) => self.instances.push(created.instance),
            (Asked::Create, Reply::InstanceCompleted { .. }) => machine.note(Situation::ResultDelivered),
            (Asked::Correlate, _) => machine.note(Situation::CorrelatedAtOnce),
            (Asked::Decide, _) => machine.note(Situation::DecisionEvaluated),
            (Asked::Activate, Reply::JobsActivated { jobs, .. }) => {
                for job in jobs {
                    self.take(job)?;
                }
            }
            (Asked::Complete(job), _) => {
                if !machine.ledger.is_completed(job) {
                    return broken(format!("job {job:?} was acknowledged before its completion was durable"));
                }
                if !self.completed.insert(job) {
                    return broken(format!("the completion of job {job:?} was acknowledged twice"));
                }
            }
            (Asked::Cancel(instance), _) => {
                if !machine.ledger.is_ended(instance) {
                    return broken(format!(
                        "the end of instance {instance:?} was acknowledged before it was durable"
                    ));
                }
                machine.note(Situation::InstanceCancelled);
                self.cancelled.insert(instance);
            }
            (Asked::Resolve(incident), _) => {
                if !machine.ledger.is_resolved(incident) {
                    return broken(format!(
                        "incident {incident:?} was acknowledged before its end was durable"
                    ));
                }
                self.resolved.insert(incident);
            }
            (Asked::Create | Asked::Activate | Asked::Publish | Asked::Delete | Asked::Other, _) => {}
        }
        Ok(())
    }

    /// At rest, no job waits for a worker that waits for it, and no kept message for a subscription that is free.
    ///
    /// # Errors
    /// One does.
    pub fn check_nobody_waits_in_vain(&self, machine: &Machine) -> Result<(), Violation> {
        let has_room = self.workers.values().any(|worker| worker.credit > 0);
        for led in machine.driver().led() {
            let state = led.partition.state();
            if has_room && !state.job_queue.is_empty() {
                return broken("a job waits in the queue while a worker waits for one");
            }
            let owed = |key: &SubscriptionKey| machine.ledger.is_signal_owed(*key);
            for (key, wait) in state.waits.iter().filter(|(key, wait)| wait.closes && owed(key)) {
                // Who is held by an incident while it ends does not take it.
                if state.elements.get(&wait.owner).is_some_and(|owner| owner.phase == Phase::Active) {
                    return broken(format!("{key:?} waits for a signal that was broadcast while it waited"));
                }
            }
            for (key, row) in state.subscriptions.iter().filter(|(_, row)| row.correlating.is_none()) {
                let opened = &row.opened;
                let fits = state.messages.iter().find(|(message, kept)| {
                    kept.name == opened.message_name
                        && kept.correlation_key == opened.correlation_key
                        && kept.deadline_ms > state.last_ms()
                        && kept.request.is_none()
                        && !state.messages_correlated.contains(&(*message, opened.process_id.clone()))
                });
                if let Some((message, _)) = fits {
                    return broken(format!(
                        "message {message:?} is kept while subscription {key:?} waits for it"
                    ));
                }
            }
        }
        Ok(())
    }

    /// What was promised is true at the end.
    ///
    /// # Errors
    /// It is not.
    pub fn audit(&self, machine: &Machine) -> Result<(), Violation> {
        if let Some(job) = self.completed.iter().find(|job| !machine.ledger.is_completed(**job)) {
            return broken(format!("the completion of job {job:?} was acknowledged and is lost"));
        }
        // Each activation went to one worker or was handed back.
        let excess = |((job, deadline), times): (&(JobKey, i64), &usize)| {
            *times > machine.ledger.deliverable(*job, *deadline)
        };
        if let Some(((job, _), _)) = self.given.iter().find(|given| excess(*given)) {
            return broken(format!(
                "job {job:?} was given to two workers, or taken away from the one that had it"
            ));
        }
        match self.instances.iter().find(|instance| !machine.ledger.is_ended(**instance)) {
            Some(instance) => broken(format!("instance {instance:?} was acknowledged and never ended")),
            None => Ok(()),
        }
    }
}

/// Values for the variables that conditions look at, without the braces.
fn numbers(random: &mut SplitMix) -> String {
    format!("\"a\":{},\"b\":{},\"c\":{}", random.below(4), random.below(4), random.below(4))
}

fn document(json: &str) -> Result<Document, Violation> {
    Document::parse(json).map_err(|error| Violation(format!("{json}: {error}")))
}

fn activate_jobs(max_jobs: usize, timeout_ms: i64) -> Command {
    Command::ActivateJobs(ActivateJobs {
        job_type: WORK.into(),
        worker: "asks".into(),
        timeout_ms,
        max_jobs,
        fetch_variables: Vec::new().into(),
        max_bytes: 1 << 20,
    })
}

fn publish(name: &str, key: &str, ttl_ms: i64, id: &str, variables: Document) -> Command {
    Command::PublishMessage(PublishMessage {
        name: name.into(),
        correlation_key: key.into(),
        ttl_ms,
        message_id: id.into(),
        variables,
    })
}

fn broadcast(name: &str, variables: Document) -> Command {
    Command::BroadcastSignal(BroadcastSignal { name: name.into(), variables })
}

/// The partition of a message, as the clients' contract has it.
fn message_partition(correlation_key: &str, partitions: u16) -> PartitionId {
    weir_engine::message::partition_of(correlation_key, partitions)
}
