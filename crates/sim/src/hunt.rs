//! Hunting a planted bug: how many seeds until somebody notices it.

use std::panic;

use weir_canary::Canary;

use crate::{differential, lives, model::Palette, profile::Profile, world::Plan};

/// Who noticed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// The world's ledger, clients or audit.
    World,
    /// A world that was run twice.
    SecondRun,
    /// The reference interpreter.
    Reference,
    /// The code itself, where assertions of debug builds are on.
    Assertion,
    /// The journal's life.
    Journal,
}

/// A bug that was found.
#[derive(Clone, Debug)]
pub struct Found {
    /// By whom.
    pub by: By,
    /// In so many seeds.
    pub seeds: u64,
    /// What was seen of it.
    pub why: String,
}

/// Processes that are compared with the reference interpreter for each world.
const PROCESSES: u64 = 20;

/// Looks for a planted bug, from seed 0 on.
pub fn hunt(canary: Canary, budget_seeds: u64) -> Option<Found> {
    (0..budget_seeds).find_map(|seed| {
        let looked = weir_canary::with(Some(canary), || panic::catch_unwind(|| look(seed, canary)));
        let (by, why) =
            looked.unwrap_or_else(|_| Some((By::Assertion, "an assertion in the code failed".into())))?;
        Some(Found { by, seeds: seed + 1, why })
    })
}

fn look(seed: u64, canary: Canary) -> Option<(By, String)> {
    let plan = Plan::new(seed, Profile::Swarm, Some(canary));
    let report = plan.run();
    if let Some(violation) = report.violation {
        return Some((By::World, violation.0));
    }
    if seed % 4 == 3 {
        let again = plan.run();
        if (again.digest, again.story) != (report.digest, report.story) {
            return Some((By::SecondRun, "other bytes the second time".into()));
        }
    }
    if let Some(violation) = lives::live(seed).violation {
        return Some((By::Journal, violation.0));
    }
    let palette = Palette { crowds_percent: 10, ..Palette::all(2) };
    let mut differences = (seed * PROCESSES..(seed + 1) * PROCESSES)
        .filter_map(|seed| differential::run(seed, palette).difference);
    let difference = differences.next()?;
    Some((By::Reference, difference.lines().next().unwrap_or_default().to_owned()))
}
