//! What a seed decides before anything happens: how large the world is, and which faults it has. Each kind of fault is off in
//! many worlds (swarm testing), so that others come up undisturbed.

use weir_journal::{random::SplitMix, treacherous::Treachery};

use crate::{
    machine::{Build, Network},
    model::Palette,
};

/// What kind of world it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Profile {
    /// One or two partitions, short.
    Small,
    /// Everything drawn: partitions, length, faults on and off.
    Swarm,
}

/// Faults, each in steps of a thousand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Faults {
    /// The process dies.
    pub crashes: usize,
    /// The power goes with it, in percent of crashes.
    pub power_loss_percent: usize,
    /// It dies again while it recovers, in percent of crashes.
    pub again_percent: usize,
    /// An operation of the disk fails.
    pub disk: usize,
    /// The disk is full for a while.
    pub full: usize,
    /// The disk does not answer for a while.
    pub stalls: usize,
    /// The store takes no more checkpoints.
    pub store: usize,
    /// The process stands still.
    pub pauses: usize,
    /// The clock jumps, back or ahead.
    pub clock: usize,
}

/// All that a seed decides.
#[derive(Clone, Copy, Debug)]
pub struct Knobs {
    /// The machine.
    pub build: Build,
    /// How many steps of chaos.
    pub steps: u64,
    /// Faults.
    pub faults: Faults,
    /// Steps of a thousand that ask for a checkpoint.
    pub checkpoints: usize,
    /// How many instances at most.
    pub instances: usize,
    /// How many files are deployed.
    pub families: usize,
    /// What is in them.
    pub palette: Palette,
    /// How many correlation keys there are: instances with the same one wait for the same messages.
    pub keys: usize,
}

/// Swarm worlds with a disk that have a second one.
const MIRRORED_PERCENT: usize = 30;

impl Knobs {
    /// Draws them.
    pub fn draw(seed: u64, profile: Profile) -> Knobs {
        let random = &mut SplitMix(seed);
        let swarm = profile == Profile::Swarm;
        let depth = 1 + random.below(3);
        let network = random.percent(20).then(|| draw_network(random));
        let mut knobs = Knobs {
            build: Build {
                partitions: 1 + random.below(if swarm { 4 } else { 2 }) as u16,
                segment_bytes: 1 << (14 + random.below(6)),
                reserve_bytes: [0, 64 * 1024][random.below(2)],
                rows_bytes_max: 1 << 30,
                network,
                // Drawn by itself: the other worlds stay what they are.
                mirrored: swarm && network.is_none() && SplitMix(seed ^ 0x2d15c).percent(MIRRORED_PERCENT),
            },
            steps: if swarm { 200 + random.below(600) as u64 } else { 120 },
            faults: draw_faults(random),
            checkpoints: off(random, 40),
            instances: 2 + random.below(if swarm { 12 } else { 4 }),
            families: 1 + random.below(2),
            palette: Palette::some(random, depth),
            keys: usize::MAX,
        };
        knobs.build.rows_bytes_max = [0, 4_000, 1 << 30][random.below(3)];
        knobs.keys = [usize::MAX, usize::MAX, 1, 3][random.below(4)];
        knobs
    }

    /// Simpler worlds, the greatest simplification first: what a shrinking story tries.
    pub fn simpler(self) -> Vec<(&'static str, Knobs)> {
        let faults = self.faults;
        let with = |faults| Knobs { faults, ..self };
        let build = |build| Knobs { build, ..self };
        vec![
            ("one partition", build(Build { partitions: 1, ..self.build })),
            ("one file", Knobs { families: 1, ..self }),
            ("one instance", Knobs { instances: 1, ..self }),
            ("plain processes", Knobs { palette: Palette::plain(1), ..self }),
            ("two instances", Knobs { instances: self.instances.min(2), ..self }),
            ("flat processes", Knobs { palette: Palette { depth: 1, ..self.palette }, ..self }),
            ("rows in memory", build(Build { rows_bytes_max: 1 << 30, ..self.build })),
            ("a key for each instance", Knobs { keys: usize::MAX, ..self }),
            ("no mirror", build(Build { mirrored: false, ..self.build })),
            ("no network", build(Build { network: None, ..self.build })),
            ("no checkpoints", Knobs { checkpoints: 0, ..self }),
            ("no crashes", with(Faults { crashes: 0, ..faults })),
            ("no power loss", with(Faults { power_loss_percent: 0, again_percent: 0, ..faults })),
            ("no failing disk", with(Faults { disk: 0, store: 0, ..faults })),
            ("no full disk", with(Faults { full: 0, ..faults })),
            ("no pauses", with(Faults { pauses: 0, stalls: 0, ..faults })),
            ("a steady clock", with(Faults { clock: 0, ..faults })),
        ]
    }
}

/// `value`, or nothing.
fn off(random: &mut SplitMix, value: usize) -> usize {
    if random.percent(40) { 0 } else { value }
}

fn draw_faults(random: &mut SplitMix) -> Faults {
    Faults {
        crashes: off(random, 15),
        power_loss_percent: off(random, 60),
        again_percent: off(random, 20),
        disk: off(random, 8),
        full: off(random, 6),
        stalls: off(random, 6),
        store: off(random, 3),
        pauses: off(random, 6),
        clock: off(random, 8),
    }
}

fn draw_network(random: &mut SplitMix) -> Network {
    let mut percent = |most: usize| if random.percent(50) { 0 } else { random.below(most) };
    let treachery = Treachery {
        lost_percent: percent(6),
        late_percent: percent(8),
        twice_percent: percent(20),
        torn_percent: percent(6),
        unanswered_percent: percent(6),
    };
    Network { seed: random.draw(), treachery }
}
