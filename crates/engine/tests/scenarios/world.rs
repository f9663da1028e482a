//! A small system without clocks: partitions, their journals as bytes, mail that is delivered in order.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
};

use weir_engine::{
    Answer, Demand, Output, Partition, Payload, Push, RequestId, Settings, Taker,
    command::{Activation, Command},
    event::{Batch, Event},
    key::{JobKey, PartitionId},
    mail::Mail,
    state::below::MemoryStore,
};
use weir_feel::temporal::Zone;

use crate::{check, render::EPOCH_MS};

/// What came out of a command, in order.
pub(crate) enum Happening {
    Events(PartitionId, Vec<Event>),
    Push(PartitionId, Push),
    Answer(PartitionId, Answer),
}

/// Workers that wait: how many jobs of a type they take.
#[derive(Default)]
struct Workers(BTreeMap<String, u64>);

impl Demand for Workers {
    fn take(&mut self, job_type: &str) -> Option<Taker> {
        let left = self.0.get_mut(job_type).filter(|left| **left > 0)?;
        *left -= 1;
        Some(Taker { id: 1, worker: "stream".into(), timeout_ms: 300_000, fetch_variables: [].into() })
    }
}

/// One partition, what is on its disk, and a follower.
pub(crate) struct Node {
    pub(crate) partition: Partition,
    /// Fed with the bytes of every batch: must always be equal.
    follower: Partition,
    pub(crate) journal: Vec<Vec<u8>>,
    rows: Arc<MemoryStore>,
    /// How many batches the rows hold.
    rows_position: usize,
}

struct Letter {
    from: PartitionId,
    to: PartitionId,
    sequence: u64,
    mail: Mail,
}

/// All of the system.
pub(crate) struct World {
    pub(crate) nodes: Vec<Node>,
    pub(crate) now_ms: i64,
    pub(crate) hold_mail: bool,
    pub(crate) hold_work: bool,
    /// Whether all rows go from memory to the store after every command.
    pub(crate) forgetful: bool,
    workers: Workers,
    mail: VecDeque<Letter>,
    held_answers: Vec<(PartitionId, Answer)>,
    requests: u64,
}

pub(crate) fn settings(id: u16, partitions: u16) -> Settings {
    Settings {
        partition: PartitionId(id),
        partitions,
        zone: Zone::UTC,
        feel_limits: weir_feel::Limits::DEFAULT,
        payload: Payload::default(),
    }
}

impl World {
    pub(crate) fn new(partitions: u16) -> World {
        let node = |id| {
            let rows = Arc::new(MemoryStore::default());
            Node {
                partition: Partition::over(settings(id, partitions), rows.clone()),
                follower: Partition::new(settings(id, partitions)),
                journal: Vec::new(),
                rows,
                rows_position: 0,
            }
        };
        World {
            nodes: (1..=partitions).map(node).collect(),
            now_ms: EPOCH_MS,
            hold_mail: false,
            hold_work: false,
            forgetful: false,
            workers: Workers::default(),
            mail: VecDeque::new(),
            held_answers: Vec::new(),
            requests: 0,
        }
    }

    pub(crate) fn node(&mut self, id: PartitionId) -> &mut Node {
        &mut self.nodes[usize::from(id.0) - 1]
    }

    /// A number of jobs of a type that are taken when they are free.
    pub(crate) fn wait_for_jobs(&mut self, job_type: &str, count: u64) {
        *self.workers.0.entry(job_type.to_string()).or_default() += count;
    }

    /// The present activation of a job.
    pub(crate) fn activation(&self, job: JobKey) -> Activation {
        let node = usize::from(job.partition().0).checked_sub(1).and_then(|place| self.nodes.get(place));
        let row = node.and_then(|node| node.partition.state().jobs.get(&job));
        Activation { job, deadline_ms: row.map_or(0, |row| row.due_ms) }
    }

    /// Carries out a command of a caller, and what follows from it.
    pub(crate) fn ask(&mut self, to: PartitionId, command: Command) -> Result<Vec<Happening>, String> {
        self.requests += 1;
        let request = RequestId(self.requests);
        let mut out = Vec::new();
        self.handle(to, Some(request), command, &mut out)?;
        self.settle(&mut out)?;
        Ok(out)
    }

    /// Delivers mail and goes on with work until nothing is left, as far as it is not held.
    pub(crate) fn settle(&mut self, out: &mut Vec<Happening>) -> Result<(), String> {
        loop {
            if !self.hold_work
                && let Some(node) = self.nodes.iter().find(|node| node.partition.has_deferred_work())
            {
                let id = node.partition.settings().partition;
                self.handle(id, None, Command::Continue, out)?;
                continue;
            }
            if self.hold_mail || !self.deliver(out)? {
                return Ok(());
            }
        }
    }

    /// Delivers the oldest mail; `false`: there is none.
    pub(crate) fn deliver(&mut self, out: &mut Vec<Happening>) -> Result<bool, String> {
        let Some(Letter { from, to, sequence, mail }) = self.mail.pop_front() else {
            for (partition, answer) in std::mem::take(&mut self.held_answers) {
                out.push(Happening::Answer(partition, answer));
            }
            return Ok(false);
        };
        // Every letter comes twice: the second time must change nothing.
        let command = |mail: &Mail| Command::Mail { from, sequence, mail: mail.clone() };
        self.handle(to, None, command(&mail), out)?;
        let before = self.node(to).journal.len();
        self.handle(to, None, command(&mail), out)?;
        if self.node(to).journal.len() != before {
            return Err(format!("mail taken twice: {mail:?}"));
        }
        self.handle(from, None, Command::MailAcknowledged { by: to, sequence }, out)?;
        Ok(true)
    }

    pub(crate) fn handle(
        &mut self,
        to: PartitionId,
        request: Option<RequestId>,
        command: Command,
        out: &mut Vec<Happening>,
    ) -> Result<(), String> {
        let now_ms = self.now_ms;
        if self.forgetful {
            self.forget(to);
        }
        let asked = request.is_some() && !matches!(command, Command::CorrelateMessage(_));
        let node = &mut self.nodes[usize::from(to.0) - 1];
        let Output { batch, answers, pushes, mail, more } =
            node.partition.handle(now_ms, request, command, &mut self.workers);
        let refused = answers.iter().any(|answer| Some(answer.request) == request && answer.result.is_err());
        if asked && refused && batch.is_some() {
            return Err(format!("a refused command changed something: {answers:?}"));
        }
        if more != node.partition.has_deferred_work() {
            return Err("`more` does not say whether work was put off".to_string());
        }
        if let Some(batch) = batch {
            let bytes = batch.to_bytes();
            let read =
                Batch::from_bytes(&bytes).map_err(|error| format!("a batch cannot be read: {error}"))?;
            if read != batch {
                return Err(format!("a batch reads differently:\n{batch:?}\n{read:?}"));
            }
            node.follower.apply(&read);
            node.journal.push(bytes);
            out.push(Happening::Events(to, batch.events));
        }
        for push in pushes {
            out.push(Happening::Push(to, push));
        }
        for answer in answers {
            let waits = answer.after_mail && !mail.is_empty();
            match waits {
                true => self.held_answers.push((to, answer)),
                false => out.push(Happening::Answer(to, answer)),
            }
        }
        self.mail.extend(mail.into_iter().map(|(other, sequence, mail)| Letter {
            from: to,
            to: other,
            sequence,
            mail,
        }));
        Ok(())
    }

    /// Lets time pass on every partition up to `until_ms`; stops wherever something is due unless all comes at once.
    pub(crate) fn pass(&mut self, until_ms: i64, at_once: bool) -> Result<Vec<Happening>, String> {
        let mut out = Vec::new();
        if at_once {
            self.now_ms = until_ms;
        }
        for _ in 0..100_000 {
            let due = |node: &Node| {
                node.partition.next_due_ms().map(|due| (due, node.partition.settings().partition))
            };
            let first = self.nodes.iter().filter_map(due).filter(|(due, _)| *due <= until_ms).min();
            let Some((due, id)) = first else {
                self.now_ms = until_ms;
                return Ok(out);
            };
            self.now_ms = self.now_ms.max(due);
            let before = self.node(id).journal.len();
            self.handle(id, None, Command::TimePassed, &mut out)?;
            if self.node(id).journal.len() == before {
                return Err(format!("partition {} is due but does nothing", id.0));
            }
            self.settle(&mut out)?;
        }
        Err("time does not pass: something is due again and again".to_string())
    }

    /// Writes what changed in a partition into its rows.
    pub(crate) fn checkpoint(&mut self, id: PartitionId) {
        let node = self.node(id);
        let mut changes = Vec::new();
        node.partition.cut();
        while !node.partition.collect(7, &mut changes) {}
        for change in changes {
            node.rows.write(change.key, change.value.map(|row| row.to_bytes()));
        }
        node.rows_position = node.journal.len();
        node.partition.confirm();
    }

    /// Writes what changed in a partition into its rows and keeps none of them in memory.
    fn forget(&mut self, id: PartitionId) {
        self.checkpoint(id);
        let partition = &mut self.node(id).partition;
        while partition.evict(1_000) > 0 {}
        assert!(partition.overlay_bytes() < 100, "{} bytes are left", partition.overlay_bytes());
    }

    /// Loses the memory of a partition and rebuilds it from its rows and the batches behind them.
    pub(crate) fn crash(&mut self, id: PartitionId) -> Result<(), String> {
        let partitions = self.nodes.len() as u16;
        let node = self.node(id);
        let mut partition = Partition::over(settings(id.0, partitions), node.rows.clone());
        for bytes in &node.journal[node.rows_position..] {
            let batch =
                Batch::from_bytes(bytes).map_err(|error| format!("a batch cannot be read: {error}"))?;
            partition.apply(&batch);
        }
        check::equal(&node.partition, &partition, "rebuilt from rows and journal")?;
        node.partition = partition;
        // What was on its way is sent again; what had arrived is known by its number.
        let again = node.partition.undelivered_mail();
        let waiting: Vec<u64> =
            self.mail.iter().filter(|letter| letter.from == id).map(|letter| letter.sequence).collect();
        if again.len() != waiting.len() {
            return Err(format!(
                "{} letters are under way, {} known after the crash",
                waiting.len(),
                again.len()
            ));
        }
        Ok(())
    }

    /// Looks at every partition: followers are equal, rows are consistent.
    pub(crate) fn check(&self) -> Result<(), String> {
        for node in &self.nodes {
            let id = node.partition.settings().partition.0;
            check::equal(&node.partition, &node.follower, "replayed from the journal")
                .and_then(|()| check::readable(&node.partition))
                .and_then(|()| check::consistent(node.partition.state(), self.mail.is_empty()))
                .map_err(|failure| format!("partition {id}: {failure}"))?;
            if let Some(failure) = node.partition.failure() {
                return Err(format!("partition {id}: {failure}"));
            }
        }
        let idle = self.mail.is_empty() && !self.nodes.iter().any(|node| node.partition.has_deferred_work());
        let alive = self.nodes.iter().any(|node| !node.partition.state().elements.is_empty());
        if idle && !alive {
            for node in &self.nodes {
                check::nothing_left(node.partition.state())?;
            }
        }
        Ok(())
    }
}
