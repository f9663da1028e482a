//! Timers: when they are due, and what happens then.

use std::sync::Arc;

use weir_bpmn::{
    process::{ElementIdx, Expr, TimerDefinition},
    timer::{self as spec, Cycle, Interval, Repetitions},
};
use weir_canary::{Canary, planted};
use weir_feel::{Dialect, Value};

use crate::{
    catch,
    event::Event,
    expression, flow, job,
    key::{ElementKey, JobKey, MessageKey, TimerKey},
    message,
    state::row::{Timer, TimerTarget},
    step::Step,
    tx::{Failure, Tx},
};

/// When a timer fires, and how often again.
pub(crate) struct Due {
    /// In milliseconds since 1970.
    pub(crate) due_ms: i64,
    /// The text of its cycle, where it repeats.
    pub(crate) cycle: Option<Arc<str>>,
    /// How often it fires after the first time; `None`: without end. Without meaning where it does not repeat.
    pub(crate) repetitions: Option<u32>,
}

/// Evaluates a timer's definition now.
pub(crate) fn evaluate(
    tx: &Tx<'_>,
    definition: &TimerDefinition,
    scope: Option<ElementKey>,
) -> Result<Due, Failure> {
    match definition {
        TimerDefinition::Date(expr) => date(tx, expr, scope),
        TimerDefinition::Duration(expr) => duration(tx, expr, scope),
        TimerDefinition::Cycle(expr) => cycle(tx, expr, scope),
    }
}

fn once(due_ms: i64) -> Due {
    Due { due_ms, cycle: None, repetitions: Some(0) }
}

/// What an attribute of a timer gives: its text for messages, and its value.
fn value(tx: &Tx<'_>, expr: &Expr, scope: Option<ElementKey>) -> Result<(Arc<str>, Value, String), Failure> {
    match expr {
        Expr::Text(text) | Expr::Number(text) => {
            Ok((text.clone(), Value::String(text.clone()), String::new()))
        }
        Expr::Feel(expression) => {
            let result = expression::evaluate(tx, expression, scope, &[])?;
            let warnings = expression::warnings_text(&result.warnings);
            Ok((expression.text().into(), result.value, warnings))
        }
    }
}

fn date(tx: &Tx<'_>, expr: &Expr, scope: Option<ElementKey>) -> Result<Due, Failure> {
    let (text, value, warnings) = value(tx, expr, scope)?;
    let due = match &value {
        Value::DateTime(moment) => spec::date_time_due_ms(*moment, tx.settings.zone),
        Value::String(given) => spec::date_due_ms(given).ok(),
        other => return Err(wrong(&text, "[DATE_TIME, STRING]", other, &warnings)),
    };
    due.map(once).ok_or_else(|| {
        Failure::extract(format!(
            "Invalid date-time format '{}' for expression '{text}'.",
            value.to_text(Dialect::Bpmn)
        ))
    })
}

fn duration(tx: &Tx<'_>, expr: &Expr, scope: Option<ElementKey>) -> Result<Due, Failure> {
    let (text, value, warnings) = value(tx, expr, scope)?;
    let interval = match &value {
        Value::String(given) => Interval::parse(given).map_err(|_| invalid_duration(given, &text))?,
        Value::DaysDuration(duration) => Interval::from(*duration),
        Value::MonthsDuration(duration) => Interval::from(*duration),
        other => return Err(wrong(&text, "[DURATION, PERIOD, STRING]", other, &warnings)),
    };
    let due = interval.after_ms(tx.now_ms, tx.settings.zone);
    due.map(once).ok_or_else(|| invalid_duration(&value.to_text(Dialect::Bpmn), &text))
}

fn invalid_duration(given: &str, text: &str) -> Failure {
    Failure::extract(format!("Invalid duration format '{given}' for expression '{text}'."))
}

fn cycle(tx: &Tx<'_>, expr: &Expr, scope: Option<ElementKey>) -> Result<Due, Failure> {
    let (text, value, warnings) = value(tx, expr, scope)?;
    let Value::String(given) = &value else {
        return Err(Failure::extract(format!(
            "Expected result of the expression '{text}' to be 'STRING', but was '{}'.{warnings}",
            value.stored_type_name()
        )));
    };
    let cycle = Cycle::parse(given).map_err(|error| Failure::extract(error.to_string()))?;
    let due_ms = cycle.first_due_ms(tx.now_ms, tx.settings.zone).ok_or_else(|| never(given))?;
    let repetitions = match cycle.repetitions() {
        Repetitions::Unlimited => None,
        Repetitions::Limited(count) => Some(count.saturating_sub(1)),
    };
    Ok(Due { due_ms, cycle: Some(given.clone()), repetitions })
}

fn never(cycle: &str) -> Failure {
    Failure::extract(format!("the timer cycle '{cycle}' has no next time"))
}

fn wrong(text: &str, wanted: &str, found: &Value, warnings: &str) -> Failure {
    let found = found.stored_type_name();
    Failure::extract(format!(
        "Expected result of the expression '{text}' to be one of '{wanted}', but was '{found}'.{warnings}"
    ))
}

/// What waits for a point in time.
enum Waiter {
    Timer(TimerKey),
    Job(JobKey),
    Message(MessageKey),
}

/// Fires everything that is due, in order of time, as much as one batch holds. What follows from one comes before the next,
/// so that no more is put off than follows from the last.
pub(crate) fn time_passed(tx: &mut Tx<'_>) {
    tx.stand_behind();
    while !tx.is_full() {
        let state = tx.state();
        let timer = state.timer_dues.first().map(|((due, key), _)| (due, Waiter::Timer(key)));
        let job = state.job_dues.first().map(|((due, key), _)| (due, Waiter::Job(key)));
        let message = state.message_dues.first().map(|((due, key), _)| (due, Waiter::Message(key)));
        let first = [timer, job, message].into_iter().flatten().min_by_key(|(due, _)| *due);
        let early_ms = if planted(Canary::TimedOutEarly) { 500 } else { 0 };
        match first.filter(|(due, _)| *due <= tx.now_ms + early_ms) {
            Some((_, Waiter::Timer(key))) => fire(tx, key),
            Some((_, Waiter::Job(key))) => job::due(tx, key),
            Some((_, Waiter::Message(key))) => message::due(tx, key),
            None => return,
        }
        tx.worked(1);
        flow::run(tx);
    }
}

fn fire(tx: &mut Tx<'_>, key: TimerKey) {
    let Some(timer) = tx.state().timers.get(&key) else { return };
    tx.emit(Event::TimerFired(key));
    match timer.target {
        TimerTarget::Start { process, element } => {
            repeat(tx, &timer);
            let instance = ElementKey(tx.next_key());
            tx.then(Step::StartAt { instance, process, start: element, variables: Vec::new() });
        }
        TimerTarget::Catch { owner, element } => {
            if catch::is_waiting(tx, owner) {
                repeat(tx, &timer);
                catch::trigger(tx, owner, ElementIdx(element), Vec::new());
            }
        }
    }
}

/// Starts the next round of a cycle: due an interval after this one was due, so that missed rounds are caught up.
fn repeat(tx: &mut Tx<'_>, timer: &Timer) {
    let Some(text) = &timer.cycle else { return };
    if timer.repetitions == Some(0) && !planted(Canary::TimerFiresAgain) {
        return;
    }
    let Ok(cycle) = Cycle::parse(text) else { return };
    let from_ms = match cycle {
        Cycle::Repeating { .. } => timer.due_ms,
        // Cron says when, not how often: what was missed is not caught up.
        Cycle::Cron(_) => tx.now_ms,
    };
    let Some(due_ms) = cycle.next_due_ms(timer.due_ms, from_ms, tx.settings.zone) else { return };
    let repetitions = timer.repetitions.map(|left| left.saturating_sub(1));
    let key = TimerKey(tx.next_key());
    tx.emit(Event::TimerCreated { key, timer: Timer { due_ms, repetitions, ..timer.clone() } });
}
