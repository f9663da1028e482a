//! Every temporal, interval and pattern function: all overloads, named arguments, null and wrong types, both dialects.

use weir_feel::temporal::DateTime;
use weir_feel::{Dialect, Expression, Limits, Moment, Names};

/// The result as FEEL text with strings in quotes; `null!` for null with a warning, `error` for a failure.
fn evaluate(text: &str, dialect: Dialect) -> String {
    let moment =
        Moment { now: DateTime::parse("2024-06-15T12:00:00Z", dialect).expect("a literal"), seed: 1 };
    let compiled = match Expression::compile(text, dialect, &Names::default()) {
        Ok(compiled) => compiled,
        Err(error) => return format!("parse: {error}"),
    };
    match compiled.evaluate(&(), &moment, &Limits::DEFAULT) {
        Ok(evaluation) if evaluation.value.is_null() && !evaluation.warnings.is_empty() => "null!".to_owned(),
        Ok(evaluation) => {
            let list = weir_feel::Value::from(vec![evaluation.value]).to_text(dialect);
            list[1..list.len() - 1].to_owned()
        }
        Err(error) => format!("error: {error}"),
    }
}

/// Expression, result in the BPMN dialect, result in DMN.
type Table = [(&'static str, &'static str, &'static str)];

#[track_caller]
fn check(table: &Table) {
    let mut wrong = String::new();
    for (text, bpmn, dmn) in table {
        for (dialect, expected) in [(Dialect::Bpmn, bpmn), (Dialect::Dmn, dmn)] {
            let actual = evaluate(text, dialect);
            let same_failure =
                *expected == "error" && (actual.starts_with("error") || actual.starts_with("parse"));
            if actual != **expected && !same_failure {
                wrong.push_str(&format!("\n{text} in {dialect:?}: {actual}, not {expected}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn date() {
    check(&[
        ("date(\"2012-12-25\")", "2012-12-25", "2012-12-25"),
        ("date(string(\"2023-02-29\"))", "null!", "null!"),
        ("date(date and time(\"2012-12-25T11:00:00+01:00\"))", "2012-12-25", "2012-12-25"),
        ("date(date(\"2017-10-11\"))", "2017-10-11", "2017-10-11"),
        ("date(2012, 12, 25)", "2012-12-25", "2012-12-25"),
        ("date(-2012, 1, 1)", "-2012-01-01", "-2012-01-01"),
        ("date(2012.9, 12, 25)", "2012-12-25", "null!"),
        ("date(2023, 2, 29)", "null!", "null!"),
        ("date(1000999999, 12, 1)", "null!", "null!"),
        ("date(year: 2017, month: 08, day: 30)", "2017-08-30", "2017-08-30"),
        ("date(from: \"2012-12-25\")", "2012-12-25", "2012-12-25"),
        ("date(null)", "null!", "null!"),
        ("date(2017, null, 1)", "null!", "null!"),
        ("date(1)", "null!", "null!"),
        ("date([])", "null!", "null!"),
        ("date(@\"10:00:00\")", "null!", "null!"),
        ("date()", "null!", "null!"),
    ]);
}

#[test]
fn time() {
    check(&[
        ("time(\"23:59:00\")", "23:59:00", "23:59:00"),
        ("time(\"23:59\")", "23:59:00", "null!"),
        ("time(\"23:59:00@Europe/Paris\")", "23:59:00@Europe/Paris", "23:59:00@Europe/Paris"),
        ("time(string(\"25:00:00\"))", "null!", "null!"),
        ("time(date and time(\"2012-12-25T11:00:00\"))", "11:00:00", "11:00:00"),
        (
            "time(date and time(\"2012-12-25T11:00:00@Europe/Paris\"))",
            "11:00:00@Europe/Paris",
            "11:00:00@Europe/Paris",
        ),
        ("time(date(\"2017-08-10\"))", "00:00:00Z", "00:00:00Z"),
        ("time(time(\"10:00:00\"))", "null!", "10:00:00"),
        ("time(23, 59, 0)", "23:59:00", "23:59:00"),
        ("time(11, 59, 45, null)", "11:59:45", "11:59:45"),
        ("time(11, 59, 45, duration(\"PT0H\"))", "11:59:45Z", "11:59:45Z"),
        ("time(11, 59, 45, duration(\"-PT2H45M55S\"))", "11:59:45-02:45:55", "11:59:45-02:45:55"),
        ("time(11, 59, 45, duration(\"PT19H\"))", "null!", "null!"),
        ("time(12, 59, 1.3, @\"-PT1H\")", "12:59:01.3-01:00", "12:59:01.3-01:00"),
        ("time(24, 0, 0)", "null!", "null!"),
        ("time(-1, 0, 0)", "null!", "null!"),
        ("time(1, 60, 0)", "null!", "null!"),
        ("time(1, 0, 60)", "null!", "null!"),
        ("time(1, 0, -0.5)", "null!", "null!"),
        ("time(1.5, 0, 0)", "01:00:00", "null!"),
        (
            "time(hour: 11, minute: 59, second: 0, offset: duration(\"PT2H1M0S\"))",
            "11:59:00+02:01",
            "11:59:00+02:01",
        ),
        ("time(from: \"12:45:00\")", "12:45:00", "12:45:00"),
        ("time(null)", "null!", "null!"),
        ("time(null, 11, 45, duration(\"P0D\"))", "null!", "null!"),
        ("time(2017)", "null!", "null!"),
        ("time()", "null!", "null!"),
    ]);
}

#[test]
fn date_and_time() {
    check(&[
        ("date and time(\"2012-12-24T23:59:00\")", "2012-12-24T23:59:00", "2012-12-24T23:59:00"),
        ("date and time(\"2012-12-24\")", "2012-12-24T00:00:00", "2012-12-24T00:00:00"),
        ("date and time(date and time(\"2012-12-24\"))", "null!", "2012-12-24T00:00:00"),
        ("date and time(string(\"2023-06-31T10:00:00\"))", "null!", "null!"),
        ("date and time(@\"2017-01-01\", @\"23:59:01\")", "2017-01-01T23:59:01", "2017-01-01T23:59:01"),
        ("date and time(@\"2017-01-01\", @\"23:59:01Z\")", "2017-01-01T23:59:01Z", "2017-01-01T23:59:01Z"),
        (
            "date and time(@\"2017-09-05T10:20:00-01:00\", @\"09:15:30@Europe/Paris\")",
            "2017-09-05T09:15:30@Europe/Paris",
            "2017-09-05T09:15:30@Europe/Paris",
        ),
        (
            "date and time(@\"2017-08-10T10:20:00+02:00\", @\"23:59:01\")",
            "2017-08-10T23:59:01",
            "2017-08-10T23:59:01",
        ),
        ("date and time(@\"2020-07-31T14:27:30@Europe/Berlin\", \"Z\")", "2020-07-31T12:27:30Z", "null!"),
        (
            "date and time(@\"2020-07-31T14:27:30\", \"America/Los_Angeles\")",
            "2020-07-31T14:27:30@America/Los_Angeles",
            "null!",
        ),
        ("date and time(@\"2020-07-31T14:27:30\", \"Nowhere/Town\")", "error", "null!"),
        (
            "date and time(date: date(\"2017-01-01\"), time: time(\"23:59:01\"))",
            "2017-01-01T23:59:01",
            "2017-01-01T23:59:01",
        ),
        ("date and time(date(\"2017-08-10\"), null)", "null!", "null!"),
        ("date and time(null, time(\"23:59:01\"))", "null!", "null!"),
        ("date and time(null)", "null!", "null!"),
        ("date and time(2017)", "null!", "null!"),
        ("date and time()", "null!", "null!"),
    ]);
}

#[test]
fn durations() {
    check(&[
        ("duration(\"P1DT2H3M4S\")", "P1DT2H3M4S", "P1DT2H3M4S"),
        ("duration(\"PT0.5S\")", "P0D", "PT0.5S"),
        ("duration(\"P14M\")", "P1Y2M", "P1Y2M"),
        ("duration(string(\"P1Y2D\"))", "null!", "null!"),
        ("duration(from: \"PT24H\")", "P1D", "P1D"),
        ("duration(@\"P1D\")", "null!", "P1D"),
        ("duration(null)", "null!", "null!"),
        ("duration(2017)", "null!", "null!"),
        ("duration()", "null!", "null!"),
        ("years and months duration(@\"2011-12-22\", @\"2013-08-24\")", "P1Y8M", "P1Y8M"),
        ("years and months duration(@\"2016-01-21\", @\"2015-01-21T10:00:00Z\")", "-P1Y", "-P1Y"),
        ("years and months duration(@\"2017-12-31T13:00:00\", @\"2017-12-31T12:00:00\")", "P0Y", "P0M"),
        ("years and months duration(from: @\"2011-12-22\", to: @\"2013-08-24\")", "P1Y8M", "P1Y8M"),
        ("years and months duration(@\"2011-12-22\", null)", "null!", "null!"),
        ("years and months duration(2017)", "null!", "null!"),
        ("abs(duration(\"-PT5H\"))", "PT5H", "PT5H"),
        ("abs(@\"-P2M\")", "P2M", "P2M"),
        ("abs(@\"2018-12-06\")", "null!", "null!"),
        ("-@\"P1D\"", "null!", "-P1D"),
        ("@\"P1D\" / @\"PT5H\"", "4", "4.8"),
        ("@\"P1D\" * 1.5", "P1D", "P1DT12H"),
        ("cycle(@\"P7D\")", "\"R/P7D\"", "null!"),
        ("cycle(3, duration(\"PT1H\"))", "\"R3/PT1H\"", "null!"),
        ("cycle(null, @\"P1Y\")", "\"R/P1Y\"", "null!"),
        ("cycle(\"P1Y\")", "null!", "null!"),
    ]);
}

#[test]
fn the_calendar_and_the_clock() {
    check(&[
        ("now()", "2024-06-15T12:00:00Z", "2024-06-15T12:00:00Z"),
        ("today()", "2024-06-15", "2024-06-15"),
        ("now(1)", "null!", "null!"),
        ("today(1)", "null!", "null!"),
        ("day of year(@\"2020-12-31\")", "366", "366"),
        ("day of week(@\"2019-09-17\")", "\"Tuesday\"", "\"Tuesday\""),
        ("month of year(@\"2019-09-17T10:00:00\")", "\"September\"", "\"September\""),
        ("week of year(date(2005, 1, 1))", "53", "53"),
        ("last day of month(@\"2024-02-01\")", "2024-02-29", "2024-02-29"),
        ("day of week(date: @\"2019-09-17T10:10:10@Europe/Berlin\")", "\"Tuesday\"", "\"Tuesday\""),
        ("week of year(value: @\"1970-01-01\")", "null!", "null!"),
        ("day of year(\"foo\")", "null!", "null!"),
        ("month of year(null)", "null!", "null!"),
        ("day of year()", "null!", "null!"),
        ("day of week(@\"1970-01-01\", @\"1970-01-01\")", "null!", "null!"),
        ("week of year(@\"10:00:00\")", "null!", "null!"),
    ]);
}

#[test]
fn intervals() {
    check(&[
        ("before(1, 10)", "true", "true"),
        ("before(1, (1..10])", "true", "true"),
        ("before([1..10), 10)", "true", "true"),
        ("before([1..10), [10..20])", "true", "true"),
        ("before([1..10], [10..20])", "false", "false"),
        ("after(10, [1..10))", "true", "true"),
        ("after([11..20], [1..10])", "true", "true"),
        ("meets([1..5], [5..10])", "true", "true"),
        ("meets([1..5), [5..10])", "false", "false"),
        ("met by([5..10], [1..5])", "true", "true"),
        ("overlaps([1..5], [5..8])", "true", "true"),
        ("overlaps([1..5], (5..8])", "false", "false"),
        ("overlaps before([1..5], [3..8])", "true", "true"),
        ("overlaps before([3..8], [1..5])", "false", "false"),
        ("overlaps after([3..8], [1..5])", "true", "true"),
        ("finishes(10, [1..10])", "true", "true"),
        ("finishes(10, [1..10))", "false", "false"),
        ("finishes([5..10], [1..10])", "true", "true"),
        ("finished by([1..10], 10)", "true", "true"),
        ("finished by([1..10], [5..10])", "true", "true"),
        ("includes([1..10], 5)", "true", "true"),
        ("includes([1..10), 10)", "false", "false"),
        ("includes([1..10], [4..6])", "true", "true"),
        ("during(5, [1..10])", "true", "true"),
        ("during([4..6], [1..10))", "true", "true"),
        ("starts(1, [1..10])", "true", "true"),
        ("starts([1..5], [1..10])", "true", "true"),
        ("started by([1..10], 1)", "true", "true"),
        ("started by([1..10], [1..5])", "true", "true"),
        ("coincides(5, 5)", "true", "true"),
        ("coincides([1..5], [1..5])", "true", "true"),
        ("coincides((1..5), [1..5])", "false", "false"),
        ("before(@\"2021-12-21\", @\"2021-12-24\")", "true", "true"),
        ("before(@\"12:00:00+01:00\", @\"13:00:00+01:00\")", "true", "true"),
        ("during(@\"P3M\", [@\"P1M\"..@\"P6M\"])", "true", "true"),
        ("before(\"a\", \"b\")", "null!", "true"),
        ("before(point1: 1, point2: 2)", "true", "true"),
        ("before(point: 1, range: [2..3])", "true", "true"),
        ("includes(range: [1..10], point: 5)", "true", "true"),
        ("before(1, @\"2021-12-21\")", "null!", "null!"),
        ("before(null, 1)", "null!", "null!"),
        ("meets(1, 2)", "null!", "null!"),
        ("coincides(1, [1..1])", "null!", "null!"),
        ("before(1)", "null!", "null!"),
        ("string(range(\"[1..3]\"))", "null!", "\"[1..3]\""),
        ("string(range(\"]18..21[\"))", "null!", "\"(18..21)\""),
        (
            "string(range(\" [ @\\\"1970-01-01\\\" .. date(\\\"1970-01-02\\\") ] \"))",
            "null!",
            "\"[1970-01-01..1970-01-02]\"",
        ),
        ("string(range(\"[duration(\\\"P1D\\\")..@\\\"P2D\\\"]\"))", "null!", "\"[P1D..P2D]\""),
        ("string(range(from: \"[-1..1.5]\"))", "null!", "\"[-1..1.5]\""),
        ("\"b\" in range(\"[\\\"a\\\"..\\\"c\\\"]\")", "false", "true"),
        ("range(\"[3..1]\")", "null!", "null!"),
        ("range(\"[1..\\\"b\\\"]\")", "null!", "null!"),
        ("range(\"[..2]\")", "null!", "null!"),
        ("range(\">=10\")", "null!", "null!"),
        ("range(\"[null..null]\")", "null!", "null!"),
        ("range(\"\")", "null!", "null!"),
        ("range([1..3])", "null!", "null!"),
    ]);
}

#[test]
fn patterns() {
    check(&[
        ("matches(\"foobar\", \"^fo*b\")", "true", "true"),
        ("matches(\"FOO\", \"foo\", \"i\")", "true", "true"),
        ("matches(\"foo\", \"foo\", null)", "null!", "true"),
        ("matches(\"foo\", \"foo\", \"X\")", "true", "null!"),
        ("matches(\"foo\", \"[a-z\")", "null!", "null!"),
        ("matches(input: \"foo\", pattern: \"o\")", "true", "true"),
        ("matches(null, \"o\")", "null!", "null!"),
        ("matches(\"foo\", null)", "null!", "null!"),
        ("matches(\"foo\")", "null!", "null!"),
        ("replace(\"abcd\", \"(ab)|(a)\", \"[1=$1][2=$2]\")", "\"[1=ab][2=]cd\"", "\"[1=ab][2=]cd\""),
        ("replace(\"ABC\", \"b\", \"-\", \"i\")", "\"A-C\"", "\"A-C\""),
        ("replace(\"abc\", \"x*\", \"-\")", "\"-a-b-c-\"", "null!"),
        ("replace(\"abc\", \"([a-z)\", \"$1\")", "null!", "null!"),
        ("replace(input: \"abc\", pattern: \"[a-z]\", replacement: \"#\")", "\"###\"", "\"###\""),
        ("replace(\"abc\", \"b\", null)", "null!", "null!"),
        ("replace(1, \"b\", \"c\")", "null!", "null!"),
        (
            "split(\"a;b;c;;\", \";\")",
            "[\"a\", \"b\", \"c\", \"\", \"\"]",
            "[\"a\", \"b\", \"c\", \"\", \"\"]",
        ),
        ("split(delimiter: \",\", string: \"foo,bar\")", "[\"foo\", \"bar\"]", "[\"foo\", \"bar\"]"),
        ("split(\"foo\", null)", "null!", "null!"),
        ("split(\"foo\")", "null!", "null!"),
        ("extract(\"this is foobar and folbar\", \"fo[a-z]*\")", "[\"foobar\", \"folbar\"]", "null!"),
        ("extract(input: \"nothing\", pattern: \"fo[a-z]*\")", "[]", "null!"),
        ("extract(\"abc\", \"[a-z\")", "null!", "null!"),
        ("extract(null, \"a\")", "null!", "null!"),
    ]);
}

#[test]
fn a_pattern_that_costs_too_much_fails_the_evaluation_by_name() {
    let input = "a".repeat(60);
    let text = format!("matches(\"{input}!\", \"^(?:(a|aa)(?!\\1x))+$\")");
    let result = evaluate(&text, Dialect::Bpmn);
    assert!(result.contains("MAX_BACKTRACK_STEPS"), "{result}");
    let result = evaluate("matches(\"\", \"((a{1000}){1000}){1000}\")", Dialect::Bpmn);
    assert!(result.contains("regex_bytes"), "{result}");
}

#[test]
fn chance_comes_from_the_seed() {
    let draw = |text: &str, seed: u64| {
        let moment = Moment { seed, ..Moment::default() };
        let compiled = Expression::compile(text, Dialect::Bpmn, &Names::default()).expect("it parses");
        compiled.evaluate(&(), &moment, &Limits::DEFAULT).expect("it evaluates").value.to_text(Dialect::Bpmn)
    };
    assert_eq!(draw("random number()", 7), draw("random number()", 7));
    assert_ne!(draw("random number()", 7), draw("random number()", 8));
    assert_eq!(draw("random number() = random number()", 7), "false");
    assert_eq!(
        draw("every x in (for i in 1..100 return random number()) satisfies x >= 0 and x < 1", 7),
        "true"
    );
    assert_eq!(draw("uuid()", 7), draw("uuid()", 7));
    assert_ne!(draw("uuid()", 7), draw("uuid()", 8));
    assert_eq!(draw("uuid() = uuid()", 7), "false");
    assert_eq!(draw("string length(uuid())", 7), "36");
    let pattern =
        "matches(uuid(), \"^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$\")";
    assert_eq!(draw(pattern, 7), "true");
}
