//! A command at work: read access to state, and one way to change it.
//!
//! [`Tx::emit`] notes an event and applies it at once, so that later steps of the same command see earlier effects.
//! It is the only path to [`crate::apply`] besides recovery. What is to be done outside (answers, jobs pushed, mail) is
//! collected and released by the node when the events are durable.

use std::{collections::VecDeque, sync::Arc};

use weir_bpmn::process::{Element, ElementIdx, Process};
use weir_feel::{Moment, temporal::Zone};

use crate::{
    apply,
    command::{ActivatedJob, Reply},
    definitions::Definitions,
    event::Event,
    key::{ElementKey, PartitionId},
    mail::Mail,
    payload::Payload,
    rejection::Rejection,
    state::{
        State,
        row::{ElementInstance, IncidentKind, Role},
    },
    step::Step,
    work::Work,
};

/// Identity of a caller who waits for an answer. Unique over restarts; made by the node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestId(pub u64);

/// An answer to a caller.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Who asked.
    pub request: RequestId,
    /// What the answer is.
    pub result: Result<Reply, Rejection>,
    /// Whether it waits until the mail of this batch was taken by its receivers.
    pub after_mail: bool,
}

/// A job that goes to a worker who waits for it.
#[derive(Clone, Debug)]
pub struct Push {
    /// The taker's identity, as the demand gave it.
    pub taker: u64,
    /// The job, already activated.
    pub job: ActivatedJob,
}

/// Somebody who takes a job now.
#[derive(Clone, Debug)]
pub struct Taker {
    /// Its identity, given back in [`Push::taker`].
    pub id: u64,
    /// The worker's name.
    pub worker: Arc<str>,
    /// Milliseconds until the job goes back to the queue.
    pub timeout_ms: i64,
    /// Only these variables; all visible ones where empty.
    pub fetch_variables: Arc<[Arc<str>]>,
}

/// Which workers wait for which jobs: volatile, known to the node, an input of every step.
pub trait Demand {
    /// Takes one worker that waits for a job of this type, if there is one; its place is used up.
    fn take(&mut self, job_type: &str) -> Option<Taker>;

    /// Says how large the job was that a worker took.
    fn took(&mut self, taker: u64, bytes: usize) {
        let _ = (taker, bytes);
    }
}

/// No worker waits.
impl Demand for () {
    fn take(&mut self, _: &str) -> Option<Taker> {
        None
    }
}

/// What a partition is told once.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Its number.
    pub partition: PartitionId,
    /// How many partitions the system has.
    pub partitions: u16,
    /// The zone of dates without one, and of cron.
    pub zone: Zone,
    /// What evaluating an expression may cost.
    pub feel_limits: weir_feel::Limits,
    /// How much variables may weigh.
    pub payload: Payload,
}

/// Why an element cannot go on: it becomes an incident.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    pub(crate) kind: IncidentKind,
    pub(crate) message: String,
}

impl Failure {
    pub(crate) fn new(kind: IncidentKind, message: impl Into<String>) -> Failure {
        Failure { kind, message: message.into() }
    }

    /// An expression did not give what was needed.
    pub(crate) fn extract(message: impl Into<String>) -> Failure {
        Failure::new(IncidentKind::ExtractValueError, message)
    }
}

/// An element instance with its model.
#[derive(Clone)]
pub(crate) struct At {
    pub(crate) key: ElementKey,
    pub(crate) row: Arc<ElementInstance>,
    pub(crate) process: Arc<Process>,
}

impl At {
    pub(crate) fn idx(&self) -> ElementIdx {
        ElementIdx(self.row.element)
    }

    pub(crate) fn element(&self) -> &Element {
        self.process.element(self.idx())
    }

    /// The scope whose flows it belongs to: for an item of a multi-instance that is the body.
    pub(crate) fn scope(&self) -> ElementKey {
        self.row.parent.unwrap_or(self.key)
    }

    pub(crate) fn is_process(&self) -> bool {
        self.row.element == 0
    }

    pub(crate) fn is_item(&self) -> bool {
        matches!(self.row.role, Role::Item(_))
    }
}

/// A command at work.
pub(crate) struct Tx<'a> {
    state: &'a mut State,
    pub(crate) definitions: &'a Definitions,
    pub(crate) settings: &'a Settings,
    pub(crate) now_ms: i64,
    pub(crate) request: Option<RequestId>,
    demand: &'a mut dyn Demand,
    counter: u64,
    pub(crate) events: Vec<Event>,
    pub(crate) steps: VecDeque<Step>,
    pub(crate) answers: Vec<Answer>,
    pub(crate) pushes: Vec<Push>,
    pub(crate) mail: Vec<(PartitionId, u64, Mail)>,
    work: Work,
}

impl<'a> Tx<'a> {
    pub(crate) fn new(
        state: &'a mut State,
        definitions: &'a Definitions,
        settings: &'a Settings,
        now_ms: i64,
        request: Option<RequestId>,
        demand: &'a mut dyn Demand,
    ) -> Tx<'a> {
        let counter = state.counter();
        Tx {
            state,
            definitions,
            settings,
            now_ms,
            request,
            demand,
            counter,
            events: Vec::new(),
            steps: VecDeque::new(),
            answers: Vec::new(),
            pushes: Vec::new(),
            mail: Vec::new(),
            work: Work::default(),
        }
    }

    /// Whether this batch holds enough: what is left to do goes into one of its own.
    pub(crate) fn is_full(&self) -> bool {
        self.work.is_full(self.steps.len())
    }

    /// Nobody waits for this command: it makes way for others sooner.
    pub(crate) fn stand_behind(&mut self) {
        self.work.stand_behind();
    }

    /// So many pieces of work were done that no event tells of.
    pub(crate) fn worked(&mut self, pieces: usize) {
        self.work.done(pieces, 0);
    }

    pub(crate) fn state(&self) -> &State {
        self.state
    }

    /// Notes an event and applies it.
    pub(crate) fn emit(&mut self, event: Event) {
        apply::apply(self.state, &event);
        self.work.note(&event);
        self.events.push(event);
    }

    /// A new key of this partition.
    pub(crate) fn next_key(&mut self) -> u64 {
        self.counter += 1;
        self.settings.partition.key(self.counter)
    }

    /// Notes time and keys after the last event.
    pub(crate) fn seal(&mut self) -> u64 {
        apply::seal(self.state, self.now_ms, self.counter);
        self.counter
    }

    pub(crate) fn then(&mut self, step: Step) {
        self.steps.push_back(step);
    }

    /// Answers the caller of this command, if there is one.
    pub(crate) fn answer(&mut self, result: Result<Reply, Rejection>) {
        if let Some(request) = self.request {
            self.answer_to(request, result);
        }
    }

    pub(crate) fn answer_to(&mut self, request: RequestId, result: Result<Reply, Rejection>) {
        self.answers.push(Answer { request, result, after_mail: false });
    }

    /// Answers the caller when all other partitions have taken this command's mail.
    pub(crate) fn answer_after_mail(&mut self, reply: Reply) {
        if let Some(request) = self.request {
            self.answers.push(Answer { request, result: Ok(reply), after_mail: true });
        }
    }

    pub(crate) fn take_demand(&mut self, job_type: &str) -> Option<Taker> {
        self.demand.take(job_type)
    }

    pub(crate) fn push(&mut self, taker: u64, job: ActivatedJob) {
        let bytes = job.size_bytes();
        self.work.done(0, bytes);
        self.demand.took(taker, bytes);
        self.pushes.push(Push { taker, job });
    }

    /// Sends mail; to this partition itself it is a step of the same command.
    pub(crate) fn send(&mut self, to: PartitionId, mail: Mail) {
        if to == self.settings.partition {
            return self.then(Step::OwnMail(mail));
        }
        let sequence = self.state.outbox_last.get(&to).map_or(0, |last| *last) + 1;
        self.emit(Event::MailSent { to, sequence, mail: mail.clone() });
        self.mail.push((to, sequence, mail));
    }

    /// The element instance with its model, if it lives.
    pub(crate) fn at(&self, key: ElementKey) -> Option<At> {
        let row = self.state.elements.get(&key)?;
        let process = self.definitions.process(self.state, row.process)?;
        Some(At { key, row, process })
    }

    /// What `now()` answers in an expression of this command.
    pub(crate) fn moment(&self) -> Moment {
        // The seed of random numbers: the same command on the same state gives the same result.
        let seed = self.counter ^ (self.now_ms as u64).rotate_left(32) ^ self.events.len() as u64;
        Moment::from_epoch_ms(self.now_ms, self.settings.zone, seed)
    }

    /// Every other partition.
    pub(crate) fn others(&self) -> impl Iterator<Item = PartitionId> + use<> {
        let own = self.settings.partition;
        (1..=self.settings.partitions).map(PartitionId).filter(move |id| *id != own)
    }
}
