//! An amount of time: calendar months and days, then exact time (ISO 8601 `P1Y2M3W4DT5H6M7.5S`).

use weir_feel::Dialect;
use weir_feel::temporal::{DateTime, DaysDuration, MonthsDuration, Zone};

use super::{TimerError, shown};

const NANOS_PER_SECOND: i64 = 1_000_000_000;

/// An amount of time. Months and days follow the calendar of a zone (a day may have 23 or 25 hours), hours do not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Interval {
    months: i64,
    days: i64,
    exact_nanos: i128,
}

impl From<MonthsDuration> for Interval {
    fn from(duration: MonthsDuration) -> Self {
        Self { months: duration.total_months(), ..Self::default() }
    }
}

impl From<DaysDuration> for Interval {
    fn from(duration: DaysDuration) -> Self {
        Self { exact_nanos: duration.total_nanos(), ..Self::default() }
    }
}

impl Interval {
    /// Reads a `timeDuration` text: `PT15S`, `P3DT4H`, `P1Y2M`; a sign before the whole or before each number.
    ///
    /// # Errors
    /// The text is no duration.
    pub fn parse(text: &str) -> Result<Self, TimerError> {
        Scan { rest: text }.interval().ok_or_else(|| {
            TimerError(format!(
                "'{}' is no duration: expected ISO 8601 such as PT15M, P3DT4H or P1Y2M",
                shown(text)
            ))
        })
    }

    /// When it is over, begun at `from_ms` and counted by the calendar of `zone`.
    #[must_use]
    pub fn after_ms(self, from_ms: i64, zone: Zone) -> Option<i64> {
        let exact = i64::try_from(self.exact_nanos.div_euclid(1_000_000)).ok()?;
        if self.months == 0 && self.days == 0 {
            return from_ms.checked_add(exact);
        }
        let from = DateTime::from_epoch_ms(from_ms, zone)?.plus_months(self.months)?;
        let date = from.date().plus_days(self.days)?;
        DateTime::new(date, from.time())?.epoch_ms()?.checked_add(exact)
    }

    /// Whether it goes forward: a cycle of zero or less would fire without end.
    #[must_use]
    pub fn is_positive(self) -> bool {
        // A month has at least 28 days, and a day at least 23 hours; mixed signs are judged by that.
        let days = i128::from(self.months) * 28 + i128::from(self.days);
        days * 23 * 3600 * i128::from(NANOS_PER_SECOND) + self.exact_nanos > 0
    }
}

/// A text that is being read.
struct Scan<'a> {
    rest: &'a str,
}

impl<'a> Scan<'a> {
    /// The whole interval.
    fn interval(mut self) -> Option<Interval> {
        let sign = self.sign();
        self.letter('P')?;
        let mut parts = 0;
        let mut interval = Interval::default();
        for (letter, months, days) in [('Y', 12, 0), ('M', 1, 0), ('W', 0, 7), ('D', 0, 1)] {
            let Some(number) = self.number_before(letter) else { continue };
            interval.months = interval.months.checked_add(number.checked_mul(months)?)?;
            interval.days = interval.days.checked_add(number.checked_mul(days)?)?;
            parts += 1;
        }
        if self.letter('T').is_some() {
            let before = parts;
            for (letter, seconds) in [('H', 3600), ('M', 60)] {
                let Some(number) = self.number_before(letter) else { continue };
                interval.exact_nanos += i128::from(number) * seconds * i128::from(NANOS_PER_SECOND);
                parts += 1;
            }
            if !self.rest.is_empty() {
                interval.exact_nanos += self.seconds()?;
                parts += 1;
            }
            if parts == before {
                return None;
            }
        }
        if parts == 0 || !self.rest.is_empty() {
            return None;
        }
        interval.months = interval.months.checked_mul(sign)?;
        interval.days = interval.days.checked_mul(sign)?;
        interval.exact_nanos *= i128::from(sign);
        Some(interval)
    }

    fn sign(&mut self) -> i64 {
        if let Some(rest) = self.rest.strip_prefix('-') {
            self.rest = rest;
            return -1;
        }
        self.rest = self.rest.strip_prefix('+').unwrap_or(self.rest);
        1
    }

    fn letter(&mut self, letter: char) -> Option<()> {
        self.rest = self.rest.strip_prefix([letter, letter.to_ascii_lowercase()])?;
        Some(())
    }

    /// A whole number, if it stands before `letter`; at most as many digits as Java's `int` has.
    fn number_before(&mut self, letter: char) -> Option<i64> {
        let mut ahead = Scan { rest: self.rest };
        let sign = ahead.sign();
        let digits = ahead.digits()?;
        ahead.letter(letter)?;
        let number: i64 = digits.parse().ok()?;
        self.rest = ahead.rest;
        Some(sign * number)
    }

    fn digits(&mut self) -> Option<&'a str> {
        let end = self.rest.bytes().position(|byte| !byte.is_ascii_digit()).unwrap_or(self.rest.len());
        let (digits, rest) = self.rest.split_at(end);
        self.rest = rest;
        (1..=10).contains(&digits.len()).then_some(digits)
    }

    /// Seconds with a fraction of at most nine digits, in nanoseconds.
    fn seconds(&mut self) -> Option<i128> {
        let end = self.rest.len().checked_sub(1).filter(|end| self.rest.is_char_boundary(*end))?;
        let (number, letter) = self.rest.split_at(end);
        if !letter.eq_ignore_ascii_case("S") {
            return None;
        }
        // The days and time duration of FEEL has the same seconds.
        let (sign, number) = match number.strip_prefix('-') {
            Some(number) => (-1, number),
            None => (1, number.strip_prefix('+').unwrap_or(number)),
        };
        if !number.starts_with(|c: char| c.is_ascii_digit()) {
            return None;
        }
        let duration = DaysDuration::parse(&format!("PT{number}S"), Dialect::Bpmn)?;
        self.rest = "";
        Some(sign * duration.total_nanos())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(text: &str, from: &str, zone: &str) -> String {
        let from = super::super::date_due_ms(from).unwrap();
        let zone = Zone::parse(zone).unwrap();
        let due = Interval::parse(text).unwrap().after_ms(from, zone).unwrap();
        DateTime::from_epoch_ms(due, Zone::UTC).unwrap().to_string()
    }

    #[test]
    fn durations_are_added_by_calendar_and_clock() {
        for (text, due) in [
            ("PT15S", "2024-01-31T12:00:15Z"),
            ("PT1.5S", "2024-01-31T12:00:01.5Z"),
            ("P3DT4H", "2024-02-03T16:00:00Z"),
            ("P1M", "2024-02-29T12:00:00Z"),
            ("P1Y2M", "2025-03-31T12:00:00Z"),
            ("P2W", "2024-02-14T12:00:00Z"),
            ("-PT1H", "2024-01-31T11:00:00Z"),
            ("PT-1H", "2024-01-31T11:00:00Z"),
            ("-P1DT1H", "2024-01-30T11:00:00Z"),
            ("+PT0S", "2024-01-31T12:00:00Z"),
            ("PT36H", "2024-02-02T00:00:00Z"),
        ] {
            assert_eq!(after(text, "2024-01-31T12:00:00Z", "Z"), due, "{text}");
        }
    }

    #[test]
    fn a_day_is_a_day_of_the_zone_and_24_hours_are_not() {
        // Clocks in Berlin went forward on 2024-03-31.
        assert_eq!(after("P1D", "2024-03-30T11:00:00Z", "Europe/Berlin"), "2024-03-31T10:00:00Z");
        assert_eq!(after("PT24H", "2024-03-30T11:00:00Z", "Europe/Berlin"), "2024-03-31T11:00:00Z");
    }

    #[test]
    fn what_is_no_duration_is_refused() {
        for text in [
            "",
            "P",
            "PT",
            "P1",
            "1D",
            "P1DT",
            "PT1",
            "P1H",
            "PT1D",
            "P1M1Y",
            "PT1S1M",
            "P1.5D",
            "PT.5S",
            "PT1.S2",
            "P99999999999D",
            "five minutes",
            "PT5M ",
            "P\u{e9}",
            "PT\u{e9}",
            "PT1\u{e9}S",
        ] {
            assert!(Interval::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn beyond_the_years_there_is_no_due_time() {
        let far = Interval::parse("P9999999999Y").unwrap();
        assert_eq!(far.after_ms(0, Zone::UTC), None);
        assert_eq!(Interval::parse("PT9999999999H").unwrap().after_ms(i64::MAX, Zone::UTC), None);
    }

    #[test]
    fn only_what_goes_forward_can_repeat() {
        assert!(Interval::parse("PT1S").unwrap().is_positive());
        assert!(Interval::parse("P1MT-1H").unwrap().is_positive());
        assert!(!Interval::parse("PT0S").unwrap().is_positive());
        assert!(!Interval::parse("-P1D").unwrap().is_positive());
    }
}
