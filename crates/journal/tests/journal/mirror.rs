//! A journal on two disks: power loss at every moment, the loss of either disk, and every single damage of one side.
#![expect(clippy::print_stdout, reason = "how much was tried goes into the report of the proof")]

use std::{
    collections::BTreeMap,
    io,
    sync::{Arc, Mutex},
};

use weir_journal::{
    AppendError, Journal, JournalError, OwnedRecord, Sequence,
    disk::{
        mirror::{Flushing, LeftBehind, Pair, STALE, Side},
        sim::{Fault, Operation, SimDisk},
    },
    local::{Incarnation, LocalJournal, Mending, Options, open_mirrored},
    random::SplitMix,
};

use crate::{
    crash::thoroughness,
    story::{Story, next_group, records_of, survived},
    suite::{P, Q, payloads, read_all, record},
};

/// The two sides are folders of one simulated disk, so that they lose power together.
pub(crate) const FOLDERS: [&str; 2] = ["a", "b"];

fn options() -> Options {
    let mut options = Options::new(Incarnation([9; 16]));
    options.segment_bytes = 32 * 1024;
    options.reserve_bytes = 8 * 1024;
    options
}

pub(crate) fn pair(disk: &SimDisk) -> (Arc<Pair>, Arc<Mutex<Vec<LeftBehind>>>) {
    let alarms = Arc::new(Mutex::new(Vec::new()));
    let told = Arc::clone(&alarms);
    let alarm = Box::new(move |left: &LeftBehind| told.lock().expect("a lock").push(left.clone()));
    let [primary, mirror] = FOLDERS.map(|name| Arc::new(disk.folder(name)));
    (Pair::new(primary, mirror, Flushing::InTurn, alarm).expect("a pair"), alarms)
}

pub(crate) fn open_pair(pair: &Arc<Pair>) -> Result<(LocalJournal, Mending), JournalError> {
    let (journal, mending) = open_mirrored(pair, options())?;
    mending.done(pair)?;
    Ok((journal, mending))
}

pub(crate) fn open(disk: &SimDisk) -> Result<(LocalJournal, Mending), JournalError> {
    open_pair(&pair(disk).0)
}

fn open_alone(disk: &SimDisk, side: Side) -> Result<LocalJournal, JournalError> {
    let name = if side == Side::Primary { "a" } else { "b" };
    LocalJournal::open(Arc::new(disk.folder(name)), options())
}

fn files_below(disk: &SimDisk, folder: &str) -> BTreeMap<String, Vec<u8>> {
    let paths = disk.paths().into_iter();
    let within = paths.filter_map(|path| Some((path.strip_prefix(folder)?.to_owned(), path)));
    let is_segment = |name: &str| name.ends_with(".segment") && !name.contains("lost+cut");
    let counts = |name: &String| is_segment(name) || name == "/format" || name == "/watermark";
    within.filter(|(name, _)| counts(name)).map(|(name, path)| (name, disk.contents(&path))).collect()
}

pub(crate) fn assert_alike(disk: &SimDisk, context: &str) {
    let [a, b] = FOLDERS.map(|folder| files_below(disk, folder));
    assert!(a.keys().eq(b.keys()), "{context}: {:?} and {:?}", a.keys(), b.keys());
    for (name, contents) in &a {
        assert!(*contents == b[name], "{context}: {name} differs");
    }
}

/// Creates a journal, claims, appends over several segments, trims, prepares spares; ends when the power does. An answer
/// that is given in the moment the power goes reaches nobody.
fn workload(disk: &SimDisk, story: &mut Story) -> Result<(), String> {
    let mut random = SplitMix(11);
    for round in 0..2_u64 {
        let (mut journal, _) = open(disk).map_err(|error| error.to_string())?;
        for partition in [P, Q] {
            let claimed = journal.claim(partition).map_err(|error| error.to_string())?;
            still_lit(disk)?;
            story.entry(partition).or_default().epoch = claimed.epoch;
        }
        for step in 0..5_u64 {
            append_group(disk, &mut journal, story, &mut random, round * 100 + step)?;
            while step % 3 == 1
                && let Some(chore) = journal.take_chore()
            {
                chore(&mut || {});
            }
            if step % 2 == 1 {
                for (partition, kept) in [(P, 0), (Q, 2)] {
                    let told = story.entry(partition).or_default();
                    told.trimmed = Sequence((told.confirmed.len() as u64).saturating_sub(kept));
                    journal.trim(partition, told.trimmed).map_err(|error| error.to_string())?;
                }
            }
        }
    }
    Ok(())
}

fn still_lit(disk: &SimDisk) -> Result<(), String> {
    if disk.is_dark() { Err("the power went".to_owned()) } else { Ok(()) }
}

fn append_group(
    disk: &SimDisk,
    journal: &mut LocalJournal,
    story: &mut Story,
    random: &mut SplitMix,
    step: u64,
) -> Result<(), String> {
    let group = next_group(story, random, step);
    let records = records_of(&group);
    let answer = match journal.append(&records) {
        Ok(()) => still_lit(disk),
        Err(AppendError::Failed(failure)) => Err(failure.to_string()),
        Err(error) => panic!("append: {error}"),
    };
    for (partition, _, _, payload) in group {
        let told = story.entry(partition).or_default();
        match &answer {
            Ok(()) => told.confirmed.push(payload),
            Err(_) => told.doubtful.push(payload),
        }
    }
    answer
}

/// All that was confirmed is there, and nothing that nobody sent.
fn check_contents(journal: &LocalJournal, story: &Story, context: &str) {
    for (partition, told) in story {
        survived(journal, *partition, told, context);
    }
}

/// Opens an image, compares it with what was told, goes on with it, and opens it again.
fn check(image: &SimDisk, story: &Story, context: &str) {
    let (mut journal, _) = open(image).unwrap_or_else(|error| panic!("{context}: {error}"));
    check_contents(&journal, story, context);
    for (partition, told) in story {
        let claim = journal.claim(*partition).unwrap_or_else(|error| panic!("{context}: {error}"));
        assert!(claim.epoch > told.epoch, "{context}: an epoch was given out twice");
        let next = claim.last_sequence.next().0;
        journal.append(&[record(*partition, claim.epoch, next, b"after")]).expect("append");
    }
    drop(journal);
    assert_alike(image, context);
    let (journal, mending) = open(image).unwrap_or_else(|error| panic!("{context}, second time: {error}"));
    assert_eq!(mending, Mending::default(), "{context}: what is alike needs no mending");
    for partition in story.keys() {
        assert_eq!(payloads(&journal, *partition).last().expect("a record"), b"after", "{context}");
    }
}

fn operations_of_workload() -> u64 {
    let disk = SimDisk::new();
    workload(&disk, &mut Story::new()).expect("the workload runs");
    assert_alike(&disk, "after the workload");
    disk.operations()
}

/// What a power loss at an operation leaves, and what was told before it.
fn cut_at(operation: u64) -> (SimDisk, Story) {
    let disk = SimDisk::new();
    disk.cut_power_at(operation);
    let mut story = Story::new();
    let _ = workload(&disk, &mut story);
    assert!(disk.is_dark(), "the power goes");
    (disk, story)
}

#[test]
fn every_image_of_every_power_loss_recovers() {
    let mut images = 0;
    for operation in 1..=operations_of_workload() {
        let (disk, story) = cut_at(operation);
        for (number, image) in disk.crash_images(operation, 6 * thoroughness()).enumerate() {
            check(&image, &story, &format!("operation {operation}, image {number}"));
            images += 1;
        }
    }
    println!("images: {images} of a power loss at every operation of a mirrored journal's life");
    assert!(images > 1000, "only {images} images were tried");
}

/// The machine loses power, and one of the disks does not come back.
#[test]
fn power_loss_and_the_loss_of_either_side_lose_nothing_confirmed() {
    let mut images = 0;
    let step = if thoroughness() > 1 { 1 } else { 2 };
    for operation in (1..=operations_of_workload()).step_by(step) {
        let (disk, story) = cut_at(operation);
        for (number, image) in disk.crash_images(operation, 2 * thoroughness()).enumerate() {
            for lost in FOLDERS {
                let left = image.copy();
                left.lose_folder(lost);
                check(&left, &story, &format!("operation {operation}, image {number}, without {lost}"));
                images += 1;
            }
        }
    }
    println!("images: {images} of a power loss and the loss of one of two disks");
    assert!(images > 1000, "only {images} images were tried");
}

/// Making the two alike loses power itself, then again.
#[test]
fn mending_that_is_interrupted_mends() {
    let operations = operations_of_workload();
    let mut random = SplitMix(5);
    let mut images = 0;
    for operation in (1..=operations).step_by(23) {
        let (disk, story) = cut_at(operation);
        for image in disk.crash_images(random.draw(), 1) {
            let image = image.copy();
            if random.below(2) == 0 {
                image.lose_folder(FOLDERS[random.below(2)]);
            }
            let whole = image.copy();
            drop(open(&whole).unwrap_or_else(|error| panic!("operation {operation}: {error}")));
            for _ in 0..2 {
                let cut = image.copy();
                let at = 1 + random.below(whole.operations() as usize) as u64;
                cut.cut_power_at(at);
                let _ = open(&cut);
                for survivor in cut.crash_images(random.draw(), 1) {
                    check(&survivor, &story, &format!("operation {operation}, mending cut at {at}"));
                    images += 1;
                }
            }
        }
    }
    println!("images: {images} of a mending that lost power");
    assert!(images > 100, "only {images} images were tried");
}

/// One disk fails at some moment, and the node goes on with the other; then that one is all there is, or both come back.
#[test]
fn either_side_failing_at_any_moment_loses_nothing() {
    let mut tried = 0;
    for failing in FOLDERS {
        let kept = if failing == "a" { Side::Mirror } else { Side::Primary };
        for operation in [Operation::Write, Operation::SyncData, Operation::SyncDir, Operation::Name] {
            for after in (0..40).step_by(3) {
                let disk = SimDisk::new();
                let mut story = Story::new();
                let (pair, alarms) = pair(&disk);
                let (mut journal, _) = open_pair(&pair).expect("open");
                let path = format!("{failing}{}", if operation == Operation::SyncDir { "" } else { "/" });
                let fault = Fault {
                    operation,
                    path_contains: path,
                    after,
                    times: u64::MAX,
                    error: io::ErrorKind::Other,
                };
                disk.plant(fault);
                for partition in [P, Q] {
                    story.entry(partition).or_default().epoch =
                        journal.claim(partition).expect("claim").epoch;
                }
                let mut random = SplitMix(after);
                for step in 0..12 {
                    append_group(&disk, &mut journal, &mut story, &mut random, step).expect("append");
                }
                drop(journal);
                let context = format!("{failing} fails in {operation:?} {after}");
                let alarms = alarms.lock().expect("a lock").clone();
                assert_eq!(alarms.first().cloned(), pair.left_behind(), "{context}");
                assert!(alarms.len() <= 1, "{context}: told once");
                if let Some(left) = pair.left_behind() {
                    assert_eq!(left.side, kept.other(), "{context}");
                    tried += 1;
                }
                disk.heal();
                let alone = disk.copy();
                check_contents(&open_alone(&alone, kept).expect("open alone"), &story, &context);
                let lost = disk.copy();
                lost.lose_folder(failing);
                check(&lost, &story, &format!("{context}, and is replaced by an empty one"));
                check(&disk.copy(), &story, &format!("{context}, and comes back"));
            }
        }
    }
    assert!(tried > 60, "a side was left behind {tried} times");
}

/// What was left behind is not taken for whole: not alone, and not beside an empty folder.
#[test]
fn side_that_was_left_behind_is_refused_alone_and_rebuilt_beside_the_other() {
    let disk = SimDisk::new();
    let (pair, _) = pair(&disk);
    let (mut journal, _) = open_pair(&pair).expect("open");
    let epoch = journal.claim(P).expect("claim").epoch;
    journal.append(&[record(P, epoch, 1, b"on both")]).expect("append");
    assert!(pair.leave_behind(Side::Mirror, "it is unplugged"));
    assert!(!pair.leave_behind(Side::Primary, "the last one"), "one goes on");
    journal.append(&[record(P, epoch, 2, b"on one")]).expect("append");
    drop(journal);
    assert_eq!(disk.contents(&format!("b/{STALE}")), b"it is unplugged\n");

    let refused = open_alone(&disk, Side::Mirror).map(drop).expect_err("it is behind").to_string();
    assert!(refused.contains("left behind") && refused.contains("remove this file"), "{refused}");
    let only_stale = disk.copy();
    only_stale.lose_folder("a");
    let refused = open(&only_stale).map(drop).expect_err("what was acknowledged alone is lost").to_string();
    assert!(refused.contains("left behind"), "{refused}");

    let (journal, mending) = open(&disk).expect("open");
    assert_eq!(mending.was_left_behind, Some(Side::Mirror));
    assert_eq!(payloads(&journal, P), [&b"on both"[..], b"on one"]);
    drop(journal);
    assert_alike(&disk, "rebuilt");
    assert_eq!(payloads(&open_alone(&disk, Side::Mirror).expect("open"), P).len(), 2);
}

/// While one side is rebuilt, the other one is all there is: it is not left behind when it fails then, and where that start ends before
/// all is rebuilt, a later one has everything.
#[test]
fn the_good_side_failing_while_the_other_is_rebuilt_is_not_left_behind() {
    let behind = SimDisk::new();
    let (pair, _) = pair(&behind);
    let (mut journal, _) = open_pair(&pair).expect("open");
    let epoch = journal.claim(P).expect("claim").epoch;
    journal.append(&[record(P, epoch, 1, b"on both")]).expect("append");
    assert!(pair.leave_behind(Side::Mirror, "it is unplugged"));
    journal.append(&[record(P, epoch, 2, b"on one")]).expect("append");
    drop(journal);
    let mut failed = 0;
    for operation in [Operation::Write, Operation::SyncData, Operation::SyncDir, Operation::Name] {
        for after in 0..20 {
            let disk = behind.copy();
            let (path_contains, error) = ("a".to_owned(), io::ErrorKind::Other);
            disk.plant(Fault { operation, path_contains, after, times: 1, error });
            let context = format!("{operation:?} {after}");
            let (fresh, _) = self::pair(&disk);
            failed += u32::from(open_mirrored(&fresh, options()).is_err());
            let stale = FOLDERS.map(|folder| disk.paths().contains(&format!("{folder}/{STALE}")));
            assert_ne!(stale, [true, true], "{context}: nobody is left");
            disk.heal();
            let (journal, _) = open(&disk).unwrap_or_else(|error| panic!("{context}: {error}"));
            assert_eq!(payloads(&journal, P), [&b"on both"[..], b"on one"], "{context}");
        }
    }
    assert!(failed > 5, "{failed} starts failed");
}

type Held = [Vec<OwnedRecord>; 2];

fn held(disk: &SimDisk) -> Result<Held, JournalError> {
    let (journal, _) = open(disk)?;
    Ok([read_all(&journal, P), read_all(&journal, Q)])
}

fn written() -> SimDisk {
    let disk = SimDisk::new();
    let (mut journal, _) = open(&disk).expect("open");
    let [p, q] = [P, Q].map(|partition| journal.claim(partition).expect("claim"));
    for sequence in 1..=9 {
        let payload = vec![sequence as u8 | 0x40; 90 * sequence as usize];
        let group = [record(P, p.epoch, sequence, &payload), record(Q, q.epoch, sequence, b"short")];
        journal.append(&group).expect("append");
    }
    disk
}

/// Every byte and every sector of one side, with a fresh watermark and with an old one: the other side has it.
#[test]
fn every_damage_of_one_side_is_repaired_from_the_other() {
    const SECTOR: usize = 512;
    let fresh = written();
    let old = fresh.crash(|_| weir_journal::disk::sim::Fate::Lost);
    let expected = held(&fresh.copy()).expect("open");
    let mut repaired = 0;
    let mut judge = |damaged: SimDisk, what: &dyn Fn() -> String| {
        let found = held(&damaged).unwrap_or_else(|error| panic!("{}: {error}", what()));
        assert!(found == expected, "{}: something else", what());
        assert_alike(&damaged, &what());
        repaired += 1;
    };
    for disk in [fresh, old] {
        for path in disk.paths().into_iter().filter(|path| !path.ends_with("/lock")) {
            let contents = disk.contents(&path);
            let used = contents.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 64);
            let step = if thoroughness() > 1 { 1 } else { 7 };
            for offset in (0..used.min(contents.len())).step_by(step) {
                let damaged = disk.copy();
                damaged.overwrite(&path, offset, &[contents[offset] ^ 1 << (offset % 8)]);
                judge(damaged, &|| format!("byte {offset} of {path}"));
            }
            for (number, sector) in contents.chunks(SECTOR).enumerate() {
                for filler in [0, 0xff] {
                    let damaged = disk.copy();
                    damaged.overwrite(&path, number * SECTOR, &vec![filler; sector.len()]);
                    judge(damaged, &|| format!("sector {number} of {path} is {filler}"));
                }
            }
            for bytes in (0..contents.len()).step_by(1021) {
                let damaged = disk.copy();
                damaged.truncate(&path, bytes);
                judge(damaged, &|| format!("{path} is cut to {bytes} bytes"));
            }
            let damaged = disk.copy();
            damaged.lose(&path);
            judge(damaged, &|| format!("{path} is gone"));
        }
    }
    println!("images: {repaired} damages of one of two copies, all repaired from the other");
}

/// Both sides are damaged, at different places: each has what the other lacks. At the same place it is refused, and nothing changed.
#[test]
fn damage_of_both_sides_is_repaired_unless_it_is_the_same_place() {
    let disk = written();
    let expected = held(&disk.copy()).expect("open");
    let name = "0000000001.segment";
    let contents = disk.contents(&format!("a/{name}"));
    let is_written = |at: &usize| contents[*at..].starts_with(b"WJF");
    let blocks: Vec<_> = (4096..contents.len()).step_by(4096).filter(is_written).collect();
    assert!(blocks.len() > 4, "{blocks:?}");
    for one in &blocks {
        for other in &blocks {
            let damaged = disk.copy();
            damaged.overwrite(&format!("a/{name}"), one + 20, &[0xee]);
            damaged.overwrite(&format!("b/{name}"), other + 20, &[0xee]);
            if one == other {
                let before = FOLDERS.map(|folder| files_below(&damaged, folder));
                let error = open(&damaged).map(drop).expect_err("nobody has it");
                assert!(matches!(error, JournalError::Damaged(_)), "{error}");
                assert!(FOLDERS.map(|folder| files_below(&damaged, folder)) == before, "nothing was changed");
            } else {
                assert!(held(&damaged).expect("open") == expected, "{one} and {other}");
                assert_alike(&damaged, "mended");
            }
        }
    }
}

/// One side has the first segments only, the other one the last: together they are whole.
#[test]
fn segments_that_only_one_side_has_join_those_of_the_other() {
    let disk = written();
    let expected = held(&disk.copy()).expect("open");
    let segments: Vec<String> =
        files_below(&disk, "a").into_keys().filter(|name| name.ends_with(".segment")).collect();
    assert!(segments.len() > 1, "{segments:?}");
    for (first, last) in [("a", "b"), ("b", "a")] {
        for cut in 1..segments.len() {
            let parted = disk.copy();
            segments[cut..].iter().for_each(|name| parted.lose(&format!("{first}{name}")));
            segments[..cut].iter().for_each(|name| parted.lose(&format!("{last}{name}")));
            assert!(held(&parted).expect("open") == expected, "{first} has the first {cut}");
            assert_alike(&parted, "joined");
        }
    }
}

#[test]
fn journals_that_are_no_copies_of_each_other_are_refused_by_name() {
    let disk = written();
    let before = FOLDERS.map(|folder| files_below(&disk, folder));
    let other = SimDisk::new();
    let foreign = Options { incarnation: Incarnation([1; 16]), ..options() };
    drop(LocalJournal::open(Arc::new(other.folder("b")), foreign).expect("open"));
    let mixed = disk.copy();
    mixed.lose_folder("b");
    for (path, contents) in other.paths().into_iter().map(|path| (path.clone(), other.contents(&path))) {
        mixed.put(&path, &contents);
    }
    let refused = open(&mixed).map(drop).expect_err("it is another journal").to_string();
    assert!(refused.contains("copy of journal 0101") && refused.contains("empty one"), "{refused}");

    // Each goes on alone: two histories.
    for (side, payload) in [(Side::Primary, b"one"), (Side::Mirror, b"two")] {
        let mut journal = open_alone(&disk, side).expect("open");
        let claim = journal.claim(P).expect("claim");
        journal.append(&[record(P, claim.epoch, claim.last_sequence.next().0, payload)]).expect("append");
    }
    let refused = open(&disk).map(drop).expect_err("they parted").to_string();
    assert!(refused.contains("parted") && refused.contains("weir data inspect"), "{refused}");
    assert!(FOLDERS.map(|folder| files_below(&disk, folder)) != before);
}

/// The mirror was away while the primary went on, trimmed, and has nothing in common with it any more.
#[test]
fn mirror_that_was_away_for_long_is_rebuilt() {
    let disk = written();
    let mut journal = open_alone(&disk, Side::Primary).expect("open");
    let [p, q] = [P, Q].map(|partition| journal.claim(partition).expect("claim"));
    let payload = vec![5; 3000];
    for number in 0..80 {
        let (next_p, next_q) = (p.last_sequence.0 + 1 + number, q.last_sequence.0 + 1 + number);
        let group = [record(P, p.epoch, next_p, &payload), record(Q, q.epoch, next_q, &payload)];
        journal.append(&group).expect("append");
        journal.trim(P, Sequence(next_p)).expect("trim");
        journal.trim(Q, Sequence(next_q)).expect("trim");
        while let Some(chore) = journal.take_chore() {
            chore(&mut || {});
        }
        // Also where the mirror's segments end just before the primary's begin. It may still have what was trimmed.
        let alone = open_alone(&disk.copy(), Side::Primary).expect("open");
        let held = held(&disk.copy()).expect("open");
        for (held, partition) in held.iter().zip([P, Q]) {
            assert!(held.ends_with(&read_all(&alone, partition)), "after {number}");
        }
    }
    drop(journal);
    let journal = open_alone(&disk.copy(), Side::Primary).expect("open");
    let expected = [read_all(&journal, P), read_all(&journal, Q)];
    let [a, b] = FOLDERS.map(|folder| files_below(&disk, folder));
    assert!(!a.keys().any(|name| name.ends_with(".segment") && b.contains_key(name)), "nothing in common");
    assert!(held(&disk).expect("open") == expected);
    assert_alike(&disk, "rebuilt");
}
