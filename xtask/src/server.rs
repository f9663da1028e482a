//! A server of the release binary on free ports.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::mpsc,
    thread,
    time::Duration,
};

use crate::run::Failed;

/// Time that a server has from its start until it says that it is ready.
const READY_WITHIN: Duration = Duration::from_secs(20);
/// Time that a server has to end after SIGTERM.
const STOPPED_WITHIN: Duration = Duration::from_secs(20);

/// A running server. It is killed when dropped.
#[derive(Debug)]
pub(crate) struct Server {
    process: Child,
    /// HOST:PORT of gRPC.
    pub(crate) grpc: String,
    /// HOST:PORT of REST.
    pub(crate) rest: String,
    /// HOST:PORT of metrics and health.
    metrics: String,
}

impl Server {
    /// Starts a server and waits until it is ready. `grpc` and `rest` are addresses; port 0 picks free ones.
    pub(crate) fn start(weir: &Path, data: &Path, grpc: &str, rest: &str) -> Result<Self, Failed> {
        Self::start_with(weir, data, grpc, rest, &[])
    }

    /// As [`start`](Self::start), with more arguments.
    pub(crate) fn start_with(
        weir: &Path,
        data: &Path,
        grpc: &str,
        rest: &str,
        more: &[&str],
    ) -> Result<Self, Failed> {
        let log: PathBuf = data.with_extension("log");
        let file = std::fs::File::options()
            .create(true)
            .append(true)
            .open(&log)
            .map_err(Failed::io("cannot write the server's log"))?;
        let mut command = Command::new(weir);
        command.args([
            "--json",
            "serve",
            "--grpc-addr",
            grpc,
            "--rest-addr",
            rest,
            "--metrics-addr",
            "127.0.0.1:0",
            "--data-dir",
        ]);
        command
            .arg(data)
            .args(more)
            .stdout(Stdio::piped())
            .stderr(file)
            .current_dir(data.parent().unwrap_or(Path::new(".")));
        let mut process = command.spawn().map_err(Failed::io(format!("cannot start {}", weir.display())))?;
        let stdout = process.stdout.take().ok_or(Failed("the server has no output".to_owned()))?;
        let (send, receive) = mpsc::channel();
        // The thread reads on, so that the server never waits for a reader.
        thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                let _nobody_listens = send.send(line);
            }
        });
        let mut server = Self { process, grpc: String::new(), rest: String::new(), metrics: String::new() };
        let line = receive.recv_timeout(READY_WITHIN).map_err(|_| {
            let text = std::fs::read_to_string(&log).unwrap_or_default();
            Failed(format!("the server was not ready within {READY_WITHIN:?}; its log:\n{text}"))
        })?;
        let ready: serde_json::Value = serde_json::from_str(&line)
            .map_err(|error| Failed(format!("the server said {line}: {error}")))?;
        let address = |name: &str| {
            ready
                .get(name)
                .and_then(|it| it.as_str())
                .map(str::to_owned)
                .ok_or_else(|| Failed(format!("the server said {line}")))
        };
        (server.grpc, server.rest) = (address("grpc")?, address("rest")?);
        server.metrics = address("metrics")?;
        Ok(server)
    }

    /// Its process.
    pub(crate) fn pid(&self) -> u32 {
        self.process.id()
    }

    /// A figure that it tells of itself.
    pub(crate) fn metric(&self, name: &str) -> Result<f64, Failed> {
        let asked = || -> std::io::Result<String> {
            let mut stream = TcpStream::connect(&self.metrics)?;
            write!(stream, "GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
            let mut text = String::new();
            stream.read_to_string(&mut text)?;
            Ok(text)
        };
        let text = asked().map_err(Failed::io("cannot read the server's metrics"))?;
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        let number = line.and_then(|number| number.trim().parse().ok());
        number.ok_or_else(|| Failed(format!("the server does not tell {name}")))
    }

    /// `kill -9`.
    pub(crate) fn kill(mut self) -> Result<(), Failed> {
        self.process.kill().map_err(Failed::io("cannot kill the server"))?;
        self.process.wait().map_err(Failed::io("cannot wait for the server"))?;
        Ok(())
    }

    /// SIGSTOP, and SIGCONT after `time`: what a machine does that is moved or starved.
    pub(crate) fn pause(&self, time: Duration) -> Result<(), Failed> {
        let process = self.process.id().to_string();
        crate::run::run(Command::new("kill").args(["-STOP", &process]))?;
        thread::sleep(time);
        crate::run::run(Command::new("kill").args(["-CONT", &process]))
    }

    /// SIGTERM; the server must end with 0.
    pub(crate) fn stop(mut self) -> Result<(), Failed> {
        crate::run::run(Command::new("kill").args(["-TERM", &self.process.id().to_string()]))?;
        let steps = STOPPED_WITHIN.as_millis() / 20;
        for _ in 0..steps {
            match self.process.try_wait().map_err(Failed::io("cannot wait for the server"))? {
                Some(status) if status.success() => return Ok(()),
                Some(status) => return Err(Failed(format!("the server ended with {status} after SIGTERM"))),
                None => thread::sleep(Duration::from_millis(20)),
            }
        }
        Err(Failed(format!("the server did not end within {STOPPED_WITHIN:?} after SIGTERM")))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ended = self.process.kill();
        let _reaped = self.process.wait();
    }
}
