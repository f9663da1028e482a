//! Capacity: the highest rate of arrivals that the server keeps up with.

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

/// What the search gave.
#[derive(Debug)]
pub(crate) struct Capacity {
    /// Closed load, which gave the first guess.
    pub(crate) closed: Outcome,
    /// Each step with why it was too much, if it was.
    pub(crate) steps: Vec<(Outcome, Option<String>)>,
    /// The highest rate that held, in instances per second; 0 where none did.
    pub(crate) per_second: f64,
    /// At 70 % of it: the latencies to quote.
    pub(crate) comfortable: Option<Outcome>,
    /// At twice of it: what is left under overload.
    pub(crate) overload: Option<Outcome>,
}

/// Raises the rate until the server does not keep up; then measures at 70 % and at 200 % of what it bore.
pub(crate) fn search(
    bench: &mut Bench,
    in_flight: usize,
    arrivals: Arrivals,
    told: impl Fn(&Outcome, Option<&str>),
) -> Result<Capacity, Failure> {
    let closed = bench.run(Load::Closed(in_flight))?;
    told(&closed, None);
    let mut rate = (closed.done_per_second() * FIRST_SHARE).max(1.0);
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
    let mut at = |share: f64| -> Result<Option<Outcome>, Failure> {
        if held == 0.0 {
            return Ok(None);
        }
        let outcome = bench.run(Load::Open(held * share, arrivals))?;
        told(&outcome, None);
        Ok(Some(outcome))
    };
    let comfortable = at(0.7)?;
    let overload = at(2.0)?;
    Ok(Capacity { closed, steps, per_second: held, comfortable, overload })
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
