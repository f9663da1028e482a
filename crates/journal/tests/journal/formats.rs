//! Folders of every released format load for ever.

use std::{fs, path::Path, sync::Arc};

use weir_journal::{
    Epoch, Journal, JournalError, Sequence,
    disk::{RealDisk, sim::SimDisk},
    local::{Condition, Incarnation, LocalJournal, Options, inspect},
};

use crate::suite::{P, Q, payloads, record};

const FIXTURE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/formats/journal-1");

fn options() -> Options {
    let mut options = Options::new(Incarnation(*b"format 1 fixture"));
    options.segment_bytes = 16 * 1024;
    options.reserve_bytes = 0;
    options.holder = "the fixture".to_owned();
    options
}

/// What the fixture was written with. `WEIR_WRITE_FIXTURE=1 cargo test -p weir-journal formats` writes it again.
fn write(disk: &SimDisk) {
    let mut journal = LocalJournal::open(Arc::new(disk.clone()), options()).expect("open");
    let (p, q) = (journal.claim(P).expect("claim").epoch, journal.claim(Q).expect("claim").epoch);
    for sequence in 1..=5 {
        let payload = vec![sequence as u8; 1000];
        journal.append(&[record(P, p, sequence, &payload), record(Q, q, sequence, b"q")]).expect("append");
    }
    journal.trim(P, Sequence(4)).expect("trim");
    journal.trim(Q, Sequence(2)).expect("trim");
    journal.take_chore().expect("a segment to remove")(&mut || {});
    let p = journal.claim(P).expect("claim").epoch;
    journal.append(&[record(P, p, 6, b"six")]).expect("append");
}

fn copied() -> (tempfile::TempDir, Arc<RealDisk>) {
    let folder = tempfile::tempdir().expect("a folder");
    for entry in fs::read_dir(FIXTURE).expect("the fixture") {
        let entry = entry.expect("an entry");
        fs::copy(entry.path(), folder.path().join(entry.file_name())).expect("copy");
    }
    let disk = Arc::new(RealDisk::new(folder.path()).expect("a disk"));
    (folder, disk)
}

#[test]
fn format_1_loads() {
    if std::env::var_os("WEIR_WRITE_FIXTURE").is_some() {
        let disk = SimDisk::new();
        write(&disk);
        fs::create_dir_all(FIXTURE).expect("a folder");
        for path in disk.paths() {
            fs::write(Path::new(FIXTURE).join(&path), disk.contents(&path)).expect("write");
        }
    }
    let (_folder, disk) = copied();
    assert_eq!(inspect(disk.as_ref()).expect("inspect").condition, Condition::Sound);
    let mut journal = LocalJournal::open(disk, options()).expect("open");
    assert_eq!(journal.incarnation(), Incarnation(*b"format 1 fixture"));
    assert_eq!(payloads(&journal, P).last().expect("a record"), b"six");
    let q: Vec<_> = journal.read(Q, Sequence(3)).expect("read").map(|r| r.expect("record").payload).collect();
    assert_eq!(q, [b"q", b"q", b"q"]);
    let tail = journal.tail(P).expect("tail");
    assert_eq!((tail.epoch, tail.last_sequence), (Epoch(2), Sequence(6)));
    let claim = journal.claim(P).expect("claim");
    assert_eq!(claim.epoch, Epoch(3));
    journal.append(&[record(P, claim.epoch, 7, b"seven")]).expect("append");
}

#[test]
fn format_1_is_still_what_is_written() {
    let disk = SimDisk::new();
    write(&disk);
    for path in disk.paths() {
        let fixture = fs::read(Path::new(FIXTURE).join(&path)).unwrap_or_default();
        assert!(fixture == disk.contents(&path), "{path} is written differently: that is a new format");
    }
}

#[test]
fn newer_format_is_refused_by_name() {
    let (folder, disk) = copied();
    let lines = "weir journal\nformat 2\nincarnation 00112233445566778899aabbccddeeff\n";
    let marker = format!("{lines}check {:08x}\n", crc32c::crc32c(lines.as_bytes()));
    fs::write(folder.path().join("format"), marker).expect("write");
    let error = LocalJournal::open(disk, options()).expect_err("it is newer");
    assert!(matches!(error, JournalError::NewerFormat { found: 2, supported: 1, .. }), "{error}");
    assert!(error.to_string().contains("use the newer release"), "{error}");
}
