//! `cargo xtask test`: everything that CI checks, the quick parts first.

use std::{
    io::{BufRead, BufReader},
    process::{Command, Stdio},
    time::Instant,
};

use crate::{
    clients, kill9,
    run::{Failed, build_weir, root, run, say},
    tidy,
    tools::{self, Tool},
};

/// Something that is checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Format,
    Tidy,
    Lints,
    Tests,
    Release,
    Demo,
    Client(&'static str),
    Kill9,
}

/// What came of a part.
#[derive(Debug)]
enum Outcome {
    /// How many checks passed.
    Passed(u32),
    /// How many passed and failed, and why.
    Failed(u32, u32, String),
    /// What is missing.
    NotRun(String),
}

impl Part {
    /// All parts in the order in which they are run: what is quick and fails often comes first.
    fn all() -> Vec<Self> {
        let first = [Self::Format, Self::Tidy, Self::Lints, Self::Tests, Self::Release, Self::Demo];
        first.into_iter().chain(clients::names().map(Self::Client)).chain([Self::Kill9]).collect()
    }

    fn name(self) -> String {
        match self {
            Self::Format => "format".to_owned(),
            Self::Tidy => "tidy".to_owned(),
            Self::Lints => "lints".to_owned(),
            Self::Tests => "tests".to_owned(),
            Self::Release => "release".to_owned(),
            Self::Demo => "demo".to_owned(),
            Self::Client(name) => format!("client {name}"),
            Self::Kill9 => "kill9".to_owned(),
        }
    }

    /// Whether the others are pointless when this one fails.
    fn is_needed_by_all_later(self) -> bool {
        match self {
            Self::Format
            | Self::Tidy
            | Self::Lints
            | Self::Tests
            | Self::Demo
            | Self::Client(_)
            | Self::Kill9 => false,
            Self::Release => true,
        }
    }

    /// Without these it is not run.
    fn needs(self) -> &'static [Tool] {
        match self {
            Self::Format => &[Tool::Rustfmt],
            Self::Lints => &[Tool::Clippy],
            Self::Client(name) => clients::needs(name),
            Self::Tidy | Self::Tests | Self::Release | Self::Demo | Self::Kill9 => &[],
        }
    }

    /// With these it checks more; it says itself what it leaves out.
    fn uses(self) -> &'static [Tool] {
        match self {
            Self::Tests => &[Tool::Java, Tool::Maven],
            Self::Format
            | Self::Tidy
            | Self::Lints
            | Self::Release
            | Self::Demo
            | Self::Client(_)
            | Self::Kill9 => &[],
        }
    }

    fn run(self) -> Outcome {
        let missing = tools::ensure(self.needs());
        if !missing.is_empty() {
            return Outcome::NotRun(missing.join("; "));
        }
        for lack in tools::ensure(self.uses()) {
            say(&format!("NOT COMPLETE: {lack}"));
        }
        match self {
            Self::Format => one(run(&mut cargo(&["fmt", "--all", "--check"]))),
            Self::Tidy => one(tidy::tidy()),
            Self::Lints => {
                let arguments = ["clippy", "--quiet", "--workspace", "--all-targets", "--", "-D", "warnings"];
                one(run(&mut cargo(&arguments)))
            }
            Self::Tests => cargo_test(),
            Self::Release => one(build_weir().map(|_path| ())),
            Self::Demo => one(demo()),
            Self::Client(name) => one(clients::run(&[name])),
            Self::Kill9 => one(kill9::run(kill9::KILLS)),
        }
    }
}

fn one(result: Result<(), Failed>) -> Outcome {
    match result {
        Ok(()) => Outcome::Passed(1),
        Err(Failed(why)) => Outcome::Failed(0, 1, why),
    }
}

fn cargo(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO"));
    command.args(arguments).current_dir(root()).stdin(Stdio::null());
    command
}

/// The README's first command, in a folder of its own.
fn demo() -> Result<(), Failed> {
    let weir = build_weir()?;
    let folder = tempfile::tempdir().map_err(Failed::io("cannot make a temporary folder"))?;
    run(Command::new(weir).args(["demo", "--once"]).current_dir(folder.path()).stdin(Stdio::null()))
}

/// All tests of the workspace; each counts. A crate whose tests do not even compile is one failure.
fn cargo_test() -> Outcome {
    let mut command = cargo(&["test", "--workspace", "--no-fail-fast"]);
    let mut child = match command.stdout(Stdio::piped()).spawn() {
        Ok(child) => child,
        Err(error) => return Outcome::Failed(0, 1, format!("cannot start cargo: {error}")),
    };
    let (mut passed, mut failed) = (0, 0);
    if let Some(stdout) = child.stdout.take() {
        for line in BufReader::new(stdout).lines().map_while(Result::ok) {
            if let Some((good, bad)) = tally(&line) {
                passed += good;
                failed += bad;
            }
            // A line per good test would bury the rest.
            if !line.ends_with("... ok") && !line.is_empty() {
                say(&line);
            }
        }
    }
    match child.wait() {
        Ok(status) if status.success() => Outcome::Passed(passed),
        Ok(status) => Outcome::Failed(passed, failed.max(1), format!("cargo test ended with {status}")),
        Err(error) => Outcome::Failed(passed, failed.max(1), format!("cannot wait for cargo: {error}")),
    }
}

/// What a line such as `test result: ok. 3 passed; 0 failed; ...` counts.
fn tally(line: &str) -> Option<(u32, u32)> {
    let counts = line.strip_prefix("test result: ")?;
    let count = |what: &str| {
        let end = counts.find(what)?;
        counts[..end].rsplit(' ').next()?.parse().ok()
    };
    Some((count(" passed")?, count(" failed")?))
}

/// Runs all parts, or the named ones.
pub(crate) fn test(names: &[&str]) -> Result<(), Failed> {
    let parts = choose(names)?;
    let (mut passed, mut failed, mut lines) = (0, 0, Vec::new());
    let begin = Instant::now();
    for (place, part) in parts.iter().enumerate() {
        say(&format!("==== {} ({} of {})", part.name(), place + 1, parts.len()));
        let part_begin = Instant::now();
        let outcome = part.run();
        let seconds = part_begin.elapsed().as_secs();
        let is_lost = matches!(outcome, Outcome::Failed(..)) && part.is_needed_by_all_later();
        let text = match outcome {
            Outcome::Passed(good) => {
                passed += good;
                format!("passed ({good})")
            }
            Outcome::Failed(good, bad, why) => {
                passed += good;
                failed += bad;
                format!("FAILED ({bad} of {}): {why}", good + bad)
            }
            Outcome::NotRun(why) => format!("NOT RUN: {why}"),
        };
        let line = format!("{:<20} {seconds:>5} s   {text}", part.name());
        say(&line);
        lines.push(line);
        if is_lost {
            lines.push(format!("{} parts after it were not run: they need it", parts.len() - place - 1));
            break;
        }
    }
    say(&format!("==== all parts, {} s", begin.elapsed().as_secs()));
    for line in &lines {
        say(line);
    }
    say(&format!("{passed} passed, {failed} failed"));
    match failed {
        0 => Ok(()),
        _ => Err(Failed::silently()),
    }
}

fn choose(names: &[&str]) -> Result<Vec<Part>, Failed> {
    let all = Part::all();
    if let Some(unknown) = names.iter().find(|name| !all.iter().any(|part| part.name() == **name)) {
        let known: Vec<_> = all.iter().map(|part| part.name()).collect();
        return Err(Failed(format!("there is no part '{unknown}'; there are: {}", known.join(", "))));
    }
    Ok(all.into_iter().filter(|part| names.is_empty() || names.contains(&part.name().as_str())).collect())
}

#[cfg(test)]
mod tests {
    use super::tally;

    #[test]
    fn results_of_tests_are_counted() {
        let line = "test result: FAILED. 12 passed; 3 failed; 1 ignored; 0 measured; 0 filtered out";
        assert_eq!(tally(line), Some((12, 3)));
        assert_eq!(tally("test tests::x ... ok"), None);
    }
}
