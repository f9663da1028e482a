//! Regular expressions: of Java in the BPMN dialect, of XPath (XQuery and XPath Functions 3.1, 5.6) in DMN.
//!
//! Both are translated to the syntax of `fancy-regex`. Patterns without look-around, back-references, atomic groups and
//! possessive quantifiers run on its linear-time engine; the others backtrack within [`MAX_BACKTRACK_STEPS`], and
//! exceeding that fails the evaluation. So no pattern can hold up the server.
//!
//! Refused by name (the function answers null, with a warning that says which feature it was):
//! - Java: `\G`, `\X`, `\N{...}`, the flags `d` (UNIX_LINES) and `U` (UNICODE_CHARACTER_CLASS), blocks other than
//!   those of [`blocks`], `\p{java...}` other than the common ones.
//! - XPath: blocks other than those of [`blocks`].
//!
//! Answered otherwise than Java does: `\b` always looks at Unicode letters and digits; a back-reference to a group that
//! comes later in the pattern never matches; under the flag `i` a back-reference ignores case beyond ASCII too.

mod blocks;
mod class;
mod translate;

#[cfg(test)]
mod tests;

use std::fmt;

use fancy_regex::{Captures, CompileError, Regex, RegexBuilder, RuntimeError};

use crate::dialect::Dialect;

/// Steps that the backtracking engine may take for one match.
pub(crate) const MAX_BACKTRACK_STEPS: usize = 1_000_000;
/// Bytes of pattern text.
pub(crate) const MAX_PATTERN_BYTES: usize = 16 * 1024;
/// Groups and classes within each other.
pub(crate) const MAX_PATTERN_DEPTH: usize = 50;

/// Why a pattern cannot be used.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum PatternError {
    /// The pattern, its flags or the replacement are not well-formed, or use something that is refused.
    Invalid(String),
    /// A limit was exceeded: its name and value.
    Limit(&'static str, u64),
}

impl PatternError {
    fn invalid(message: impl fmt::Display) -> Self {
        Self::Invalid(message.to_string())
    }
}

/// A compiled pattern, for one input.
pub(crate) struct Pattern {
    regex: Regex,
    dialect: Dialect,
}

impl Pattern {
    /// Compiles a pattern for an input. The input is asked for because what `$` means is simpler where it does not end
    /// with a line terminator.
    pub(crate) fn compile(
        pattern: &str,
        flags: &str,
        input: &str,
        dialect: Dialect,
        max_regex_bytes: usize,
    ) -> Result<Self, PatternError> {
        if pattern.len() > MAX_PATTERN_BYTES {
            return Err(PatternError::Limit("MAX_PATTERN_BYTES", MAX_PATTERN_BYTES as u64));
        }
        let flags = translate::Flags::parse(flags, dialect)?;
        let ends_with_terminator = input.ends_with(['\n', '\r', '\u{85}', '\u{2028}', '\u{2029}']);
        let translated = translate::translate(pattern, flags, ends_with_terminator, dialect)?;
        let regex = RegexBuilder::new(&translated)
            .backtrack_limit(MAX_BACKTRACK_STEPS)
            .delegate_size_limit(max_regex_bytes)
            .delegate_dfa_size_limit(max_regex_bytes)
            .build()
            .map_err(|error| build_error(&error, max_regex_bytes))?;
        Ok(Self { regex, dialect })
    }

    /// Whether the pattern occurs in the text.
    pub(crate) fn occurs_in(&self, text: &str) -> Result<bool, PatternError> {
        self.regex.is_match(text).map_err(|error| run_error(&error))
    }

    /// All occurrences, left to right. As in Java, an empty one may follow directly on another.
    fn for_each<'t>(
        &self,
        text: &'t str,
        mut found: impl FnMut(&Captures<'t, str>, std::ops::Range<usize>) -> Result<(), PatternError>,
    ) -> Result<(), PatternError> {
        let mut from = 0;
        while from <= text.len() {
            let captures = self.regex.captures_from_pos(text, from).map_err(|error| run_error(&error))?;
            let Some(captures) = captures else { return Ok(()) };
            let Some(whole) = captures.get(0) else { return Ok(()) };
            found(&captures, whole.range())?;
            from = whole.end();
            if whole.range().is_empty() {
                from += text[from..].chars().next().map_or(1, char::len_utf8);
            }
        }
        Ok(())
    }

    /// The texts of all occurrences.
    pub(crate) fn extract<'t>(&self, text: &'t str) -> Result<Vec<&'t str>, PatternError> {
        let mut texts = Vec::new();
        self.for_each(text, |_, range| {
            texts.push(&text[range]);
            Ok(())
        })?;
        Ok(texts)
    }

    /// The texts between the occurrences.
    pub(crate) fn split<'t>(&self, text: &'t str) -> Result<Vec<&'t str>, PatternError> {
        self.refuse_empty()?;
        let mut parts = Vec::new();
        let mut start = 0;
        self.for_each(text, |_, range| {
            // An empty occurrence at the very start splits nothing off.
            if !range.is_empty() || range.start > 0 {
                parts.push(&text[start..range.start]);
                start = range.end;
            }
            Ok(())
        })?;
        parts.push(&text[start..]);
        Ok(parts)
    }

    /// The text with all occurrences replaced; `max_bytes` bounds the result.
    pub(crate) fn replace(
        &self,
        text: &str,
        replacement: &str,
        max_bytes: usize,
    ) -> Result<String, PatternError> {
        self.refuse_empty()?;
        let mut template = None;
        let mut out = String::new();
        let mut copied = 0;
        self.for_each(text, |captures, range| {
            // Read only when something is found: without that, Java does not look at it either.
            let template = match &mut template {
                Some(template) => template,
                empty => empty.insert(self.template(replacement)?),
            };
            out.push_str(&text[copied..range.start]);
            for piece in template.iter() {
                match piece {
                    Piece::Text(text) => out.push_str(text),
                    Piece::Group(number) => {
                        out.push_str(captures.get(*number).map_or("", |group| group.as_str()));
                    }
                }
            }
            copied = range.end;
            if out.len() > max_bytes {
                Err(PatternError::Limit("string_bytes", max_bytes as u64))
            } else {
                Ok(())
            }
        })?;
        out.push_str(&text[copied..]);
        Ok(out)
    }

    /// The standard forbids to replace or split by a pattern that matches nothing at all (FORX0003).
    fn refuse_empty(&self) -> Result<(), PatternError> {
        match self.dialect {
            Dialect::Dmn if self.occurs_in("")? => {
                Err(PatternError::invalid("the pattern matches the empty string"))
            }
            Dialect::Dmn | Dialect::Bpmn => Ok(()),
        }
    }

    fn template(&self, replacement: &str) -> Result<Vec<Piece>, PatternError> {
        let mut pieces = Vec::new();
        let mut text = String::new();
        let mut chars = replacement.chars().peekable();
        while let Some(next) = chars.next() {
            match next {
                '\\' => match (chars.next(), self.dialect) {
                    (Some(literal @ ('\\' | '$')), _) | (Some(literal), Dialect::Bpmn) => text.push(literal),
                    (Some(_), Dialect::Dmn) | (None, _) => {
                        return Err(PatternError::invalid("a lone '\\' in the replacement"));
                    }
                },
                '$' => {
                    pieces.push(Piece::Text(std::mem::take(&mut text)));
                    pieces.extend(self.reference(&mut chars)?);
                }
                literal => text.push(literal),
            }
        }
        pieces.push(Piece::Text(text));
        Ok(pieces)
    }

    /// What follows a `$` in a replacement.
    fn reference(
        &self,
        chars: &mut std::iter::Peekable<std::str::Chars<'_>>,
    ) -> Result<Option<Piece>, PatternError> {
        let groups = self.regex.captures_len() - 1;
        if self.dialect == Dialect::Bpmn && chars.next_if_eq(&'{').is_some() {
            let name: String = std::iter::from_fn(|| chars.next_if(|next| *next != '}')).collect();
            let number = self.regex.capture_names().position(|known| known == Some(&name));
            return match (chars.next(), number) {
                (Some('}'), Some(number)) => Ok(Some(Piece::Group(number))),
                _ => Err(PatternError::invalid(format_args!("no group with name {{{name}}}"))),
            };
        }
        let digit = |chars: &mut std::iter::Peekable<std::str::Chars<'_>>| {
            chars.peek().and_then(|next| next.to_digit(10)).map(|digit| digit as usize)
        };
        let Some(mut number) = digit(chars) else {
            return Err(PatternError::invalid("a '$' without a group in the replacement"));
        };
        chars.next();
        while let Some(more) = digit(chars).map(|next| number * 10 + next).filter(|more| *more <= groups) {
            chars.next();
            number = more;
        }
        match self.dialect {
            _ if number <= groups => Ok(Some(Piece::Group(number))),
            Dialect::Bpmn => Err(PatternError::invalid(format_args!("no group {number}"))),
            Dialect::Dmn => Ok(None),
        }
    }
}

/// A piece of a replacement.
enum Piece {
    Text(String),
    Group(usize),
}

fn build_error(error: &fancy_regex::Error, max_regex_bytes: usize) -> PatternError {
    match error {
        fancy_regex::Error::CompileError(inner) => match &**inner {
            CompileError::InnerError(cause) if cause.size_limit().is_some() => {
                PatternError::Limit("regex_bytes", max_regex_bytes as u64)
            }
            other => PatternError::invalid(other),
        },
        other => PatternError::invalid(other),
    }
}

fn run_error(error: &fancy_regex::Error) -> PatternError {
    match error {
        fancy_regex::Error::RuntimeError(
            RuntimeError::BacktrackLimitExceeded | RuntimeError::StackOverflow,
        ) => PatternError::Limit("MAX_BACKTRACK_STEPS", MAX_BACKTRACK_STEPS as u64),
        other => PatternError::invalid(other),
    }
}
