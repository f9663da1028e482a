//! The program meets bad input: each gets an error that names the thing and the remedy, and the server goes on.

use std::{
    fs,
    io::{BufRead, BufReader},
    process::{Command, Stdio},
};

use crate::server::{ONE_TASK, Server, WEIR, check, said, serve};

const MEBIBYTE: usize = 1 << 20;

fn bomb() -> String {
    let mut text = "<!DOCTYPE a [<!ENTITY e0 \"boom\">".to_owned();
    for level in 1..30 {
        text += &format!("<!ENTITY e{level} \"{}\">", format!("&e{};", level - 1).repeat(10));
    }
    text + "]><definitions>&e29;</definitions>"
}

#[test]
fn models_that_cannot_be_deployed() {
    let server = Server::start();
    check(&server.deploy("a.bpmn", b"this is no XML"), 4, &["a.bpmn", "try:"]);
    check(&server.deploy("b.bpmn", bomb().as_bytes()), 4, &["b.bpmn", "entit"]);
    check(&server.deploy("c.bpmn", b"<a>\xff\xfe</a>"), 4, &["c.bpmn", "UTF-8"]);
    let nested = "<a>".repeat(100_000);
    check(&server.deploy("d.bpmn", nested.as_bytes()), 4, &["d.bpmn"]);
    let large = format!("{ONE_TASK}<!-- {} -->", "x".repeat(20 * MEBIBYTE));
    check(&server.deploy("e.bpmn", large.as_bytes()), 4, &["bytes", "fewer files"]);
    let wrong = ONE_TASK.replace("targetRef=\"end\"", "targetRef=\"nowhere\"");
    check(&server.deploy("f.bpmn", wrong.as_bytes()), 4, &["f.bpmn", "nowhere"]);
    check(&server.deploy("g.txt", b"words"), 4, &["g.txt"]);
    check(&server.deploy("h.bpmn", b""), 4, &["h.bpmn", "the file is empty", "export"]);
    check(&server.deploy("i.dmn", b""), 4, &["i.dmn", "it is empty", "export"]);
    check(&server.deploy("j.dmn", b"<definitions/>"), 4, &["j.dmn", "without a namespace", "DMN 1.1 to 1.5"]);
    server.goes_on();
}

#[test]
fn variables_that_cannot_be_taken() {
    let server = Server::start();
    let create = |variables: &[u8]| {
        let body = [br#"{"processDefinitionId": "one-task", "variables": "#, variables, b"}"].concat();
        server.rest("POST", "/process-instances", &body)
    };
    let deep = [b"{\"a\":".to_vec(), b"[".repeat(1_000), b"]".repeat(1_000), b"}".to_vec()].concat();
    let hostile: [(&[u8], u16); 6] = [
        (b"[1]", 400),
        (b"\"text\"", 400),
        (b"{\"a\":}", 400),
        (b"{\"a\": \"\xff\xfe\"}", 400),
        (&deep, 400),
        (&b"9".repeat(1_000), 400),
    ];
    for (variables, expected) in hostile {
        let (status, problem) = create(variables);
        assert_eq!(status, expected, "{problem}");
        assert!(problem.contains("\"detail\""), "{problem}");
    }
    let large = format!("{{\"a\": \"{}\"}}", "x".repeat(4 * MEBIBYTE));
    let (status, problem) = create(large.as_bytes());
    assert!(status == 400 && problem.contains("bytes"), "{status} {problem}");
    let (status, problem) = create(format!("{{\"a\": \"{}\"}}", "x".repeat(20 * MEBIBYTE)).as_bytes());
    assert!(status == 413 && problem.contains("larger than"), "{status} {problem}");
    check(&server.weir(&["run", "one-task", "--variables", "[1]"]), 2, &["--variables", "a list"]);
    let single = server.weir(&["run", "one-task", "--variables", "{'a': 1}"]);
    check(&single, 2, &["--variables", "double quotes", "try:"]);
    server.goes_on();
}

#[test]
fn keys_and_numbers_that_cannot_be() {
    let server = Server::start();
    server.goes_on();
    for key in ["1", "2251799813699999", "9223372036854775807", "-1"] {
        for path in [format!("/jobs/{key}/completion"), format!("/process-instances/{key}/cancellation")] {
            let (status, problem) = server.rest("POST", &path, b"{}");
            assert!(
                [404, 503].contains(&status) && problem.contains("\"detail\""),
                "{path}: {status} {problem}"
            );
        }
    }
    assert_eq!(server.rest("POST", "/jobs/abc/completion", b"{}").0, 400);
    for timeout in ["0", "-5"] {
        let body = format!(r#"{{"type": "work", "timeout": {timeout}, "maxJobsToActivate": 1}}"#);
        let (status, problem) = server.rest("POST", "/jobs/activation", body.as_bytes());
        assert!(status == 400 && problem.contains("greater than zero"), "{status} {problem}");
    }
    let million = br#"{"type": "work", "worker": "w", "timeout": 60000, "maxJobsToActivate": 1000000}"#;
    let (status, jobs) = server.rest("POST", "/jobs/activation", million);
    assert_eq!(status, 200, "{jobs}");
    let jobs: serde_json::Value = serde_json::from_str(&jobs).unwrap();
    let job = jobs["jobs"][0]["jobKey"].as_str().unwrap().to_owned();
    let completion = format!("/jobs/{job}/completion");
    assert_eq!(server.rest("POST", &completion, b"").0, 204);
    let (status, problem) = server.rest("POST", &completion, b"");
    assert!(status == 404 && problem.contains(&job), "a second time: {status} {problem}");
    check(&server.weir(&["job", "complete", &job]), 4, &[&job, "NotFound", "try:"]);
    check(&server.weir(&["job", "complete", "77"]), 4, &["partition 0", "check the key"]);
    check(&server.weir(&["run", "one-tsak"]), 4, &["'one-tsak'"]);
    server.goes_on();
}

#[test]
fn a_server_that_cannot_start_says_why_and_what_to_do() {
    let server = Server::start();
    let data = server.folder.path().join("data");
    let second = serve(&data).stderr(Stdio::piped()).output().unwrap();
    check(&second, 6, &["in use", "stop it first, or choose another data folder"]);
    let mut command = Command::new(WEIR);
    command.args(["serve", "--data-dir"]).arg(server.folder.path().join("third"));
    command.args([
        "--grpc-addr",
        &server.grpc,
        "--rest-addr",
        "127.0.0.1:0",
        "--metrics-addr",
        "127.0.0.1:0",
    ]);
    check(&command.output().unwrap(), 6, &[&server.grpc, "the port is in use", "choose another port"]);
    let file = server.folder.path().join("a-file");
    fs::write(&file, "").unwrap();
    let refused = serve(&file.join("data")).stderr(Stdio::piped()).output().unwrap();
    check(&refused, 6, &["a-file", "write there", "--data-dir"]);
    let refused = serve(&file).stderr(Stdio::piped()).output().unwrap();
    check(&refused, 6, &["a-file", "this is a file: name a folder"]);
    let rest = Command::new(WEIR).args(["run", "one-task", "--address", &server.rest]).output().unwrap();
    check(&rest, 3, &[&server.rest, "the usual port is 26500"]);
    let nobody = Command::new(WEIR).args(["run", "one-task", "--address", "127.0.0.1:1"]).output().unwrap();
    check(&nobody, 3, &["127.0.0.1:1", "is the server running?"]);
    server.goes_on();
}

#[test]
fn who_stops_following_is_told_that_the_instance_goes_on() {
    let server = Server::start();
    let mut follow = Command::new(WEIR);
    follow.args(["run", "one-task", "--follow", "--address", &server.grpc]);
    let mut follow = follow.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(follow.stdout.take().unwrap()).lines().map(Result::unwrap);
    assert!(lines.any(|line| line.contains("waiting")), "the job is not told of");
    let interrupted = Command::new("kill").args(["-INT", &follow.id().to_string()]).status().unwrap();
    assert!(interrupted.success());
    assert!(lines.any(|line| line.contains("the instance goes on")), "it ended without a word");
    assert_eq!(follow.wait().unwrap().code(), Some(1));
    check(&server.weir(&["job", "work", "work", "--count", "1"]), 0, &["completed"]);
}

#[test]
fn a_model_that_cannot_be_deployed_is_not_called_good() {
    let folder = tempfile::tempdir().unwrap();
    let checked = |name: &str, content: &str| {
        let path = folder.path().join(name);
        fs::write(&path, content).unwrap();
        Command::new(WEIR).arg("check").arg(path).output().unwrap()
    };
    let nothing = Command::new(WEIR).arg("check").arg(folder.path()).output().unwrap();
    check(&nothing, 2, &["there is nothing to check", &folder.path().display().to_string(), "try:"]);
    check(&checked("a.form", "{}"), 1, &["a.form", "forms cannot be deployed yet", "help:"]);
    let long = format!(
        "<definitions xmlns=\"https://www.omg.org/spec/DMN/20191111/MODEL/\" id=\"d\" name=\"d\" namespace=\"n\">\
         <description>{}</description><decision id=\"a\" name=\"a\"><literalExpression><text>1 +</text>\
         </literalExpression></decision></definitions>",
        "x".repeat(5_000)
    );
    let of_long_line = checked("b.dmn", &long);
    check(&of_long_line, 1, &["b.dmn:1:", "(a)", "1 +", "^"]);
    assert!(said(&of_long_line).len() < 1_000, "{}", said(&of_long_line));
}

#[test]
fn who_opens_the_server_to_others_is_told_what_that_means() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new(WEIR);
    command.args(["--json", "serve", "--data-dir"]).arg(folder.path());
    command.args(["--grpc-addr", "0.0.0.0:0", "--rest-addr", "127.0.0.1:0", "--metrics-addr", "127.0.0.1:0"]);
    let errors = folder.path().join("errors");
    command.stderr(fs::File::create(&errors).unwrap()).stdin(Stdio::null()).stdout(Stdio::piped());
    let server = Server::spawn(tempfile::tempdir().unwrap(), &mut command);
    let told = fs::read_to_string(&errors).unwrap();
    assert!(told.contains("gRPC on 0.0.0.0:") && told.contains("may do everything"), "{told}");
    assert!(!told.contains("REST on"), "{told}");
    drop(server);
}

#[test]
fn an_instance_is_followed_from_another_process() {
    let server = Server::start();
    let mut follow = Command::new(WEIR);
    follow.args(["--json", "run", "one-task", "--var", "a=1", "--follow", "--address", &server.grpc]);
    let follow = follow.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
    check(&server.weir(&["job", "work", "work", "--count", "1", "--var", "b=2"]), 0, &["completed"]);
    let output = follow.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", said(&output));
    let text = String::from_utf8(output.stdout).unwrap();
    let events: Vec<serde_json::Value> =
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let told: Vec<String> = events
        .iter()
        .map(|event| format!("{} {}", event["event"].as_str().unwrap(), event["elementId"].as_str().unwrap()))
        .filter(|line| line.starts_with("ELEMENT_ENTERED") || line.starts_with("JOB"))
        .collect();
    let expected = [
        "ELEMENT_ENTERED one-task",
        "ELEMENT_ENTERED start",
        "ELEMENT_ENTERED task",
        "JOB_CREATED task",
        "JOB_ACTIVATED task",
        "JOB_COMPLETED task",
        "ELEMENT_ENTERED end",
    ];
    assert_eq!(told, expected);
    let last = events.last().unwrap();
    assert_eq!((&last["event"], &last["elementId"]), (&"ELEMENT_COMPLETED".into(), &"one-task".into()));
}
