//! Admission: whether a command may enter, decided before anything is applied.
//!
//! What is in flight is counted in commands; how many there may be is learned ([`crate::standing_queue`]). Work that
//! ends work (completing, failing, cancelling) always enters, so that a system under load drains instead of starving.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use weir_engine::command::Command;

use crate::{handle::SubmitError, standing_queue::StandingQueue};

/// Commands that may be in flight before new work is refused.
pub const IN_FLIGHT_COMMANDS: usize = 2_000;

/// The door-keeper.
#[derive(Debug)]
pub(crate) struct Admission {
    in_flight: AtomicUsize,
    queue: StandingQueue,
    started: Instant,
    disk_full: AtomicBool,
    refused: AtomicUsize,
}

/// A place in flight; given back when its last clone is dropped.
#[derive(Clone, Debug)]
pub(crate) struct Place(#[expect(dead_code, reason = "held for its drop")] Arc<Taken>);

#[derive(Debug)]
struct Taken {
    admission: Arc<Admission>,
    since: Instant,
}

impl Drop for Taken {
    fn drop(&mut self) {
        let Taken { admission, since } = self;
        admission.in_flight.fetch_sub(1, Ordering::Relaxed);
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
            queue: StandingQueue::new(limit),
            started: Instant::now(),
            disk_full: AtomicBool::new(false),
            refused: AtomicUsize::new(0),
        })
    }

    /// A place for a command, or why it may not enter.
    pub(crate) fn enter(self: &Arc<Self>, command: &Command) -> Result<Place, SubmitError> {
        let brings_work = match command {
            Command::CreateInstance(_)
            | Command::PublishMessage(_)
            | Command::CorrelateMessage(_)
            | Command::EvaluateDecision { .. }
            | Command::EvaluateExpression { .. }
            | Command::SetVariables { .. } => true,
            Command::Deploy(_)
            | Command::CancelInstance(_)
            | Command::ActivateJobs(_)
            | Command::CompleteJob { .. }
            | Command::FailJob(_)
            | Command::ThrowError(_)
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
        match brings_work.then(|| self.refusal_now()).flatten() {
            Some(refusal) => Err(refusal),
            None => {
                self.in_flight.fetch_add(1, Ordering::Relaxed);
                Ok(Place(Arc::new(Taken { admission: self.clone(), since: Instant::now() })))
            }
        }
    }

    /// Why new work is refused at the moment, if it is.
    pub(crate) fn refusal_now(&self) -> Option<SubmitError> {
        let (in_flight, limit) = (self.in_flight.load(Ordering::Relaxed), self.queue.limit());
        let why = if self.disk_full.load(Ordering::Relaxed) {
            "the disk of the data folder is full: new work is refused until there is space; free some, or give the \
             folder a larger disk"
                .into()
        } else if in_flight >= limit {
            format!(
                "Expected to execute the command, but {in_flight} commands are in flight, and the limit is {limit}; try again later"
            )
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

    pub(crate) fn set_disk_full(&self, full: bool) {
        self.disk_full.store(full, Ordering::Relaxed);
    }

    pub(crate) fn is_disk_full(&self) -> bool {
        self.disk_full.load(Ordering::Relaxed)
    }

    pub(crate) fn in_flight(&self) -> usize {
        self.in_flight.load(Ordering::Relaxed)
    }

    pub(crate) fn refused(&self) -> usize {
        self.refused.load(Ordering::Relaxed)
    }
}
