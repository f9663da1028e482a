//! What clients do at any time: deploy, create, publish, cancel, set, resolve, delete, decide.

use weir_engine::{
    command::{Command, CorrelateMessage, CreateInstance, DecisionRef, ProcessRef, WithResult},
    key::PartitionId,
    mail::OpenSubscription,
};
use weir_node::driver::Input;

use super::{
    Asked, Crowd, JOB_TIMEOUT_MS, Turn, WORK, Worker, activate_jobs, broadcast, document, message_partition,
    numbers, publish,
};
use crate::{
    ledger::Violation,
    model::{CALM, Kind, LOUD, Model},
    situations::Situation,
};

impl Crowd {
    /// One of the clients does something.
    ///
    /// # Errors
    /// A promise was broken.
    pub fn act(&mut self, turn: &mut Turn<'_>) -> Result<(), Violation> {
        match turn.random.below(100) {
            0..15 => self.create(turn),
            15..27 => self.begin_to_wait(turn),
            27..31 => self.end_waiting(turn),
            31..36 => self.give_credit(turn),
            36..40 => self.activate(turn),
            40..69 => self.work(turn),
            69..72 => self.work_again(turn),
            72..84 if self.has_signals && turn.random.percent(50) => self.broadcast(turn),
            72..84 => self.publish(turn),
            84..87 => self.correlate(turn),
            87..89 => self.race(turn),
            89 => self.cancel(turn),
            90..93 => self.set_variables(turn),
            93..97 => self.resolve(turn),
            97 => self.deploy_again(turn),
            98 => self.delete(turn),
            _ => self.decide(turn),
        }
    }

    fn any_partition(turn: &mut Turn<'_>) -> PartitionId {
        PartitionId(1 + turn.random.below(usize::from(turn.machine.partitions())) as u16)
    }

    fn create(&mut self, turn: &mut Turn<'_>) -> Result<(), Violation> {
        if !self.is_deployed || self.created >= self.most_instances {
            return Ok(());
        }
        let family = &self.families[turn.random.below(self.families.len())];
        let process = family.models[0].id.clone();
        let start_at = match turn.random.percent(10) {
            true => vec![middle_of(&family.models[0], turn)],
            false => Vec::new(),
        };
        let variables = format!("{{\"key\":\"k{}\",{}}}", self.created % self.keys, numbers(turn.random));
        self.created += 1;
        self.note(format!("{}: create an instance of {process} with {variables} at {start_at:?}", turn.step));
        if !start_at.is_empty() {
            self.may_hang = true;
            turn.machine.note(Situation::StartedInTheMiddle);
        }
        let command = Command::CreateInstance(CreateInstance {
            process: ProcessRef::Latest(process.into()),
            variables: document(&variables)?,
            start_at: start_at.into_iter().map(Into::into).collect(),
            with_result: turn.random.percent(20).then(WithResult::default),
        });
        let partition = Crowd::any_partition(turn);
        self.ask(turn.machine, turn.now_ms, partition, Asked::Create, command)
    }

    fn begin_to_wait(&mut self, turn: &mut Turn<'_>) -> Result<(), Violation> {
        if self.workers.len() >= 3 {
            return Ok(());
        }
        self.next_taker += 1;
        let (id, poll, credit) = (self.next_taker, turn.random.percent(50), 1 + turn.random.below(3));
        self.workers.insert(id, Worker { poll, credit });
        let verb = if poll { "poll" } else { "stream" };
        self.note(format!("{}: worker {id} begins to {verb} for {credit} jobs", turn.step));
        let waiter = weir_node::demand::Waiter {
            id,
            job_type: WORK.into(),
            worker: format!("w{id}").into(),
            timeout_ms: 1_000 + turn.random.below(JOB_TIMEOUT_MS as usize) as i64,
            fetch_variables: Vec::new().into(),
            credit,
            budget_bytes: 1 << 20,
            poll,
        };
        turn.machine.input(turn.now_ms, Input::Wait(waiter))
    }

    fn end_waiting(&mut self, turn: &mut Turn<'_>) -> Result<(), Violation> {
        let Some((&id, _)) = self.workers.first_key_value() else { return Ok(()) };
        self.workers.remove(&id);
        self.note(format!("{}: worker {id} is gone", turn.step));
        turn.machine.input(turn.now_ms, Input::Unwait(id))
    }

    fn give_credit(&mut self, turn: &mut Turn<'_>) -> Result<(), Violation> {
        let stream = self.workers.iter_mut().find(|(_, worker)| !worker.poll);
        let Some((&id, worker)) = stream else { return Ok(()) };
        let jobs = 1 + turn.random.below(3);
        worker.credit += jobs;
        self.note(format!("{}: worker {id} has room for {jobs} more", turn.step));
        turn.machine.input(turn.now_ms, Input::Credit { taker: id, jobs })
    }

    fn activate(&mut self, turn: &mut Turn<'_>) -> Result<(), Violation> {
        let partition = Crowd::any_partition(turn);
        self.note(format!("{}: activate jobs of partition {}", turn.step, partition.0));
        let timeout_ms = 1_000 + turn.random.below(20_000) as i64;
        let command = activate_jobs(1 + turn.random.below(4), timeout_ms);
        self.ask(turn.machine, turn.now_ms, partition, Asked::Activate, command)
    }

    fn any_message(&self, turn: &mut Turn<'_>) -> Option<(String, String)> {
        if self.message_names.is_empty() {
            return None;
        }
        let name = self.message_names[turn.random.below(self.message_names.len())].clone();
        Some((name, format!("k{}", turn.random.below(self.created.clamp(1, self.keys)))))
    }

    fn publish(&mut self, turn: &mut Turn<'_>) -> Result<(), Violation> {
        let Some((name, key)) = self.any_message(turn) else { return Ok(()) };
        let ttl_ms = [0, 10_000, 300_000][turn.random.below(3)];
        let id = if turn.random.percent(30) { "same" } else { "" };
        self.note(format!("{}: publish {name} for {key}, kept {ttl_ms} ms, id '{id}'", turn.step));
        let variables = document(&format!("{{\"key\":\"{key}\",{}}}", numbers(turn.random)))?;
        let command = publish(&name, &key, ttl_ms, id, variables);
        let partition = message_partition(&key, turn.machine.partitions());
        self.ask(turn.machine, turn.now_ms, partition, Asked::Publish, command)
    }

    /// Broadcasts a signal, on any partition: processes do so, too.
    fn broadcast(&mut self, turn: &mut Turn<'_>) -> Result<(), Violation> {
        let name = [CALM, LOUD][turn.random.below(2)];
        let partition = Crowd::any_partition(turn);
        self.note(format!("{}: broadcast {name} on partition {}", turn.step, partition.0));
        let variables = document(&format!("{{{}}}", numbers(turn.random)))?;
        self.ask(turn.machine, turn.now_ms, partition, Asked::Other, broadcast(name, variables))
    }

    /// Publishes a message that somebody waits for, one of several if there are such, and cancels him while it may be on its way to
    /// him: it must go to another one.
    fn race(&mut self, turn: &mut Turn<'_>) -> Result<(), Violation> {
        let led = turn.machine.driver().led().iter();
        let rows = led.flat_map(|led| led.partition.state().subscriptions.iter());
        let waiting: Vec<_> = rows.map(|(_, row)| row.opened.clone()).collect();
        let place = |at: &OpenSubscription| (at.message_name.clone(), at.correlation_key.clone());
        let mine = |opened: &&OpenSubscription| self.instances.contains(&opened.process_instance);
        let shared = |opened: &&OpenSubscription| {
            let another = |other: &&OpenSubscription| {
                place(other) == place(opened) && other.process_instance != opened.process_instance
            };
            waiting.iter().any(|other| another(&other))
        };
        let first = waiting.iter().filter(mine).find(shared).or_else(|| waiting.iter().find(mine));
        let Some(opened) = first.cloned() else { return Ok(()) };
        let (name, key, instance) = (&opened.message_name, &opened.correlation_key, opened.process_instance);
        self.note(format!(
            "{}: publish {name} for {key} and cancel {instance:?}, which waits for it",
            turn.step
        ));
        let variables = document(&format!("{{\"key\":\"{key}\",{}}}", numbers(turn.random)))?;
        let command = publish(name, key, 300_000, "", variables);
        let partition = message_partition(key, turn.machine.partitions());
        self.ask(turn.machine, turn.now_ms, partition, Asked::Publish, command)?;
        let command = Command::CancelInstance(instance);
        self.ask(turn.machine, turn.now_ms, instance.partition(), Asked::Cancel(instance), command)
    }

    fn correlate(&mut self, turn: &mut Turn<'_>) -> Result<(), Violation> {
        let Some((name, key)) = self.any_message(turn) else { return Ok(()) };
        self.note(format!("{}: correlate {name} for {key} at once", turn.step));
        let variables = document(&format!("{{\"key\":\"{key}\",{}}}", numbers(turn.random)))?;
        let partition = message_partition(&key, turn.machine.partitions());
        let command = Command::CorrelateMessage(CorrelateMessage {
            name: name.into(),
            correlation_key: key.into(),
            variables,
        });
        self.ask(turn.machine, turn.now_ms, partition, Asked::Correlate, command)
    }

    fn cancel(&mut self, turn: &mut Turn<'_>) -> Result<(), Violation> {
        if self.instances.is_empty() {
            return Ok(());
        }
        let instance = self.instances[turn.random.below(self.instances.len())];
        self.note(format!("{}: cancel instance {instance:?}", turn.step));
        let command = Command::CancelInstance(instance);
        self.ask(turn.machine, turn.now_ms, instance.partition(), Asked::Cancel(instance), command)
    }

    fn set_variables(&mut self, turn: &mut Turn<'_>) -> Result<(), Violation> {
        if self.instances.is_empty() {
            return Ok(());
        }
        let scope = self.instances[turn.random.below(self.instances.len())];
        self.note(format!("{}: set variables of {scope:?}", turn.step));
        let variables = document(&format!("{{{}}}", numbers(turn.random)))?;
        let command = Command::SetVariables { scope, variables, local: turn.random.percent(50) };
        self.ask(turn.machine, turn.now_ms, scope.partition(), Asked::Other, command)
    }

    fn resolve(&mut self, turn: &mut Turn<'_>) -> Result<(), Violation> {
        let open: Vec<_> = turn.machine.ledger.incidents.iter().map(|(key, open)| (*key, open.job)).collect();
        if open.is_empty() {
            return Ok(());
        }
        let (incident, job) = open[turn.random.below(open.len())];
        if let Some(job) = job
            && turn.random.percent(80)
        {
            let command = Command::UpdateJob { job, retries: Some(1), timeout_ms: None };
            self.ask(turn.machine, turn.now_ms, job.partition(), Asked::Other, command)?;
        }
        self.note(format!("{}: resolve incident {incident:?}", turn.step));
        let command = Command::ResolveIncident(incident);
        self.ask(turn.machine, turn.now_ms, incident.partition(), Asked::Resolve(incident), command)
    }

    /// All again; or half of it, which becomes new versions.
    fn deploy_again(&mut self, turn: &mut Turn<'_>) -> Result<(), Violation> {
        self.note(format!("{}: deploy again", turn.step));
        self.deploy(turn.machine, turn.now_ms)
    }

    /// Deletes a definition; what runs of it goes on.
    fn delete(&mut self, turn: &mut Turn<'_>) -> Result<(), Violation> {
        let known: Vec<u64> = turn.machine.ledger.definitions.iter().copied().collect();
        if known.is_empty() || !self.is_deployed {
            return Ok(());
        }
        let key = known[turn.random.below(known.len())];
        self.note(format!("{}: delete definition {key}", turn.step));
        let command = Command::DeleteResource(key);
        self.ask(turn.machine, turn.now_ms, PartitionId::DEPLOYMENT, Asked::Delete, command)
    }

    fn decide(&mut self, turn: &mut Turn<'_>) -> Result<(), Violation> {
        let variables = document(&format!("{{{}}}", numbers(turn.random)))?;
        let decision = DecisionRef::Latest("raised".into());
        let partition = Crowd::any_partition(turn);
        let command = Command::EvaluateDecision { decision, variables };
        self.ask(turn.machine, turn.now_ms, partition, Asked::Decide, command)
    }
}

/// A task or gateway of a process to begin at; sometimes one that is not allowed.
fn middle_of(model: &Model, turn: &mut Turn<'_>) -> String {
    let is_place = |kind: &Kind| !matches!(kind, Kind::Process | Kind::Parallel | Kind::Boundary(..));
    let places: Vec<_> = model.nodes.iter().filter(|node| is_place(&node.kind)).collect();
    places[turn.random.below(places.len())].id.clone()
}
