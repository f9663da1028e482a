//! What subcommands print: text for people, JSON for programs, colours only where a terminal shows them.

use std::{
    fmt::Display,
    io::{self, Write},
};

use anstyle::{AnsiColor, Style};
use serde::Serialize;

use crate::failure::Failure;

/// Something good.
pub(crate) const GOOD: Style = AnsiColor::Green.on_default();
/// Something bad.
pub(crate) const BAD: Style = AnsiColor::Red.on_default().bold();
/// Something to look at.
pub(crate) const WARN: Style = AnsiColor::Yellow.on_default();
/// What may be overlooked.
pub(crate) const DIM: Style = Style::new().dimmed();
/// Names and headings.
pub(crate) const NAME: Style = Style::new().bold();

/// Where a subcommand prints, and in which form.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Output {
    /// One JSON value on standard output instead of text.
    pub(crate) json: bool,
}

impl Output {
    /// Prints the answer: the text, or with `--json` the value.
    pub(crate) fn answer(self, value: &impl Serialize, text: impl Display) {
        if self.json {
            print_line(
                serde_json::to_string(value)
                    .unwrap_or_else(|error| unreachable!("answers are JSON: {error}")),
            );
        } else {
            print_line(text);
        }
    }

    /// Prints a line for people; nothing with `--json`.
    pub(crate) fn say(self, text: impl Display) {
        if !self.json {
            print_line(text);
        }
    }

    /// Prints a failure: to standard error, with `--json` as an object to standard output.
    pub(crate) fn failure(self, failure: &Failure) {
        if self.json {
            print_line(failure.to_json());
        } else {
            warn_line(format_args!("{BAD}error{BAD:#}: {failure}"));
        }
    }
}

/// One line to standard output. A reader that went away (`weir ... | head`) is no error.
pub(crate) fn print_line(text: impl Display) {
    let mut stream = anstream::stdout().lock();
    let _gone = writeln!(stream, "{text}").and_then(|()| stream.flush());
}

/// One line to standard error.
pub(crate) fn warn_line(text: impl Display) {
    let _gone = writeln!(anstream::stderr().lock(), "{text}");
}

/// Whether a person reads standard output.
pub(crate) fn is_terminal() -> bool {
    io::IsTerminal::is_terminal(&io::stdout())
}

/// Rows with their columns aligned; the first row is the heading.
pub(crate) fn table(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| {
        rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let mut text = String::new();
    for (number, row) in rows.iter().enumerate() {
        let line: Vec<String> =
            row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
        let line = line.join("  ");
        let line = line.trim_end();
        if number == 0 {
            text.push_str(&format!("{DIM}{line}{DIM:#}"));
        } else {
            text.push('\n');
            text.push_str(line);
        }
    }
    text
}
