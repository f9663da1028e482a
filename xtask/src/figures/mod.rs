//! `cargo xtask figures`: how fast a node is and what it costs, measured on the machine that it runs on. A file for each row.
//!
//! Server and driver share the machine, answers are durable, and nothing else should run meanwhile. Where two states of a server are
//! compared, runs on both alternate: a machine's phases last minutes, and meet both alike.

mod beside_checkpoints;
mod finished;
mod slices;
mod timers;
mod waiting;

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use serde_json::Value;

use crate::{
    run::{Failed, build_weir, say},
    server::Server,
};

const USAGE: &str = "cargo xtask figures ROW

  waiting [N [MEMORY]]  N instances wait (1000000; MEMORY as of `weir serve --memory`): memory, disk, W1 beside them, ready after kill -9
  timers [N]            N timers (1000000) are due in one second: when all have fired, W1 meanwhile
  checkpoints           W1 at 70 % load, with checkpoints and compactions and without
  finished [N]          W1 after N instances (10000000) have ended: throughput, memory, open files, disk
  slices [N]            W1 at 500/s while N items (100000) are begun, gathered, and cancelled, and while a signal reaches N instances";

/// Pairs of runs, where two states of a server are compared.
const PAIRS: usize = 5;

/// Measures one row.
pub(crate) fn figures(arguments: &[&str]) -> Result<(), Failed> {
    let number = |text: &str, otherwise: u64| match text {
        "" => Ok(otherwise),
        text => text.parse().map_err(|_| Failed(format!("{text} is not a number"))),
    };
    let (row, first, second) = match arguments {
        [] => {
            say(USAGE);
            return Ok(());
        }
        [row] => (*row, "", ""),
        [row, first] => (*row, *first, ""),
        [row, first, second] => (*row, *first, *second),
        [_, _, _, unknown, ..] => return Err(Failed(format!("{unknown} is too much\n{USAGE}"))),
    };
    let place = Place::new()?;
    match (row, second) {
        ("waiting", memory) => waiting::measure(&place, number(first, 1_000_000)?, memory),
        ("timers", "") => timers::measure(&place, number(first, 1_000_000)?),
        ("checkpoints", "") if first.is_empty() => beside_checkpoints::measure(&place),
        ("finished", "") => finished::measure(&place, number(first, 10_000_000)?),
        ("slices", "") => slices::measure(&place, number(first, 100_000)?),
        _ => Err(Failed(format!("there is no row {}\n{USAGE}", arguments.join(" ")))),
    }
}

/// The program and a folder for its data, gone afterwards.
struct Place {
    weir: PathBuf,
    folder: tempfile::TempDir,
}

impl Place {
    fn new() -> Result<Self, Failed> {
        let weir = build_weir()?;
        let folder = tempfile::tempdir().map_err(Failed::io("cannot make a temporary folder"))?;
        Ok(Self { weir, folder })
    }

    fn data(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A server on free ports; `memory` as of `--memory`, empty for what is the default.
    fn serve(&self, name: &str, memory: &str) -> Result<Server, Failed> {
        let arguments: &[&str] = if memory.is_empty() { &[] } else { &["--memory", memory] };
        Server::start_with(&self.weir, &self.data(name), "127.0.0.1:0", "127.0.0.1:0", arguments)
    }

    /// A run of `weir bench W1` under way.
    fn begin(&self, server: &Server, arguments: &[&str]) -> Result<Child, Failed> {
        Command::new(&self.weir)
            .args(["--json", "bench", "W1", "--address", &server.grpc, "--pid", &server.pid().to_string()])
            .args(arguments)
            .stdout(Stdio::piped())
            .spawn()
            .map_err(Failed::io("cannot start the driver"))
    }

    fn bench(&self, server: &Server, arguments: &[&str]) -> Result<Run, Failed> {
        Run::of(self.begin(server, arguments)?)
    }

    /// Any command of the program that answers with one JSON object.
    fn ask(&self, server: &Server, arguments: &[&str]) -> Result<Value, Failed> {
        let mut command = Command::new(&self.weir);
        command.arg("--json").args(arguments).args(["--address", &server.grpc, "--timeout", "60s"]);
        let output = command.output().map_err(Failed::io("cannot ask the server"))?;
        let text = String::from_utf8_lossy(&output.stdout);
        serde_json::from_str(&text).map_err(|_| Failed(format!("{command:?} said {text}")))
    }

    /// Bytes that the data of a server takes on its disk.
    fn disk_bytes(&self, name: &str) -> Result<u64, Failed> {
        let mut command = Command::new("du");
        command.args(["--summarize", "--block-size=1"]).arg(self.data(name));
        let output = command.output().map_err(Failed::io("cannot run du"))?;
        let text = String::from_utf8_lossy(&output.stdout);
        let bytes = text.split_whitespace().next().and_then(|bytes| bytes.parse().ok());
        bytes.ok_or_else(|| Failed(format!("du said {text}")))
    }
}

/// What `weir bench` said of one run.
struct Run(Value);

impl Run {
    /// Waits for its end.
    fn of(driver: Child) -> Result<Self, Failed> {
        let output = driver.wait_with_output().map_err(Failed::io("cannot wait for the driver"))?;
        let text = String::from_utf8_lossy(&output.stdout);
        let value: Option<Value> = serde_json::from_str(&text).ok();
        let run = value.as_ref().and_then(|runs| runs.get(0)).cloned();
        match (run, output.status.success()) {
            (Some(run), true) => Ok(Self(run)),
            (Some(_) | None, _) => Err(Failed(format!("the driver ended with {}: {text}", output.status))),
        }
    }

    fn number(&self, pointer: &str) -> f64 {
        self.0.pointer(pointer).and_then(Value::as_f64).unwrap_or(f64::NAN)
    }

    fn done_per_s(&self) -> f64 {
        self.number("/done_per_s")
    }

    /// Milliseconds from the start that was meant to the end of an instance; `quantile` such as `p99`.
    fn done_ms(&self, quantile: &str) -> f64 {
        self.number(&format!("/latencies/create_to_done_ms/{quantile}"))
    }
}

/// W1 on `first` and on `second` in turn; what the second does of what the first does, the median of all pairs.
fn compare(place: &Place, first: (&str, &Server), second: (&str, &Server)) -> Result<f64, Failed> {
    let mut ratios = Vec::new();
    for _ in 0..PAIRS {
        let [one, two] = [first.1, second.1].map(|server| place.bench(server, &[]));
        let (one, two) = (one?.done_per_s(), two?.done_per_s());
        let ratio = two / one * 100.0;
        say(&format!("W1 {}: {one:.0}/s, {}: {two:.0}/s ({ratio:.0} %)", first.0, second.0));
        ratios.push(ratio);
    }
    Ok(median(&mut ratios))
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

/// Memory of a process in bytes, now and at most.
fn resident_bytes(pid: u32) -> Result<[u64; 2], Failed> {
    let status = fs::read_to_string(format!("/proc/{pid}/status"))
        .map_err(Failed::io("cannot read the server's memory"))?;
    let of = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name));
        let kib =
            line.and_then(|line| line.split_whitespace().next()).and_then(|kib| kib.parse::<u64>().ok());
        kib.map(|kib| kib * 1024).ok_or_else(|| Failed(format!("process {pid} does not tell its {name}")))
    };
    Ok([of("VmRSS:")?, of("VmHWM:")?])
}

/// Files and sockets that a process has open.
fn open_files(pid: u32) -> Result<usize, Failed> {
    let folder = Path::new("/proc").join(pid.to_string()).join("fd");
    Ok(fs::read_dir(folder).map_err(Failed::io("cannot count the server's open files"))?.count())
}

fn megabytes(bytes: u64) -> String {
    format!("{:.0} MB", bytes as f64 / 1e6)
}

/// A row of the table, and what stands in it as the floor and the goal.
fn row(what: &str, measured: &str, floor_and_goal: &str) {
    say(&format!("| {what} | {measured} | {floor_and_goal} |"));
}

#[cfg(test)]
mod tests {
    use super::{figures, median};

    #[test]
    fn the_one_in_the_middle_is_the_median() {
        assert_eq!(median(&mut [3.0, 1.0, 2.0]), 2.0);
        assert!(median(&mut []).is_nan());
    }

    #[test]
    fn too_many_arguments_are_refused() {
        assert!(figures(&["waiting", "1", "2", "3"]).is_err());
    }
}
