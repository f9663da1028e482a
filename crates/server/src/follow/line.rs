//! One event as a line for people, or as JSON for programs.

use std::{borrow::Cow, time::Duration};

use anstyle::Style;
use serde_json::{Map, Value, json};
use weir_api::proto::weir::{EventKind, InstanceEvent};

use crate::{
    command::instance::parse_variables,
    output::{BAD, DIM, GOOD, NAME, WARN},
};

/// Characters of variables and of other programs' words that a line shows.
const SHOWN_CHARS: usize = 160;
/// The type under which user tasks are offered to workers.
const USER_TASK_TYPE: &str = "io.camunda.zeebe:userTask";

/// Time since the instance started.
pub(super) fn since(ms: i64) -> String {
    format!("{DIM}{:>8.3} s{DIM:#}", ms.max(0) as f64 / 1000.0)
}

/// Whose event it is.
pub(super) fn instance(event: &InstanceEvent) -> String {
    format!("{DIM}{}{DIM:#}", event.process_instance_key)
}

/// The line; `None` where it would say nothing that the lines around it do not say.
pub(super) fn to_text(event: &InstanceEvent) -> Option<String> {
    let (style, verb, more) = words(event)?;
    let element = event.element.clone().unwrap_or_default();
    let name = if element.name.is_empty() { &element.id } else { &element.name };
    let item = if event.item > 0 { format!(" #{}", event.item) } else { String::new() };
    let kind = kind(&element.r#type);
    let text = format!("{style}{verb:<8}{style:#} {NAME}{name}{NAME:#}{item} {DIM}({kind}){DIM:#} {more}");
    Some(text.trim_end().to_owned())
}

/// What happened, in a word, and what else there is to say.
fn words(event: &InstanceEvent) -> Option<(Style, &'static str, String)> {
    let text = shortened(&event.text);
    let told = match event.kind() {
        EventKind::ElementEntered if is_process(event) => (GOOD, "started", started(event)),
        EventKind::ElementCompleted => (GOOD, "done", String::new()),
        EventKind::ElementTerminated => (DIM, "ended", String::new()),
        EventKind::VariablesSet => (DIM, "set", shortened(&event.variables).into_owned()),
        EventKind::JobCreated if event.text == USER_TASK_TYPE => (WARN, "waiting", "for a person".to_owned()),
        EventKind::JobCreated => (WARN, "waiting", format!("for a worker of type {text}")),
        EventKind::JobActivated => (WARN, "working", format!("by {text}")),
        EventKind::JobFailed => (BAD, "failed", format!("{text} {DIM}({} tries left){DIM:#}", event.retries)),
        EventKind::JobAvailableAgain if event.text == "TIMED_OUT" => {
            (WARN, "waiting", "for a worker again: the time of the last one was over".to_owned())
        }
        EventKind::JobErrorThrown => (BAD, "error", "thrown by its worker".to_owned()),
        EventKind::TimerStarted => (WARN, "waiting", format!("until {}", time(event.due_ms))),
        EventKind::TimerFired => (DIM, "fired", String::new()),
        EventKind::MessageAwaited => {
            (WARN, "waiting", format!("for the message {text} with key {}", shortened(&event.detail)))
        }
        EventKind::SignalAwaited => (WARN, "waiting", format!("for the signal {text}")),
        EventKind::MessageReceived => (GOOD, "received", format!("the message {text}")),
        EventKind::IncidentCreated => (
            BAD,
            "stopped",
            format!(
                "incident {}: {text} {DIM}(correct the cause, then: weir incident resolve {0}){DIM:#}",
                event.key
            ),
        ),
        EventKind::IncidentResolved => (GOOD, "resolved", format!("incident {}", event.key)),
        EventKind::Unspecified
        | EventKind::ElementEntered
        | EventKind::ElementActivated
        | EventKind::SequenceFlowTaken
        | EventKind::JobCompleted
        | EventKind::JobAvailableAgain
        | EventKind::JobCanceled
        | EventKind::JobUpdated
        | EventKind::TimerCanceled
        | EventKind::MessageWaitCanceled => return None,
    };
    Some(told)
}

/// Whether it happened to a process instance itself.
pub(super) fn is_process(event: &InstanceEvent) -> bool {
    event.element_instance_key == event.process_instance_key
}

fn started(event: &InstanceEvent) -> String {
    let element = event.element.clone().unwrap_or_default();
    format!("version {}, instance {}", element.process_version, event.process_instance_key)
}

fn shortened(text: &str) -> Cow<'_, str> {
    match text.char_indices().nth(SHOWN_CHARS) {
        None => text.into(),
        Some((end, _)) => format!("{} ...", &text[..end]).into(),
    }
}

/// A name of BPMN's XML as words: `businessRuleTask` is "business rule task".
pub(super) fn kind(name: &str) -> String {
    let mut words = String::new();
    for c in name.chars() {
        if c.is_ascii_uppercase() {
            words.push(' ');
        }
        words.push(c.to_ascii_lowercase());
    }
    words
}

/// A time of the server, in UTC.
fn time(epoch_ms: i64) -> String {
    let since = Duration::from_millis(u64::try_from(epoch_ms).unwrap_or(0));
    match std::time::UNIX_EPOCH.checked_add(since) {
        Some(time) => humantime::format_rfc3339_millis(time).to_string(),
        None => format!("{epoch_ms} ms"),
    }
}

/// Everything that is known, without what does not belong to this kind of event. Keys are strings: they do not fit into the
/// numbers of JavaScript.
pub(super) fn to_json(event: &InstanceEvent) -> Value {
    let kind = event.kind().as_str_name().trim_start_matches("EVENT_KIND_");
    let mut object = Map::new();
    let mut put = |name: &str, value: Value| {
        let is_absent = value == json!("") || value == json!("0") || value == json!(0);
        if !is_absent {
            object.insert(name.to_owned(), value);
        }
    };
    put("event", json!(kind));
    put("atMs", json!(event.at_ms));
    put("processInstanceKey", json!(event.process_instance_key.to_string()));
    put("elementInstanceKey", json!(event.element_instance_key.to_string()));
    put("scopeKey", json!(event.scope_key.to_string()));
    if let Some(element) = &event.element {
        put("elementId", json!(element.id));
        put("elementName", json!(element.name));
        put("elementType", json!(element.r#type));
        put("processId", json!(element.process_id));
        put("processVersion", json!(element.process_version));
        put("processDefinitionKey", json!(element.process_definition_key.to_string()));
    }
    put("item", json!(event.item));
    put("key", json!(event.key.to_string()));
    put("text", json!(event.text));
    put("detail", json!(event.detail));
    put("retries", json!(event.retries));
    put("dueMs", json!(event.due_ms));
    if !event.variables.is_empty() {
        put("variables", parse_variables(&event.variables));
    }
    Value::Object(object)
}

#[cfg(test)]
mod tests {
    use weir_api::proto::weir::Element;

    use super::*;

    fn event(kind: EventKind) -> InstanceEvent {
        InstanceEvent {
            kind: kind.into(),
            at_ms: 1_700_000_000_000,
            process_instance_key: 1,
            element_instance_key: 2,
            element: Some(Element {
                id: "pay".into(),
                name: "Pay the bill".into(),
                r#type: "businessRuleTask".into(),
                process_id: "order".into(),
                process_version: 3,
                process_definition_key: 4,
            }),
            ..InstanceEvent::default()
        }
    }

    #[test]
    fn lines_say_what_is_waited_for_and_what_to_do() {
        let lines = [
            InstanceEvent { text: "bill".into(), ..event(EventKind::JobCreated) },
            InstanceEvent { text: USER_TASK_TYPE.into(), item: 2, ..event(EventKind::JobCreated) },
            InstanceEvent { text: "w".repeat(200), ..event(EventKind::JobActivated) },
            InstanceEvent { text: "no paper".into(), retries: 2, ..event(EventKind::JobFailed) },
            InstanceEvent { due_ms: 1_700_000_000_000, ..event(EventKind::TimerStarted) },
            InstanceEvent { text: "paid".into(), detail: "7".into(), ..event(EventKind::MessageAwaited) },
            InstanceEvent { text: "go".into(), ..event(EventKind::SignalAwaited) },
            InstanceEvent { key: 9, text: "no such variable".into(), ..event(EventKind::IncidentCreated) },
        ];
        let plain =
            lines.iter().filter_map(to_text).map(|line| anstream::adapter::strip_str(&line).to_string());
        expect_test::expect![[r#"
            waiting  Pay the bill (business rule task) for a worker of type bill
            waiting  Pay the bill #2 (business rule task) for a person
            working  Pay the bill (business rule task) by wwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwww ...
            failed   Pay the bill (business rule task) no paper (2 tries left)
            waiting  Pay the bill (business rule task) until 2023-11-14T22:13:20.000Z
            waiting  Pay the bill (business rule task) for the message paid with key 7
            waiting  Pay the bill (business rule task) for the signal go
            stopped  Pay the bill (business rule task) incident 9: no such variable (correct the cause, then: weir incident resolve 9)"#]].assert_eq(&plain.collect::<Vec<_>>().join("\n"));
        assert_eq!(to_text(&event(EventKind::ElementActivated)), None);
    }

    #[test]
    fn programs_get_all_of_it_and_nothing_that_is_not_there() {
        let set = InstanceEvent { variables: r#"{"a":1}"#.into(), ..event(EventKind::VariablesSet) };
        expect_test::expect![[r#"{"event":"VARIABLES_SET","atMs":1700000000000,"processInstanceKey":"1","elementInstanceKey":"2","elementId":"pay","elementName":"Pay the bill","elementType":"businessRuleTask","processId":"order","processVersion":3,"processDefinitionKey":"4","variables":{"a":1}}"#]].assert_eq(&to_json(&set).to_string());
    }
}
