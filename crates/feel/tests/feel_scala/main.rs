//! The BPMN dialect against the engine it is made after: random typed expressions, evaluated by both.
//!
//! `WEIR_ORACLE_CASES` and `WEIR_ORACLE_SEED` choose another run than CI's; `WEIR_ORACLE_REPORT=1` prints every difference
//! that is not listed instead of the first twenty. Needs Maven and Java; without Maven the test says so and does nothing.

mod differences;
mod generate;
mod oracle;
mod parts;

use generate::{Case, Generator};
use oracle::Reply;
use parts::Part;
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

/// How two answers differ.
pub(crate) struct Disagreement {
    /// `value`, `null`, or the phase that failed; `message` is the value or why.
    theirs: String,
    message: String,
    /// `value`, `null`, or the phase that failed.
    ours: &'static str,
    /// Types of warnings that only they give. Told where the values agree.
    lacks: Vec<String>,
    /// Types of warnings that only we give. Told where the values agree.
    adds: Vec<String>,
    text: String,
}

fn disagreement(case: &Case, ours: &Answer, theirs: &Reply) -> Option<Disagreement> {
    let (values_agree, their_warnings) = match theirs {
        // An exception of the host language that nobody meant is a failed evaluation for whoever asked.
        Reply::Failure { phase, .. } => {
            let phase = if phase == "host" { "evaluate" } else { phase };
            (ours.failure == Some(phase), &ours.warnings)
        }
        Reply::Value { value, kind: wanted, warnings } => {
            let agree = ours.failure.is_none()
                && kind(&ours.value) == wanted
                && same(&ours.value, value, is_exact(&case.text));
            (agree, warnings)
        }
    };
    if values_agree && ours.warnings == *their_warnings {
        return None;
    }
    let only = |these: &[String], those: &[String]| -> Vec<String> {
        let only = these.iter().filter(|it| values_agree && !those.contains(it));
        only.cloned().collect()
    };
    let (their_outcome, their_text) = describe(theirs);
    let (our_outcome, our_text) = describe_ours(ours);
    let message = match theirs {
        Reply::Value { value, .. } => value.to_string(),
        Reply::Failure { message, .. } => message.clone(),
    };
    Some(Disagreement {
        theirs: their_outcome.to_owned(),
        message,
        ours: our_outcome,
        lacks: only(their_warnings, &ours.warnings),
        adds: only(&ours.warnings, their_warnings),
        text: format!("  theirs {their_text}\n  ours   {our_text}"),
    })
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
    let examples = known.iter().map(|entry| example(&entry.example, entry.variables.as_deref()));
    let cases: Vec<Case> = examples.chain((0..count).map(|_| generator.case())).collect();
    let replies = oracle::ask(&cases.iter().map(Case::request).collect::<Vec<_>>());

    let mut tally = Tally::default();
    let mut differing = Vec::new();
    for (nth, (case, theirs)) in cases.iter().zip(&replies).enumerate() {
        let differs = disagreement(case, &evaluate(case), theirs).is_some();
        if nth >= known.len() {
            tally.count(describe(theirs).0, !differs);
        } else {
            assert!(differs, "listed as a difference, but there is none any more: {}", known[nth].example);
        }
        if differs {
            differing.push((nth, case.clone()));
        }
    }
    for (nth, found) in smallest_differences(differing) {
        if let Some(entry) = known.get(nth) {
            let fits = found.iter().all(|it| entry.excuses(&it.part.root, &it.operands, &it.disagreement));
            assert!(fits, "does not fit its own example: {entry:?}\n{}", texts(&found));
            continue;
        }
        let listed = |it: &Smallest| {
            known.iter().any(|entry| entry.excuses(&it.part.root, &it.operands, &it.disagreement))
        };
        if !found.iter().all(listed) {
            let unlisted: Vec<Smallest> = found.into_iter().filter(|it| !listed(it)).collect();
            let Case { text, variables, input } = &cases[nth];
            tally
                .unlisted
                .push(format!("{text}\n  with   {variables}\n  input  {input:?}\n{}", texts(&unlisted)));
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

/// A part that differs and has no part that does.
struct Smallest {
    part: Part,
    /// The types of its parts.
    operands: Vec<&'static str>,
    disagreement: Disagreement,
}

fn texts(found: &[Smallest]) -> String {
    let text = |it: &Smallest| {
        let Smallest { part, operands, disagreement } = it;
        format!("  in     {} [{}: {}]\n{}", part.case.text, part.root, operands.join(", "), disagreement.text)
    };
    found.iter().map(text).collect::<Vec<_>>().join("\n")
}

/// For each expression that differs, the smallest parts of it that do.
fn smallest_differences(differing: Vec<(usize, Case)>) -> Vec<(usize, Vec<Smallest>)> {
    let all: Vec<(usize, Vec<Part>)> =
        differing.into_iter().map(|(nth, case)| (nth, parts::parts(case))).collect();
    let requests: Vec<String> =
        all.iter().flat_map(|(_, parts)| parts.iter().map(|part| part.case.request())).collect();
    let mut replies = oracle::ask(&requests).into_iter();
    let mut of_one = |(nth, parts): (usize, Vec<Part>)| {
        let reply = || replies.next().expect("one reply a request");
        let own = parts.iter().map(|part| evaluate(&part.case));
        let answers: Vec<(Answer, Reply)> = own.zip(std::iter::repeat_with(reply)).collect();
        (nth, smallest(parts, &answers))
    };
    all.into_iter().map(&mut of_one).collect()
}

/// The nearest parts that differ: among the direct ones, or further down where those stand in a scope of their own.
fn differing_below(parts: &[Part], at: usize, differs: &dyn Fn(usize) -> bool) -> Vec<usize> {
    let mut below = Vec::new();
    for child in &parts[at].children {
        if differs(*child) {
            below.push(*child);
        } else if parts[at].has_scope() || parts[*child].has_scope() {
            below.extend(differing_below(parts, *child, differs));
        }
    }
    below
}

fn smallest(parts: Vec<Part>, answers: &[(Answer, Reply)]) -> Vec<Smallest> {
    let differs = |at: usize| disagreement(&parts[at].case, &answers[at].0, &answers[at].1);
    let mut wanted = vec![false; parts.len()];
    let mut open = vec![0];
    while let Some(at) = open.pop() {
        let below = differing_below(&parts, at, &|at| differs(at).is_some());
        wanted[at] = below.is_empty();
        open.extend(below);
    }
    let found = wanted.iter().enumerate().filter(|(_, wanted)| **wanted).filter_map(|(at, _)| {
        let input = parts[at].case.input.as_ref().map(|input| kind(&Value::from_json(input).expect("JSON")));
        let own = parts[at].children.iter().map(|child| kind(&answers[*child].0.value));
        Some((at, input.into_iter().chain(own).collect(), differs(at)?))
    });
    let found: Vec<_> = found.collect();
    let mut parts: Vec<Option<Part>> = parts.into_iter().map(Some).collect();
    let whole = |(at, operands, disagreement): (usize, _, _)| {
        Some(Smallest { part: parts[at].take()?, operands, disagreement })
    };
    found.into_iter().filter_map(whole).collect()
}

fn example(text: &str, variables: Option<&str>) -> Case {
    let (text, input) = match text.split_once(" <- ") {
        Some((test, input)) => (test, Some(input.to_owned())),
        None => (text, None),
    };
    Case { text: text.to_owned(), variables: variables.unwrap_or("{}").to_owned(), input }
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
