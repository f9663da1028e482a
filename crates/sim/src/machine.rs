//! A machine that runs a node: the real driver, the real journal on a simulated disk, a store of rows; and its crashes.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
};

use weir_engine::{
    Partition, RequestId, Settings,
    command::{ActivatedJob, Reply},
    event::Batch,
    key::PartitionId,
    rejection::Rejection,
    state::Change,
};
use weir_feel::temporal::Zone;
use weir_journal::{
    Journal, Record, Sequence,
    disk::sim::{Fate, SimDisk},
    local::{Incarnation, LocalJournal, Options},
    random::SplitMix,
};
use weir_node::{
    demand::TakerId,
    driver::{Action, Driver, GroupRecord, Input},
    recovery,
};

use crate::ledger::{Ledger, Violation, broken};

/// A mistake that is planted into the shell around the driver, to see whether the simulator finds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Plant {
    /// Answers and jobs leave before the group is on disk.
    ReleaseBeforeDurable,
    /// A checkpoint forgets the last number of mail taken, so that mail is not recognised when it comes again.
    MailWatermarkLost,
    /// A checkpoint forgets the key counter.
    KeyCounterLost,
    /// A checkpoint does not take rows out that are gone.
    RemovalsLost,
    /// The journal is trimmed when a checkpoint is asked for, not when it is written.
    TrimmedTooEarly,
    /// A job is given to two workers.
    PushedTwice,
}

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

/// When a machine crashes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CrashAt {
    /// Before the group on its way reaches the journal.
    BeforeAppend,
    /// When it is durable and nothing of it was released.
    AfterAppend,
    /// While it is being written: the power goes after so many operations of the disk.
    InAppend(u64),
}

/// The settings of a partition.
pub fn settings(number: u16, partitions: u16) -> Settings {
    Settings {
        partition: PartitionId(number),
        partitions,
        zone: Zone::UTC,
        feel_limits: weir_feel::Limits::DEFAULT,
    }
}

type Rows = BTreeMap<Vec<u8>, Vec<u8>>;

struct CheckpointToWrite {
    partition: PartitionId,
    sequence: Sequence,
    changes: Vec<Change>,
}

/// The store's rows and the record they stand at, by partition: survives crashes, written at once.
struct Store {
    partitions: Vec<(Sequence, Rows)>,
}

/// A machine.
pub struct Machine {
    partitions: u16,
    segment_bytes: u64,
    disk: SimDisk,
    store: Store,
    journal: Option<LocalJournal>,
    driver: Driver,
    group: VecDeque<Vec<GroupRecord>>,
    checkpoints: VecDeque<CheckpointToWrite>,
    actions: Vec<Action>,
    /// What came out and was not looked at yet.
    pub released: Vec<Released>,
    /// What is durable.
    pub ledger: Ledger,
    plant: Option<Plant>,
}

impl Machine {
    /// A new machine with an empty disk.
    ///
    /// # Errors
    /// It does not start.
    pub fn new(partitions: u16, segment_bytes: u64, plant: Option<Plant>) -> Result<Machine, Violation> {
        let mut machine = Machine {
            partitions,
            segment_bytes,
            disk: SimDisk::new(),
            store: Store { partitions: vec![(Sequence(0), Rows::new()); usize::from(partitions)] },
            journal: None,
            driver: Driver::new(Vec::new()),
            group: VecDeque::new(),
            checkpoints: VecDeque::new(),
            actions: Vec::new(),
            released: Vec::new(),
            ledger: Ledger::new(partitions),
            plant,
        };
        machine.start()?;
        Ok(machine)
    }

    /// The driver.
    pub fn driver(&self) -> &Driver {
        &self.driver
    }

    /// How many partitions it has.
    pub fn partitions(&self) -> u16 {
        self.partitions
    }

    /// Whether a group is on its way to disk.
    pub fn is_writing(&self) -> bool {
        !self.group.is_empty()
    }

    /// Whether nothing is under way.
    pub fn is_settled(&self) -> bool {
        self.driver.is_settled() && self.group.is_empty()
    }

    /// Gives the driver an input.
    ///
    /// # Errors
    /// A promise was broken.
    pub fn input(&mut self, now_ms: i64, input: Input) -> Result<(), Violation> {
        self.driver.step(now_ms, input, &mut self.actions);
        self.turn()
    }

    /// Goes on with put-off work.
    ///
    /// # Errors
    /// A promise was broken.
    pub fn go_on(&mut self) -> Result<(), Violation> {
        self.driver.go_on();
        self.turn()
    }

    fn turn(&mut self) -> Result<(), Violation> {
        self.driver.flush(&mut self.actions);
        self.perform()
    }

    fn perform(&mut self) -> Result<(), Violation> {
        for action in std::mem::take(&mut self.actions) {
            match action {
                Action::Append(records) => self.group.push_back(records),
                Action::Answer { request, result } => {
                    if let Ok(reply) = &result {
                        self.ledger.check_reply(reply)?;
                    }
                    self.released.push(Released::Answer(request, result));
                }
                Action::Push { taker, job } => {
                    self.ledger.check_push(&job)?;
                    if self.plant == Some(Plant::PushedTwice) {
                        self.released.push(Released::Push(taker, job.clone()));
                    }
                    self.released.push(Released::Push(taker, job));
                }
                Action::PollEnded(taker) => self.released.push(Released::PollEnded(taker)),
                Action::Observe(..) => {}
                Action::Checkpoint { partition, sequence, changes } => {
                    if self.plant == Some(Plant::TrimmedTooEarly) {
                        self.trim(partition, sequence)?;
                    }
                    self.checkpoints.push_back(CheckpointToWrite { partition, sequence, changes });
                }
            }
        }
        Ok(())
    }

    /// Writes the group on its way, without telling the driver. Whether it is durable now.
    fn append(&mut self) -> Result<bool, Violation> {
        let Some(group) = self.group.pop_front() else { return Ok(false) };
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
            Err(_) if self.disk.is_dark() => return Ok(false),
            Err(error) => return broken(format!("the journal refuses a group: {error}")),
        }
        if let Some(chore) = journal.take_chore() {
            chore();
        }
        for record in &group {
            self.ledger.add(record.partition, record.sequence.0, &record.payload)?;
        }
        Ok(true)
    }

    /// The group on its way becomes durable, and what waited for it comes out.
    ///
    /// # Errors
    /// A promise was broken.
    pub fn commit(&mut self, now_ms: i64) -> Result<(), Violation> {
        if self.group.is_empty() {
            return Ok(());
        }
        if self.plant == Some(Plant::ReleaseBeforeDurable) {
            self.input(now_ms, Input::Appended)?;
            self.append()?;
            return Ok(());
        }
        self.append()?;
        self.input(now_ms, Input::Appended)
    }

    /// Writes the oldest checkpoint that waits, and trims the journal.
    ///
    /// # Errors
    /// A promise was broken.
    pub fn write_checkpoint(&mut self) -> Result<bool, Violation> {
        let Some(CheckpointToWrite { partition, sequence, changes }) = self.checkpoints.pop_front() else {
            return Ok(false);
        };
        let (at, rows) = &mut self.store.partitions[usize::from(partition.0) - 1];
        for Change { key, value } in changes {
            match value {
                Some(value) => {
                    rows.insert(key, value);
                }
                None if self.plant == Some(Plant::RemovalsLost) => {}
                None => {
                    rows.remove(&key);
                }
            }
        }
        *at = sequence;
        self.trim(partition, sequence)?;
        Ok(true)
    }

    fn trim(&mut self, partition: PartitionId, sequence: Sequence) -> Result<(), Violation> {
        let Some(journal) = &mut self.journal else { return broken("the journal is not open") };
        match journal.trim(weir_journal::PartitionId(partition.0), sequence) {
            Ok(()) => Ok(()),
            Err(_) if self.disk.is_dark() => Ok(()),
            Err(error) => broken(format!("the journal refuses a trim: {error}")),
        }
    }

    /// Crashes, loses what is not durable as `random` decides, and starts again.
    ///
    /// # Errors
    /// A promise was broken.
    pub fn crash(&mut self, at: CrashAt, random: &mut SplitMix, power_loss: bool) -> Result<(), Violation> {
        match at {
            CrashAt::BeforeAppend => {}
            CrashAt::AfterAppend => {
                self.append()?;
            }
            CrashAt::InAppend(operations) => {
                self.disk.cut_power_at(self.disk.operations() + operations);
                self.append()?;
            }
        }
        self.journal = None;
        self.group.clear();
        self.checkpoints.clear();
        self.actions.clear();
        self.released.clear();
        self.disk = match power_loss || self.disk.is_dark() {
            true => self.disk.crash(|_| match random.below(4) {
                0 => Fate::Lost,
                1 => Fate::Garbage,
                _ => Fate::Kept,
            }),
            false => self.disk.copy(),
        };
        self.start()
    }

    /// Opens what is on the disk as a node does, and compares it with what must be there.
    fn start(&mut self) -> Result<(), Violation> {
        let options = Options {
            segment_bytes: self.segment_bytes,
            reserve_bytes: 0,
            holder: "simulated".into(),
            incarnation: Incarnation([7; 16]),
        };
        let mut journal = LocalJournal::open(Arc::new(self.disk.clone()), options)
            .map_err(|error| Violation(format!("the journal does not open again: {error}")))?;
        self.check_journal(&journal)?;
        let (store, plant) = (&self.store, self.plant);
        let load = |id: PartitionId, partition: &mut Partition| store.load(id, partition, plant);
        let led = recovery::recover(&mut journal, self.partitions, load)
            .map_err(|error| Violation(format!("recovery failed: {error}")))?;
        for led in &led {
            let number = led.partition.settings().partition.0;
            same_state(number, &led.partition, self.ledger.replayed(number), "after recovery")?;
        }
        self.journal = Some(journal);
        self.driver = Driver::new(led);
        self.turn()
    }

    /// All that was durable must be there, unchanged; what is there besides was on its way.
    fn check_journal(&mut self, journal: &LocalJournal) -> Result<(), Violation> {
        for number in 1..=self.partitions {
            let id = weir_journal::PartitionId(number);
            let failed =
                |error: weir_journal::JournalError| Violation(format!("the journal cannot be read: {error}"));
            let tail = journal.tail(id).map_err(failed)?;
            if tail.last_sequence.0 < self.ledger.len(number) as u64 {
                return broken(format!(
                    "partition {number}: {} records were durable, the journal ends at {}",
                    self.ledger.len(number),
                    tail.last_sequence
                ));
            }
            for record in journal.read(id, tail.trimmed.next()).map_err(failed)? {
                let record = record.map_err(failed)?;
                match self.ledger.record(number, record.sequence.0) {
                    Some(known) if *known == record.payload => {}
                    Some(_) => {
                        return broken(format!("partition {number}: record {} has changed", record.sequence));
                    }
                    None => self.ledger.add(PartitionId(number), record.sequence.0, &record.payload)?,
                }
            }
        }
        Ok(())
    }

    /// Replay equals live: to be asked when nothing is under way.
    ///
    /// # Errors
    /// It does not.
    pub fn check_replay(&self) -> Result<(), Violation> {
        for led in self.driver.led() {
            let number = led.partition.settings().partition.0;
            same_state(number, &led.partition, self.ledger.replayed(number), "while running")?;
        }
        Ok(())
    }
}

impl Store {
    fn load(
        &self,
        id: PartitionId,
        partition: &mut Partition,
        plant: Option<Plant>,
    ) -> Result<Sequence, String> {
        let (at, rows) = &self.partitions[usize::from(id.0) - 1];
        for (key, value) in rows {
            let forgotten = match plant {
                Some(Plant::MailWatermarkLost) => key[0] == 82,
                Some(Plant::KeyCounterLost) => key[0] == 0 && key.ends_with(&[0]),
                Some(_) | None => false,
            };
            if !forgotten {
                partition.load(key, value).map_err(|_| format!("a row of table {} is damaged", key[0]))?;
            }
        }
        Ok(*at)
    }
}

/// Two states are the same.
fn same_state(number: u16, live: &Partition, replayed: &Partition, when: &str) -> Result<(), Violation> {
    let (live, replayed) = (live.state().dump(), replayed.state().dump());
    if live == replayed {
        return Ok(());
    }
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

/// A batch as people read it, for stories.
pub fn read_batch(payload: &[u8]) -> String {
    match Batch::from_bytes(payload) {
        Ok(batch) => format!("{:?}", batch.events),
        Err(error) => error.to_string(),
    }
}
