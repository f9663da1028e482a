//! An error event definition: catches a BPMN error, or throws one.

use crate::diagnostic::{Place, Report, quoted};
use crate::event::Position;
use crate::expression::{Source, expression_text};
use crate::model::{Error, File, Site, shared};
use crate::process::{ErrorCatch, Expr};
use crate::xml::{self, Node};

/// The XML name.
pub(crate) const NAME: &str = "errorEventDefinition";

/// The `bpmn:error` that a definition refers to; `Err` when it refers to one that does not exist.
fn error_of<'m, 'a>(file: &'m File<'a>, node: Node<'_>) -> Result<Option<&'m Error<'a>>, String> {
    let Some(reference) = node.attribute("errorRef") else { return Ok(None) };
    match file.errors.get(xml::local(reference)) {
        Some(error) => Ok(Some(error)),
        None => Err(format!("the error '{}' does not exist: add it, or mend errorRef", quoted(reference))),
    }
}

/// The code that is caught, for comparison: `Some(None)` catches all, `None` is broken.
pub(crate) fn code_of<'a>(file: &File<'a>, node: Node<'_>) -> Option<Option<&'a str>> {
    let error = error_of(file, node).ok()?;
    Some(error.and_then(|error| error.node.attribute("errorCode")).filter(|code| !code.is_empty()))
}

/// What is wrong when two events of one scope catch the same.
pub(crate) fn duplicate(code: Option<&str>) -> String {
    match code {
        Some(code) => format!(
            "Multiple error catch events with the same error code '{}' are not supported on the same scope.",
            quoted(code)
        ),
        None => "The same scope can not contain more than one error catch event without error code. An error catch event without error code catches all errors.".to_owned(),
    }
}

/// The error that is caught.
pub(crate) fn catch(
    site: &Site<'_, '_>,
    node: Node<'_>,
    position: Position,
    report: &mut Report,
) -> Option<ErrorCatch> {
    if position.is_non_interrupting() {
        report.error(
            site.node(),
            "Non-Interrupting event of this type is not allowed",
            "make it interrupting: after an error the activity cannot go on",
        );
    }
    if let Err(remedy) = error_of(site.file, node) {
        report.error(Place::of_attribute(node, "errorRef"), "Must reference an error", remedy);
        return None;
    }
    let code = code_of(site.file, node)?;
    if code.is_some_and(|code| expression_text(code).is_some()) {
        let error = error_of(site.file, node).ok().flatten()?;
        report.error(
            Place::of_attribute(error.node, "errorCode"),
            "The errorCode of the error catch event is not allowed to be an expression",
            "write a fixed code, or leave it out to catch all errors",
        );
        return None;
    }
    Some(ErrorCatch { code: code.map(shared) })
}

/// The code that an end event throws.
pub(crate) fn throw(site: &Site<'_, '_>, node: Node<'_>, report: &mut Report) -> Option<Expr> {
    let error = match error_of(site.file, node) {
        Ok(Some(error)) => error,
        Ok(None) => {
            report.error(node, "Must reference an error", "set errorRef to the id of an error");
            return None;
        }
        Err(remedy) => {
            report.error(Place::of_attribute(node, "errorRef"), "Must reference an error", remedy);
            return None;
        }
    };
    error.thrown_code.get_or_init(|| thrown_code(error.node, report)).clone()
}

/// The code of an error that is thrown: text, or an expression.
fn thrown_code(error: Node<'_>, report: &mut Report) -> Option<Expr> {
    match Source::attribute(error, "errorCode").filter(|code| !code.text().is_empty()) {
        // A code of digits is still a code: it is compared as text.
        Some(code) if code.expression_text().is_none() => Some(Expr::Text(shared(code.text()))),
        Some(code) => code.expr(report),
        None => {
            let remedy = "give the error a code";
            report.error(error, "ErrorCode must be present and not empty", remedy);
            None
        }
    }
}
