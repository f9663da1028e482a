//! The jobs of one `StreamActivatedJobs` call, no more of them than its client takes.
//!
//! The transport asks for the next job only when the client's HTTP/2 window has room, so what a slow client does not
//! take stays here. A pacer looks twice a second: a client that holds more than it takes gets its jobs taken away, for
//! others to have, and fewer from then on; one that takes all it may hold gets more.

use std::{
    pin::{Pin, pin},
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    task::{Context, Poll, Waker},
    time::Duration,
};

use futures_util::Stream;
use tokio::time;
use weir_engine::command::ActivatedJob;
use weir_node::{Handle, JobStream, JobStreamSpec};

use crate::limits::JOB_STREAM_JOBS;

/// How often a client's pace is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// So many looks in a row a client may hold more than it takes between two of them.
const PATIENCE_LOOKS: u32 = 2;
/// By so much grows what a client may hold when it takes all of it between two looks.
const GROWTH: usize = 4;

/// The jobs of one call.
pub(super) struct Jobs(Arc<Mutex<State>>);

struct State {
    node: Handle,
    spec: JobStreamSpec,
    /// None while the client is too slow to hold any: it is opened again when the client asks.
    open: Option<JobStream>,
    pace: Pace,
    /// Who asked last and got nothing: is told when the stream is another one.
    asking: Option<Waker>,
}

impl Jobs {
    /// Opens the stream and begins to watch its pace.
    pub(super) fn open(node: &Handle, spec: JobStreamSpec) -> Jobs {
        let open = Some(node.open_job_stream(spec.clone(), JOB_STREAM_JOBS));
        let state = Arc::new(Mutex::new(State {
            node: node.clone(),
            spec,
            open,
            pace: Pace::default(),
            asking: None,
        }));
        tokio::spawn(keep_pace(Arc::downgrade(&state)));
        Jobs(state)
    }
}

impl Stream for Jobs {
    type Item = ActivatedJob;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<ActivatedJob>> {
        let mut state = locked(&self.0);
        let State { node, spec, open, pace, asking } = &mut *state;
        let jobs = open.get_or_insert_with(|| node.open_job_stream(spec.clone(), pace.capacity));
        let job = pin!(jobs.next()).poll(context);
        match &job {
            Poll::Ready(given) => pace.taken += usize::from(given.is_some()),
            Poll::Pending => *asking = Some(context.waker().clone()),
        }
        job
    }
}

async fn keep_pace(state: Weak<Mutex<State>>) {
    loop {
        time::sleep(LOOK_EVERY).await;
        let Some(state) = state.upgrade() else { return };
        let mut state = locked(&state);
        let waiting = state.open.as_ref().map_or(0, JobStream::waiting);
        match state.pace.look(waiting) {
            Verdict::MayHoldMore if waiting > 0 => {}
            Verdict::Fine => {}
            // What waits goes back to the queue as the stream closes. It is opened again when the client asks.
            Verdict::TooSlow | Verdict::MayHoldMore => {
                state.open = None;
                if let Some(asking) = state.asking.take() {
                    asking.wake();
                }
            }
        }
    }
}

fn locked(state: &Mutex<State>) -> MutexGuard<'_, State> {
    // The state is whole at every point where something inside could panic.
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

/// How fast a client takes its jobs.
#[derive(Debug)]
struct Pace {
    /// Taken since the last look.
    taken: usize,
    /// How many it may hold.
    capacity: usize,
    /// Looks in a row at which it held more than it had taken.
    behind: u32,
}

#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    Fine,
    TooSlow,
    MayHoldMore,
}

impl Default for Pace {
    fn default() -> Pace {
        Pace { taken: 0, capacity: JOB_STREAM_JOBS, behind: 0 }
    }
}

impl Pace {
    /// Judges the time since the last look, at whose end so many jobs are `waiting`.
    fn look(&mut self, waiting: usize) -> Verdict {
        let taken = std::mem::take(&mut self.taken);
        self.behind = if waiting > taken { self.behind + 1 } else { 0 };
        if self.behind >= PATIENCE_LOOKS {
            self.behind = 0;
            self.capacity = taken.max(1);
            return Verdict::TooSlow;
        }
        if taken >= self.capacity && self.capacity < JOB_STREAM_JOBS {
            self.capacity = (self.capacity * GROWTH).min(JOB_STREAM_JOBS);
            return Verdict::MayHoldMore;
        }
        Verdict::Fine
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fast_client_is_left_alone() {
        let mut pace = Pace::default();
        for waiting in [0, JOB_STREAM_JOBS, 3] {
            pace.taken = 5_000;
            assert_eq!(pace.look(waiting), Verdict::Fine);
        }
        assert_eq!(pace.look(0), Verdict::Fine, "nothing to do is not slow");
    }

    #[test]
    fn a_slow_client_loses_what_it_holds_and_grows_again_when_it_takes() {
        let mut pace = Pace::default();
        assert_eq!(pace.look(400), Verdict::Fine, "may have arrived just now");
        pace.taken = 5;
        assert_eq!(pace.look(395), Verdict::TooSlow);
        assert_eq!(pace.capacity, 5);
        pace.taken = 5;
        assert_eq!(pace.look(0), Verdict::MayHoldMore);
        assert_eq!(pace.capacity, 20);
        pace.taken = 1_000;
        assert_eq!((pace.look(0), pace.capacity), (Verdict::MayHoldMore, 80));
        pace.taken = 1_000;
        assert_eq!((pace.look(0), pace.capacity), (Verdict::MayHoldMore, 320));
        pace.taken = 1_000;
        assert_eq!((pace.look(0), pace.capacity), (Verdict::MayHoldMore, JOB_STREAM_JOBS));
        pace.taken = 1_000;
        assert_eq!(pace.look(0), Verdict::Fine);
    }

    #[test]
    fn a_client_that_stands_still_holds_one_job() {
        let mut pace = Pace::default();
        assert_eq!((pace.look(9), pace.look(9), pace.capacity), (Verdict::Fine, Verdict::TooSlow, 1));
    }
}
