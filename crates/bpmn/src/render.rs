//! Diagnostics as text: for people at a terminal, and for clients whose deployment was refused.

use std::fmt::{self, Write};

use crate::diagnostic::{Diagnostic, Diagnostics, Severity};
use crate::limits;

impl Diagnostic {
    /// The diagnostic with its line of `source`, the text of the file `name`, underlined.
    pub fn render(&self, name: &str, source: &str) -> String {
        let mut out = format!("{}: {}\n", self.severity, self.message);
        let place = if self.line == 0 { String::new() } else { format!(":{}:{}", self.line, self.column) };
        let element = if self.path.is_empty() { String::new() } else { format!(" ({})", self.path) };
        let gutter = " ".repeat(self.line.to_string().len());
        // Writing to a String cannot fail.
        let _ = writeln!(out, "{gutter}--> {name}{place}{element}");
        if self.line > 0 && !source.is_empty() {
            let (line, before, width) = self.excerpt(source);
            let _ = writeln!(out, "{gutter} |\n{} | {line}", self.line);
            let _ = writeln!(out, "{gutter} | {}{}", " ".repeat(before), "^".repeat(width));
        }
        if !self.remedy.is_empty() {
            let _ = writeln!(out, "{gutter} = help: {}", self.remedy);
        }
        out
    }

    /// A window of the line, the place of the underline in it, and its width; all in characters.
    fn excerpt(&self, source: &str) -> (String, usize, usize) {
        let start = crate::diagnostic::floor_char_boundary(source, self.span.start);
        let end = crate::diagnostic::floor_char_boundary(source, self.span.end).max(start);
        let line_start = source[..start].rfind('\n').map_or(0, |at| at + 1);
        let half = limits::MAX_RENDERED_LINE_CHARS / 2;
        let before: Vec<char> = source[line_start..start].chars().rev().take(half).collect();
        let mut line: String = before.iter().rev().collect();
        let skipped = line.len() < start - line_start;
        line.extend(source[start..].chars().take_while(|c| !matches!(c, '\n' | '\r')).take(half));
        let width = source[start..end].chars().take_while(|c| *c != '\n').take(half).count().max(1);
        let indent = line.chars().take_while(|c| c.is_whitespace()).count();
        let line: String = line.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        match skipped {
            true => (format!("...{line}"), before.len() + 3, width),
            // Indentation says nothing here and would push the line out of the window.
            false => (line.chars().skip(indent).collect(), before.len().saturating_sub(indent), width),
        }
    }
}

impl Diagnostics {
    /// All diagnostics, each with its line of `source` underlined, and how many there are.
    pub fn render(&self, source: &str) -> String {
        let mut out = String::new();
        for item in &self.items {
            out.push_str(&item.render(&self.name, source));
            out.push('\n');
        }
        let errors = self.errors().count();
        let plural = if errors == 1 { "" } else { "s" };
        let _ = write!(out, "{}: {errors} error{plural}", self.name);
        if self.omitted > 0 {
            let _ = write!(out, ", {} more not shown", self.omitted);
        }
        out.push('\n');
        out
    }
}

/// The errors in the form that clients of Zeebe know: what stands under the header of a refused deployment.
impl fmt::Display for Diagnostics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let head = format!("'{}':\n", crate::diagnostic::quoted(&self.name));
        // Room for the line that says how much was left out.
        let limit = limits::MAX_DEPLOYMENT_ERROR_BYTES - 64;
        let mut out = head;
        let mut left_out = self.omitted;
        let mut element = None;
        for (nth, item) in self.errors().enumerate() {
            let mut piece = String::new();
            if element != Some(&item.path) && !item.path.is_empty() {
                writeln!(piece, "- Element: {}", item.path)?;
            }
            writeln!(piece, "    - {}: {}", Severity::Error.to_string().to_uppercase(), item.message)?;
            match item.line {
                0 => writeln!(piece, "      {}", item.remedy)?,
                line => writeln!(piece, "      at line {line}, column {}: {}", item.column, item.remedy)?,
            }
            if out.len() + piece.len() > limit {
                left_out += self.errors().count() - nth;
                break;
            }
            out.push_str(&piece);
            element = Some(&item.path);
        }
        if left_out > 0 {
            writeln!(out, "- {left_out} more errors are left out")?;
        }
        f.write_str(&out)
    }
}

impl std::error::Error for Diagnostics {}
