//! `cargo xtask proof`: runs the whole battery as long as wanted and writes RELIABILITY.md from what it came to.

use std::{
    fmt::Write,
    fs,
    path::PathBuf,
    process::{Command, Stdio},
    time::Instant,
};

use crate::{
    fuzz, kill9,
    run::{self, Failed, root, say},
};

/// The file that is written.
const REPORT: &str = "RELIABILITY.md";

/// Longer runs that people made beside this one: rows of a table, each as the program said it, with the commit that was run.
const LONG_RUNS: &str = "xtask/long-runs.txt";

/// What is run when no time is given, in hours.
const SHORT_HOURS: f64 = 0.1;

/// What is not proven, for who reads the report.
const LIMITS: [&str; 10] = [
    "How much the door lets in is not simulated: it is learned from real time.",
    "One node. What several nodes do to each other is not simulated; the journal behind a network is, with one writer at a time.",
    "The store of checkpoints is simulated as a map that takes a checkpoint as a whole or not at all, with a mirror one on each disk. The embedded store itself is tested by real kills, and by images of what a process that writes checkpoints left on its disk, with sectors that are written whole or not at all. A wrong byte in its newest journal is refused or leaves an earlier checkpoint, which a start refuses where the node's journal no longer reaches back to it; a number that is wrong in the first batch of that journal, and smaller than it was, is not seen.",
    "A wrong byte in a table of contents of the state store ends the start with the words of its library, not with ours.",
    "Rot that strikes only the very last flush before a power loss, while the watermark file is stale, looks like a torn write and is cut.",
    "A node whose disk is full starts from the reserve of its journal. Once that is used up too it does not start until there is room for one frame per partition; it says so.",
    "After the clock was set back, times that were agreed on before wait until the clock is there again, but for those that were due already.",
    "Processes of the simulator hold the elements of `crates/sim/src/model.rs`; user tasks, links, processes that a signal starts, and two signals of one name that overtake each other are not among them.",
    "Where BPMN leaves open what comes first (which of two that began to wait together takes a message, how far an activity comes before a kept message interrupts it), engine and reference are not compared; not every such case is known to the reference, and of some hundred thousand drawn processes one may be told as a difference that is none.",
    "The fuzz targets run without sanitizers: there is no unsafe code in this repository, but there is some below it.",
];

/// One line of the table.
struct Line {
    what: String,
    came_to: String,
    again: String,
}

/// Runs everything for about so long.
pub(crate) fn proof(arguments: &[&str]) -> Result<(), Failed> {
    let Asked { hours, without } = Asked::parse(arguments)?;
    let has = |part: &str| !without.iter().any(|left_out| left_out == part);
    let seconds = (hours * 3_600.0) as u64;
    let sim = build_sim()?;
    let begin = Instant::now();
    let mut lines = Vec::new();
    for (profile, share) in [("swarm", 30), ("small", 10), ("reference", 10), ("journal", 10)] {
        lines.push(seeds(&sim, profile, seconds * share / 100)?);
    }
    let canaries = if has("canaries") { canaries(&sim)? } else { Vec::new() };
    if has("images") {
        lines.extend([images()?, store_images()?]);
    }
    if has("kills") {
        lines.push(kills(kill9::KILLS.max((hours * 500.0) as u32))?);
    }
    for (target, _) in fuzz::TARGETS.into_iter().filter(|_| has("fuzz")) {
        let seconds = (seconds * 20 / 100 / fuzz::TARGETS.len() as u64).max(5);
        let fuzzed = fuzz::run_target(target, seconds)?;
        let fuzz::Fuzzed { inputs, covered, kept } = fuzzed;
        lines.push(Line {
            what: format!("hostile input, `{target}`"),
            came_to: format!(
                "{inputs} inputs in {seconds} s, {covered} places reached, {kept} inputs kept; nothing found"
            ),
            again: format!("cargo xtask fuzz {target} {seconds}"),
        });
    }
    for part in &without {
        lines.push(Line {
            what: part.clone(),
            came_to: "**not run for this report**".to_owned(),
            again: "cargo xtask proof".to_owned(),
        });
    }
    let minutes = begin.elapsed().as_secs() / 60;
    let long_runs = fs::read_to_string(root().join(LONG_RUNS)).unwrap_or_default();
    fs::write(root().join(REPORT), report(&lines, &canaries, minutes) + &longer(&long_runs))
        .map_err(Failed::io("cannot write the report"))
}

/// Parts that may be left out; the report says so.
const PARTS: [&str; 4] = ["canaries", "images", "kills", "fuzz"];

/// What was asked for.
struct Asked {
    hours: f64,
    without: Vec<String>,
}

impl Asked {
    fn parse(arguments: &[&str]) -> Result<Asked, Failed> {
        let usage =
            || Failed(format!("usage: cargo xtask proof [--hours N] [--without {}]...", PARTS.join("|")));
        let mut asked = Asked { hours: SHORT_HOURS, without: Vec::new() };
        for pair in arguments.chunks(2) {
            match pair {
                ["--hours", hours] => asked.hours = hours.parse().map_err(|_| usage())?,
                ["--without", part] if PARTS.contains(part) => asked.without.push((*part).to_owned()),
                _ => return Err(usage()),
            }
        }
        Ok(asked)
    }
}

fn build_sim() -> Result<PathBuf, Failed> {
    run::run(Command::new(env!("CARGO")).args(["build", "--release", "-p", "weir-sim"]).current_dir(root()))?;
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from);
    Ok(target.join("release/weir-sim"))
}

/// Runs a program and gives what it says; a failure is told with its end.
fn said(command: &mut Command) -> Result<String, Failed> {
    say(&format!("== {command:?}"));
    let output =
        command.stdin(Stdio::null()).output().map_err(Failed::io("cannot run a part of the proof"))?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    if output.status.success() {
        return Ok(text);
    }
    let tail: Vec<_> = text.lines().rev().take(60).collect();
    Err(Failed(tail.into_iter().rev().collect::<Vec<_>>().join("\n")))
}

fn seeds(sim: &PathBuf, profile: &str, seconds: u64) -> Result<Line, Failed> {
    let arguments = ["--profile", profile, "--for", &seconds.max(10).to_string()];
    let text = said(Command::new(sim).args(arguments))?;
    let came_to = text.lines().last().unwrap_or_default().to_owned();
    Ok(Line {
        what: match profile {
            "reference" => "engine and reference interpreter".to_owned(),
            "journal" => "journals from power loss to power loss, and damaged".to_owned(),
            _ => format!("simulated worlds, {profile}"),
        },
        came_to,
        again: format!("cargo run --release -p weir-sim -- --profile {profile} --for {}", seconds.max(10)),
    })
}

/// A row for each planted bug.
fn canaries(sim: &PathBuf) -> Result<Vec<String>, Failed> {
    let text = said(Command::new(sim).args(["--canaries", "2000"]))?;
    Ok(text.lines().filter(|line| line.starts_with("| ")).map(str::to_owned).collect())
}

fn images() -> Result<Line, Failed> {
    let journal = test_images("weir-journal", &["--test", "journal", "--"])?;
    Ok(Line {
        what: "disk images after power loss, and every damage of a small folder".to_owned(),
        came_to: format!("{journal}. All recover with everything that was confirmed, or are refused"),
        again: "cargo test --release -p weir-journal --test journal".to_owned(),
    })
}

fn store_images() -> Result<Line, Failed> {
    let store = test_images("weir-node", &["--lib", "--", "checkpoint::images"])?;
    Ok(Line {
        what: "disk images of the state store after power loss".to_owned(),
        came_to: match store.is_empty() {
            true => "**not run for this report**: it takes `strace`".to_owned(),
            false => format!("{store}. All open with every checkpoint that was confirmed"),
        },
        again: format!(
            "WEIR_PROOF={STORE_THOROUGHNESS} cargo test --release -p weir-node --lib checkpoint::images"
        ),
    })
}

/// How many times as many images of the state store are looked at as in the tests.
const STORE_THOROUGHNESS: &str = "8";

/// Runs tests that say how many images they looked at.
fn test_images(package: &str, tests: &[&str]) -> Result<String, Failed> {
    let mut command = Command::new(env!("CARGO"));
    command.args(["test", "--release", "-p", package]).args(tests).args(["--nocapture", "--test-threads=1"]);
    if package == "weir-node" {
        command.env("WEIR_PROOF", STORE_THOROUGHNESS);
    }
    let text = said(command.current_dir(root()))?;
    let images: Vec<_> = text.lines().filter_map(|line| Some(line.split_once("images: ")?.1)).collect();
    Ok(images.join("; "))
}

fn kills(kills: u32) -> Result<Line, Failed> {
    kill9::run(kills)?;
    Ok(Line {
        what: "`kill -9` of the server, clients at work".to_owned(),
        came_to: format!("{kills} kills; every acknowledged instance accounted for"),
        again: format!("cargo xtask kill9 {kills}"),
    })
}

fn report(lines: &[Line], canaries: &[String], minutes: u64) -> String {
    let mut text = String::from(
        "# What was tried to make Weir lose work\n\n\
         Written by `cargo xtask proof` from what the runs came to; `cargo xtask proof --hours N` runs for N hours and writes it anew. No\n\
         failure in N independent trials bounds the rate of failures by 3/N (with 95 % confidence), for the faults that are modelled.\n\n",
    );
    let _infallible =
        writeln!(text, "This run took {minutes} minutes.\n\n| what | came to | again |\n|---|---|---|");
    for Line { what, came_to, again } in lines {
        let _infallible = writeln!(text, "| {what} | {came_to} | `{again}` |");
    }
    text.push_str(
        "\n## Planted bugs\n\nThe battery itself is tested: each bug of `crates/canary/src/lib.rs` is planted, one at a time, and must be found. \
         Again: `cargo run --release -p weir-sim -- --canaries 2000`.\n\n| bug | found by | after seeds |\n|---|---|---|\n",
    );
    for canary in canaries {
        let _infallible = writeln!(text, "{canary}");
    }
    text.push_str("\n## What is not proven\n\n");
    for limit in LIMITS {
        let _infallible = writeln!(text, "- {limit}");
    }
    text
}

/// What was run for longer.
fn longer(rows: &str) -> String {
    match rows.trim() {
        "" => String::new(),
        rows => format!(
            "\n## Longer runs\n\nBy hand, of the commits that are named; no later change of the code is covered by them (`{LONG_RUNS}`).\n\n\
             | commit | came to | again |\n|---|---|---|\n{rows}\n"
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::longer;

    #[test]
    fn longer_runs_are_told_only_when_there_were_some() {
        assert_eq!(longer("\n"), "");
        assert!(
            longer("| abc | 5 seeds are clean | `weir-sim` |\n").contains("\n|---|---|---|\n| abc | 5 seeds")
        );
    }
}
