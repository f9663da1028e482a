//! `zeebe:taskHeaders`: fixed texts that go to the worker with each job.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::Arc;

use crate::diagnostic::{Place, Report, quoted};
use crate::xml::{self, Node};

/// Keys that only the engine sets.
const RESERVED_PREFIX: &str = "io.camunda.zeebe:";

/// The headers of the element `node`, and `fixed` ones of ours, as JSON.
pub(crate) fn lower(node: Node<'_>, fixed: Vec<(&'static str, String)>, report: &mut Report) -> Arc<str> {
    let mut headers: BTreeMap<&str, &str> = BTreeMap::new();
    let headers_of = |container: Node<'_>| container.tag_name().namespace() == Some(xml::ZEEBE);
    for header in xml::extensions_named(node, "taskHeaders").flat_map(|container| container.children()) {
        if !headers_of(header) || header.tag_name().name() != "header" {
            continue;
        }
        let key = header.attribute("key").unwrap_or("");
        let value = header.attribute("value").unwrap_or("");
        if key.is_empty() || value.is_empty() {
            continue;
        }
        if key.starts_with(RESERVED_PREFIX) {
            report.error(
                Place::of_attribute(header, "key"),
                format!("Attribute 'key' contains '{}', but header keys starting with '{RESERVED_PREFIX}' are reserved for internal use.", quoted(key)),
                "use another key",
            );
        } else if headers.insert(key, value).is_some() {
            report.error(
                Place::of_attribute(header, "key"),
                format!("Headers contain duplicate entries for key '{}'", quoted(key)),
                "keep one of them",
            );
        }
    }
    headers.extend(fixed.iter().map(|(key, value)| (*key, value.as_str())));
    json_object(&headers).into()
}

/// A JSON object of texts, in the order of the keys.
fn json_object(entries: &BTreeMap<&str, &str>) -> String {
    let mut out = String::from("{");
    for (nth, (key, value)) in entries.iter().enumerate() {
        if nth > 0 {
            out.push(',');
        }
        json_text(&mut out, key);
        out.push(':');
        json_text(&mut out, value);
    }
    out.push('}');
    out
}

/// A JSON list of texts.
pub(crate) fn json_list<'a>(items: impl Iterator<Item = &'a str>) -> String {
    let mut out = String::from("[");
    for (nth, item) in items.enumerate() {
        if nth > 0 {
            out.push(',');
        }
        json_text(&mut out, item);
    }
    out.push(']');
    out
}

/// A JSON text (RFC 8259 section 7).
fn json_text(out: &mut String, text: &str) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c < ' ' => {
                // Writing to a String cannot fail.
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_json_cannot_hold_is_escaped() {
        let mut out = String::new();
        json_text(&mut out, "a\"b\\c\nd\u{1}\u{e9}");
        assert_eq!(out, "\"a\\\"b\\\\c\\nd\\u0001\u{e9}\"");
    }
}
