//! The measured cases of the BPMN dialect: results, types, warnings, failure texts.

use std::collections::{BTreeMap, BTreeSet};

use weir_feel::temporal::{DateTime, Zone};
use weir_feel::{Context, Dialect, EvaluationError, Expression, Limits, Moment, Names, Number, Value};

const CASES: &str = include_str!("../../../tests/conformance/feel-cases/cases.jsonl");
const EXCEPTIONS: &str = include_str!("../../../tests/conformance/feel-cases/exceptions.txt");

/// 2024-06-15T12:00:00Z, the clock of the reference.
const NOW_MS: i64 = 1_718_452_800_000;

#[test]
fn every_case_answers_as_the_reference_did() {
    let exceptions = exceptions();
    let mut failures = Vec::new();
    let mut needless = Vec::new();
    let mut passed = 0;
    for line in CASES.lines() {
        let case = Value::from_json(line).unwrap();
        let id = text(&case, "id").unwrap();
        match (check(&case), exceptions.contains_key(&id)) {
            (Ok(()), false) => passed += 1,
            (Ok(()), true) => needless.push(id),
            (Err(_), true) => {}
            (Err(why), false) => failures.push(format!("{id} {:?}: {why}", text(&case, "expr").unwrap())),
        }
    }
    assert!(failures.is_empty(), "{passed} passed, {} failed:\n{}", failures.len(), failures.join("\n"));
    assert!(needless.is_empty(), "listed as exceptions but they pass: {needless:?}");
    assert_eq!(passed + exceptions.len(), 2620);
}

/// `id reason` lines.
fn exceptions() -> BTreeMap<String, &'static str> {
    let lines = EXCEPTIONS.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines
        .map(|line| {
            let (id, reason) = line.split_once(' ').expect("an id and a reason");
            (id.to_owned(), reason)
        })
        .collect()
}

fn text(case: &Value, name: &str) -> Option<String> {
    case.as_context()?.get(name)?.as_str().map(str::to_owned)
}

fn field<'a>(case: &'a Value, name: &str) -> Option<&'a Value> {
    case.as_context()?.get(name)
}

fn moment() -> Moment {
    Moment { now: DateTime::from_epoch_ms(NOW_MS, Zone::UTC).unwrap(), seed: 1 }
}

fn value_of(expr: &str) -> Value {
    let expression = Expression::compile(expr, Dialect::Bpmn, &Names::default()).unwrap();
    expression.evaluate(&(), &moment(), &Limits::DEFAULT).unwrap().value
}

fn variables(case: &Value) -> Context {
    let mut variables = field(case, "ctx").and_then(Value::as_context).cloned().unwrap_or_default();
    if let Some(exprs) = field(case, "ctxExpr").and_then(Value::as_context) {
        for (name, expr) in exprs.entries() {
            variables = variables.with(name, value_of(expr.as_str().unwrap()));
        }
    }
    variables
}

fn check(case: &Value) -> Result<(), String> {
    let expr = text(case, "expr").unwrap();
    let unary = text(case, "kind").as_deref() == Some("unaryTests");
    let compiled = if unary {
        Expression::compile_unary_tests(&expr, Dialect::Bpmn, &Names::default())
    } else {
        Expression::compile(&expr, Dialect::Bpmn, &Names::default())
    };
    let fails = field(case, "expected_error").is_some_and(Value::is_true);
    let quirk = field(case, "quirk").is_some_and(Value::is_true);
    let phase = text(case, "phase");
    let compiled = match compiled {
        Ok(compiled) => compiled,
        Err(error) if fails && phase.as_deref() != Some("evaluate") => {
            let start = format!("failed to parse expression '{expr}': ");
            return if error.to_string().starts_with(&start) { Ok(()) } else { Err(error.to_string()) };
        }
        Err(error) => return Err(error.to_string()),
    };
    let input = match (field(case, "input"), text(case, "inputExpr")) {
        (Some(input), _) => Some(input.clone()),
        (None, Some(expr)) => Some(value_of(&expr)),
        (None, None) => None,
    };
    let variables = variables(case);
    let outcome = match &input {
        Some(input) => compiled.evaluate_unary_tests(input, &variables, &moment(), &Limits::DEFAULT),
        None => compiled.evaluate(&variables, &moment(), &Limits::DEFAULT),
    };
    match outcome {
        Err(error) if fails => failed_as_expected(case, &error),
        Err(_) if quirk => Ok(()),
        Err(error) => Err(format!("failed: {error}")),
        Ok(evaluation) if fails && !quirk => Err(format!("should fail but gave {}", evaluation.value)),
        Ok(evaluation) if quirk => {
            let lenient = evaluation.value.is_null() || evaluation.value.as_str() == Some("");
            if lenient { Ok(()) } else { same_value(case, &evaluation.value) }
        }
        Ok(evaluation) => {
            same_value(case, &evaluation.value).map_err(|why| format!("{why} {:?}", evaluation.warnings))?;
            let warnings: BTreeSet<String> =
                evaluation.warnings.iter().map(|warning| warning.kind.name().to_owned()).collect();
            same_warnings(case, &warnings)
        }
    }
}

fn failed_as_expected(case: &Value, error: &EvaluationError) -> Result<(), String> {
    if text(case, "phase").as_deref() == Some("parse") {
        return Err("should not have compiled".to_owned());
    }
    match text(case, "error") {
        Some(expected) if expected != error.message => {
            Err(format!("text {:?}, expected {expected:?}", error.message))
        }
        _ => Ok(()),
    }
}

fn same_warnings(case: &Value, found: &BTreeSet<String>) -> Result<(), String> {
    let Some(expected) = field(case, "warnings").and_then(Value::as_list) else { return Ok(()) };
    let expected: BTreeSet<String> = expected.iter().map(|kind| kind.as_str().unwrap().to_owned()).collect();
    if expected == *found { Ok(()) } else { Err(format!("warnings {found:?}, expected {expected:?}")) }
}

fn same_value(case: &Value, found: &Value) -> Result<(), String> {
    let expected = field(case, "expected").unwrap_or(&Value::Null);
    let approx = field(case, "approx").is_some_and(Value::is_true);
    if !same(found, expected, approx) {
        return Err(format!("gave {found}, expected {expected}"));
    }
    if let Some(stored) = field(case, "stored") {
        let written = Value::from_json(&found.to_json()).unwrap();
        if !same(&written, stored, approx) {
            return Err(format!("stored as {written}, expected {stored}"));
        }
    }
    match text(case, "type") {
        Some(expected) if expected != type_name(found) => {
            Err(format!("type {}, expected {expected}", type_name(found)))
        }
        _ => Ok(()),
    }
}

fn same(found: &Value, expected: &Value, approx: bool) -> bool {
    match (found, expected) {
        (Value::Number(a), Value::Number(b)) if approx => close(a, b),
        (Value::Number(a), Value::Number(b)) => a == b,
        (Value::List(a), Value::List(b)) => {
            a.len() == b.len() && a.iter().zip(b.iter()).all(|(a, b)| same(a, b, approx))
        }
        (Value::Context(a), Value::Context(b)) => {
            // Functions in a context are not stored.
            let stored = || a.entries().iter().filter(|(_, value)| !matches!(value, Value::Function(_)));
            stored().count() == b.len()
                && stored().all(|(name, value)| b.get(name).is_some_and(|other| same(value, other, approx)))
        }
        (Value::String(a), Value::String(b)) => a == b,
        (Value::Boolean(a), Value::Boolean(b)) => a == b,
        (Value::Null | Value::Function(_) | Value::Range(_), Value::Null) => true,
        (temporal, Value::String(text)) => temporal.to_json() == format!("\"{text}\""),
        _ => false,
    }
}

fn close(a: &Number, b: &Number) -> bool {
    let (a, b) = (a.to_f64(), b.to_f64());
    (a - b).abs() <= 1e-12 * a.abs().max(b.abs()).max(1.0)
}

fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Time(time) if time.zone() == Zone::Local => "local time",
        Value::DateTime(at) if at.zone() == Zone::Local => "local date time",
        Value::DateTime(_) => "date time",
        Value::DaysDuration(_) => "days time duration",
        Value::MonthsDuration(_) => "years months duration",
        other => other.type_name(),
    }
}
