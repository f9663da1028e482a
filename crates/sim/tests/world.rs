//! Seeds of whole worlds; the same seed twice; planted mistakes that must be found.

use std::collections::BTreeSet;

use weir_sim::{
    machine::Plant,
    world::{self, Profile, Report},
};

fn run(seed: u64, profile: Profile, plant: Option<Plant>) -> Report {
    world::run(seed, profile, plant, &BTreeSet::new())
}

fn assert_clean(seed: u64, profile: Profile) -> Report {
    let report = run(seed, profile, None);
    if report.violation.is_some() {
        let report = world::shrink(seed, profile, None, report);
        panic!("seed {seed} ({profile:?}): {:?}\n{}", report.violation, report.story.join("\n"));
    }
    report
}

#[test]
fn small_worlds_keep_every_promise() {
    let crashes: usize = (0..400).map(|seed| assert_clean(seed, Profile::Small).crashes).sum();
    assert!(crashes > 200, "too few crashes to mean anything: {crashes}");
}

#[test]
fn swarms_keep_every_promise() {
    let records: usize = (0..60).map(|seed| assert_clean(seed, Profile::Swarm).records).sum();
    assert!(records > 2_000, "too little happened: {records} records");
}

#[test]
fn the_same_seed_gives_the_same_bytes() {
    for seed in 0..20 {
        let (first, second) = (run(seed, Profile::Swarm, None), run(seed, Profile::Swarm, None));
        assert_eq!((first.digest, first.story), (second.digest, second.story), "seed {seed}");
    }
}

#[test]
fn planted_mistakes_are_found() {
    const BUDGET_SEEDS: u64 = 200;
    let plants = [
        Plant::ReleaseBeforeDurable,
        Plant::MailWatermarkLost,
        Plant::KeyCounterLost,
        Plant::RemovalsLost,
        Plant::TrimmedTooEarly,
        Plant::PushedTwice,
    ];
    for plant in plants {
        let found =
            (0..BUDGET_SEEDS).find(|seed| run(*seed, Profile::Swarm, Some(plant)).violation.is_some());
        assert!(found.is_some(), "{plant:?} is not found within {BUDGET_SEEDS} seeds");
    }
}

#[test]
fn a_story_shrinks_to_what_matters() {
    let plant = Some(Plant::ReleaseBeforeDurable);
    let found = run(0, Profile::Small, plant);
    assert!(found.violation.is_some());
    let shrunk = world::shrink(0, Profile::Small, plant, found.clone());
    assert!(shrunk.violation.is_some());
    assert!(shrunk.steps.len() * 4 < found.steps.len(), "{} steps are left", shrunk.steps.len());
}
