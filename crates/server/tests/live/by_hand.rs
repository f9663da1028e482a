//! The program in the hands of its users: signals, pipes, a folder of models that changes, a command line that is none.

use std::{
    fs,
    io::{BufRead, BufReader, Read},
    process::{Child, Command, Output, Stdio},
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use crate::server::{ONE_TASK, Server, WEIR, check, said};

fn weir(arguments: &[&str]) -> Output {
    Command::new(WEIR).args(arguments).stdin(Stdio::null()).output().unwrap()
}

#[test]
fn sigterm_under_load_ends_in_order_and_loses_nothing() {
    let server = Server::start();
    let clients: Vec<_> = (0..4)
        .map(|_| {
            let rest = server.rest.clone();
            thread::spawn(move || {
                let mut acknowledged = 0;
                let body = br#"{"processDefinitionId": "one-task"}"#;
                while let Some((200, _)) =
                    crate::server::try_http(&rest, "POST", "/v2/process-instances", body)
                {
                    acknowledged += 1;
                }
                acknowledged
            })
        })
        .collect();
    thread::sleep(Duration::from_millis(700));
    let data_dir = server.folder.path().join("data");
    let began = Instant::now();
    let (exit, folder) = server.stop_and_keep();
    let took = began.elapsed();
    assert_eq!(exit, Some(0));
    assert!(took < Duration::from_secs(10), "{took:?}");
    let acknowledged: usize = clients.into_iter().map(|client| client.join().unwrap()).sum();
    let server = Server::start_on(folder, &data_dir);
    let jobs = server.weir(&["--json", "job", "activate", "work", "--max", "100000", "--fetch", "none"]);
    let jobs: serde_json::Value = serde_json::from_slice(&jobs.stdout).unwrap();
    let kept = jobs.as_array().unwrap().len();
    // What was under way may have been carried out without its caller hearing of it: at most one for each.
    assert!(acknowledged > 0 && (acknowledged..=acknowledged + 4).contains(&kept), "{acknowledged} {kept}");
}

/// `weir dev`, and what it prints line by line.
struct Dev {
    child: Child,
    lines: mpsc::Receiver<String>,
}

impl Dev {
    fn start(folder: &std::path::Path) -> Dev {
        let mut command = Command::new(WEIR);
        command.arg("dev").arg(folder);
        for face in ["--grpc-addr", "--rest-addr", "--metrics-addr"] {
            command.args([face, "127.0.0.1:0"]);
        }
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
        let (tell, lines) = mpsc::channel();
        let stdout = child.stdout.take().unwrap();
        thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                let _nobody_listens = tell.send(line);
            }
        });
        Dev { child, lines }
    }

    /// Waits for a line that holds all of these.
    fn says(&self, words: &[&str]) {
        let mut said = Vec::new();
        while let Ok(line) = self.lines.recv_timeout(Duration::from_secs(30)) {
            if words.iter().all(|word| line.contains(word)) {
                return;
            }
            said.push(line);
        }
        panic!("no line with {words:?} in {said:#?}");
    }
}

impl Drop for Dev {
    fn drop(&mut self) {
        let _ended = self.child.kill();
        let _reaped = self.child.wait();
    }
}

#[test]
fn dev_follows_what_happens_to_its_models() {
    let folder = tempfile::tempdir().unwrap();
    let model = folder.path().join("one.bpmn");
    fs::write(&model, ONE_TASK).unwrap();
    let dev = Dev::start(folder.path());
    dev.says(&["ready"]);
    dev.says(&["one.bpmn", "deployed"]);
    dev.says(&["one-task", "1"]);
    fs::write(&model, "no model").unwrap();
    dev.says(&["not deployed", "one.bpmn"]);
    dev.says(&["not XML"]);
    fs::write(&model, ONE_TASK.replace("id=\"task\"", "id=\"task\" name=\"Work\"")).unwrap();
    dev.says(&["one.bpmn", "deployed"]);
    dev.says(&["one-task", "2"]);
    fs::rename(&model, folder.path().join("two.bpmn")).unwrap();
    dev.says(&["one.bpmn", "is gone"]);
    dev.says(&["two.bpmn", "deployed"]);
}

#[test]
fn dev_lets_a_process_come_from_one_file() {
    let folder = tempfile::tempdir().unwrap();
    let [first, second] = ["a.bpmn", "b.bpmn"].map(|name| folder.path().join(name));
    fs::write(&first, ONE_TASK).unwrap();
    fs::write(&second, ONE_TASK.replace("type=\"work\"", "type=\"other\"")).unwrap();
    let dev = Dev::start(folder.path());
    dev.says(&["one-task", " 1 ", "a.bpmn"]);
    dev.says(&["not deployed", "b.bpmn", "the process 'one-task' comes from", "a.bpmn"]);
    dev.says(&["try:", "another id"]);
    fs::write(&first, ONE_TASK.replace("id=\"one-task\"", "id=\"renamed\"")).unwrap();
    dev.says(&["renamed", " 1 ", "a.bpmn"]);
    dev.says(&["one-task", " 2 ", "b.bpmn"]);
    fs::write(&first, ONE_TASK).unwrap();
    dev.says(&["not deployed", "a.bpmn", "comes from", "b.bpmn"]);
    fs::remove_file(&second).unwrap();
    dev.says(&["b.bpmn", "is gone"]);
    dev.says(&["one-task", " 3 ", "a.bpmn"]);
}

#[test]
fn dev_tells_its_own_defaults_and_what_overrides_them() {
    let folder = tempfile::tempdir().unwrap();
    let told = weir(&["dev", folder.path().to_str().unwrap(), "--print-config", "--log", "info"]);
    assert!(told.status.success(), "{}", said(&told));
    let said = said(&told);
    let line = |key: &str| said.lines().find(|line| line.trim_start().starts_with(key)).unwrap().to_owned();
    assert!(line("data-dir").contains(".weir") && line("data-dir").contains("default of weir dev"), "{said}");
    assert!(line("log ").contains("info") && line("log ").contains("--log"), "{said}");
    assert!(line("grpc-addr").ends_with("default"), "{said}");
    assert!(!folder.path().join(".weir").exists());
    let elsewhere = folder.path().join("elsewhere");
    let mut command = Command::new(WEIR);
    command.args(["dev", "--print-config"]).current_dir(folder.path()).env("WEIR_DATA_DIR", &elsewhere);
    let told = command.output().unwrap();
    check(&told, 0, &[&elsewhere.display().to_string(), "$WEIR_DATA_DIR"]);
}

#[test]
fn dev_makes_no_folder_that_was_misspelt() {
    let folder = tempfile::tempdir().unwrap();
    let misspelt = folder.path().join("modles");
    check(&weir(&["dev", misspelt.to_str().unwrap()]), 2, &["modles", "there is no such folder"]);
    assert!(!misspelt.exists());
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    for arguments in [&["completions", "zsh"][..], &["--help"], &["feel", "--ast", "a + b"]] {
        let mut command = Command::new(WEIR);
        command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        drop(child.stdout.take());
        let mut complaints = String::new();
        child.stderr.take().unwrap().read_to_string(&mut complaints).unwrap();
        let status = child.wait().unwrap();
        assert!(status.success() && complaints.is_empty(), "{arguments:?}: {status} {complaints}");
    }
}

#[test]
fn programs_get_json_even_for_a_command_line_that_is_none() {
    for arguments in [
        &["--json", "srve"][..],
        &["job", "complete", "abc", "--json"],
        &["--json", "run"],
        &["--json", "check", "missing.bpmn"],
    ] {
        let output = weir(arguments);
        assert_eq!(output.status.code(), Some(2), "{}", said(&output));
        let value: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(value["error"]["exit"], 2, "{value}");
    }
    check(&weir(&["job", "complete", "abc"]), 2, &["a key is a number, such as"]);
    check(&weir(&["--help"]), 0, &["Exit codes"]);
}

#[test]
fn the_wrong_face_is_told_as_such() {
    let server = Server::start();
    for address in [&server.rest, &server.metrics] {
        for how in [&["run", "one-task"][..], &["run", "one-task", "--follow"], &["version", "--server"]] {
            let output = weir(&[how, &["--address", address]].concat());
            check(&output, 3, &[address, "the usual port is 26500"]);
        }
    }
    let unknown = server.weir(&["run", "one-tsak"]);
    check(&unknown, 4, &["'one-tsak'", "weir deploy"]);
    let followed = server.weir(&["run", "one-tsak", "--follow"]);
    check(&followed, 4, &["'one-tsak'", "weir deploy"]);
}
