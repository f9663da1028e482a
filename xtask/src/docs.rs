//! `cargo xtask docs`: documentation that is made from the sources, so that it cannot lie.

use std::{fmt::Write, fs};

use weir_bpmn::support;

use crate::{
    run::{Failed, root},
    source::{self, Call},
    tree::Tree,
};

/// The file that is made.
pub(crate) const SUPPORT: &str = "docs/support.md";

/// Writes the generated documentation.
pub(crate) fn docs() -> Result<(), Failed> {
    let tree = Tree::read(&root())?;
    fs::write(root().join(SUPPORT), support(&tree)).map_err(Failed::io(format!("cannot write {SUPPORT}")))
}

/// What is supported.
pub(crate) fn support(tree: &Tree) -> String {
    let mut text = String::from(
        "# What Weir supports\n\n\
         Made by `cargo xtask docs` from the code, and compared with it by the tests. What is not supported is refused by name.\n",
    );
    elements(&mut text);
    let (rpcs, operations) = (source::rpcs(tree), source::operations(tree));
    text.push_str("\n## gRPC\n\nThe service `gateway_protocol.Gateway`, by default on port 26500.\n\n");
    calls(&mut text, &rpcs, "They answer UNIMPLEMENTED");
    text.push_str("\nBeyond the contract, on the same port: the service `weir.v1.Follow`,\n[described in its own file](../crates/api/proto/weir.proto).\n\n");
    for name in source::own_rpcs(tree) {
        let _infallible = writeln!(text, "- `{name}`");
    }
    text.push_str("\n## REST\n\nBelow `/v2`, by default on port 8080.\n\n");
    calls(&mut text, &operations, "They answer 501 and say so");
    limits(&mut text, tree);
    text
}

fn elements(text: &mut String) {
    text.push_str(
        "\n## BPMN\n\n\
         Pools, lanes, message flows, texts, groups, data objects, the diagram and other vendors' extensions are only drawn: they\n\
         are read over. Event definitions are supported where [the reader](../crates/bpmn/src/event/mod.rs) says so; a wrong place is\n\
         refused with the right ones.\n\n| element | since |\n|---|---|\n",
    );
    let table = support::table();
    for row in &table {
        let since = row.since.unwrap_or("not yet");
        let _infallible = writeln!(text, "| {} | {since} |", row.element);
    }
}

fn calls(text: &mut String, calls: &[Call], refusal: &str) {
    let (built, missing): (Vec<&Call>, Vec<&Call>) = calls.iter().partition(|call| call.is_built);
    let _infallible = writeln!(text, "{} of {} calls of the contract are built:\n", built.len(), calls.len());
    for call in built {
        let _infallible = match call.route.is_empty() {
            true => writeln!(text, "- `{}`", call.name),
            false => writeln!(text, "- `{}` ({})", call.route, call.name),
        };
    }
    let names: Vec<_> = missing.iter().map(|call| format!("`{}`", call.name)).collect();
    if !names.is_empty() {
        let _infallible = writeln!(text, "\nNot built yet. {refusal}: {}.", names.join(", "));
    }
}

fn limits(text: &mut String, tree: &Tree) {
    text.push_str("\n## Limits\n\n| limit | value | of |\n|---|---|---|\n");
    for limit in source::limits(tree) {
        let (name, value, what) = (&limit.name, &limit.value, &limit.text);
        let _infallible =
            writeln!(text, "| {}: `{name}` | `{value}` | {what} |", source::crate_of(&limit.file));
    }
}
