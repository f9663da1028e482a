//! The thin shell around the [`Driver`]: one thread that decides, one that commits, and the channels between them and the callers.
//!
//! ```text
//! callers --ToShell--> [decide: Driver::step] --records--> [commit: Journal::append]
//!    ^                      |        ^                            |
//!    +---answers, jobs------+        +--------- durable ----------+
//! ```
//!
//! A small group is committed on the spot when nothing else is to be decided.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
        mpsc::{Receiver, RecvTimeoutError, Sender, SyncSender},
    },
    time::{Duration, Instant},
};

use tokio::sync::{mpsc, oneshot};
use weir_engine::{
    RequestId,
    command::{ActivatedJob, Activation, Command},
    key::{PartitionId, ProcessKey},
    outline::Outline,
};

use crate::{
    admission::{Admission, Place, awaits_end},
    checkpoint::ToCheckpointer,
    clock::Clock,
    commit::SharedCommitter,
    delivery::{Answerer, Delivery, Postbox},
    demand::{TakerId, Waiter},
    driver::{Action, Driver, GroupRecord, Input},
    metrics::Metrics,
    observe::Show,
};

/// What comes to the deciding thread.
pub(crate) enum ToShell {
    /// A command with somebody who waits.
    Submit { partition: PartitionId, command: Command, answer: Answerer, place: Place },
    /// A poll for jobs begins; without `stay` it ends when no job rests.
    Poll { waiter: Waiter, jobs: oneshot::Sender<Vec<ActivatedJob>>, stay: bool },
    /// A poll's time is over.
    EndPoll(TakerId),
    /// A stream begins.
    Stream { waiter: Waiter, jobs: mpsc::Sender<ActivatedJob> },
    /// A stream ends.
    EndStream(TakerId),
    /// Something for the driver.
    Input(Input),
    /// Somebody wants to see durable batches.
    Observe(Show),
    /// Somebody asks what the elements of a process are called.
    Outline { process: ProcessKey, answer: oneshot::Sender<Option<Outline>> },
    /// The commit thread is done with a group, or cannot go on.
    Committed(Result<(), String>),
    /// A checkpoint was given up: the node stops, and its disk is full.
    CheckpointGivenUp,
    /// Stop when all that was decided is durable.
    Stop,
    /// Stop at once.
    Abandon,
}

/// Who waits for an answer.
struct Waiting {
    answer: Answerer,
    place: Option<Place>,
}

/// Inputs taken before the open group is looked at again.
const INPUTS_PER_TURN: usize = 256;
/// Records that a group may have to be committed by the deciding thread itself.
const COMMIT_HERE_RECORDS: usize = 4;
/// How often each partition is checkpointed: what it did since is replayed after a crash.
const CHECKPOINT_EVERY: Duration = Duration::from_secs(5);
/// Time between the checkpoints of two partitions, however many there are: each costs a sync of the disk.
const CHECKPOINT_PAUSE: Duration = Duration::from_millis(500);

/// The deciding thread's things.
pub(crate) struct Shell {
    pub(crate) driver: Driver,
    pub(crate) inbox: Receiver<ToShell>,
    /// The commit thread.
    pub(crate) to_committer: SyncSender<Vec<GroupRecord>>,
    pub(crate) committer: SharedCommitter,
    pub(crate) checkpointer: Sender<ToCheckpointer>,
    pub(crate) clock: Arc<Clock>,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) admission: Arc<Admission>,
    /// The first number of this run's requests: answers to callers of an earlier run find nobody.
    pub(crate) next_request: u64,
    pub(crate) desk: Desk,
    pub(crate) postbox: Postbox,
    /// Whether nothing else was to be decided when the group was closed.
    pub(crate) quiet: bool,
}

/// Who waits for what.
#[derive(Default)]
pub(crate) struct Desk {
    waiting: HashMap<RequestId, Waiting>,
    polls: HashMap<TakerId, Poll>,
    streams: HashMap<TakerId, mpsc::Sender<ActivatedJob>>,
    observers: Vec<Show>,
}

struct Poll {
    jobs: Vec<ActivatedJob>,
    answer: oneshot::Sender<Vec<ActivatedJob>>,
}

impl Shell {
    /// Runs until stopped. An error is one after which the process must not go on.
    pub(crate) fn run(mut self) -> Result<(), String> {
        let mut actions = Vec::new();
        let mut last_checkpoint = Instant::now();
        let mut next_to_checkpoint = 0;
        let checkpoint_pause =
            (CHECKPOINT_EVERY / self.driver.led().len().max(1) as u32).max(CHECKPOINT_PAUSE);
        let (mut stopping, mut closing, mut no_room) = (false, false, false);
        // What recovery found undelivered goes out before anything else.
        self.release(&mut actions)?;
        loop {
            let mut message = self.next_message(stopping);
            let mut taken = 0;
            while let Some(one) = message {
                match one {
                    ToShell::Stop => stopping = true,
                    ToShell::CheckpointGivenUp => no_room = true,
                    ToShell::Abandon => return Ok(()),
                    ToShell::Committed(Err(why)) => {
                        self.metrics.set_failed();
                        return Err(why);
                    }
                    other => self.take(other, &mut actions),
                }
                taken += 1;
                message = if taken < INPUTS_PER_TURN { self.inbox.try_recv().ok() } else { None };
            }
            if self.driver.is_due(self.clock.now_ms()) {
                self.driver.step(self.clock.now_ms(), Input::TimePassed, &mut actions);
            }
            self.driver.go_on();
            let more_to_do = self.driver.is_unfinished() || self.driver.is_due(self.clock.now_ms());
            self.quiet = taken < INPUTS_PER_TURN && !more_to_do;
            if last_checkpoint.elapsed() >= checkpoint_pause {
                last_checkpoint = Instant::now();
                next_to_checkpoint = next_to_checkpoint % self.driver.led().len() as u16 + 1;
                let partition = PartitionId(next_to_checkpoint);
                self.driver.step(self.clock.now_ms(), Input::CheckpointWanted(partition), &mut actions);
            }
            self.release(&mut actions)?;
            self.show_figures();
            self.admission.set_memory_full(self.driver.is_overfull());
            if let Some(why) = self.driver.failure() {
                self.metrics.set_failed();
                return Err(why.to_string());
            }
            if stopping && self.driver.is_settled() && (no_room || self.driver.is_checkpointed()) {
                if closing || no_room {
                    return Ok(());
                }
                // Before an orderly end everything goes into the store, so that the next start has nothing to replay.
                closing = true;
                for number in 1..=self.driver.led().len() as u16 {
                    let wanted = Input::CheckpointWanted(PartitionId(number));
                    self.driver.step(self.clock.now_ms(), wanted, &mut actions);
                }
            }
        }
    }

    fn show_figures(&self) {
        let set = |gauge: &AtomicU64, value: u64| gauge.store(value, Ordering::Relaxed);
        set(&self.metrics.rows_bytes, self.driver.rows_bytes() as u64);
        set(&self.metrics.overdue_milliseconds, self.driver.overdue_ms(self.clock.now_ms()));
        set(&self.metrics.put_off_partitions, self.driver.put_off_partitions() as u64);
    }

    fn next_message(&self, stopping: bool) -> Option<ToShell> {
        if self.driver.is_unfinished() {
            return self.inbox.try_recv().ok();
        }
        let now_ms = self.clock.now_ms();
        let wait = match self.driver.next_due_ms() {
            Some(_) if self.driver.is_due(now_ms) => return self.inbox.try_recv().ok(),
            Some(due) if !self.clock.is_pinned() => Duration::from_millis((due - now_ms) as u64),
            Some(_) | None => Duration::from_secs(3600),
        };
        let wait = if stopping { wait.min(Duration::from_millis(50)) } else { wait.min(CHECKPOINT_EVERY) };
        match self.inbox.recv_timeout(wait) {
            Ok(message) => Some(message),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => Some(ToShell::Stop),
        }
    }

    fn take(&mut self, message: ToShell, actions: &mut Vec<Action>) {
        let now_ms = self.clock.now_ms();
        match message {
            ToShell::Submit { partition, command, answer, place } => {
                let request = RequestId(self.next_request);
                self.next_request += 1;
                // An instance's end may be awaited for days: what was decided is no longer in flight.
                let place = (!awaits_end(&command)).then_some(place);
                self.desk.waiting.insert(request, Waiting { answer, place });
                Metrics::add(&self.metrics.commands_total, 1);
                let input = Input::Command { partition, request: Some(request), command };
                self.driver.step(now_ms, input, actions);
            }
            ToShell::Poll { waiter, jobs, stay } => {
                let id = waiter.id;
                self.desk.polls.insert(id, Poll { jobs: Vec::new(), answer: jobs });
                self.driver.step(now_ms, Input::Wait(waiter), actions);
                if !stay && !self.driver.is_served(id) {
                    self.end_poll(id, actions);
                }
            }
            ToShell::EndPoll(id) => self.end_poll(id, actions),
            ToShell::Stream { waiter, jobs } => {
                self.desk.streams.insert(waiter.id, jobs);
                self.driver.step(now_ms, Input::Wait(waiter), actions);
            }
            ToShell::EndStream(id) => {
                self.driver.step(now_ms, Input::Unwait(id), actions);
                self.desk.streams.remove(&id);
            }
            ToShell::Input(Input::Undelivered(jobs)) => self.undelivered(jobs, actions),
            ToShell::Input(input) => self.driver.step(now_ms, input, actions),
            ToShell::Observe(observer) => {
                self.desk.observers.push(observer);
                self.driver.observe(true);
            }
            ToShell::Outline { process, answer } => {
                // A caller who is gone needs no answer.
                let _ = answer.send(self.driver.led().iter().find_map(|led| led.partition.outline(process)));
            }
            ToShell::Committed(Ok(())) => {
                self.driver.step(now_ms, Input::Appended, actions);
                self.driver.flush(actions);
            }
            ToShell::Committed(Err(_)) | ToShell::CheckpointGivenUp | ToShell::Stop | ToShell::Abandon => {}
        }
    }

    /// Ends a poll that was not served. One that was gets its jobs when they are durable.
    fn end_poll(&mut self, id: TakerId, actions: &mut Vec<Action>) {
        if self.driver.is_served(id) {
            return;
        }
        if self.driver.is_waiting(id) {
            self.driver.step(self.clock.now_ms(), Input::Unwait(id), actions);
            if let Some(poll) = self.desk.polls.remove(&id) {
                // A caller who is gone needs no empty answer.
                let _ = poll.answer.send(Vec::new());
            }
        }
    }

    /// Sends the open group on its way and performs what is to be done, until nothing more follows from it at once.
    fn release(&mut self, actions: &mut Vec<Action>) -> Result<(), String> {
        self.driver.flush(actions);
        let mut committed = false;
        while !actions.is_empty() {
            if self.perform(actions)? {
                committed = true;
                self.driver.step(self.clock.now_ms(), Input::Appended, actions);
            }
            self.driver.flush(actions);
        }
        if committed {
            self.committer.clear_up();
        }
        Ok(())
    }

    /// Commits a group here if that is sooner done than handed over; returns whether it is durable now.
    fn commit(&self, records: Vec<GroupRecord>) -> Result<bool, String> {
        if self.quiet && records.len() <= COMMIT_HERE_RECORDS {
            let committed = self.committer.lock().commit(&records);
            return committed.map(|()| true).inspect_err(|_| self.metrics.set_failed());
        }
        self.to_committer.send(records).map_err(|_| "the commit thread has ended".to_owned())?;
        Ok(false)
    }

    /// Performs actions in their order; returns whether a group became durable on the way.
    fn perform(&mut self, actions: &mut Vec<Action>) -> Result<bool, String> {
        let mut durable = false;
        let (mut parcel, mut undelivered) = (Vec::new(), Vec::new());
        for action in actions.drain(..) {
            match action {
                Action::Append(records) => durable = self.commit(records)?,
                Action::Answer { request, result } => {
                    if result.is_err() {
                        Metrics::add(&self.metrics.rejections_total, 1);
                    }
                    if let Some(Waiting { answer: to, place }) = self.desk.waiting.remove(&request) {
                        parcel.push(Delivery::Answer { to, result, place });
                    }
                }
                Action::Push { taker, job } => {
                    Metrics::add(&self.metrics.jobs_handed_out_total, 1);
                    match self.desk.give(taker, *job) {
                        Given::Kept => {}
                        Given::ToStream(delivery) => parcel.push(delivery),
                        Given::Nobody(job) => undelivered.push(job.activation()),
                    }
                }
                Action::PollEnded(id) => {
                    if let Some(Poll { answer: to, jobs }) = self.desk.polls.remove(&id) {
                        parcel.push(Delivery::Jobs { to, jobs });
                    }
                }
                Action::Observe(observed) => {
                    self.desk.observers.retain(|observer| observer.show(&observed));
                    if self.desk.observers.is_empty() {
                        self.driver.observe(false);
                    }
                }
                Action::Checkpoint { partition, sequence, changes } => {
                    let message = ToCheckpointer::Write { partition, sequence, changes };
                    if self.checkpointer.send(message).is_err() {
                        return Err("the checkpoint thread has ended".into());
                    }
                }
                Action::Discard(waste) => {
                    // Without that thread it is dropped here.
                    let _ = self.checkpointer.send(ToCheckpointer::Discard(waste));
                }
            }
        }
        self.postbox.post(parcel);
        if !undelivered.is_empty() {
            self.undelivered(undelivered, actions);
        }
        Ok(durable)
    }

    /// Jobs that reached nobody are free again.
    fn undelivered(&mut self, jobs: Vec<Activation>, actions: &mut Vec<Action>) {
        Metrics::add(&self.metrics.jobs_undelivered_total, jobs.len() as u64);
        self.driver.step(self.clock.now_ms(), Input::Undelivered(jobs), actions);
    }
}

/// What becomes of a job.
enum Given {
    /// A poll collects it.
    Kept,
    /// It goes to a stream.
    ToStream(Delivery),
    /// The worker is gone.
    Nobody(ActivatedJob),
}

impl Desk {
    /// Gives a job to a worker.
    fn give(&mut self, taker: TakerId, job: ActivatedJob) -> Given {
        if let Some(poll) = self.polls.get_mut(&taker) {
            poll.jobs.push(job);
            return Given::Kept;
        }
        match self.streams.get(&taker) {
            Some(to) => Given::ToStream(Delivery::Job { to: to.clone(), job }),
            None => Given::Nobody(job),
        }
    }
}
