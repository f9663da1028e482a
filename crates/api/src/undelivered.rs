//! Activated jobs on their way to a client that may go away before they leave.

use weir_engine::command::{ActivatedJob, Command};

use crate::door::Door;

/// Jobs that go back to the queue unless they are delivered.
pub(crate) struct Undelivered<'a> {
    door: &'a Door,
    jobs: Vec<ActivatedJob>,
}

impl<'a> Undelivered<'a> {
    /// None yet.
    pub(crate) fn new(door: &'a Door) -> Undelivered<'a> {
        Undelivered { door, jobs: Vec::new() }
    }

    /// Whether there is none.
    pub(crate) fn is_empty(&self) -> bool {
        self.jobs.is_empty()
    }

    /// More of them.
    pub(crate) fn add(&mut self, mut jobs: Vec<ActivatedJob>) {
        self.jobs.append(&mut jobs);
    }

    /// They are being written to the client now.
    pub(crate) fn deliver(mut self) -> Vec<ActivatedJob> {
        std::mem::take(&mut self.jobs)
    }
}

impl Drop for Undelivered<'_> {
    fn drop(&mut self) {
        let jobs = std::mem::take(&mut self.jobs);
        if jobs.is_empty() {
            return;
        }
        let node = self.door.node.clone();
        tokio::spawn(async move {
            for job in jobs {
                // A job that cannot be given back goes back by itself at its time-out.
                let _ = node.submit(Command::YieldJob(job.activation())).await;
            }
        });
    }
}
