//! Disks that fail, fill up or belong to somebody else.

use std::{io, sync::Arc};

use weir_journal::{
    AppendError, Journal, JournalError, Sequence,
    disk::{
        RealDisk,
        sim::{Fault, Operation, SimDisk},
    },
    local::{LocalJournal, Options},
};

use crate::{
    damage::{open, options},
    suite::{P, payloads, record},
};

fn fault(operation: Operation, path_contains: &str, error: io::ErrorKind) -> Fault {
    Fault { operation, path_contains: path_contains.to_owned(), after: 0, times: 1, error }
}

#[test]
fn failed_sync_or_write_poisons_and_is_never_tried_again() {
    for operation in [Operation::SyncData, Operation::Write] {
        let disk = SimDisk::new();
        let mut journal = open(&disk).expect("open");
        let epoch = journal.claim(P).expect("claim").epoch;
        journal.append(&[record(P, epoch, 1, b"confirmed")]).expect("append");
        disk.plant(fault(operation, ".segment", io::ErrorKind::Other));
        let failed = journal.append(&[record(P, epoch, 2, b"lost")]);
        let Err(AppendError::Failed(failure)) = failed else { panic!("{failed:?}") };
        let message = failure.to_string();
        assert!(
            message.contains("0000000001.segment: planted fault") && message.contains("start again"),
            "{message}"
        );
        // The fault is over, and a second sync would succeed; but the journal does not believe it.
        let operations = disk.operations();
        assert!(matches!(journal.append(&[record(P, epoch, 2, b"lost")]), Err(AppendError::Failed(_))));
        assert!(matches!(journal.claim(P), Err(JournalError::Failed(_))));
        assert!(matches!(journal.trim(P, Sequence(1)), Err(JournalError::Failed(_))));
        assert_eq!(disk.operations(), operations, "the disk is not touched any more");
        assert_eq!(payloads(&journal, P), [b"confirmed"], "what is durable can be read");
        drop(journal);
        // What the cache still shows never reached the disk, and recovery does not fall for it.
        let journal = open(&disk).expect("open");
        if operation == Operation::SyncData {
            assert_eq!(payloads(&journal, P), [b"confirmed"]);
        }
        let journal_after_power_loss =
            open(&disk.crash(|_| weir_journal::disk::sim::Fate::Lost)).expect("open");
        assert_eq!(payloads(&journal_after_power_loss, P), payloads(&journal, P));
    }
}

#[test]
fn read_error_is_tried_once_more_and_then_counts_as_damage() {
    let disk = SimDisk::new();
    let mut journal = open(&disk).expect("open");
    let epoch = journal.claim(P).expect("claim").epoch;
    journal.append(&[record(P, epoch, 1, b"a")]).expect("append");
    disk.plant(fault(Operation::Read, ".segment", io::ErrorKind::Other));
    assert_eq!(payloads(&journal, P), [b"a"]);
    drop(journal);
    disk.plant(fault(Operation::Read, ".segment", io::ErrorKind::Other));
    drop(open(&disk).expect("one error is forgiven"));
    disk.plant(Fault { times: u64::MAX, ..fault(Operation::Read, ".segment", io::ErrorKind::Other) });
    assert!(matches!(open(&disk), Err(JournalError::Damaged(_))));
    disk.heal();
    assert_eq!(payloads(&open(&disk).expect("open"), P), [b"a"]);
}

#[test]
fn full_disk_refuses_definitely_and_goes_on_from_the_reserve() {
    let disk = SimDisk::new();
    let mut options = options();
    options.reserve_bytes = 64 * 1024;
    let mut journal = LocalJournal::open(Arc::new(disk.clone()), options.clone()).expect("open");
    let epoch = journal.claim(P).expect("claim").epoch;
    assert!(
        journal.refill_reserve().expect("refill"),
        "a new journal gets its reserve when it is asked, or by a chore"
    );
    disk.set_capacity_bytes(Some(192 * 1024));
    let payload = vec![1; 3000];
    let mut sequence = 0;
    let mut append = |journal: &mut LocalJournal| {
        let appended = journal.append(&[record(P, epoch, sequence + 1, &payload)]);
        sequence += u64::from(appended.is_ok());
        (appended, sequence)
    };
    let full = loop {
        if let (Err(error), last) = append(&mut journal) {
            break (error, last);
        }
    };
    assert!(matches!(full.0, AppendError::Full(_)), "{:?}", full.0);
    assert!(full.0.to_string().contains("free space"), "{}", full.0);
    assert!(matches!(append(&mut journal).0, Err(AppendError::Full(_))), "it stays full, and usable");
    assert!(journal.refill_reserve().expect("refill"), "the reserve is untouched");
    // Full at a restart, too.
    drop(journal);
    let mut journal = LocalJournal::open(Arc::new(disk.clone()), options).expect("open");
    assert_eq!(
        journal.tail(P).expect("tail").last_sequence.0,
        full.1,
        "nothing of the refused calls is there"
    );
    // Work can be ended from the reserve.
    assert!(journal.release_reserve().expect("release"));
    let epoch = journal.claim(P).expect("claim").epoch;
    for number in 1..=4 {
        journal.append(&[record(P, epoch, full.1 + number, &payload)]).expect("append from the reserve");
    }
    assert!(!journal.refill_reserve().expect("refill"), "there is no room for it yet");
    // A trim makes room by itself.
    journal.trim(P, Sequence(full.1 + 4)).expect("trim");
    journal.take_chore().expect("segments to remove")(&mut || {});
    disk.plant(fault(Operation::Write, "reserve", io::ErrorKind::Other));
    journal.refill_reserve().expect_err("the disk fails");
    assert!(journal.refill_reserve().expect("refill"), "there is room again");
    journal.append(&[record(P, epoch, full.1 + 5, &payload)]).expect("append");
}

#[test]
fn trim_works_on_a_full_disk() {
    let disk = SimDisk::new();
    let mut journal = open(&disk).expect("open");
    let epoch = journal.claim(P).expect("claim").epoch;
    disk.set_capacity_bytes(Some(120 * 1024));
    let payload = vec![1; 3000];
    let last = (1..)
        .find(|sequence| journal.append(&[record(P, epoch, *sequence, &payload)]).is_err())
        .expect("full")
        - 1;
    let before = disk.paths().len();
    journal.trim(P, Sequence(last)).expect("trim");
    assert_eq!(disk.paths().len(), before, "nobody waits for that");
    journal.take_chore().expect("segments to remove")(&mut || {});
    assert!(disk.paths().len() < before);
    journal.append(&[record(P, epoch, last + 1, &payload)]).expect("append");
    drop(journal);
    let journal = open(&disk).expect("open");
    assert_eq!(journal.tail(P).expect("tail").trimmed, Sequence(last));
}

#[test]
fn spare_is_used_and_a_full_disk_without_one_is_no_error() {
    let disk = SimDisk::new();
    let mut journal = open(&disk).expect("open");
    let epoch = journal.claim(P).expect("claim").epoch;
    journal.take_chore().expect("a spare is wanted")(&mut || {});
    assert!(disk.paths().contains(&"spare".to_owned()));
    assert!(journal.take_chore().is_none(), "one is enough");
    let payload = vec![1; 3000];
    for sequence in 1..=7 {
        journal.append(&[record(P, epoch, sequence, &payload)]).expect("append");
    }
    assert!(!disk.paths().contains(&"spare".to_owned()), "it became a segment");
    disk.set_capacity_bytes(Some(1));
    journal.take_chore().expect("the next one is wanted")(&mut || {});
    assert!(!disk.paths().iter().any(|path| path.starts_with("spare")), "no half spare is left");
}

#[test]
fn segment_that_can_not_be_removed_stops_the_journal_and_leaves_no_gap() {
    let disk = SimDisk::new();
    let mut journal = open(&disk).expect("open");
    let epoch = journal.claim(P).expect("claim").epoch;
    let payload = vec![1; 3000];
    for sequence in 1..=20 {
        journal.append(&[record(P, epoch, sequence, &payload)]).expect("append");
    }
    journal.trim(P, Sequence(20)).expect("trim");
    disk.plant(fault(Operation::Name, "0000000002.segment", io::ErrorKind::Other));
    let before = disk.paths();
    journal.take_chore().expect("segments to remove")(&mut || {});
    let gone: Vec<_> = before.into_iter().filter(|path| !disk.paths().contains(path)).collect();
    assert_eq!(gone, ["0000000001.segment"], "those behind the one that stayed stay, too");
    let refused = journal.append(&[record(P, epoch, 21, &payload)]).expect_err("it is poisoned").to_string();
    assert!(refused.contains("removing") && refused.contains("0000000002.segment"), "{refused}");
    drop(journal);
    let mut journal = open(&disk).expect("open");
    assert_eq!(journal.tail(P).expect("tail").last_sequence, Sequence(20));
    journal.trim(P, Sequence(20)).expect("trim");
    journal.take_chore().expect("segments to remove")(&mut || {});
    assert!(!disk.paths().contains(&"0000000002.segment".to_owned()), "the next start tries it again");
}

#[test]
fn nobody_waits_until_a_whole_segment_is_zeroed() {
    let disk = SimDisk::new();
    let options = Options { segment_bytes: 8 << 20, ..options() };
    let mut journal = LocalJournal::open(Arc::new(disk.clone()), options).expect("open");
    let epoch = journal.claim(P).expect("claim").epoch;
    let payload = vec![1; 3 << 20];
    let segment_bytes = |number: u32| disk.contents(&format!("{number:010}.segment")).len();
    journal.append(&[record(P, epoch, 1, &payload)]).expect("append");
    journal.append(&[record(P, epoch, 2, &payload)]).expect("append");
    assert_eq!([segment_bytes(1), segment_bytes(2)], [4 << 20; 2], "no spare is there yet");
    journal.take_chore().expect("a spare is wanted")(&mut || {});
    journal.append(&[record(P, epoch, 3, &payload)]).expect("append");
    assert_eq!(segment_bytes(3), 8 << 20);
}

#[test]
fn lock_names_its_holder() {
    let folder = tempfile::tempdir().expect("a folder");
    let root = folder.path().join("deep/down");
    let disk = || Arc::new(RealDisk::new(&root).expect("a disk"));
    let journal = LocalJournal::open(disk(), options()).expect("open");
    let error = LocalJournal::open(disk(), options()).expect_err("it is locked");
    let message = error.to_string();
    assert!(matches!(error, JournalError::Locked { .. }), "{message}");
    assert!(message.contains(&format!("process {}", std::process::id())), "{message}");
    assert!(message.contains("deep/down"), "{message}");
    drop(journal);
    drop(LocalJournal::open(disk(), options()).expect("it is free again"));
}
