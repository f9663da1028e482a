//! Which crate may use which: the walls of the house. And that no crate or module is a drawer for everything.

use crate::{
    metadata::{self, items, text},
    run::Failed,
    tree::Tree,
};

/// A crate of ours and those of ours that it may use.
type Row = (&'static str, &'static [&'static str]);

/// The walls. `sim` and `fuzz` may use all, and nothing may use them.
const ALLOWED: [Row; 12] = [
    ("weir-canary", &[]),
    ("weir-feel", &[]),
    ("weir-dmn", &["weir-feel"]),
    ("weir-bpmn", &["weir-feel"]),
    ("weir-engine", &["weir-canary", "weir-feel", "weir-dmn", "weir-bpmn"]),
    ("weir-journal", &["weir-canary"]),
    // Of feel only the time zones: node tells the engine the one it is in.
    ("weir-node", &["weir-canary", "weir-engine", "weir-journal", "weir-feel"]),
    ("weir-api", &["weir-engine", "weir-node"]),
    (
        "weir-server",
        &["weir-feel", "weir-dmn", "weir-bpmn", "weir-engine", "weir-journal", "weir-node", "weir-api"],
    ),
    (
        "weir-sim",
        &[
            "weir-canary",
            "weir-feel",
            "weir-dmn",
            "weir-bpmn",
            "weir-engine",
            "weir-journal",
            "weir-node",
            "weir-api",
        ],
    ),
    ("weir-fuzz", &["weir-feel", "weir-dmn", "weir-bpmn", "weir-engine", "weir-journal", "weir-api"]),
    ("xtask", &["weir-bpmn"]),
];

/// Names that say nothing about what is inside.
const DRAWERS: [&str; 9] =
    ["common", "util", "utils", "helper", "helpers", "misc", "types", "shared", "stuff"];

/// Modules that may have such a name, and why.
const TRUE_NAMES: [(&str, &str); 3] = [
    ("crates/dmn/src/types.rs", "the types of DMN: item definitions and type references"),
    ("crates/feel/src/parser/types.rs", "the grammar's rule for types"),
    ("crates/feel/src/evaluate/types.rs", "whether a value is an instance of a FEEL type"),
];

/// Checks the manifests and the names of modules.
pub(super) fn check(tree: &Tree) -> Result<Vec<String>, Failed> {
    let mut problems = Vec::new();
    let metadata = metadata::read()?;
    for package in items(&metadata, "packages").filter(|package| package["source"].is_null()) {
        let name = text(package, "name");
        let Some((_, allowed)) = ALLOWED.iter().find(|(row, _)| *row == name) else {
            problems.push(format!("{name} is not in the table of walls in {}", file!()));
            continue;
        };
        // Tests may cross walls; what is built into the program may not.
        let used = items(package, "dependencies").filter(|used| text(used, "kind") != "dev");
        for used in used.map(|used| text(used, "name")).filter(|used| used.starts_with("weir-")) {
            if !allowed.contains(&used) {
                problems.push(format!("{name} uses {used}, but may use only {allowed:?}"));
            }
        }
    }
    for file in tree.rust() {
        let is_drawer = file.path.split('/').any(|part| DRAWERS.contains(&part.trim_end_matches(".rs")));
        if is_drawer && !TRUE_NAMES.iter().any(|(path, _)| *path == file.path) {
            problems.push(format!("{} is a name for anything; name what is inside", file.path));
        }
    }
    let gone = TRUE_NAMES.iter().filter(|(path, _)| !tree.has(path));
    problems.extend(gone.map(|(path, _)| format!("{path} is excused in {}, but is gone", file!())));
    Ok(problems)
}
