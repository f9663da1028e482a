//! Every planted bug is found within its budget, and a failing world shrinks to a story that a person can read.

use weir_canary::Canary;
use weir_sim::{
    hunt,
    profile::Profile,
    world::{self, Plan},
};

/// Seeds within which a planted bug must be found.
const BUDGET_SEEDS: u64 = 150;

#[test]
fn planted_bugs_are_found() {
    let lost: Vec<_> =
        Canary::ALL.into_iter().filter(|canary| hunt::hunt(*canary, BUDGET_SEEDS).is_none()).collect();
    assert_eq!(lost, [], "planted and not found within {BUDGET_SEEDS} seeds");
}

#[test]
fn a_story_shrinks_to_what_matters() {
    let plan = Plan::new(0, Profile::Swarm, Some(Canary::ReleasedBeforeDurable));
    let found = plan.run();
    assert!(found.violation.is_some());
    let (_, shrunk) = world::shrink(plan);
    assert!(shrunk.violation.is_some());
    assert!(shrunk.steps.len() * 10 < found.steps.len(), "{} steps are left", shrunk.steps.len());
}
