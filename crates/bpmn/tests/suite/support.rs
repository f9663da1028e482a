//! What the tests of this crate share: models around a body, and diagnostics as lines.

use weir_bpmn::{Definitions, Diagnostic, Diagnostics, parse};

/// A BPMN file around `body`.
pub(crate) fn file(body: &str) -> String {
    format!(
        r#"<?xml version="1.0" encoding="UTF-8"?>
<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:zeebe="http://camunda.org/schema/zeebe/1.0" xmlns:camunda="http://camunda.org/schema/1.0/bpmn">
{body}
</bpmn:definitions>"#
    )
}

/// A file with one executable process around `body`.
pub(crate) fn process(body: &str) -> String {
    file(&format!("<bpmn:process id=\"p\" isExecutable=\"true\">\n{body}\n</bpmn:process>"))
}

/// A file with a process: start event `s`, sequence flow, the element `body` with the id `e`, and what else stands in it.
pub(crate) fn after_start(body: &str) -> String {
    let start =
        "<bpmn:startEvent id=\"s\" />\n<bpmn:sequenceFlow id=\"f\" sourceRef=\"s\" targetRef=\"e\" />\n";
    process(&format!("{start}{body}"))
}

/// The definitions of a good file.
pub(crate) fn read(text: &str) -> Definitions {
    parse("test.bpmn", text.as_bytes()).unwrap_or_else(|errors| panic!("{}", errors.render(text)))
}

/// The diagnostics of a bad file.
pub(crate) fn refused(text: &str) -> Diagnostics {
    match parse("test.bpmn", text.as_bytes()) {
        Ok(_) => panic!("was not refused:\n{text}"),
        Err(errors) => errors,
    }
}

/// All diagnostics of a file, good or bad, a line or two each.
pub(crate) fn lines(text: &str) -> String {
    match parse("test.bpmn", text.as_bytes()) {
        Ok(definitions) => all(&definitions.warnings),
        Err(errors) => all(&errors.items),
    }
}

fn all(items: &[Diagnostic]) -> String {
    items.iter().map(line).collect()
}

fn line(item: &Diagnostic) -> String {
    format!(
        "{} {}:{} [{}] {}\n  help: {}\n",
        item.severity, item.line, item.column, item.path, item.message, item.remedy
    )
}

/// A message that can be waited for.
const MESSAGE: &str = r#"<bpmn:message id="m" name="m"><bpmn:extensionElements><zeebe:subscription correlationKey="=key" /></bpmn:extensionElements></bpmn:message>"#;

/// A file with `body` and the message `m`.
pub(crate) fn file_with_message(body: &str) -> String {
    file(&format!("{body}\n{MESSAGE}"))
}

/// [`after_start`] with the message `m`.
pub(crate) fn after_start_with_message(body: &str) -> String {
    after_start(body).replace("</bpmn:definitions>", &format!("{MESSAGE}\n</bpmn:definitions>"))
}

/// A file with `body` and the error `x` of the code `X`.
pub(crate) fn file_with_error(body: &str) -> String {
    file(&format!("{body}\n<bpmn:error id=\"x\" errorCode=\"X\" />"))
}
