//! The loop of a node as a state machine: inputs in, actions out. No thread, no clock, no disk, no socket.
//!
//! The shell ([`crate::shell`]) and the simulator are two thin drivers of this one. What a partition decides goes into an open *group*;
//! while one group is on its way to disk the next one fills (pipelining), and all partitions share it (group commit).
//! Answers, jobs and mail of a group are released when it is durable, in order.

use std::{
    cell::Cell,
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::Arc,
};

use weir_canary::{Canary, planted};
use weir_engine::{
    Answer, Output, Partition, Push, RequestId,
    command::{ActivatedJob, Activation, Command, Reply},
    key::PartitionId,
    mail::Mail,
    rejection::Rejection,
    state::{Change, Waste},
};
use weir_journal::{Epoch, Sequence};

use crate::{
    demand::{DemandBook, TakerId, Waiter},
    observe::Observed,
    upkeep::{Upkeep, place_of},
};

/// What happens to a node.
#[derive(Debug)]
pub enum Input {
    /// A command for a partition, perhaps with somebody who waits for the answer.
    Command {
        /// For whom.
        partition: PartitionId,
        /// Who waits.
        request: Option<RequestId>,
        /// What is asked.
        command: Command,
    },
    /// A worker begins to wait for jobs.
    Wait(Waiter),
    /// A worker waits no longer.
    Unwait(TakerId),
    /// A stream has room for more jobs.
    Credit {
        /// Which.
        taker: TakerId,
        /// How many.
        jobs: usize,
    },
    /// Jobs could not be delivered: they are free again.
    Undelivered(Vec<Activation>),
    /// The group on its way is durable.
    Appended,
    /// Time has passed.
    TimePassed,
    /// A checkpoint of a partition should be made.
    CheckpointWanted(PartitionId),
    /// The checkpoint of a partition is in the store.
    CheckpointWritten(PartitionId),
}

/// What the shell has to do.
#[derive(Debug)]
pub enum Action {
    /// Append these records in one commit, then say [`Input::Appended`].
    Append(Vec<GroupRecord>),
    /// Answer a caller.
    Answer {
        /// Who.
        request: RequestId,
        /// What.
        result: Result<Reply, Rejection>,
    },
    /// Give a job to a worker; if it is gone, say [`Input::Undelivered`].
    Push {
        /// Who.
        taker: TakerId,
        /// What.
        job: Box<ActivatedJob>,
    },
    /// A poll has all that it gets.
    PollEnded(TakerId),
    /// Show a durable batch to who watches.
    Observe(Observed),
    /// Write these rows, all durable up to `sequence`, into the store at once, then say [`Input::CheckpointWritten`].
    Checkpoint {
        /// Of whom.
        partition: PartitionId,
        /// Up to where.
        sequence: Sequence,
        /// What changed since the last one.
        changes: Vec<Change>,
    },
    /// Drop this where nobody waits.
    Discard(Vec<Waste>),
}

/// A record of a group.
#[derive(Clone, Debug)]
pub struct GroupRecord {
    /// Whose.
    pub partition: PartitionId,
    /// Its leader's epoch.
    pub epoch: Epoch,
    /// Its number.
    pub sequence: Sequence,
    /// The batch as bytes.
    pub payload: Vec<u8>,
}

/// A partition that this node leads.
#[derive(Debug)]
pub struct Led {
    /// The state machine.
    pub partition: Partition,
    /// The number of this leadership.
    pub epoch: Epoch,
    /// The last record's number.
    pub sequence: Sequence,
}

/// When each partition wants to be called next, as long as it did nothing since it was asked: it is asked several times a
/// turn, and looks into three tables for it.
#[derive(Debug)]
struct Dues(Vec<Cell<Option<Option<i64>>>>);

impl Dues {
    fn of(&self, led: &[Led], place: usize) -> Option<i64> {
        let known = self.0[place].get();
        let due = known.unwrap_or_else(|| led[place].partition.next_due_ms());
        self.0[place].set(Some(due));
        due
    }

    fn forget(&self, place: usize) {
        self.0[place].set(None);
    }
}

/// What waits for a group to be durable.
#[derive(Debug, Default)]
struct Group {
    records: Vec<GroupRecord>,
    /// Of all records' payloads.
    bytes: usize,
    answers: Vec<Answer>,
    held: Vec<Held>,
    pushes: Vec<Push>,
    ended_polls: Vec<TakerId>,
    mail: Vec<Parcel>,
    taken: Vec<(PartitionId, PartitionId, u64)>,
    observed: Vec<Observed>,
    checkpoints: Vec<Action>,
}

/// Mail on its way within this node.
#[derive(Debug)]
struct Parcel {
    from: PartitionId,
    to: PartitionId,
    sequence: u64,
    mail: Mail,
}

/// An answer that waits until mail was taken.
#[derive(Debug)]
struct Held {
    answer: Answer,
    /// From, to, number.
    until: BTreeSet<(PartitionId, PartitionId, u64)>,
}

impl Group {
    fn is_empty(&self) -> bool {
        self.records.is_empty()
            && self.answers.is_empty()
            && self.held.is_empty()
            && self.pushes.is_empty()
            && self.mail.is_empty()
            && self.taken.is_empty()
            && self.checkpoints.is_empty()
    }
}

/// Milliseconds that taken mail waits to be acknowledged together with other mail.
const ACKNOWLEDGE_AFTER_MS: i64 = 100;

/// Bytes of the open group after which no put-off work, nothing that is due and no mail is added: a commit that others wait
/// for stays short, and nothing piles up while the disk is slow or full.
const PACED_GROUP_BYTES: usize = 2 * 1024 * 1024;
/// Pieces of mail that are delivered before others get their turn.
const MAIL_AT_ONCE: usize = 200;

/// A node's partitions and what is under way.
#[derive(Debug)]
pub struct Driver {
    led: Vec<Led>,
    demand: DemandBook,
    open: Group,
    in_flight: Option<Group>,
    held: Vec<Held>,
    /// Mail taken durably and not acknowledged: (receiver, sender) to the last number.
    unacknowledged: BTreeMap<(PartitionId, PartitionId), u64>,
    acknowledge_at_ms: Option<i64>,
    /// Partitions with put-off work.
    unfinished: VecDeque<PartitionId>,
    /// Mail whose sending is durable and that was not delivered.
    mailbag: VecDeque<Parcel>,
    /// The place of the partition that fired last what was due in it.
    fired_last: usize,
    dues: Dues,
    observed: bool,
    now_ms: i64,
    upkeep: Upkeep,
    failure: Option<String>,
}

impl Driver {
    /// A driver of recovered partitions, in the order of their numbers from 1. Mail that was not acknowledged is sent again.
    /// What was replayed is checkpointed first: a node that crashes soon again must not replay more each time.
    pub fn new(led: Vec<Led>) -> Driver {
        let mut driver = Driver {
            demand: DemandBook::default(),
            open: Group::default(),
            in_flight: None,
            held: Vec::new(),
            unacknowledged: BTreeMap::new(),
            acknowledge_at_ms: None,
            unfinished: VecDeque::new(),
            mailbag: VecDeque::new(),
            fired_last: 0,
            dues: Dues(led.iter().map(|_| Cell::new(None)).collect()),
            observed: false,
            // What was due before the last record is due, whatever the clock says.
            now_ms: led.iter().map(|led| led.partition.state().last_ms()).max().unwrap_or(0),
            upkeep: Upkeep::new(led.len()),
            failure: None,
            led,
        };
        for led in &driver.led {
            let from = led.partition.settings().partition;
            let parcels = led.partition.undelivered_mail();
            driver.open.mail.extend(parcels.into_iter().map(|(to, sequence, mail)| Parcel {
                from,
                to,
                sequence,
                mail,
            }));
            if led.partition.has_deferred_work() {
                driver.unfinished.push_back(from);
            }
        }
        for place in 0..driver.led.len() {
            driver.upkeep.begin(&mut driver.led, place);
        }
        driver
    }

    /// Whether batches are shown ([`Action::Observe`]).
    pub fn observe(&mut self, on: bool) {
        self.observed = on;
    }

    /// Takes one input at `now_ms`; what has to be done is appended to `actions`.
    pub fn step(&mut self, now_ms: i64, input: Input, actions: &mut Vec<Action>) {
        self.now_ms = if planted(Canary::TimeGoesBack) { now_ms } else { self.now_ms.max(now_ms) };
        match input {
            Input::Command { partition, request, command } => self.run(partition, request, command),
            Input::Wait(waiter) => {
                let job_type = waiter.job_type.clone();
                self.demand.enter(waiter);
                self.demand_rose(&job_type);
            }
            Input::Unwait(taker) => {
                self.demand.leave(taker);
            }
            Input::Credit { taker, jobs } => {
                if let Some(job_type) = self.demand.credit(taker, jobs) {
                    self.demand_rose(&job_type);
                }
            }
            Input::Undelivered(jobs) => {
                for activation in jobs {
                    self.run(activation.job.partition(), None, Command::YieldJob(activation));
                }
            }
            Input::Appended => self.appended(actions),
            Input::TimePassed => self.time_passed(),
            Input::CheckpointWanted(partition) => self.upkeep.begin(&mut self.led, place_of(partition)),
            Input::CheckpointWritten(partition) => {
                self.upkeep.written(&mut self.led, place_of(partition), actions);
            }
        }
    }

    /// Delivers waiting mail, and goes on with put-off work of one partition; the shell calls this between other inputs.
    pub fn go_on(&mut self) {
        if self.is_paced() {
            return;
        }
        self.deliver_mail();
        if let Some(partition) = self.unfinished.pop_front() {
            self.run(partition, None, Command::Continue);
        }
    }

    /// Whether there is put-off work that can go on now.
    pub fn is_unfinished(&self) -> bool {
        let put_off = !self.unfinished.is_empty() || !self.mailbag.is_empty();
        (put_off && !self.is_paced()) || self.upkeep.is_collecting()
    }

    /// Whether put-off work waits for the group on its way to be durable.
    fn is_paced(&self) -> bool {
        self.in_flight.is_some() && self.open.bytes >= PACED_GROUP_BYTES
    }

    /// Bounds the memory of all partitions' rows, in bytes. It is exceeded by what one command needs, and while a checkpoint
    /// is being written.
    pub fn limit_rows_memory(&mut self, bytes: usize) {
        self.upkeep.rows_bytes_max = bytes;
    }

    /// Memory of all partitions' rows, about, in bytes.
    pub fn rows_bytes(&self) -> usize {
        self.upkeep.rows_bytes()
    }

    /// Whether rows take half more than they may, because they wait to be written: new work is to be refused.
    pub fn is_overfull(&self) -> bool {
        self.upkeep.is_overfull()
    }

    /// Why the node cannot go on: rows of its store cannot be read. What was decided since does not leave.
    pub fn failure(&self) -> Option<&str> {
        self.failure.as_deref()
    }

    /// Sends the open group on its way if none is, after a slice of upkeep.
    pub fn flush(&mut self, actions: &mut Vec<Action>) {
        let complete = self.upkeep.collect(&mut self.led);
        match planted(Canary::CheckpointTooEarly) {
            true => actions.extend(complete),
            false => self.open.checkpoints.extend(complete),
        }
        self.upkeep.bound(&mut self.led);
        if self.failure.is_some() {
            return;
        }
        while self.in_flight.is_none() && !self.open.is_empty() {
            let mut group = std::mem::take(&mut self.open);
            group.ended_polls.extend(self.demand.end_served());
            let records = std::mem::take(&mut group.records);
            let nothing_to_write = records.is_empty();
            self.in_flight = Some(group);
            match nothing_to_write {
                true => self.appended(actions),
                false => actions.push(Action::Append(records)),
            }
            if planted(Canary::ReleasedBeforeDurable) {
                self.release(actions);
            }
        }
    }

    /// When [`Input::TimePassed`] has something to do next, in milliseconds since 1970.
    pub fn next_due_ms(&self) -> Option<i64> {
        [self.first_due_ms(), self.acknowledge_at_ms].into_iter().flatten().min()
    }

    /// When the first partition wants to be called.
    fn first_due_ms(&self) -> Option<i64> {
        (0..self.led.len()).filter_map(|place| self.dues.of(&self.led, place)).min()
    }

    /// Whether [`Input::TimePassed`] has something to do at `clock_ms`, or had before the clock went back.
    pub fn is_due(&self, clock_ms: i64) -> bool {
        !self.is_paced() && self.next_due_ms().is_some_and(|due| due <= clock_ms.max(self.now_ms))
    }

    /// Milliseconds by which the first thing is late that is due.
    pub fn overdue_ms(&self, clock_ms: i64) -> u64 {
        self.first_due_ms().map_or(0, |due| clock_ms.saturating_sub(due).max(0) as u64)
    }

    /// Partitions with put-off work.
    pub fn put_off_partitions(&self) -> usize {
        self.unfinished.len()
    }

    /// Whether a poll got jobs in the group that is being decided, and so is about to end.
    pub fn is_served(&self, poll: TakerId) -> bool {
        self.demand.is_served(poll)
    }

    /// Whether a worker waits.
    pub fn is_waiting(&self, taker: TakerId) -> bool {
        self.demand.knows(taker)
    }

    /// The partitions.
    pub fn led(&self) -> &[Led] {
        &self.led
    }

    /// Whether nothing is under way: all that was decided is durable and released.
    pub fn is_settled(&self) -> bool {
        self.in_flight.is_none()
            && self.open.is_empty()
            && self.unfinished.is_empty()
            && self.mailbag.is_empty()
    }

    /// Whether no checkpoint is under way.
    pub fn is_checkpointed(&self) -> bool {
        self.upkeep.is_idle()
    }

    fn run(&mut self, partition: PartitionId, request: Option<RequestId>, command: Command) {
        let Some(led) = self.led.get_mut(place_of(partition)) else { return };
        self.dues.forget(place_of(partition));
        let output = led.partition.handle(self.now_ms, request, command, &mut self.demand);
        if let Some(failure) = led.partition.failure() {
            self.failure.get_or_insert_with(|| {
                format!("the store of partition {} cannot be read: {failure}", partition.0)
            });
            return;
        }
        let Output { batch, answers, pushes, mail, more } = output;
        let mut record_bytes = 0;
        if let Some(batch) = batch {
            led.sequence = led.sequence.next();
            let payload = batch.to_bytes();
            record_bytes = payload.len();
            self.open.bytes += record_bytes;
            if self.observed {
                let (sequence, batch) = (led.sequence, Arc::new(batch));
                self.open.observed.push(Observed { partition, sequence, batch, bytes: record_bytes });
            }
            let record = GroupRecord { partition, epoch: led.epoch, sequence: led.sequence, payload };
            self.open.records.push(record);
        }
        self.upkeep.note(place_of(partition), record_bytes);
        if more && !self.unfinished.contains(&partition) {
            self.unfinished.push_back(partition);
        }
        let parcels: BTreeSet<_> = mail.iter().map(|(to, sequence, _)| (partition, *to, *sequence)).collect();
        for answer in answers {
            match answer.after_mail && !parcels.is_empty() {
                true => self.open.held.push(Held { answer, until: parcels.clone() }),
                false => self.open.answers.push(answer),
            }
        }
        self.open.pushes.extend(pushes);
        let parcels =
            mail.into_iter().map(|(to, sequence, mail)| Parcel { from: partition, to, sequence, mail });
        self.open.mail.extend(parcels);
    }

    fn demand_rose(&mut self, job_type: &std::sync::Arc<str>) {
        for number in 1..=self.led.len() as u16 {
            self.run(PartitionId(number), None, Command::DemandRose(job_type.clone()));
        }
    }

    /// The group on its way is durable: its effects are released, its mail delivered.
    fn appended(&mut self, actions: &mut Vec<Action>) {
        self.release(actions);
        let Some(group) = self.in_flight.take() else { return };
        self.held.extend(group.held);
        for (receiver, sender, sequence) in group.taken {
            self.taken(receiver, sender, sequence, actions);
        }
        self.mailbag.extend(group.mail);
        self.deliver_mail();
    }

    /// Delivers the next mail.
    fn deliver_mail(&mut self) {
        for _ in 0..MAIL_AT_ONCE {
            let Some(Parcel { from, to, sequence, mail }) = self.mailbag.pop_front() else { return };
            self.run(to, None, Command::Mail { from, sequence, mail });
            // What was passed over, because a piece before it is still to come, was not taken.
            let receiver = self.led.get(usize::from(to.0).wrapping_sub(1));
            if receiver.is_some_and(|led| led.partition.last_mail_from(from) >= sequence) {
                self.open.taken.push((to, from, sequence));
            }
        }
    }

    /// What waited for the group on its way comes out.
    fn release(&mut self, actions: &mut Vec<Action>) {
        let Some(group) = &mut self.in_flight else { return };
        actions.extend(group.observed.drain(..).map(Action::Observe));
        for Answer { request, result, .. } in group.answers.drain(..) {
            actions.push(Action::Answer { request, result });
        }
        for Push { taker, job } in group.pushes.drain(..) {
            if planted(Canary::PushedTwice) {
                actions.push(Action::Push { taker, job: Box::new(job.clone()) });
            }
            actions.push(Action::Push { taker, job: Box::new(job) });
        }
        actions.extend(group.ended_polls.drain(..).map(Action::PollEnded));
        actions.append(&mut group.checkpoints);
    }

    /// A piece of mail was taken durably: answers that waited for it are free, and its sender is told some time.
    fn taken(
        &mut self,
        receiver: PartitionId,
        sender: PartitionId,
        sequence: u64,
        actions: &mut Vec<Action>,
    ) {
        let last = self.unacknowledged.entry((receiver, sender)).or_default();
        *last = sequence.max(*last);
        self.acknowledge_at_ms.get_or_insert(self.now_ms + ACKNOWLEDGE_AFTER_MS);
        for held in &mut self.held {
            held.until.remove(&(sender, receiver, sequence));
        }
        let (free, held) = std::mem::take(&mut self.held).into_iter().partition(|held| held.until.is_empty());
        self.held = held;
        let free: Vec<Held> = free;
        for Held { answer: Answer { request, result, .. }, .. } in free {
            actions.push(Action::Answer { request, result });
        }
    }

    /// One partition at a time fires what is due: others get their turn in between.
    fn time_passed(&mut self) {
        if self.is_paced() {
            return;
        }
        let count = self.led.len();
        let is_due = |place: &usize| self.dues.of(&self.led, *place).is_some_and(|due| due <= self.now_ms);
        let due = (1..=count).map(|step| (self.fired_last + step) % count).find(is_due);
        if let Some(place) = due {
            self.fired_last = place;
            self.run(PartitionId(place as u16 + 1), None, Command::TimePassed);
        }
        if self.acknowledge_at_ms.is_some_and(|at| at <= self.now_ms) {
            self.acknowledge_at_ms = None;
            for ((by, sender), sequence) in std::mem::take(&mut self.unacknowledged) {
                self.run(sender, None, Command::MailAcknowledged { by, sequence });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use weir_engine::command::Resource;

    use super::*;
    use crate::recovery;

    const MODEL: &[u8] = br#"<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL"><process id="p" isExecutable="true"><startEvent id="s"/></process></definitions>"#;

    #[test]
    fn what_was_replayed_is_checkpointed_before_anything_is_asked() {
        let mut partition = Partition::new(recovery::settings(PartitionId(1), 1));
        let model = Resource { name: "p.bpmn".into(), content: MODEL.into() };
        let output = partition.handle(1, None, Command::Deploy(vec![model]), &mut DemandBook::default());
        assert!(output.batch.is_some(), "it changes something");
        let led = Led { partition, epoch: Epoch(1), sequence: Sequence(1) };
        let (mut driver, mut actions) = (Driver::new(vec![led]), Vec::new());
        driver.flush(&mut actions);
        assert!(
            matches!(actions.as_slice(), [Action::Checkpoint { sequence: Sequence(1), .. }]),
            "{actions:?}"
        );
        driver.step(2, Input::CheckpointWritten(PartitionId(1)), &mut actions);
        assert!(driver.is_checkpointed());
    }
}
