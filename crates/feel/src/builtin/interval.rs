//! Functions on points and ranges (DMN 1.5 clause 10.3.4.9), and the DMN dialect's `range`.

use std::cmp::Ordering;

use super::{ANY, Builtin, STRING, builtin, overload, required};
use crate::dialect::Dialect;
use crate::machine::{Machine, Stop};
use crate::number::Number;
use crate::temporal::{Date, DateTime, Temporal, Time};
use crate::value::{Boundary, Range, Value, compare};

/// Declares a function of two points or ranges under its names of parameters.
macro_rules! of_two {
    ($name:literal, $test:expr, $(($first:literal, $second:literal)),+) => {
        builtin($name, &[$(overload(&[required($first, ANY), required($second, ANY)], |machine, arguments| {
            relate(machine, arguments, $test)
        })),+])
    };
}

pub(super) const BUILTINS: &[Builtin] = &[
    of_two!(
        "before",
        before,
        ("point1", "point2"),
        ("point", "range"),
        ("range", "point"),
        ("range1", "range2")
    ),
    of_two!(
        "after",
        after,
        ("point1", "point2"),
        ("point", "range"),
        ("range", "point"),
        ("range1", "range2")
    ),
    of_two!("meets", meets, ("range1", "range2")),
    of_two!("met by", met_by, ("range1", "range2")),
    of_two!("overlaps", overlaps, ("range1", "range2")),
    of_two!("overlaps before", overlaps_before, ("range1", "range2")),
    of_two!("overlaps after", overlaps_after, ("range1", "range2")),
    of_two!("finishes", finishes, ("point", "range"), ("range1", "range2")),
    of_two!("finished by", finished_by, ("range", "point"), ("range1", "range2")).only(Dialect::Dmn),
    of_two!("finished by", finished_by, ("range", "point"), ("point", "range"), ("range1", "range2"))
        .only(Dialect::Bpmn),
    of_two!("includes", includes, ("range", "point"), ("range1", "range2")),
    of_two!("during", during, ("point", "range"), ("range1", "range2")),
    of_two!("starts", starts, ("point", "range"), ("range1", "range2")),
    of_two!("started by", started_by, ("range", "point"), ("range1", "range2")),
    of_two!("coincides", coincides, ("point1", "point2"), ("range1", "range2")),
    builtin("range", &[overload(&[required("from", STRING)], range_from)]).only(Dialect::Dmn),
];

/// A point, or a range by its ends.
#[derive(Clone, Copy)]
enum Side<'a> {
    Point(&'a Value),
    Range(&'a Boundary, &'a Boundary),
}

/// How ends are compared; none if they cannot be.
struct Order<'m, 'a>(&'m Machine<'a>);

type Test = fn(&Order<'_, '_>, Side<'_>, Side<'_>) -> Option<bool>;

fn relate(machine: &mut Machine<'_>, arguments: &[Value], test: Test) -> Result<Value, Stop> {
    let [first, second] = [0, 1].map(|nth| match &arguments[nth] {
        Value::Range(range) => Side::Range(range.start(), range.end()),
        point => Side::Point(point),
    });
    let holds = test(&Order(machine), first, second);
    holds
        .map(Value::Boolean)
        .ok_or_else(|| Stop::null(format!("Illegal arguments: '{}', '{}'", arguments[0], arguments[1])))
}

impl Order<'_, '_> {
    fn of(&self, a: &Value, b: &Value) -> Option<Ordering> {
        // The BPMN dialect has no ranges of strings.
        let has_strings = a.as_str().is_some() && self.0.dialect() == Dialect::Bpmn;
        if has_strings { None } else { compare(a, b, self.0.switches()) }
    }

    fn is_less(&self, a: &Value, b: &Value) -> Option<bool> {
        self.of(a, b).map(Ordering::is_lt)
    }

    fn is_equal(&self, a: &Value, b: &Value) -> Option<bool> {
        self.of(a, b).map(Ordering::is_eq)
    }

    /// Whether `a` is less, or equal where `or_equal`.
    fn is_less_or(&self, a: &Value, b: &Value, or_equal: bool) -> Option<bool> {
        self.of(a, b).map(|order| order.is_lt() || (order.is_eq() && or_equal))
    }
}

fn before(order: &Order<'_, '_>, first: Side<'_>, second: Side<'_>) -> Option<bool> {
    match (first, second) {
        (Side::Point(a), Side::Point(b)) => order.is_less(a, b),
        (Side::Point(point), Side::Range(start, _)) => order.is_less_or(point, &start.value, !start.included),
        (Side::Range(_, end), Side::Point(point)) => order.is_less_or(&end.value, point, !end.included),
        (Side::Range(_, end), Side::Range(start, _)) => {
            order.is_less_or(&end.value, &start.value, !end.included || !start.included)
        }
    }
}

fn after(order: &Order<'_, '_>, first: Side<'_>, second: Side<'_>) -> Option<bool> {
    before(order, second, first)
}

fn meets(order: &Order<'_, '_>, first: Side<'_>, second: Side<'_>) -> Option<bool> {
    let (Side::Range(_, end), Side::Range(start, _)) = (first, second) else { return None };
    Some(order.is_equal(&end.value, &start.value)? && end.included && start.included)
}

fn met_by(order: &Order<'_, '_>, first: Side<'_>, second: Side<'_>) -> Option<bool> {
    meets(order, second, first)
}

fn overlaps(order: &Order<'_, '_>, first: Side<'_>, second: Side<'_>) -> Option<bool> {
    let (Side::Range(start1, end1), Side::Range(start2, end2)) = (first, second) else { return None };
    let reaches = order.is_less_or(&start2.value, &end1.value, end1.included && start2.included)?;
    let is_reached = order.is_less_or(&start1.value, &end2.value, start1.included && end2.included)?;
    Some(reaches && is_reached)
}

fn overlaps_before(order: &Order<'_, '_>, first: Side<'_>, second: Side<'_>) -> Option<bool> {
    let (Side::Range(start1, end1), Side::Range(start2, end2)) = (first, second) else { return None };
    let starts_before =
        order.is_less_or(&start1.value, &start2.value, start1.included && !start2.included)?;
    let reaches = order.is_less_or(&start2.value, &end1.value, end1.included && start2.included)?;
    let ends_within = order.is_less_or(&end1.value, &end2.value, !end1.included || end2.included)?;
    Some(starts_before && reaches && ends_within)
}

fn overlaps_after(order: &Order<'_, '_>, first: Side<'_>, second: Side<'_>) -> Option<bool> {
    overlaps_before(order, second, first)
}

fn finishes(order: &Order<'_, '_>, first: Side<'_>, second: Side<'_>) -> Option<bool> {
    match (first, second) {
        (Side::Point(point), Side::Range(_, end)) => Some(order.is_equal(point, &end.value)? && end.included),
        (Side::Range(start1, end1), Side::Range(start2, end2)) => {
            let same_end = order.is_equal(&end1.value, &end2.value)? && end1.included == end2.included;
            let starts_within =
                order.is_less_or(&start2.value, &start1.value, !start1.included || start2.included)?;
            Some(same_end && starts_within)
        }
        (Side::Point(_) | Side::Range(..), Side::Point(_)) => None,
    }
}

fn finished_by(order: &Order<'_, '_>, first: Side<'_>, second: Side<'_>) -> Option<bool> {
    finishes(order, second, first)
}

fn includes(order: &Order<'_, '_>, first: Side<'_>, second: Side<'_>) -> Option<bool> {
    match (first, second) {
        (Side::Range(start, end), Side::Point(point)) => {
            let is_inside = order.is_less(&start.value, point)? && order.is_less(point, &end.value)?;
            let is_start = start.included && order.is_equal(&start.value, point)?;
            let is_end = end.included && order.is_equal(&end.value, point)?;
            Some(is_inside || is_start || is_end)
        }
        (Side::Range(start1, end1), Side::Range(start2, end2)) => {
            let starts_before =
                order.is_less_or(&start1.value, &start2.value, start1.included || !start2.included)?;
            let ends_after = order.is_less_or(&end2.value, &end1.value, end1.included || !end2.included)?;
            Some(starts_before && ends_after)
        }
        (Side::Point(_), Side::Point(_) | Side::Range(..)) => None,
    }
}

fn during(order: &Order<'_, '_>, first: Side<'_>, second: Side<'_>) -> Option<bool> {
    includes(order, second, first)
}

fn starts(order: &Order<'_, '_>, first: Side<'_>, second: Side<'_>) -> Option<bool> {
    match (first, second) {
        (Side::Point(point), Side::Range(start, _)) => {
            Some(order.is_equal(point, &start.value)? && start.included)
        }
        (Side::Range(start1, end1), Side::Range(start2, end2)) => {
            let same_start =
                order.is_equal(&start1.value, &start2.value)? && start1.included == start2.included;
            let ends_within = order.is_less_or(&end1.value, &end2.value, !end1.included || end2.included)?;
            Some(same_start && ends_within)
        }
        (Side::Point(_) | Side::Range(..), Side::Point(_)) => None,
    }
}

fn started_by(order: &Order<'_, '_>, first: Side<'_>, second: Side<'_>) -> Option<bool> {
    starts(order, second, first)
}

fn coincides(order: &Order<'_, '_>, first: Side<'_>, second: Side<'_>) -> Option<bool> {
    match (first, second) {
        (Side::Point(a), Side::Point(b)) => order.is_equal(a, b),
        (Side::Range(start1, end1), Side::Range(start2, end2)) => {
            let same = |a: &Boundary, b: &Boundary| {
                Some(order.is_equal(&a.value, &b.value)? && a.included == b.included)
            };
            Some(same(start1, start2)? && same(end1, end2)?)
        }
        (Side::Point(_), Side::Range(..)) | (Side::Range(..), Side::Point(_)) => None,
    }
}

/// `range("[1..3]")`: both ends literals of one type, the first not greater than the second.
fn range_from(machine: &mut Machine<'_>, arguments: &[Value]) -> Result<Value, Stop> {
    let text = arguments[0].as_str().unwrap_or_default();
    machine.burn(text.len() as u64)?;
    let range = parse_range(text, machine.dialect());
    let range = range.filter(|range| {
        let order = Order(machine).of(&range.start().value, &range.end().value);
        order.is_some_and(Ordering::is_le)
    });
    range.map(Value::Range).ok_or_else(|| Stop::null(format!("'{text}' is no range of two literals")))
}

fn parse_range(text: &str, dialect: Dialect) -> Option<Range> {
    let text = text.trim();
    let start_included = match text.chars().next()? {
        '[' => true,
        '(' | ']' => false,
        _ => return None,
    };
    let end_included = match text.chars().next_back()? {
        ']' => true,
        ')' | '[' => false,
        _ => return None,
    };
    let ends = text.get(1..text.len() - 1)?;
    let (start, end) = ends.split_at(find_dots(ends)?);
    let start = Boundary { value: literal(start.trim(), dialect)?, included: start_included };
    let end = Boundary { value: literal(end[2..].trim(), dialect)?, included: end_included };
    Some(Range::new(start, end))
}

/// Where the `..` between the ends is: the first outside of quotes.
fn find_dots(text: &str) -> Option<usize> {
    let mut is_quoted = false;
    let mut is_escaped = false;
    for (at, next) in text.char_indices() {
        match next {
            '"' if !is_escaped => is_quoted = !is_quoted,
            '.' if !is_quoted && text[at..].starts_with("..") => return Some(at),
            _ => {}
        }
        is_escaped = next == '\\' && !is_escaped;
    }
    None
}

fn literal(text: &str, dialect: Dialect) -> Option<Value> {
    let quoted = |text: &str| {
        let inner = text.strip_prefix('"')?.strip_suffix('"')?;
        (!inner.contains(['"', '\\'])).then(|| inner.to_owned())
    };
    if let Some(inner) = quoted(text) {
        return Some(Value::from(inner));
    }
    if let Some(inner) = text.strip_prefix('@') {
        return Temporal::parse(&quoted(inner.trim_start())?, dialect).map(Value::from);
    }
    if let Some((name, rest)) = text.split_once('(') {
        let inner = quoted(rest.strip_suffix(')')?.trim())?;
        return match name.trim_end() {
            "date" => Date::parse(&inner).map(Value::Date),
            "time" => Time::parse(&inner, dialect).map(Value::Time),
            "date and time" => DateTime::parse(&inner, dialect).map(Value::DateTime),
            "duration" => Temporal::parse_duration(&inner, dialect).map(Value::from),
            _ => None,
        };
    }
    let (sign, digits) = text.strip_prefix('-').map_or((1, text), |digits| (-1, digits.trim_start()));
    let is_number = digits.starts_with(|first: char| first.is_ascii_digit() || first == '.')
        && digits.chars().all(|next| next.is_ascii_digit() || next == '.');
    let number: Number = is_number.then(|| Number::parse(digits)).flatten()?;
    Some(Value::Number(if sign < 0 { number.negate() } else { number }))
}
