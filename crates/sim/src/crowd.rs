//! The clients and workers of a world: what they do, and what they were promised.

use std::collections::{BTreeMap, BTreeSet};

use weir_engine::{
    RequestId,
    command::{
        ActivateJobs, ActivatedJob, Command, CreateInstance, FailJob, ProcessRef, PublishMessage, Reply,
        Resource, ThrowError, WithResult,
    },
    document::Document,
    key::{ElementKey, IncidentKey, JobKey, PartitionId},
    rejection::Rejection,
    state::row::IncidentKind,
};
use weir_journal::random::SplitMix;
use weir_node::{
    demand::{TakerId, Waiter},
    driver::Input,
};

use crate::{
    ledger::{Violation, broken},
    machine::{Machine, Released},
    model::{self, ERROR_CODES, Family},
};

/// What a caller asked and has no answer to.
#[derive(Clone, Debug)]
enum Asked {
    Deploy,
    Create,
    Activate,
    Complete(JobKey),
    Cancel(ElementKey),
    Resolve(IncidentKey),
    Other,
}

/// A worker that waits.
#[derive(Clone, Debug)]
struct Worker {
    poll: bool,
    credit: usize,
}

/// All clients.
pub struct Crowd {
    families: Vec<Family>,
    message_names: Vec<String>,
    most_instances: usize,
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
    /// Jobs that workers got, until when, and how often.
    given: BTreeMap<(JobKey, i64), usize>,
    /// What happened, a line a step.
    pub story: Vec<String>,
}

const WORK: &str = "work";
const JOB_TIMEOUT_MS: i64 = 30_000;

impl Crowd {
    /// Clients of these processes.
    pub fn new(families: Vec<Family>, most_instances: usize) -> Crowd {
        let nodes = families.iter().flat_map(|family| &family.models).flat_map(|model| &model.nodes);
        let message_names =
            nodes.filter(|node| node.kind.message().is_some()).map(|node| node.id.clone()).collect();
        Crowd {
            families,
            message_names,
            most_instances,
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

    fn ask(
        &mut self,
        machine: &mut Machine,
        now_ms: i64,
        partition: PartitionId,
        asked: Asked,
        command: Command,
    ) -> Result<(), Violation> {
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
        let resources = self.families.iter().enumerate().map(|(number, family)| Resource {
            name: format!("{number}.bpmn").into(),
            content: model::to_xml(family).into_bytes().into(),
        });
        let command = Command::Deploy(resources.collect());
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
        machine: &Machine,
    ) -> Result<(), Violation> {
        // Nobody waits: the answer to somebody of before the crash.
        let Some(asked) = self.asked.remove(&request) else { return Ok(()) };
        let reply = match result {
            Ok(reply) => reply,
            Err(rejection) => {
                self.note(format!("     {asked:?} is refused: {rejection}"));
                if matches!(asked, Asked::Deploy) {
                    return broken(format!("a process that was drawn is not accepted: {rejection}"));
                }
                return Ok(());
            }
        };
        match (asked, reply) {
            (Asked::Deploy, _) => self.is_deployed = true,
            (Asked::Create, Reply::InstanceCreated(created)) => self.instances.push(created.instance),
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
            (Asked::Create | Asked::Activate | Asked::Other, _) => {}
        }
        Ok(())
    }

    /// One of the clients does something.
    ///
    /// # Errors
    /// A promise was broken.
    pub fn act(
        &mut self,
        step: u64,
        random: &mut SplitMix,
        machine: &mut Machine,
        now_ms: i64,
    ) -> Result<(), Violation> {
        match random.below(100) {
            0..15 => self.create(step, random, machine, now_ms),
            15..27 => self.begin_to_wait(step, random, machine, now_ms),
            27..31 => self.end_waiting(step, machine, now_ms),
            31..36 => self.give_credit(step, random, machine, now_ms),
            36..40 => self.activate(step, random, machine, now_ms),
            40..72 => self.work(step, random, machine, now_ms),
            72..76 => self.work_again(step, random, machine, now_ms),
            76..88 => self.publish(step, random, machine, now_ms),
            88..91 => self.cancel(step, random, machine, now_ms),
            91..95 => self.set_variables(step, random, machine, now_ms),
            _ => self.resolve(step, random, machine, now_ms),
        }
    }

    fn create(
        &mut self,
        step: u64,
        random: &mut SplitMix,
        machine: &mut Machine,
        now_ms: i64,
    ) -> Result<(), Violation> {
        if !self.is_deployed || self.created >= self.most_instances {
            return Ok(());
        }
        let family = &self.families[random.below(self.families.len())];
        let process = family.models[0].id.clone();
        let variables = format!("{{\"key\":\"k{}\",{}}}", self.created, numbers(random));
        self.created += 1;
        self.note(format!("{step}: create an instance of {process} with {variables}"));
        let command = Command::CreateInstance(CreateInstance {
            process: ProcessRef::Latest(process.into()),
            variables: document(&variables)?,
            start_at: Vec::new(),
            with_result: random.percent(20).then(WithResult::default),
        });
        let partition = PartitionId(1 + random.below(usize::from(machine.partitions())) as u16);
        self.ask(machine, now_ms, partition, Asked::Create, command)
    }

    fn begin_to_wait(
        &mut self,
        step: u64,
        random: &mut SplitMix,
        machine: &mut Machine,
        now_ms: i64,
    ) -> Result<(), Violation> {
        if self.workers.len() >= 3 {
            return Ok(());
        }
        self.next_taker += 1;
        let (id, poll, credit) = (self.next_taker, random.percent(50), 1 + random.below(3));
        self.workers.insert(id, Worker { poll, credit });
        self.note(format!(
            "{step}: worker {id} begins to {} for {credit} jobs",
            if poll { "poll" } else { "stream" }
        ));
        let waiter = Waiter {
            id,
            job_type: WORK.into(),
            worker: format!("w{id}").into(),
            timeout_ms: 1_000 + random.below(JOB_TIMEOUT_MS as usize) as i64,
            fetch_variables: Vec::new().into(),
            credit,
            budget_bytes: 1 << 20,
            poll,
        };
        machine.input(now_ms, Input::Wait(waiter))
    }

    fn end_waiting(&mut self, step: u64, machine: &mut Machine, now_ms: i64) -> Result<(), Violation> {
        let Some((&id, _)) = self.workers.first_key_value() else { return Ok(()) };
        self.workers.remove(&id);
        self.note(format!("{step}: worker {id} is gone"));
        machine.input(now_ms, Input::Unwait(id))
    }

    fn give_credit(
        &mut self,
        step: u64,
        random: &mut SplitMix,
        machine: &mut Machine,
        now_ms: i64,
    ) -> Result<(), Violation> {
        let stream = self.workers.iter_mut().find(|(_, worker)| !worker.poll);
        let Some((&id, worker)) = stream else { return Ok(()) };
        let jobs = 1 + random.below(3);
        worker.credit += jobs;
        self.note(format!("{step}: worker {id} has room for {jobs} more"));
        machine.input(now_ms, Input::Credit { taker: id, jobs })
    }

    fn activate(
        &mut self,
        step: u64,
        random: &mut SplitMix,
        machine: &mut Machine,
        now_ms: i64,
    ) -> Result<(), Violation> {
        let partition = PartitionId(1 + random.below(usize::from(machine.partitions())) as u16);
        self.note(format!("{step}: activate jobs of partition {}", partition.0));
        let command = activate_jobs(1 + random.below(4), 1_000 + random.below(20_000) as i64);
        self.ask(machine, now_ms, partition, Asked::Activate, command)
    }

    fn work(
        &mut self,
        step: u64,
        random: &mut SplitMix,
        machine: &mut Machine,
        now_ms: i64,
    ) -> Result<(), Violation> {
        if self.in_hand.is_empty() {
            return Ok(());
        }
        let job = self.in_hand.swap_remove(random.below(self.in_hand.len())).key;
        self.worked.push(job);
        self.work_on(job, step, random, machine, now_ms)
    }

    /// Late, twice: what the machine must refuse or take once.
    fn work_again(
        &mut self,
        step: u64,
        random: &mut SplitMix,
        machine: &mut Machine,
        now_ms: i64,
    ) -> Result<(), Violation> {
        if self.worked.is_empty() {
            return Ok(());
        }
        let job = self.worked[random.below(self.worked.len())];
        self.work_on(job, step, random, machine, now_ms)
    }

    fn work_on(
        &mut self,
        job: JobKey,
        step: u64,
        random: &mut SplitMix,
        machine: &mut Machine,
        now_ms: i64,
    ) -> Result<(), Violation> {
        let (asked, command) = match random.below(100) {
            0..70 => {
                let variables = document(&format!("{{{}}}", numbers(random)))?;
                (Asked::Complete(job), Command::CompleteJob { job, variables })
            }
            70..82 => (
                Asked::Other,
                Command::FailJob(FailJob {
                    job,
                    retries: random.below(3) as i32,
                    error_message: "it did not work".into(),
                    backoff_ms: [0, 5_000][random.below(2)],
                    variables: Document::default(),
                }),
            ),
            82..95 => (
                Asked::Other,
                Command::ThrowError(ThrowError {
                    job,
                    error_code: ERROR_CODES[random.below(2)].into(),
                    error_message: "thrown".into(),
                    variables: Document::default(),
                }),
            ),
            // The worker dies.
            _ => return Ok(()),
        };
        self.note(format!("{step}: {command:?}"));
        self.ask(machine, now_ms, job.partition(), asked, command)
    }

    fn publish(
        &mut self,
        step: u64,
        random: &mut SplitMix,
        machine: &mut Machine,
        now_ms: i64,
    ) -> Result<(), Violation> {
        if self.message_names.is_empty() {
            return Ok(());
        }
        let name = self.message_names[random.below(self.message_names.len())].clone();
        let key = format!("k{}", random.below(self.created.max(1)));
        let ttl_ms = [0, 10_000, 300_000][random.below(3)];
        let id = if random.percent(30) { "same" } else { "" };
        self.note(format!("{step}: publish {name} for {key}, kept {ttl_ms} ms, id '{id}'"));
        let variables = document(&format!("{{{}}}", numbers(random)))?;
        let command = publish(&name, &key, ttl_ms, id, variables);
        let partition = message_partition(&key, machine.partitions());
        self.ask(machine, now_ms, partition, Asked::Other, command)
    }

    fn cancel(
        &mut self,
        step: u64,
        random: &mut SplitMix,
        machine: &mut Machine,
        now_ms: i64,
    ) -> Result<(), Violation> {
        if self.instances.is_empty() {
            return Ok(());
        }
        let instance = self.instances[random.below(self.instances.len())];
        self.note(format!("{step}: cancel instance {instance:?}"));
        self.ask(
            machine,
            now_ms,
            instance.partition(),
            Asked::Cancel(instance),
            Command::CancelInstance(instance),
        )
    }

    fn set_variables(
        &mut self,
        step: u64,
        random: &mut SplitMix,
        machine: &mut Machine,
        now_ms: i64,
    ) -> Result<(), Violation> {
        if self.instances.is_empty() {
            return Ok(());
        }
        let scope = self.instances[random.below(self.instances.len())];
        self.note(format!("{step}: set variables of {scope:?}"));
        let variables = document(&format!("{{{}}}", numbers(random)))?;
        let command = Command::SetVariables { scope, variables, local: random.percent(50) };
        self.ask(machine, now_ms, scope.partition(), Asked::Other, command)
    }

    fn resolve(
        &mut self,
        step: u64,
        random: &mut SplitMix,
        machine: &mut Machine,
        now_ms: i64,
    ) -> Result<(), Violation> {
        let open: Vec<_> = machine.ledger.incidents.iter().map(|(key, open)| (*key, open.job)).collect();
        if open.is_empty() {
            return Ok(());
        }
        let (incident, job) = open[random.below(open.len())];
        if let Some(job) = job
            && random.percent(80)
        {
            let command = Command::UpdateJob { job, retries: Some(1), timeout_ms: None };
            self.ask(machine, now_ms, job.partition(), Asked::Other, command)?;
        }
        self.note(format!("{step}: resolve incident {incident:?}"));
        let command = Command::ResolveIncident(incident);
        self.ask(machine, now_ms, incident.partition(), Asked::Resolve(incident), command)
    }

    /// Helps all instances on: works on jobs, resolves incidents. Whether there was anything to do.
    ///
    /// # Errors
    /// A promise was broken.
    pub fn help(&mut self, machine: &mut Machine, now_ms: i64) -> Result<bool, Violation> {
        let workers = std::mem::take(&mut self.workers);
        for id in workers.keys() {
            machine.input(now_ms, Input::Unwait(*id))?;
        }
        let resolved = self.help_incidents(machine, now_ms)?;
        let jobs = std::mem::take(&mut self.in_hand);
        for job in &jobs {
            let variables = document("{\"a\":0,\"b\":0,\"c\":0}")?;
            let command = Command::CompleteJob { job: job.key, variables };
            self.ask(machine, now_ms, job.key.partition(), Asked::Complete(job.key), command)?;
        }
        let mut resting = false;
        for number in 1..=machine.partitions() {
            let partition = PartitionId(number);
            if machine.driver().led()[usize::from(number) - 1].partition.state().job_queue.is_empty() {
                continue;
            }
            resting = true;
            self.ask(machine, now_ms, partition, Asked::Activate, activate_jobs(100, 1_000_000))?;
        }
        Ok(resolved || resting || !jobs.is_empty())
    }

    fn help_incidents(&mut self, machine: &mut Machine, now_ms: i64) -> Result<bool, Violation> {
        let open: Vec<_> = machine.ledger.incidents.iter().map(|(key, open)| (*key, open.clone())).collect();
        for (key, open) in &open {
            if let Some(job) = open.job {
                let command = Command::UpdateJob { job, retries: Some(1), timeout_ms: None };
                self.ask(machine, now_ms, job.partition(), Asked::Other, command)?;
            } else if open.kind == IncidentKind::ConditionError {
                let variables = document("{\"a\":2,\"b\":2,\"c\":2}")?;
                let command = Command::SetVariables { scope: open.element, variables, local: false };
                self.ask(machine, now_ms, key.partition(), Asked::Other, command)?;
            } else {
                // An error that nobody catches is thrown again and again: the instance is given up.
                let Some(root) = root_of(machine, open.element) else { continue };
                self.ask(
                    machine,
                    now_ms,
                    root.partition(),
                    Asked::Cancel(root),
                    Command::CancelInstance(root),
                )?;
                continue;
            }
            let command = Command::ResolveIncident(*key);
            self.ask(machine, now_ms, key.partition(), Asked::Resolve(*key), command)?;
        }
        Ok(!open.is_empty())
    }

    /// Sends one message that somebody waits for, one that ends its wait if there is any.
    ///
    /// # Errors
    /// A promise was broken.
    pub fn send_awaited_message(&mut self, machine: &mut Machine, now_ms: i64) -> Result<(), Violation> {
        let rows = machine.driver().led().iter().flat_map(|led| led.partition.state().subscriptions.iter());
        let mut awaited: Vec<_> = rows.map(|(_, row)| row.opened.clone()).collect();
        awaited.sort_by_key(|opened| (!opened.closes, opened.key));
        let Some(opened) = awaited.first() else { return Ok(()) };
        self.note(format!(
            "     helping with message {} for {}",
            opened.message_name, opened.correlation_key
        ));
        let variables = document("{\"a\":0,\"b\":0,\"c\":0}")?;
        let command = publish(&opened.message_name, &opened.correlation_key, 0, "", variables);
        let partition = message_partition(&opened.correlation_key, machine.partitions());
        self.ask(machine, now_ms, partition, Asked::Other, command)
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

fn root_of(machine: &Machine, element: ElementKey) -> Option<ElementKey> {
    let place = usize::from(element.partition().0).checked_sub(1)?;
    let state = machine.driver().led().get(place)?.partition.state();
    let mut root = element;
    while let Some(parent) = state.elements.get(&root)?.parent {
        root = parent;
    }
    Some(root)
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

/// The partition of a message, as the clients' contract has it.
fn message_partition(correlation_key: &str, partitions: u16) -> PartitionId {
    weir_engine::message::partition_of(correlation_key, partitions)
}
