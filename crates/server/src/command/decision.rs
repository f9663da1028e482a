//! `weir decision`: evaluates, checks and tests DMN models without a server.

use std::{
    fs,
    path::{Path, PathBuf},
};

use clap::{Args, Subcommand, ValueEnum};
use serde::Serialize;
use serde_json::{Value as Json, json, value::RawValue};
use weir_dmn::{
    Diagnostics, Drg, EvaluatedDecision, Outcome,
    testcase::{CaseResult, Report, TestSuite},
};
use weir_feel::{Dialect, Limits};

use crate::{
    command::{
        check::{self, Check},
        feel::{clock, context, exact_json},
    },
    exit::Exit,
    failure::Failure,
    output::{BAD, DIM, GOOD, NAME, Output},
    variables::Variables,
};

/// Evaluate, check and test DMN decisions, without a server.
///
/// Examples:
///   weir decision eval discount.dmn Discount --input '{"amount": 120, "customer": "gold"}'
///   weir decision check decisions/
///   weir decision test decisions/ --junit report.xml     test cases in the XML format of the DMN TCK
#[derive(Args, Debug)]
#[command(verbatim_doc_comment)]
pub(crate) struct Decision {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Evaluate a decision and show what was evaluated on the way
    Eval(Eval),
    /// Check models: prints everything that is wrong with them
    Check(Check),
    /// Run test cases against models
    Test(Test),
}

#[derive(Args, Debug)]
struct Eval {
    /// The model; others in its folder may be imported
    model: PathBuf,
    /// Id or name of the decision; may be left out where there is only one
    decision: Option<String>,
    /// Inputs as a JSON object, @FILE to read them from a file, - from standard input
    #[arg(long, value_name = "JSON", visible_alias = "variables")]
    input: Option<String>,
    /// One input, NAME=VALUE; may be given several times
    #[arg(long = "var", value_name = "NAME=VALUE")]
    one_by_one: Vec<String>,
    /// How to evaluate: as a deployed decision, or as the DMN standard says
    #[arg(long, value_enum, default_value = "zeebe")]
    mode: ModeName,
}

#[derive(Args, Debug)]
struct Test {
    /// Test files, or folders to search; the model of a test file lies beside it
    #[arg(required = true, value_name = "FILE|DIR")]
    paths: Vec<PathBuf>,
    /// Write a report in JUnit's XML format
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
    /// How to evaluate: as the DMN standard says, or as a deployed decision
    #[arg(long, value_enum, default_value = "standard")]
    mode: ModeName,
}

/// How decisions are evaluated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ModeName {
    /// As the DMN standard says
    Standard,
    /// As a deployed decision
    Zeebe,
}

impl From<ModeName> for weir_dmn::Mode {
    fn from(name: ModeName) -> Self {
        match name {
            ModeName::Standard => Self::Standard,
            ModeName::Zeebe => Self::Zeebe,
        }
    }
}

impl Decision {
    pub(crate) fn run(self, output: Output) -> Result<Exit, Failure> {
        match self.action {
            Action::Eval(eval) => eval.run(output),
            Action::Check(check) => check.run(output),
            Action::Test(test) => test.run(output),
        }
    }
}

/// Reads and compiles a model; those that it may import lie beside it.
pub(crate) fn read_model(file: &Path, mode: ModeName) -> Result<Result<Drg, Diagnostics>, Failure> {
    let bytes = fs::read(file).map_err(|error| Failure::reading(file, &error))?;
    let mut beside = Vec::new();
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    for path in files_of(folder, "dmn") {
        if path.file_name() != file.file_name() {
            // One that cannot be read is missed where it is imported.
            beside.extend(fs::read(&path));
        }
    }
    let others: Vec<&[u8]> = beside.iter().map(Vec::as_slice).collect();
    Ok(Drg::parse_with_imports(&bytes, &others, mode.into()))
}

fn files_of(folder: &Path, suffix: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let mut files: Vec<PathBuf> =
        entries.filter(|path| path.extension().is_some_and(|it| it == suffix)).collect();
    files.sort();
    files
}

/// What an evaluation gave, for programs.
#[derive(Serialize)]
struct Evaluated {
    decision: String,
    output: Option<Box<RawValue>>,
    failure: Option<Json>,
    evaluated: Vec<Json>,
}

impl Eval {
    fn run(self, output: Output) -> Result<Exit, Failure> {
        let drg = match read_model(&self.model, self.mode)? {
            Ok(drg) => drg,
            Err(diagnostics) => {
                output.say(check::dmn_problems(&self.model, &diagnostics));
                return Err(Failure::new(Exit::Failed, "the model has errors")
                    .at(self.model.display())
                    .try_this("weir decision check lists them"));
            }
        };
        let id = self.choose(&drg)?;
        let inputs = context(&Variables::given(self.input, self.one_by_one).read()?)?;
        let outcome = drg.evaluate(&id, &inputs, &clock(), &Limits::DEFAULT);
        let dialect = if self.mode == ModeName::Zeebe { Dialect::Bpmn } else { Dialect::Dmn };
        output.answer(&to_json(&id, &outcome), to_text(&outcome, dialect));
        Ok(if outcome.output.is_ok() { Exit::Ok } else { Exit::Failed })
    }

    fn choose(&self, drg: &Drg) -> Result<String, Failure> {
        let all: Vec<String> =
            drg.decisions().map(|decision| format!("{} ({})", decision.id, decision.name)).collect();
        let missing = |what: &str| {
            Failure::usage(what).at(self.model.display()).try_this(format!("name one of: {}", all.join(", ")))
        };
        match &self.decision {
            Some(name) => drg
                .find(name)
                .map(str::to_owned)
                .ok_or_else(|| missing(&format!("there is no decision {name}"))),
            None => {
                let mut decisions = drg.decisions();
                match (decisions.next(), decisions.next()) {
                    (Some(only), None) => Ok(only.id.to_owned()),
                    (None | Some(_), _) => Err(missing("which decision is meant?")),
                }
            }
        }
    }
}

fn raw(value: &weir_feel::Value) -> Option<Box<RawValue>> {
    RawValue::from_string(exact_json(value)).ok()
}

fn to_json(id: &str, outcome: &Outcome) -> Evaluated {
    let text =
        |value: &weir_feel::Value| -> Json { serde_json::from_str(&exact_json(value)).unwrap_or(Json::Null) };
    let evaluated = outcome.evaluated.iter().map(|decision| {
        let inputs: Vec<Json> = decision.inputs.iter().map(|it| json!({ "id": *it.id, "name": *it.name, "value": text(&it.value) })).collect();
        let rules: Vec<Json> = decision.matched_rules.iter().map(|rule| {
            let outputs: Vec<Json> = rule.outputs.iter().map(|it| json!({ "id": *it.id, "name": *it.name, "value": text(&it.value) })).collect();
            json!({ "id": *rule.id, "index": rule.index, "outputs": outputs })
        }).collect();
        json!({ "id": *decision.id, "name": *decision.name, "output": text(&decision.output), "inputs": inputs, "matchedRules": rules })
    });
    Evaluated {
        decision: id.to_owned(),
        output: outcome.output.as_ref().ok().and_then(raw),
        failure: outcome
            .output
            .as_ref()
            .err()
            .map(|failure| json!({ "decision": *failure.decision_id, "message": failure.message })),
        evaluated: evaluated.collect(),
    }
}

fn to_text(outcome: &Outcome, dialect: Dialect) -> String {
    let mut lines: Vec<String> = outcome.evaluated.iter().map(|decision| steps(decision, dialect)).collect();
    lines.push(match &outcome.output {
        Ok(value) => format!("{GOOD}={GOOD:#} {NAME}{}{NAME:#}", value.to_text(dialect)),
        Err(failure) => format!("{BAD}failed{BAD:#} decision {}: {failure}", failure.decision_id),
    });
    lines.join("\n")
}

fn steps(decision: &EvaluatedDecision, dialect: Dialect) -> String {
    let mut text = format!("{DIM}{} = {}{DIM:#}", decision.name, decision.output.to_text(dialect));
    for input in &decision.inputs {
        text.push_str(&format!("\n{DIM}  {} is {}{DIM:#}", input.name, input.value.to_text(dialect)));
    }
    for rule in &decision.matched_rules {
        let outputs: Vec<String> =
            rule.outputs.iter().map(|it| format!("{} = {}", it.name, it.value.to_text(dialect))).collect();
        text.push_str(&format!("\n{DIM}  rule {} gives {}{DIM:#}", rule.index, outputs.join(", ")));
    }
    text
}

impl Test {
    fn run(self, output: Output) -> Result<Exit, Failure> {
        let mut report = Report::default();
        for file in self.files()? {
            let results = run_file(&file, self.mode)?;
            for result in &results {
                output.say(line(result));
            }
            report.cases.extend(results);
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

    fn files(&self) -> Result<Vec<PathBuf>, Failure> {
        let mut files = Vec::new();
        for path in &self.paths {
            if path.is_dir() {
                search(path, &mut files)?;
            } else {
                files.push(path.clone());
            }
        }
        Ok(files)
    }
}

/// All `.xml` files of a folder and below, in the order of their names.
fn search(folder: &Path, files: &mut Vec<PathBuf>) -> Result<(), Failure> {
    let entries = fs::read_dir(folder).map_err(|error| Failure::reading(folder, &error))?;
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() && !path.is_symlink() {
            search(&path, files)?;
        } else if path.extension().is_some_and(|suffix| suffix == "xml") {
            files.push(path);
        }
    }
    Ok(())
}

fn run_file(file: &Path, mode: ModeName) -> Result<Vec<CaseResult>, Failure> {
    let bytes = fs::read(file).map_err(|error| Failure::reading(file, &error))?;
    let suite = TestSuite::parse(&bytes).map_err(|diagnostics| {
        let why: Vec<String> = diagnostics.iter().map(ToString::to_string).collect();
        Failure::usage("this is not a file of test cases").at(file.display()).because(why.join("\n"))
    })?;
    let model = read_model(&file.with_file_name(&suite.model_name), mode)?;
    Ok(suite.run(&file.display().to_string(), model.as_ref(), &clock(), &Limits::DEFAULT))
}

fn line(result: &CaseResult) -> String {
    let verdict =
        if result.passed() { format!("{GOOD}passed{GOOD:#}") } else { format!("{BAD}failed{BAD:#}") };
    let mut text = format!("{verdict} {} {}", result.file, result.case);
    for node in &result.nodes {
        if let Some(difference) = &node.difference {
            text.push_str(&format!("\n       {}: {}", node.node, difference.replace('\n', "\n       ")));
        }
    }
    text
}
