//! What an independent auditor knows: every durable record, and the rules that hold for all of them together.
//!
//! It reads events only and never asks the engine, but for replaying them.

mod jobs;
mod messages;
mod signals;

use std::collections::{BTreeMap, BTreeSet};

use weir_engine::{
    Partition,
    command::{ActivatedJob, Reply},
    event::{Batch, Event},
    key::{ElementKey, IncidentKey, JobKey, PartitionId, SubscriptionKey, TimerKey, counter_of},
    state::row::IncidentKind,
};

use self::{jobs::Jobs, messages::Messages, signals::Signals};
use crate::{
    machine::settings,
    situations::{Seen, Situation},
};

/// A broken promise, for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation(pub String);

impl std::fmt::Display for Violation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// Says that a promise was broken.
pub fn broken<T>(what: impl Into<String>) -> Result<T, Violation> {
    Err(Violation(what.into()))
}

/// An incident that nobody resolved yet.
#[derive(Clone, Debug)]
pub struct OpenIncident {
    /// Its kind.
    pub kind: IncidentKind,
    /// The element instance.
    pub element: ElementKey,
    /// Its job.
    pub job: Option<JobKey>,
}

/// What is durable.
#[derive(Debug)]
pub struct Ledger {
    /// The payloads by partition, from sequence 1.
    records: Vec<Vec<Vec<u8>>>,
    /// What replaying them gives.
    replayed: Vec<Partition>,
    keys: BTreeSet<u64>,
    counters: Vec<u64>,
    times: Vec<i64>,
    jobs: Jobs,
    messages: Messages,
    signals: Signals,
    /// Timers that run, and when they are due.
    timers: BTreeMap<TimerKey, i64>,
    /// Element instances that ever were.
    elements: BTreeSet<ElementKey>,
    /// Instances that ended or are ending.
    ended: BTreeSet<ElementKey>,
    /// Incidents.
    pub incidents: BTreeMap<IncidentKey, OpenIncident>,
    resolved: BTreeSet<IncidentKey>,
    mail: BTreeMap<(PartitionId, PartitionId), (u64, u64)>,
    deployments: BTreeSet<u64>,
    /// Definitions of processes that were deployed and not deleted.
    pub definitions: BTreeSet<u64>,
    /// A number that stands for all bytes, in order.
    pub digest: u64,
    /// What came up.
    pub seen: Seen,
}

impl Ledger {
    /// Nothing is known yet.
    pub fn new(partitions: u16) -> Ledger {
        let count = usize::from(partitions);
        Ledger {
            records: vec![Vec::new(); count],
            replayed: (1..=partitions).map(|id| Partition::new(settings(id, partitions))).collect(),
            keys: BTreeSet::new(),
            counters: vec![0; count],
            times: vec![0; count],
            jobs: Jobs::default(),
            messages: Messages::default(),
            signals: Signals::default(),
            timers: BTreeMap::new(),
            elements: BTreeSet::new(),
            ended: BTreeSet::new(),
            incidents: BTreeMap::new(),
            resolved: BTreeSet::new(),
            mail: BTreeMap::new(),
            deployments: BTreeSet::new(),
            definitions: BTreeSet::new(),
            digest: 0xcbf2_9ce4_8422_2325,
            seen: Seen::default(),
        }
    }

    /// How many records of a partition are durable.
    pub fn len(&self, partition: u16) -> usize {
        self.records[usize::from(partition) - 1].len()
    }

    /// All records of all partitions.
    pub fn total(&self) -> usize {
        self.records.iter().map(Vec::len).sum()
    }

    /// The payload of a record.
    pub fn record(&self, partition: u16, sequence: u64) -> Option<&Vec<u8>> {
        self.records[usize::from(partition) - 1].get((sequence as usize).checked_sub(1)?)
    }

    /// What replaying all records of a partition gives.
    pub fn replayed(&self, partition: u16) -> &Partition {
        &self.replayed[usize::from(partition) - 1]
    }

    /// Takes in a record that is durable.
    ///
    /// # Errors
    /// It breaks a rule.
    pub fn add(&mut self, partition: PartitionId, sequence: u64, payload: &[u8]) -> Result<(), Violation> {
        let place = usize::from(partition.0) - 1;
        let wrong = |what: &str| broken(format!("partition {}: record {sequence} {what}", partition.0));
        if sequence != self.records[place].len() as u64 + 1 {
            return wrong("does not follow the last one");
        }
        for byte in payload {
            self.digest = (self.digest ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
        let batch = match Batch::from_bytes(payload) {
            Ok(batch) => batch,
            Err(error) => return wrong(&format!("was written and cannot be read: {error}")),
        };
        if batch.at_ms < self.times[place] {
            return wrong("is older than the one before");
        }
        if batch.counter < self.counters[place] {
            return wrong("sets the key counter back");
        }
        self.replayed[place].apply(&batch);
        for event in &batch.events {
            self.event(partition, &batch, event).map_err(|Violation(why)| {
                Violation(format!("partition {} record {sequence}: {why}", partition.0))
            })?;
        }
        self.times[place] = batch.at_ms;
        self.counters[place] = batch.counter;
        self.records[place].push(payload.to_vec());
        Ok(())
    }

    fn new_key(&mut self, partition: PartitionId, batch: &Batch, key: u64) -> Result<(), Violation> {
        let before = self.counters[usize::from(partition.0) - 1];
        if !self.keys.insert(key) {
            return broken(format!("key {key} was given twice"));
        }
        if PartitionId::of_key(key) != partition
            || counter_of(key) <= before
            || counter_of(key) > batch.counter
        {
            return broken(format!("key {key} is not one of this batch's"));
        }
        Ok(())
    }

    fn event(&mut self, partition: PartitionId, batch: &Batch, event: &Event) -> Result<(), Violation> {
        if let Some(key) = new_key_of(event) {
            self.new_key(partition, batch, key)?;
        }
        self.jobs.event(batch.at_ms, event, &mut self.seen)?;
        self.messages.event(partition, batch.at_ms, event, &mut self.seen)?;
        self.signals.event(partition, event, &mut self.seen);
        self.notice(event);
        match event {
            Event::ElementActivating { key, .. } => drop(self.elements.insert(*key)),
            Event::ElementCompleted(key) | Event::ElementTerminated(key) | Event::ElementTerminating(key) => {
                self.ended.insert(*key);
            }
            Event::TimerCreated { key, timer } => drop(self.timers.insert(*key, timer.due_ms)),
            Event::TimerFired(key) => match self.timers.remove(key) {
                Some(due_ms) if due_ms <= batch.at_ms => {}
                Some(due_ms) => {
                    return broken(format!("timer {key:?} fired {} ms early", due_ms - batch.at_ms));
                }
                None => return broken(format!("timer {key:?} fired, but it did not run")),
            },
            Event::TimerCanceled(key) => drop(self.timers.remove(key)),
            Event::IncidentCreated { key, incident } => {
                let open = OpenIncident { kind: incident.kind, element: incident.element, job: incident.job };
                self.incidents.insert(*key, open);
            }
            Event::IncidentResolved(key) => {
                self.incidents.remove(key);
                self.resolved.insert(*key);
            }
            Event::Deployed(deployment) => {
                self.deployments.insert(deployment.key.0);
                self.definitions.extend(deployment.processes.iter().map(|process| process.key.0));
            }
            Event::DefinitionDeleted(key) => drop(self.definitions.remove(key)),
            Event::MailSent { to, sequence, .. } => return self.mail_event(partition, *to, *sequence, true),
            Event::MailTaken { from, sequence } => {
                return self.mail_event(*from, partition, *sequence, false);
            }
            _ => {}
        }
        Ok(())
    }

    /// Notes what a single event says about the situation.
    fn notice(&mut self, event: &Event) {
        let situation = match event {
            Event::ScopeInterrupted(_) | Event::TriggerStored { .. } => Situation::Interrupted,
            Event::TokenArrived { .. } => Situation::JoinWaited,
            Event::LoopStarted { items, .. } if items.is_empty() => Situation::LoopWithoutItems,
            Event::LoopStarted { counts, .. } if counts.len() > 1 => Situation::LoopInParts,
            Event::StepsDeferred(_) => Situation::WorkDeferred,
            Event::TimerFired(_) => Situation::TimerFired,
            Event::TimerCanceled(_) => Situation::TimerCanceled,
            Event::TimerCreated { timer, .. } if timer.cycle.is_some() => Situation::CycleWentOn,
            Event::IncidentResolved(_) => Situation::IncidentResolved,
            Event::DefinitionDeleted(_) => Situation::DefinitionDeleted,
            Event::Deployed(_) if !self.deployments.is_empty() => Situation::DeployedAgain,
            Event::IncidentCreated { incident, .. } => match incident.kind {
                IncidentKind::JobNoRetries => Situation::IncidentOfJob,
                IncidentKind::ConditionError => Situation::IncidentOfCondition,
                IncidentKind::UnhandledErrorEvent => Situation::IncidentOfError,
                _ => Situation::IncidentOfCall,
            },
            _ => return,
        };
        self.seen.note(situation);
    }

    fn mail_event(
        &mut self,
        from: PartitionId,
        to: PartitionId,
        sequence: u64,
        sent: bool,
    ) -> Result<(), Violation> {
        let (last_sent, last_taken) = self.mail.entry((from, to)).or_default();
        let last = if sent { &mut *last_sent } else { &mut *last_taken };
        if sequence != *last + 1 {
            let verb = if sent { "sent" } else { "taken" };
            return broken(format!("mail {sequence} from {} to {} was {verb} out of order", from.0, to.0));
        }
        *last = sequence;
        match *last_taken <= *last_sent {
            true => Ok(()),
            false => broken(format!("mail {sequence} from {} to {} was taken and never sent", from.0, to.0)),
        }
    }

    /// Checks that a job is given to a worker only when that is durable.
    ///
    /// # Errors
    /// It is not.
    pub fn check_push(&self, job: &ActivatedJob) -> Result<(), Violation> {
        match self.jobs.is_activated(job) {
            true => Ok(()),
            false => broken(format!("job {:?} was given to a worker before that was durable", job.key)),
        }
    }

    /// Checks that what an answer says is durable.
    ///
    /// # Errors
    /// It is not.
    pub fn check_reply(&self, reply: &Reply) -> Result<(), Violation> {
        let durable = match reply {
            Reply::InstanceCreated(created) => self.elements.contains(&created.instance),
            Reply::InstanceCompleted { instance, .. } => self.ended.contains(&instance.instance),
            Reply::Deployed(deployed) => {
                self.deployments.contains(&deployed.key.0) || deployed.resources.is_empty()
            }
            Reply::MessageCorrelated { message, .. } => self.messages.is_published(*message),
            Reply::MessagePublished(message) => self.messages.is_published(*message),
            Reply::SignalBroadcast(signal) => self.signals.is_broadcast(*signal),
            Reply::JobsActivated { jobs, .. } => jobs.iter().all(|job| self.jobs.is_activated(job)),
            Reply::VariablesSet(_)
            | Reply::DecisionEvaluated(_)
            | Reply::ExpressionEvaluated { .. }
            | Reply::Done => true,
        };
        if durable { Ok(()) } else { broken(format!("answered before it was durable: {reply:?}")) }
    }

    /// Nobody waits for a message that is kept. To be asked when nothing is under way.
    ///
    /// # Errors
    /// Somebody does.
    pub fn check_messages(&self) -> Result<(), Violation> {
        self.messages
            .check_nobody_waits_for_what_is_kept(|partition| self.times[usize::from(partition.0) - 1])
    }

    /// How many workers may have been given a job with this deadline.
    pub fn deliverable(&self, job: JobKey, deadline_ms: i64) -> usize {
        self.jobs.deliverable(job, deadline_ms)
    }

    /// Whether a job's completion is durable.
    pub fn is_completed(&self, job: JobKey) -> bool {
        self.jobs.is_completed(job)
    }

    /// Whether the end of an element instance is durable.
    pub fn is_ended(&self, element: ElementKey) -> bool {
        self.ended.contains(&element)
    }

    /// Whether a signal was broadcast while somebody waited for it, who waits still.
    pub fn is_signal_owed(&self, subscription: SubscriptionKey) -> bool {
        self.signals.is_owed(subscription)
    }

    /// Whether an incident's end is durable.
    pub fn is_resolved(&self, incident: IncidentKey) -> bool {
        self.resolved.contains(&incident)
    }
}

/// The key that an event brings into the world.
fn new_key_of(event: &Event) -> Option<u64> {
    match event {
        Event::ElementActivating { key, .. } => Some(key.0),
        Event::JobCreated { key, .. } => Some(key.0),
        Event::TimerCreated { key, .. } => Some(key.0),
        Event::WaitOpened { key, .. } => Some(key.0),
        Event::MessagePublished { key, .. } => Some(key.0),
        Event::SignalBroadcast { key, .. } => Some(key.0),
        Event::IncidentCreated { key, .. } => Some(key.0),
        _ => None,
    }
}
