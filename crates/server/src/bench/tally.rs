//! What a driver counts and times.

use std::{collections::BTreeMap, fmt, time::Duration};

use hdrhistogram::Histogram;

/// Longest latency that is told apart, in microseconds: ten minutes.
const LATENCY_US_MAX: u64 = 600 * 1_000_000;
/// Significant digits of a latency.
const DIGITS: u8 = 3;

/// Latencies in microseconds.
#[derive(Clone)]
pub(crate) struct Latency(Histogram<u64>);

impl fmt::Debug for Latency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} with p50 {} ms, p99 {} ms", self.count(), self.quantile_ms(0.5), self.quantile_ms(0.99))
    }
}

impl Latency {
    fn new() -> Self {
        Self(
            Histogram::new_with_bounds(1, LATENCY_US_MAX, DIGITS)
                .unwrap_or_else(|error| unreachable!("{error}")),
        )
    }

    /// Notes one.
    pub(crate) fn record(&mut self, time: Duration) {
        self.0.saturating_record(u64::try_from(time.as_micros()).unwrap_or(u64::MAX));
    }

    /// How many there are.
    pub(crate) fn count(&self) -> u64 {
        self.0.len()
    }

    /// The latency that this share of all does not exceed, in milliseconds: 0.5 is the median, 1.0 the longest.
    pub(crate) fn quantile_ms(&self, quantile: f64) -> f64 {
        self.0.value_at_quantile(quantile) as f64 / 1000.0
    }

    fn add(&mut self, other: &Self) {
        self.0.add(&other.0).unwrap_or_else(|error| unreachable!("all have the same bounds: {error}"));
    }
}

/// Everything that is counted and timed. Latencies are of instances whose start was meant to lie in the window;
/// they count from the intended start.
#[derive(Clone, Debug)]
pub(crate) struct Tally {
    /// To the answer to the creation.
    pub(crate) acknowledged_after: Latency,
    /// To the arrival of the first job.
    pub(crate) job_after: Latency,
    /// From sending a job's completion to its answer.
    pub(crate) completion: Latency,
    /// To the end of the instance.
    pub(crate) done_after: Latency,
    /// From the intended to the true start: how late the driver itself was.
    pub(crate) driver_late: Latency,
    /// Creations that were acknowledged, in the whole run.
    pub(crate) acknowledged: u64,
    /// Instances that ended, in the whole run.
    pub(crate) done: u64,
    /// Instances that ended within the window.
    pub(crate) done_in_window: u64,
    /// Jobs completed within the window.
    pub(crate) jobs_in_window: u64,
    /// Starts that were meant for the window.
    pub(crate) offered_in_window: u64,
    /// Creations that the server refused as busy within the window.
    pub(crate) refused_in_window: u64,
    /// Starts that the driver left out because too much was in flight.
    pub(crate) left_out: u64,
    /// Instances in flight, at most.
    pub(crate) in_flight_max: usize,
    /// Instances in flight when the window ended.
    pub(crate) in_flight_at_end: usize,
    /// Acknowledged instances that never ended: work that was lost, or is still under way.
    pub(crate) missing: u64,
    /// Job completions beyond what the process has.
    pub(crate) surplus: u64,
    /// Jobs of no instance of this run.
    pub(crate) foreign: u64,
    /// Ended instances that the server was asked about.
    pub(crate) verified: u64,
    /// Of these, those that it still had.
    pub(crate) still_active: u64,
    /// Other failures: how often each text was seen.
    pub(crate) errors: BTreeMap<String, u64>,
    /// Instances that ended in each second of the run.
    pub(crate) done_by_second: Vec<u64>,
}

impl Tally {
    pub(crate) fn new() -> Self {
        Self {
            acknowledged_after: Latency::new(),
            job_after: Latency::new(),
            completion: Latency::new(),
            done_after: Latency::new(),
            driver_late: Latency::new(),
            acknowledged: 0,
            done: 0,
            done_in_window: 0,
            jobs_in_window: 0,
            offered_in_window: 0,
            refused_in_window: 0,
            left_out: 0,
            in_flight_max: 0,
            in_flight_at_end: 0,
            missing: 0,
            surplus: 0,
            foreign: 0,
            verified: 0,
            still_active: 0,
            errors: BTreeMap::new(),
            done_by_second: Vec::new(),
        }
    }

    /// Notes a failure.
    pub(crate) fn error(&mut self, what: &str, code: u16, message: &str) {
        // A text that names keys would make a kind of its own for each.
        let text: String = message
            .chars()
            .take(120)
            .map(|character| if character.is_ascii_digit() { '#' } else { character })
            .collect();
        *self.errors.entry(format!("{what}: status {code} {text}")).or_default() += 1;
    }

    /// Notes the end of an instance.
    pub(crate) fn ended(&mut self, at: Duration) {
        let second = usize::try_from(at.as_secs()).unwrap_or(usize::MAX);
        if self.done_by_second.len() <= second {
            self.done_by_second.resize(second + 1, 0);
        }
        if let Some(count) = self.done_by_second.get_mut(second) {
            *count += 1;
        }
        self.done += 1;
    }

    /// Adds what another driver of the same run has counted.
    pub(crate) fn add(&mut self, other: &Self) {
        self.acknowledged_after.add(&other.acknowledged_after);
        self.job_after.add(&other.job_after);
        self.completion.add(&other.completion);
        self.done_after.add(&other.done_after);
        self.driver_late.add(&other.driver_late);
        self.acknowledged += other.acknowledged;
        self.done += other.done;
        self.done_in_window += other.done_in_window;
        self.jobs_in_window += other.jobs_in_window;
        self.offered_in_window += other.offered_in_window;
        self.refused_in_window += other.refused_in_window;
        self.left_out += other.left_out;
        self.in_flight_max += other.in_flight_max;
        self.in_flight_at_end += other.in_flight_at_end;
        self.missing += other.missing;
        self.surplus += other.surplus;
        self.foreign += other.foreign;
        self.verified += other.verified;
        self.still_active += other.still_active;
        for (text, count) in &other.errors {
            *self.errors.entry(text.clone()).or_default() += count;
        }
        if self.done_by_second.len() < other.done_by_second.len() {
            self.done_by_second.resize(other.done_by_second.len(), 0);
        }
        for (sum, count) in self.done_by_second.iter_mut().zip(&other.done_by_second) {
            *sum += count;
        }
    }

    /// Whether every acknowledged instance ended, once.
    pub(crate) fn is_complete(&self) -> bool {
        self.missing == 0 && self.surplus == 0 && self.still_active == 0
    }
}
