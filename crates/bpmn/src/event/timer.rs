//! A timer event definition: a point in time, a duration, or a cycle.

use crate::diagnostic::Report;
use crate::event::Position;
use crate::expression::Source;
use crate::process::TimerDefinition;
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
    let timer = match kind {
        "timeDate" => TimerDefinition::Date(expr),
        "timeDuration" => TimerDefinition::Duration(expr),
        _ => TimerDefinition::Cycle(expr),
    };
    Some(timer)
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
