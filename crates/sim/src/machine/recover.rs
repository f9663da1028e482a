//! Crashes, and starting again as a node does.

use weir_engine::key::PartitionId;
use weir_journal::{Journal, JournalError, disk::sim::Fate, random::SplitMix};
use weir_node::{
    driver::Driver,
    recovery::{self, RecoveryError},
    stores::CheckpointStore,
};

use super::{Build, CheckpointToWrite, Machine, Medium, Written, same_state};
use crate::{
    ledger::{Violation, broken},
    situations::Situation,
};

/// When a machine crashes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CrashAt {
    /// Before the group on its way reaches the journal.
    BeforeAppend,
    /// When it is durable and nothing of it was released.
    AfterAppend,
    /// While it is being written: the power goes after so many operations of the disk.
    InAppend(u64),
    /// When a checkpoint was written, while the journal is trimmed: the power goes after so many operations of the disk.
    InCheckpoint(u64),
}

/// A crash.
#[derive(Clone, Copy, Debug)]
pub struct Crash {
    /// When.
    pub at: CrashAt,
    /// Whether what was not synced may be lost.
    pub power_loss: bool,
    /// Whether the power goes again while it recovers: after so many operations of the disk.
    pub again_after: Option<u64>,
}

/// How often a machine is started before it is given up.
const MOST_STARTS: usize = 300;

impl Machine {
    /// Crashes, loses what is not durable as `random` decides, and starts again.
    ///
    /// # Errors
    /// A promise was broken.
    pub fn crash(&mut self, crash: Crash, random: &mut SplitMix) -> Result<(), Violation> {
        let Crash { at, power_loss, again_after } = crash;
        self.note_crash(at);
        let on_the_way = self.on_the_way();
        let was_unknown = self.outcome_unknown;
        self.ledger.seen.note_if(self.left_behind().is_some(), Situation::SideLeftBehind);
        if self.stopped.is_none() {
            self.reach(at)?;
        }
        self.forget();
        if power_loss || random.percent(20) {
            self.check_images(random)?;
        }
        if power_loss || self.medium.is_dark() {
            self.lose_power(random);
        }
        self.start(random, again_after)?;
        for (partition, sequence) in on_the_way {
            let situation = match (self.ledger.record(partition, sequence).is_some(), was_unknown) {
                (true, true) => Situation::UnknownArrived,
                (false, true) => Situation::UnknownLost,
                (true, false) => Situation::UnconfirmedRecordKept,
                (false, false) => Situation::UnconfirmedRecordLost,
            };
            self.note(situation);
        }
        Ok(())
    }

    fn note_crash(&mut self, at: CrashAt) {
        let has_mail = self.driver.led().iter().any(|led| !led.partition.state().outbox.is_empty());
        let is_unfinished = self.driver.is_unfinished();
        let situation = match at {
            CrashAt::BeforeAppend => Situation::CrashBeforeAppend,
            CrashAt::AfterAppend => Situation::CrashAfterAppend,
            CrashAt::InAppend(_) => Situation::CrashInAppend,
            CrashAt::InCheckpoint(_) => Situation::CrashInCheckpoint,
        };
        self.note(situation);
        self.ledger.seen.note_if(has_mail, Situation::CrashWithMail);
        self.ledger.seen.note_if(is_unfinished, Situation::CrashWithDeferredWork);
    }

    /// The records that nobody was told of.
    fn on_the_way(&mut self) -> Vec<(u16, u64)> {
        let mut records = std::mem::take(&mut self.undecided);
        records.extend(self.group.iter().flatten().map(|record| (record.partition.0, record.sequence.0)));
        records
    }

    /// Lives until the moment of the crash.
    fn reach(&mut self, at: CrashAt) -> Result<(), Violation> {
        match at {
            CrashAt::BeforeAppend => {}
            CrashAt::AfterAppend => match self.append()? {
                Written::Durable | Written::Waits | Written::Stopped => {}
            },
            CrashAt::InAppend(operations) => {
                self.cut_power_after(operations);
                self.append()?;
            }
            CrashAt::InCheckpoint(operations) => {
                if let Some(CheckpointToWrite { partition, sequence, changes }) = self.checkpoints.pop_front()
                {
                    if self.build.mirrored && operations % 2 == 1 && self.left_behind().is_none() {
                        // Between the writes to the two stores; a first one that fails has written nothing.
                        let _written_or_not = self.sides[0].write(partition, sequence, &changes);
                        return Ok(());
                    }
                    // Where no store takes it, the node stops here.
                    if self.stores.write(partition, sequence, &changes).is_ok() {
                        self.cut_power_after(operations);
                        self.trim(partition, sequence)?;
                    }
                }
            }
        }
        Ok(())
    }

    fn cut_power_after(&self, operations: u64) {
        if let Medium::Disk(disk) = &self.medium {
            disk.cut_power_at(disk.operations() + operations);
        }
    }

    /// Everything in memory is gone. A node that does not know what became of an append keeps its connection.
    fn forget(&mut self) {
        if !std::mem::take(&mut self.outcome_unknown) {
            self.journal = None;
        }
        self.group.clear();
        self.checkpoints.clear();
        self.actions.clear();
        self.released.clear();
        self.stopped = None;
        self.store_broken = false;
        self.sides.iter().for_each(|store| store.fail(false));
        self.is_draining = false;
    }

    fn lose_power(&mut self, random: &mut SplitMix) {
        let Medium::Disk(disk) = &mut self.medium else { return };
        *disk = disk.crash(|_| match random.below(4) {
            0 => Fate::Lost,
            1 => Fate::Garbage,
            _ => Fate::Kept,
        });
        self.note(Situation::PowerLost);
    }

    /// Starts until it runs: what fails is what was made to fail.
    pub(super) fn start(&mut self, random: &mut SplitMix, again_after: Option<u64>) -> Result<(), Violation> {
        if let Some(operations) = again_after {
            self.cut_power_after(operations);
        }
        for _ in 0..MOST_STARTS {
            let Some(why) = self.try_start()? else {
                if let Medium::Disk(disk) = &self.medium {
                    // A cut that was meant for the start, and that it did not come to, is not one of the life behind it.
                    disk.keep_power();
                }
                self.faulty = self.faulty && random.percent(50);
                if let (false, Medium::Disk(disk)) = (self.faulty, &self.medium) {
                    disk.heal();
                }
                return self.check_rot(random);
            };
            self.note(Situation::StartRefused);
            self.journal = None;
            if self.medium.is_dark() {
                self.note(Situation::CrashInRecovery);
                self.lose_power(random);
            } else if matches!(self.medium, Medium::Network(_)) {
                self.note(Situation::ClaimUnanswered);
            } else if self.is_full {
                // A claim needs room; people are told to make some.
                self.note(Situation::StartRefusedWhileFull);
                self.free_disk();
            } else if self.faulty {
                self.medium.heal();
                self.faulty = false;
            } else {
                return broken(format!("the machine does not start again: {why}"));
            }
        }
        broken("the machine never starts again")
    }

    /// The journal, and whether a torn write was cut off.
    fn open(&mut self) -> Result<(Box<dyn Journal>, bool), JournalError> {
        match &self.medium {
            Medium::Disk(disk) if self.build.mirrored => {
                let disk = disk.clone();
                let (journal, cut) = self.open_pair(&disk)?;
                Ok((Box::new(journal), cut))
            }
            medium => medium.open(self.build.segment_bytes, self.build.reserve_bytes),
        }
    }

    /// Opens what is on the disk as a node does, and compares it with what must be there. `Some`: why it did not start.
    fn try_start(&mut self) -> Result<Option<String>, Violation> {
        let mut journal = match self.journal.take() {
            Some(journal) => journal,
            None => match self.open() {
                Ok((journal, cut)) => {
                    self.ledger.seen.note_if(cut, Situation::TailCut);
                    journal
                }
                Err(error) => return Ok(Some(error.to_string())),
            },
        };
        let stores = self.stores.clone();
        let open = |id: PartitionId| stores.partition(id);
        let Build { partitions, rows_bytes_max, .. } = self.build;
        let led = match recovery::recover(journal.as_mut(), partitions, rows_bytes_max, open) {
            Ok(led) => led,
            Err(RecoveryError::Journal(error)) => return Ok(Some(error.to_string())),
            Err(RecoveryError::Damaged(why)) if self.faulty => return Ok(Some(why)),
            Err(RecoveryError::Damaged(why)) => return broken(format!("recovery failed: {why}")),
        };
        if let Err(error) = self.check_journal(journal.as_ref())? {
            return Ok(Some(error.to_string()));
        }
        for led in &led {
            let number = led.partition.settings().partition.0;
            same_state(number, &led.partition, self.ledger.replayed(number), "after recovery")?;
            let situation = match self.sides[0].at(number) < led.sequence {
                true => Situation::RecoveredWithTail,
                false => Situation::RecoveredWithoutTail,
            };
            self.note(situation);
        }
        let again = led.iter().any(|receiver| {
            let to = receiver.partition.settings().partition;
            led.iter().any(|sender| {
                let taken = receiver.partition.last_mail_from(sender.partition.settings().partition);
                let mail = sender.partition.state().outbox.iter();
                mail.into_iter().any(|((addressee, sequence), _)| addressee == to && sequence <= taken)
            })
        });
        self.ledger.seen.note_if(again, Situation::MailCameAgain);
        self.journal = Some(journal);
        self.driver = Driver::new(led);
        self.driver.limit_rows_memory(rows_bytes_max);
        self.turn()?;
        Ok(None)
    }

    /// All that was durable must be there, unchanged; what is there besides was on its way.
    fn check_journal(&mut self, journal: &dyn Journal) -> Result<Result<(), JournalError>, Violation> {
        for number in 1..=self.build.partitions {
            let id = weir_journal::PartitionId(number);
            let tail = match journal.tail(id) {
                Ok(tail) => tail,
                Err(error) => return Ok(Err(error)),
            };
            self.ledger.seen.note_if(tail.trimmed.0 > 0, Situation::JournalTrimmed);
            if tail.last_sequence.0 < self.ledger.len(number) as u64 {
                return broken(format!(
                    "partition {number}: {} records were durable, the journal ends at {}",
                    self.ledger.len(number),
                    tail.last_sequence
                ));
            }
            let records = match journal.read(id, tail.trimmed.next()) {
                Ok(records) => records,
                Err(error) => return Ok(Err(error)),
            };
            for record in records {
                let record = match record {
                    Ok(record) => record,
                    Err(error) => return Ok(Err(error)),
                };
                match self.ledger.record(number, record.sequence.0) {
                    Some(known) if *known == record.payload => {}
                    Some(_) => {
                        return broken(format!("partition {number}: record {} has changed", record.sequence));
                    }
                    None => self.ledger.add(PartitionId(number), record.sequence.0, &record.payload)?,
                }
            }
        }
        Ok(Ok(()))
    }
}
