//! The life of a journal alone, from power loss to power loss. Whatever the disk then holds, all that was confirmed is there; this is
//! looked at in every image that the loss allows, or in some of them where there are too many, and the journal goes on from one.
//!
//! Groups are larger than in a world: they reach over many blocks, so that torn ones leave much behind.

use std::sync::Arc;

use weir_journal::{
    AppendError, Epoch, Failure, Journal, JournalError, PartitionId, Record, Sequence,
    disk::sim::{Fault, Operation, SimDisk},
    local::{Incarnation, LocalJournal, Options, open_mirrored},
    random::SplitMix,
};

use crate::{
    ledger::{Violation, broken},
    sides::{self, SIDES},
};

/// What a life came to.
#[derive(Clone, Debug, Default)]
pub struct Life {
    /// What went wrong, if anything.
    pub violation: Option<Violation>,
    /// Times the power went or the process died.
    pub crashes: usize,
    /// Images of the disk that were opened and looked at.
    pub images: usize,
    /// Damaged copies among them that were refused.
    pub refused: usize,
}

/// Lives the life of a seed.
pub fn live(seed: u64) -> Life {
    let mut random = SplitMix(seed ^ 0x11fe);
    let mut options = Options::new(Incarnation([8; 16]));
    options.segment_bytes = (16 * 1024) << random.below(4);
    options.reserve_bytes = [0, 16 * 1024][random.below(2)];
    let partitions = 1 + random.below(3);
    let mut life = Living {
        options,
        mirrored: seed % MIRRORED_EVERY == MIRRORED_EVERY - 1,
        disk: SimDisk::new(),
        told: vec![Told::default(); partitions],
        payload_bytes: [200, 3_000, 30_000][random.below(3)],
        random,
        life: Life::default(),
    };
    let outcome = life.live();
    Life { violation: outcome.err(), ..life.life }
}

/// What the client of one partition was told.
#[derive(Clone, Debug, Default)]
struct Told {
    epoch: Epoch,
    /// Trimmed counts from the moment it was asked for.
    trimmed: u64,
    confirmed: Vec<Vec<u8>>,
    /// The payloads of the call that had no answer.
    doubtful: Vec<Vec<u8>>,
}

struct Living {
    options: Options,
    /// Whether the journal lies in two folders, of which either may be lost.
    mirrored: bool,
    disk: SimDisk,
    told: Vec<Told>,
    payload_bytes: usize,
    random: SplitMix,
    life: Life,
}

/// How many times the power goes in a life.
const LOSSES: usize = 6;
/// Operations of the disk until then at most.
const OPERATIONS: usize = 40;
/// Images that are looked at where not all are.
const SAMPLES: u64 = 6;
/// Every so many lives one is of a mirrored journal.
const MIRRORED_EVERY: u64 = 4;
/// Copies that are damaged after each start.
const DAMAGES: usize = 3;

impl Living {
    fn live(&mut self) -> Result<(), Violation> {
        for _ in 0..LOSSES {
            let operations = self.disk.operations() + 1 + self.random.below(OPERATIONS) as u64;
            match self.random.below(8) {
                0 if !self.mirrored => self.fail_a_sync(),
                _ => self.disk.cut_power_at(operations),
            }
            // It ends when the power goes, or an operation fails.
            let _ended = self.work();
            self.life.crashes += 1;
            self.crash()?;
        }
        Ok(())
    }

    fn fail_a_sync(&mut self) {
        let after = self.random.below(12) as u64;
        let fault = Fault {
            operation: Operation::SyncData,
            path_contains: ".segment".to_owned(),
            after,
            times: 1,
            error: std::io::ErrorKind::Other,
        };
        self.disk.plant(fault);
    }

    fn open(&self, disk: &SimDisk) -> Result<LocalJournal, JournalError> {
        if !self.mirrored {
            return LocalJournal::open(Arc::new(disk.clone()), self.options.clone());
        }
        let pair = sides::pair_on(disk)?;
        let (journal, mending) = open_mirrored(&pair, self.options.clone())?;
        mending.done(&pair)?;
        Ok(journal)
    }

    /// What is left of a disk when either side is lost.
    fn without_a_side(&self, disk: &SimDisk) -> Vec<SimDisk> {
        let without = |side: &&str| {
            let left = disk.copy();
            left.lose_folder(side);
            left
        };
        if self.mirrored { SIDES.iter().map(without).collect() } else { Vec::new() }
    }

    /// Appends, trims and prepares segments, for so long as it goes.
    fn work(&mut self) -> Result<(), String> {
        let mut journal = self.open(&self.disk).map_err(|error| error.to_string())?;
        for (place, told) in self.told.iter_mut().enumerate() {
            told.epoch = journal.claim(id(place)).map_err(|error| error.to_string())?.epoch;
        }
        for _ in 0..OPERATIONS {
            match self.random.below(10) {
                0..7 => self.append(&mut journal)?,
                7 => {
                    while let Some(chore) = journal.take_chore() {
                        chore(&mut || {});
                    }
                }
                _ => self.trim(&mut journal)?,
            }
        }
        Ok(())
    }

    fn append(&mut self, journal: &mut LocalJournal) -> Result<(), String> {
        let mut group = Vec::new();
        for (place, told) in self.told.iter().enumerate() {
            for number in 0..self.random.below(3) as u64 {
                let bytes = 1 + self.random.below(self.payload_bytes);
                let payload = vec![self.random.draw() as u8 | 1; bytes];
                group.push((place, told.epoch, Sequence(told.confirmed.len() as u64 + 1 + number), payload));
            }
        }
        let records: Vec<_> = group
            .iter()
            .map(|(place, epoch, sequence, payload)| Record {
                partition: id(*place),
                epoch: *epoch,
                sequence: *sequence,
                payload,
            })
            .collect();
        let answer = match journal.append(&records) {
            Ok(()) if self.disk.is_dark() => Err(AppendError::Failed(unanswered())),
            answer => answer,
        };
        for (place, _, _, payload) in group {
            let told = &mut self.told[place];
            match &answer {
                Ok(()) => told.confirmed.push(payload),
                Err(AppendError::Failed(_)) => told.doubtful.push(payload),
                Err(error) => return Err(error.to_string()),
            }
        }
        answer.map_err(|error| error.to_string())
    }

    fn trim(&mut self, journal: &mut LocalJournal) -> Result<(), String> {
        let place = self.random.below(self.told.len());
        let told = &mut self.told[place];
        let kept = self.random.below(3) as u64;
        told.trimmed = told.trimmed.max((told.confirmed.len() as u64).saturating_sub(kept));
        journal.trim(id(place), Sequence(told.trimmed)).map_err(|error| error.to_string())
    }

    /// Looks at the images of a power loss, or at what a kill leaves, and goes on from one of them.
    fn crash(&mut self) -> Result<(), Violation> {
        self.disk.heal();
        let is_kill = self.random.percent(15);
        let mut images = match is_kill {
            true => vec![self.disk.copy()],
            false => self.disk.crash_images(self.random.draw(), SAMPLES).collect(),
        };
        for image in &images {
            self.life.images += 1;
            self.check(&image.copy())?;
            for left in self.without_a_side(image) {
                self.life.images += 1;
                self.check(&left)?;
            }
        }
        self.disk = images.swap_remove(self.random.below(images.len()));
        self.recover_interrupted();
        self.settle()?;
        self.damage()
    }

    /// The power may go again while it recovers.
    fn recover_interrupted(&mut self) {
        for _ in 0..self.random.below(3) {
            self.disk.cut_power_at(1 + self.random.below(12) as u64);
            // Whether it came up before the power went is all the same.
            drop(self.open(&self.disk));
            let images: Vec<_> = self.disk.crash_images(self.random.draw(), SAMPLES).collect();
            self.disk = images[self.random.below(images.len())].copy();
        }
    }

    /// What is there now counts: what was doubtful is confirmed, or gone for good.
    fn settle(&mut self) -> Result<(), Violation> {
        self.check(&self.disk)?;
        let journal = self.open(&self.disk).map_err(|error| Violation(error.to_string()))?;
        for (place, told) in self.told.iter_mut().enumerate() {
            let tail = journal.tail(id(place)).map_err(|error| Violation(error.to_string()))?;
            let doubtful = std::mem::take(&mut told.doubtful);
            if tail.last_sequence.0 > told.confirmed.len() as u64 {
                told.confirmed.extend(doubtful);
            }
        }
        Ok(())
    }

    /// Damages copies: each has all that was confirmed, or is refused.
    fn damage(&mut self) -> Result<(), Violation> {
        let segments: Vec<_> =
            self.disk.paths().into_iter().filter(|path| path.ends_with(".segment")).collect();
        for _ in 0..DAMAGES {
            let copy = self.disk.copy();
            let path = &segments[self.random.below(segments.len())];
            let contents = copy.contents(path);
            let used = contents.iter().rposition(|byte| *byte != 0).unwrap_or(0) + 1;
            let at = self.random.below(used);
            match self.random.percent(50) {
                true => copy.overwrite(path, at, &[contents[at] ^ (1 << self.random.below(8))]),
                false => copy.overwrite(path, at / 512 * 512, &[0; 512]),
            }
            self.life.images += 1;
            match self.open(&copy).map(drop) {
                Ok(()) => self.check(&copy)?,
                Err(JournalError::Damaged(_)) if !self.mirrored => self.life.refused += 1,
                Err(error) => return broken(format!("{path} is damaged at {at}: {error}")),
            }
        }
        Ok(())
    }

    /// Opens a disk and compares it with what was told.
    fn check(&self, disk: &SimDisk) -> Result<(), Violation> {
        let opened = self.open(disk);
        let journal = opened.map_err(|error| Violation(format!("it does not open: {error}")))?;
        let mut survived = None;
        for (place, told) in self.told.iter().enumerate() {
            let tail = journal.tail(id(place)).map_err(|error| Violation(error.to_string()))?;
            let there = tail.last_sequence.0 as usize;
            if tail.epoch < told.epoch || tail.trimmed.0 > told.trimmed {
                return broken(format!(
                    "partition {place}: an epoch was forgotten, or too much trimmed: {tail:?}"
                ));
            }
            let Some(more) = there.checked_sub(told.confirmed.len()) else {
                return broken(format!(
                    "partition {place}: {} records were confirmed, {there} are there",
                    told.confirmed.len()
                ));
            };
            if !told.doubtful.is_empty() && *survived.get_or_insert(more > 0) != (more > 0)
                || (more > 0 && more != told.doubtful.len())
            {
                return broken(format!("partition {place}: a group survived in part"));
            }
            let expected = told.confirmed.iter().chain(&told.doubtful).take(there);
            let from = tail.trimmed.next();
            let records = journal.read(id(place), from).map_err(|error| Violation(error.to_string()))?;
            // What was trimmed is not there to be read.
            let mut expected = expected.skip(tail.trimmed.0 as usize);
            for record in records {
                let record = record.map_err(|error| Violation(error.to_string()))?;
                if expected.next() != Some(&record.payload) {
                    return broken(format!("partition {place}: record {} is another", record.sequence));
                }
            }
            if expected.next().is_some() {
                return broken(format!("partition {place}: it reads less than it has"));
            }
        }
        Ok(())
    }
}

/// The answer was given in the moment in which the power went: nobody had it.
fn unanswered() -> Failure {
    Failure { action: "answering", place: String::new(), cause: "the power went".into(), remedy: "" }
}

fn id(place: usize) -> PartitionId {
    PartitionId(place as u16 + 1)
}
