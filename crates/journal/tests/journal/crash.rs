//! Power loss and death at every moment: whatever the disk then holds, all that was confirmed is recovered.
#![expect(clippy::print_stdout, reason = "how much was tried goes into the report of the proof")]

use std::{collections::BTreeMap, sync::Arc};

use weir_journal::{
    AppendError, Journal, JournalError, Sequence,
    disk::sim::SimDisk,
    local::{Incarnation, LocalJournal, Options, repair_accepting_loss},
    random::SplitMix,
};

use crate::{
    story::{Story, next_group, records_of, survived},
    suite::{P, Q, payloads, record},
};

fn options() -> Options {
    let mut options = Options::new(Incarnation([9; 16]));
    options.segment_bytes = 32 * 1024;
    options.reserve_bytes = 8 * 1024;
    options
}

fn open(disk: &SimDisk) -> Result<LocalJournal, JournalError> {
    LocalJournal::open(Arc::new(disk.clone()), options())
}

/// Creates a journal, claims, appends over several segments, trims, prepares spares; ends when the power does.
fn workload(disk: &SimDisk, story: &mut Story) -> Result<(), String> {
    let mut random = SplitMix(11);
    for round in 0..2_u64 {
        let mut journal = open(disk).map_err(|error| error.to_string())?;
        for partition in [P, Q] {
            let told = story.entry(partition).or_default();
            told.epoch = journal.claim(partition).map_err(|error| error.to_string())?.epoch;
        }
        for step in 0..5_u64 {
            append_group(&mut journal, story, &mut random, round * 100 + step)?;
            while step % 3 == 1
                && let Some(chore) = journal.take_chore()
            {
                chore(&mut || {});
            }
            if step % 2 == 1 {
                let told = story.entry(P).or_default();
                let until = Sequence(told.confirmed.len() as u64);
                // Trimmed counts from the moment it was asked for.
                told.trimmed = until;
                journal.trim(P, until).map_err(|error| error.to_string())?;
                let told = story.entry(Q).or_default();
                told.trimmed = Sequence((told.confirmed.len() as u64).saturating_sub(2));
                journal.trim(Q, told.trimmed).map_err(|error| error.to_string())?;
            }
        }
    }
    Ok(())
}

fn append_group(
    journal: &mut LocalJournal,
    story: &mut Story,
    random: &mut SplitMix,
    step: u64,
) -> Result<(), String> {
    let group = next_group(story, random, step);
    let records = records_of(&group);
    let answer = journal.append(&records);
    for (partition, _, _, payload) in group {
        let told = story.entry(partition).or_default();
        match &answer {
            Ok(()) => told.confirmed.push(payload),
            Err(AppendError::Failed(_)) => told.doubtful.push(payload),
            Err(error) => panic!("append: {error}"),
        }
    }
    answer.map_err(|error| error.to_string())
}

/// Opens an image and compares it with what was told; then claims and appends, opens again and compares again.
fn check(image: &SimDisk, story: &Story, context: &str) {
    let mut journal = open(image).unwrap_or_else(|error| panic!("{context}: {error}"));
    let mut all_doubtful_there = Vec::new();
    for (partition, told) in story {
        let survived = survived(&journal, *partition, told, context);
        if !told.doubtful.is_empty() {
            all_doubtful_there.push(survived > 0);
        }
    }
    all_doubtful_there.dedup();
    assert!(all_doubtful_there.len() <= 1, "{context}: a group survived in one partition only");
    for (partition, told) in story {
        let claim = journal.claim(*partition).unwrap_or_else(|error| panic!("{context}: {error}"));
        assert!(claim.epoch > told.epoch, "{context}: an epoch was given out twice");
        let next = claim.last_sequence.next().0;
        journal.append(&[record(*partition, claim.epoch, next, b"after")]).expect("append");
    }
    drop(journal);
    let journal = open(image).unwrap_or_else(|error| panic!("{context}, second time: {error}"));
    for partition in story.keys() {
        assert_eq!(payloads(&journal, *partition).last().expect("a record"), b"after", "{context}");
    }
}

/// `WEIR_PROOF=100` tries about a hundred times as many images, for a night.
pub(crate) fn thoroughness() -> u64 {
    std::env::var("WEIR_PROOF").ok().and_then(|times| times.parse().ok()).unwrap_or(1)
}

fn operations_of_workload() -> u64 {
    let disk = SimDisk::new();
    workload(&disk, &mut Story::new()).expect("the workload runs");
    disk.operations()
}

#[test]
fn every_image_of_every_power_loss_recovers() {
    let mut images = 0;
    for operation in 1..=operations_of_workload() {
        let disk = SimDisk::new();
        disk.cut_power_at(operation);
        let mut story = Story::new();
        let _ = workload(&disk, &mut story);
        assert!(disk.is_dark(), "the power goes");
        for (number, image) in disk.crash_images(operation, 24 * thoroughness()).enumerate() {
            check(&image, &story, &format!("operation {operation}, image {number}"));
            images += 1;
        }
    }
    println!("images: {images} of a power loss at every operation of a journal's life");
    assert!(images > 1000, "only {images} images were tried");
}

#[test]
fn every_kill_recovers() {
    let operations = operations_of_workload();
    for operation in 1..=operations {
        let disk = SimDisk::new();
        disk.cut_power_at(operation);
        let mut story = Story::new();
        let _ = workload(&disk, &mut story);
        assert!(disk.is_dark(), "the process dies");
        // The caches live on; whatever the dead process had handed over is there.
        check(&disk.copy(), &story, &format!("killed at operation {operation}"));
    }
    println!("images: {operations} of a kill at every operation");
}

/// Recovery itself loses power, and the recovery of that one, three levels deep.
#[test]
fn recovery_that_is_interrupted_recovers() {
    let operations = operations_of_workload();
    let mut random = SplitMix(3);
    let mut images = 0;
    for operation in (1..=operations).step_by(5) {
        let disk = SimDisk::new();
        disk.cut_power_at(operation);
        let mut story = Story::new();
        let _ = workload(&disk, &mut story);
        assert!(disk.is_dark(), "the power goes");
        for image in disk.crash_images(random.draw(), 2 * thoroughness()) {
            interrupt(&image, &story, &mut random, 3, &format!("operation {operation}"), &mut images);
        }
    }
    println!("images: {images} of a recovery that lost power, up to three times over");
    assert!(images > 300, "only {images} images were tried");
}

/// A repair loses power at every operation: whatever is there then opens, or is refused and can be repaired again.
#[test]
fn repair_that_is_interrupted_can_be_repeated() {
    let disk = SimDisk::new();
    let mut story = Story::new();
    workload(&disk, &mut story).expect("the workload runs");
    let segments: Vec<_> = disk.paths().into_iter().filter(|path| path.ends_with(".segment")).collect();
    let [.., damaged, _] = segments.as_slice() else { panic!("several segments") };
    disk.overwrite(damaged, 4096 + 20, &[0xff]);
    let whole = disk.copy();
    repair_accepting_loss(&whole, &BTreeMap::new()).expect("repair").expect("something to repair");
    let (operations, mut images) = (whole.operations(), 0);
    for operation in 1..=operations {
        let cut_short = disk.copy();
        cut_short.cut_power_at(operation);
        repair_accepting_loss(&cut_short, &BTreeMap::new()).expect_err("the power goes");
        for image in cut_short.crash_images(operation, 24 * thoroughness()) {
            let context = format!("repair cut at {operation}");
            if let Err(error) = open(&image) {
                assert!(matches!(error, JournalError::Damaged(_)), "{context}: {error}");
                repair_accepting_loss(&image, &BTreeMap::new())
                    .unwrap_or_else(|error| panic!("{context}: {error}"));
            }
            check_prefix(&image, &story, &context);
            images += 1;
        }
    }
    println!("images: {images} of a repair that lost power");
    assert!(images > 50, "only {images} images were tried");
}

/// Each partition holds what was confirmed up to some record; and goes on.
fn check_prefix(image: &SimDisk, story: &Story, context: &str) {
    let mut journal = open(image).unwrap_or_else(|error| panic!("{context}: {error}"));
    for (partition, told) in story {
        let tail = journal.tail(*partition).expect("tail");
        let range = tail.trimmed.0 as usize..tail.last_sequence.0 as usize;
        assert!(
            payloads(&journal, *partition) == told.confirmed[range],
            "{context}: it holds something else"
        );
        let claim = journal.claim(*partition).unwrap_or_else(|error| panic!("{context}: {error}"));
        assert!(claim.epoch > told.epoch, "{context}: writers of what was given up are fenced");
        let next = claim.last_sequence.next().0;
        journal.append(&[record(*partition, claim.epoch, next, b"after")]).expect("append");
    }
    drop(journal);
    open(image).unwrap_or_else(|error| panic!("{context}, second time: {error}"));
}

fn interrupt(
    image: &SimDisk,
    story: &Story,
    random: &mut SplitMix,
    depth: usize,
    context: &str,
    images: &mut u64,
) {
    *images += 1;
    if depth == 0 {
        check(image, story, context);
        return;
    }
    let whole = image.copy();
    drop(open(&whole).unwrap_or_else(|error| panic!("{context}: {error}")));
    let operations = whole.operations();
    if operations == 0 {
        return;
    }
    for _ in 0..2 {
        let disk = image.copy();
        let at = 1 + random.below(operations as usize) as u64;
        disk.cut_power_at(at);
        open(&disk).expect_err("the power goes");
        let survivors: Vec<_> = disk.crash_images(random.draw(), 2).collect();
        let next = &survivors[random.below(survivors.len())];
        interrupt(next, story, random, depth - 1, &format!("{context}, recovery cut at {at}"), images);
    }
}
