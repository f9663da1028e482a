//! Runs seeds: `weir-sim --seed N`, `weir-sim --seeds A..B`, `--profile small|swarm`. A failing seed is shrunk and told.
#![expect(clippy::print_stdout, reason = "a program for people at a terminal")]

use std::{collections::BTreeSet, process::ExitCode};

use weir_sim::world::{self, Profile};

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let (seeds, profile) = match parse(&words) {
        Ok(parsed) => parsed,
        Err(why) => {
            println!("{why}\nusage: weir-sim [--seed N | --seeds A..B] [--profile small|swarm]");
            return ExitCode::from(2);
        }
    };
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

fn parse(words: &[String]) -> Result<(std::ops::Range<u64>, Profile), String> {
    let (mut seeds, mut profile) = (0..1_000, Profile::Small);
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
            "--profile" if value == "small" => profile = Profile::Small,
            "--profile" if value == "swarm" => profile = Profile::Swarm,
            "--profile" => return Err(format!("there is no profile '{value}'")),
            _ => return Err(format!("there is no option {word}")),
        }
    }
    Ok((seeds, profile))
}
