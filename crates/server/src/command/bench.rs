//! `weir bench`: the load generator's command line.

use std::{path::PathBuf, time::Duration};

use clap::Args;
use serde_json::Value;

use crate::{
    bench::{
        Bench as Runs, Setting, capacity,
        driver::{Delivery, Load},
        endurance,
        pace::Arrivals,
        report,
        waiting::{Waiting, WaitsFor},
        workload::Workload,
    },
    client::Connection,
    exit::Exit,
    failure::Failure,
    output::Output,
};

/// Measure a gateway: ours, or any other that speaks the Zeebe contract
///
/// Closed load (--concurrency) starts an instance when another has ended: throughput. Open load
/// (--rate) starts them at their times, whether or not the server keeps up, and counts latency from
/// the intended start: what callers feel.
/// Every acknowledged instance must end; otherwise the exit code is 1.
///
/// Examples:
///   weir bench                                        W1, 64 in flight
///   weir bench W1 W2 --concurrency 16 --duration 30s
///   weir bench --rate 2000 --pid $(pgrep -x weir)     with the server's CPU time and memory
///   weir bench --capacity                             the highest rate that holds
///   weir bench --waiting 1000000                      beside a million instances that wait
///   weir bench --endure --duration 5m                 kill the server meanwhile: nothing may be lost
///
/// --endure compares when jobs were handed out with when they were done: the server's clock must be
/// this machine's.
#[derive(Args, Debug)]
#[command(verbatim_doc_comment)]
pub(crate) struct Bench {
    /// Which processes
    #[arg(value_enum, ignore_case = true, default_value = "W1")]
    workloads: Vec<Workload>,
    /// Closed load: instances in flight
    #[arg(long, value_name = "NUMBER", default_value_t = 64, conflicts_with = "rate")]
    concurrency: usize,
    /// Open load: starts per second
    #[arg(long, value_name = "PER_SECOND", value_parser = positive)]
    rate: Option<f64>,
    /// Open load: how the starts are spread
    #[arg(long, value_enum, default_value = "poisson")]
    arrivals: Arrivals,
    /// Search for the highest rate that holds (p99 under 1 s, under 1 % refused, no growing backlog); then, three times, open
    /// load at 70 % and at 200 % of what closed load reaches right before
    #[arg(long, conflicts_with = "rate")]
    capacity: bool,
    /// Work on through restarts and crashes of the server (for --duration, or until Ctrl-C), then account for everything it
    /// acknowledged
    #[arg(long, conflicts_with_all = ["rate", "capacity"])]
    endure: bool,
    /// First create so many instances that wait, then measure beside them
    #[arg(long, value_name = "NUMBER")]
    waiting: Option<u64>,
    /// With --waiting: what they wait for
    #[arg(long, value_enum, default_value = "job")]
    waiting_for: WaitsFor,
    /// With --waiting-for timer: when the timers are due, all in the same second, from the beginning of the command
    #[arg(long, value_name = "TIME", default_value = "30days", value_parser = humantime::parse_duration)]
    due_in: Duration,
    /// How long to measure; with --capacity: each step
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = humantime::parse_duration)]
    duration: Duration,
    /// How long to run before measuring
    #[arg(long, value_name = "TIME", default_value = "3s", value_parser = humantime::parse_duration)]
    warm_up: Duration,
    /// How long to wait afterwards for what is still under way
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = humantime::parse_duration)]
    drain: Duration,
    /// How jobs reach the worker
    #[arg(long, value_enum, default_value = "stream")]
    delivery: Delivery,
    /// Long polls at a time with --delivery poll
    #[arg(long, value_name = "NUMBER", default_value_t = 4)]
    pollers: usize,
    /// How long a worker takes for a job
    #[arg(long, value_name = "TIME", default_value = "0s", value_parser = humantime::parse_duration)]
    work: Duration,
    /// Size of the text variable that each instance carries
    #[arg(long, value_name = "BYTES", default_value_t = 538)]
    payload: usize,
    /// Threads of the driver
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    drivers: usize,
    /// HTTP/2 connections of each thread
    #[arg(long, value_name = "NUMBER", default_value_t = 2)]
    connections: usize,
    /// Seed of the arrivals
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// The server's process: measures its CPU time, memory and disk writes
    #[arg(long)]
    pid: Option<u32>,
    /// The server's data folder: measures the bytes it grows by
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    #[command(flatten)]
    connection: Connection,
}

impl Bench {
    pub(crate) fn run(self, output: Output) -> Result<Exit, Failure> {
        let mut values = Vec::new();
        let mut complete = true;
        let mut waiting = self.waiting();
        // Who measures wants to hear at once that there is no server; who endures has one that is killed now and then.
        let patience = if self.endure { endurance::BACK_WITHIN } else { Duration::ZERO };
        for workload in &self.workloads {
            let mut runs = Runs::prepare(self.setting(), *workload, patience)?;
            if let Some(waiting) = waiting.take() {
                output.say(runs.wait(waiting)?.to_string());
            }
            if self.endure {
                let ledger = runs.endure(self.concurrency)?;
                complete &= ledger.violations.is_empty();
                output.say(report::ledger_text(&ledger));
                values.push(report::ledger_json(&ledger));
            } else if self.capacity {
                let told = |outcome: &_, too_much: Option<&str>| output.say(report::line(outcome, too_much));
                let capacity = capacity::search(&mut runs, self.concurrency, self.arrivals, told)?;
                complete &= capacity.runs().all(|outcome| outcome.tally.is_complete());
                output.say(report::capacity_text(&capacity));
                values.push(report::capacity_json(&capacity));
            } else {
                let load =
                    self.rate.map_or(Load::Closed(self.concurrency), |rate| Load::Open(rate, self.arrivals));
                let outcome = runs.run(load)?;
                complete &= outcome.tally.is_complete();
                output.say(report::text(&outcome));
                values.push(report::json(&outcome));
            }
        }
        if output.json {
            output.answer(&Value::Array(values), "");
        }
        Ok(if complete { Exit::Ok } else { Exit::Failed })
    }

    fn waiting(&self) -> Option<Waiting> {
        let (waits_for, due_in, payload) = (self.waiting_for, self.due_in, self.payload);
        self.waiting.map(|instances| Waiting { instances, waits_for, due_in, payload })
    }

    fn setting(&self) -> Setting {
        Setting {
            connection: self.connection.clone(),
            drivers: self.drivers,
            connections: self.connections,
            delivery: self.delivery,
            pollers: self.pollers,
            work: self.work,
            payload: self.payload,
            warm_up: self.warm_up,
            window: self.duration,
            drain: self.drain,
            seed: self.seed,
            pid: self.pid,
            data_dir: self.data_dir.clone(),
        }
    }
}

fn positive(text: &str) -> Result<f64, String> {
    let number: Option<f64> = text.parse().ok();
    number.filter(|number| number.is_finite() && *number > 0.0).ok_or("must be a number above 0".to_owned())
}
