//! The DMN Technology Compatibility Kit, all of it, against the standard mode. Which cases fail, and why, is written in
//! `tests/conformance/dmn-tck/failing.txt`; this test keeps that list true in both directions.

#![expect(clippy::disallowed_methods, reason = "the crate is pure; its tests read the kit's files")]
#![expect(clippy::print_stdout, reason = "the number of passing cases is for people who run the test")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use weir_dmn::testcase::{CaseResult, TestSuite};
use weir_dmn::{Drg, Mode};
use weir_feel::{Limits, Moment};

/// Test cases that the published results count.
const COUNTED_CASES: usize = 3391;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/conformance/dmn-tck")
}

fn entries(path: &Path) -> Vec<PathBuf> {
    let mut entries: Vec<_> = fs::read_dir(path).unwrap().map(|e| e.unwrap().path()).collect();
    entries.sort();
    entries
}

/// Runs the test files of a folder against its models.
fn run_folder(folder: &Path, name: &str) -> Vec<CaseResult> {
    let files = entries(folder);
    let models: Vec<Vec<u8>> = files
        .iter()
        .filter(|f| f.extension().is_some_and(|e| e == "dmn"))
        .map(|f| fs::read(f).unwrap())
        .collect();
    let others: Vec<&[u8]> = models.iter().map(Vec::as_slice).collect();
    let mut results = Vec::new();
    for file in files.iter().filter(|f| f.extension().is_some_and(|e| e == "xml")) {
        let suite = TestSuite::parse(&fs::read(file).unwrap()).unwrap();
        let model = fs::read(folder.join(&suite.model_name)).unwrap();
        let drg = Drg::parse_for_tests(&model, &others, Mode::Standard);
        results.extend(suite.run(name, drg.as_ref(), &Moment::default(), &Limits::DEFAULT));
    }
    results
}

#[test]
fn the_kit_passes_but_for_the_listed_cases() {
    let mut results: BTreeMap<String, Vec<CaseResult>> = BTreeMap::new();
    for level in entries(&root().join("TestCases")) {
        for folder in entries(&level) {
            let level = level.file_name().unwrap().to_str().unwrap();
            let name = format!("{level}/{}", folder.file_name().unwrap().to_str().unwrap());
            results.insert(name.clone(), run_folder(&folder, &name));
        }
    }
    let counted = results
        .iter()
        .filter(|(name, _)| name.starts_with("compliance"))
        .map(|(_, r)| r.len())
        .sum::<usize>();
    assert_eq!(counted, COUNTED_CASES);

    let cases = || results.values().flatten();
    let failing: Vec<String> =
        cases().filter(|c| !c.passed()).map(|c| format!("{} {}", c.file, c.case)).collect();
    // With `--nocapture`, what differs.
    for (case, node) in cases().flat_map(|case| case.nodes.iter().map(move |node| (case, node))) {
        if let Some(difference) = &node.difference {
            println!("{} {} {}: {difference}", case.file, case.case, node.node);
        }
    }
    let listed = fs::read_to_string(root().join("failing.txt")).unwrap();
    let mut listed: Vec<String> = listed
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(|line| line.split_once(": ").expect("`folder case: reason`").0.to_owned())
        .collect();
    listed.sort();
    let mut sorted = failing.clone();
    sorted.sort();
    let failing_counted = failing.iter().filter(|f| f.starts_with("compliance")).count();
    println!("{} of {COUNTED_CASES} counted cases pass", COUNTED_CASES - failing_counted);
    let unlisted: Vec<_> = sorted.iter().filter(|f| !listed.contains(f)).collect();
    let mended: Vec<_> = listed.iter().filter(|f| !sorted.contains(f)).collect();
    assert!(
        unlisted.is_empty() && mended.is_empty(),
        "not listed as failing: {unlisted:#?}\nlisted but passing: {mended:#?}"
    );
}
