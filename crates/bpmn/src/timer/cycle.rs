//! A `timeCycle`: a repeating interval (`R3/PT10H`, `R/2030-01-01T08:00:00Z/P1D`) or cron.

use weir_feel::temporal::{DateTime, Zone};

use super::{Cron, Interval, TimerError, shown, zoned};

/// How often a timer fires in all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Repetitions {
    /// For ever.
    Unlimited,
    /// So many times.
    Limited(u32),
}

impl Repetitions {
    /// What remains after one firing; `None` when that was the last.
    #[must_use]
    pub fn after_one(self) -> Option<Self> {
        match self {
            Self::Unlimited => Some(Self::Unlimited),
            Self::Limited(0 | 1) => None,
            Self::Limited(count) => Some(Self::Limited(count - 1)),
        }
    }
}

/// When a timer fires again and again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cycle {
    /// After equal intervals.
    Repeating {
        /// How often in all.
        repetitions: Repetitions,
        /// The first time, where it is given.
        start: Option<DateTime>,
        /// How much time is between two firings.
        interval: Interval,
    },
    /// By the calendar and the clock, for ever.
    Cron(Box<Cron>),
}

impl Cycle {
    /// Reads a `timeCycle` text.
    ///
    /// # Errors
    /// The text is neither a repeating interval nor cron, or the interval does not go forward.
    pub fn parse(text: &str) -> Result<Self, TimerError> {
        let Some(repeating) = text.strip_prefix('R') else {
            return Cron::parse(text).map(|cron| Self::Cron(Box::new(cron)));
        };
        let Some((count, rest)) = repeating.split_once('/') else {
            return Err(TimerError(format!(
                "'{}' has no interval: expected one such as R3/PT10H",
                shown(text)
            )));
        };
        let repetitions = match (count, count.parse::<u32>()) {
            ("", _) | ("-1", _) => Repetitions::Unlimited,
            (_, Ok(count)) if count <= i32::MAX as u32 => Repetitions::Limited(count),
            _ => {
                let message =
                    format!("'{}' is no number of repetitions: expected R, or R and a number", shown(count));
                return Err(TimerError(message));
            }
        };
        let (start, interval) = match rest.rsplit_once('/') {
            Some((start, interval)) => (Some(zoned(start)?), interval),
            None => (None, rest),
        };
        let interval = Interval::parse(interval)?;
        if !interval.is_positive() && repetitions != Repetitions::Limited(1) {
            let message =
                format!("'{}' would fire without end: the interval must be longer than nothing", shown(text));
            return Err(TimerError(message));
        }
        Ok(Self::Repeating { repetitions, start, interval })
    }

    /// How often it fires in all.
    #[must_use]
    pub fn repetitions(&self) -> Repetitions {
        match self {
            Self::Repeating { repetitions, .. } => *repetitions,
            Self::Cron(_) => Repetitions::Unlimited,
        }
    }

    /// When it fires first, if it is set at `now_ms`: at its start, or one interval from now if that is past.
    #[must_use]
    pub fn first_due_ms(&self, now_ms: i64, zone: Zone) -> Option<i64> {
        match self {
            Self::Repeating { start, interval, .. } => match start.and_then(DateTime::epoch_ms) {
                Some(start) if start > now_ms => Some(start),
                Some(_) | None => interval.after_ms(now_ms, zone),
            },
            Self::Cron(cron) => cron.next_ms(now_ms, zone),
        }
    }

    /// When it fires again, having been due at `previous_due_ms` and set anew at `now_ms`: one interval after it was due
    /// or, if that is past, one interval from now. How often it may fire is up to the caller, see
    /// [`Repetitions::after_one`].
    #[must_use]
    pub fn next_due_ms(&self, previous_due_ms: i64, now_ms: i64, zone: Zone) -> Option<i64> {
        match self {
            Self::Repeating { start, interval, .. } => {
                let zone = start.map_or(zone, DateTime::zone);
                let due = interval.after_ms(previous_due_ms, zone)?;
                if due > now_ms { Some(due) } else { interval.after_ms(now_ms, zone) }
            }
            // A timer is never early, but what it was due at may be later than a clock that was set back.
            Self::Cron(cron) => cron.next_ms(now_ms.max(previous_due_ms), zone),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::timer::date_due_ms;

    const NOON: i64 = 1_706_702_400_000;

    #[test]
    fn a_cycle_begins_now_or_at_its_start_and_keeps_its_rhythm() {
        let cycle = Cycle::parse("R3/PT10M").unwrap();
        assert_eq!(cycle.repetitions(), Repetitions::Limited(3));
        assert_eq!(cycle.first_due_ms(NOON, Zone::UTC), Some(NOON + 600_000));
        // Late by a minute: the rhythm stays.
        assert_eq!(cycle.next_due_ms(NOON, NOON + 60_000, Zone::UTC), Some(NOON + 600_000));
        // Late by an hour: the rhythm begins anew.
        assert_eq!(cycle.next_due_ms(NOON, NOON + 3_600_000, Zone::UTC), Some(NOON + 4_200_000));

        let later = Cycle::parse("R/2024-01-31T14:00:00Z/P1D").unwrap();
        assert_eq!(later.repetitions(), Repetitions::Unlimited);
        assert_eq!(later.first_due_ms(NOON, Zone::UTC), date_due_ms("2024-01-31T14:00:00Z").ok());
        let past = Cycle::parse("R5/2022-01-01T10:00:00+02:00/PT1M").unwrap();
        assert_eq!(past.first_due_ms(NOON, Zone::UTC), Some(NOON + 60_000));
    }

    #[test]
    fn repetitions_run_out() {
        assert_eq!(Repetitions::Limited(2).after_one(), Some(Repetitions::Limited(1)));
        assert_eq!(Repetitions::Limited(1).after_one(), None);
        assert_eq!(Repetitions::Limited(0).after_one(), None);
        assert_eq!(Repetitions::Unlimited.after_one(), Some(Repetitions::Unlimited));
    }

    #[test]
    fn what_is_no_cycle_is_refused() {
        for text in [
            "",
            "R",
            "R3",
            "R/",
            "Rx/PT1M",
            "R-2/PT1M",
            "R1.5/PT1M",
            "R3/PT1",
            "R/PT0S",
            "R3/-PT1M",
            "R/2024-01-31T14:00:00/P1D",
            "R99999999999/PT1M",
            "PT1M",
            "3/PT1M",
        ] {
            assert!(Cycle::parse(text).is_err(), "{text}");
        }
    }
}
