//! A machine that runs a node: the real driver, the real journal on a simulated disk or network, a store of rows; its faults,
//! crashes and recoveries.

mod medium;
mod mirror;
mod recover;
mod rot;
mod store;

use std::{collections::VecDeque, sync::Arc};

use weir_canary::{Canary, planted};
use weir_engine::{
    Partition, RequestId, Settings,
    command::{ActivatedJob, Reply},
    event::{Batch, Event},
    key::PartitionId,
    mail::Mail,
    rejection::Rejection,
    state::Change,
};
use weir_feel::temporal::Zone;
use weir_journal::{
    AppendError, Journal, Record, Sequence,
    disk::{
        mirror::Pair,
        sim::{Fault, Operation},
    },
    random::SplitMix,
};
use weir_node::{
    demand::TakerId,
    driver::{Action, Driver, GroupRecord, Input},
    stores::Stores,
};

use self::{medium::IO_ERROR, store::Store};
pub use self::{
    medium::{Medium, Network},
    recover::{Crash, CrashAt},
};
use crate::{
    ledger::{Ledger, Violation, broken},
    sides::SIDES,
    situations::Situation,
};

/// What comes out of a machine.
#[derive(Debug)]
pub enum Released {
    /// An answer.
    Answer(RequestId, Result<Reply, Rejection>),
    /// A job for a worker.
    Push(TakerId, Box<ActivatedJob>),
    /// A poll is over.
    PollEnded(TakerId),
}

/// The settings of a partition.
pub fn settings(number: u16, partitions: u16) -> Settings {
    Settings {
        partition: PartitionId(number),
        partitions,
        zone: Zone::UTC,
        feel_limits: weir_feel::Limits::DEFAULT,
        payload: weir_engine::Payload::default(),
    }
}

struct CheckpointToWrite {
    partition: PartitionId,
    sequence: Sequence,
    changes: Vec<Change>,
}

/// How a machine is built.
#[derive(Clone, Copy, Debug)]
pub struct Build {
    /// How many partitions.
    pub partitions: u16,
    /// Bytes of a journal segment.
    pub segment_bytes: u64,
    /// Bytes kept back for a full disk.
    pub reserve_bytes: u64,
    /// Bytes of rows that are kept in memory.
    pub rows_bytes_max: usize,
    /// A journal over a network instead of a disk, and how treacherous it is.
    pub network: Option<Network>,
    /// Whether everything is kept on two disks.
    pub mirrored: bool,
}

/// What becomes of a group.
enum Written {
    Durable,
    /// Not yet: the disk is full.
    Waits,
    /// The node stops.
    Stopped,
}

/// A machine.
pub struct Machine {
    build: Build,
    medium: Medium,
    /// The stores of both disks; without a mirror only the first is used.
    sides: [Store; 2],
    stores: Stores<Store>,
    /// The two disks, with a mirror, since the last start.
    pair: Option<Arc<Pair>>,
    journal: Option<Box<dyn Journal>>,
    driver: Driver,
    group: VecDeque<Vec<GroupRecord>>,
    checkpoints: VecDeque<CheckpointToWrite>,
    actions: Vec<Action>,
    /// Whether only work that ends work is let in, because the disk is full.
    pub is_draining: bool,
    /// What came out and was not looked at yet.
    pub released: Vec<Released>,
    /// What is durable.
    pub ledger: Ledger,
    /// Why the node stopped, if it did: it must be started again.
    pub stopped: Option<String>,
    /// Images of the disk that were opened and looked at.
    pub images: usize,
    /// Whether a fault was planted since the last healing.
    faulty: bool,
    /// Whether the disk was made full.
    is_full: bool,
    /// Whether the store does not take checkpoints any more.
    store_broken: bool,
    /// Whether nobody knows what became of the last append.
    outcome_unknown: bool,
    /// The records of an append that failed: partition and sequence.
    undecided: Vec<(u16, u64)>,
}

impl Machine {
    /// A new machine with an empty disk.
    ///
    /// # Errors
    /// It does not start.
    pub fn new(build: Build) -> Result<Machine, Violation> {
        let sides = [Store::new(build.partitions), Store::new(build.partitions)];
        let mut machine = Machine {
            build,
            medium: Medium::new(build.network),
            stores: Stores::one(sides[0].clone()),
            sides,
            pair: None,
            journal: None,
            driver: Driver::new(Vec::new()),
            group: VecDeque::new(),
            checkpoints: VecDeque::new(),
            actions: Vec::new(),
            is_draining: false,
            released: Vec::new(),
            ledger: Ledger::new(build.partitions),
            stopped: None,
            images: 0,
            faulty: false,
            is_full: false,
            store_broken: false,
            outcome_unknown: false,
            undecided: Vec::new(),
        };
        machine.start(&mut SplitMix(0), None)?;
        Ok(machine)
    }

    /// The driver.
    pub fn driver(&self) -> &Driver {
        &self.driver
    }

    /// How many partitions it has.
    pub fn partitions(&self) -> u16 {
        self.build.partitions
    }

    /// Whether a group is on its way to disk.
    pub fn is_writing(&self) -> bool {
        !self.group.is_empty()
    }

    /// Whether nothing is under way.
    pub fn is_settled(&self) -> bool {
        self.driver.is_settled() && self.group.is_empty()
    }

    /// It comes up.
    pub fn note(&mut self, situation: Situation) {
        self.ledger.seen.note(situation);
    }

    /// Gives the driver an input.
    ///
    /// # Errors
    /// A promise was broken.
    pub fn input(&mut self, now_ms: i64, input: Input) -> Result<(), Violation> {
        if self.stopped.is_some() {
            return Ok(());
        }
        self.driver.step(now_ms, input, &mut self.actions);
        self.turn()
    }

    /// Goes on with put-off work.
    ///
    /// # Errors
    /// A promise was broken.
    pub fn go_on(&mut self) -> Result<(), Violation> {
        if self.stopped.is_some() {
            return Ok(());
        }
        self.driver.go_on();
        self.turn()
    }

    fn turn(&mut self) -> Result<(), Violation> {
        self.driver.flush(&mut self.actions);
        self.perform()?;
        if let Some(why) = self.driver.failure() {
            self.stopped = Some(why.to_owned());
        }
        Ok(())
    }

    fn perform(&mut self) -> Result<(), Violation> {
        for action in std::mem::take(&mut self.actions) {
            match action {
                Action::Append(records) => {
                    let several = records.iter().any(|record| record.partition != records[0].partition);
                    self.ledger.seen.note_if(several, Situation::GroupOfSeveralPartitions);
                    self.group.push_back(records);
                }
                Action::Answer { request, result } => {
                    if let Ok(reply) = &result {
                        self.ledger.check_reply(reply)?;
                    }
                    self.released.push(Released::Answer(request, result));
                }
                Action::Push { taker, job } => {
                    self.ledger.check_push(&job)?;
                    self.released.push(Released::Push(taker, job));
                }
                Action::PollEnded(taker) => self.released.push(Released::PollEnded(taker)),
                Action::Observe(_) | Action::Discard(_) => {}
                Action::Checkpoint { .. } if self.store_broken => {
                    self.stopped = Some("the checkpoint thread has ended".into());
                }
                Action::Checkpoint { partition, sequence, changes } => {
                    self.checkpoints.push_back(CheckpointToWrite { partition, sequence, changes });
                    if planted(Canary::CheckpointTooEarly) {
                        self.write_checkpoint(0)?;
                    }
                }
            }
        }
        Ok(())
    }

    /// Writes the group on its way, without telling the driver.
    fn append(&mut self) -> Result<Written, Violation> {
        let Some(group) = self.group.pop_front() else { return Ok(Written::Durable) };
        let records: Vec<Record<'_>> = group
            .iter()
            .map(|record| Record {
                partition: weir_journal::PartitionId(record.partition.0),
                epoch: record.epoch,
                sequence: record.sequence,
                payload: &record.payload,
            })
            .collect();
        let Some(journal) = &mut self.journal else { return broken("the journal is not open") };
        match journal.append(&records) {
            Ok(()) => {}
            Err(AppendError::Full(_)) => {
                self.ledger.seen.note(Situation::DiskFull);
                self.is_draining = true;
                let released = journal.release_reserve().unwrap_or(false);
                self.ledger.seen.note_if(released, Situation::ReserveReleased);
                self.group.push_front(group);
                return Ok(Written::Waits);
            }
            Err(error) => {
                if planted(Canary::BlindRetry) && matches!(error, AppendError::Unknown(_)) {
                    append_again(journal.as_mut(), &records);
                }
                self.undecided = group.iter().map(|record| (record.partition.0, record.sequence.0)).collect();
                return self.failed(&error);
            }
        }
        while let Some(chore) = journal.take_chore() {
            chore(&mut || {});
        }
        self.look_for_room();
        for record in &group {
            self.ledger.add(record.partition, record.sequence.0, &record.payload)?;
        }
        Ok(Written::Durable)
    }

    fn failed(&mut self, error: &AppendError) -> Result<Written, Violation> {
        let expected = match error {
            AppendError::Unknown(_) => true,
            AppendError::Failed(_) => self.faulty || self.medium.is_dark(),
            AppendError::Fenced { .. }
            | AppendError::OutOfOrder { .. }
            | AppendError::TooLarge { .. }
            | AppendError::Full(_) => false,
        };
        if !expected {
            return broken(format!("the journal refuses a group: {error}"));
        }
        let text = error.to_string();
        let seen = &mut self.ledger.seen;
        seen.note_if(text.contains("writing"), Situation::WriteFailed);
        seen.note_if(text.contains("syncing"), Situation::SyncFailed);
        seen.note_if(text.contains("creating") || text.contains("removing"), Situation::NameFailed);
        self.outcome_unknown = matches!(error, AppendError::Unknown(_));
        self.stopped = Some(text);
        Ok(Written::Stopped)
    }

    /// The group on its way becomes durable, and what waited for it comes out.
    ///
    /// # Errors
    /// A promise was broken.
    pub fn commit(&mut self, now_ms: i64) -> Result<(), Violation> {
        if self.group.is_empty() || self.stopped.is_some() {
            return Ok(());
        }
        match self.append()? {
            Written::Durable => self.input(now_ms, Input::Appended),
            Written::Waits | Written::Stopped => Ok(()),
        }
    }

    /// Writes the oldest checkpoint that waits, and trims the journal.
    ///
    /// # Errors
    /// A promise was broken.
    pub fn write_checkpoint(&mut self, now_ms: i64) -> Result<bool, Violation> {
        if self.stopped.is_some() || self.store_broken {
            return Ok(false);
        }
        let Some(CheckpointToWrite { partition, sequence, changes }) = self.checkpoints.pop_front() else {
            return Ok(false);
        };
        if let Err(why) = self.stores.write(partition, sequence, &changes) {
            self.stopped = Some(why);
            return Ok(false);
        }
        self.note(Situation::CheckpointWritten);
        self.trim(partition, sequence)?;
        self.input(now_ms, Input::CheckpointWritten(partition))?;
        Ok(true)
    }

    fn trim(&mut self, partition: PartitionId, sequence: Sequence) -> Result<(), Violation> {
        let Some(journal) = &mut self.journal else { return broken("the journal is not open") };
        match journal.trim(weir_journal::PartitionId(partition.0), sequence) {
            Ok(()) => Ok(()),
            // It grows until it can be trimmed; a journal that is poisoned says so at the next append.
            Err(_) if self.faulty || self.medium.is_dark() => Ok(()),
            Err(weir_journal::JournalError::Full(_)) => Ok(()),
            Err(error) => broken(format!("the journal refuses a trim: {error}")),
        }
    }

    /// The store takes no more checkpoints.
    pub fn break_store(&mut self, random: &mut SplitMix) {
        if self.build.mirrored && random.percent(70) {
            return self.break_store_of_a_side(random);
        }
        self.note(Situation::CheckpointFailed);
        self.store_broken = true;
    }

    /// The disk will fail once, some time soon.
    pub fn plant_fault(&mut self, random: &mut SplitMix) -> String {
        let Medium::Disk(disk) = &self.medium else { return "nothing".into() };
        let operations =
            [Operation::Write, Operation::SyncData, Operation::Name, Operation::SyncDir, Operation::Read];
        let operation = operations[random.below(operations.len())];
        let (after, times) = (random.below(6) as u64, 1 + random.below(3) as u64);
        self.faulty = true;
        let place = match self.build.mirrored {
            true => ["", SIDES[0], SIDES[1]][random.below(3)],
            false => "",
        };
        disk.plant(Fault { operation, path_contains: place.to_owned(), after, times, error: IO_ERROR });
        format!("{operation:?} will fail {times} times after {after} {place}")
    }

    /// No file gets larger any more.
    pub fn fill_disk(&mut self) {
        if let Medium::Disk(disk) = &self.medium {
            let used = disk.paths().iter().map(|path| disk.contents(path).len() as u64).sum();
            disk.set_capacity_bytes(Some(used));
            self.is_full = true;
        }
    }

    /// There is room again.
    pub fn free_disk(&mut self) {
        if let Medium::Disk(disk) = &self.medium {
            disk.set_capacity_bytes(None);
            self.is_full = false;
        }
    }

    /// Nothing fails any more.
    pub fn heal(&mut self) {
        self.free_disk();
        self.medium.heal();
        self.look_for_room();
    }

    /// A node looks at its disk every now and then: with room again, new work is let in though nothing is written.
    pub fn look_for_room(&mut self) {
        if let (true, true, Some(journal)) = (self.is_draining, self.group.is_empty(), &mut self.journal)
            && journal.refill_reserve().unwrap_or(false)
        {
            self.is_draining = false;
            self.ledger.seen.note(Situation::RoomAgain);
        }
    }

    /// Replay equals live: to be asked when nothing is under way.
    ///
    /// # Errors
    /// It does not.
    pub fn check_replay(&self) -> Result<(), Violation> {
        if self.build.mirrored && !self.has_readable_store() {
            return Ok(());
        }
        for led in self.driver.led() {
            let number = led.partition.settings().partition.0;
            same_state(number, &led.partition, self.ledger.replayed(number), "while running")?;
        }
        Ok(())
    }
}

/// A planted bug: what may have arrived is appended once more.
fn append_again(journal: &mut dyn Journal, records: &[Record<'_>]) {
    for record in records {
        let Ok(claim) = journal.claim(record.partition) else { return };
        let again = Record { epoch: claim.epoch, sequence: claim.last_sequence.next(), ..*record };
        if journal.append(&[again]).is_err() {
            return;
        }
    }
}

/// Two states are the same.
fn same_state(number: u16, live: &Partition, replayed: &Partition, when: &str) -> Result<(), Violation> {
    if let (Some(live), Some(replayed)) = (rows(live), rows(replayed))
        && live == replayed
    {
        return Ok(());
    }
    let (live, replayed) = (live.state().dump(), replayed.state().dump());
    let only = |of: &Vec<(Vec<u8>, Vec<u8>)>, not: &Vec<(Vec<u8>, Vec<u8>)>| {
        of.iter().filter(|row| !not.contains(row)).map(|(key, _)| key[0]).collect::<Vec<_>>()
    };
    broken(format!(
        "partition {number} {when}: its state is not what replaying its records gives; tables of rows only in it: {:?}, \
         only in the replay: {:?}",
        only(&live, &replayed),
        only(&replayed, &live)
    ))
}

/// All rows of a state, one behind the other; `None`: some cannot be read.
fn rows(partition: &Partition) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(16 * 1024);
    let is_whole = partition.state().show(&mut |key, value| {
        for part in [key, value] {
            bytes.extend((part.len() as u32).to_le_bytes());
            bytes.extend(part);
        }
    });
    is_whole.then_some(bytes)
}

/// A batch as people read it, for stories.
pub fn read_batch(payload: &[u8]) -> String {
    match Batch::from_bytes(payload) {
        Ok(batch) => {
            let events = batch.events.iter().map(|event| match event {
                // The file would bury the rest.
                Event::Deployed(deployment) => format!("Deployed({:?})", deployment.key),
                Event::MailSent { to, sequence, mail: Mail::Deployment(_) } => {
                    format!("MailSent({to:?} {sequence}: a deployment)")
                }
                other => format!("{other:?}"),
            });
            format!("at {} {}", batch.at_ms, events.collect::<Vec<_>>().join(", "))
        }
        Err(error) => error.to_string(),
    }
}
