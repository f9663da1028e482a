//! Runs seeds: `weir-sim [--seed N | --seeds A..B] [--profile small|swarm|reference|journal] [--canary NAME] [--twice N] [--json]`.
//! `--for SECONDS` goes on from the first seed as long as that. A failing seed is shrunk and told. `weir-sim --canaries N` looks for every planted bug (or the
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
    world::{self, Plan},
};

const USAGE: &str = "usage: weir-sim [--seed N | --seeds A..B] [--profile small|swarm|reference|journal] [--canary NAME] [--twice N] \
                     [--for SECONDS] [--canaries N]";

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
}

impl Asked {
    /// The seeds to run, until the time is over.
    fn seeds(&self) -> impl Iterator<Item = u64> + '_ {
        self.seeds.clone().take_while(|_| self.until.is_none_or(|until| Instant::now() < until))
    }
}

fn run_worlds(asked: &Asked, profile: Profile) -> ExitCode {
    let (mut count, mut records, mut crashes, mut images, mut virtual_ms) = (0, 0, 0, 0, 0);
    let (mut seen, is_one) = (Seen::default(), asked.seeds.end - asked.seeds.start == 1);
    for seed in asked.seeds() {
        let plan = Plan::new(seed, profile, asked.canary);
        let report = plan.run();
        if report.violation.is_some() {
            return tell(plan);
        }
        if asked.twice > 0 && seed % asked.twice == 0 {
            let again = plan.run();
            if (again.digest, &again.story) != (report.digest, &report.story) {
                println!("seed {seed} gives other bytes the second time");
                return ExitCode::FAILURE;
            }
        }
        if is_one {
            println!("{}", report.story.join("\n"));
        }
        count += 1;
        records += report.records;
        crashes += report.crashes;
        images += report.images;
        virtual_ms += report.virtual_ms;
        seen.add(&report.seen);
    }
    for situation in Situation::ALL {
        println!("seen {:>9} {situation:?}", seen.times(*situation));
    }
    let hours = virtual_ms / 3_600_000;
    println!(
        "{count} seeds are clean: {records} records, {crashes} crashes, {images} images, {hours} virtual hours"
    );
    ExitCode::SUCCESS
}

/// Makes a failing world small and prints it as a script.
fn tell(plan: Plan) -> ExitCode {
    let seed = plan.seed;
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
    let (mut count, mut crashes, mut images, mut refused) = (0, 0, 0, 0);
    for seed in asked.seeds() {
        let life = weir_canary::with(asked.canary, || lives::live(seed));
        if let Some(violation) = life.violation {
            println!("seed {seed} fails: {}", violation.0);
            return ExitCode::FAILURE;
        }
        count += 1;
        crashes += life.crashes;
        images += life.images;
        refused += life.refused;
    }
    println!(
        "{count} journals are clean: {crashes} crashes, {images} images, {refused} damaged ones refused"
    );
    ExitCode::SUCCESS
}

/// Compares the engine with the reference interpreter.
fn compare(asked: &Asked) -> ExitCode {
    let (mut count, mut ended, is_one) = (0, 0, asked.seeds.end - asked.seeds.start == 1);
    for seed in asked.seeds() {
        let comparison = differential::run(seed, Palette::all(2));
        count += 1;
        if is_one || comparison.difference.is_some() {
            println!("{}", comparison.story.join("\n"));
        }
        if let Some(difference) = comparison.difference {
            println!("seed {seed} differs: {difference}");
            return ExitCode::FAILURE;
        }
        ended += usize::from(comparison.ended);
    }
    println!("{count} seeds agree; {ended} instances came to their end");
    ExitCode::SUCCESS
}

fn parse(words: &[String]) -> Result<Asked, String> {
    let mut asked =
        Asked { seeds: 0..1_000, what: What::World(Profile::Small), canary: None, twice: 100, until: None };
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
