//! What an independent auditor knows: every durable record, and the rules that hold for all of them together.
//!
//! It reads events only and never asks the engine, but for replaying them.

use std::collections::{BTreeMap, BTreeSet};

use weir_engine::{
    Partition,
    command::{ActivatedJob, Reply},
    event::{Batch, Event, JobFreedReason},
    key::{ElementKey, IncidentKey, JobKey, MessageKey, PartitionId, counter_of},
    state::row::IncidentKind,
};

use crate::machine::settings;

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
    jobs: BTreeMap<JobKey, Option<i64>>,
    /// Jobs that were completed.
    completed: BTreeSet<JobKey>,
    /// Activations by job and deadline: how many there were, how many were handed back because nobody was there.
    activations: BTreeMap<(JobKey, i64), (usize, usize)>,
    /// Element instances that ever were.
    elements: BTreeSet<ElementKey>,
    /// Instances that ended or are ending.
    ended: BTreeSet<ElementKey>,
    messages: BTreeSet<MessageKey>,
    correlated: BTreeSet<(MessageKey, String)>,
    subscribers: BTreeMap<u64, String>,
    /// Incidents.
    pub incidents: BTreeMap<IncidentKey, OpenIncident>,
    resolved: BTreeSet<IncidentKey>,
    mail: BTreeMap<(PartitionId, PartitionId), (u64, u64)>,
    deployments: BTreeSet<u64>,
    /// A number that stands for all bytes, in order.
    pub digest: u64,
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
            jobs: BTreeMap::new(),
            completed: BTreeSet::new(),
            activations: BTreeMap::new(),
            elements: BTreeSet::new(),
            ended: BTreeSet::new(),
            messages: BTreeSet::new(),
            correlated: BTreeSet::new(),
            subscribers: BTreeMap::new(),
            incidents: BTreeMap::new(),
            resolved: BTreeSet::new(),
            mail: BTreeMap::new(),
            deployments: BTreeSet::new(),
            digest: 0xcbf2_9ce4_8422_2325,
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
        if sequence != self.records[place].len() as u64 + 1 {
            return broken(format!(
                "partition {}: record {sequence} does not follow the last one",
                partition.0
            ));
        }
        for byte in payload {
            self.digest = (self.digest ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
        let batch = match Batch::from_bytes(payload) {
            Ok(batch) => batch,
            Err(error) => return broken(format!("a record that was written cannot be read: {error}")),
        };
        if batch.at_ms < self.times[place] {
            return broken(format!(
                "partition {}: record {sequence} is older than the one before",
                partition.0
            ));
        }
        if batch.counter < self.counters[place] {
            return broken(format!(
                "partition {}: the key counter went back at record {sequence}",
                partition.0
            ));
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
        match event {
            Event::ElementActivating { key, .. } => {
                self.elements.insert(*key);
                self.new_key(partition, batch, key.0)
            }
            Event::ElementCompleted(key) | Event::ElementTerminated(key) | Event::ElementTerminating(key) => {
                self.ended.insert(*key);
                Ok(())
            }
            Event::JobCreated { key, .. } => {
                self.jobs.insert(*key, None);
                self.new_key(partition, batch, key.0)
            }
            Event::JobActivated { .. }
            | Event::JobCompleted(_)
            | Event::JobFailed { .. }
            | Event::JobFreed { .. }
            | Event::JobErrorThrown(_)
            | Event::JobCanceled(_)
            | Event::JobDeadlineUpdated { .. }
            | Event::JobRetriesUpdated { .. } => self.job_event(batch, event),
            Event::TimerCreated { key, .. } => self.new_key(partition, batch, key.0),
            Event::WaitOpened { key, .. } => self.new_key(partition, batch, key.0),
            Event::SubscriptionOpened(opened) => {
                self.subscribers.insert(opened.key.0, opened.process_id.to_string());
                Ok(())
            }
            Event::MessagePublished { key, .. } => {
                self.messages.insert(*key);
                self.new_key(partition, batch, key.0)
            }
            Event::SubscriptionCorrelated { key, message } => {
                let process = self.subscribers.get(&key.0).cloned().unwrap_or_default();
                match self.correlated.insert((*message, process)) {
                    true => Ok(()),
                    false => broken(format!("message {message:?} was correlated twice to one process")),
                }
            }
            Event::IncidentCreated { key, incident } => {
                let open = OpenIncident { kind: incident.kind, element: incident.element, job: incident.job };
                self.incidents.insert(*key, open);
                self.new_key(partition, batch, key.0)
            }
            Event::IncidentResolved(key) => {
                self.incidents.remove(key);
                self.resolved.insert(*key);
                Ok(())
            }
            Event::Deployed(deployment) => {
                self.deployments.insert(deployment.key.0);
                Ok(())
            }
            Event::MailSent { to, sequence, .. } => self.mail_event(partition, *to, *sequence, true),
            Event::MailTaken { from, sequence } => self.mail_event(*from, partition, *sequence, false),
            Event::ElementActivated(_)
            | Event::ElementCompleting(_)
            | Event::FlowTaken { .. }
            | Event::TokenArrived { .. }
            | Event::TokensJoined { .. }
            | Event::ScopeInterrupted(_)
            | Event::TriggerStored { .. }
            | Event::TriggerTaken(_)
            | Event::VariablesSet { .. }
            | Event::LoopStarted { .. }
            | Event::LoopResult { .. }
            | Event::TimerFired(_)
            | Event::TimerCanceled(_)
            | Event::WaitClosed(_)
            | Event::SubscriptionCorrelating { .. }
            | Event::CorrelationRefused { .. }
            | Event::SubscriptionClosed(_)
            | Event::MessageExpired(_)
            | Event::MessageStarted { .. }
            | Event::MessageStartReleased(_)
            | Event::MessageStartOpened { .. }
            | Event::MessageStartClosed { .. }
            | Event::DefinitionDeleted(_)
            | Event::ResultAwaited { .. }
            | Event::MailDelivered { .. }
            | Event::StepsDeferred(_)
            | Event::StepsResumed(_) => Ok(()),
        }
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

    fn job_event(&mut self, batch: &Batch, event: &Event) -> Result<(), Violation> {
        match event {
            Event::JobActivated { key, deadline_ms, .. } => {
                self.activations.entry((*key, *deadline_ms)).or_default().0 += 1;
                match self.jobs.insert(*key, Some(*deadline_ms)) {
                    Some(None) => Ok(()),
                    Some(Some(_)) => broken(format!("job {key:?} was given to a second worker")),
                    None => broken(format!("job {key:?} was given to a worker but does not live")),
                }
            }
            Event::JobCompleted(key) | Event::JobCanceled(key) => {
                if matches!(event, Event::JobCompleted(_)) && !self.completed.insert(*key) {
                    return broken(format!("job {key:?} was completed twice"));
                }
                match self.jobs.remove(key) {
                    Some(_) => Ok(()),
                    None => broken(format!("job {key:?} ended, but it did not live")),
                }
            }
            Event::JobFreed { key, reason } => match self.jobs.insert(*key, None) {
                Some(Some(deadline)) if *reason == JobFreedReason::TimedOut && batch.at_ms < deadline => {
                    broken(format!("job {key:?} timed out {} ms early", deadline - batch.at_ms))
                }
                Some(Some(deadline)) if *reason == JobFreedReason::Yielded => {
                    self.activations.entry((*key, deadline)).or_default().1 += 1;
                    Ok(())
                }
                Some(_) => Ok(()),
                None => broken(format!("job {key:?} was freed, but it did not live")),
            },
            Event::JobFailed { key, .. } | Event::JobErrorThrown(key) => {
                self.jobs.insert(*key, None);
                Ok(())
            }
            Event::JobDeadlineUpdated { key, deadline_ms } => {
                self.jobs.insert(*key, Some(*deadline_ms));
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Checks that a job is given to a worker only when that is durable.
    ///
    /// # Errors
    /// It is not.
    pub fn check_push(&self, job: &ActivatedJob) -> Result<(), Violation> {
        match self.activations.contains_key(&(job.key, job.deadline_ms)) {
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
            Reply::MessageCorrelated { message, .. } => self.messages.contains(message),
            Reply::MessagePublished(message) => self.messages.contains(message),
            Reply::JobsActivated { jobs, .. } => {
                jobs.iter().all(|job| self.activations.contains_key(&(job.key, job.deadline_ms)))
            }
            Reply::VariablesSet(_)
            | Reply::DecisionEvaluated(_)
            | Reply::ExpressionEvaluated { .. }
            | Reply::Done => true,
        };
        if durable { Ok(()) } else { broken(format!("answered before it was durable: {reply:?}")) }
    }

    /// How many workers may have been given a job with this deadline.
    pub fn deliverable(&self, job: JobKey, deadline_ms: i64) -> usize {
        let (activated, yielded) = self.activations.get(&(job, deadline_ms)).copied().unwrap_or_default();
        activated.saturating_sub(yielded)
    }

    /// Whether a job's completion is durable.
    pub fn is_completed(&self, job: JobKey) -> bool {
        self.completed.contains(&job)
    }

    /// Whether the end of an element instance is durable.
    pub fn is_ended(&self, element: ElementKey) -> bool {
        self.ended.contains(&element)
    }

    /// Whether an incident's end is durable.
    pub fn is_resolved(&self, incident: IncidentKey) -> bool {
        self.resolved.contains(&incident)
    }
}
