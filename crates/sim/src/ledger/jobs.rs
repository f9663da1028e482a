//! What the events say of jobs: one worker at a time, done once, never early.

use std::collections::{BTreeMap, BTreeSet};

use weir_engine::{
    command::ActivatedJob,
    event::{Event, JobFreedReason},
    key::JobKey,
};

use super::{Violation, broken};
use crate::situations::{Seen, Situation};

/// Where a job is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Free,
    /// A worker has it, until then.
    Given(i64),
    /// It failed or threw.
    Held,
}

/// All jobs.
#[derive(Debug, Default)]
pub(super) struct Jobs {
    live: BTreeMap<JobKey, Place>,
    completed: BTreeSet<JobKey>,
    /// Activations by job and deadline: how many there were, how many were handed back because nobody was there.
    activations: BTreeMap<(JobKey, i64), (usize, usize)>,
}

impl Jobs {
    pub(super) fn is_completed(&self, job: JobKey) -> bool {
        self.completed.contains(&job)
    }

    pub(super) fn is_activated(&self, job: &ActivatedJob) -> bool {
        self.activations.contains_key(&(job.key, job.deadline_ms))
    }

    pub(super) fn deliverable(&self, job: JobKey, deadline_ms: i64) -> usize {
        let (activated, yielded) = self.activations.get(&(job, deadline_ms)).copied().unwrap_or_default();
        activated.saturating_sub(yielded)
    }

    pub(super) fn event(&mut self, at_ms: i64, event: &Event, seen: &mut Seen) -> Result<(), Violation> {
        match event {
            Event::JobCreated { key, .. } => drop(self.live.insert(*key, Place::Free)),
            Event::JobActivated { key, deadline_ms, .. } => return self.given(*key, *deadline_ms),
            Event::JobCompleted(key) => return self.done(*key),
            Event::JobCanceled(key) if self.live.remove(key).is_none() => {
                return broken(format!("job {key:?} ended, but it did not live"));
            }
            Event::JobFreed { key, reason } => return self.freed(at_ms, *key, *reason, seen),
            Event::JobFailed { key, .. } => drop(self.live.insert(*key, Place::Held)),
            Event::JobErrorThrown(key) => {
                seen.note(Situation::ErrorThrown);
                self.live.insert(*key, Place::Held);
            }
            Event::JobDeadlineUpdated { key, deadline_ms } => {
                seen.note(Situation::JobTimeoutUpdated);
                self.live.insert(*key, Place::Given(*deadline_ms));
            }
            _ => {}
        }
        Ok(())
    }

    fn given(&mut self, key: JobKey, deadline_ms: i64) -> Result<(), Violation> {
        self.activations.entry((key, deadline_ms)).or_default().0 += 1;
        match self.live.insert(key, Place::Given(deadline_ms)) {
            Some(Place::Free) => Ok(()),
            Some(Place::Given(_)) => broken(format!("job {key:?} was given to a second worker")),
            Some(Place::Held) => broken(format!("job {key:?} was given to a worker although it is held")),
            None => broken(format!("job {key:?} was given to a worker but does not live")),
        }
    }

    fn done(&mut self, key: JobKey) -> Result<(), Violation> {
        if !self.completed.insert(key) {
            return broken(format!("job {key:?} was completed twice"));
        }
        match self.live.remove(&key) {
            Some(Place::Free | Place::Given(_)) => Ok(()),
            Some(Place::Held) => {
                broken(format!("job {key:?} failed or threw, and was completed all the same"))
            }
            None => broken(format!("job {key:?} ended, but it did not live")),
        }
    }

    fn freed(
        &mut self,
        at_ms: i64,
        key: JobKey,
        reason: JobFreedReason,
        seen: &mut Seen,
    ) -> Result<(), Violation> {
        let before = self.live.insert(key, Place::Free);
        match (reason, before) {
            (_, None) => return broken(format!("job {key:?} was freed, but it did not live")),
            (JobFreedReason::TimedOut, Some(Place::Given(deadline))) if at_ms < deadline => {
                return broken(format!("job {key:?} timed out {} ms early", deadline - at_ms));
            }
            (JobFreedReason::TimedOut, Some(_)) => seen.note(Situation::JobTimedOut),
            (JobFreedReason::Yielded, Some(Place::Given(deadline))) => {
                seen.note(Situation::JobUndelivered);
                self.activations.entry((key, deadline)).or_default().1 += 1;
            }
            (JobFreedReason::BackoffElapsed, Some(_)) => seen.note(Situation::JobBackOffElapsed),
            (JobFreedReason::Yielded | JobFreedReason::IncidentResolved, Some(_)) => {}
        }
        Ok(())
    }
}
