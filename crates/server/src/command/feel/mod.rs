//! `weir feel`: a workbench for FEEL.

mod jsonl;
mod repl;
mod tree;

use std::{
    collections::BTreeMap,
    io::{self, Read},
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

use clap::{Args, ValueEnum};
use serde::Serialize;
use serde_json::{Value as Json, json, value::RawValue};
use weir_feel::{
    Context, Dialect, Evaluation, EvaluationError, Expression, Limits, Moment, Names, Type, Value, Warning,
    hints::hints, parse, temporal::Zone,
};

use crate::{
    exit::Exit,
    failure::Failure,
    output::{BAD, DIM, NAME, Output, is_terminal},
    variables::{Object, Variables, to_text},
};

/// Evaluate FEEL: once, or in a conversation
///
/// Examples:
///   weir feel 'amount * 1.19' --var amount=100
///   weir feel 'if age >= 18 then "yes" else "no"' --variables @person.json
///   weir feel '[18..65], > 100' --tests --input 42        unary tests, as in a decision table
///   weir feel 'a + b.c' --ast                             how it is understood
///   weir feel --dialect dmn 'Loan amount * 2' --variables '{"Loan amount": 10}'
///   weir feel                                             a conversation, with completion and history
///   weir feel --jsonl < requests.jsonl                    a request and a reply per line, for programs
#[derive(Args, Debug)]
#[command(verbatim_doc_comment)]
pub(crate) struct Feel {
    /// The expression, with or without a leading =; - reads it from standard input
    #[arg(value_name = "EXPRESSION", allow_hyphen_values = true)]
    expression: Option<String>,
    #[command(flatten)]
    variables: Variables,
    /// Which FEEL: that of BPMN models (as in Zeebe), or that of the DMN standard
    #[arg(long, value_enum, default_value = "bpmn")]
    dialect: DialectName,
    /// The text is unary tests, as in a cell of a decision table
    #[arg(long)]
    tests: bool,
    /// The value that unary tests are about, as JSON; an expression sees it as ?
    #[arg(long, value_name = "JSON")]
    input: Option<String>,
    /// Show how the text is understood instead of evaluating it
    #[arg(long, conflicts_with = "jsonl")]
    ast: bool,
    /// Show the types of the result and of the variables that are read
    #[arg(long)]
    types: bool,
    /// The time that now() and today() answer, such as 2024-06-15T12:00:00Z
    #[arg(long, value_name = "TIME")]
    now: Option<String>,
    /// Read requests from standard input, one JSON object per line, and write one reply per line
    #[arg(long, conflicts_with_all = ["expression", "tests", "input"])]
    jsonl: bool,
}

/// Which FEEL.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
enum DialectName {
    /// As inside BPMN models
    #[default]
    Bpmn,
    /// As the DMN standard says
    Dmn,
}

impl From<DialectName> for Dialect {
    fn from(name: DialectName) -> Self {
        match name {
            DialectName::Bpmn => Self::Bpmn,
            DialectName::Dmn => Self::Dmn,
        }
    }
}

/// What an evaluation takes, beside its text.
#[derive(Clone, Debug)]
struct Bench {
    dialect: Dialect,
    variables: Context,
    now: Option<Moment>,
}

impl Feel {
    pub(crate) fn run(self, output: Output) -> Result<Exit, Failure> {
        let now = self.now.as_deref().map(moment).transpose()?;
        if self.jsonl {
            return jsonl::run(self.dialect, now);
        }
        let variables = context(&self.variables.read()?)?;
        let bench = Bench { dialect: self.dialect.into(), variables, now };
        let text = match self.expression.as_deref() {
            Some("-") => read_stdin()?,
            Some(text) => text.to_owned(),
            None if io::IsTerminal::is_terminal(&io::stdin()) && is_terminal() => return repl::run(bench),
            None => read_stdin()?,
        };
        let text = text.trim().strip_prefix('=').unwrap_or(&text).trim();
        if self.ast {
            return bench.show_tree(text, self.tests, output);
        }
        let input = self.input.as_deref().map(|text| json_value("--input", text)).transpose()?;
        bench.show_result(text, self.tests, input.as_ref(), self.types, output)
    }
}

impl Bench {
    fn show_tree(&self, text: &str, tests: bool, output: Output) -> Result<Exit, Failure> {
        match tree::of(text, tests, self.dialect, &self.names()) {
            Ok(tree) => {
                output.answer(&tree.to_json(), tree.to_text(text));
                Ok(Exit::Ok)
            }
            Err(diagnostics) => {
                output.answer(&Reply::error(&diagnostics, "parse"), diagnostics.render().trim_end());
                Ok(Exit::Failed)
            }
        }
    }

    fn show_result(
        &self,
        text: &str,
        tests: bool,
        input: Option<&Value>,
        types: bool,
        output: Output,
    ) -> Result<Exit, Failure> {
        match self.evaluate(text, tests, input) {
            Answer::Value(evaluation, reads) => {
                let kind = type_name(&evaluation.value);
                let mut lines = vec![evaluation.value.to_text(self.dialect)];
                if types {
                    lines.push(format!("{DIM}type {kind}{DIM:#}"));
                    lines
                        .extend(reads.iter().map(|(name, kind)| format!("{DIM}reads {name}: {kind}{DIM:#}")));
                }
                lines.extend(
                    evaluation.warnings.iter().map(|warning| warning.render(text).trim_end().to_owned()),
                );
                if !evaluation.warnings.is_empty() && !tests {
                    lines.extend(self.suggestions(text));
                }
                let reads = types.then_some(reads);
                output.answer(&Reply { reads, ..Reply::value(&evaluation) }, lines.join("\n"));
                Ok(Exit::Ok)
            }
            Answer::Refused(diagnostics) => {
                output.answer(&Reply::error(&diagnostics, "parse"), diagnostics.render().trim_end());
                Ok(Exit::Failed)
            }
            Answer::Failed(error) => {
                output.answer(&Reply::failed(&error), format_args!("{BAD}error{BAD:#}: {error}"));
                Ok(Exit::Failed)
            }
        }
    }

    /// What a misspelt name was probably meant to be.
    fn suggestions(&self, text: &str) -> Vec<String> {
        let names = self.names();
        let hints = parse(text, self.dialect, &names).map(|tree| hints(&tree, self.dialect, &names));
        let suggested = hints.into_iter().flatten().filter_map(|hint| Some((hint.message, hint.help?)));
        suggested.map(|(what, help)| format!("{NAME}help{NAME:#}: {what}; {help}")).collect()
    }

    /// Compiles and evaluates.
    fn evaluate(&self, text: &str, tests: bool, input: Option<&Value>) -> Answer {
        let names = self.names();
        let compiled = match tests {
            true => Expression::compile_unary_tests(text, self.dialect, &names),
            false => Expression::compile(text, self.dialect, &names),
        };
        let expression = match compiled {
            Ok(expression) => expression,
            Err(diagnostics) => return Answer::Refused(diagnostics),
        };
        let at = self.now.unwrap_or_else(clock);
        let result = match input {
            Some(input) => expression.evaluate_unary_tests(input, &self.variables, &at, &Limits::DEFAULT),
            None => expression.evaluate(&self.variables, &at, &Limits::DEFAULT),
        };
        let kind = |name: &str| self.variables.get(name).map_or("not set", type_name);
        match result {
            Ok(evaluation) => Answer::Value(
                evaluation,
                expression.variables().iter().map(|name| (name.to_string(), kind(name))).collect(),
            ),
            Err(error) => Answer::Failed(error),
        }
    }

    /// What the parser must know: in the DMN dialect a name may hold spaces.
    fn names(&self) -> Names {
        names_of(&self.variables)
    }
}

/// What became of a text.
enum Answer {
    /// A value, and the variables that were read with the types they have.
    Value(Evaluation, BTreeMap<String, &'static str>),
    /// It is no FEEL.
    Refused(weir_feel::Diagnostics),
    /// Its evaluation failed.
    Failed(EvaluationError),
}

fn names_of(context: &Context) -> Names {
    let mut names = Names::new();
    for (name, value) in context.entries() {
        names.insert(name, type_of(value));
    }
    names
}

fn type_of(value: &Value) -> Type {
    value.as_context().map_or(Type::Any, |context| Type::Context(names_of(context)))
}

/// What an evaluation gave, for programs.
#[derive(Debug, Default, Serialize)]
struct Reply {
    #[serde(skip_serializing_if = "Option::is_none")]
    result: Option<Box<RawValue>>,
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    kind: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    phase: Option<&'static str>,
    warnings: Vec<Json>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reads: Option<BTreeMap<String, &'static str>>,
}

impl Reply {
    fn value(evaluation: &Evaluation) -> Self {
        let value = &evaluation.value;
        let result = RawValue::from_string(exact_json(value)).ok();
        Self {
            result,
            kind: Some(type_name(value)),
            warnings: warnings(&evaluation.warnings),
            ..Self::default()
        }
    }

    fn failed(error: &EvaluationError) -> Self {
        Self { warnings: warnings(&error.warnings), ..Self::error(&error.message, "evaluate") }
    }

    fn error(error: impl ToString, phase: &'static str) -> Self {
        Self { error: Some(error.to_string()), phase: Some(phase), ..Self::default() }
    }
}

fn warnings(warnings: &[Warning]) -> Vec<Json> {
    warnings
        .iter()
        .map(|warning| json!({ "type": warning.kind.name(), "message": warning.message }))
        .collect()
}

/// A value as JSON: as a broker stores it, but numbers with all their digits.
pub(crate) fn exact_json(value: &Value) -> String {
    let mut json = String::new();
    write_json(value, &mut json);
    json
}

fn write_json(value: &Value, out: &mut String) {
    let separate = |nth: usize, out: &mut String| out.push_str(if nth == 0 { "" } else { "," });
    match value {
        Value::Number(_) => out.push_str(&value.to_exact_json()),
        Value::List(list) => {
            out.push('[');
            for (nth, item) in list.iter().enumerate() {
                separate(nth, out);
                write_json(item, out);
            }
            out.push(']');
        }
        Value::Context(context) => {
            out.push('{');
            // A broker leaves out entries that are functions.
            let entries = context.entries().iter().filter(|(_, item)| !matches!(item, Value::Function(_)));
            for (nth, (name, item)) in entries.enumerate() {
                separate(nth, out);
                out.push_str(&Json::from(&**name).to_string());
                out.push(':');
                write_json(item, out);
            }
            out.push('}');
        }
        Value::Null
        | Value::Boolean(_)
        | Value::String(_)
        | Value::Date(_)
        | Value::Time(_)
        | Value::DateTime(_)
        | Value::DaysDuration(_)
        | Value::MonthsDuration(_)
        | Value::Range(_)
        | Value::Function(_) => value.write_json(out),
    }
}

/// The name of a value's type, as feel-scala has it: it tells times with and without a zone apart.
fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Time(time) if time.zone() == Zone::Local => "local time",
        Value::DateTime(time) if time.zone() == Zone::Local => "local date time",
        Value::DateTime(_) => "date time",
        Value::DaysDuration(_) => "days time duration",
        Value::MonthsDuration(_) => "years months duration",
        Value::Null
        | Value::Boolean(_)
        | Value::Number(_)
        | Value::String(_)
        | Value::Date(_)
        | Value::Time(_)
        | Value::List(_)
        | Value::Context(_)
        | Value::Range(_)
        | Value::Function(_) => value.type_name(),
    }
}

/// Now, by this machine's clock.
pub(crate) fn clock() -> Moment {
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let ms = i64::try_from(since_1970.as_millis()).unwrap_or(0);
    Moment::from_epoch_ms(ms, Zone::UTC, u64::from(since_1970.subsec_nanos()))
}

/// A moment that the user has written, in any form that FEEL takes.
fn moment(text: &str) -> Result<Moment, Failure> {
    let bad = || {
        Failure::usage("this is not a time")
            .at(format!("--now {text}"))
            .try_this("write it as 2024-06-15T12:00:00Z or 2024-06-15T14:00:00+02:00")
    };
    let read = Expression::compile("date and time(text)", Dialect::Bpmn, &Names::new())
        .map_err(|_not_feel| bad())?;
    let variables = vec![(
        Arc::from("text"),
        Value::from_json(&Json::from(text).to_string()).map_err(|_not_json| bad())?,
    )];
    match read.evaluate(&variables, &Moment::default(), &Limits::DEFAULT).map(|evaluation| evaluation.value) {
        Ok(Value::DateTime(now)) => Ok(Moment { now, seed: 1 }),
        Ok(_) | Err(_) => Err(bad()),
    }
}

/// Variables as values of FEEL.
pub(crate) fn context(object: &Object) -> Result<Context, Failure> {
    match json_value("--variables", &to_text(object))? {
        Value::Context(context) => Ok(context),
        _ => Err(Failure::usage("variables must be a JSON object")),
    }
}

fn json_value(place: &str, text: &str) -> Result<Value, Failure> {
    Value::from_json(text).map_err(|error| {
        Failure::usage("this is not a JSON value")
            .at(place)
            .because(error)
            .try_this("strings need quotes: --input '\"text\"'")
    })
}

fn read_stdin() -> Result<String, Failure> {
    let mut text = String::new();
    io::stdin()
        .read_to_string(&mut text)
        .map_err(|error| Failure::usage("standard input cannot be read").because(error))?;
    if text.trim().is_empty() {
        return Err(Failure::usage("there is no expression")
            .try_this(format!("for example {NAME}weir feel '1 + 1'{NAME:#}")));
    }
    Ok(text)
}
