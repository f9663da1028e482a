//! Damage of a folder lands in the decision table: recovered whole, cut where nothing was confirmed, or refused. Never in
//! a wrong state.

use std::{collections::BTreeMap, sync::Arc};

use weir_journal::{
    AppendError, Claim, Journal, JournalError, OwnedRecord, Sequence,
    disk::sim::SimDisk,
    local::{Condition, Incarnation, LocalJournal, Options, inspect, repair_accepting_loss, rest},
};

use crate::suite::{P, Q, read_all, record};

pub(crate) const WATERMARK: &str = "watermark";
pub(crate) const BLOCK: usize = 4096;

pub(crate) fn options() -> Options {
    let mut options = Options::new(Incarnation([3; 16]));
    options.segment_bytes = 32 * 1024;
    options.reserve_bytes = 0;
    options
}

pub(crate) fn open(disk: &SimDisk) -> Result<LocalJournal, JournalError> {
    LocalJournal::open(Arc::new(disk.clone()), options())
}

fn segment(number: u32) -> String {
    format!("{number:010}.segment")
}

/// Three segments, two partitions, groups of two records.
fn written(groups: u64) -> SimDisk {
    let disk = SimDisk::new();
    let mut journal = open(&disk).expect("open");
    let (p, q) = (claim(&mut journal, P), claim(&mut journal, Q));
    for sequence in 1..=groups {
        let payload = vec![sequence as u8 | 0x40; 40 * sequence as usize];
        let group = [record(P, p.epoch, sequence, &payload), record(Q, q.epoch, sequence, b"short")];
        journal.append(&group).expect("append");
    }
    drop(journal);
    disk
}

fn claim(journal: &mut LocalJournal, partition: weir_journal::PartitionId) -> Claim {
    journal.claim(partition).expect("claim")
}

/// As after a power loss that spared the segments: the watermark file does not know of the last flush.
pub(crate) fn with_stale_watermark(disk: &SimDisk) -> SimDisk {
    disk.crash(|_| weir_journal::disk::sim::Fate::Lost)
}

fn held(disk: &SimDisk) -> Result<[Vec<OwnedRecord>; 2], JournalError> {
    let journal = open(disk)?;
    Ok([read_all(&journal, P), read_all(&journal, Q)])
}

pub(crate) fn files(disk: &SimDisk) -> Vec<(String, Vec<u8>)> {
    disk.paths().into_iter().map(|path| (path.clone(), disk.contents(&path))).collect()
}

fn refusal(disk: &SimDisk) -> String {
    let before = files(disk);
    let error = open(disk).expect_err("it is refused");
    assert_eq!(files(disk), before, "a refusal changes nothing");
    assert!(matches!(error, JournalError::Damaged(_)), "{error}");
    error.to_string()
}

fn flip(disk: &SimDisk, path: &str, offset: usize, mask: u8) {
    let byte = disk.contents(path)[offset] ^ mask;
    disk.overwrite(path, offset, &[byte]);
}

/// The offsets of frames in a segment.
pub(crate) fn frames(disk: &SimDisk, path: &str) -> Vec<usize> {
    let contents = disk.contents(path);
    (BLOCK..contents.len()).step_by(8).filter(|at| contents[*at..].starts_with(b"WJF\x01")).collect()
}

const GROUPS: u64 = 13;

// The decision table, row by row.

#[test]
fn bad_frame_at_the_end_beyond_the_watermark_is_cut_and_kept() {
    let disk = with_stale_watermark(&written(3));
    let last = *frames(&disk, &segment(1)).last().expect("a frame");
    flip(&disk, &segment(1), last + 20, 1);
    let inspected = inspect(&disk).expect("inspect");
    assert!(matches!(inspected.condition, Condition::Torn(_)), "{inspected:?}");
    let journal = open(&disk).expect("open");
    let cut = journal.recovery().cut.clone().expect("something was cut");
    assert!(cut.bytes > 0);
    assert_eq!(disk.contents(&cut.kept_in).len() as u64, cut.bytes);
    assert_eq!(journal.tail(P).expect("tail").last_sequence, Sequence(2));
    assert_eq!(journal.tail(Q).expect("tail").last_sequence, Sequence(2), "a group counts as a whole");
}

#[test]
fn bad_frame_beyond_the_watermark_with_sound_ones_behind_it_is_cut() {
    let disk = with_stale_watermark(&written(3));
    let group = frames(&disk, &segment(1)).into_iter().rev().nth(1).expect("a group of two frames");
    flip(&disk, &segment(1), group + 100, 1);
    let journal = open(&disk).expect("open");
    assert!(journal.recovery().cut.is_some());
    assert_eq!(journal.tail(Q).expect("tail").last_sequence, Sequence(2));
    drop(journal);
    let mut journal = open(&disk).expect("open again");
    assert!(journal.recovery().cut.is_none(), "it is cut once");
    let epoch = claim(&mut journal, Q).epoch;
    journal.append(&[record(Q, epoch, 3, b"on")]).expect("append");
}

#[test]
fn nothing_of_a_cut_group_is_found_again() {
    // The second frame of the torn group lies where the group after the next one will be looked for.
    let disk = SimDisk::new();
    let mut journal = open(&disk).expect("open");
    let epoch = claim(&mut journal, P).epoch;
    journal.append(&[record(P, epoch, 1, &[1; BLOCK - 96]), record(P, epoch, 2, b"two")]).expect("append");
    drop(journal);
    let disk = with_stale_watermark(&disk);
    let group = frames(&disk, &segment(1))[1];
    assert_eq!(frames(&disk, &segment(1))[2], group + BLOCK);
    flip(&disk, &segment(1), group + 200, 1);
    let mut journal = open(&disk).expect("open");
    let epoch = claim(&mut journal, P).epoch;
    drop(journal);
    // The claim took the place of the torn frame, and behind it there are only zeros.
    let mut journal = open(&disk).expect("open again");
    assert!(journal.recovery().cut.is_none());
    assert_eq!(claim(&mut journal, P).epoch, epoch.next());
}

#[test]
fn bad_frame_up_to_the_watermark_is_refused() {
    // Known to the watermark file.
    let disk = written(3);
    let last = *frames(&disk, &segment(1)).last().expect("a frame");
    flip(&disk, &segment(1), last + 20, 1);
    let message = refusal(&disk);
    assert!(message.contains("0000000001.segment at byte") && message.contains("repair"), "{message}");
    // Known only to the frame behind it, as the watermark file is old.
    let disk = with_stale_watermark(&written(3));
    let earlier = frames(&disk, &segment(1))[3];
    flip(&disk, &segment(1), earlier + 100, 1);
    refusal(&disk);
}

#[test]
fn missing_segments_are_refused() {
    for (missing, says) in [(1, "before it are missing"), (2, "the segment is missing"), (3, "missing")] {
        let disk = written(GROUPS);
        assert!(disk.paths().contains(&segment(3)));
        disk.lose(&segment(missing));
        let message = refusal(&disk);
        assert!(message.contains(says), "{missing}: {message}");
    }
}

#[test]
fn without_a_watermark_only_zeros_may_follow() {
    for spoil in [
        |disk: &SimDisk| disk.lose(WATERMARK),
        |disk: &SimDisk| {
            flip(disk, WATERMARK, 9, 1);
            flip(disk, WATERMARK, 4096 + 9, 1);
        },
    ] {
        let disk = with_stale_watermark(&written(3));
        spoil(&disk);
        assert_eq!(held(&disk.copy()).expect("zeros follow")[0].len(), 3);
        let last = *frames(&disk, &segment(1)).last().expect("a frame");
        flip(&disk, &segment(1), last + 20, 1);
        assert!(refusal(&disk).contains("both watermark slots are bad"));
    }
}

#[test]
fn zeroed_tail_is_cut_beyond_the_watermark_and_refused_up_to_it() {
    let zero_last_group = |disk: &SimDisk| {
        let group = frames(disk, &segment(1)).into_iter().rev().nth(1).expect("a group of two frames");
        let bytes = disk.contents(&segment(1)).len() - group;
        disk.overwrite(&segment(1), group, &vec![0; bytes]);
    };
    let disk = with_stale_watermark(&written(3));
    zero_last_group(&disk);
    assert_eq!(held(&disk).expect("open")[0].len(), 2);
    let disk = written(3);
    zero_last_group(&disk);
    assert!(refusal(&disk).contains("were confirmed"));
}

#[test]
fn frames_of_another_place_are_refused() {
    // A group of another segment, sound in itself, lies where the next group would go.
    let disk = with_stale_watermark(&written(GROUPS));
    let frame = frames(&disk, &segment(1))[2];
    let group = disk.contents(&segment(1))[frame..frame + BLOCK].to_vec();
    let end = frames(&disk, &segment(3)).last().expect("a frame").next_multiple_of(BLOCK);
    disk.overwrite(&segment(3), end, &group);
    assert!(refusal(&disk).contains("belongs to another place"));
    // A whole segment of another journal.
    let disk = written(3);
    let other = SimDisk::new();
    let mut strange = options();
    strange.incarnation = Incarnation([4; 16]);
    drop(LocalJournal::open(Arc::new(other.clone()), strange).expect("open"));
    disk.put(&segment(1), &other.contents(&segment(1)));
    assert!(refusal(&disk).contains("another journal"));
    // An older version of the segment: sound, but it ends before what was confirmed.
    let disk = written(3);
    disk.put(&segment(1), &written(2).contents(&segment(1)));
    assert!(refusal(&disk).contains("were confirmed"));
}

#[test]
fn marker_is_needed() {
    let disk = written(1);
    disk.lose("format");
    assert!(refusal(&disk).contains("format marker is missing"));
    let disk = written(1);
    flip(&disk, "format", 30, 1);
    assert!(refusal(&disk).contains("does not match its checksum"));
}

#[test]
fn repair_gives_up_what_is_behind_the_place_and_no_more() {
    let disk = written(GROUPS);
    assert_eq!(
        repair_accepting_loss(&disk, &BTreeMap::new()).expect("a sound journal needs no repair"),
        None
    );
    let hit = frames(&disk, &segment(2))[2];
    flip(&disk, &segment(2), hit + 50, 1);
    let before = held(&written(GROUPS)).expect("open");
    let Condition::Damaged { behind, .. } = inspect(&disk).expect("inspect").condition else {
        panic!("it is damaged");
    };
    let repair =
        repair_accepting_loss(&disk, &BTreeMap::new()).expect("repair").expect("something to repair");
    assert_eq!(repair.given_up, behind);
    let kept = repair.partitions[&P].last_sequence;
    assert_eq!(behind[&P].last, Sequence(GROUPS));
    assert!(!repair.kept_in.is_empty());
    let mut journal = open(&disk).expect("open");
    assert_eq!(read_all(&journal, P), before[0][..kept.0 as usize]);
    let claim = claim(&mut journal, P);
    assert!(claim.epoch.0 > 2, "writers of what was lost are fenced");
    journal.append(&[record(P, claim.epoch, kept.0 + 1, b"on")]).expect("append");
    drop(journal);
    assert_eq!(held(&disk).expect("open")[0].len() as u64, kept.0 + 1);
}

#[test]
fn repair_accepts_missing_segments() {
    for missing in [1, 2, 3] {
        let disk = written(GROUPS);
        disk.lose(&segment(missing));
        let repair =
            repair_accepting_loss(&disk, &BTreeMap::new()).expect("repair").expect("something to repair");
        let mut journal = open(&disk).expect("open");
        let claim = claim(&mut journal, P);
        assert_eq!(claim.last_sequence, repair.partitions[&P].last_sequence);
        journal.append(&[record(P, claim.epoch, claim.last_sequence.0 + 1, b"on")]).expect("append");
        assert_eq!(read_all(&journal, P).last().expect("a record").payload, b"on");
    }
}

#[test]
fn repair_goes_on_behind_a_checkpoint_that_is_beyond_the_damage() {
    let disk = written(GROUPS);
    let hit = frames(&disk, &segment(2))[2];
    flip(&disk, &segment(2), hit + 50, 1);
    let checkpoints = BTreeMap::from([(P, Sequence(GROUPS - 1)), (Q, Sequence(2))]);
    let repair = repair_accepting_loss(&disk, &checkpoints).expect("repair").expect("something to repair");
    assert_eq!(repair.partitions[&P].last_sequence, Sequence(GROUPS - 1), "it goes on behind the checkpoint");
    let kept = repair.partitions[&Q].last_sequence;
    assert!(kept > Sequence(2) && kept < Sequence(GROUPS - 1));
    for round in 0..3 {
        let mut journal = open(&disk).expect("open");
        let claim = claim(&mut journal, P);
        assert_eq!(claim.last_sequence, Sequence(GROUPS - 1 + round));
        let records = journal.read(P, Sequence(GROUPS)).expect("read");
        assert_eq!(records.count() as u64, round);
        assert!(matches!(journal.read(P, Sequence(3)).err(), Some(JournalError::Trimmed { .. })));
        assert_eq!(journal.read(Q, Sequence(3)).expect("read").count() as u64, kept.0 - 2);
        let next = claim.last_sequence.next().0;
        journal.append(&[record(P, claim.epoch, next, b"on")]).expect("append");
    }
    assert_eq!(repair_accepting_loss(&disk, &checkpoints).expect("it fits now"), None);
}

#[test]
fn repair_gives_up_records_that_nothing_leads_to() {
    let disk = written(GROUPS);
    disk.lose(&segment(1));
    let checkpoints = BTreeMap::from([(P, Sequence(1))]);
    let repair = repair_accepting_loss(&disk, &checkpoints).expect("repair").expect("something to repair");
    let tail = repair.partitions[&P];
    assert_eq!((tail.last_sequence, tail.trimmed), (Sequence(GROUPS), Sequence(GROUPS)));
    assert!(repair.partitions[&Q].trimmed < Sequence(GROUPS), "of the other nothing is known");
    let mut journal = open(&disk).expect("open");
    let claim = claim(&mut journal, P);
    journal.append(&[record(P, claim.epoch, GROUPS + 1, b"on")]).expect("append");
    assert_eq!(read_all(&journal, P).len(), 1);
}

#[test]
fn repair_keeps_records_that_begin_just_behind_the_checkpoint() {
    let disk = written(GROUPS);
    disk.lose(&segment(1));
    let without = repair_accepting_loss(&disk.copy(), &BTreeMap::new()).expect("repair").expect("to repair");
    let lost = without.partitions[&P].trimmed;
    assert!(lost > Sequence(1) && lost < Sequence(GROUPS - 1));
    for (at, trimmed) in [(lost.0 - 1, GROUPS), (lost.0, lost.0), (lost.0 + 1, lost.0)] {
        let disk = disk.copy();
        let checkpoints = BTreeMap::from([(P, Sequence(at))]);
        let repair = repair_accepting_loss(&disk, &checkpoints).expect("repair").expect("to repair");
        let tail = repair.partitions[&P];
        assert_eq!((tail.trimmed, tail.last_sequence), (Sequence(trimmed), Sequence(GROUPS)), "{at}");
        assert_eq!(read_all(&open(&disk).expect("open"), P).len() as u64, GROUPS - trimmed, "{at}");
    }
}

#[test]
fn resting_journal_is_read_and_stays_as_it_is() {
    let disk = with_stale_watermark(&written(3));
    let last = *frames(&disk, &segment(1)).last().expect("a frame");
    flip(&disk, &segment(1), last + 20, 1);
    let before = files(&disk);
    let resting = rest(Arc::new(disk.clone())).expect("rest");
    assert!(matches!(resting.inspection.condition, Condition::Torn(_)));
    assert_eq!(resting.reader.read(P, Sequence(1)).expect("read").map(Result::unwrap).count(), 2);
    assert!(matches!(open(&disk), Err(JournalError::Locked { .. })), "as long as it rests");
    drop(resting);
    let content = |files: Vec<(String, Vec<u8>)>| -> Vec<_> {
        files.into_iter().filter(|(path, _)| path != "lock").collect()
    };
    assert!(content(files(&disk)) == content(before));
}

#[test]
fn damage_that_comes_while_the_journal_is_open_is_seen_by_readers() {
    let disk = written(3);
    let mut journal = open(&disk).expect("open");
    let epoch = claim(&mut journal, P).epoch;
    let body = frames(&disk, &segment(1))[2] + 100;
    flip(&disk, &segment(1), body, 1);
    let records: Vec<_> = journal.read(P, Sequence(1)).expect("read").collect();
    let [Err(JournalError::Damaged(failure))] = records.as_slice() else { panic!("{records:?}") };
    assert!(failure.remedy.contains("--mirror-dir") && failure.remedy.contains("--accept-loss"), "{failure}");
    let appended = journal.append(&[record(P, epoch, 4, b"on")]);
    assert!(!matches!(appended, Err(AppendError::Failed(_))), "writing goes on: {appended:?}");
}
