//! `weir check`: everything that is wrong with models, without a server.

use std::{
    fs,
    path::{Path, PathBuf},
};

use clap::Args;
use serde_json::{Value, json};
use weir_bpmn::{Diagnostic, Severity};

use crate::{
    command::{
        decision::{ModeName, Source},
        deploy::some_models,
    },
    exit::Exit,
    failure::Failure,
    output::{BAD, DIM, GOOD, NAME, Output, WARN},
};

/// Check models: prints everything that would keep them from being deployed, with the line underlined
///
/// Needs no server. Exit code 1 when a model has errors; with --strict also when it has warnings.
///
/// Examples:
///   weir check order.bpmn
///   weir check models/ --strict
///   weir check models/ --json | jq '.files[].diagnostics[] | .message'
#[derive(Args, Debug)]
#[command(verbatim_doc_comment)]
pub(crate) struct Check {
    /// Files, or folders to search for .bpmn, .dmn and .form files
    #[arg(required = true, value_name = "FILE|DIR")]
    paths: Vec<PathBuf>,
    /// Take warnings for errors
    #[arg(long)]
    strict: bool,
}

/// What is wrong with one file.
struct Found {
    text: String,
    json: Value,
    errors: usize,
    warnings: usize,
}

impl Check {
    pub(crate) fn run(self, output: Output) -> Result<Exit, Failure> {
        let files = some_models(&self.paths, "check")?;
        let (mut errors, mut warnings, mut values) = (0, 0, Vec::new());
        for file in &files {
            let found = check(file)?;
            output.say(&found.text);
            errors += found.errors;
            warnings += found.warnings;
            values.push(found.json);
        }
        let bad = errors > 0 || (self.strict && warnings > 0);
        let value = json!({ "errors": errors, "warnings": warnings, "files": values });
        let style = if bad { BAD } else { GOOD };
        output.answer(
            &value,
            format_args!("{style}{} files, {errors} errors, {warnings} warnings{style:#}", files.len()),
        );
        Ok(if bad { Exit::Failed } else { Exit::Ok })
    }
}

fn check(file: &PathBuf) -> Result<Found, Failure> {
    let bytes = fs::read(file).map_err(|error| Failure::reading(file, &error))?;
    let name = file.display().to_string();
    match file.extension().and_then(|suffix| suffix.to_str()) {
        Some("bpmn") => Ok(check_bpmn(&name, &bytes)),
        Some("dmn") => check_dmn(file),
        Some("form") => Ok(check_form(&name)),
        _ => Err(Failure::usage("this is not a model that can be checked")
            .at(name)
            .try_this("models end in .bpmn or .dmn")),
    }
}

fn check_bpmn(name: &str, bytes: &[u8]) -> Found {
    let source = String::from_utf8_lossy(bytes);
    let (diagnostics, omitted, what) = match weir_bpmn::parse(name, bytes) {
        Ok(definitions) => {
            let ids: Vec<&str> = definitions.processes.iter().map(|process| &*process.id).collect();
            (definitions.warnings, 0, format!("processes: {}", ids.join(", ")))
        }
        Err(diagnostics) => (diagnostics.items, diagnostics.omitted, String::new()),
    };
    let errors = diagnostics.iter().filter(|item| item.severity == Severity::Error).count();
    let warnings = diagnostics.len() - errors;
    let mut text = verdict(name, errors, &what);
    for item in &diagnostics {
        text.push_str(&format!("\n\n{}", paint(&item.render(name, &source), item.severity)));
    }
    if omitted > 0 {
        text.push_str(&format!("\n\n{DIM}and {omitted} more{DIM:#}"));
    }
    let items: Vec<Value> = diagnostics.iter().map(to_json).collect();
    let json = json!({ "file": name, "ok": errors == 0, "diagnostics": items, "omitted": omitted });
    Found { text, json, errors, warnings }
}

fn check_dmn(file: &Path) -> Result<Found, Failure> {
    let name = file.display().to_string();
    // As it will be deployed.
    Ok(match Source::read(file, ModeName::Zeebe)?.compile() {
        Ok(drg) => {
            let ids: Vec<&str> = drg.decisions().map(|decision| decision.id).collect();
            let text = verdict(&name, 0, &format!("decisions: {}", ids.join(", ")));
            Found {
                text,
                json: json!({ "file": name, "ok": true, "diagnostics": [] }),
                errors: 0,
                warnings: 0,
            }
        }
        Err(diagnostics) => {
            let items: Vec<Value> = diagnostics.iter().map(|item| {
                json!({
                    "severity": "error", "elementId": item.place.element_id, "line": item.place.line, "column": item.place.column,
                    "message": item.message, "remedy": item.help,
                })
            }).collect();
            let errors = items.len();
            let text = dmn_problems(file, &diagnostics);
            Found {
                text,
                json: json!({ "file": name, "ok": false, "diagnostics": items }),
                errors,
                warnings: 0,
            }
        }
    })
}

/// Everything that is wrong with a DMN model, with the line of each problem.
pub(crate) fn dmn_problems(file: &Path, diagnostics: &weir_dmn::Diagnostics) -> String {
    let name = file.display().to_string();
    let source = fs::read(file).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default();
    let mut text = verdict(&name, diagnostics.iter().count(), "");
    for item in diagnostics.iter() {
        let item = shown_as_bpmn(item, &source);
        text.push_str(&format!("\n\n{}", paint(&item.render(&name, &source), item.severity)));
    }
    text
}

/// A problem of a DMN model in the form of those of BPMN models, so that people see both in the same way.
fn shown_as_bpmn(item: &weir_dmn::Diagnostic, source: &str) -> Diagnostic {
    let (line, column) = (item.place.line, item.place.column);
    let before: usize =
        source.split_inclusive('\n').take(line.saturating_sub(1) as usize).map(str::len).sum();
    let chars = source.get(before..).unwrap_or_default().chars().take(column.saturating_sub(1) as usize);
    let at = before + chars.map(char::len_utf8).sum::<usize>();
    Diagnostic {
        severity: Severity::Error,
        element_id: item.place.element_id.clone(),
        path: item.place.element_id.clone().unwrap_or_default(),
        line,
        column,
        span: at..at,
        message: item.message.clone(),
        remedy: item.help.clone().unwrap_or_default(),
    }
}

/// Forms cannot be deployed yet, so there is nothing to look for in one.
fn check_form(name: &str) -> Found {
    let message = "forms cannot be deployed yet, and a deployment with one is refused";
    let remedy = "leave it out of what is deployed";
    let item = json!({ "severity": "error", "message": message, "remedy": remedy });
    Found {
        text: format!("{}\n\n{BAD}error{BAD:#}: {message}\n  = help: {remedy}", verdict(name, 1, "")),
        json: json!({ "file": name, "ok": false, "diagnostics": [item] }),
        errors: 1,
        warnings: 0,
    }
}

fn verdict(name: &str, errors: usize, what: &str) -> String {
    match errors {
        0 => format!("{GOOD}ok{GOOD:#}   {NAME}{name}{NAME:#}  {DIM}{what}{DIM:#}").trim_end().to_owned(),
        1 => format!("{BAD}bad{BAD:#}  {NAME}{name}{NAME:#}  1 error"),
        _ => format!("{BAD}bad{BAD:#}  {NAME}{name}{NAME:#}  {errors} errors"),
    }
}

/// A rendered diagnostic with its first word in colour.
fn paint(rendered: &str, severity: Severity) -> String {
    let style = match severity {
        Severity::Error => BAD,
        Severity::Warning => WARN,
    };
    let word = severity.to_string();
    rendered.trim_end().replacen(&word, &format!("{style}{word}{style:#}"), 1)
}

fn to_json(item: &Diagnostic) -> Value {
    json!({
        "severity": item.severity.to_string(), "elementId": item.element_id, "path": item.path, "line": item.line,
        "column": item.column, "message": item.message, "remedy": item.remedy,
    })
}
