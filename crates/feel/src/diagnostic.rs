//! What went wrong, where, and why: compile-time diagnostics, run-time warnings and failures.

use std::fmt;

/// A piece of the source text, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span {
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

impl Span {
    pub(crate) fn new(start: usize, end: usize) -> Self {
        Self { start: start as u32, end: end as u32 }
    }

    /// The smallest span that holds both.
    pub fn to(self, other: Span) -> Span {
        Span { start: self.start.min(other.start), end: self.end.max(other.end) }
    }

    /// Line and column of the start, both from 1, the column in characters.
    pub fn line_and_column(self, text: &str) -> (usize, usize) {
        let before = text.get(..self.start as usize).unwrap_or(text);
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
    }
}

/// One compile-time error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// Where.
    pub span: Span,
    /// What and why, one sentence without full stop.
    pub message: String,
    /// What to do about it, if that is known.
    pub help: Option<String>,
}

/// All compile-time errors of one expression, in the order of the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostics {
    text: String,
    items: Vec<Diagnostic>,
}

impl Diagnostics {
    pub(crate) fn new(text: &str, mut items: Vec<Diagnostic>) -> Self {
        items.sort_by_key(|item| item.span);
        items.dedup();
        items.truncate(crate::limits::compile::MAX_DIAGNOSTICS);
        Self { text: text.to_owned(), items }
    }

    /// The errors.
    pub fn items(&self) -> &[Diagnostic] {
        &self.items
    }

    /// The source text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// All errors with the source line underlined, for people in front of a terminal.
    pub fn render(&self) -> String {
        let mut out = String::new();
        for item in &self.items {
            render(&mut out, &self.text, item.span, "error", &item.message);
            if let Some(help) = &item.help {
                out.push_str("  help: ");
                out.push_str(help);
                out.push('\n');
            }
        }
        out
    }
}

/// The text that a deployment is rejected with: the form that clients of the reference engine know.
impl fmt::Display for Diagnostics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "failed to parse expression '{}': ", self.text)?;
        for (nth, item) in self.items.iter().enumerate() {
            let (line, column) = item.span.line_and_column(&self.text);
            let separator = if nth == 0 { "" } else { "; " };
            write!(f, "{separator}{}:{line}:{column}", item.message)?;
            if let Some(help) = &item.help {
                write!(f, " ({help})")?;
            }
        }
        Ok(())
    }
}

impl std::error::Error for Diagnostics {}

/// Writes a message with its line of the source and an underline.
fn render(out: &mut String, text: &str, span: Span, level: &str, message: &str) {
    let (line, column) = span.line_and_column(text);
    let source = text.lines().nth(line - 1).unwrap_or("");
    let width = text
        .get(span.start as usize..span.end as usize)
        .map_or(1, |piece| piece.lines().next().unwrap_or("").chars().count())
        .max(1);
    let gutter = line.to_string();
    let indent = " ".repeat(gutter.len());
    let underline = " ".repeat(column - 1) + &"^".repeat(width);
    out.push_str(&format!(
        "{level}: {message}\n{indent}--> {line}:{column}\n{indent} |\n{gutter} | {source}\n{indent} | {underline}\n"
    ));
}

/// The kinds of warnings, named as the reference engine names them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum WarningKind {
    /// A variable that nobody set.
    NoVariableFound,
    /// A context without that entry.
    NoContextEntryFound,
    /// A value without that property.
    NoPropertyFound,
    /// Two values that cannot be compared.
    NotComparable,
    /// A value of another type than needed.
    InvalidType,
    /// A function that does not exist.
    NoFunctionFound,
    /// A function that could not use its arguments.
    FunctionInvocationFailure,
    /// `assert` did not hold.
    AssertFailure,
    /// Anything else.
    Unknown,
}

impl WarningKind {
    /// The name at the wire and in incident texts.
    pub fn name(self) -> &'static str {
        match self {
            Self::NoVariableFound => "NO_VARIABLE_FOUND",
            Self::NoContextEntryFound => "NO_CONTEXT_ENTRY_FOUND",
            Self::NoPropertyFound => "NO_PROPERTY_FOUND",
            Self::NotComparable => "NOT_COMPARABLE",
            Self::InvalidType => "INVALID_TYPE",
            Self::NoFunctionFound => "NO_FUNCTION_FOUND",
            Self::FunctionInvocationFailure => "FUNCTION_INVOCATION_FAILURE",
            Self::AssertFailure => "ASSERT_FAILURE",
            Self::Unknown => "UNKNOWN",
        }
    }
}

/// Something that did not fail the evaluation but made (part of) its result null.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// Which kind.
    pub kind: WarningKind,
    /// What and why.
    pub message: String,
    /// Where in the source.
    pub span: Span,
}

/// As in incident texts: `[NO_VARIABLE_FOUND] No variable found with name 'x'`.
impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{}] {}", self.kind.name(), self.message)
    }
}

impl Warning {
    /// The warning with its place underlined.
    pub fn render(&self, text: &str) -> String {
        let mut out = String::new();
        render(&mut out, text, self.span, "warning", &self.message);
        out
    }
}

/// Why an evaluation failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EvaluationErrorKind {
    /// The expression itself failed: `assert`, `?` without input, a function that fails rather than being null.
    Failed,
    /// A limit was exceeded.
    Limit {
        /// The limit's name in [`crate::limits::Limits`].
        name: &'static str,
        /// Its value.
        limit: u64,
    },
}

/// An evaluation that failed; in a process this is an incident.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EvaluationError {
    /// Why.
    pub kind: EvaluationErrorKind,
    /// The text that users see, without the warnings: `failed to evaluate expression 'x': ...`.
    pub message: String,
    /// Where in the source.
    pub span: Span,
    /// Warnings up to the failure.
    pub warnings: Vec<Warning>,
}

/// The message, followed by the warnings in the form that incident texts have.
impl fmt::Display for EvaluationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        f.write_str(&warnings_text(&self.warnings))
    }
}

impl std::error::Error for EvaluationError {}

/// What an incident text continues with when there were warnings; empty when there were none.
pub fn warnings_text(warnings: &[Warning]) -> String {
    let mut out = String::new();
    if !warnings.is_empty() {
        out.push_str(" The evaluation reported the following warnings:");
        for warning in warnings {
            out.push('\n');
            out.push_str(&warning.to_string());
        }
    }
    out
}

/// The name among `known` that `unknown` was probably meant to be: at most a third of its letters differ.
pub fn near_name<'a>(unknown: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let allowed = (unknown.chars().count() / 3).clamp(1, 3);
    known
        .into_iter()
        .filter(|name| *name != unknown)
        .map(|name| (edit_distance(unknown, name, allowed), name))
        .filter(|(distance, _)| *distance <= allowed)
        .min()
        .map(|(_, name)| name)
}

/// Levenshtein distance where swapped neighbours count one; anything above `most` may be reported as `most + 1`.
fn edit_distance(left: &str, right: &str, most: usize) -> usize {
    let left: Vec<char> = left.chars().flat_map(char::to_lowercase).take(64).collect();
    let right: Vec<char> = right.chars().flat_map(char::to_lowercase).take(64).collect();
    if left.len().abs_diff(right.len()) > most {
        return most + 1;
    }
    let mut older: Vec<usize> = Vec::new();
    let mut previous: Vec<usize> = (0..=right.len()).collect();
    for (row, a) in left.iter().enumerate() {
        let mut current = vec![row + 1];
        for (column, b) in right.iter().enumerate() {
            let substituted = previous[column] + usize::from(a != b);
            let mut best = substituted.min(previous[column + 1] + 1).min(current[column] + 1);
            if row > 0 && column > 0 && *a == right[column - 1] && left[row - 1] == *b {
                best = best.min(older[column - 1] + 1);
            }
            current.push(best);
        }
        older = std::mem::replace(&mut previous, current);
    }
    previous[right.len()]
}
