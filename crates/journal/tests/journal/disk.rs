//! The real and the simulated disk agree on what they share, and the simulated one is as bad as it should be.

use std::{io::ErrorKind, sync::Arc};

use weir_journal::{
    Journal,
    disk::{
        Disk, LockError, RealDisk,
        sim::{Fate, Fault, Operation, SECTOR_BYTES, SimDisk},
    },
    local::LocalJournal,
};

use crate::{
    damage::{open, options},
    suite::{P, Q, record},
};

fn agrees(disk: &dyn Disk) {
    let kind = |result: std::io::Result<()>| result.expect_err("it fails").kind();
    assert_eq!(kind(disk.open("a").map(drop)), ErrorKind::NotFound);
    assert_eq!(kind(disk.remove("a")), ErrorKind::NotFound);
    assert_eq!(kind(disk.rename("a", "b")), ErrorKind::NotFound);
    assert_eq!(kind(disk.list("folder").map(drop)), ErrorKind::NotFound);
    disk.create_dir("folder").expect("create a folder");
    disk.create_dir("folder").expect("once more");
    let file = disk.create("folder/a").expect("create");
    assert_eq!(kind(disk.create("folder/a").map(drop)), ErrorKind::AlreadyExists);
    file.write_at(b"hello", 3).expect("write");
    assert_eq!(file.size_bytes().expect("size"), 8);
    let mut buffer = [9; 16];
    assert_eq!(file.read_at(&mut buffer, 1).expect("read"), 7);
    assert_eq!(&buffer[..7], b"\0\0hello");
    assert_eq!(file.read_at(&mut buffer, 8).expect("read"), 0);
    file.allocate(5).expect("it never shrinks");
    file.allocate(600_000).expect("allocate");
    assert_eq!(file.size_bytes().expect("size"), 600_000);
    assert_eq!(file.read_at(&mut buffer, 599_990).expect("read"), 10);
    assert_eq!(&buffer[..10], &[0; 10]);
    file.sync_data().expect("sync");
    file.drop_cache();
    disk.create("folder/b").expect("create");
    disk.rename("folder/a", "folder/b").expect("it replaces");
    disk.sync_dir("folder").expect("sync");
    assert_eq!(disk.list("folder").expect("list"), ["b"]);
    assert_eq!(disk.open("folder/b").expect("open").size_bytes().expect("size"), 600_000);
    let lock = disk.lock("lock", "me").expect("lock");
    let refused = disk.lock("lock", "you").expect_err("it is held");
    assert!(matches!(refused, LockError::Held { holder } if holder == "me"));
    drop(lock);
    disk.lock("lock", "you").expect("it is free");
    disk.remove("folder/b").expect("remove");
    assert_eq!(disk.list("folder").expect("list"), Vec::<String>::new());
}

#[test]
fn real_and_simulated_disks_agree() {
    agrees(&SimDisk::new());
    let folder = tempfile::tempdir().expect("a folder");
    agrees(&RealDisk::new(folder.path()).expect("a disk"));
}

#[test]
fn a_folder_below_a_file_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("file");
    std::fs::write(&file, "").expect("a file");
    assert!(RealDisk::new(file.join("data")).is_err());
}

#[test]
fn only_what_was_synced_survives_for_sure() {
    let disk = SimDisk::new();
    let file = disk.create("file").expect("create");
    file.write_at(&[1; 2 * SECTOR_BYTES], 0).expect("write");
    file.sync_data().expect("sync");
    assert!(disk.crash(|_| Fate::Lost).paths().is_empty(), "the name was not synced");
    disk.sync_dir("").expect("sync");
    file.write_at(&[2; 2 * SECTOR_BYTES], 0).expect("write");
    assert_eq!(disk.pending(), 2);
    assert_eq!(disk.crash(|_| Fate::Lost).contents("file"), [1; 2 * SECTOR_BYTES]);
    assert_eq!(disk.crash(|_| Fate::Kept).contents("file"), [2; 2 * SECTOR_BYTES]);
    let torn = disk.crash(|change| if change == 1 { Fate::Kept } else { Fate::Lost }).contents("file");
    assert_eq!((torn[0], torn[SECTOR_BYTES]), (1, 2), "later sectors may survive earlier ones");
    let garbled = disk.crash(|_| Fate::Garbage).contents("file");
    assert!(garbled[0] != 1 && garbled[0] != 2);
    assert_eq!(disk.crash_images(1, 0).count(), 4, "two changes, all four subsets");
    disk.rename("file", "other").expect("rename");
    for image in disk.crash_images(1, 0) {
        assert_eq!(image.paths().len(), 1, "a rename happens or does not");
    }
}

#[test]
fn failed_sync_drops_what_it_should_have_written() {
    let disk = SimDisk::new();
    let file = disk.create("file").expect("create");
    disk.sync_dir("").expect("sync");
    file.write_at(b"x", 0).expect("write");
    disk.plant(Fault {
        operation: Operation::SyncData,
        path_contains: String::new(),
        after: 0,
        times: 1,
        error: ErrorKind::Other,
    });
    file.sync_data().expect_err("it fails once");
    file.sync_data().expect("and then pretends");
    assert_eq!(disk.contents("file"), b"x", "the cache still shows it");
    assert_eq!(disk.crash(|_| Fate::Kept).contents("file"), b"", "the device does not have it");
    file.drop_cache();
    assert_eq!(disk.contents("file"), b"");
}

#[test]
fn power_goes_once_and_for_all() {
    let disk = SimDisk::new();
    disk.cut_power_at(2);
    let file = disk.create("file").expect("the first operation");
    file.write_at(b"x", 0).expect_err("the second");
    file.sync_data().expect_err("the third");
    assert!(disk.is_dark() && disk.open("file").is_err());
}

#[test]
fn append_of_any_group_is_one_write_one_sync_and_one_note() {
    let disk = SimDisk::new();
    let mut journal = LocalJournal::open(Arc::new(disk.clone()), options()).expect("open");
    let (p, q) = (journal.claim(P).expect("claim").epoch, journal.claim(Q).expect("claim").epoch);
    let before = disk.operations();
    journal
        .append(&[record(P, p, 1, b"a"), record(Q, q, 1, b"b"), record(P, p, 2, b"c"), record(Q, q, 2, b"d")])
        .expect("append");
    assert_eq!(disk.operations() - before, 3);
    drop(journal);
    drop(open(&disk).expect("open"));
}
