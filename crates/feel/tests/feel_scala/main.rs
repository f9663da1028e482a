//! The BPMN dialect against the engine it is made after: random typed expressions, evaluated by both.
//!
//! `WEIR_ORACLE_CASES` and `WEIR_ORACLE_SEED` choose another run than CI's; `WEIR_ORACLE_REPORT=1` prints every difference
//! that is not listed instead of the first twenty; `WEIR_ORACLE_WARNINGS=1` compares the types of the warnings too. Needs Maven and Java; without Maven the test says so and does nothing.

mod differences;
mod generate;
mod oracle;

use differences::Difference;
use generate::{Case, Generator};
use oracle::Reply;
use weir_feel::temporal::{DateTime, Zone};
use weir_feel::{Dialect, Expression, Limits, Moment, Names, Number, Value};

const CASES: usize = 20_000;
const SEED: u64 = 1;

/// What we answer.
struct Answer {
    /// `parse`, `evaluate`, or nothing if there is a value.
    failure: Option<&'static str>,
    value: Value,
    warnings: Vec<String>,
    message: String,
}

fn moment() -> Moment {
    Moment { now: DateTime::parse("2024-06-15T12:00:00Z", Dialect::Bpmn).expect("a literal"), seed: 1 }
}

fn evaluate(case: &Case) -> Answer {
    let failed = |failure, message| Answer {
        failure: Some(failure),
        value: Value::Null,
        warnings: Vec::new(),
        message,
    };
    let variables = Value::from_json(&case.variables).expect("JSON");
    let variables = variables.as_context().expect("an object").clone();
    let compiled = match &case.input {
        Some(_) => Expression::compile_unary_tests(&case.text, Dialect::Bpmn, &Names::default()),
        None => Expression::compile(&case.text, Dialect::Bpmn, &Names::default()),
    };
    let compiled = match compiled {
        Ok(compiled) => compiled,
        Err(error) => return failed("parse", error.to_string()),
    };
    let result = match &case.input {
        Some(input) => {
            let input = Value::from_json(input).expect("JSON");
            compiled.evaluate_unary_tests(&input, &variables, &moment(), &Limits::DEFAULT)
        }
        None => compiled.evaluate(&variables, &moment(), &Limits::DEFAULT),
    };
    match result {
        Ok(evaluation) => {
            let mut warnings: Vec<String> =
                evaluation.warnings.iter().map(|warning| warning.kind.name().to_owned()).collect();
            warnings.sort();
            warnings.dedup();
            Answer { failure: None, value: evaluation.value, warnings, message: String::new() }
        }
        Err(error) => failed("evaluate", error.to_string()),
    }
}

/// The type as the oracle names it.
fn kind(value: &Value) -> &'static str {
    match value {
        Value::Time(time) if time.zone() == Zone::Local => "local time",
        Value::DateTime(at) if at.zone() == Zone::Local => "local date time",
        Value::DateTime(_) => "date time",
        Value::DaysDuration(_) => "days time duration",
        Value::MonthsDuration(_) => "years months duration",
        other => other.type_name(),
    }
}

/// Whether our value is what the oracle wrote as JSON. `is_exact` is false where the oracle computes with binary doubles.
fn same(ours: &Value, theirs: &Value, is_exact: bool) -> bool {
    match (ours, theirs) {
        (Value::Number(ours), Value::Number(theirs)) => same_number(ours, theirs, is_exact),
        (Value::List(ours), Value::List(theirs)) => {
            ours.len() == theirs.len() && ours.iter().zip(theirs.iter()).all(|(a, b)| same(a, b, is_exact))
        }
        (Value::Context(ours), Value::Context(theirs)) => {
            ours.len() == theirs.len()
                && ours
                    .entries()
                    .iter()
                    .all(|(name, entry)| theirs.get(name).is_some_and(|other| same(entry, other, is_exact)))
        }
        (Value::Boolean(ours), Value::Boolean(theirs)) => ours == theirs,
        (Value::Null | Value::Function(_) | Value::Range(_), Value::Null) => true,
        (Value::String(ours), Value::String(theirs)) => ours == theirs,
        (ours, Value::String(theirs)) => ours.as_temporal().is_some_and(|ours| {
            let mut text = String::new();
            ours.write_stored(&mut text).expect("a string takes all");
            text == **theirs
        }),
        _ => false,
    }
}

fn same_number(ours: &Number, theirs: &Number, is_exact: bool) -> bool {
    if ours == theirs {
        return true;
    }
    let (ours, theirs) = (ours.to_f64(), theirs.to_f64());
    !is_exact && (ours - theirs).abs() <= 1e-10 * theirs.abs().max(1e-10)
}

/// Whether the oracle computes part of the expression with binary doubles.
fn is_exact(text: &str) -> bool {
    !["**", "sqrt", "log", "exp", "stddev"].iter().any(|part| text.contains(part))
}

/// What kind of outcome it is, and a text for people.
fn describe(reply: &Reply) -> (&str, String) {
    match reply {
        Reply::Value { value: Value::Null, warnings, .. } => ("null", format!("null {warnings:?}")),
        Reply::Value { value, kind, warnings } => ("value", format!("{value} ({kind}) {warnings:?}")),
        Reply::Failure { phase, message } => (phase.as_str(), format!("{phase}: {message}")),
    }
}

fn describe_ours(answer: &Answer) -> (&'static str, String) {
    match answer.failure {
        Some(phase) => (phase, format!("{phase}: {}", answer.message)),
        None if answer.value.is_null() => ("null", format!("null {:?}", answer.warnings)),
        None => ("value", format!("{} ({}) {:?}", answer.value, kind(&answer.value), answer.warnings)),
    }
}

fn agree(case: &Case, ours: &Answer, theirs: &Reply) -> bool {
    match theirs {
        Reply::Failure { phase, .. } => ours.failure == Some(phase.as_str()),
        Reply::Value { value, kind: wanted, warnings } => {
            ours.failure.is_none()
                && kind(&ours.value) == wanted
                && same(&ours.value, value, is_exact(&case.text))
                && (ours.warnings == *warnings || std::env::var_os("WEIR_ORACLE_WARNINGS").is_none())
        }
    }
}

fn number_from_environment(name: &str, default: u64) -> u64 {
    std::env::var_os(name).map_or(default, |text| {
        text.to_str().and_then(|text| text.parse().ok()).unwrap_or_else(|| panic!("{name} is a number"))
    })
}

#[test]
#[expect(
    clippy::print_stderr,
    reason = "a test that could not run says so, and differences are for people to read"
)]
fn feel_scala_answers_the_same() {
    if oracle::build().is_none() {
        eprintln!("SKIPPED: Maven is not installed, so feel-scala was not asked");
        return;
    }
    let known = differences::read();
    let count = number_from_environment("WEIR_ORACLE_CASES", CASES as u64) as usize;
    let mut generator = Generator::new(number_from_environment("WEIR_ORACLE_SEED", SEED));
    let mut cases: Vec<Case> = known.iter().map(|entry| example(&entry.example)).collect();
    cases.extend((0..count).map(|_| generator.case()));
    let requests: Vec<String> = cases.iter().map(Case::request).collect();
    let replies = oracle::ask(&requests);

    let mut tally = Tally::default();
    for (nth, (case, theirs)) in cases.iter().zip(&replies).enumerate() {
        let ours = evaluate(case);
        let agree = agree(case, &ours, theirs);
        let (their_outcome, their_text) = describe(theirs);
        let (our_outcome, our_text) = describe_ours(&ours);
        if let Some(entry) = known.get(nth) {
            assert!(!agree, "listed as a difference, but there is none any more: {}", entry.example);
            assert!(
                entry.excuses(&case.text, their_outcome, our_outcome),
                "does not fit its own example: {entry:?}\ntheirs {their_text}\nours   {our_text}"
            );
            continue;
        }
        tally.count(their_outcome, agree);
        if !agree
            && !known.iter().any(|entry: &Difference| entry.excuses(&case.text, their_outcome, our_outcome))
        {
            tally.unlisted.push(format!(
                "{}\n  with   {}\n  input  {:?}\n  theirs {their_text}\n  ours   {our_text}",
                case.text, case.variables, case.input
            ));
        }
    }
    eprintln!("{}", tally.summary(count));
    let shown = if std::env::var_os("WEIR_ORACLE_REPORT").is_some() { usize::MAX } else { 20 };
    for difference in tally.unlisted.iter().take(shown) {
        eprintln!("{difference}\n");
    }
    assert!(tally.unlisted.is_empty(), "{} differences are not listed", tally.unlisted.len());
    // A generator that no longer makes sense would agree on everything.
    assert!(
        tally.values * 2 > count,
        "less than half of the expressions have a value: {}",
        tally.summary(count)
    );
}

fn example(text: &str) -> Case {
    let (text, input) = match text.split_once(" <- ") {
        Some((test, input)) => (test, Some(input.to_owned())),
        None => (text, None),
    };
    Case { text: text.to_owned(), variables: "{}".to_owned(), input }
}

#[derive(Default)]
struct Tally {
    values: usize,
    nulls: usize,
    failures: usize,
    agreed: usize,
    unlisted: Vec<String>,
}

impl Tally {
    fn count(&mut self, outcome: &str, agree: bool) {
        match outcome {
            "value" => self.values += 1,
            "null" => self.nulls += 1,
            _ => self.failures += 1,
        }
        self.agreed += usize::from(agree);
    }

    fn summary(&self, count: usize) -> String {
        format!(
            "feel-scala was asked {count} expressions: {} values, {} nulls, {} failures; {} agree, {} differ as listed, {} differ otherwise",
            self.values,
            self.nulls,
            self.failures,
            self.agreed,
            count - self.agreed - self.unlisted.len(),
            self.unlisted.len()
        )
    }
}
