//! Healing: the clients help every instance to its end.

use weir_engine::{
    command::Command,
    key::{ElementKey, PartitionId},
    state::row::IncidentKind,
};
use weir_node::driver::Input;

use super::{Asked, Crowd, activate_jobs, broadcast, document, message_partition, publish};
use crate::{ledger::Violation, machine::Machine};

/// How many incidents are resolved before instances that have some are given up.
const MOST_RESOLVED: usize = 40;

/// How many messages are sent before instances that began in the middle are given up.
const MOST_HELPED: usize = 200;

impl Crowd {
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
            self.ask(machine, now_ms, partition, Asked::Activate, activate_jobs(100, 60_000))?;
        }
        Ok(resolved || resting || !jobs.is_empty())
    }

    fn help_incidents(&mut self, machine: &mut Machine, now_ms: i64) -> Result<bool, Violation> {
        let open: Vec<_> = machine.ledger.incidents.iter().map(|(key, open)| (*key, open.clone())).collect();
        for (key, open) in &open {
            if let Some(job) = open.job {
                let command = Command::UpdateJob { job, retries: Some(1), timeout_ms: None };
                self.ask(machine, now_ms, job.partition(), Asked::Other, command)?;
            } else if open.kind == IncidentKind::ConditionError && self.resolved.len() < MOST_RESOLVED {
                self.may_hang = true;
                let variables = document("{\"a\":2,\"b\":2,\"c\":2}")?;
                let command = Command::SetVariables { scope: open.element, variables, local: false };
                self.ask(machine, now_ms, key.partition(), Asked::Other, command)?;
            } else {
                // An error that nobody catches is thrown again and again, and a gateway may lead back to itself: the instance is
                // given up.
                let Some(root) = root_of(machine, open.element) else { continue };
                let command = Command::CancelInstance(root);
                self.ask(machine, now_ms, root.partition(), Asked::Cancel(root), command)?;
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
        self.helped += 1;
        let closes = awaited.first().is_some_and(|opened| opened.closes);
        if let Some(name) = self.awaited_signal(machine).filter(|_| !closes && self.helped < MOST_HELPED) {
            return self.help_with_signal(machine, now_ms, &name);
        }
        let opened = match awaited.first() {
            Some(opened) if self.helped < MOST_HELPED || !self.may_hang => opened,
            // A timer may still come, or a job come back.
            None if machine.driver().next_due_ms().is_some() && self.helped < MOST_HELPED => return Ok(()),
            Some(_) | None => return self.give_up_hanging(machine, now_ms),
        };
        let (name, key) = (&opened.message_name, &opened.correlation_key);
        self.note(format!("     helping with message {name} for {key}"));
        let variables = document("{\"a\":0,\"b\":0,\"c\":0}")?;
        let command = publish(name, key, 0, "", variables);
        let partition = message_partition(key, machine.partitions());
        self.ask(machine, now_ms, partition, Asked::Publish, command)
    }

    /// A signal that ends somebody's wait.
    fn awaited_signal(&self, machine: &Machine) -> Option<String> {
        let rows = machine.driver().led().iter().flat_map(|led| led.partition.state().waits.iter());
        rows.filter(|(_, wait)| wait.closes).find_map(|(_, wait)| Some(wait.signal.as_ref()?.to_string()))
    }

    fn help_with_signal(&mut self, machine: &mut Machine, now_ms: i64, name: &str) -> Result<(), Violation> {
        self.note(format!("     helping with signal {name}"));
        let command = broadcast(name, document("{\"a\":0,\"b\":0,\"c\":0}")?);
        self.ask(machine, now_ms, PartitionId::DEPLOYMENT, Asked::Other, command)
    }

    /// What began in the middle may wait at a gateway for tokens that nobody sends: it is cancelled when nothing else helps.
    ///
    /// # Errors
    /// A promise was broken.
    pub fn give_up_hanging(&mut self, machine: &mut Machine, now_ms: i64) -> Result<(), Violation> {
        if !self.may_hang {
            return Ok(());
        }
        let rows = machine.driver().led().iter().flat_map(|led| led.partition.state().elements.iter());
        let roots: Vec<_> = rows.filter(|(_, row)| row.parent.is_none()).map(|(key, _)| key).collect();
        for root in roots {
            self.note(format!("     giving up instance {root:?}"));
            let command = Command::CancelInstance(root);
            self.ask(machine, now_ms, root.partition(), Asked::Cancel(root), command)?;
        }
        Ok(())
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
