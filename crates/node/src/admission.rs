//! Admission: whether a command may enter, decided before anything is applied.
//!
//! What is in flight is counted in commands and bytes; how many commands there may be is learned
//! ([`crate::standing_queue`]). Work that ends work (completing, failing, cancelling) always enters, so that a system under
//! load drains instead of starving.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use weir_engine::{command::Command, state::weight::Weigh};

use crate::{handle::SubmitError, limits::IN_FLIGHT_BYTES, standing_queue::StandingQueue};

/// Always the same words: what changes from refusal to refusal cannot be sent as a reference to the one before.
const TOO_MUCH: &str = "Expected to execute the command, but more is in flight than this node can carry; nothing was applied, try again later";

/// The door-keeper.
#[derive(Debug)]
pub(crate) struct Admission {
    in_flight: AtomicUsize,
    in_flight_bytes: AtomicUsize,
    queue: StandingQueue,
    started: Instant,
    disk_full: AtomicBool,
    memory_full: AtomicBool,
    disk_low: AtomicBool,
    refused: AtomicUsize,
}

/// A place in flight; given back when its last clone is dropped.
#[derive(Clone, Debug)]
pub(crate) struct Place(#[expect(dead_code, reason = "held for its drop")] Arc<Taken>);

#[derive(Debug)]
struct Taken {
    admission: Arc<Admission>,
    since: Instant,
    bytes: usize,
}

impl Drop for Taken {
    fn drop(&mut self) {
        let Taken { admission, since, bytes } = self;
        admission.in_flight.fetch_sub(1, Ordering::Relaxed);
        admission.in_flight_bytes.fetch_sub(*bytes, Ordering::Relaxed);
        let now_us = admission.started.elapsed().as_micros() as u64;
        admission.queue.ended(now_us, since.elapsed().as_micros() as u64);
    }
}

/// Whether a command's answer is the end of an instance, which may be far away.
pub(crate) fn awaits_end(command: &Command) -> bool {
    matches!(command, Command::CreateInstance(create) if create.with_result.is_some())
}

impl Admission {
    pub(crate) fn new(limit: usize) -> Arc<Admission> {
        Arc::new(Admission {
            in_flight: AtomicUsize::new(0),
            in_flight_bytes: AtomicUsize::new(0),
            queue: StandingQueue::new(limit),
            started: Instant::now(),
            disk_full: AtomicBool::new(false),
            memory_full: AtomicBool::new(false),
            disk_low: AtomicBool::new(false),
            refused: AtomicUsize::new(0),
        })
    }

    /// A place for a command, or why it may not enter.
    pub(crate) fn enter(self: &Arc<Self>, command: &Command) -> Result<Place, SubmitError> {
        let Load { brings_work, bytes } = load(command);
        match brings_work.then(|| self.refusal(bytes)).flatten() {
            Some(refusal) => Err(refusal),
            None => {
                self.in_flight.fetch_add(1, Ordering::Relaxed);
                self.in_flight_bytes.fetch_add(bytes, Ordering::Relaxed);
                Ok(Place(Arc::new(Taken { admission: self.clone(), since: Instant::now(), bytes })))
            }
        }
    }

    /// Why new work is refused at the moment, if it is.
    pub(crate) fn refusal_now(&self) -> Option<SubmitError> {
        self.refusal(0)
    }

    /// `bytes` come on top of what is in flight; a command that is larger than the limit enters alone.
    fn refusal(&self, bytes: usize) -> Option<SubmitError> {
        let (in_flight, limit) = (self.in_flight.load(Ordering::Relaxed), self.queue.limit());
        let in_flight_bytes = self.in_flight_bytes.load(Ordering::Relaxed);
        let why = if self.is_disk_full() || self.is_disk_low() {
            "the disk of the data folder is full: new work is refused until there is space; free some, or give the \
             folder a larger disk"
                .into()
        } else if self.memory_full.load(Ordering::Relaxed) {
            "more has changed than the memory given to the server holds until it is on disk; try again later, or give it \
             more (--memory)"
                .into()
        } else if in_flight_bytes > 0 && in_flight_bytes + bytes > IN_FLIGHT_BYTES {
            format!(
                "Expected to execute the command, but commands with {in_flight_bytes} bytes of variables are in flight, and the \
                 limit is {IN_FLIGHT_BYTES}; try again later"
            )
        } else if in_flight >= limit {
            TOO_MUCH.into()
        } else {
            return None;
        };
        self.refused.fetch_add(1, Ordering::Relaxed);
        Some(SubmitError::Overloaded(why))
    }

    /// A commit took so long.
    pub(crate) fn committed(&self, took: Duration) {
        self.queue.committed(took.as_micros() as u64);
    }

    pub(crate) fn set_memory_full(&self, full: bool) {
        self.memory_full.store(full, Ordering::Relaxed);
    }

    /// The journal found no room for more.
    pub(crate) fn set_disk_full(&self, full: bool) {
        self.disk_full.store(full, Ordering::Relaxed);
    }

    pub(crate) fn is_disk_full(&self) -> bool {
        self.disk_full.load(Ordering::Relaxed)
    }

    /// There is too little space for new work; see [`crate::disk_space`].
    pub(crate) fn set_disk_low(&self, low: bool) {
        self.disk_low.store(low, Ordering::Relaxed);
    }

    pub(crate) fn is_disk_low(&self) -> bool {
        self.disk_low.load(Ordering::Relaxed)
    }

    pub(crate) fn in_flight(&self) -> usize {
        self.in_flight.load(Ordering::Relaxed)
    }

    pub(crate) fn refused(&self) -> usize {
        self.refused.load(Ordering::Relaxed)
    }
}

/// What a command adds to what is in flight.
struct Load {
    /// Whether it brings new work, and so may be refused.
    brings_work: bool,
    /// Bytes of the variables that it carries.
    bytes: usize,
}

fn load(command: &Command) -> Load {
    let brings_work = match command {
        Command::CreateInstance(_)
        | Command::PublishMessage(_)
        | Command::CorrelateMessage(_)
        | Command::BroadcastSignal(_)
        | Command::EvaluateDecision { .. }
        | Command::EvaluateExpression { .. }
        | Command::SetVariables { .. } => true,
        Command::FailJob(_)
        | Command::ThrowError(_)
        | Command::CompleteJob { .. }
        | Command::Deploy(_)
        | Command::CancelInstance(_)
        | Command::ActivateJobs(_)
        | Command::UpdateJob { .. }
        | Command::YieldJob(_)
        | Command::ResolveIncident(_)
        | Command::DeleteResource(_)
        | Command::TimePassed
        | Command::DemandRose(_)
        | Command::Continue
        | Command::Mail { .. }
        | Command::MailAcknowledged { .. } => false,
    };
    Load { brings_work, bytes: command.variables().map_or(0, |variables| variables.0.heap_bytes()) }
}

#[cfg(test)]
mod tests {
    use weir_engine::{
        command::{CreateInstance, ProcessRef},
        document::Document,
        key::JobKey,
    };

    use super::*;
    use crate::limits::IN_FLIGHT_COMMANDS;

    fn create(bytes: usize) -> Command {
        Command::CreateInstance(CreateInstance {
            process: ProcessRef::Latest("p".into()),
            variables: Document(vec![("a".into(), "x".repeat(bytes).into())]),
            start_at: Vec::new(),
            with_result: None,
        })
    }

    #[test]
    fn so_many_bytes_of_variables_are_in_flight_and_no_more() {
        let admission = Admission::new(IN_FLIGHT_COMMANDS);
        let held: Vec<Place> = (0..10).map(|_| admission.enter(&create(3 << 20)).unwrap()).collect();
        assert!(admission.enter(&create(3 << 20)).is_err());
        let ends_work = Command::CompleteJob { job: JobKey(1), variables: Document::default() };
        assert!(admission.enter(&ends_work).is_ok());
        drop(held);
        let alone = admission.enter(&create(IN_FLIGHT_BYTES + 1)).unwrap();
        assert!(admission.enter(&create(1)).is_err());
        drop(alone);
        assert_eq!(admission.in_flight_bytes.load(Ordering::Relaxed), 0);
        assert_eq!(admission.in_flight(), 0);
    }

    #[test]
    fn while_memory_is_full_work_ends_and_none_begins() {
        let admission = Admission::new(IN_FLIGHT_COMMANDS);
        admission.set_memory_full(true);
        assert!(admission.enter(&create(1)).is_err());
        assert!(admission.enter(&Command::TimePassed).is_ok());
        admission.set_memory_full(false);
        assert!(admission.enter(&create(1)).is_ok());
    }
}
