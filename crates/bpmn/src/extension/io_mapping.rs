//! `zeebe:ioMapping`: variables in and out of an element.

use std::sync::Arc;

use crate::diagnostic::{Place, Report, quoted};
use crate::element::Tag;
use crate::expression::Source;
use crate::model::{Site, shared};
use crate::process::{Expr, Mapping};
use crate::xml::{self, Node};

/// What a variable may be called.
const PATH_PATTERN: &str = "[a-zA-Z_][a-zA-Z0-9_]*(\\.[a-zA-Z_][a-zA-Z0-9_]*)*";

/// Words that FEEL would not take for a name.
const RESERVED_WORDS: [&str; 11] =
    ["null", "true", "false", "function", "if", "then", "else", "for", "between", "instance", "of"];

/// Input and output mappings of an element.
pub(crate) fn lower(site: &Site<'_, '_>, report: &mut Report) -> (Vec<Mapping>, Vec<Mapping>) {
    let (mut inputs, mut outputs) = (Vec::new(), Vec::new());
    for container in xml::extensions_named(site.node(), "ioMapping") {
        for node in container.children().filter(|child| child.tag_name().namespace() == Some(xml::ZEEBE)) {
            match node.tag_name().name() {
                "input" => {
                    check_input_allowed(site, node, report);
                    inputs.extend(mapping(node, |s, r| s.expr(r), report));
                }
                "output" => outputs.extend(mapping(node, |s, r| s.feel(r).map(Expr::Feel), report)),
                name => {
                    let message = format!("zeebe:{} is not known inside zeebe:ioMapping", quoted(name));
                    report.error(node, message, "use <zeebe:input .../> and <zeebe:output .../>");
                }
            }
        }
    }
    (inputs, outputs)
}

/// Events that catch have nothing that an input could go into.
fn check_input_allowed(site: &Site<'_, '_>, node: Node<'_>, report: &mut Report) {
    let tag = site.element().tag;
    if matches!(tag, Tag::StartEvent | Tag::IntermediateCatchEvent | Tag::BoundaryEvent) {
        let message = format!("an input mapping has no effect on {}", tag.with_article());
        report.warning(node, message, "use an output mapping");
    }
}

/// One mapping; `read` says what its source may be.
fn mapping(
    node: Node<'_>,
    read: impl Fn(&Source<'_>, &mut Report) -> Option<Expr>,
    report: &mut Report,
) -> Option<Mapping> {
    let source = match Source::attribute(node, "source") {
        Some(source) if !source.text().is_empty() => read(&source, report),
        _ => {
            let remedy = "add source=\"=...\"";
            report.error(Place::of_attribute(node, "source"), "Expected expression but not found.", remedy);
            None
        }
    };
    let target = target(node, report);
    Some(Mapping { source: source?, target: target? })
}

/// The path of the variable.
fn target(node: Node<'_>, report: &mut Report) -> Option<Vec<Arc<str>>> {
    let text = node.attribute("target").unwrap_or("");
    let at = Place::of_attribute(node, "target");
    if text.is_empty() {
        report.error(at, "Expected path expression but not found.", "add target=\"name\"");
        return None;
    }
    let path: Vec<&str> = text.split('.').collect();
    let shown = quoted(text);
    if !path.iter().all(|name| is_name(name)) {
        report.error(
            at,
            format!("Expected path expression '{shown}' but doesn't match the pattern '{PATH_PATTERN}'."),
            "use letters, digits and underscores, and dots between names",
        );
        return None;
    }
    if RESERVED_WORDS.contains(&text) {
        report.error(
            at,
            format!(
                "Expected path expression '{shown}' but is one of the reserved words ({}).",
                RESERVED_WORDS.join(", ")
            ),
            "use another name: FEEL could not read this variable",
        );
        return None;
    }
    Some(path.into_iter().map(shared).collect())
}

fn is_name(text: &str) -> bool {
    let starts_well = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    starts_well && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}
