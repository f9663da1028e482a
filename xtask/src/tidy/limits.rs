//! Every limit has a unit in its name and a test that names it.

use super::ratchet::Ratchet;
use crate::{
    run::Failed,
    source::{self, Limit},
    tree::Tree,
};

/// What a limit counts: how its name may end.
const UNITS: [&str; 21] = [
    "BYTES",
    "MS",
    "CHARS",
    "LEVELS",
    "DEPTH",
    "ELEMENT",
    "DECLARATIONS",
    "NODES",
    "PROCESS",
    "DIAGNOSTICS",
    "NAMED",
    "AHEAD",
    "ACTIVATION",
    "BATCH",
    "JOBS",
    "STREAMS",
    "COMMANDS",
    "RECORDS",
    "ITEMS",
    "PARTITIONS",
    "STEPS",
];

/// Checks the names of the limits, and that tests name them.
pub(super) fn check(tree: &Tree) -> Result<Vec<String>, Failed> {
    let ratchet = Ratchet::read(tree)?;
    let limits = source::limits(tree);
    let no_unit = limits.iter().filter(|limit| !UNITS.iter().any(|unit| limit.name.ends_with(unit)));
    let no_unit = no_unit.map(|Limit { file, name, .. }| {
        format!("{file}: {name} does not end with its unit; those known are {}", UNITS.join(" "))
    });
    let untested = not_named_by_tests(tree).into_iter().filter(|entry| !ratchet.excused.contains(entry));
    Ok(no_unit
        .chain(untested.map(|entry| format!("no test names the {entry}; write one that exceeds it")))
        .collect())
}

/// The limits that no test names.
pub(super) fn not_named_by_tests(tree: &Tree) -> Vec<String> {
    let limits = source::limits(tree).into_iter();
    let untested = limits.filter(|limit| !tree.rust().any(|file| names(file.split_tests().1, &limit.name)));
    untested.map(|limit| format!("limit {}::{}", source::crate_of(&limit.file), limit.name)).collect()
}

/// Whether `name` stands in the text, alone.
fn names(text: &str, name: &str) -> bool {
    let is_part = |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
    text.match_indices(name).any(|(at, _)| {
        let before = at.checked_sub(1).and_then(|at| text.as_bytes().get(at));
        !is_part(before) && !is_part(text.as_bytes().get(at + name.len()))
    })
}
