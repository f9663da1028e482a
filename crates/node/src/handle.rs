//! The door to a running node: everything that a face may ask of it.
//!
//! A [`Handle`] is cheap to clone and usable from any thread. It routes a command to its partition, and answers when
//! the events behind the answer are durable. Nothing that was refused with [`SubmitError::Overloaded`] or
//! [`SubmitError::Unavailable`] was applied.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::sync::{mpsc, oneshot};
use weir_engine::{
    command::{ActivateJobs, ActivatedJob, Activation, Command, Reply},
    key::{PartitionId, ProcessKey},
    message,
    outline::Outline,
    rejection::Rejection,
};
use weir_journal::disk::mirror::Side;

use crate::{
    admission::{Admission, awaits_end},
    clock::Clock,
    demand::{TakerId, Waiter},
    driver::Input,
    metrics::Metrics,
    observe::{self, Observer},
    shell::ToShell,
};

/// Why a command got no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SubmitError {
    /// The engine refused it.
    Rejected(Rejection),
    /// Too much is in flight, or the disk is full; nothing was applied; try again later.
    Overloaded(String),
    /// There is no such partition, or the node is not ready or stopping; nothing was applied.
    Unavailable(String),
    /// The node stopped while the command was under way; whether it happened is not known.
    Aborted,
}

impl fmt::Display for SubmitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rejected(rejection) => rejection.fmt(f),
            Self::Overloaded(why) | Self::Unavailable(why) => f.write_str(why),
            Self::Aborted => f.write_str("the node stopped while the command was under way"),
        }
    }
}

impl std::error::Error for SubmitError {}

/// What the node says about its partitions.
#[derive(Clone, Debug)]
pub struct Topology {
    /// Number of partitions.
    pub partitions: u16,
    /// Whether each partition is healthy, by place.
    pub healthy: Vec<bool>,
    /// Identity of this system.
    pub cluster_id: String,
}

/// How the node is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Health {
    /// It runs: it need not be started again.
    pub live: bool,
    /// It takes commands.
    pub ready: bool,
    /// It has started: recovery is over.
    pub startup: bool,
    /// Its disk has too little space for new work; what is under way goes on.
    pub disk_full: bool,
    /// The one of its two folders that failed: what happens now is kept once.
    pub left_behind: Option<Side>,
    /// Segments of the journal that are damaged and that no other copy could repair.
    pub bad_segments: u64,
}

/// What a job stream wants.
#[derive(Clone, Debug)]
pub struct JobStreamSpec {
    /// Jobs of this type.
    pub job_type: Arc<str>,
    /// For this worker.
    pub worker: Arc<str>,
    /// Milliseconds until an activated job goes back to the queue.
    pub timeout_ms: i64,
    /// Only these variables; all visible ones where empty.
    pub fetch_variables: Arc<[Arc<str>]>,
}

/// The door.
#[derive(Clone)]
pub struct Handle(Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) to_shell: std::sync::mpsc::Sender<ToShell>,
    pub(crate) partitions: u16,
    pub(crate) cluster_id: String,
    pub(crate) admission: Arc<Admission>,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) clock: Arc<Clock>,
    pub(crate) next_partition: AtomicU64,
    pub(crate) next_taker: AtomicU64,
}

impl Handle {
    pub(crate) fn new(inner: Inner) -> Handle {
        Handle(Arc::new(inner))
    }

    /// Asks for something and waits for the answer, which comes when its events are durable.
    ///
    /// # Errors
    /// See [`SubmitError`].
    pub async fn submit(&self, command: Command) -> Result<Reply, SubmitError> {
        let partition = self.route(&command)?;
        let place = self.0.admission.enter(&command)?;
        // Held here as well: under overload answers wait for processor time, and who enters then only makes them wait
        // longer. Who awaits the end of an instance takes no place meanwhile.
        let _held = (!awaits_end(&command)).then(|| place.clone());
        let (answer, answered) = oneshot::channel();
        self.send(ToShell::Submit { partition, command, answer, place })?;
        match answered.await {
            Ok(Ok(reply)) => Ok(reply),
            Ok(Err(rejection)) => Err(SubmitError::Rejected(rejection)),
            Err(_) => Err(SubmitError::Aborted),
        }
    }

    /// Why a command that brings new work would be refused now, if it would: for a face that can spare itself the
    /// reading of it.
    pub fn refuses_new_work(&self) -> Option<SubmitError> {
        self.0.admission.refusal_now()
    }

    /// Asks for jobs; with `long_poll`, waits so long for the first ones.
    pub fn activate_jobs(&self, request: ActivateJobs, long_poll: Option<Duration>) -> JobBatches {
        let id = self.0.next_taker.fetch_add(1, Ordering::Relaxed);
        let (jobs, given) = oneshot::channel();
        let waiter = Waiter {
            id,
            job_type: request.job_type,
            worker: request.worker,
            timeout_ms: request.timeout_ms,
            fetch_variables: request.fetch_variables,
            credit: request.max_jobs.min(weir_engine::limits::JOBS_PER_ACTIVATION),
            budget_bytes: request.max_bytes,
            poll: true,
        };
        let sent = self.send(ToShell::Poll { waiter, jobs, stay: long_poll.is_some() });
        JobBatches { handle: self.clone(), id, given: sent.is_ok().then_some(given), long_poll, over: false }
    }

    /// Opens a stream of jobs; at most `capacity` of them are under way to the client.
    pub fn open_job_stream(&self, spec: JobStreamSpec, capacity: usize) -> JobStream {
        let id = self.0.next_taker.fetch_add(1, Ordering::Relaxed);
        let capacity = capacity.max(1);
        let (jobs, given) = mpsc::channel(capacity);
        let waiter = Waiter {
            id,
            job_type: spec.job_type,
            worker: spec.worker,
            timeout_ms: spec.timeout_ms,
            fetch_variables: spec.fetch_variables,
            credit: capacity,
            budget_bytes: usize::MAX,
            poll: false,
        };
        // A node that is stopping drops the sender, and the stream ends.
        let _ = self.send(ToShell::Stream { waiter, jobs });
        JobStream { handle: self.clone(), id, given, taken: 0, credit_after: capacity.div_ceil(2) }
    }

    /// What the node says about its partitions.
    pub fn topology(&self) -> Topology {
        let Health { ready, disk_full, .. } = self.health();
        let healthy = ready && !disk_full;
        Topology {
            partitions: self.0.partitions,
            healthy: vec![healthy; usize::from(self.0.partitions)],
            cluster_id: self.0.cluster_id.clone(),
        }
    }

    /// How the node is.
    pub fn health(&self) -> Health {
        self.0.metrics.health()
    }

    /// Figures in the text form that Prometheus reads.
    pub fn metrics_text(&self) -> String {
        self.0.metrics.to_text()
    }

    /// Stops the clock of the engine at a time; only where the node was started with a clock that can be set.
    ///
    /// # Errors
    /// The clock cannot be set.
    pub fn pin_clock(&self, epoch_ms: i64) -> Result<(), SubmitError> {
        self.0.clock.pin(epoch_ms)?;
        self.send(ToShell::Input(Input::TimePassed))
    }

    /// Lets the clock run with the world's again.
    ///
    /// # Errors
    /// The clock cannot be set.
    pub fn reset_clock(&self) -> Result<(), SubmitError> {
        self.0.clock.reset()?;
        self.send(ToShell::Input(Input::TimePassed))
    }

    /// Every durable batch from now on, of all partitions. The observer is left behind when about `queue_bytes` of them
    /// wait for it.
    pub fn observe(&self, queue_bytes: usize) -> Observer {
        let (show, observer) = observe::queue(queue_bytes);
        // A node that is stopping drops its end, and the observer ends.
        let _ = self.send(ToShell::Observe(show));
        observer
    }

    /// What the elements of a deployed process are called; `None`: there is no such process.
    ///
    /// # Errors
    /// The node is stopping.
    pub async fn outline(&self, process: ProcessKey) -> Result<Option<Outline>, SubmitError> {
        let (answer, answered) = oneshot::channel();
        self.send(ToShell::Outline { process, answer })?;
        answered.await.map_err(|_| SubmitError::Aborted)
    }

    fn send(&self, message: ToShell) -> Result<(), SubmitError> {
        self.0.to_shell.send(message).map_err(|_| SubmitError::Unavailable("the node is stopping".into()))
    }

    /// Which partition a command is for.
    fn route(&self, command: &Command) -> Result<PartitionId, SubmitError> {
        match command {
            Command::Deploy(_) | Command::DeleteResource(_) | Command::BroadcastSignal(_) => {
                Ok(PartitionId::DEPLOYMENT)
            }
            Command::CreateInstance(_)
            | Command::ActivateJobs(_)
            | Command::EvaluateDecision { .. }
            | Command::EvaluateExpression { .. }
            | Command::TimePassed
            | Command::DemandRose(_)
            | Command::Continue
            | Command::Mail { .. }
            | Command::MailAcknowledged { .. } => Ok(self.next_partition()),
            Command::PublishMessage(message) => {
                Ok(message::partition_of(&message.correlation_key, self.0.partitions))
            }
            Command::CorrelateMessage(message) => {
                Ok(message::partition_of(&message.correlation_key, self.0.partitions))
            }
            Command::CompleteJob { job, .. }
            | Command::UpdateJob { job, .. }
            | Command::YieldJob(Activation { job, .. }) => self.existing(job.partition()),
            Command::FailJob(failed) => self.existing(failed.job.partition()),
            Command::ThrowError(thrown) => self.existing(thrown.job.partition()),
            Command::CancelInstance(key) => self.existing(key.partition()),
            Command::SetVariables { scope, .. } => self.existing(scope.partition()),
            Command::ResolveIncident(key) => self.existing(key.partition()),
        }
    }

    fn existing(&self, partition: PartitionId) -> Result<PartitionId, SubmitError> {
        if (1..=self.0.partitions).contains(&partition.0) {
            return Ok(partition);
        }
        let why = format!(
            "the key belongs to partition {}, but this system has the partitions 1 to {}",
            partition.0, self.0.partitions
        );
        Err(SubmitError::Unavailable(why))
    }

    fn next_partition(&self) -> PartitionId {
        let turn = self.0.next_partition.fetch_add(1, Ordering::Relaxed);
        PartitionId((turn % u64::from(self.0.partitions)) as u16 + 1)
    }

    fn undelivered(&self, jobs: Vec<Activation>) {
        if !jobs.is_empty() {
            // Where the node is stopping the jobs go back at their time-out.
            let _ = self.send(ToShell::Input(Input::Undelivered(jobs)));
        }
    }
}

/// The answer to [`Handle::activate_jobs`].
pub struct JobBatches {
    handle: Handle,
    id: TakerId,
    given: Option<oneshot::Receiver<Vec<ActivatedJob>>>,
    long_poll: Option<Duration>,
    over: bool,
}

impl JobBatches {
    /// The next jobs; `None` when there are no more, or the time is over. May be dropped and called again.
    pub async fn next(&mut self) -> Option<Result<Vec<ActivatedJob>, SubmitError>> {
        if self.over {
            return None;
        }
        let Some(given) = &mut self.given else {
            self.over = true;
            return Some(Err(SubmitError::Unavailable("the node is stopping".into())));
        };
        let wait = self.long_poll.unwrap_or(Duration::from_secs(60));
        let result = match tokio::time::timeout(wait, &mut *given).await {
            Ok(result) => result,
            Err(_) => {
                // No more jobs are given from here on; what was given before this arrives is still taken.
                let _ = self.handle.send(ToShell::EndPoll(self.id));
                given.await
            }
        };
        self.over = true;
        self.given = None;
        match result {
            Ok(jobs) if jobs.is_empty() => None,
            Ok(jobs) => Some(Ok(jobs)),
            Err(_) => Some(Err(SubmitError::Aborted)),
        }
    }
}

impl Drop for JobBatches {
    fn drop(&mut self) {
        let Some(mut given) = self.given.take() else { return };
        let _ = self.handle.send(ToShell::EndPoll(self.id));
        given.close();
        if let Ok(jobs) = given.try_recv() {
            self.handle.undelivered(jobs.iter().map(ActivatedJob::activation).collect());
        }
    }
}

/// A stream of jobs.
pub struct JobStream {
    handle: Handle,
    id: TakerId,
    given: mpsc::Receiver<ActivatedJob>,
    taken: usize,
    credit_after: usize,
}

impl JobStream {
    /// How many jobs wait to be taken.
    pub fn waiting(&self) -> usize {
        self.given.len()
    }

    /// The next job; `None` when the node stops.
    pub async fn next(&mut self) -> Option<ActivatedJob> {
        let job = self.given.recv().await?;
        self.taken += 1;
        if self.taken >= self.credit_after {
            let credit = Input::Credit { taker: self.id, jobs: self.taken };
            self.taken = 0;
            let _ = self.handle.send(ToShell::Input(credit));
        }
        Some(job)
    }
}

impl Drop for JobStream {
    fn drop(&mut self) {
        let _ = self.handle.send(ToShell::EndStream(self.id));
        self.given.close();
        let mut undelivered = Vec::new();
        while let Ok(job) = self.given.try_recv() {
            undelivered.push(job.activation());
        }
        self.handle.undelivered(undelivered);
    }
}
