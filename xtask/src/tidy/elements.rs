//! Each BPMN element has its file in `bpmn`, its file in `engine`, its scenarios, and its row in the support table; and each of
//! those has its element.

use weir_bpmn::support::{self, Support};

use super::ratchet::Ratchet;
use crate::{run::Failed, tree::Tree};

/// Files in `element/` that are about elements in general.
const GENERAL: [&str; 3] = ["mod", "drawn", "unsupported"];

/// Where the scenarios are.
const SCENARIOS: &str = "tests/scenarios";

/// Compares the support table with the files.
pub(super) fn check(tree: &Tree) -> Result<Vec<String>, Failed> {
    let mut problems = Vec::new();
    let table = support::table();
    let runs: Vec<&Support> = table.iter().filter(|row| row.since.is_some()).collect();
    for row in &runs {
        let lowering = format!("crates/bpmn/src/{}/{}.rs", row.folder, row.file);
        if !tree.has(&lowering) {
            problems.push(format!("{} is in the support table, but there is no {lowering}", row.element));
        }
        if row.folder != "element" {
            continue;
        }
        let behaviour = format!("crates/engine/src/element/{}.rs", row.file);
        if !tree.has(&behaviour) {
            problems.push(format!("{} is in the support table, but there is no {behaviour}", row.element));
        }
    }
    let ratchet = Ratchet::read(tree)?;
    let untold = without_scenario(tree).into_iter().filter(|entry| !ratchet.excused.contains(entry));
    problems.extend(
        untold.map(|entry| format!("there is no {entry}: {SCENARIOS}/<element>/<case>.bpmn and .txt")),
    );
    for folder in ["crates/bpmn/src/element/", "crates/engine/src/element/"] {
        for file in tree.rust().filter_map(|file| file.path.strip_prefix(folder)) {
            let name = file.split(['/', '.']).next().unwrap_or_default();
            let has_row = runs.iter().any(|row| row.folder == "element" && row.file == name);
            if !has_row && !GENERAL.contains(&name) {
                problems.push(format!("{folder}{file} has no row in the support table"));
            }
        }
    }
    Ok(problems)
}

/// The elements that run, but are told by no script beside a model of the same name.
pub(super) fn without_scenario(tree: &Tree) -> Vec<String> {
    let table = support::table().into_iter().filter(|row| row.since.is_some() && row.folder == "element");
    let is_told = |row: &Support| {
        let folder = format!("{SCENARIOS}/{}/", row.file);
        let scripts = tree.files.iter().filter_map(|file| file.path.strip_suffix(".txt"));
        scripts.filter(|path| path.starts_with(&folder)).any(|path| tree.has(&format!("{path}.bpmn")))
    };
    table.filter(|row| !is_told(row)).map(|row| format!("scenario {}", row.file)).collect()
}
