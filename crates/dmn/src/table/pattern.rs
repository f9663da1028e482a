//! Which cells are simple enough to be indexed: literals, comparisons with a literal, intervals between literals, and
//! alternatives of these. Everything else is left to FEEL. What a literal's text means is FEEL's to say, too: it is
//! compiled and taken when it is a constant.

use weir_feel::{Dialect, Expression, Limits, Moment, Names, Value};

use super::Rule;
use super::index::{Interval, Pattern, Span};
use crate::feel::Feel;

/// The patterns of all cells. In a column where booleans stand among other values they are left to FEEL.
pub(super) fn of_rules(rules: &[Rule], columns: usize, dialect: Dialect) -> Vec<Vec<Pattern>> {
    let mut patterns: Vec<Vec<Pattern>> =
        rules.iter().map(|rule| rule.tests.iter().map(|test| of(test, dialect)).collect()).collect();
    for column in 0..columns {
        let is_boolean = |span: &Span| matches!(span, Span::Boolean(_));
        let mixed = patterns.iter().any(|row| has(&row[column], |s| !is_boolean(s)));
        if mixed {
            for row in &mut patterns {
                if has(&row[column], is_boolean) {
                    row[column] = Pattern::Test;
                }
            }
        }
    }
    patterns
}

fn has(pattern: &Pattern, is: impl Fn(&Span) -> bool) -> bool {
    match pattern {
        Pattern::Spans(spans) => spans.iter().any(is),
        Pattern::Any | Pattern::Test => false,
    }
}

fn of(test: &Feel, dialect: Dialect) -> Pattern {
    let Feel::Valid(test) = test else { return Pattern::Test };
    let text = test.text().trim();
    if text == "-" {
        return Pattern::Any;
    }
    let Some(parts) = alternatives(text) else { return Pattern::Test };
    let mut spans = Vec::with_capacity(parts.len());
    for part in parts {
        match span(part.trim(), dialect) {
            // What `true` means as a test is not what it means as a value: FEEL is asked, for both inputs.
            Some(Span::Boolean(_)) => return booleans(test),
            Some(span) => spans.push(span),
            None => return Pattern::Test,
        }
    }
    Pattern::Spans(spans)
}

fn booleans(test: &Expression) -> Pattern {
    let holds = |input: bool| {
        let answer =
            test.evaluate_unary_tests(&Value::Boolean(input), &(), &Moment::default(), &Limits::DEFAULT);
        answer.ok().map(|answer| answer.value.is_true())
    };
    match (holds(false), holds(true)) {
        (Some(no), Some(yes)) => {
            let spans = [(false, no), (true, yes)].into_iter().filter(|(_, holds)| *holds);
            Pattern::Spans(spans.map(|(value, _)| Span::Boolean(value)).collect())
        }
        _ => Pattern::Test,
    }
}

/// The parts between commas that stand in no string, parenthesis or bracket; none when a string does not end.
fn alternatives(text: &str) -> Option<Vec<&str>> {
    let (mut parts, mut start, mut parentheses) = (Vec::new(), 0, 0_u32);
    let mut bytes = text.bytes().enumerate();
    while let Some((at, byte)) = bytes.next() {
        match byte {
            b'"' => loop {
                match bytes.next()?.1 {
                    b'\\' => drop(bytes.next()?),
                    b'"' => break,
                    _ => {}
                }
            },
            b'(' => parentheses += 1,
            b')' => parentheses = parentheses.saturating_sub(1),
            b',' if parentheses == 0 => {
                parts.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    Some(parts)
}

fn span(text: &str, dialect: Dialect) -> Option<Span> {
    for (operator, is_lower, included) in
        [("<=", false, true), (">=", true, true), ("<", false, false), (">", true, false)]
    {
        if let Some(rest) = text.strip_prefix(operator) {
            let end = Some((literal(rest.trim(), dialect)?, included));
            return if is_lower { interval(end, None) } else { interval(None, end) };
        }
    }
    if let Some(interval) = bracketed(text, dialect) {
        return Some(interval);
    }
    match literal(text, dialect)? {
        Value::Number(value) => Some(Span::Number(Interval::point(value))),
        Value::String(value) => Some(Span::String(Interval::point(value))),
        Value::Date(value) => Some(Span::Date(Interval::point(value))),
        Value::Boolean(value) => Some(Span::Boolean(value)),
        _ => None,
    }
}

/// `[a..b]` with either kind of bracket at each end.
fn bracketed(text: &str, dialect: Dialect) -> Option<Span> {
    let first = text.chars().next()?;
    let last = text.chars().next_back()?;
    if text.len() < 2 {
        return None;
    }
    let lower_included = match first {
        '[' => true,
        '(' | ']' => false,
        _ => return None,
    };
    let upper_included = match last {
        ']' => true,
        ')' | '[' => false,
        _ => return None,
    };
    let (lower, upper) = text[1..text.len() - 1].split_once("..")?;
    let lower = literal(lower.trim(), dialect)?;
    let upper = literal(upper.trim(), dialect)?;
    interval(Some((lower, lower_included)), Some((upper, upper_included)))
}

fn interval(lower: Option<(Value, bool)>, upper: Option<(Value, bool)>) -> Option<Span> {
    macro_rules! ends {
        ($kind:ident) => {{
            let end = |end: Option<(Value, bool)>| match end {
                None => Some(None),
                Some((Value::$kind(value), included)) => Some(Some((value, included))),
                Some(_) => None,
            };
            Some(Span::$kind(Interval { lower: end(lower)?, upper: end(upper)? }))
        }};
    }
    match lower.as_ref().or(upper.as_ref())?.0 {
        Value::Number(_) => ends!(Number),
        Value::Date(_) => ends!(Date),
        // The order of strings is FEEL's, not that of their bytes.
        _ => None,
    }
}

/// The value of a literal: text that can only be one, and that FEEL finds constant.
fn literal(text: &str, dialect: Dialect) -> Option<Value> {
    let is_string = text.len() >= 2
        && text.starts_with('"')
        && !text[1..text.len() - 1].contains('"')
        && text.ends_with('"');
    let is_number = text.strip_prefix('-').unwrap_or(text).bytes().all(|b| b.is_ascii_digit() || b == b'.');
    let is_boolean = matches!(text, "true" | "false");
    let is_date = text.starts_with("date(\"") && text.ends_with("\")") && text.matches('"').count() == 2;
    if text.is_empty() || !(is_string || is_number || is_boolean || is_date) {
        return None;
    }
    let expression = Expression::compile(text, dialect, &Names::default()).ok()?;
    expression.constant().cloned()
}
