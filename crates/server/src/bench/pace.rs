//! When instances are to be started under open load: arrivals that do not wait for the server.

use std::{
    thread,
    time::{Duration, Instant},
};

use clap::ValueEnum;
use tokio::sync::mpsc;

/// Arrivals that are due together within this time are handed over together, so that a high rate does not cost a
/// wake-up for each. It bounds the error of the start, and is far below what is measured.
const SLICE: Duration = Duration::from_micros(200);

/// How arrivals are spread.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Arrivals {
    /// As independent callers come: gaps are exponentially distributed
    Poisson,
    /// One like the other
    Constant,
}

/// The times of the arrivals, in nanoseconds since the start.
#[derive(Debug)]
struct Times {
    arrivals: Arrivals,
    gap_ns: f64,
    at_ns: f64,
    random: fastrand::Rng,
}

impl Times {
    fn new(arrivals: Arrivals, per_second: f64, seed: u64) -> Self {
        Self { arrivals, gap_ns: 1e9 / per_second, at_ns: 0.0, random: fastrand::Rng::with_seed(seed) }
    }
}

impl Iterator for Times {
    type Item = Duration;

    fn next(&mut self) -> Option<Duration> {
        let gaps = match self.arrivals {
            Arrivals::Constant => 1.0,
            // 1 - f64() is never 0, whose logarithm is infinite.
            Arrivals::Poisson => -(1.0 - self.random.f64()).ln(),
        };
        self.at_ns += gaps * self.gap_ns;
        Some(Duration::from_nanos(self.at_ns as u64))
    }
}

/// Sends the intended times of all arrivals until `until`, each when it is due, from a thread of its own: the timers
/// of the runtime are too coarse.
pub(crate) fn arrivals(
    start: Instant,
    until: Duration,
    arrivals: Arrivals,
    per_second: f64,
    seed: u64,
) -> mpsc::UnboundedReceiver<Vec<Duration>> {
    let (send, receive) = mpsc::unbounded_channel();
    let mut times = Times::new(arrivals, per_second, seed).take_while(move |time| *time < until).peekable();
    thread::spawn(move || {
        while let Some(next) = times.peek() {
            let wait = (*next).max(start.elapsed() + SLICE).saturating_sub(start.elapsed());
            thread::sleep(wait);
            let now = start.elapsed();
            let mut due = Vec::new();
            while let Some(time) = times.next_if(|time| *time <= now) {
                due.push(time);
            }
            if send.send(due).is_err() {
                return;
            }
        }
    });
    receive
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Arrivals, Times};

    #[test]
    fn rates_are_kept() {
        for kind in [Arrivals::Constant, Arrivals::Poisson] {
            let count =
                Times::new(kind, 1_000.0, 1).take_while(|time| *time < Duration::from_secs(100)).count();
            assert!((99_000..=101_000).contains(&count), "{kind:?}: {count}");
        }
    }

    #[test]
    fn poisson_gaps_vary_as_they_should() {
        let times: Vec<f64> =
            Times::new(Arrivals::Poisson, 1.0, 2).take(50_000).map(|time| time.as_secs_f64()).collect();
        let gaps: Vec<f64> = times.windows(2).filter_map(|pair| Some(pair.last()? - pair.first()?)).collect();
        let mean = gaps.iter().sum::<f64>() / gaps.len() as f64;
        let variance = gaps.iter().map(|gap| (gap - mean).powi(2)).sum::<f64>() / gaps.len() as f64;
        assert!(
            (variance.sqrt() / mean - 1.0).abs() < 0.03,
            "an exponential distribution's deviation is its mean"
        );
    }
}
