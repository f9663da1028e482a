//! Table tests of the built-in functions: every overload, by place and by name, null and wrong types, in both dialects.
//! [`every_overload_has_its_rows`] says which rows are missing.

use std::cell::RefCell;
use std::collections::BTreeSet;

use super::{ANY, Arity, Builtin, FAMILIES, Kinds, Overload, Parameter};
use crate::temporal::DateTime;
use crate::{Dialect, Expression, Limits, Moment, Names, Value};

mod temporal;
mod values;

/// Expression, result in the BPMN dialect, result in DMN.
type Table = &'static [(&'static str, &'static str, &'static str)];

const TABLES: &[Table] = &[
    values::BOOLEANS,
    values::STRINGS,
    values::CHARACTERS_BEYOND_THE_BASIC_PLANE,
    values::NUMBERS,
    values::LISTS,
    values::CONTEXTS,
    values::CONVERSION,
    temporal::DATE,
    temporal::TIME,
    temporal::DATE_AND_TIME,
    temporal::DURATIONS,
    temporal::THE_CALENDAR_AND_THE_CLOCK,
    temporal::INTERVALS,
    temporal::PATTERNS,
];

/// The result as FEEL text with strings in quotes; `null!` for null with a warning, `error` for a failure.
fn evaluate(text: &str, dialect: Dialect) -> String {
    let now = DateTime::parse("2024-06-15T12:00:00Z", dialect).expect("a literal");
    let compiled = match Expression::compile(text, dialect, &Names::default()) {
        Ok(compiled) => compiled,
        Err(error) => return format!("parse: {error}"),
    };
    match compiled.evaluate(&(), &Moment { now, seed: 1 }, &Limits::DEFAULT) {
        Ok(evaluation) if evaluation.value.is_null() && !evaluation.warnings.is_empty() => "null!".to_owned(),
        Ok(evaluation) => {
            let list = Value::from(vec![evaluation.value]).to_text(dialect);
            list[1..list.len() - 1].to_owned()
        }
        Err(error) => format!("error: {error}"),
    }
}

#[test]
fn every_row_gives_what_it_says() {
    let mut wrong = String::new();
    for (text, bpmn, dmn) in TABLES.iter().copied().flatten() {
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

/// How a function was called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Way {
    /// The overload of that place was taken, with arguments in order.
    InOrder(usize),
    /// The overload of that place was taken, with named arguments.
    Named(usize),
    /// An argument was null.
    Null,
    /// No overload fitted.
    Refused,
}

thread_local! {
    /// The calls that the tests of this thread made.
    static CALLS: RefCell<BTreeSet<(&'static str, bool, Way)>> = const { RefCell::new(BTreeSet::new()) };
}

/// Notes a call: which overload was taken, if any.
pub(super) fn note<'v>(
    builtin: &'static Builtin,
    dialect: Dialect,
    taken: Option<&'static Overload>,
    named: bool,
    mut arguments: impl Iterator<Item = &'v Value>,
) {
    let nth = |taken: &'static Overload| {
        builtin.overloads.iter().position(|overload| std::ptr::eq(overload, taken))
    };
    let taken = taken.and_then(nth);
    CALLS.with_borrow_mut(|calls| {
        let mut note = |way| calls.insert((builtin.name, dialect == Dialect::Dmn, way));
        match (taken, named) {
            (None, _) => note(Way::Refused),
            (Some(nth), false) => note(Way::InOrder(nth)),
            (Some(nth), true) => note(Way::Named(nth)),
        };
        if arguments.any(Value::is_null) {
            note(Way::Null);
        }
    });
}

/// Whether every call with arguments in order that fits the later overload fits the earlier one: their parameters
/// differ in their names only.
fn hides(earlier: &Overload, later: &Overload) -> bool {
    earlier.parameters.len() >= later.parameters.len()
        && earlier.parameters.iter().zip(later.parameters).all(|(a, b)| a.kinds.or(b.kinds) == a.kinds)
        && earlier.parameters[later.parameters.len()..].iter().all(|more| more.arity != Arity::Required)
}

/// The same for named arguments.
fn hides_named(earlier: &Overload, later: &Overload, dialect: Dialect) -> bool {
    let accepts = |parameter: &Parameter| {
        earlier.parameters.iter().any(|p| p.name == parameter.name && p.kinds.or(parameter.kinds) == p.kinds)
    };
    let names = |overload: &Overload| overload.parameters.iter().map(|p| p.name).collect::<Vec<_>>();
    let same_order = !dialect.switches().named_in_order || names(earlier) == names(later);
    same_order && earlier.parameters.len() == later.parameters.len() && later.parameters.iter().all(accepts)
}

/// The ways in which a function must have been called.
fn wanted(builtin: &Builtin, dialect: Dialect) -> Vec<Way> {
    let mut ways = Vec::new();
    let has = |only: Option<Dialect>| only.is_none_or(|only| only == dialect);
    let mut kinds: Vec<Kinds> = Vec::new();
    for (nth, overload) in builtin.overloads.iter().enumerate().filter(|(_, overload)| has(overload.dialect))
    {
        let earlier = builtin.overloads[..nth].iter().filter(|earlier| has(earlier.dialect));
        if !earlier.clone().any(|earlier| hides(earlier, overload)) {
            ways.push(Way::InOrder(nth));
        }
        if !overload.parameters.is_empty()
            && !earlier.clone().any(|earlier| hides_named(earlier, overload, dialect))
        {
            ways.push(Way::Named(nth));
        }
        kinds.extend(overload.parameters.iter().map(|parameter| parameter.kinds));
    }
    if !kinds.is_empty() {
        ways.push(Way::Null);
    }
    if kinds.iter().any(|kinds| *kinds != ANY) {
        ways.push(Way::Refused);
    }
    ways
}

#[test]
fn every_overload_has_its_rows() {
    let mut missing = String::new();
    for (text, ..) in TABLES.iter().copied().flatten() {
        evaluate(text, Dialect::Bpmn);
        evaluate(text, Dialect::Dmn);
    }
    let calls = CALLS.with_borrow(Clone::clone);
    for builtin in FAMILIES.iter().copied().flatten() {
        for dialect in [Dialect::Bpmn, Dialect::Dmn] {
            if builtin.dialect.is_some_and(|only| only != dialect) {
                continue;
            }
            for way in wanted(builtin, dialect) {
                if !calls.contains(&(builtin.name, dialect == Dialect::Dmn, way)) {
                    let overload = match way {
                        Way::InOrder(nth) | Way::Named(nth) => {
                            let parameters = builtin.overloads[nth].parameters.iter();
                            parameters.map(|parameter| parameter.name).collect::<Vec<_>>().join(", ")
                        }
                        Way::Null | Way::Refused => String::new(),
                    };
                    missing.push_str(&format!("\n{}({overload}) in {dialect:?}: {way:?}", builtin.name));
                }
            }
        }
    }
    assert!(missing.is_empty(), "no row calls{missing}");
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
