//! `weir decision eval`: one decision, with everything that was evaluated on the way.

use std::path::PathBuf;

use clap::Args;
use serde::Serialize;
use serde_json::{Value as Json, json, value::RawValue};
use weir_dmn::{Drg, EvaluatedDecision, MatchedRule, Outcome};
use weir_feel::{Dialect, Limits, Value, near_name};

use super::{ModeName, Source};
use crate::{
    command::{
        check::dmn_problems,
        feel::{clock, context, exact_json},
    },
    exit::Exit,
    failure::Failure,
    output::{BAD, DIM, GOOD, NAME, Output, WARN, warn_line},
    variables::{Object, Variables},
};

#[derive(Args, Debug)]
pub(super) struct Eval {
    /// The model; in the standard mode, others in its folder may be imported
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

/// What an evaluation gave, for programs.
#[derive(Serialize)]
struct Evaluated {
    decision: String,
    output: Option<Box<RawValue>>,
    failure: Option<Json>,
    evaluated: Vec<Json>,
    warnings: Vec<String>,
}

impl Eval {
    pub(super) fn run(mut self, output: Output) -> Result<Exit, Failure> {
        let drg = self.compile(output)?;
        let id = self.choose(&drg)?;
        let given = Variables::given(self.input.take(), std::mem::take(&mut self.one_by_one)).read()?;
        let outcome = drg.evaluate(&id, &context(&given)?, &clock(), &Limits::DEFAULT);
        let mut warnings = input_hints(&drg, &id, &given);
        for warning in &outcome.warnings {
            let text = warning.message.clone();
            if !warnings.contains(&text) {
                warnings.push(text);
            }
        }
        let dialect = if self.mode == ModeName::Zeebe { Dialect::Bpmn } else { Dialect::Dmn };
        let text = to_text(&outcome, &warnings, dialect);
        output.answer(&to_json(&id, &outcome, warnings), text);
        Ok(if outcome.output.is_ok() { Exit::Ok } else { Exit::Failed })
    }

    /// The model. Errors in FEEL are told, and what does not need that FEEL can be tried all the same.
    fn compile(&self, output: Output) -> Result<Drg, Failure> {
        let source = Source::read(&self.model, self.mode)?;
        let problems = match source.compile() {
            Ok(drg) => return Ok(drg),
            Err(problems) => problems,
        };
        if !output.json {
            warn_line(dmn_problems(&self.model, &problems));
        }
        source.compile_despite_feel_errors().map_err(|problems| {
            let all: Vec<String> = problems.iter().map(ToString::to_string).collect();
            Failure::new(Exit::Failed, "the model has errors")
                .at(self.model.display())
                .because(all.join("; "))
                .try_this("weir decision check lists them")
        })
    }

    fn choose(&self, drg: &Drg) -> Result<String, Failure> {
        let all: Vec<(&str, &str)> = drg.decisions().map(|decision| (decision.id, decision.name)).collect();
        let refused =
            |what: String, help: String| Failure::usage(what).at(self.model.display()).try_this(help);
        let list = || {
            let shown = all
                .iter()
                .map(|(id, name)| if id == name { (*id).to_owned() } else { format!("{id} ({name})") });
            shown.collect::<Vec<_>>().join(", ")
        };
        match (&self.decision, &all[..]) {
            (_, []) => Err(refused("the model has no decision".to_owned(), "add a <decision>".to_owned())),
            (Some(name), _) => drg.find(name).map(str::to_owned).ok_or_else(|| {
                let known = all.iter().flat_map(|(id, name)| [*id, *name]);
                let help = match near_name(name, known) {
                    Some(near) => format!("did you mean '{near}'? There are: {}", list()),
                    None => format!("name one of: {}", list()),
                };
                refused(format!("there is no decision '{name}'"), help)
            }),
            (None, [(only, _)]) => Ok((*only).to_owned()),
            (None, _) => {
                Err(refused("which decision is meant?".to_owned(), format!("name one of: {}", list())))
            }
        }
    }
}

/// Inputs that are missing, and given names that nothing reads: most likely misspelt.
fn input_hints(drg: &Drg, id: &str, given: &Object) -> Vec<String> {
    let read = drg.names_read(id);
    let mut hints = Vec::new();
    for name in given.keys().filter(|name| !read.contains(name.as_str())) {
        hints.push(match near_name(name, read.iter().map(|known| &**known)) {
            Some(near) => format!("nothing reads the input '{name}'; did you mean '{near}'?"),
            None => format!("nothing reads the input '{name}'"),
        });
    }
    for name in drg.inputs(id).into_iter().filter(|name| !given.contains_key(*name)) {
        hints.push(format!("the input '{name}' is not given: it is null"));
    }
    hints
}

fn exact(value: &Value) -> Json {
    serde_json::from_str(&exact_json(value)).unwrap_or(Json::Null)
}

fn to_json(id: &str, outcome: &Outcome, warnings: Vec<String>) -> Evaluated {
    let rule = |rule: &MatchedRule| {
        let outputs = rule.outputs.iter();
        let outputs: Vec<Json> =
            outputs.map(|it| json!({ "id": *it.id, "name": *it.name, "value": exact(&it.value) })).collect();
        json!({ "id": *rule.id, "index": rule.index, "outputs": outputs })
    };
    let evaluated = outcome.evaluated.iter().map(|decision| {
        let inputs = decision.inputs.iter();
        let inputs: Vec<Json> =
            inputs.map(|it| json!({ "id": *it.id, "name": *it.name, "value": exact(&it.value) })).collect();
        let rules: Vec<Json> = decision.matched_rules.iter().map(rule).collect();
        json!({
            "id": *decision.id, "name": *decision.name, "type": decision.kind.name(), "output": exact(&decision.output),
            "inputs": inputs, "matchedRules": rules,
        })
    });
    let failure = outcome.output.as_ref().err();
    Evaluated {
        decision: id.to_owned(),
        output: outcome.output.as_ref().ok().and_then(|value| RawValue::from_string(exact_json(value)).ok()),
        failure: failure.map(|it| json!({ "decision": *it.decision_id, "message": it.message })),
        evaluated: evaluated.collect(),
        warnings,
    }
}

fn to_text(outcome: &Outcome, warnings: &[String], dialect: Dialect) -> String {
    let mut lines: Vec<String> = outcome.evaluated.iter().map(|decision| steps(decision, dialect)).collect();
    lines.extend(warnings.iter().map(|warning| format!("{WARN}warning{WARN:#}: {warning}")));
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
        let value = |it: &weir_dmn::EvaluatedOutput| match &*it.name {
            "" => it.value.to_text(dialect),
            name => format!("{name} = {}", it.value.to_text(dialect)),
        };
        let outputs: Vec<String> = rule.outputs.iter().map(value).collect();
        text.push_str(&format!("\n{DIM}  rule {} gives {}{DIM:#}", rule.index, outputs.join(", ")));
    }
    if decision.matched_rules.is_empty() && decision.kind == weir_dmn::DecisionKind::DecisionTable {
        text.push_str(&format!("\n{DIM}  no rule matches{DIM:#}"));
    }
    text
}
