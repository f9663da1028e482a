//! Runs seeds: `weir-sim [--seed N | --seeds A..B] [--profile small|swarm|reference|journal] [--canary NAME] [--twice N] [--json]`.
//! `--for SECONDS` goes on from the first seed as long as that, on `--threads N` (as many as the machine runs at once). A failing seed is shrunk and told. `weir-sim --canaries N` looks for every planted bug (or the
//! one named by `--canary`) in at most N seeds.
#![expect(clippy::print_stdout, reason = "a program for people at a terminal")]

use std::{
    ops::Range,
    process::ExitCode,
    time::{Duration, Instant},
};

use weir_canary::Canary;
use weir_sim::{
    differential,
    hunt::{self, Found},
    lives,
    model::Palette,
    profile::Profile,
    situations::{Seen, Situation},
    spread,
    world::{self, Plan},
};

const USAGE: &str = "usage: weir-sim [--seed N | --seeds A..B] [--profile small|swarm|reference|journal] [--canary NAME] [--twice N] \
                     [--for SECONDS] [--threads N] [--canaries N]";

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let asked = match parse(&words) {
        Ok(asked) => asked,
        Err(why) => {
            println!("{why}\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    match asked.what {
        What::World(profile) => run_worlds(&asked, profile),
        What::Reference => compare(&asked),
        What::Journal => run_lives(&asked),
        What::Canaries(budget_seeds) => hunt_canaries(asked.canary, budget_seeds),
    }
}

/// What a seed is run through.
#[derive(Clone, Copy, Debug)]
enum What {
    World(Profile),
    Reference,
    Journal,
    Canaries(u64),
}

#[derive(Debug)]
struct Asked {
    seeds: Range<u64>,
    what: What,
    canary: Option<Canary>,
    /// Every so many seeds one is run twice.
    twice: u64,
    until: Option<Instant>,
    threads: usize,
}

impl Asked {
    /// Runs the seeds, until the time is over or one of them is not clean: then it is told which.
    fn run<S: Default + Send>(&self, run: impl Fn(u64, &mut S) -> bool + Sync) -> Result<Vec<S>, u64> {
        let goes_on = || self.until.is_none_or(|until| Instant::now() < until);
        spread::over(self.threads, self.seeds.clone(), goes_on, run)
    }

    fn is_one(&self) -> bool {
        self.seeds.end - self.seeds.start == 1
    }
}

/// What clean worlds came to.
#[derive(Default)]
struct Worlds {
    count: usize,
    records: usize,
    crashes: usize,
    images: usize,
    virtual_ms: i64,
    seen: Seen,
}

impl Worlds {
    fn add(&mut self, more: &Worlds) {
        self.count += more.count;
        self.records += more.records;
        self.crashes += more.crashes;
        self.images += more.images;
        self.virtual_ms += more.virtual_ms;
        self.seen.add(&more.seen);
    }
}

fn run_worlds(asked: &Asked, profile: Profile) -> ExitCode {
    let sums = asked.run(|seed, worlds: &mut Worlds| {
        let plan = Plan::new(seed, profile, asked.canary);
        let report = plan.run();
        if asked.is_one() && report.violation.is_none() {
            println!("{}", report.story.join("\n"));
        }
        let again = (asked.twice > 0 && seed % asked.twice == 0).then(|| plan.run());
        let is_same =
            again.is_none_or(|again| (again.digest, &again.story) == (report.digest, &report.story));
        worlds.add(&Worlds {
            count: 1,
            records: report.records,
            crashes: report.crashes,
            images: report.images,
            virtual_ms: report.virtual_ms,
            seen: report.seen,
        });
        report.violation.is_none() && is_same
    });
    let mut all = Worlds::default();
    match sums {
        Ok(sums) => sums.iter().for_each(|sum| all.add(sum)),
        Err(seed) => return tell(Plan::new(seed, profile, asked.canary)),
    }
    for situation in Situation::ALL {
        println!("seen {:>9} {situation:?}", all.seen.times(*situation));
    }
    let Worlds { count, records, crashes, images, virtual_ms, seen: _ } = all;
    let hours = virtual_ms / 3_600_000;
    println!(
        "{count} seeds are clean: {records} records, {crashes} crashes, {images} images, {hours} virtual hours"
    );
    ExitCode::SUCCESS
}

/// Makes a failing world small and prints it as a script, or says that it fails only in comparison with itself.
fn tell(plan: Plan) -> ExitCode {
    let seed = plan.seed;
    if plan.run().violation.is_none() {
        println!("seed {seed} gives other bytes the second time");
        return ExitCode::FAILURE;
    }
    let (_, report) = world::shrink(plan);
    println!("{}\n\n{}\n", report.details.join("\n"), report.story.join("\n"));
    println!("seed {seed} fails: {}", report.violation.map(|violation| violation.0).unwrap_or_default());
    ExitCode::FAILURE
}

fn hunt_canaries(one: Option<Canary>, budget_seeds: u64) -> ExitCode {
    let mut lost = false;
    for canary in Canary::ALL.into_iter().filter(|canary| one.is_none_or(|one| one == *canary)) {
        match hunt::hunt(canary, budget_seeds) {
            Some(Found { by, seeds, why }) => {
                println!("| {canary:?} | {by:?}: {} | {seeds} |", short(&why))
            }
            None => {
                lost = true;
                println!("NOT FOUND: {canary:?} in {budget_seeds} seeds");
            }
        }
    }
    if lost { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

/// The beginning of what was seen, for a table.
fn short(why: &str) -> String {
    why.chars().take(100).map(|letter| if letter == '|' { '/' } else { letter }).collect()
}

/// Lets journals live.
fn run_lives(asked: &Asked) -> ExitCode {
    let live = |seed| weir_canary::with(asked.canary, || lives::live(seed));
    let sums = asked.run(|seed, [count, crashes, images, refused]: &mut [usize; 4]| {
        let life = live(seed);
        *count += 1;
        *crashes += life.crashes;
        *images += life.images;
        *refused += life.refused;
        life.violation.is_none()
    });
    let sums = match sums {
        Ok(sums) => sums,
        Err(seed) => {
            let why = live(seed).violation.map(|violation| violation.0).unwrap_or_default();
            println!("seed {seed} fails: {why}");
            return ExitCode::FAILURE;
        }
    };
    let [count, crashes, images, refused] =
        [0, 1, 2, 3].map(|at| sums.iter().map(|sum| sum[at]).sum::<usize>());
    println!(
        "{count} journals are clean: {crashes} crashes, {images} images, {refused} damaged ones refused"
    );
    ExitCode::SUCCESS
}

/// Compares the engine with the reference interpreter.
fn compare(asked: &Asked) -> ExitCode {
    let sums = asked.run(|seed, [count, ended]: &mut [usize; 2]| {
        let comparison = differential::run(seed, Palette::all(2));
        if asked.is_one() && comparison.difference.is_none() {
            println!("{}", comparison.story.join("\n"));
        }
        *count += 1;
        *ended += usize::from(comparison.ended);
        comparison.difference.is_none()
    });
    let sums = match sums {
        Ok(sums) => sums,
        Err(seed) => {
            let comparison = differential::run(seed, Palette::all(2));
            let difference = comparison.difference.unwrap_or_default();
            println!("{}\nseed {seed} differs: {difference}", comparison.story.join("\n"));
            return ExitCode::FAILURE;
        }
    };
    let [count, ended] = [0, 1].map(|at| sums.iter().map(|sum| sum[at]).sum::<usize>());
    println!("{count} seeds agree; {ended} instances came to their end");
    ExitCode::SUCCESS
}

fn parse(words: &[String]) -> Result<Asked, String> {
    let mut asked = Asked {
        seeds: 0..1_000,
        what: What::World(Profile::Small),
        canary: None,
        twice: 100,
        until: None,
        threads: spread::all_threads(),
    };
    let number = |text: &str| text.parse::<u64>().map_err(|_| format!("'{text}' is not a number"));
    let mut words = words.iter();
    while let Some(word) = words.next() {
        let value = words.next().ok_or_else(|| format!("{word} needs a value"))?;
        match word.as_str() {
            "--seed" => asked.seeds = number(value)?..number(value)? + 1,
            "--seeds" => {
                let (from, to) = value.split_once("..").ok_or("--seeds takes A..B")?;
                asked.seeds = number(from)?..number(to)?;
            }
            "--for" => {
                asked.until = Some(Instant::now() + Duration::from_secs(number(value)?));
                asked.seeds = asked.seeds.start..u64::MAX;
            }
            "--threads" => asked.threads = number(value)?.max(1) as usize,
            "--twice" => asked.twice = number(value)?,
            "--canaries" => asked.what = What::Canaries(number(value)?),
            "--canary" => {
                let known = Canary::ALL.into_iter().find(|canary| format!("{canary:?}") == *value);
                asked.canary = Some(known.ok_or_else(|| format!("there is no canary '{value}'"))?);
            }
            "--profile" if value == "small" => asked.what = What::World(Profile::Small),
            "--profile" if value == "swarm" => asked.what = What::World(Profile::Swarm),
            "--profile" if value == "reference" => asked.what = What::Reference,
            "--profile" if value == "journal" => asked.what = What::Journal,
            "--profile" => return Err(format!("there is no profile '{value}'")),
            _ => return Err(format!("there is no option {word}")),
        }
    }
    Ok(asked)
}
