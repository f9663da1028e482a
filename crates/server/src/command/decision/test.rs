//! `weir decision test`: test cases in the XML format of the DMN TCK.

use std::{
    fs,
    path::{Path, PathBuf},
};

use clap::Args;
use serde_json::value::RawValue;
use weir_dmn::testcase::{CaseResult, NodeResult, Report, TestSuite, is_test_file};
use weir_feel::Limits;

use super::{ModeName, Source};
use crate::{
    command::feel::clock,
    exit::Exit,
    failure::Failure,
    output::{BAD, DIM, GOOD, Output},
};

#[derive(Args, Debug)]
pub(super) struct Test {
    /// Test files, or folders to search; the model of a test file lies beside it
    #[arg(required = true, value_name = "FILE|DIR")]
    paths: Vec<PathBuf>,
    /// Write a report in JUnit's XML format
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
    /// Print only the cases that failed
    #[arg(long)]
    failed: bool,
    /// How to evaluate: as the DMN standard says, or as a deployed decision
    #[arg(long, value_enum, default_value = "standard")]
    mode: ModeName,
}

impl Test {
    pub(super) fn run(self, output: Output) -> Result<Exit, Failure> {
        let mut report = Report::default();
        for path in &self.paths {
            for file in test_files(path)? {
                let results = run_file(&file, self.mode)?;
                let shown = results.iter().filter(|result| !(self.failed && result.passed()));
                shown.for_each(|result| output.say(line(result)));
                report.cases.extend(results);
            }
        }
        if report.cases.is_empty() {
            return Err(Failure::usage("there are no test cases")
                .try_this("name test files (.xml), or a folder that holds them beside their models"));
        }
        if let Some(file) = &self.junit {
            fs::write(file, report.to_junit()).map_err(|error| {
                Failure::usage("cannot write the report").at(file.display()).because(error)
            })?;
        }
        let (passed, failed) = (report.passed(), report.failed());
        let value = RawValue::from_string(report.to_json())
            .map_err(|error| Failure::new(Exit::Failed, "the report is no JSON").because(error))?;
        let style = if failed == 0 { GOOD } else { BAD };
        output.answer(&value, format_args!("{style}{passed} passed, {failed} failed{style:#}"));
        Ok(if failed == 0 { Exit::Ok } else { Exit::Failed })
    }
}

/// The file, or the test files of a folder and below in the order of their names.
fn test_files(path: &Path) -> Result<Vec<PathBuf>, Failure> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut files = Vec::new();
    search(path, &mut files)?;
    Ok(files)
}

fn search(folder: &Path, files: &mut Vec<PathBuf>) -> Result<(), Failure> {
    let entries = fs::read_dir(folder).map_err(|error| Failure::reading(folder, &error))?;
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() && !path.is_symlink() {
            search(&path, files)?;
        } else if path.extension().is_some_and(|suffix| suffix == "xml") && may_be_tests(&path) {
            files.push(path);
        }
    }
    Ok(())
}

/// Whether a file that was found is for us: a folder may hold other XML. One that cannot be read is reported later.
fn may_be_tests(path: &Path) -> bool {
    fs::read(path).map_or(true, |bytes| is_test_file(&bytes))
}

/// The results of one file. Without a model every case fails, and the other files are still run.
fn run_file(file: &Path, mode: ModeName) -> Result<Vec<CaseResult>, Failure> {
    let bytes = fs::read(file).map_err(|error| Failure::reading(file, &error))?;
    let name = file.display().to_string();
    let suite = match TestSuite::parse(&bytes) {
        Ok(suite) => suite,
        Err(diagnostics) if is_test_file(&bytes) => {
            let why = diagnostics.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
            let node = NodeResult {
                node: "the file".to_owned(),
                difference: Some(format!("cannot be read: {why}")),
            };
            return Ok(vec![CaseResult { file: name, case: "-".to_owned(), nodes: vec![node] }]);
        }
        Err(diagnostics) => {
            let why: Vec<String> = diagnostics.iter().map(ToString::to_string).collect();
            return Err(Failure::usage("this is not a file of test cases").at(name).because(why.join("\n")));
        }
    };
    let model_file = file.with_file_name(&suite.model_name);
    let model = match Source::read(&model_file, mode) {
        Ok(source) => source
            .compile_despite_feel_errors()
            .map_err(|problems| format!("the model {} is not valid:\n{problems}", model_file.display())),
        Err(failure) => Err(failure.to_string()),
    };
    Ok(suite.run(&name, model.as_ref().map_err(String::as_str), &clock(), &Limits::DEFAULT))
}

fn line(result: &CaseResult) -> String {
    let verdict =
        if result.passed() { format!("{GOOD}passed{GOOD:#}") } else { format!("{BAD}failed{BAD:#}") };
    let mut text = format!("{verdict} {DIM}{}{DIM:#} {}", result.file, result.case);
    for node in &result.nodes {
        if let Some(difference) = &node.difference {
            text.push_str(&format!("\n       {}: {}", node.node, difference.replace('\n', "\n       ")));
        }
    }
    text
}
