//! The whole public face of a partition: make one, handle commands, apply batches, ask when it wants to be called.

use std::sync::Arc;

use weir_canary::{Canary, planted};

use crate::{
    apply,
    command::Command,
    definitions::Definitions,
    event::Batch,
    handle,
    key::{PartitionId, ProcessKey},
    mail::Mail,
    outline::Outline,
    payload::Payload,
    state::{
        Change, State, Waste,
        below::{Stored, StoredError},
    },
    tx::{Answer, Demand, Push, RequestId, Settings, Tx},
};

/// One partition.
#[derive(Debug)]
pub struct Partition {
    settings: Settings,
    state: State,
    definitions: Definitions,
}

/// What a command came to. All of it but `batch` is released only when the batch is durable.
#[derive(Debug)]
pub struct Output {
    /// What goes into the journal; `None`: nothing changed.
    pub batch: Option<Batch>,
    /// Answers to callers.
    pub answers: Vec<Answer>,
    /// Jobs to workers.
    pub pushes: Vec<Push>,
    /// Mail to other partitions: to whom, its number, what it says.
    pub mail: Vec<(PartitionId, u64, Mail)>,
    /// Whether work was put off: [`Command::Continue`] goes on with it.
    pub more: bool,
}

impl Partition {
    /// An empty partition.
    pub fn new(settings: Settings) -> Partition {
        Partition { settings, state: State::default(), definitions: Definitions::default() }
    }

    /// The partition of a checkpoint. Its rows are read when they are needed.
    pub fn over(settings: Settings, stored: Arc<dyn Stored>) -> Partition {
        Partition { settings, state: State::over(stored), definitions: Definitions::default() }
    }

    /// Applies a batch of the journal: recovery and followers.
    pub fn apply(&mut self, batch: &Batch) {
        apply::apply_batch(&mut self.state, batch);
    }

    /// Carries out a command at `now_ms` (milliseconds since 1970; a time before the last batch counts as that).
    pub fn handle(
        &mut self,
        now_ms: i64,
        request: Option<RequestId>,
        command: Command,
        demand: &mut dyn Demand,
    ) -> Output {
        let now_ms = match (planted(Canary::TimeGoesBack), planted(Canary::ClockRead)) {
            (true, _) => now_ms,
            (_, true) => weir_canary::machine_clock_ms().max(self.state.last_ms()),
            (false, false) => now_ms.max(self.state.last_ms()),
        };
        let mut tx = Tx::new(&mut self.state, &self.definitions, &self.settings, now_ms, request, demand);
        handle::handle(&mut tx, command);
        let mut events = std::mem::take(&mut tx.events);
        if planted(Canary::RefusedChangesStay) && tx.answers.iter().any(|answer| answer.result.is_err()) {
            events.clear();
        }
        let batch = (!events.is_empty()).then(|| Batch { at_ms: now_ms, counter: tx.seal(), events });
        let Tx { answers, pushes, mail, .. } = tx;
        Output { batch, answers, pushes, mail, more: !self.state.deferred.is_empty() }
    }

    /// When [`Command::TimePassed`] has something to do next, in milliseconds since 1970.
    pub fn next_due_ms(&self) -> Option<i64> {
        let job = self.state.job_dues.first().map(|((due, _), _)| due);
        let timer = self.state.timer_dues.first().map(|((due, _), _)| due);
        let message = self.state.message_dues.first().map(|((due, _), _)| due);
        [job, timer, message].into_iter().flatten().min()
    }

    /// Mail that other partitions have not acknowledged: sent again after recovery.
    pub fn undelivered_mail(&self) -> Vec<(PartitionId, u64, Mail)> {
        self.state.outbox.iter().map(|((to, sequence), mail)| (to, sequence, (*mail).clone())).collect()
    }

    /// Whether steps were put off.
    pub fn has_deferred_work(&self) -> bool {
        !self.state.deferred.is_empty()
    }

    /// The last number of mail taken from a partition: what is acknowledged to it.
    pub fn last_mail_from(&self, from: PartitionId) -> u64 {
        self.state.inbox_last.get(&from).map_or(0, |last| *last)
    }

    /// Begins a checkpoint of the state as it is now. The one before must be confirmed.
    pub fn cut(&mut self) {
        self.state.cut();
    }

    /// Hands out what the checkpoint that was begun writes, looking at `limit_rows` rows at most; whether that was all.
    /// Commands may go on meanwhile.
    pub fn collect(&mut self, limit_rows: usize, out: &mut Vec<Change>) -> bool {
        self.state.collect(limit_rows, out)
    }

    /// The checkpoint that was begun is written. What is returned is for another thread to drop.
    pub fn confirm(&mut self) -> Vec<Waste> {
        self.state.confirm()
    }

    /// Memory that its state takes, about, in bytes.
    pub fn overlay_bytes(&self) -> usize {
        self.state.overlay_bytes()
    }

    /// Rows that changed or went since the last checkpoint was begun: what the next one has to write.
    pub fn unwritten_rows(&self) -> usize {
        self.state.unwritten_rows()
    }

    /// Takes rows out of memory that a confirmed checkpoint holds, looking at about `limit_rows`; returns the bytes that
    /// became free.
    pub fn evict(&mut self, limit_rows: usize) -> usize {
        self.state.evict(limit_rows)
    }

    /// Why a stored row could not be read, once one could not. Then nothing that was decided since may leave: the
    /// partition starts again from its checkpoint and its journal.
    pub fn failure(&self) -> Option<&StoredError> {
        self.state.failure()
    }

    /// What the elements of a deployed process are called; `None`: it is not known here.
    pub fn outline(&self, key: ProcessKey) -> Option<Outline> {
        Outline::of(&self.state, key, &*self.definitions.process(&self.state, key)?)
    }

    /// What it knows.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// What variables may weigh from now on.
    pub fn limit_payload(&mut self, payload: Payload) {
        self.settings.payload = payload;
    }

    /// Its settings.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }
}
