//! What the disk may hold of the embedded store after a power loss: in every such image the store opens and stands at the last
//! checkpoint that was confirmed, or as a whole at the one that was being written.
//!
//! The store's library writes files itself, so a real process is watched (by `strace`, elsewhere this test says that it was
//! not run), and what it did is done again on the simulated disk, which loses what was not synced.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "how much was tried goes into the report of the proof"
)]

use std::{
    collections::BTreeMap,
    fs,
    io::Write,
    os::unix::fs::FileExt,
    path::Path,
    process::{Command, Stdio},
};

use weir_engine::{
    key::PartitionId,
    state::below::{Direction, Limit},
};
use weir_journal::{
    Sequence,
    disk::sim::{Fate, SimDisk},
    random::SplitMix,
};

use super::{
    Store, order,
    recording::{CALLS, Replay},
};
use crate::stores::CheckpointStore;

/// Where the watched process works.
const FOLDER: &str = "WEIR_STORE_FOLDER";
/// The file that the watched process writes a byte to after each confirmed checkpoint.
const TOLD: &str = "told";
/// The folder of the store.
const STORE: &str = "store";
/// Checkpoints that are written.
const CHECKPOINTS: u64 = 90;
/// So many before the store is closed and opened again.
const LIFE: u64 = 30;
/// Small, so that it is flushed and merged often.
const WRITE_BUFFER_BYTES: u64 = 48 * 1024;
/// Images that are looked at, times the thoroughness that `WEIR_PROOF` asks for.
const IMAGES: u64 = 250;

type Rows = BTreeMap<Vec<u8>, Vec<u8>>;

/// The rows that a checkpoint changes.
fn changes(number: u64) -> Vec<(Vec<u8>, Option<Vec<u8>>)> {
    let mut random = SplitMix(number ^ 0xcafe);
    let rows = (0..1 + random.below(6)).map(|_| {
        let key = vec![1 + random.below(3) as u8, random.below(12) as u8];
        let bytes = random.below(6_000);
        let value = (0..bytes).map(|_| random.draw() as u8).collect();
        (key, (!random.percent(15)).then_some(value))
    });
    rows.collect::<BTreeMap<_, _>>().into_iter().collect()
}

fn partition_of(number: u64) -> PartitionId {
    PartitionId(1 + (number % 2) as u16)
}

/// What each partition holds after so many checkpoints, and where it stands.
fn expected(checkpoints: u64) -> BTreeMap<u16, (Sequence, Rows)> {
    let mut all = BTreeMap::from([(1, (Sequence(0), Rows::new())), (2, (Sequence(0), Rows::new()))]);
    for number in 1..=checkpoints {
        let (at, rows) = all.get_mut(&partition_of(number).0).unwrap();
        *at = Sequence(number);
        for (key, value) in changes(number) {
            match value {
                Some(value) => drop(rows.insert(key, value)),
                None => drop(rows.remove(&key)),
            }
        }
    }
    all
}

fn open(folder: &Path) -> Result<Store, String> {
    Store::open_with(folder, 1 << 20, WRITE_BUFFER_BYTES).map_err(|error| error.to_string())
}

/// Writes checkpoints and tells of each: by itself a plain test of the store, and what the other test watches.
#[test]
fn checkpoints_are_kept_over_restarts() {
    let temporary = tempfile::tempdir().unwrap();
    let folder = std::env::var(FOLDER).map_or(temporary.path().to_path_buf(), Into::into);
    let mut told = fs::File::create(folder.join(TOLD)).unwrap();
    for first in (1..=CHECKPOINTS).step_by(LIFE as usize) {
        let store = open(&folder.join(STORE)).unwrap();
        for number in first..first + LIFE {
            store.write_rows(partition_of(number), Sequence(number), changes(number).into_iter()).unwrap();
            told.write_all(b".").unwrap();
            if number % 10 == 0 {
                store.let_go_of_replaced().unwrap();
            }
        }
    }
    assert_eq!(found(&folder.join(STORE)).unwrap(), expected(CHECKPOINTS));
}

#[test]
fn a_store_that_was_made_in_part_is_made_anew() {
    let folder = tempfile::tempdir().unwrap();
    let half_made = folder.path().join("store.new");
    fs::create_dir(&half_made).unwrap();
    fs::write(half_made.join("0.jnl"), b"").unwrap();
    assert_eq!(found(&folder.path().join(STORE)).unwrap(), expected(0));
    assert!(!half_made.exists());
}

#[test]
fn a_torn_last_checkpoint_is_dropped_and_a_damaged_one_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(STORE);
    let store = open(&path).unwrap();
    let journal = path.join("0.jnl");
    let used = || fs::read(&journal).unwrap().iter().rposition(|byte| *byte != 0).unwrap_or(0);
    let row = || [(vec![1, 1], Some(vec![9; 5_000]))].into_iter();
    let mut ends = vec![used()];
    for number in 1..=2 {
        store.write_rows(PartitionId(1), Sequence(number), row()).unwrap();
        ends.push(used());
    }
    drop(store);
    let whole = fs::read(&journal).unwrap();
    let without_sector_after = |end: usize| {
        let mut damaged = whole.clone();
        damaged[end + 1_000..end + 1_512].fill(0);
        damaged
    };
    fs::write(&journal, without_sector_after(ends[1])).unwrap();
    let expected = BTreeMap::from([(vec![1, 1], vec![9; 5_000])]);
    assert_eq!(found(&path).unwrap()[&1], (Sequence(1), expected));
    let damaged = without_sector_after(ends[0]);
    fs::write(&journal, &damaged).unwrap();
    let refused = found(&path).unwrap_err();
    assert!(refused.contains("ChecksumMismatch"), "{refused}");
    assert!(fs::read(&journal).unwrap() == damaged, "nothing was changed");
}

/// What a store holds.
fn found(folder: &Path) -> Result<BTreeMap<u16, (Sequence, Rows)>, String> {
    let store = open(folder)?;
    let partition = |number: u16| {
        let (stored, at) = store.partition(PartitionId(number))?;
        let rows = stored.scan(&[0], &[0xFF], Limit::rows(usize::MAX), Direction::Forward);
        Ok((number, (at, rows.map_err(|error| error.to_string())?.into_iter().collect())))
    };
    [1, 2].into_iter().map(partition).collect()
}

/// A process that writes checkpoints, watched.
fn watch(folder: &Path) -> Option<String> {
    let log = folder.join("log");
    let work = folder.join("work");
    fs::create_dir(&work).unwrap();
    let mut command = Command::new("strace");
    command.args(["-f", "-xx", "-s", "1000000", "-e", &format!("trace={CALLS}"), "-o"]).arg(&log);
    command.arg(std::env::current_exe().unwrap());
    command.args(["--exact", "checkpoint::images::checkpoints_are_kept_over_restarts"]);
    let status = command.env(FOLDER, &work).stdin(Stdio::null()).stdout(Stdio::null()).status();
    if !status.is_ok_and(|status| status.success()) {
        eprintln!("NOT RUN: no process can be watched here (it takes strace)");
        return None;
    }
    Some(fs::read_to_string(log).unwrap())
}

/// Puts what a simulated disk holds into a real folder.
fn lay_out(image: &SimDisk, replay: &Replay, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for folder in &replay.folders {
        fs::create_dir_all(to.join(folder)).unwrap();
    }
    for path in image.paths() {
        let (bytes, written) = image.written(&path);
        let file = fs::File::create(to.join(&path)).unwrap();
        file.set_len(bytes as u64).unwrap();
        for (offset, part) in written {
            file.write_all_at(&part, offset as u64).unwrap();
        }
    }
    for (from, name) in &replay.renamed {
        fs::rename(to.join(from), to.join(name)).unwrap();
    }
}

#[test]
fn every_image_of_the_store_has_what_was_confirmed() {
    let watched = tempfile::tempdir().unwrap();
    let Some(log) = watch(watched.path()) else { return };
    let thoroughness = std::env::var("WEIR_PROOF").ok().and_then(|times| times.parse().ok()).unwrap_or(1);
    // In memory where there is such a place: thousands of folders are laid out.
    let memory = Path::new("/dev/shm");
    let place = if memory.is_dir() { memory.to_path_buf() } else { std::env::temp_dir() };
    let mut replay = Replay::new(&watched.path().join("work"), TOLD);
    let changing = {
        let mut rehearsal = Replay::new(&watched.path().join("work"), TOLD);
        log.lines().filter(|line| rehearsal.line(line)).count() as u64
    };
    let (mut random, mut images, mut operations) = (SplitMix(thoroughness), 0, 0);
    for line in log.lines() {
        if !replay.line(line) {
            continue;
        }
        operations += 1;
        let share = IMAGES * thoroughness;
        let due = share * operations / changing - share * (operations - 1) / changing;
        for _ in 0..due {
            let image = draw_image(&replay.disk, &mut random);
            let folder = tempfile::tempdir_in(&place).unwrap();
            lay_out(&image, &replay, folder.path());
            let confirmed = replay.told.len() as u64;
            let context = format!("operation {operations} of {changing}, {confirmed} confirmed: {line:.60}");
            let found = found(&folder.path().join(STORE)).unwrap_or_else(|why| panic!("{context}: {why}"));
            let stands = found.values().map(|(at, _)| at.0).max().unwrap();
            assert!(stands == confirmed || stands == confirmed + 1, "{context}: it stands at {stands}");
            assert!(found == expected(stands), "{context}: it holds something else");
            images += 1;
        }
    }
    assert_eq!(replay.told.len() as u64, CHECKPOINTS);
    println!("images: {images} of a power loss at {changing} operations of the state store's life");
    assert!(images >= IMAGES, "only {images} images were tried");
}

/// An image: nearly everything, nearly nothing, anything between, or all up to some moment. No sector is garbled: the library
/// goes on in the sector that a confirmed write ended in, so that a disk must write sectors whole or not at all.
fn draw_image(disk: &SimDisk, random: &mut SplitMix) -> SimDisk {
    let kept_percent = [0, 3, 20, 50, 80, 97, 100][random.below(7)];
    let until = random.percent(30).then(|| random.below(disk.pending() + 1));
    disk.crash(|change| {
        let is_kept = match until {
            Some(until) => change < until,
            None => random.percent(kept_percent),
        };
        if is_kept { Fate::Kept } else { Fate::Lost }
    })
}

/// What a store with a wrong byte came to.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Outcome {
    Whole,
    /// It stands at an earlier checkpoint, as a whole: whether the journal still leads on from there, recovery looks.
    Earlier,
    Refused,
    Wrong,
}

#[test]
fn a_wrong_byte_of_the_stores_journal_is_refused_or_leaves_an_earlier_checkpoint() {
    const WRITTEN: u64 = 3;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(STORE);
    let changes = |number: u64| {
        let value = vec![number as u8; 20];
        [(vec![1, 1], Some(value.clone())), (vec![1, 1 + number as u8], Some(value))]
    };
    let holds = |checkpoints: u64| {
        let rows = (1..=checkpoints).flat_map(changes).map(|(key, value)| (key, value.unwrap()));
        (Sequence(checkpoints), rows.collect::<Rows>())
    };
    let store = open(&path).unwrap();
    for number in 1..=WRITTEN {
        store.write_rows(PartitionId(1), Sequence(number), changes(number).into_iter()).unwrap();
    }
    drop(store);
    let journal = path.join("0.jnl");
    let contents = fs::read(&journal).unwrap();
    let used = contents.iter().rposition(|byte| *byte != 0).unwrap() + 1;
    let mut outcomes: BTreeMap<Outcome, Vec<usize>> = BTreeMap::new();
    for at in 0..used {
        let mut damaged = contents[..used].to_vec();
        damaged[at] ^= 1 << (at % 8);
        fs::write(&journal, damaged).unwrap();
        let outcome = match found(&path) {
            Err(_) => Outcome::Refused,
            Ok(found) => match (0..=WRITTEN).find(|number| found[&1] == holds(*number)) {
                Some(WRITTEN) => Outcome::Whole,
                Some(_) => Outcome::Earlier,
                None => Outcome::Wrong,
            },
        };
        outcomes.entry(outcome).or_default().push(at);
    }
    assert_eq!(outcomes.get(&Outcome::Wrong), None);
    assert!(outcomes.len() == 3, "{outcomes:?}");
}

#[test]
fn a_damaged_place_in_an_older_journal_of_the_store_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(STORE);
    let store = open(&path).unwrap();
    for number in 1..=3 {
        store.write_rows(PartitionId(1), Sequence(number), changes(number).into_iter()).unwrap();
    }
    drop(store);
    let [older, newer] = ["0.jnl", "1.jnl"].map(|name| path.join(name));
    let whole = fs::read(&older).unwrap();
    let mut damaged = whole.clone();
    // The kind of the first item.
    damaged[13] = 0;
    fs::write(&older, &damaged).unwrap();
    assert_eq!(order::check(&path).unwrap(), Ok(()), "the end of the newest may be torn");
    fs::write(&newer, b"").unwrap();
    let refused = found(&path).unwrap_err();
    let place = format!("{} at byte 0: a batch is damaged", older.display());
    assert!(refused.contains(&place) && refused.ends_with("nothing was changed"), "{refused}");
    assert!(fs::read(&older).unwrap() == damaged, "nothing was changed");
    fs::write(&older, &whole).unwrap();
    assert_eq!(order::check(&path).unwrap(), Ok(()));
    fs::write(&newer, &whole).unwrap();
    let refused = order::check(&path).unwrap().unwrap_err();
    assert!(refused.contains("1.jnl at byte "), "the numbers do not go on: {refused}");
}
