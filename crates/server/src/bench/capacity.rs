//! Capacity: the highest rate of arrivals that the server keeps up with, and how it behaves below and above.
//!
//! Machines have slow minutes. So what is said of 70 % and of 200 % is of what closed load reached right before, several
//! times, and not of the result of a search that ended minutes ago.

use super::{Bench, Outcome, driver::Load, pace::Arrivals};
use crate::failure::Failure;

/// A rate is too high when this share of the instances takes longer than [`DONE_MS_MAX`].
const QUANTILE: f64 = 0.99;
/// See [`QUANTILE`].
const DONE_MS_MAX: f64 = 1_000.0;
/// A rate is too high when more than this share of the starts is refused.
const REFUSED_SHARE_MAX: f64 = 0.01;
/// A rate is too high when fewer than this share of the offered instances ends within the window: the backlog grows.
const DONE_SHARE_MIN: f64 = 0.98;
/// Each step is higher than the one before by this factor.
const STEP: f64 = 1.1;
/// The search begins at this share of what closed load reaches.
const FIRST_SHARE: f64 = 0.5;
/// Steps after which the search ends in any case.
const STEPS_MAX: usize = 25;

/// Rounds below and above what the server bears.
const ROUNDS: usize = 3;
/// Of what closed load reaches: a rate to live with.
const COMFORTABLE_SHARE: f64 = 0.7;
/// Of what closed load reaches with twice as many in flight: overload.
const OVERLOAD_SHARE: f64 = 2.0;

/// What the search gave.
#[derive(Debug)]
pub(crate) struct Capacity {
    /// Closed load, which gave the first guess.
    pub(crate) closed: Outcome,
    /// Each step with why it was too much, if it was.
    pub(crate) steps: Vec<(Outcome, Option<String>)>,
    /// The highest rate that held, in instances per second; 0 where none did.
    pub(crate) per_second: f64,
    /// Below and above it.
    pub(crate) rounds: Vec<Round>,
}

/// Four runs, one right behind the other.
#[derive(Debug)]
pub(crate) struct Round {
    /// Closed load.
    pub(crate) closed: Outcome,
    /// Open load at 70 % of that: the latencies to quote.
    pub(crate) comfortable: Outcome,
    /// Closed load with twice as many in flight.
    pub(crate) most: Outcome,
    /// Open load at twice of that.
    pub(crate) overload: Outcome,
}

impl Round {
    /// What is left under overload, of what closed load reached right before.
    pub(crate) fn goodput(&self) -> f64 {
        self.overload.done_per_second() / self.most.done_per_second().max(1.0)
    }

    /// Its runs.
    pub(crate) fn runs(&self) -> [&Outcome; 4] {
        [&self.closed, &self.comfortable, &self.most, &self.overload]
    }
}

impl Capacity {
    /// The middle one of the rounds, by a figure of theirs.
    pub(crate) fn median(&self, figure: impl Fn(&Round) -> f64) -> f64 {
        let mut figures: Vec<f64> = self.rounds.iter().map(figure).collect();
        figures.sort_by(f64::total_cmp);
        figures.get(figures.len() / 2).copied().unwrap_or_default()
    }

    /// Every run.
    pub(crate) fn runs(&self) -> impl Iterator<Item = &Outcome> {
        let steps = self.steps.iter().map(|(outcome, _)| outcome);
        [&self.closed].into_iter().chain(steps).chain(self.rounds.iter().flat_map(Round::runs))
    }
}

/// Raises the rate until the server does not keep up; then measures below and above what it bears.
pub(crate) fn search(
    bench: &mut Bench,
    in_flight: usize,
    arrivals: Arrivals,
    told: impl Fn(&Outcome, Option<&str>),
) -> Result<Capacity, Failure> {
    let closed = bench.run(Load::Closed(in_flight))?;
    told(&closed, None);
    let mut rate = rate_of(&closed, FIRST_SHARE);
    let mut held = 0.0;
    let mut steps = Vec::new();
    for _ in 0..STEPS_MAX {
        let outcome = bench.run(Load::Open(rate, arrivals))?;
        let too_much = too_much(&outcome);
        told(&outcome, too_much.as_deref());
        let failed = too_much.is_some();
        steps.push((outcome, too_much));
        match failed {
            false => {
                held = rate;
                rate *= STEP;
            }
            // The guess was too high: look further down.
            true if held == 0.0 && rate > 1.0 => rate /= 2.0,
            true => break,
        }
    }
    let mut rounds = Vec::new();
    for _ in 0..ROUNDS {
        let mut run = |load| -> Result<Outcome, Failure> {
            let outcome = bench.run(load)?;
            told(&outcome, None);
            Ok(outcome)
        };
        let closed = run(Load::Closed(in_flight))?;
        let comfortable = run(Load::Open(rate_of(&closed, COMFORTABLE_SHARE), arrivals))?;
        let most = run(Load::Closed(2 * in_flight))?;
        let overload = run(Load::Open(rate_of(&most, OVERLOAD_SHARE), arrivals))?;
        rounds.push(Round { closed, comfortable, most, overload });
    }
    Ok(Capacity { closed, steps, per_second: held, rounds })
}

fn rate_of(outcome: &Outcome, share: f64) -> f64 {
    (outcome.done_per_second() * share).max(1.0)
}

/// Why a rate was more than the server bears.
fn too_much(outcome: &Outcome) -> Option<String> {
    let tally = &outcome.tally;
    let offered = tally.offered_in_window.max(1) as f64;
    let refused = tally.refused_in_window as f64 / offered;
    let done = tally.done_in_window as f64 / offered;
    let slow = tally.done_after.quantile_ms(QUANTILE);
    if refused > REFUSED_SHARE_MAX {
        Some(format!("{:.1} % refused", refused * 100.0))
    } else if slow > DONE_MS_MAX {
        Some(format!("p99 {slow:.0} ms"))
    } else if done < DONE_SHARE_MIN || tally.left_out > 0 {
        Some(format!("{:.1} % of the offered done, the backlog grows", done * 100.0))
    } else {
        None
    }
}
