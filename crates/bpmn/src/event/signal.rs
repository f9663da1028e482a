//! A signal event definition: waits for a signal, or broadcasts one.

use crate::diagnostic::{Place, Report, quoted};
use crate::event::{Position, check_constant};
use crate::expression::Source;
use crate::model::{File, Signal};
use crate::process::Expr;
use crate::xml::{self, Node};

/// The XML name.
pub(crate) const NAME: &str = "signalEventDefinition";

/// The signal that an event definition refers to, without a report.
fn signal_of<'m, 'a>(file: &'m File<'a>, node: Node<'_>) -> Option<&'m Signal<'a>> {
    file.signals.get(xml::local(node.attribute("signalRef")?))
}

/// The name of the signal, as it is written, if there is one.
pub(crate) fn name_of<'a>(file: &File<'a>, node: Node<'_>) -> Option<&'a str> {
    signal_of(file, node)?.node.attribute("name").filter(|name| !name.is_empty())
}

/// The name of the signal that is waited for.
pub(crate) fn catch(
    file: &File<'_>,
    node: Node<'_>,
    position: Position,
    report: &mut Report,
) -> Option<Expr> {
    let signal = referred(file, node, report)?;
    let name = signal.name.get_or_init(|| name(signal.node, report)).clone()?;
    if position == Position::ProcessStart {
        check_constant(signal.node, &name, "give a signal that starts a process a fixed name", report);
    }
    Some(name)
}

/// The name of the signal that is broadcast.
pub(crate) fn throw(file: &File<'_>, node: Node<'_>, report: &mut Report) -> Option<Expr> {
    let signal = referred(file, node, report)?;
    signal.name.get_or_init(|| name(signal.node, report)).clone()
}

fn referred<'m, 'a>(file: &'m File<'a>, node: Node<'_>, report: &mut Report) -> Option<&'m Signal<'a>> {
    let signal = signal_of(file, node);
    if signal.is_none() {
        let remedy = match node.attribute("signalRef") {
            Some(reference) => {
                format!("the signal '{}' does not exist: add it, or mend signalRef", quoted(reference))
            }
            None => "set signalRef to the id of a signal".to_owned(),
        };
        report.error(Place::of_attribute(node, "signalRef"), "Must reference a signal", remedy);
    }
    signal
}

/// The name of a signal: text, or an expression.
fn name(signal: Node<'_>, report: &mut Report) -> Option<Expr> {
    let source = Source::attribute(signal, "name").filter(|name| !name.text().is_empty());
    let Some(source) = source else {
        report.error(signal, "Name must be present and not empty", "give the signal a name");
        return None;
    };
    source.expr(report)
}
