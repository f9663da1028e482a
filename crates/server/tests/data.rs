//! `weir data` on folders that are sound, torn, damaged, or do not fit together.

use std::{
    fs,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
};

use serde_json::Value;

const WEIR: &str = env!("CARGO_BIN_EXE_weir");

const ONE_TASK: &str = r#"<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:zeebe="http://camunda.org/schema/zeebe/1.0">
<process id="one-task" isExecutable="true"><startEvent id="start"/><sequenceFlow id="f1" sourceRef="start" targetRef="task"/>
<serviceTask id="task"><extensionElements><zeebe:taskDefinition type="work"/></extensionElements></serviceTask>
<sequenceFlow id="f2" sourceRef="task" targetRef="end"/><endEvent id="end"/></process></definitions>"#;

/// A server on a folder; killed with this.
struct Server {
    child: Child,
    grpc: String,
}

impl Server {
    fn start(data: &Path) -> Server {
        let mut command = Command::new(WEIR);
        command.args(["--json", "serve", "--log", "error", "--partitions", "1", "--data-dir"]).arg(data);
        for face in ["--grpc-addr", "--rest-addr", "--metrics-addr"] {
            command.args([face, "127.0.0.1:0"]);
        }
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
        let mut ready = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut ready).unwrap();
        let ready: Value = serde_json::from_str(&ready).unwrap();
        Server { child, grpc: ready["grpc"].as_str().unwrap().to_owned() }
    }

    /// Starts so many instances.
    fn work(&self, instances: usize) {
        for _ in 0..instances {
            let mut command = Command::new(WEIR);
            command.args(["run", "one-task", "--address", &self.grpc]);
            let output = command.stdin(Stdio::null()).output().unwrap();
            assert!(output.status.success(), "{output:?}");
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ended = self.child.kill();
        let _reaped = self.child.wait();
    }
}

/// A folder in which a server worked until it was killed.
fn used_folder() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let model = folder.path().join("one-task.bpmn");
    fs::write(&model, ONE_TASK).unwrap();
    let server = Server::start(&data);
    let mut command = Command::new(WEIR);
    let deployed = command.arg("deploy").arg(&model).args(["--address", &server.grpc]).output().unwrap();
    assert!(deployed.status.success(), "{deployed:?}");
    server.work(5);
    drop(server);
    (folder, data)
}

fn data(action: &str, folder: &Path, more: &[&str]) -> (Option<i32>, Value) {
    let mut command = Command::new(WEIR);
    let output = command.args(["--json", "data", action]).arg(folder).args(more).output().unwrap();
    let value = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"));
    (output.status.code(), value)
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
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
    let text = said(&output);
    for words in ["0000000001.segment", "partition", "checkpoint at", "the journal is sound"] {
        assert!(text.contains(words), "{words} is not in {text}");
    }
    Server::start(&data_folder).work(1);
}

#[test]
fn damaged_folder_is_refused_told_and_repaired() {
    let (_folder, data_folder) = used_folder();
    let frames = frames(&data_folder);
    // The third frame from the end: those behind it vouch for it.
    flip(&segment(&data_folder), frames[frames.len() - 3] + 120);
    let output = Command::new(WEIR).args(["serve", "--data-dir"]).arg(&data_folder).output().unwrap();
    assert_eq!(output.status.code(), Some(6), "{}", said(&output));
    assert!(said(&output).contains("weir data"), "{}", said(&output));
    let (exit, told) = data("inspect", &data_folder, &[]);
    assert_eq!((exit, told["journal"].as_str()), (Some(1), Some("damaged")), "{told}");
    let lost = told["behind"][0].clone();
    assert_eq!(lost["partition"], 1);
    let kept = told["partitions"][0]["lastRecord"].as_u64().unwrap();
    assert!(lost["lastRecord"].as_u64().unwrap() > kept, "{told}");
    assert_eq!(data("verify", &data_folder, &[]).0, Some(1));
    let unsaid = Command::new(WEIR).args(["data", "repair"]).arg(&data_folder).output().unwrap();
    assert_eq!(unsaid.status.code(), Some(2), "{}", said(&unsaid));
    let (exit, repaired) = data("repair", &data_folder, &["--accept-loss"]);
    assert_eq!((exit, &repaired["journal"]["givenUp"][0]), (Some(0), &lost), "{repaired}");
    for kept in repaired["journal"]["keptIn"].as_array().unwrap() {
        assert!(data_folder.join("journal").join(kept.as_str().unwrap()).is_file(), "{kept}");
    }
    Server::start(&data_folder).work(2);
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
    Server::start(&data_folder).work(1);
}

#[test]
fn folder_in_use_and_no_folder_are_refused() {
    let (_folder, data_folder) = used_folder();
    let server = Server::start(&data_folder);
    for action in [&["inspect"][..], &["verify"], &["repair", "--accept-loss"]] {
        let mut command = Command::new(WEIR);
        let output = command.arg("data").args(action).arg(&data_folder).output().unwrap();
        let text = said(&output);
        assert_eq!(output.status.code(), Some(4), "{text}");
        assert!(text.contains("in use by process") && text.contains("stop the server"), "{text}");
    }
    server.work(1);
    let output = Command::new(WEIR).args(["data", "inspect", "no-such-folder"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
    assert!(!Path::new("no-such-folder").exists(), "looking makes nothing");
}
