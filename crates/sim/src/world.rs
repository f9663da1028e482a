//! A world: one machine, a crowd of clients, virtual time, one seed. Phases: chaos, healing, audit, and the audit again after
//! a restart.
//!
//! Every step draws from numbers of its own (seed and number of the step), so that leaving out a step changes no other
//! one: a story shrinks by leaving out steps.

use std::collections::BTreeSet;

use weir_engine::key::PartitionId;
use weir_journal::random::SplitMix;
use weir_node::driver::Input;

use crate::{
    crowd::Crowd,
    ledger::{Violation, broken},
    machine::{CrashAt, Machine, Plant, read_batch},
    model::{self, Palette},
};

/// What kind of world it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Profile {
    /// One or two partitions, short.
    Small,
    /// Everything drawn: partitions, length, faults on and off.
    Swarm,
}

/// What a seed decides before anything happens.
#[derive(Clone, Copy, Debug)]
pub struct Knobs {
    /// How many partitions.
    pub partitions: u16,
    /// How many steps of chaos.
    pub steps: u64,
    /// How many steps of a thousand are crashes.
    pub crashes_permille: usize,
    /// Whether a crash may lose what was not synced.
    pub power_loss: bool,
    /// How many steps of a thousand ask for a checkpoint.
    pub checkpoints_permille: usize,
    /// Bytes of a journal segment.
    pub segment_bytes: u64,
    /// How many instances at most.
    pub instances: usize,
    /// How many files are deployed.
    pub families: usize,
    /// How deep blocks nest.
    pub depth: usize,
}

impl Knobs {
    fn draw(random: &mut SplitMix, profile: Profile) -> Knobs {
        let swarm = profile == Profile::Swarm;
        let mut off = |value: usize| if random.percent(30) { 0 } else { value };
        let (crashes_permille, checkpoints_permille) = (off(15), off(40));
        Knobs {
            partitions: 1 + random.below(if swarm { 4 } else { 2 }) as u16,
            steps: if swarm { 200 + random.below(600) as u64 } else { 120 },
            crashes_permille,
            power_loss: random.percent(50),
            checkpoints_permille,
            segment_bytes: 1 << (14 + random.below(6)),
            instances: 2 + random.below(if swarm { 12 } else { 4 }),
            families: 1 + random.below(2),
            depth: 1 + random.below(3),
        }
    }
}

/// What a run came to.
#[derive(Clone, Debug)]
pub struct Report {
    /// What went wrong, if anything.
    pub violation: Option<Violation>,
    /// What happened, a line a step.
    pub story: Vec<String>,
    /// A number that stands for all bytes that became durable.
    pub digest: u64,
    /// Records that became durable.
    pub records: usize,
    /// Crashes.
    pub crashes: usize,
    /// Numbers of the steps of chaos that were taken.
    pub steps: Vec<u64>,
    /// Of a failure: the processes as XML and every durable record.
    pub details: Vec<String>,
}

/// Runs a seed without the steps in `muted`.
pub fn run(seed: u64, profile: Profile, plant: Option<Plant>, muted: &BTreeSet<u64>) -> Report {
    let knobs = Knobs::draw(&mut SplitMix(seed), profile);
    let mut report = Report {
        violation: None,
        story: vec![format!("seed {seed}: {knobs:?}")],
        digest: 0,
        records: 0,
        crashes: 0,
        details: Vec::new(),
        steps: (0..knobs.steps).filter(|step| !muted.contains(step)).collect(),
    };
    let outcome = World::new(seed, knobs, plant).and_then(|mut world| {
        let outcome = world.live(&report.steps);
        report.digest = world.machine.ledger.digest;
        report.records = world.machine.ledger.total();
        report.crashes = world.crashes;
        report.story.append(&mut world.crowd.story);
        if outcome.is_err() {
            report.details = world.details();
        }
        outcome
    });
    report.violation = outcome.err();
    report
}

/// Leaves out steps as long as something still goes wrong; gives the shortest story found.
pub fn shrink(seed: u64, profile: Profile, plant: Option<Plant>, found: Report) -> Report {
    let mut best = found;
    let mut muted = BTreeSet::new();
    let mut chunk = best.steps.len().div_ceil(2);
    while chunk > 0 {
        for steps in best.steps.clone().chunks(chunk) {
            let mut fewer = muted.clone();
            fewer.extend(steps);
            let report = run(seed, profile, plant, &fewer);
            if report.violation.is_some() {
                (best, muted) = (report, fewer);
            }
        }
        chunk /= 2;
    }
    best
}

struct World {
    seed: u64,
    knobs: Knobs,
    now_ms: i64,
    machine: Machine,
    crowd: Crowd,
    crashes: usize,
}

/// When every world begins, in milliseconds since 1970.
const BEGINNING_MS: i64 = 1_700_000_000_000;
/// How often healing may go round before something is stuck.
const HEALING_ROUNDS: usize = 1_000;
/// Longer than any message is kept, in milliseconds.
const LONGEST_TTL_MS: i64 = 600_000;

impl World {
    fn new(seed: u64, knobs: Knobs, plant: Option<Plant>) -> Result<World, Violation> {
        let mut random = SplitMix(seed ^ 0x5eed);
        let families: Vec<_> = (0..knobs.families)
            .map(|number| model::draw(&mut random, Palette::all(knobs.depth), &format!("p{number}")))
            .collect();
        let machine = Machine::new(knobs.partitions, knobs.segment_bytes, plant)?;
        let crowd = Crowd::new(families, knobs.instances);
        Ok(World { seed, knobs, now_ms: BEGINNING_MS, machine, crowd, crashes: 0 })
    }

    fn details(&self) -> Vec<String> {
        let ledger = &self.machine.ledger;
        let records = (1..=self.knobs.partitions).flat_map(|number| {
            let payloads =
                (1..).map_while(move |sequence| Some((sequence, ledger.record(number, sequence)?)));
            payloads.map(move |(sequence, payload)| format!("{number}/{sequence} {}", read_batch(payload)))
        });
        self.crowd.models().chain(records).collect()
    }

    fn live(&mut self, steps: &[u64]) -> Result<(), Violation> {
        self.crowd.deploy(&mut self.machine, self.now_ms)?;
        for step in steps {
            let mut random = SplitMix(self.seed.wrapping_mul(31).wrapping_add(*step));
            random.draw();
            self.chaos(*step, &mut random)?;
            self.crowd.receive(&mut self.machine, self.now_ms)?;
            if self.machine.is_settled() {
                self.machine.check_replay()?;
            }
        }
        self.crowd.note("healing");
        self.heal()?;
        self.audit()?;
        self.restart()?;
        self.audit()
    }

    fn chaos(&mut self, step: u64, random: &mut SplitMix) -> Result<(), Violation> {
        let permille = random.below(1_000);
        let checkpoints = self.knobs.crashes_permille + self.knobs.checkpoints_permille;
        if permille < self.knobs.crashes_permille {
            return self.crash(step, random);
        }
        if permille < checkpoints {
            let partition = PartitionId(1 + random.below(usize::from(self.knobs.partitions)) as u16);
            self.crowd.note(format!("{step}: a checkpoint of partition {} is asked for", partition.0));
            return self.machine.input(self.now_ms, Input::CheckpointWanted(partition));
        }
        match random.below(100) {
            0..35 => self.machine.commit(self.now_ms),
            35..40 => self.machine.write_checkpoint().map(|_| ()),
            40..45 => self.machine.go_on(),
            45..60 => self.pass_time(step, random),
            _ => self.crowd.act(step, random, &mut self.machine, self.now_ms),
        }
    }

    fn pass_time(&mut self, step: u64, random: &mut SplitMix) -> Result<(), Violation> {
        self.now_ms += match random.below(10) {
            0..5 => random.below(200) as i64,
            5..8 => random.below(20_000) as i64,
            _ => match self.machine.driver().next_due_ms() {
                Some(due) => (due - self.now_ms).clamp(0, 120_000),
                None => 1_000,
            },
        };
        self.crowd.note(format!("{step}: it is {} ms", self.now_ms - BEGINNING_MS));
        self.tick()
    }

    fn tick(&mut self) -> Result<(), Violation> {
        match self.machine.driver().next_due_ms() {
            Some(due) if due <= self.now_ms => self.machine.input(self.now_ms, Input::TimePassed),
            Some(_) | None => Ok(()),
        }
    }

    fn crash(&mut self, step: u64, random: &mut SplitMix) -> Result<(), Violation> {
        let at = match random.below(3) {
            0 => CrashAt::BeforeAppend,
            1 => CrashAt::AfterAppend,
            _ => CrashAt::InAppend(1 + random.below(4) as u64),
        };
        let power_loss = self.knobs.power_loss && random.percent(50);
        self.crowd.note(format!("{step}: crash {at:?}, power lost: {power_loss}"));
        self.crashes += 1;
        self.machine.crash(at, random, power_loss)?;
        self.crowd.machine_crashed(&mut self.machine, self.now_ms)
    }

    fn restart(&mut self) -> Result<(), Violation> {
        self.crowd.note("restart");
        self.machine.crash(CrashAt::BeforeAppend, &mut SplitMix(self.seed), true)?;
        self.crowd.machine_crashed(&mut self.machine, self.now_ms)?;
        self.settle()
    }

    /// Everything that was begun becomes durable and comes out.
    fn settle(&mut self) -> Result<(), Violation> {
        for _ in 0..10_000 {
            self.crowd.receive(&mut self.machine, self.now_ms)?;
            if self.machine.is_writing() {
                self.machine.commit(self.now_ms)?;
            } else if self.machine.driver().is_unfinished() {
                self.machine.go_on()?;
            } else if self.machine.released.is_empty() {
                return self.machine.check_replay();
            }
        }
        broken("the machine does not come to rest")
    }

    /// Nothing goes wrong any longer and the clients help every instance to its end.
    fn heal(&mut self) -> Result<(), Violation> {
        self.settle()?;
        for _ in 0..HEALING_ROUNDS {
            self.settle()?;
            while self.machine.write_checkpoint()? {}
            if self.crowd.help(&mut self.machine, self.now_ms)? {
                continue;
            }
            if self.is_over() {
                self.now_ms += LONGEST_TTL_MS;
                self.tick()?;
                return self.settle().and_then(|()| self.forget());
            }
            // Timers and time-outs, then messages: what is not triggered from outside comes first.
            match self.machine.driver().next_due_ms() {
                Some(due) if due <= self.now_ms + LONGEST_TTL_MS => {
                    self.now_ms = self.now_ms.max(due);
                    self.tick()?;
                }
                Some(_) | None => {}
            }
            self.settle()?;
            self.crowd.send_awaited_message(&mut self.machine, self.now_ms)?;
        }
        broken(format!("something is stuck: {}", self.left_over()))
    }

    /// Waits until messages and mail are forgotten.
    fn forget(&mut self) -> Result<(), Violation> {
        for _ in 0..100 {
            let Some(due) = self.machine.driver().next_due_ms() else { return Ok(()) };
            self.now_ms = self.now_ms.max(due);
            self.tick()?;
            self.settle()?;
        }
        broken("something is due again and again although nothing lives")
    }

    fn is_over(&self) -> bool {
        self.machine.driver().led().iter().all(|led| led.partition.state().elements.is_empty())
    }

    /// Tables that have rows although nothing lives.
    fn left_over(&self) -> String {
        const KEPT: [&str; 7] =
            ["meta", "files", "processes", "process_versions", "last_versions", "outbox_last", "inbox_last"];
        let tables = self.machine.driver().led().iter().flat_map(|led| {
            let number = led.partition.settings().partition.0;
            let counts = led.partition.state().row_counts();
            let left = counts.into_iter().filter(|(name, rows)| *rows > 0 && !KEPT.contains(name));
            left.map(move |(name, rows)| format!("partition {number} has {rows} rows of {name}"))
        });
        tables.collect::<Vec<_>>().join(", ")
    }

    fn audit(&self) -> Result<(), Violation> {
        self.machine.check_replay()?;
        self.crowd.audit(&self.machine)?;
        match self.left_over() {
            left if left.is_empty() => Ok(()),
            left => broken(format!("all instances have ended, but something is left: {left}")),
        }
    }
}
