//! A timer event definition: a point in time, a duration, or a cycle.

use crate::diagnostic::{Report, quoted};
use crate::event::Position;
use crate::expression::Source;
use crate::process::{Expr, TimerDefinition};
use crate::timer::{self, Cycle, Interval, TimerError};
use crate::xml::{self, Node};

/// The XML name.
pub(crate) const NAME: &str = "timerEventDefinition";

/// The three kinds, by their XML names.
const KINDS: [&str; 3] = ["timeDate", "timeDuration", "timeCycle"];

/// When the timer fires.
pub(crate) fn lower(node: Node<'_>, position: Position, report: &mut Report) -> Option<TimerDefinition> {
    let kinds: Vec<_> =
        xml::bpmn_children(node).filter(|child| KINDS.contains(&child.tag_name().name())).collect();
    let [only] = kinds.as_slice() else {
        report.error(
            node,
            "Must be exactly one type of timer: timeDuration, timeDate or timeCycle",
            "keep one of timeDate, timeDuration and timeCycle",
        );
        return None;
    };
    let kind = only.tag_name().name();
    check_position(*only, kind, position, report)?;
    let source = Source::text_of(*only);
    if source.text().is_empty() {
        let message = format!("Invalid timer {} expression (it is empty)", &kind[4..].to_lowercase());
        report.error(*only, message, "write when the timer shall fire, for example PT1H");
        return None;
    }
    let expr = source.expr(report)?;
    if source.expression_text().is_none()
        && let Err(error) = check_text(kind, source.text())
    {
        let message = format!("Invalid timer {} expression ({error})", &kind[4..].to_lowercase());
        report.error(source.place(), message, "mend the text, or write an expression that starts with '='");
        return None;
    }
    if position == Position::ProcessStart
        && let Expr::Feel(expression) = &expr
        && let Some(variable) = expression.variables().first()
    {
        let message = format!(
            "Invalid timer {} expression (it needs the variable '{}', and a process is started before there are any)",
            &kind[4..].to_lowercase(),
            quoted(variable)
        );
        report.error(source.place(), message, "write a fixed time, or an expression without variables");
        return None;
    }
    let timer = match kind {
        "timeDate" => TimerDefinition::Date(expr),
        "timeDuration" => TimerDefinition::Duration(expr),
        _ => TimerDefinition::Cycle(expr),
    };
    Some(timer)
}

/// Static text must be what its kind says.
fn check_text(kind: &str, text: &str) -> Result<(), TimerError> {
    match kind {
        "timeDate" => timer::date_due_ms(text).map(|_| ()),
        "timeDuration" => Interval::parse(text).map(|_| ()),
        _ => Cycle::parse(text).map(|_| ()),
    }
}

/// Not every kind makes sense everywhere.
fn check_position(node: Node<'_>, kind: &str, position: Position, report: &mut Report) -> Option<()> {
    let (message, remedy) = match (position, kind) {
        (Position::Intermediate, "timeCycle") => (
            "Intermediate timer catch event must have either a time duration or a time date.",
            "use timeDuration or timeDate: an event in the flow happens once",
        ),
        (
            Position::Boundary { interrupting: true } | Position::EventSubProcessStart { interrupting: true },
            "timeCycle",
        ) => (
            "Interrupting timer event with time cycle is not allowed.",
            "use timeDuration or timeDate, or make the event non-interrupting",
        ),
        (Position::ProcessStart, "timeDuration") => (
            "Start events of a process must have either a time date or a time cycle.",
            "use timeDate for once, or timeCycle (for example R1/PT5M) for one after a duration",
        ),
        _ => return Some(()),
    };
    report.error(node, message, remedy);
    None
}
