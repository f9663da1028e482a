//! Runs seeds: `weir-sim --seed N`, `weir-sim --seeds A..B`, `--profile small|swarm|reference`. A failing seed is shrunk and told.
#![expect(clippy::print_stdout, reason = "a program for people at a terminal")]

use std::{collections::BTreeSet, process::ExitCode};

use weir_sim::{
    differential,
    model::Palette,
    world::{self, Profile},
};

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let (seeds, what) = match parse(&words) {
        Ok(parsed) => parsed,
        Err(why) => {
            println!("{why}\nusage: weir-sim [--seed N | --seeds A..B] [--profile small|swarm|reference]");
            return ExitCode::from(2);
        }
    };
    let What::World(profile) = what else { return compare(seeds) };
    let (mut records, mut crashes) = (0, 0);
    let count = seeds.end - seeds.start;
    for seed in seeds {
        let report = world::run(seed, profile, None, &BTreeSet::new());
        records += report.records;
        crashes += report.crashes;
        if report.violation.is_some() {
            let report = world::shrink(seed, profile, None, report);
            println!("{}\n\n{}\n", report.details.join("\n"), report.story.join("\n"));
            println!(
                "seed {seed} fails: {}",
                report.violation.map(|violation| violation.0).unwrap_or_default()
            );
            return ExitCode::FAILURE;
        }
        if count == 1 {
            println!("{}", report.story.join("\n"));
        }
    }
    println!("{count} seeds are clean: {records} records, {crashes} crashes");
    ExitCode::SUCCESS
}

/// What a seed is run through.
enum What {
    World(Profile),
    Reference,
}

/// Compares the engine with the reference interpreter.
fn compare(seeds: std::ops::Range<u64>) -> ExitCode {
    let (count, mut ended) = (seeds.end - seeds.start, 0);
    for seed in seeds {
        let comparison = differential::run(seed, Palette::all(2));
        if count == 1 || comparison.difference.is_some() {
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

fn parse(words: &[String]) -> Result<(std::ops::Range<u64>, What), String> {
    let (mut seeds, mut what) = (0..1_000, What::World(Profile::Small));
    let number = |text: &str| text.parse::<u64>().map_err(|_| format!("'{text}' is not a number"));
    let mut words = words.iter();
    while let Some(word) = words.next() {
        let value = words.next().ok_or_else(|| format!("{word} needs a value"))?;
        match word.as_str() {
            "--seed" => seeds = number(value)?..number(value)? + 1,
            "--seeds" => {
                let (from, to) = value.split_once("..").ok_or("--seeds takes A..B")?;
                seeds = number(from)?..number(to)?;
            }
            "--profile" if value == "small" => what = What::World(Profile::Small),
            "--profile" if value == "swarm" => what = What::World(Profile::Swarm),
            "--profile" if value == "reference" => what = What::Reference,
            "--profile" => return Err(format!("there is no profile '{value}'")),
            _ => return Err(format!("there is no option {word}")),
        }
    }
    Ok((seeds, what))
}
