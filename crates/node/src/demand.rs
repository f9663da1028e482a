//! Which workers wait for which jobs. Volatile: it is gone with the process, and nothing durable depends on it.
//!
//! A *stream* takes jobs as long as it has credit; a *poll* takes jobs until its group of commands is decided, then
//! gets them all at once and is over. Of several takers of a type each gets its turn.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
};

use weir_engine::{Demand, Taker};

/// Identity of a waiting worker.
pub type TakerId = u64;

/// A worker that begins to wait.
#[derive(Clone, Debug)]
pub struct Waiter {
    /// Its identity, unique in this process.
    pub id: TakerId,
    /// The jobs it wants.
    pub job_type: Arc<str>,
    /// Its name.
    pub worker: Arc<str>,
    /// Milliseconds until a job that it was given goes back to the queue.
    pub timeout_ms: i64,
    /// Only these variables; all visible ones where empty.
    pub fetch_variables: Arc<[Arc<str>]>,
    /// How many jobs it takes: of a stream, before it says that it has room again.
    pub credit: usize,
    /// How many bytes of jobs a poll takes (it may get one job more).
    pub budget_bytes: usize,
    /// Whether it ends when it got jobs.
    pub poll: bool,
}

/// All waiting workers.
#[derive(Debug, Default)]
pub struct DemandBook {
    waiters: BTreeMap<TakerId, Waiter>,
    /// Those with credit, by type, next one first.
    ready: BTreeMap<Arc<str>, VecDeque<TakerId>>,
    /// Polls that got jobs in the group of commands that is being decided.
    served: Vec<TakerId>,
}

impl DemandBook {
    /// A worker begins to wait.
    pub fn enter(&mut self, waiter: Waiter) {
        if waiter.credit > 0 {
            self.ready.entry(waiter.job_type.clone()).or_default().push_back(waiter.id);
        }
        self.waiters.insert(waiter.id, waiter);
    }

    /// A worker waits no longer. Returns whether it was known.
    pub fn leave(&mut self, id: TakerId) -> bool {
        let Some(waiter) = self.waiters.remove(&id) else { return false };
        if let Some(queue) = self.ready.get_mut(&waiter.job_type) {
            queue.retain(|ready| *ready != id);
            if queue.is_empty() {
                self.ready.remove(&waiter.job_type);
            }
        }
        true
    }

    /// A stream has room for more jobs. Returns its type where it had none before, so that resting jobs are offered.
    pub fn credit(&mut self, id: TakerId, jobs: usize) -> Option<Arc<str>> {
        let waiter = self.waiters.get_mut(&id)?;
        let was_empty = waiter.credit == 0;
        waiter.credit += jobs;
        if !was_empty || jobs == 0 {
            return None;
        }
        let job_type = waiter.job_type.clone();
        self.ready.entry(job_type.clone()).or_default().push_back(id);
        Some(job_type)
    }

    /// Whether this poll got jobs and is about to end.
    pub fn is_served(&self, id: TakerId) -> bool {
        self.served.contains(&id)
    }

    /// Whether this worker waits.
    pub fn knows(&self, id: TakerId) -> bool {
        self.waiters.contains_key(&id)
    }

    /// The polls that got jobs since the last call; they are over.
    pub fn end_served(&mut self) -> Vec<TakerId> {
        let mut served = std::mem::take(&mut self.served);
        served.dedup();
        for id in &served {
            self.leave(*id);
        }
        served
    }
}

impl Demand for DemandBook {
    fn take(&mut self, job_type: &str) -> Option<Taker> {
        let queue = self.ready.get_mut(job_type)?;
        let id = queue.pop_front()?;
        let waiter = self.waiters.get_mut(&id)?;
        waiter.credit -= 1;
        if waiter.poll && self.served.last() != Some(&id) {
            self.served.push(id);
        }
        if waiter.credit > 0 && waiter.budget_bytes > 0 {
            // A poll is filled before the next one gets a turn, streams take turns.
            match waiter.poll {
                true => queue.push_front(id),
                false => queue.push_back(id),
            }
        } else if queue.is_empty() {
            self.ready.remove(job_type);
        }
        Some(Taker {
            id,
            worker: waiter.worker.clone(),
            timeout_ms: waiter.timeout_ms,
            fetch_variables: waiter.fetch_variables.clone(),
        })
    }

    fn took(&mut self, taker: TakerId, bytes: usize) {
        let Some(waiter) = self.waiters.get_mut(&taker).filter(|waiter| waiter.poll) else { return };
        waiter.budget_bytes = waiter.budget_bytes.saturating_sub(bytes);
        if waiter.budget_bytes == 0
            && let Some(queue) = self.ready.get_mut(&waiter.job_type)
        {
            queue.retain(|ready| *ready != taker);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waiter(id: TakerId, credit: usize, poll: bool) -> Waiter {
        Waiter {
            id,
            job_type: "work".into(),
            worker: "w".into(),
            timeout_ms: 1,
            fetch_variables: Arc::default(),
            credit,
            budget_bytes: 100,
            poll,
        }
    }

    #[test]
    fn streams_take_turns_and_get_no_more_than_their_credit() {
        let mut book = DemandBook::default();
        book.enter(waiter(1, 2, false));
        book.enter(waiter(2, 1, false));
        let order: Vec<_> = std::iter::from_fn(|| book.take("work").map(|taker| taker.id)).collect();
        assert_eq!(order, [1, 2, 1]);
        assert_eq!(book.credit(2, 1).as_deref(), Some("work"));
        assert_eq!(book.credit(2, 1), None, "it was ready already");
        assert_eq!(book.take("work").map(|taker| taker.id), Some(2));
    }

    #[test]
    fn a_poll_is_filled_and_over() {
        let mut book = DemandBook::default();
        book.enter(waiter(1, 2, true));
        book.enter(waiter(2, 2, true));
        let order: Vec<_> = (0..3).filter_map(|_| book.take("work").map(|taker| taker.id)).collect();
        assert_eq!(order, [1, 1, 2]);
        assert_eq!(book.end_served(), [1, 2]);
        assert!(book.take("work").is_none());
        assert!(book.end_served().is_empty());
    }

    #[test]
    fn a_poll_whose_bytes_are_used_up_gets_no_more() {
        let mut book = DemandBook::default();
        book.enter(waiter(1, 10, true));
        assert!(book.take("work").is_some());
        book.took(1, 100);
        assert!(book.take("work").is_none());
    }

    #[test]
    fn who_left_gets_nothing() {
        let mut book = DemandBook::default();
        book.enter(waiter(1, 10, false));
        assert!(book.leave(1));
        assert!(!book.leave(1));
        assert!(book.take("work").is_none());
    }
}
