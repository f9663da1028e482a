//! The scrubber finds every damage of cold segments while the journal is open, and repairs it where there is another copy.

use weir_journal::{
    Journal, Sequence,
    disk::sim::SimDisk,
    local::{BadSegment, LocalJournal, Scrubbed},
};

use crate::{
    damage,
    mirror::{assert_alike, open, open_pair, pair},
    suite::{P, read_all, record},
};

const COLD: &str = "0000000001.segment";

/// What a pass found, and how many bytes it read.
fn scrub(journal: &LocalJournal) -> (Vec<BadSegment>, usize) {
    let (mut bad, mut read) = (Vec::new(), 0);
    journal.scrubber().pass(&mut |scrubbed| {
        match scrubbed {
            Scrubbed::Read(bytes) => read += bytes,
            Scrubbed::Bad(one) => bad.push(one),
        }
        true
    });
    (bad, read)
}

/// Several segments of a partition.
fn write(journal: &mut LocalJournal) {
    let epoch = journal.claim(P).expect("claim").epoch;
    let last = journal.tail(P).expect("tail").last_sequence.0;
    for sequence in 1..=60 {
        let payload = vec![sequence as u8; 3_000];
        journal.append(&[record(P, epoch, last + sequence, &payload)]).expect("append");
    }
}

/// Every seventh byte that was written in a segment.
fn written(disk: &SimDisk, path: &str) -> Vec<usize> {
    let contents = disk.contents(path);
    (0..contents.len()).step_by(7).filter(|at| contents[*at] != 0).collect()
}

#[test]
fn damage_of_a_lone_copy_is_found_and_stays() {
    let disk = SimDisk::new();
    let mut journal = damage::open(&disk).expect("open");
    write(&mut journal);
    assert_eq!(scrub(&journal).0, []);
    for at in written(&disk, COLD) {
        let before = disk.contents(COLD)[at];
        disk.overwrite(COLD, at, &[before ^ 1]);
        let (bad, _) = scrub(&journal);
        assert_eq!(bad.len(), 1, "byte {at}");
        assert!(bad[0].place.contains(COLD) && !bad[0].repaired, "byte {at}: {bad:?}");
        disk.overwrite(COLD, at, &[before]);
    }
    disk.truncate(COLD, 9_000);
    assert_eq!(scrub(&journal).0.len(), 1, "it is cut short");
    disk.lose(COLD);
    assert_eq!(scrub(&journal).0.len(), 1, "it is gone");
}

#[test]
fn damage_of_one_copy_is_repaired_from_the_other_while_work_goes_on() {
    for side in ["a", "b"] {
        let disk = SimDisk::new();
        let (mut journal, _) = open(&disk).expect("open");
        write(&mut journal);
        let path = format!("{side}/{COLD}");
        let places = written(&disk, &path);
        for at in places.iter().step_by(29).copied() {
            let before = disk.contents(&path)[at];
            disk.overwrite(&path, at, &[before ^ 1]);
            let (bad, _) = scrub(&journal);
            assert!(
                matches!(bad.as_slice(), [one] if one.repaired && one.place.contains(&path)),
                "{at}: {bad:?}"
            );
            assert_alike(&disk, "repaired");
        }
        disk.truncate(&path, 9_000);
        assert!(scrub(&journal).0[0].repaired);
        assert_alike(&disk, "repaired");
        let tail = journal.tail(P).expect("tail");
        let next = tail.last_sequence.next().0;
        journal.append(&[record(P, tail.epoch, next, b"on")]).expect("append");
        assert_eq!(read_all(&journal, P).len(), 61);
    }
}

#[test]
fn what_both_copies_lost_is_told_and_what_was_trimmed_is_not() {
    let disk = SimDisk::new();
    let (pair, _) = pair(&disk);
    let (mut journal, _) = open_pair(&pair).expect("open");
    write(&mut journal);
    for side in ["a", "b"] {
        disk.overwrite(&format!("{side}/{COLD}"), 4096 + 20, &[0xee]);
    }
    let (bad, _) = scrub(&journal);
    assert!(bad.len() == 2 && bad.iter().all(|one| !one.repaired), "{bad:?}");
    let read = scrub(&journal).1;
    journal.trim(P, Sequence(59)).expect("trim");
    let (bad, less) = scrub(&journal);
    assert!(bad.is_empty() && less < read, "{bad:?}, {less} of {read} bytes");
    write(&mut journal);
    assert_eq!(scrub(&journal).0, []);
    // Told to end, it ends.
    let mut told = 0;
    journal.scrubber().pass(&mut |_| {
        told += 1;
        false
    });
    assert_eq!(told, 1);
}
