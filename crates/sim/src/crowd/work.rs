//! What workers do with jobs: in time, late, twice, or not at all.

use weir_engine::{
    command::{Command, FailJob, ThrowError},
    document::Document,
    key::JobKey,
};

use super::{Asked, Crowd, Turn, document, numbers};
use crate::{ledger::Violation, model::ERROR_CODES};

impl Crowd {
    /// A worker does something about one of its jobs.
    pub(super) fn work(&mut self, turn: &mut Turn<'_>) -> Result<(), Violation> {
        if self.in_hand.is_empty() {
            return Ok(());
        }
        let job = self.in_hand.swap_remove(turn.random.below(self.in_hand.len())).key;
        self.worked.push(job);
        self.work_on(job, turn)
    }

    /// Late, twice: what the machine must refuse or take once.
    pub(super) fn work_again(&mut self, turn: &mut Turn<'_>) -> Result<(), Violation> {
        if self.worked.is_empty() {
            return Ok(());
        }
        let job = self.worked[turn.random.below(self.worked.len())];
        self.work_on(job, turn)
    }

    fn work_on(&mut self, job: JobKey, turn: &mut Turn<'_>) -> Result<(), Violation> {
        let (asked, command) = match turn.random.below(100) {
            0..66 => {
                let variables = document(&format!("{{{}}}", numbers(turn.random)))?;
                (Asked::Complete(job), Command::CompleteJob { job, variables })
            }
            66..78 => (
                Asked::Other,
                Command::FailJob(FailJob {
                    job,
                    retries: turn.random.below(3) as i32,
                    error_message: "it did not work".into(),
                    backoff_ms: [0, 5_000][turn.random.below(2)],
                    variables: Document::default(),
                }),
            ),
            78..90 => (
                Asked::Other,
                Command::ThrowError(ThrowError {
                    job,
                    error_code: ERROR_CODES[turn.random.below(2)].into(),
                    error_message: "thrown".into(),
                    variables: Document::default(),
                }),
            ),
            90..95 => {
                let timeout_ms = 1_000 + turn.random.below(60_000) as i64;
                (Asked::Other, Command::UpdateJob { job, retries: None, timeout_ms: Some(timeout_ms) })
            }
            // The worker dies.
            _ => return Ok(()),
        };
        self.note(format!("{}: {command:?}", turn.step));
        self.ask(turn.machine, turn.now_ms, job.partition(), asked, command)
    }
}
