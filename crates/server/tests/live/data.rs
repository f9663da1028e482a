//! `weir data` on folders that are sound, torn, damaged, or do not fit together.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;

use crate::server::{ONE_TASK, Server, WEIR, check, serve};

/// A server with one partition.
fn start(data_dir: &Path) -> Server {
    Server::spawn(tempfile::tempdir().unwrap(), serve(data_dir).args(["--partitions", "1"]))
}

/// Starts so many instances.
fn work(server: &Server, instances: usize) {
    for _ in 0..instances {
        check(&server.weir(&["run", "one-task"]), 0, &[]);
    }
}

/// A folder in which a server worked until it was killed.
fn used_folder() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let data_dir = folder.path().join("data");
    let server = start(&data_dir);
    check(&server.deploy("one-task.bpmn", ONE_TASK.as_bytes()), 0, &[]);
    work(&server, 5);
    (folder, data_dir)
}

fn data(action: &str, folder: &Path, more: &[&str]) -> (Option<i32>, Value) {
    let mut command = Command::new(WEIR);
    let output = command.args(["--json", "data", action]).arg(folder).args(more).output().unwrap();
    let value = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"));
    (output.status.code(), value)
}

fn segment(data: &Path) -> PathBuf {
    data.join("journal/0000000001.segment")
}

/// Where the frames of the first segment begin.
fn frames(data: &Path) -> Vec<usize> {
    let bytes = fs::read(segment(data)).unwrap();
    (0..bytes.len() - 4).step_by(8).filter(|at| bytes[*at..].starts_with(b"WJF\x01")).collect()
}

fn flip(path: &Path, offset: usize) {
    let mut bytes = fs::read(path).unwrap();
    bytes[offset] ^= 0x10;
    fs::write(path, bytes).unwrap();
}

#[test]
fn sound_folder_is_told_and_read() {
    let (_folder, data_folder) = used_folder();
    let (exit, told) = data("inspect", &data_folder, &[]);
    assert_eq!(
        (exit, told["usable"].as_bool(), told["journal"].as_str()),
        (Some(0), Some(true), Some("sound"))
    );
    assert_eq!(told["partitions"][0]["partition"], 1);
    let records = told["partitions"][0]["lastRecord"].as_u64().unwrap();
    assert!(records >= 6, "{told}");
    let (exit, told) = data("verify", &data_folder, &[]);
    assert_eq!((exit, told["wrong"].as_array().map(Vec::len)), (Some(0), Some(0)), "{told}");
    assert_eq!(told["verified"][0]["records"], records);
    assert!(told["verified"][0]["rows"].as_u64().unwrap() > 10, "{told}");
    let (exit, told) = data("repair", &data_folder, &["--accept-loss"]);
    assert_eq!((exit, told["repaired"].as_bool()), (Some(0), Some(false)));
    // And for people.
    let output = Command::new(WEIR).args(["data", "inspect"]).arg(&data_folder).output().unwrap();
    check(&output, 0, &["0000000001.segment", "partition", "checkpoint at", "the journal is sound"]);
    work(&start(&data_folder), 1);
}

#[test]
fn damaged_folder_is_refused_told_and_repaired() {
    let (_folder, data_folder) = used_folder();
    let frames = frames(&data_folder);
    // The third frame from the end: those behind it vouch for it.
    flip(&segment(&data_folder), frames[frames.len() - 3] + 120);
    let output = Command::new(WEIR).args(["serve", "--data-dir"]).arg(&data_folder).output().unwrap();
    check(&output, 6, &["weir data"]);
    let (exit, told) = data("inspect", &data_folder, &[]);
    assert_eq!((exit, told["journal"].as_str()), (Some(1), Some("damaged")), "{told}");
    let lost = told["behind"][0].clone();
    assert_eq!(lost["partition"], 1);
    let kept = told["partitions"][0]["lastRecord"].as_u64().unwrap();
    assert!(lost["lastRecord"].as_u64().unwrap() > kept, "{told}");
    assert_eq!(data("verify", &data_folder, &[]).0, Some(1));
    let unsaid = Command::new(WEIR).args(["data", "repair"]).arg(&data_folder).output().unwrap();
    check(&unsaid, 2, &[]);
    let (exit, repaired) = data("repair", &data_folder, &["--accept-loss"]);
    assert_eq!((exit, &repaired["journal"]["givenUp"][0]), (Some(0), &lost), "{repaired}");
    for kept in repaired["journal"]["keptIn"].as_array().unwrap() {
        assert!(data_folder.join("journal").join(kept.as_str().unwrap()).is_file(), "{kept}");
    }
    work(&start(&data_folder), 2);
    let (exit, told) = data("verify", &data_folder, &[]);
    assert_eq!(exit, Some(0), "{told}");
    assert!(told["partitions"][0]["lastRecord"].as_u64().unwrap() > kept);
}

#[test]
fn lost_store_is_made_anew_while_the_journal_has_everything() {
    let (_folder, data_folder) = used_folder();
    for entry in fs::read_dir(data_folder.join("state")).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            fs::write(path, b"this is not what was here").unwrap();
        }
    }
    let (exit, told) = data("inspect", &data_folder, &[]);
    assert_eq!(exit, Some(1), "{told}");
    assert!(told["store"].is_string(), "{told}");
    let (exit, repaired) = data("repair", &data_folder, &["--accept-loss"]);
    assert_eq!((exit, repaired["repaired"].as_bool()), (Some(0), Some(true)), "{repaired}");
    assert!(Path::new(repaired["storeKeptIn"].as_str().unwrap()).is_dir());
    work(&start(&data_folder), 1);
}

#[test]
fn folder_in_use_and_no_folder_are_refused() {
    let (_folder, data_folder) = used_folder();
    let server = start(&data_folder);
    for action in [&["inspect"][..], &["verify"], &["repair", "--accept-loss"]] {
        let mut command = Command::new(WEIR);
        let output = command.arg("data").args(action).arg(&data_folder).output().unwrap();
        check(&output, 4, &["in use by process", "stop the server"]);
    }
    work(&server, 1);
    let output = Command::new(WEIR).args(["data", "inspect", "no-such-folder"]).output().unwrap();
    check(&output, 2, &[]);
    assert!(!Path::new("no-such-folder").exists(), "looking makes nothing");
}

#[test]
fn repair_of_a_folder_with_a_mirror_is_what_a_start_does() {
    let (_folder, data_folder) = used_folder();
    let repair = |more: &[&str]| {
        let mut command = Command::new(WEIR);
        command.args(["data", "repair"]).arg(&data_folder).args(more).output().unwrap()
    };
    check(
        &repair(&["--mirror-dir", "copy"]),
        2,
        &["repaired by a start", "weir serve --data-dir", "--mirror-dir copy"],
    );
    check(&repair(&[]), 2, &["--accept-loss"]);
}
