//! Copies of the disk that are looked at and thrown away: what it might hold after a power loss must have all that was durable;
//! a damaged one must have it too, or be refused.

use weir_journal::{
    Journal,
    disk::sim::{Fate, SimDisk},
    local::LocalJournal,
    random::SplitMix,
};

use super::{Machine, Medium};
use crate::{
    ledger::{Violation, broken},
    situations::Situation,
};

impl Machine {
    /// Now and then, after a start (when everything that is there counts as confirmed): damages a copy.
    pub(super) fn check_rot(&mut self, random: &mut SplitMix) -> Result<(), Violation> {
        let Medium::Disk(disk) = &self.medium else { return Ok(()) };
        if self.faulty || !random.percent(25) {
            return Ok(());
        }
        let copy = disk.copy();
        let what = damage(&copy, random);
        if self.build.mirrored {
            return self.check_damage_mended(&copy, &what);
        }
        let journal = match self.open_image(&copy) {
            Ok(journal) => journal,
            Err(_) => {
                self.note(Situation::RotRefused);
                return Ok(());
            }
        };
        self.note(Situation::RotHarmless);
        self.check_holds(&journal, &what)
    }

    /// Other images than the one that is gone on with.
    pub(super) fn check_images(&mut self, random: &mut SplitMix) -> Result<(), Violation> {
        const IMAGES: usize = 4;
        let Medium::Disk(disk) = &self.medium else { return Ok(()) };
        for _ in 0..IMAGES {
            let kept_percent = [10, 50, 90][random.below(3)];
            let image = disk.crash(|_| match random.percent(kept_percent) {
                true => Fate::Kept,
                false if random.percent(30) => Fate::Garbage,
                false => Fate::Lost,
            });
            image.set_capacity_bytes(None);
            let lone = self.build.mirrored.then(|| image.copy());
            let journal = self
                .open_image(&image)
                .map_err(|error| Violation(format!("an image of the disk does not open: {error}")))?;
            self.check_holds(&journal, "the power went")?;
            if let Some(lone) = lone {
                self.check_lone_side(&lone, random)?;
            }
        }
        self.images += IMAGES;
        Ok(())
    }

    pub(super) fn check_holds(&self, journal: &LocalJournal, what: &str) -> Result<(), Violation> {
        for number in 1..=self.build.partitions {
            let id = weir_journal::PartitionId(number);
            let Ok(tail) = journal.tail(id) else { continue };
            let known = self.ledger.len(number) as u64;
            if tail.last_sequence.0 < known {
                return broken(format!(
                    "partition {number}: {what}, and the journal opens with {} of {known} records",
                    tail.last_sequence
                ));
            }
            let Ok(records) = journal.read(id, tail.trimmed.next()) else { continue };
            for record in records.map_while(Result::ok) {
                let is_known = self.ledger.record(number, record.sequence.0) == Some(&record.payload);
                if record.sequence.0 <= known && !is_known {
                    return broken(format!(
                        "partition {number}: {what}, and record {} is another",
                        record.sequence
                    ));
                }
            }
        }
        Ok(())
    }
}

/// Damages one file; says how.
fn damage(disk: &SimDisk, random: &mut SplitMix) -> String {
    let paths: Vec<_> = disk.paths().into_iter().filter(|path| path.ends_with(".segment")).collect();
    let path = match random.percent(85) {
        true => paths.last().cloned().unwrap_or_default(),
        false => paths.first().cloned().unwrap_or_default(),
    };
    let contents = disk.contents(&path);
    let used = contents.iter().rposition(|byte| *byte != 0).unwrap_or(0) + 1;
    let at = random.below(used);
    match random.below(5) {
        0 => {
            disk.truncate(&path, at);
            format!("{path} was cut to {at} bytes")
        }
        1 => {
            let start = at / 512 * 512;
            disk.overwrite(&path, start, &[0; 512]);
            format!("{path} lost its sector at {start}")
        }
        _ => {
            disk.overwrite(&path, at, &[contents.get(at).copied().unwrap_or(0) ^ (1 << random.below(8))]);
            format!("{path} has a wrong bit at {at}")
        }
    }
}
