//! Cron in the syntax of Spring 5.3: `second minute hour day-of-month month day-of-week`, or a macro.
//!
//! Each field is `*`, a value, a range `a-b`, or a list of them, with a step `/n`. Days of the month also know `?`, `L`,
//! `L-n`, `nW` and `LW`; days of the week `?`, `dL` and `d#n`. Names of months and days may be used. A day must match both
//! day fields. Where clocks are set forward, what falls into the gap fires after it; where they are set back, what
//! does not fire every hour fires once.

use weir_feel::temporal::{Date, DateTime, Time, Zone};

use super::{TimerError, shown};
use crate::limits;

const MONTHS: [&str; 12] =
    ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
/// From 1, as cron counts with Sunday as 7.
const WEEKDAYS: [&str; 7] = ["MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN"];
const MACROS: [(&str, &str); 7] = [
    ("@yearly", "0 0 0 1 1 *"),
    ("@annually", "0 0 0 1 1 *"),
    ("@monthly", "0 0 0 1 * *"),
    ("@weekly", "0 0 0 * * 0"),
    ("@daily", "0 0 0 * * *"),
    ("@midnight", "0 0 0 * * *"),
    ("@hourly", "0 0 * * * *"),
];
const ALL_HOURS: u64 = (1 << 24) - 1;

/// When a clock and a calendar show what fits a pattern. Bit n of a set stands for the value n.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cron {
    seconds: u64,
    minutes: u64,
    hours: u64,
    months: u64,
    month_days: Vec<MonthDay>,
    weekdays: Vec<Weekday>,
}

/// A rule for days of the month.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum MonthDay {
    /// One of these.
    Set(u64),
    /// So many days before the last.
    BeforeLast(u8),
    /// The last day from Monday to Friday.
    LastWorkday,
    /// The day from Monday to Friday that is nearest to this one, in the same month.
    NearestWorkday(u8),
}

/// A rule for days of the week; Monday is 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Weekday {
    /// One of these.
    Set(u64),
    /// The last such day of the month.
    Last(u8),
    /// The nth such day of the month.
    Nth(u8, u8),
}

/// A time of a day that has no zone yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Local {
    date: Date,
    hour: u8,
    minute: u8,
    second: u8,
}

impl Cron {
    /// Reads a pattern.
    ///
    /// # Errors
    /// The text is no cron pattern; the message names the field.
    pub fn parse(text: &str) -> Result<Self, TimerError> {
        let whole = text.trim();
        let pattern =
            MACROS.iter().find(|(name, _)| name.eq_ignore_ascii_case(whole)).map_or(whole, |(_, p)| *p);
        let fields: Vec<&str> = pattern.split_ascii_whitespace().collect();
        let [second, minute, hour, month_day, month, weekday] = fields.as_slice() else {
            let message = format!(
                "'{}' is no cycle: expected a repeating interval such as R3/PT10H, or cron with six fields such as '0 0 9 * * MON-FRI'",
                shown(text)
            );
            return Err(TimerError(message));
        };
        let wrong = |field: &str, value: &str| {
            TimerError(format!("'{}' is no {field} of a cron pattern, in '{}'", shown(value), shown(text)))
        };
        let set = |value: &str, field: &str, range, names| {
            Range { range, names }.set(value).ok_or_else(|| wrong(field, value))
        };
        Ok(Self {
            seconds: set(second, "second", (0, 59), &[])?,
            minutes: set(minute, "minute", (0, 59), &[])?,
            hours: set(hour, "hour", (0, 23), &[])?,
            months: set(month, "month", (1, 12), &MONTHS)?,
            month_days: month_days(month_day).ok_or_else(|| wrong("day of the month", month_day))?,
            weekdays: weekdays(weekday).ok_or_else(|| wrong("day of the week", weekday))?,
        })
    }

    /// The first time after `after_ms` that fits, by the clocks of `zone`; `None` when there is none within
    /// [`limits::MAX_CRON_YEARS_AHEAD`] years.
    #[must_use]
    pub fn next_ms(&self, after_ms: i64, zone: Zone) -> Option<i64> {
        let zone = if zone == Zone::Local { Zone::UTC } else { zone };
        let after = after_ms.div_euclid(1000);
        if self.hours == ALL_HOURS
            && let Some(due) = self.next_by_the_hour(after, zone)
        {
            return due.checked_mul(1000);
        }
        let mut from = Local::at(after, zone)?.plus_one_second()?;
        loop {
            let candidate = self.at_or_after(from)?;
            let due = candidate.in_zone(zone)?.epoch_seconds()?;
            if due > after {
                return due.checked_mul(1000);
            }
            // The clock showed this time before: it has fired then.
            from = candidate.plus_one_second()?;
        }
    }

    /// The next time within an hour, counted by the time line: what fires every hour fires also in an hour that the clock
    /// shows twice.
    fn next_by_the_hour(&self, after: i64, zone: Zone) -> Option<i64> {
        let next = |seconds: i64| {
            let local = self.at_or_after(Local::at(seconds, zone)?)?;
            let offset = DateTime::from_epoch_seconds(seconds, 0, zone)?.zone().offset()?;
            let due = local.in_zone(Zone::Fixed(offset))?.epoch_seconds()?;
            (due - after <= 3600).then_some((due, offset))
        };
        let (due, offset) = next(after + 1)?;
        match DateTime::from_epoch_seconds(due, 0, zone)?.zone().offset()? == offset {
            true => Some(due),
            // The clock was set in between: look again from there.
            false => next(due).map(|(due, _)| due),
        }
    }

    /// The first fitting time at or after `from`.
    fn at_or_after(&self, from: Local) -> Option<Local> {
        let last_year = from.date.year().checked_add(limits::MAX_CRON_YEARS_AHEAD)?;
        if self.fits(from.date)
            && let Some(found) = self.on_day(from)
        {
            return Some(found);
        }
        let mut date = from.date;
        loop {
            date = if self.months & (1 << date.month()) == 0 {
                Date::new(date.year(), date.month(), 1)?.plus_months(1)?
            } else {
                date.plus_days(1)?
            };
            if date.year() > last_year {
                return None;
            }
            if self.fits(date) {
                return self.on_day(Local { date, hour: 0, minute: 0, second: 0 });
            }
        }
    }

    /// The first fitting time of the day of `from`, at or after it.
    fn on_day(&self, from: Local) -> Option<Local> {
        let Local { date, hour, minute, second } = from;
        if has(self.hours, hour) {
            if has(self.minutes, minute)
                && let Some(second) = at_or_after(self.seconds, second)
            {
                return Some(Local { date, hour, minute, second });
            }
            if let Some(minute) = at_or_after(self.minutes, minute + 1) {
                return Some(Local { date, hour, minute, second: at_or_after(self.seconds, 0)? });
            }
        }
        let hour = at_or_after(self.hours, hour + 1)?;
        let (minute, second) = (at_or_after(self.minutes, 0)?, at_or_after(self.seconds, 0)?);
        Some(Local { date, hour, minute, second })
    }

    /// Whether both day fields and the month fit.
    fn fits(&self, date: Date) -> bool {
        has(self.months, date.month())
            && self.month_days.iter().any(|rule| rule.fits(date))
            && self.weekdays.iter().any(|rule| rule.fits(date))
    }
}

impl Local {
    fn at(epoch_seconds: i64, zone: Zone) -> Option<Self> {
        let at = DateTime::from_epoch_seconds(epoch_seconds, 0, zone)?;
        let time = at.time();
        Some(Self { date: at.date(), hour: time.hour(), minute: time.minute(), second: time.second() })
    }

    fn in_zone(self, zone: Zone) -> Option<DateTime> {
        DateTime::new(self.date, Time::new(self.hour, self.minute, self.second, 0, zone)?)
    }

    fn plus_one_second(self) -> Option<Self> {
        Self::at(self.in_zone(Zone::UTC)?.epoch_seconds()?.checked_add(1)?, Zone::UTC)
    }
}

impl MonthDay {
    fn fits(self, date: Date) -> bool {
        let last = date.last_day_of_month().day();
        match self {
            Self::Set(days) => has(days, date.day()),
            Self::BeforeLast(days) => date.day().checked_add(days) == Some(last),
            Self::LastWorkday => Some(date.day()) == nearest_workday(date, last),
            Self::NearestWorkday(day) => day <= last && Some(date.day()) == nearest_workday(date, day),
        }
    }
}

/// The day from Monday to Friday nearest to `day` in the month of `date`.
fn nearest_workday(date: Date, day: u8) -> Option<u8> {
    let target = Date::new(date.year(), date.month(), day)?;
    let last = target.last_day_of_month().day();
    Some(match target.weekday() {
        6 if day == 1 => 3,
        6 => day - 1,
        7 if day == last => day - 2,
        7 => day + 1,
        _ => day,
    })
}

impl Weekday {
    fn fits(self, date: Date) -> bool {
        match self {
            Self::Set(days) => has(days, date.weekday()),
            Self::Last(day) => date.weekday() == day && date.day() + 7 > date.last_day_of_month().day(),
            Self::Nth(day, nth) => date.weekday() == day && (date.day() - 1) / 7 + 1 == nth,
        }
    }
}

fn has(set: u64, value: u8) -> bool {
    set & (1 << value) != 0
}

/// The smallest value of a set that is at least `value`.
fn at_or_after(set: u64, value: u8) -> Option<u8> {
    let rest = set.checked_shr(u32::from(value))?;
    // In range: a set has 64 values.
    (rest != 0).then(|| value + rest.trailing_zeros() as u8)
}

/// The values that a field knows.
#[derive(Clone, Copy)]
struct Range<'n> {
    range: (u8, u8),
    names: &'n [&'n str],
}

impl Range<'_> {
    /// A list of values, ranges and steps.
    fn set(self, text: &str) -> Option<u64> {
        text.split(',').try_fold(0, |set, item| Some(set | self.item(item)?))
    }

    /// `*`, `a`, `a-b`, each with `/step`; `a/step` goes on to the end.
    fn item(self, text: &str) -> Option<u64> {
        let (span, step) = match text.split_once('/') {
            Some((span, step)) => (span, Some(number(step).filter(|step| *step > 0)?)),
            None => (text, None),
        };
        let (from, to) = match span.split_once('-') {
            Some((from, to)) => (self.value(from)?, self.value(to)?),
            None if span == "*" => self.range,
            None => {
                let value = self.value(span)?;
                (value, if step.is_some() { self.range.1 } else { value })
            }
        };
        let step = usize::from(step.unwrap_or(1));
        (from <= to).then(|| (from..=to).step_by(step).fold(0, |set, value| set | 1 << value))
    }

    fn value(self, text: &str) -> Option<u8> {
        let named = self.names.iter().position(|name| name.eq_ignore_ascii_case(text));
        // In range: there are at most twelve names.
        let value = named.map_or_else(|| number(text), |place| Some(place as u8 + 1))?;
        (self.range.0..=self.range.1).contains(&value).then_some(value)
    }
}

/// A number of at most two digits.
fn number(text: &str) -> Option<u8> {
    let is_number = (1..=2).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.parse().ok()).flatten()
}

fn month_days(text: &str) -> Option<Vec<MonthDay>> {
    if text == "?" {
        return month_days("*");
    }
    let range = Range { range: (1, 31), names: &[] };
    let rule = |item: &str| match item.to_ascii_uppercase().as_str() {
        "L" => Some(MonthDay::BeforeLast(0)),
        "LW" => Some(MonthDay::LastWorkday),
        upper => match (upper.strip_prefix("L-"), upper.strip_suffix('W')) {
            (Some(days), _) => number(days).filter(|days| *days <= 30).map(MonthDay::BeforeLast),
            (None, Some(day)) => range.value(day).map(MonthDay::NearestWorkday),
            (None, None) => range.item(item).map(MonthDay::Set),
        },
    };
    text.split(',').map(rule).collect()
}

fn weekdays(text: &str) -> Option<Vec<Weekday>> {
    if text == "?" {
        return weekdays("*");
    }
    // 0 and 7 are Sunday; the set is made with both and then folded.
    let range = Range { range: (0, 7), names: &WEEKDAYS };
    let day = |text: &str| range.value(text).map(|day| if day == 0 { 7 } else { day });
    let rule = |item: &str| {
        if let Some((name, nth)) = item.split_once('#') {
            let nth = number(nth).filter(|nth| (1..=5).contains(nth))?;
            return Some(Weekday::Nth(day(name)?, nth));
        }
        if let Some(name) = item.strip_suffix(['L', 'l'])
            && !name.is_empty()
        {
            return day(name).map(Weekday::Last);
        }
        // SUN-WED begins the week with Sunday, as 0-3 does.
        let item = match item.get(..4) {
            Some(start) if start.eq_ignore_ascii_case("SUN-") => format!("0-{}", &item[4..]),
            _ => item.to_owned(),
        };
        let set = range.item(&item)?;
        Some(Weekday::Set(if has(set, 0) { set | 1 << 7 } else { set }))
    };
    text.split(',').map(rule).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::timer::date_due_ms;

    /// The next times of a pattern, in UTC.
    fn next(pattern: &str, from: &str, zone: &str, count: usize) -> Vec<String> {
        let cron = Cron::parse(pattern).unwrap();
        let mut at = date_due_ms(from).unwrap();
        let zone = Zone::parse(zone).unwrap();
        let mut times = Vec::new();
        while times.len() < count {
            at = cron.next_ms(at, zone).unwrap();
            times.push(DateTime::from_epoch_ms(at, Zone::UTC).unwrap().to_string());
        }
        times
    }

    #[test]
    fn patterns_fit_what_spring_says_they_fit() {
        // 2024-01-31 is a Wednesday.
        for (pattern, expected) in [
            ("* * * * * *", "2024-01-31T12:00:01Z"),
            ("*/10 * * * * *", "2024-01-31T12:00:10Z"),
            ("5/20 * * * * *", "2024-01-31T12:00:05Z"),
            ("0 0 * * * *", "2024-01-31T13:00:00Z"),
            ("0 0 8-10 * * *", "2024-02-01T08:00:00Z"),
            ("0 0/30 8-10 * * *", "2024-02-01T08:00:00Z"),
            ("0 0 9-17 * * MON-FRI", "2024-01-31T13:00:00Z"),
            ("0 0 0 25 12 ?", "2024-12-25T00:00:00Z"),
            ("0 0 0 L * *", "2024-02-29T00:00:00Z"),
            ("0 0 0 L-3 * *", "2024-02-26T00:00:00Z"),
            ("0 0 0 1W * *", "2024-02-01T00:00:00Z"),
            ("0 0 0 1W 6 *", "2024-06-03T00:00:00Z"),
            ("0 0 0 LW 3 *", "2024-03-29T00:00:00Z"),
            ("0 0 0 * * 5L", "2024-02-23T00:00:00Z"),
            ("0 0 0 * * THUL", "2024-02-29T00:00:00Z"),
            ("0 0 0 ? * 5#2", "2024-02-09T00:00:00Z"),
            ("0 0 0 ? * MON#1", "2024-02-05T00:00:00Z"),
            ("0 0 0 * * 0", "2024-02-04T00:00:00Z"),
            ("0 0 0 * * 7", "2024-02-04T00:00:00Z"),
            ("0 0 0 * * SUN-TUE", "2024-02-04T00:00:00Z"),
            ("0 0 0 13 * FRI", "2024-09-13T00:00:00Z"),
            ("0 0 0 29 2 SUN", "2032-02-29T00:00:00Z"),
            ("@yearly", "2025-01-01T00:00:00Z"),
            ("@annually", "2025-01-01T00:00:00Z"),
            ("@monthly", "2024-02-01T00:00:00Z"),
            ("@weekly", "2024-02-04T00:00:00Z"),
            ("@daily", "2024-02-01T00:00:00Z"),
            ("@midnight", "2024-02-01T00:00:00Z"),
            ("@hourly", "2024-01-31T13:00:00Z"),
        ] {
            assert_eq!(next(pattern, "2024-01-31T12:00:00Z", "Z", 1), [expected], "{pattern}");
        }
    }

    #[test]
    fn the_clock_of_the_zone_counts() {
        assert_eq!(next("0 0 9 * * *", "2024-01-31T12:00:00Z", "Europe/Berlin", 1), ["2024-02-01T08:00:00Z"]);
        assert_eq!(next("0 0 9 * * *", "2024-07-31T12:00:00Z", "Europe/Berlin", 1), ["2024-08-01T07:00:00Z"]);
    }

    #[test]
    fn a_skipped_time_fires_after_the_gap_and_a_repeated_one_once() {
        // 2024-03-31: 02:00 to 03:00 is skipped. 2024-10-27: 02:00 to 03:00 comes twice.
        let gap = next("0 30 2 * * *", "2024-03-30T12:00:00Z", "Europe/Berlin", 2);
        assert_eq!(gap, ["2024-03-31T01:30:00Z", "2024-04-01T00:30:00Z"]);
        let fold = next("0 30 2 * * *", "2024-10-26T12:00:00Z", "Europe/Berlin", 2);
        assert_eq!(fold, ["2024-10-27T00:30:00Z", "2024-10-28T01:30:00Z"]);
    }

    #[test]
    fn what_fires_every_hour_does_so_when_clocks_are_set() {
        let gap = next("0 0 * * * *", "2024-03-30T23:30:00Z", "Europe/Berlin", 3);
        assert_eq!(gap, ["2024-03-31T00:00:00Z", "2024-03-31T01:00:00Z", "2024-03-31T02:00:00Z"]);
        let fold = next("0 0/30 * * * *", "2024-10-26T23:45:00Z", "Europe/Berlin", 5);
        let expected = [
            "2024-10-27T00:00:00Z",
            "2024-10-27T00:30:00Z",
            "2024-10-27T01:00:00Z",
            "2024-10-27T01:30:00Z",
            "2024-10-27T02:00:00Z",
        ];
        assert_eq!(fold, expected);
    }

    #[test]
    fn what_never_fits_has_no_next_time() {
        let never = Cron::parse("0 0 0 31 2 *").unwrap();
        assert_eq!(never.next_ms(0, Zone::UTC), None);
        assert_eq!(never.next_ms(i64::MAX, Zone::UTC), None);
        assert_eq!(Cron::parse("* * * * * *").unwrap().next_ms(i64::MAX, Zone::UTC), None);
    }

    #[test]
    fn the_rarest_day_is_found_within_the_years_that_are_looked_at() {
        // 29 February falls on a Monday every 28 years; over 2100, which is no leap year, it takes 40.
        for (from, next_year, years) in
            [("2024-03-01T00:00:00Z", "2044", 20), ("2072-03-01T00:00:00Z", "2112", 40)]
        {
            assert!(years < limits::MAX_CRON_YEARS_AHEAD);
            let expected = format!("{next_year}-02-29T00:00:00Z");
            assert_eq!(next("0 0 0 29 2 MON", from, "Z", 1), [expected], "{from}");
        }
    }

    #[test]
    fn what_is_no_pattern_is_refused() {
        for pattern in [
            "",
            "*",
            "* * * * *",
            "* * * * * * *",
            "60 * * * * *",
            "* 60 * * * *",
            "* * 24 * * *",
            "* * * 0 * *",
            "* * * 32 * *",
            "* * * * 0 *",
            "* * * * 13 *",
            "* * * * * 8",
            "* * * * * *SUN",
            "* * * * * SUN*",
            "20-10 * * * * *",
            "*/0 * * * * *",
            "1, * * * * *",
            "? * * * * *",
            "* * * * ? *",
            "* * * W * *",
            "* * * * * L",
            "* * * * * 1#6",
            "* * * * * #1",
            "* * * L-31 * *",
            "@never",
            "-1 * * * * *",
            "* * * \u{e9} * \u{e9}\u{e9}\u{e9}",
            "* * * * * SU\u{e9}-",
        ] {
            assert!(Cron::parse(pattern).is_err(), "{pattern}");
        }
    }
}
