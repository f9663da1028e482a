//! `weir feel` without an expression: a conversation.

use std::{env, fs, path::PathBuf};

use rustyline::{
    Context as LineContext, Editor, Helper,
    completion::{Completer, Pair},
    error::ReadlineError,
    highlight::Highlighter,
    hint::Hinter,
    history::FileHistory,
    validate::{ValidationContext, ValidationResult, Validator},
};
use weir_feel::{Context, Dialect, Names, Value, builtin_names, parse};

use super::{Answer, Bench};
use crate::{
    exit::Exit,
    failure::Failure,
    output::{BAD, DIM, NAME, Output, print_line},
};

const HELP: &str = "an expression          evaluates it: amount * 1.19
:let NAME EXPRESSION   keeps a value: :let order {amount: 42, lines: [1, 2]}
:vars                  shows what is kept
:forget NAME           forgets it
:test INPUT | TESTS    unary tests: :test 42 | [18..65], > 100
:ast EXPRESSION        shows how it is understood
:type EXPRESSION       shows the types of the result and of what is read
:load FILE             keeps all entries of a JSON object
:dialect bpmn|dmn      changes the dialect
:quit, Ctrl-D          ends
Tab completes functions, names and entries; the arrows bring back what was asked.
A line that is not finished goes on in the next; an empty line ends it.";

/// Answers line after line until the user has enough.
pub(super) fn run(bench: Bench) -> Result<Exit, Failure> {
    let broken =
        |error: ReadlineError| Failure::new(Exit::Failed, "the terminal cannot be used").because(error);
    let mut editor: Editor<Words, FileHistory> = Editor::new().map_err(broken)?;
    let history = history_file();
    if let Some(file) = &history {
        // The first time there is none.
        let _none_yet = editor.load_history(file);
    }
    let mut bench = bench;
    let (dialect, variables) = (format!("{:?}", bench.dialect).to_lowercase(), bench.variables.len());
    print_line(format_args!(
        "{NAME}FEEL{NAME:#} {DIM}dialect {dialect}, variables: {variables}; :help tells more, Ctrl-D ends{DIM:#}"
    ));
    loop {
        editor.set_helper(Some(Words::of(&bench)));
        match editor.readline("feel> ") {
            Ok(line) if line.trim().is_empty() => {}
            Ok(line) => {
                let _full = editor.add_history_entry(&line);
                if !answer(&mut bench, line.trim()) {
                    break;
                }
            }
            Err(ReadlineError::Interrupted) => {}
            Err(ReadlineError::Eof) => break,
            Err(error) => return Err(broken(error)),
        }
    }
    if let Some(file) = &history {
        let _not_kept = editor.save_history(file);
    }
    Ok(Exit::Ok)
}

fn history_file() -> Option<PathBuf> {
    let state = env::var_os("XDG_STATE_HOME").map(PathBuf::from);
    let folder =
        state.or_else(|| Some(PathBuf::from(env::var_os("HOME")?).join(".local/state")))?.join("weir");
    fs::create_dir_all(&folder).ok()?;
    Some(folder.join("feel-history"))
}

/// False when the conversation is over.
fn answer(bench: &mut Bench, line: &str) -> bool {
    let output = Output { json: false };
    let (command, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
    let rest = rest.trim();
    let result = match command {
        ":quit" | ":q" | ":exit" => return false,
        ":help" | ":h" => {
            print_line(HELP);
            Ok(())
        }
        ":vars" => {
            bench.variables.entries().iter().for_each(|(name, value)| {
                print_line(format_args!("{NAME}{name}{NAME:#} = {}", value.to_text(bench.dialect)))
            });
            Ok(())
        }
        ":let" => keep(bench, rest),
        ":forget" => {
            let entries =
                bench.variables.entries().iter().filter(|(name, _)| &**name != rest).cloned().collect();
            bench.variables = Context::new(entries);
            Ok(())
        }
        ":load" => load(bench, rest),
        ":dialect" => choose(bench, rest),
        ":test" => test(bench, rest, output),
        ":ast" => bench.show_tree(rest, false, output).map(drop).map_err(|failure| failure.to_string()),
        ":type" => bench
            .show_result(rest, false, None, true, output)
            .map(drop)
            .map_err(|failure| failure.to_string()),
        _ if command.starts_with(':') => Err(format!("there is no command {command}; :help lists them")),
        _ => {
            let text = line.strip_prefix('=').unwrap_or(line);
            bench
                .show_result(text, false, None, false, output)
                .map(drop)
                .map_err(|failure| failure.to_string())
        }
    };
    if let Err(why) = result {
        print_line(format_args!("{BAD}error{BAD:#}: {why}"));
    }
    true
}

fn keep(bench: &mut Bench, rest: &str) -> Result<(), String> {
    let (name, text) = rest.split_once(char::is_whitespace).ok_or("write :let NAME EXPRESSION")?;
    match bench.evaluate(text.trim().trim_start_matches('='), false, None) {
        Answer::Value(evaluation, _) => {
            print_line(format_args!("{NAME}{name}{NAME:#} = {}", evaluation.value.to_text(bench.dialect)));
            bench.variables = bench.variables.with(name, evaluation.value);
            Ok(())
        }
        Answer::Refused(diagnostics) => Err(diagnostics.to_string()),
        Answer::Failed(error) => Err(error.to_string()),
    }
}

fn load(bench: &mut Bench, file: &str) -> Result<(), String> {
    let text = fs::read_to_string(file).map_err(|error| format!("{file}: {error}"))?;
    match Value::from_json(&text).map_err(|error| format!("{file}: {error}"))? {
        Value::Context(loaded) => {
            for (name, value) in loaded.entries() {
                bench.variables = bench.variables.with(name, value.clone());
            }
            Ok(())
        }
        other => Err(format!("{file}: this is a {}, not a JSON object", other.type_name())),
    }
}

fn choose(bench: &mut Bench, name: &str) -> Result<(), String> {
    bench.dialect = match name {
        "bpmn" => Dialect::Bpmn,
        "dmn" => Dialect::Dmn,
        _ => return Err("there are the dialects bpmn and dmn".to_owned()),
    };
    Ok(())
}

fn test(bench: &Bench, rest: &str, output: Output) -> Result<(), String> {
    let (input, tests) = rest.split_once('|').ok_or("write :test INPUT | TESTS")?;
    match bench.evaluate(input.trim(), false, None) {
        Answer::Value(evaluation, _) => bench
            .show_result(tests.trim(), true, Some(&evaluation.value), false, output)
            .map(drop)
            .map_err(|failure| failure.to_string()),
        Answer::Refused(diagnostics) => Err(diagnostics.to_string()),
        Answer::Failed(error) => Err(error.to_string()),
    }
}

/// The words that Tab completes.
struct Words {
    words: Vec<String>,
    dialect: Dialect,
}

/// Levels of entries within entries that are completed.
const COMPLETED_LEVELS: usize = 3;

/// The paths to a value's entries.
fn paths(start: &str, value: &Value, levels: usize, found: &mut Vec<String>) {
    found.push(start.to_owned());
    if let (Value::Context(context), 1..) = (value, levels) {
        for (name, value) in context.entries() {
            paths(&format!("{start}.{name}"), value, levels - 1, found);
        }
    }
}

impl Words {
    fn of(bench: &Bench) -> Self {
        let mut variables = Vec::new();
        for (name, value) in bench.variables.entries() {
            paths(name, value, COMPLETED_LEVELS, &mut variables);
        }
        let functions = builtin_names(bench.dialect).map(|name| format!("{name}("));
        let commands = HELP
            .split_whitespace()
            .filter(|word| word.starts_with(':'))
            .map(|word| word.trim_end_matches(',').to_owned());
        let mut words: Vec<String> = variables.into_iter().chain(functions).chain(commands).collect();
        words.sort();
        words.dedup();
        Self { words, dialect: bench.dialect }
    }
}

impl Completer for Words {
    type Candidate = Pair;

    /// Names of functions may hold spaces: the longest end of the line that begins some word is completed.
    fn complete(
        &self,
        line: &str,
        position: usize,
        _: &LineContext<'_>,
    ) -> rustyline::Result<(usize, Vec<Pair>)> {
        let line = line.get(..position).unwrap_or(line);
        let starts = line.char_indices().map(|(start, _)| start).filter(|start| {
            line.get(..*start)
                .is_none_or(|before| !before.ends_with(|it: char| it.is_alphanumeric() || it == '_'))
        });
        for start in starts {
            let typed = line.get(start..).unwrap_or("");
            let fitting: Vec<Pair> = self
                .words
                .iter()
                .filter(|word| !typed.is_empty() && word.starts_with(typed))
                .map(|word| Pair { display: word.clone(), replacement: word.clone() })
                .collect();
            if !fitting.is_empty() {
                return Ok((start, fitting));
            }
        }
        Ok((position, Vec::new()))
    }
}

impl Hinter for Words {
    type Hint = String;
}

impl Highlighter for Words {}

impl Validator for Words {
    /// A line goes on if all that is wrong with it is that it ends.
    fn validate(&self, context: &mut ValidationContext<'_>) -> rustyline::Result<ValidationResult> {
        let text = context.input();
        let is_command = text.trim_start().starts_with(':');
        if is_command || text.trim().is_empty() || text.ends_with('\n') {
            return Ok(ValidationResult::Valid(None));
        }
        // What the names are matters little here: a text that is whole is evaluated anyway.
        let text = text.trim_end();
        let goes_on = match parse(text.strip_prefix('=').unwrap_or(text), self.dialect, &Names::new()) {
            Ok(_) => false,
            Err(diagnostics) => {
                diagnostics.items().first().is_some_and(|first| first.span.start as usize >= text.len())
            }
        };
        Ok(if goes_on { ValidationResult::Incomplete } else { ValidationResult::Valid(None) })
    }
}

impl Helper for Words {}
