//! The load generator: drives any gateway that speaks the Zeebe contract, and measures it.
//!
//! A run has `drivers` threads. Each has connections, instances and workers of its own and shares nothing with the
//! others but the clock, so that the driver costs little on a machine that it shares with the server. Latencies
//! count from the time at which a start was *meant*, not from when the driver came to it (no coordinated omission).

pub(crate) mod capacity;
pub(crate) mod driver;
pub(crate) mod endurance;
#[cfg(test)]
mod fake;
pub(crate) mod pace;
mod process;
pub(crate) mod report;
mod tally;
pub(crate) mod waiting;
mod wire;
pub(crate) mod workload;

use std::{
    io,
    path::PathBuf,
    thread,
    time::{Duration, Instant},
};

use weir_api::proto::Resource;

use self::{
    driver::{Delivery, Load, Plan},
    process::{Usage, used_bytes},
    tally::Tally,
    waiting::{Created, Waiting},
    workload::Workload,
};
use crate::{
    client::{Client, Connection},
    command::{block_on, deploy},
    exit::Exit,
    failure::Failure,
};

/// Numbers of instances that one driver may use within a command; the next driver's begin behind them.
const IDS_PER_DRIVER: u64 = 1 << 32;
/// Time between two tries to deploy.
const DEPLOY_AGAIN_AFTER: Duration = Duration::from_millis(20);

/// What all runs of one command have in common.
#[derive(Clone, Debug)]
pub(crate) struct Setting {
    /// The gateway.
    pub(crate) connection: Connection,
    /// Threads that drive.
    pub(crate) drivers: usize,
    /// HTTP/2 connections of each driver.
    pub(crate) connections: usize,
    /// How jobs come.
    pub(crate) delivery: Delivery,
    /// Long polls at a time where jobs are polled.
    pub(crate) pollers: usize,
    /// Time that a worker takes for a job.
    pub(crate) work: Duration,
    /// Characters of the variable `payload`.
    pub(crate) payload: usize,
    /// Time before the window.
    pub(crate) warm_up: Duration,
    /// The window.
    pub(crate) window: Duration,
    /// Time after the window for what is still under way.
    pub(crate) drain: Duration,
    /// Of the arrivals.
    pub(crate) seed: u64,
    /// The server's process, where its costs are wanted.
    pub(crate) pid: Option<u32>,
    /// The server's data folder, where its growth is wanted.
    pub(crate) data_dir: Option<PathBuf>,
}

/// What a run gave.
#[derive(Clone, Debug)]
pub(crate) struct Outcome {
    /// Which process.
    pub(crate) workload: Workload,
    /// How it was started.
    pub(crate) load: Load,
    /// Counts and times.
    pub(crate) tally: Tally,
    /// True length of the window.
    pub(crate) window: Duration,
    /// Processor seconds of the driver within the window.
    pub(crate) driver_cpu_seconds: f64,
    /// The server's costs within the window.
    pub(crate) server: Option<ServerCost>,
    /// Bytes by which the data folder grew in the whole run.
    pub(crate) data_bytes: Option<i64>,
}

/// What the server's process used within the window.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ServerCost {
    /// Processor seconds.
    pub(crate) cpu_seconds: f64,
    /// Bytes that reached the disk, as the kernel counts them.
    pub(crate) written_bytes: Option<u64>,
    /// Bytes in memory at the window's end.
    pub(crate) resident_bytes: u64,
    /// Most bytes in memory since the server's start.
    pub(crate) resident_bytes_max: u64,
}

impl Outcome {
    /// Instances that ended per second.
    pub(crate) fn done_per_second(&self) -> f64 {
        self.tally.done_in_window as f64 / self.window.as_secs_f64()
    }
}

/// Runs against one gateway: models deployed, numbers of instances given out.
#[derive(Debug)]
pub(crate) struct Bench {
    setting: Setting,
    workload: Workload,
    names: Vec<String>,
    authority: String,
    next_id: u64,
}

impl Bench {
    /// Deploys the model, once for each driver. As long as `patience` lasts, a gateway that is away or breaks off is asked again: what
    /// was deployed already stays as it is.
    pub(crate) fn prepare(setting: Setting, workload: Workload, patience: Duration) -> Result<Self, Failure> {
        let run = std::time::SystemTime::UNIX_EPOCH.elapsed().map_or(0, |time| time.as_millis());
        let names: Vec<String> = (0..setting.drivers.max(1))
            .map(|driver| format!("weir-bench-{workload}-{run:x}-{driver}").to_lowercase())
            .collect();
        let begin = Instant::now();
        let deploy = || {
            block_on(async {
                deploy_models(&mut setting.connection.client()?, workload, &names).await?;
                Ok(Exit::Ok)
            })
        };
        while let Err(failure) = deploy() {
            if failure.exit == Exit::Usage || begin.elapsed() >= patience {
                return Err(failure);
            }
            thread::sleep(DEPLOY_AGAIN_AFTER);
        }
        let authority = authority(&setting.connection.address());
        Ok(Self { setting, workload, names, authority, next_id: 1 })
    }

    /// One run.
    pub(crate) fn run(&mut self, load: Load) -> Result<Outcome, Failure> {
        let broken = |error: io::Error| {
            Failure::new(Exit::Connection, "the gateway cannot be driven").at(&self.authority).because(error)
        };
        let data_before = self.data_bytes()?;
        // The drivers connect before the run starts.
        let start = Instant::now() + Duration::from_millis(20);
        let mut threads = Vec::new();
        for (number, name) in self.names.iter().enumerate() {
            let plan = self.plan(load, number, name, start);
            threads.push(thread::spawn(move || driver::run(plan)));
        }
        sleep_until(start + self.setting.warm_up);
        let (window_start, before) = (Instant::now(), self.usage()?);
        sleep_until(start + self.setting.warm_up + self.setting.window);
        let (window, after) = (window_start.elapsed(), self.usage()?);
        let mut tally = Tally::new();
        for thread in threads {
            let one = thread
                .join()
                .unwrap_or_else(|_| Err(io::Error::other("a driver panicked")))
                .map_err(broken)?;
            tally.add(&one);
        }
        self.next_id += tally.acknowledged + IDS_PER_DRIVER;
        let data_after = self.data_bytes()?;
        Ok(Outcome {
            workload: self.workload,
            load,
            tally,
            window,
            driver_cpu_seconds: after.0.cpu_seconds - before.0.cpu_seconds,
            server: after.1.zip(before.1).map(|(after, before)| ServerCost {
                cpu_seconds: after.cpu_seconds - before.cpu_seconds,
                written_bytes: after
                    .written_bytes
                    .zip(before.written_bytes)
                    .map(|(after, before)| after.saturating_sub(before)),
                resident_bytes: after.resident_bytes,
                resident_bytes_max: after.resident_bytes_max,
            }),
            data_bytes: data_after
                .zip(data_before)
                .map(|(after, before)| after.cast_signed() - before.cast_signed()),
        })
    }

    /// Creates instances that wait, beside which runs are measured.
    pub(crate) fn wait(&self, waiting: Waiting) -> Result<Created, Failure> {
        let name = format!("{}-waits", self.names.first().cloned().unwrap_or_default());
        let model = Resource { name: format!("{name}.bpmn"), content: waiting.waits_for.model(&name).into() };
        block_on(async {
            let mut client = self.setting.connection.client()?;
            deploy::deploy(&mut client, vec![model]).await?;
            Ok(Exit::Ok)
        })?;
        waiting::create(&self.authority, &name, self.setting.connections, waiting).map_err(|error| {
            Failure::new(Exit::Connection, "the instances that wait cannot be created")
                .at(&self.authority)
                .because(error)
        })
    }

    /// Works through restarts of the server; see [`endurance`].
    pub(crate) fn endure(&self, callers: usize) -> Result<endurance::Ledger, Failure> {
        let plan = endurance::Plan {
            authority: self.authority.clone(),
            workload: self.workload,
            name: self.names.first().cloned().unwrap_or_default(),
            callers,
            time: self.setting.window,
            payload: self.setting.payload,
        };
        let broken = |error: io::Error| {
            Failure::new(Exit::Connection, "the gateway did not come back").at(&self.authority).because(error)
        };
        endurance::run(plan).map_err(broken)
    }

    fn plan(&self, load: Load, number: usize, name: &str, start: Instant) -> Plan {
        let setting = &self.setting;
        let drivers = self.names.len();
        let load = match load {
            // The remainder goes to the first drivers.
            Load::Closed(in_flight) => {
                Load::Closed(in_flight / drivers + usize::from(number < in_flight % drivers))
            }
            Load::Open(per_second, arrivals) => Load::Open(per_second / drivers as f64, arrivals),
        };
        Plan {
            authority: self.authority.clone(),
            workload: self.workload,
            name: name.to_owned(),
            load,
            delivery: setting.delivery,
            connections: setting.connections,
            pollers: setting.pollers,
            work: setting.work,
            payload: setting.payload,
            warm_up: setting.warm_up,
            window: setting.window,
            drain: setting.drain,
            first_id: self.next_id + number as u64 * IDS_PER_DRIVER,
            seed: setting.seed.wrapping_add(number as u64),
            start,
        }
    }

    /// This process's use, and the server's where its id is known.
    fn usage(&self) -> Result<(Usage, Option<Usage>), Failure> {
        let own = Usage::of("self")
            .map_err(|error| Failure::new(Exit::Failed, "cannot read /proc/self").because(error))?;
        let server = self.setting.pid.map(|pid| {
            Usage::of(&pid.to_string()).map_err(|error| {
                Failure::usage("cannot read what the server's process uses")
                    .at(format!("/proc/{pid}"))
                    .because(error)
                    .try_this(
                        "--pid must be the id of a running process on this machine that you may look at",
                    )
            })
        });
        Ok((own, server.transpose()?))
    }

    fn data_bytes(&self) -> Result<Option<u64>, Failure> {
        let bytes = self
            .setting
            .data_dir
            .as_deref()
            .map(|folder| used_bytes(folder).map_err(|error| Failure::reading(folder, &error)));
        bytes.transpose()
    }
}

/// HOST:PORT out of an address that the client has accepted.
fn authority(address: &str) -> String {
    let rest = address.split_once("://").map_or(address, |(_, rest)| rest).trim_end_matches('/');
    if rest.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok()) {
        rest.to_owned()
    } else {
        format!("{rest}:26500")
    }
}

async fn deploy_models(client: &mut Client, workload: Workload, names: &[String]) -> Result<(), Failure> {
    let model =
        |name: &String| Resource { name: format!("{name}.bpmn"), content: workload.model(name).into() };
    deploy::deploy(client, names.iter().map(model).collect()).await.map(|_deployed| ())
}

fn sleep_until(time: Instant) {
    thread::sleep(time.saturating_duration_since(Instant::now()));
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use clap::ValueEnum;

    use super::{
        Bench, Outcome, Setting,
        driver::{Delivery, Load},
        fake::{Fake, Fault},
        pace::Arrivals,
        waiting::{Waiting, WaitsFor},
        workload::Workload,
    };
    use crate::{client::Connection, exit::Exit};

    fn setting(fake: &Fake, delivery: Delivery) -> Setting {
        Setting {
            connection: Connection::to(fake.address().to_string()),
            drivers: 2,
            connections: 2,
            delivery,
            pollers: 2,
            work: Duration::ZERO,
            payload: 538,
            warm_up: Duration::from_millis(50),
            window: Duration::from_millis(400),
            drain: Duration::from_secs(2),
            seed: 1,
            pid: Some(std::process::id()),
            data_dir: None,
        }
    }

    fn run(fake: &Fake, workload: Workload, load: Load, delivery: Delivery) -> Outcome {
        Bench::prepare(setting(fake, delivery), workload, Duration::ZERO).unwrap().run(load).unwrap()
    }

    #[test]
    fn every_workload_ends_under_closed_load() {
        let fake = Fake::start(Fault::None);
        for workload in Workload::value_variants() {
            for delivery in Delivery::value_variants() {
                let outcome = run(&fake, *workload, Load::Closed(8), *delivery);
                let tally = &outcome.tally;
                assert!(tally.is_complete(), "{workload} {delivery:?}: {tally:?}");
                assert!(tally.done_in_window > 0, "{workload} {delivery:?}: {tally:?}");
                assert_eq!(tally.done, tally.acknowledged, "{workload} {delivery:?}");
                assert!(tally.errors.is_empty(), "{workload} {delivery:?}: {:?}", tally.errors);
                assert!(tally.verified > 0, "{workload} {delivery:?}");
            }
        }
    }

    #[test]
    fn open_load_keeps_its_rate_and_counts_from_the_intended_start() {
        let fake = Fake::start(Fault::None);
        let outcome = run(&fake, Workload::W1, Load::Open(200.0, Arrivals::Constant), Delivery::Stream);
        assert!((78..=82).contains(&outcome.tally.offered_in_window), "{:?}", outcome.tally);
        assert_eq!(outcome.tally.done_after.count(), outcome.tally.offered_in_window);

        // A server that stands still for a while is slow for all who came meanwhile, not only for those it kept.
        let fake = Fake::start(Fault::Pause(Duration::from_millis(150)));
        let outcome = run(&fake, Workload::W1, Load::Open(200.0, Arrivals::Constant), Delivery::Stream);
        let slow = outcome.tally.done_after.quantile_ms(0.8);
        assert!(slow > 50.0, "p80 is {slow} ms");
    }

    #[test]
    fn lost_and_doubled_work_is_seen() {
        let lost = run(
            &Fake::start(Fault::LoseEachTenth),
            Workload::W1,
            Load::Open(200.0, Arrivals::Constant),
            Delivery::Stream,
        );
        assert!(lost.tally.missing > 0 && !lost.tally.is_complete(), "{:?}", lost.tally);
        let doubled =
            run(&Fake::start(Fault::DoubleEachTenth), Workload::W1, Load::Closed(4), Delivery::Stream);
        assert!(doubled.tally.surplus > 0 && !doubled.tally.is_complete(), "{:?}", doubled.tally);
        let active = run(&Fake::start(Fault::NeverEnd), Workload::W1, Load::Closed(4), Delivery::Stream);
        assert!(active.tally.still_active > 0 && !active.tally.is_complete(), "{:?}", active.tally);
    }

    #[test]
    fn who_endures_deploys_again_to_a_gateway_that_broke_off() {
        let prepare = |patience| {
            let fake = Fake::start(Fault::BreakFirstDeploymentOff);
            Bench::prepare(setting(&fake, Delivery::Stream), Workload::W1, patience)
        };
        assert_eq!(prepare(Duration::ZERO).unwrap_err().exit, Exit::Connection);
        prepare(Duration::from_secs(60)).unwrap();
    }

    #[test]
    fn as_many_wait_as_were_asked_for() {
        for waits_for in WaitsFor::value_variants() {
            let fake = Fake::start(Fault::RefuseEachTenth);
            let bench =
                Bench::prepare(setting(&fake, Delivery::Stream), Workload::W1, Duration::ZERO).unwrap();
            let waiting = Waiting {
                instances: 300,
                waits_for: *waits_for,
                due_in: Duration::from_secs(60),
                payload: 538,
            };
            assert_eq!(bench.wait(waiting).unwrap().instances, 300);
            assert_eq!(fake.active(), 300, "{waits_for:?}");
        }
    }

    #[test]
    fn refusals_are_counted_and_not_taken_for_errors() {
        let outcome = run(
            &Fake::start(Fault::RefuseEachTenth),
            Workload::W1,
            Load::Open(200.0, Arrivals::Poisson),
            Delivery::Stream,
        );
        assert!(outcome.tally.refused_in_window > 0 && outcome.tally.is_complete(), "{:?}", outcome.tally);
        assert!(outcome.tally.errors.is_empty(), "{:?}", outcome.tally.errors);
    }
}
