//! Seeds of whole worlds; the same seed twice; what must come up.

use weir_sim::{
    lives,
    profile::Profile,
    situations::Seen,
    world::{self, Plan, Report},
};

fn assert_clean(seed: u64, profile: Profile) -> Report {
    let plan = Plan::new(seed, profile, None);
    let report = plan.run();
    if report.violation.is_some() {
        let (_, report) = world::shrink(plan);
        panic!(
            "seed {seed} ({profile:?}): {:?}\n{}\n{}",
            report.violation,
            report.details.join("\n"),
            report.story.join("\n")
        );
    }
    report
}

#[test]
fn small_worlds_keep_every_promise() {
    let crashes: usize = (0..200).map(|seed| assert_clean(seed, Profile::Small).crashes).sum();
    assert!(crashes > 130, "too few crashes to mean anything: {crashes}");
}

/// Worlds beyond the others' range that found something.
#[test]
fn worlds_that_found_something_stay_clean() {
    // A correlation was refused when the message's time was long over, and it went to another subscription.
    assert_clean(1_001, Profile::Small);
    // The disk was full when the last thing was written: nobody looked whether there was room again.
    assert_clean(1_007_783_312_652, Profile::Small);
    // A power cut that was meant for a start came in the life behind it, and the journal was blamed.
    assert_clean(8_800_000_002_255, Profile::Small);
    // A crash between the writes to a mirror's two stores met a first store that failed.
    assert_clean(9_900_000_002_212, Profile::Swarm);
    // While one side of a mirror was rebuilt, the good one failed and was marked as left behind, too.
    assert_clean(9_900_000_006_848, Profile::Swarm);
    // The store failed when the world looked whether anything still lived, and it took that for nothing.
    assert_clean(9_900_000_012_315, Profile::Swarm);
    assert_clean(9_900_000_012_990, Profile::Swarm);
    // Both stores of a mirror failed, and the crash came when a checkpoint was being written.
    assert_clean(9_900_000_027_847, Profile::Swarm);
    // Rows could not be read in recovery, and what followed from that was written to the store that was behind.
    assert_clean(9_900_000_049_785, Profile::Swarm);
}

#[test]
fn swarms_keep_every_promise_and_get_into_every_kind_of_trouble() {
    let mut seen = Seen::default();
    for seed in 0..300 {
        seen.add(&assert_clean(seed, Profile::Swarm).seen);
    }
    assert_eq!(seen.missing(), [], "situations that never came up");
}

#[test]
fn journals_keep_what_was_confirmed_from_power_loss_to_power_loss() {
    let (mut images, mut refused) = (0, 0);
    for seed in 0..120 {
        let life = lives::live(seed);
        assert!(life.violation.is_none(), "seed {seed}: {:?}", life.violation);
        images += life.images;
        refused += life.refused;
    }
    assert!(images > 8_000 && refused > 200, "{images} images, {refused} refused");
}

#[test]
fn the_same_seed_gives_the_same_bytes() {
    for seed in 0..10 {
        let (first, second) = (world::run_seed(seed, Profile::Swarm), world::run_seed(seed, Profile::Swarm));
        assert_eq!((first.digest, first.story), (second.digest, second.story), "seed {seed}");
    }
}
