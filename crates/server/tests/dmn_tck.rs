//! The DMN Technology Compatibility Kit, all of it, with the command that users have. Which cases fail, and why, is
//! written in `tests/conformance/dmn-tck/failing.txt`; this test keeps that list true in both directions.

use std::{collections::BTreeMap, fs, path::PathBuf, process::Command};

use serde_json::Value;

/// Test cases that the published results count: those of the compliance levels.
const COUNTED_CASES: usize = 3391;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/conformance/dmn-tck")
}

/// What `weir decision test` says of every case: `folder case`, and the differences of its nodes.
fn results() -> BTreeMap<String, Vec<String>> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_weir"));
    command.args(["decision", "test", "TestCases", "--json"]).current_dir(root());
    let output = command.output().unwrap();
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let mut cases: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for entry in report["cases"].as_array().unwrap() {
        // TestCases/<level>/<folder>/<file>: cases of the files of a folder share no ids that fail.
        let file = entry["file"].as_str().unwrap().strip_prefix("TestCases/").unwrap();
        let differences = cases.entry(format!("{file} {}", entry["case"].as_str().unwrap())).or_default();
        differences.extend(entry["difference"].as_str().map(|it| format!("{}: {it}", entry["node"])));
    }
    let failed = cases.values().filter(|differences| !differences.is_empty()).count();
    assert_eq!(report["passed"].as_u64(), Some((cases.len() - failed) as u64), "ids are unique in a file");
    assert_eq!(report["failed"].as_u64(), Some(failed as u64));
    assert_eq!(output.status.success(), failed == 0);
    cases
}

/// The cases that are known to fail: lines `file case: reason`.
fn listed() -> Vec<String> {
    let text = fs::read_to_string(root().join("failing.txt")).unwrap();
    let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.map(|line| line.split_once(": ").expect("`file case: reason`").0.to_owned()).collect()
}

#[test]
fn the_kit_passes_but_for_the_listed_cases() {
    let results = results();
    let counted = results.keys().filter(|case| case.starts_with("compliance")).count();
    assert_eq!(counted, COUNTED_CASES);
    let failing: BTreeMap<_, _> = results.iter().filter(|(_, differences)| !differences.is_empty()).collect();
    let listed = listed();
    let unlisted: Vec<_> = failing.iter().filter(|(case, _)| !listed.contains(case)).collect();
    let mended: Vec<_> = listed.iter().filter(|case| !failing.contains_key(case)).collect();
    assert!(
        unlisted.is_empty() && mended.is_empty(),
        "not listed as failing: {unlisted:#?}\nlisted but passing: {mended:#?}"
    );
}
