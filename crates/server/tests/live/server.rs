//! `weir serve` as a test's own server, and `weir` as its client.

use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    path::Path,
    process::{Child, Command, Output, Stdio},
};

pub(crate) const WEIR: &str = env!("CARGO_BIN_EXE_weir");
pub(crate) const ONE_TASK: &str = r#"<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:zeebe="http://camunda.org/schema/zeebe/1.0">
<process id="one-task" isExecutable="true"><startEvent id="start"/><sequenceFlow id="f1" sourceRef="start" targetRef="task"/>
<serviceTask id="task"><extensionElements><zeebe:taskDefinition type="work"/></extensionElements></serviceTask>
<sequenceFlow id="f2" sourceRef="task" targetRef="end"/><endEvent id="end"/></process></definitions>"#;

/// `weir serve` in a folder of its own; killed with this.
pub(crate) struct Server {
    pub(crate) child: Child,
    pub(crate) grpc: String,
    pub(crate) rest: String,
    pub(crate) metrics: String,
    pub(crate) folder: tempfile::TempDir,
}

pub(crate) fn serve(data_dir: &Path) -> Command {
    let mut command = Command::new(WEIR);
    command.args(["--json", "serve", "--log", "warn", "--data-dir"]).arg(data_dir);
    for face in ["--grpc-addr", "--rest-addr", "--metrics-addr"] {
        command.args([face, "127.0.0.1:0"]);
    }
    command.stdin(Stdio::null()).stdout(Stdio::piped());
    command
}

impl Server {
    pub(crate) fn start() -> Server {
        let folder = tempfile::tempdir().unwrap();
        let data_dir = folder.path().join("data");
        let server = Server::start_on(folder, &data_dir);
        let deployed = server.deploy("one-task.bpmn", ONE_TASK.as_bytes());
        assert!(deployed.status.success(), "{}", said(&deployed));
        server
    }

    /// On a data folder that may be there already; `folder` is for other files.
    pub(crate) fn start_on(folder: tempfile::TempDir, data_dir: &Path) -> Server {
        Server::spawn(folder, &mut serve(data_dir))
    }

    /// Of a command that [`serve`] began; `folder` is for other files.
    pub(crate) fn spawn(folder: tempfile::TempDir, command: &mut Command) -> Server {
        let mut child = command.spawn().unwrap();
        let mut ready = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut ready).unwrap();
        let ready: serde_json::Value = serde_json::from_str(&ready).unwrap();
        let addr = |face: &str| ready[face].as_str().unwrap().to_owned();
        Server { child, grpc: addr("grpc"), rest: addr("rest"), metrics: addr("metrics"), folder }
    }

    pub(crate) fn weir(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(WEIR);
        command.args(arguments).args(["--timeout", "60s", "--address", &self.grpc]);
        command.stdin(Stdio::null()).output().unwrap()
    }

    pub(crate) fn deploy(&self, name: &str, content: &[u8]) -> Output {
        let path = self.folder.path().join(name);
        fs::write(&path, content).unwrap();
        self.weir(&["deploy", path.to_str().unwrap()])
    }

    /// Status and body of a REST request.
    pub(crate) fn rest(&self, method: &str, path: &str, body: &[u8]) -> (u16, String) {
        http(&self.rest, method, &format!("/v2{path}"), body)
    }

    /// Stops it as an operator would; its exit code.
    pub(crate) fn stop(self) -> Option<i32> {
        self.stop_and_keep().0
    }

    /// The same; its folder stays.
    pub(crate) fn stop_and_keep(mut self) -> (Option<i32>, tempfile::TempDir) {
        let told = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status().unwrap();
        assert!(told.success());
        let exit = self.child.wait().unwrap().code();
        (exit, std::mem::replace(&mut self.folder, tempfile::tempdir().unwrap()))
    }

    /// The server still does its work.
    pub(crate) fn goes_on(&self) {
        let (status, created) =
            self.rest("POST", "/process-instances", br#"{"processDefinitionId": "one-task"}"#);
        assert_eq!(status, 200, "{created}");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ended = self.child.kill();
        let _reaped = self.child.wait();
    }
}

pub(crate) fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// Refused with this exit code, in words that hold all of these.
pub(crate) fn check(output: &Output, exit: i32, words: &[&str]) {
    let said = said(output);
    assert_eq!(output.status.code(), Some(exit), "{said}");
    for word in words {
        assert!(said.contains(word), "{word:?} is not in: {said}");
    }
}

/// Status and body of an HTTP request.
pub(crate) fn http(address: &str, method: &str, path: &str, body: &[u8]) -> (u16, String) {
    try_http(address, method, path, body).unwrap_or_else(|| panic!("nobody listens at {address}"))
}

/// The same; `None` where nobody listens.
pub(crate) fn try_http(address: &str, method: &str, path: &str, body: &[u8]) -> Option<(u16, String)> {
    let mut stream = TcpStream::connect(address).ok()?;
    let head = format!(
        "{method} {path} HTTP/1.1\r\nHost: weir\r\nConnection: close\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).ok()?;
    // A body that is too large is answered before it was read; then the rest cannot be sent.
    let _refused = stream.write_all(body);
    let mut answer = Vec::new();
    let _reset = stream.read_to_end(&mut answer);
    let answer = String::from_utf8_lossy(&answer).into_owned();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_default();
    Some((head.get(9..12).and_then(|status| status.parse().ok()).unwrap_or(0), body.to_owned()))
}
