//! A world: one machine, a crowd of clients, virtual time, one seed. Phases: chaos (safety), healing (liveness), audit, and the
//! audit again after a restart.
//!
//! Every step draws from numbers of its own (seed and number of the step), so that leaving out a step changes no other
//! one: a story shrinks by leaving out steps, and by simpler worlds.

mod shrink;

use std::collections::BTreeSet;

use weir_canary::Canary;
use weir_engine::key::PartitionId;
use weir_journal::random::SplitMix;
use weir_node::driver::Input;

pub use self::shrink::shrink;
use crate::{
    crowd::{Crowd, Turn},
    ledger::{Violation, broken},
    machine::{Crash, CrashAt, Machine, read_batch},
    model,
    profile::{Knobs, Profile},
    situations::{Seen, Situation},
};

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
    /// Images of the disk that were opened and looked at.
    pub images: usize,
    /// Milliseconds that went by in the world.
    pub virtual_ms: i64,
    /// Numbers of the steps of chaos that were taken.
    pub steps: Vec<u64>,
    /// What came up.
    pub seen: Seen,
    /// Of a failure: the processes as XML and every durable record.
    pub details: Vec<String>,
}

/// A world to run: a seed, perhaps a planted bug, perhaps made simpler.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The seed.
    pub seed: u64,
    /// What it decided, or what was left of that.
    pub knobs: Knobs,
    /// The planted bug.
    pub canary: Option<Canary>,
    /// Steps that are left out.
    pub muted: BTreeSet<u64>,
}

impl Plan {
    /// The world of a seed.
    pub fn new(seed: u64, profile: Profile, canary: Option<Canary>) -> Plan {
        Plan { seed, knobs: Knobs::draw(seed, profile), canary, muted: BTreeSet::new() }
    }

    /// Runs it.
    pub fn run(&self) -> Report {
        weir_canary::with(self.canary, || run(self))
    }
}

/// Runs the world of a seed.
pub fn run_seed(seed: u64, profile: Profile) -> Report {
    Plan::new(seed, profile, None).run()
}

fn run(plan: &Plan) -> Report {
    let mut report = Report {
        violation: None,
        story: vec![format!("seed {}: {:?}", plan.seed, plan.knobs)],
        digest: 0,
        records: 0,
        crashes: 0,
        images: 0,
        virtual_ms: 0,
        seen: Seen::default(),
        details: Vec::new(),
        steps: (0..plan.knobs.steps).filter(|step| !plan.muted.contains(step)).collect(),
    };
    let outcome = World::new(plan.seed, plan.knobs).and_then(|mut world| {
        let outcome = world.live(&report.steps);
        report.digest = world.machine.ledger.digest;
        report.records = world.machine.ledger.total();
        report.crashes = world.crashes;
        report.images = world.machine.images;
        report.virtual_ms = world.now_ms - BEGINNING_MS;
        report.seen = std::mem::take(&mut world.machine.ledger.seen);
        report.story.append(&mut world.crowd.story);
        if outcome.is_err() {
            report.details = world.details();
        }
        outcome
    });
    report.violation = outcome.err();
    report
}

struct World {
    seed: u64,
    knobs: Knobs,
    now_ms: i64,
    /// How far the machine's clock is ahead.
    clock_ahead_ms: i64,
    /// Until which step the disk does not answer.
    stalled_until: u64,
    /// Until which step the disk is full.
    full_until: u64,
    machine: Machine,
    crowd: Crowd,
    crashes: usize,
    /// How many records there were when replay was last compared with what lives.
    checked_records: usize,
}

/// When every world begins, in milliseconds since 1970.
const BEGINNING_MS: i64 = 1_700_000_000_000;
/// How often healing may go round before something is stuck.
const HEALING_ROUNDS: usize = 2_000;
/// Longer than any message is kept, in milliseconds.
const LONGEST_TTL_MS: i64 = 600_000;

impl World {
    fn new(seed: u64, knobs: Knobs) -> Result<World, Violation> {
        let mut random = SplitMix(seed ^ 0x5eed);
        let families: Vec<_> = (0..knobs.families)
            .map(|number| model::draw(&mut random, knobs.palette, &format!("p{number}")))
            .collect();
        let machine = Machine::new(knobs.build)?;
        let crowd = Crowd::new(families, knobs.instances, knobs.keys);
        Ok(World {
            seed,
            knobs,
            now_ms: BEGINNING_MS,
            clock_ahead_ms: 0,
            stalled_until: 0,
            full_until: 0,
            machine,
            crowd,
            crashes: 0,
            checked_records: 0,
        })
    }

    fn details(&self) -> Vec<String> {
        let ledger = &self.machine.ledger;
        let records = (1..=self.knobs.build.partitions).flat_map(|number| {
            let payloads =
                (1..).map_while(move |sequence| Some((sequence, ledger.record(number, sequence)?)));
            payloads.map(move |(sequence, payload)| format!("{number}/{sequence} {}", read_batch(payload)))
        });
        self.crowd.models().chain(records).collect()
    }

    /// What the machine's clock shows.
    fn clock_ms(&self) -> i64 {
        self.now_ms + self.clock_ahead_ms
    }

    fn live(&mut self, steps: &[u64]) -> Result<(), Violation> {
        let clock_ms = self.clock_ms();
        self.crowd.deploy(&mut self.machine, clock_ms)?;
        for step in steps {
            let mut random = SplitMix(self.seed.wrapping_mul(31).wrapping_add(*step));
            random.draw();
            self.end_faults(*step);
            self.chaos(*step, &mut random)?;
            self.receive()?;
            if self.machine.stopped.is_some() {
                self.node_stopped(*step, &mut random)?;
            }
            let total = self.machine.ledger.total();
            if self.machine.is_settled() && total != self.checked_records {
                self.checked_records = total;
                self.machine.check_replay()?;
                self.machine.ledger.check_messages()?;
            }
        }
        self.crowd.note("healing");
        self.heal()?;
        self.audit()?;
        self.restart()?;
        self.audit()
    }

    fn receive(&mut self) -> Result<(), Violation> {
        let now_ms = self.clock_ms();
        self.crowd.receive(&mut self.machine, now_ms)
    }

    fn chaos(&mut self, step: u64, random: &mut SplitMix) -> Result<(), Violation> {
        let mut permille = random.below(1_000);
        let mut falls_to = |share: usize| {
            let falls = permille < share;
            permille = permille.saturating_sub(share);
            falls
        };
        let faults = self.knobs.faults;
        if falls_to(faults.crashes) {
            return self.crash(step, random);
        }
        if falls_to(self.knobs.checkpoints) {
            let partition = PartitionId(1 + random.below(usize::from(self.knobs.build.partitions)) as u16);
            self.crowd.note(format!("{step}: a checkpoint of partition {} is asked for", partition.0));
            return self.machine.input(self.clock_ms(), Input::CheckpointWanted(partition));
        }
        if falls_to(faults.disk + faults.full + faults.stalls + faults.store) {
            self.spoil_disk(step, random);
            return Ok(());
        }
        if falls_to(faults.pauses + faults.clock) {
            return self.spoil_time(step, random);
        }
        let is_stalled = step < self.stalled_until;
        match random.below(100) {
            0..40 if is_stalled => Ok(()),
            0..35 => self.machine.commit(self.clock_ms()),
            35..40 => self.machine.write_checkpoint(self.clock_ms()).map(|_| ()),
            40..45 => self.machine.go_on(),
            45..60 => self.pass_time(step, random),
            _ => {
                let now_ms = self.clock_ms();
                self.crowd.act(&mut Turn { step, random, machine: &mut self.machine, now_ms })
            }
        }
    }

    fn pass_time(&mut self, step: u64, random: &mut SplitMix) -> Result<(), Violation> {
        self.now_ms += match random.below(10) {
            0..5 => random.below(200) as i64,
            5..8 => random.below(20_000) as i64,
            _ => match self.machine.driver().next_due_ms() {
                Some(due) => (due - self.clock_ms()).clamp(0, 120_000),
                None => 1_000,
            },
        };
        self.crowd.note(format!("{step}: it is {} ms", self.now_ms - BEGINNING_MS));
        self.tick()
    }

    fn tick(&mut self) -> Result<(), Violation> {
        self.machine.look_for_room();
        match self.machine.driver().is_due(self.clock_ms()) {
            true => self.machine.input(self.clock_ms(), Input::TimePassed),
            false => Ok(()),
        }
    }

    /// The disk fails, is full, or does not answer; or the store breaks.
    fn spoil_disk(&mut self, step: u64, random: &mut SplitMix) {
        let faults = self.knobs.faults;
        let choice = random.below(faults.disk + faults.full + faults.stalls + faults.store);
        let until = step + 5 + random.below(60) as u64;
        if choice < faults.disk {
            let what = self.machine.plant_fault(random);
            self.crowd.note(format!("{step}: {what}"));
        } else if choice < faults.disk + faults.full {
            self.full_until = until;
            self.machine.fill_disk();
            self.crowd.note(format!("{step}: the disk is full until step {until}"));
        } else if choice < faults.disk + faults.full + faults.stalls {
            self.stalled_until = until;
            self.machine.note(Situation::DiskStalled);
            self.crowd.note(format!("{step}: the disk does not answer until step {until}"));
        } else {
            self.machine.break_store(random);
            self.crowd.note(format!("{step}: the store fails"));
        }
    }

    fn end_faults(&mut self, step: u64) {
        if self.full_until > 0 && self.full_until <= step {
            self.full_until = 0;
            self.machine.free_disk();
        }
    }

    /// The process stands still, or its clock jumps.
    fn spoil_time(&mut self, step: u64, random: &mut SplitMix) -> Result<(), Violation> {
        let faults = self.knobs.faults;
        if random.below(faults.pauses + faults.clock) < faults.pauses {
            let pause_ms = [500, 30_000, 300_000][random.below(3)];
            self.now_ms += pause_ms;
            self.machine.note(Situation::Paused);
            self.crowd.note(format!("{step}: the process stands still for {pause_ms} ms"));
            return self.tick();
        }
        let ahead_ms = random.below(7_200_000) as i64 - 3_600_000;
        let situation = match ahead_ms < self.clock_ahead_ms {
            true => Situation::ClockBack,
            false => Situation::ClockAhead,
        };
        self.clock_ahead_ms = ahead_ms;
        self.machine.note(situation);
        self.crowd.note(format!("{step}: the clock is {ahead_ms} ms ahead"));
        Ok(())
    }

    fn crash(&mut self, step: u64, random: &mut SplitMix) -> Result<(), Violation> {
        let at = match random.below(4) {
            0 => CrashAt::BeforeAppend,
            1 => CrashAt::AfterAppend,
            2 => CrashAt::InAppend(1 + random.below(6) as u64),
            _ => CrashAt::InCheckpoint(1 + random.below(6) as u64),
        };
        self.crash_at(step, at, random)
    }

    fn node_stopped(&mut self, step: u64, random: &mut SplitMix) -> Result<(), Violation> {
        let why = self.machine.stopped.clone().unwrap_or_default();
        self.crowd.note(format!("{step}: the node stops: {why}"));
        self.crash_at(step, CrashAt::BeforeAppend, random)
    }

    fn crash_at(&mut self, step: u64, at: CrashAt, random: &mut SplitMix) -> Result<(), Violation> {
        let faults = self.knobs.faults;
        let power_loss = random.percent(faults.power_loss_percent);
        let again_after = random.percent(faults.again_percent).then(|| 1 + random.below(25) as u64);
        let crash = Crash { at, power_loss, again_after };
        self.crowd.note(format!("{step}: {crash:?}"));
        self.crashes += 1;
        self.machine.crash(crash, random)?;
        if random.percent(30) {
            self.now_ms += random.below(90_000) as i64;
        }
        let due = self.machine.driver().next_due_ms().is_some_and(|due| due <= self.clock_ms());
        self.machine.ledger.seen.note_if(due, Situation::TimerDueWhileDown);
        let now_ms = self.clock_ms();
        self.crowd.machine_crashed(&mut self.machine, now_ms)
    }

    fn restart(&mut self) -> Result<(), Violation> {
        self.crowd.note("restart");
        let crash = Crash { at: CrashAt::BeforeAppend, power_loss: true, again_after: None };
        self.machine.crash(crash, &mut SplitMix(self.seed))?;
        let now_ms = self.clock_ms();
        self.crowd.machine_crashed(&mut self.machine, now_ms)?;
        self.settle()
    }

    /// Everything that was begun becomes durable and comes out.
    fn settle(&mut self) -> Result<(), Violation> {
        for _ in 0..10_000 {
            self.receive()?;
            if self.machine.stopped.is_some() {
                self.node_stopped(0, &mut SplitMix(self.seed))?;
            } else if self.machine.is_writing() {
                self.machine.commit(self.clock_ms())?;
            } else if self.machine.driver().is_unfinished() {
                self.machine.go_on()?;
            } else if self.machine.released.is_empty() {
                self.machine.check_replay()?;
                self.machine.ledger.check_messages()?;
                return self.crowd.check_nobody_waits_in_vain(&self.machine);
            }
        }
        broken("the machine does not come to rest")
    }

    /// Nothing goes wrong any longer and the clients help every instance to its end.
    fn heal(&mut self) -> Result<(), Violation> {
        self.machine.heal();
        self.clock_ahead_ms = 0;
        self.settle()?;
        for round in 0..HEALING_ROUNDS {
            self.settle()?;
            // A node looks now and then; what waited for room when the disk was freed is written by now.
            self.machine.look_for_room();
            if round == HEALING_ROUNDS / 2 {
                let now_ms = self.clock_ms();
                self.crowd.give_up_hanging(&mut self.machine, now_ms)?;
            }
            while self.machine.write_checkpoint(self.clock_ms())? {}
            let now_ms = self.clock_ms();
            if self.crowd.help(&mut self.machine, now_ms)? {
                continue;
            }
            let is_over = self.is_over();
            if self.looked_in_vain() {
                self.node_stopped(0, &mut SplitMix(self.seed))?;
                continue;
            }
            if is_over {
                return self.forget();
            }
            // Timers and time-outs, then messages: what is not triggered from outside comes first. A message too early may begin
            // what has to be ended as well, and so on without end.
            match self.machine.driver().next_due_ms() {
                Some(due) if due <= self.latest_ms() + LONGEST_TTL_MS => {
                    self.now_ms = self.now_ms.max(due - self.clock_ahead_ms);
                    self.tick()?;
                    continue;
                }
                Some(_) | None => {}
            }
            self.settle()?;
            let now_ms = self.clock_ms();
            self.crowd.send_awaited_message(&mut self.machine, now_ms)?;
        }
        broken(format!("something is stuck: {}", self.left_over()))
    }

    /// The latest time that the clock or a record shows: the clock may have gone back.
    fn latest_ms(&self) -> i64 {
        let records = self.machine.driver().led().iter().map(|led| led.partition.state().last_ms());
        records.chain([self.clock_ms()]).max().unwrap_or_default()
    }

    /// What is kept for a while only goes.
    fn forget(&mut self) -> Result<(), Violation> {
        for _ in 0..HEALING_ROUNDS {
            self.settle()?;
            let Some(due) = self.machine.driver().next_due_ms() else { return Ok(()) };
            self.now_ms = self.now_ms.max(due - self.clock_ahead_ms);
            self.tick()?;
        }
        broken("something is due again and again although nothing lives")
    }

    fn is_over(&self) -> bool {
        self.machine.driver().led().iter().all(|led| led.partition.state().elements.is_empty())
    }

    /// Whether a store did not show what this world asked it for itself. The node finds out with what it decides next.
    fn looked_in_vain(&self) -> bool {
        self.machine.driver().led().iter().any(|led| led.partition.failure().is_some())
    }

    /// Tables that have rows although nothing lives.
    fn left_over(&self) -> String {
        const KEPT: [&str; 12] = [
            "meta",
            "files",
            "processes",
            "process_versions",
            "drgs",
            "drg_versions",
            "decisions",
            "decision_versions",
            "last_versions",
            "message_starts",
            "outbox_last",
            "inbox_last",
        ];
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
