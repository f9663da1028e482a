//! `cargo xtask fuzz`: a long run of a fuzz target, by hand, guided by coverage. The tests run the same entries, bounded.
//!
//! libFuzzer needs the compiler's coverage instrumentation only, which stable Rust has; the sanitizers, which need nightly, are left
//! out: there is no unsafe code for them to look at.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use crate::run::{self, Failed, root};

/// What makes the compiler instrument a program as libFuzzer wants it; arithmetic is checked.
const INSTRUMENTED: &str = "--cfg fuzzing -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
     -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
     -Cllvm-args=-sanitizer-coverage-trace-compares -Cdebug-assertions -Coverflow-checks";

/// The targets, with what each is given.
pub(crate) const TARGETS: [(&str, &str); 9] = [
    ("bpmn", "a BPMN file"),
    ("dmn", "a DMN file, and the evaluation of its decisions"),
    ("feel", "FEEL: an expression and unary tests, in both dialects"),
    ("json", "JSON as FEEL reads and writes it"),
    ("document", "variables as clients send them"),
    ("batch", "a record of events as the journal gives it back"),
    ("journal", "damage to the files of a journal"),
    ("grpc", "requests of gRPC"),
    ("rest", "bodies of REST requests"),
];

/// How long a run takes if nobody says.
const SECONDS: u64 = 60;

/// What a run came to.
#[derive(Debug)]
pub(crate) struct Fuzzed {
    /// Inputs that were tried.
    pub(crate) inputs: u64,
    /// Places of the program that were reached.
    pub(crate) covered: u64,
    /// Inputs that reached something new and were kept.
    pub(crate) kept: u64,
}

/// Runs a target of `fuzz/` for so many seconds; without one lists them.
pub(crate) fn fuzz(arguments: &[&str]) -> Result<(), Failed> {
    let (target, seconds) = match arguments {
        [] => {
            run::say(&listed());
            return Ok(());
        }
        [target] => (*target, SECONDS),
        [target, seconds] => {
            let number = seconds.parse().ok().filter(|seconds| *seconds > 0);
            (*target, number.ok_or_else(|| Failed(format!("{seconds} is not a number of seconds")))?)
        }
        [_, _, unknown, ..] => {
            return Err(Failed(format!("{unknown} is too much: cargo xtask fuzz TARGET [SECONDS]")));
        }
    };
    let Fuzzed { inputs, covered, kept } = run_target(target, seconds)?;
    run::say(&format!(
        "{target}: nothing found in {inputs} inputs; {covered} places of the program were reached, {kept} inputs are kept"
    ));
    Ok(())
}

fn listed() -> String {
    let mut text = format!(
        "cargo xtask fuzz TARGET [SECONDS]   runs one of these, for {SECONDS} seconds if nobody says\n"
    );
    for (target, what) in TARGETS {
        text.push_str(&format!("\n  {target:<10}{what}"));
    }
    text.push_str(
        "\n\nStable Rust is enough; a C++ compiler must be there. The first build takes some minutes.\n\
         Inputs are kept in fuzz/corpus, what makes a target fail in fuzz/artifacts.",
    );
    text
}

/// Runs a target; what it finds stays in `fuzz/artifacts`.
pub(crate) fn run_target(target: &str, seconds: u64) -> Result<Fuzzed, Failed> {
    if !TARGETS.iter().any(|(name, _)| *name == target) {
        let names = TARGETS.map(|(name, _)| name).join(", ");
        return Err(Failed(format!("there is no target {target}; there are: {names}")));
    }
    if !run::exists("c++") {
        let remedy = "install one (Debian: apt-get install g++)";
        return Err(Failed(format!("libFuzzer is C++, and there is no compiler c++; {remedy}")));
    }
    let program = build(target)?;
    let (corpus, artifacts) = (prepared("corpus", target)?, prepared("artifacts", target)?);
    sow(target, &corpus)?;
    run::say(&format!("{target}: {seconds} seconds begin; what is tried is kept in {}", corpus.display()));
    let output = Command::new(&program)
        .arg(&corpus)
        .arg(format!("-artifact_prefix={}/", artifacts.display()))
        .arg(format!("-max_total_time={seconds}"))
        .args(["-timeout=20", "-rss_limit_mb=3000", "-print_final_stats=1"])
        .output()
        .map_err(Failed::io(format!("cannot run the target {target}")))?;
    let log = String::from_utf8_lossy(&output.stderr);
    if !output.status.success() {
        let tail: Vec<_> = log.lines().rev().take(40).collect();
        let tail: Vec<_> = tail.into_iter().rev().collect();
        return Err(Failed(format!(
            "the target {target} found something:\n{}\nagain: {} FILE, with the file of {} that is named above",
            tail.join("\n"),
            program.display(),
            artifacts.display()
        )));
    }
    Ok(read_log(&log))
}

fn build(target: &str) -> Result<PathBuf, Failed> {
    let host = host()?;
    run::say(&format!("{target}: building, instrumented; the first time this takes some minutes"));
    let mut command = Command::new(env!("CARGO"));
    command
        .args([
            "build",
            "--release",
            "--manifest-path",
            "fuzz/Cargo.toml",
            "--target",
            &host,
            "--bin",
            target,
        ])
        .env("RUSTFLAGS", INSTRUMENTED)
        .env("CARGO_TARGET_DIR", root().join("fuzz/target"))
        .current_dir(root());
    run::run(&mut command)?;
    Ok(root().join("fuzz/target").join(host).join("release").join(target))
}

/// What this machine is: with a target of its own, build scripts are not instrumented.
fn host() -> Result<String, Failed> {
    let output = Command::new("rustc").arg("-vV").output().map_err(Failed::io("cannot run rustc"))?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let host = text.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(str::to_owned).ok_or_else(|| Failed("rustc does not say what its host is".to_owned()))
}

fn prepared(what: &str, target: &str) -> Result<PathBuf, Failed> {
    let folder = root().join("fuzz").join(what).join(target);
    fs::create_dir_all(&folder).map_err(Failed::io("cannot make a folder for the fuzzer"))?;
    Ok(folder)
}

/// Sound inputs to begin with.
fn sow(target: &str, corpus: &Path) -> Result<(), Failed> {
    let mut command = Command::new(env!("CARGO"));
    command.args(["run", "--quiet", "-p", "weir-fuzz", "--example", "samples", "--", target]).arg(corpus);
    run::run(command.current_dir(root()))
}

/// The figures of libFuzzer's log.
fn read_log(log: &str) -> Fuzzed {
    let number = |text: &str| text.trim().parse().unwrap_or(0);
    let last = |name: &str| {
        let lines = log.lines().rev();
        let found = lines.filter_map(|line| line.split_once(name)).next();
        found.map_or(0, |(_, rest)| number(rest.split_whitespace().next().unwrap_or("")))
    };
    Fuzzed {
        inputs: last("stat::number_of_executed_units:"),
        covered: last("cov: "),
        kept: last("stat::new_units_added:"),
    }
}

#[cfg(test)]
mod tests {
    use super::read_log;

    #[test]
    fn figures_are_read_from_the_log() {
        let log = "#10 INITED cov: 5 ft: 6\n#20 NEW    cov: 7 ft: 9\nstat::number_of_executed_units: 20\nstat::new_units_added: 3\n";
        let fuzzed = read_log(log);
        assert_eq!((fuzzed.inputs, fuzzed.covered, fuzzed.kept), (20, 7, 3));
    }
}
