//! Names: one token in the BPMN dialect, as many as belong to a name in scope in the DMN dialect.

use std::sync::Arc;

use super::{Parser, RESERVED, shared};
use crate::builtin;
use crate::lexer::{self, TokenKind};
use crate::names::{Names, Type};

/// Where a name is declared; it tells what ends it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// Before `in`.
    Iterator,
    /// Before `,`, `:` or `)`.
    Parameter,
}

/// Names of more than one token: those in scope, and those of entries that a path may reach.
pub(super) struct LongNames<'a> {
    enabled: bool,
    in_scope: Vec<LongName<'a>>,
    members: Vec<LongName<'a>>,
}

struct LongName<'a> {
    name: std::borrow::Cow<'a, str>,
    tokens: Vec<(u32, u32)>,
}

impl<'a> LongName<'a> {
    /// `None` if the name is a single token.
    fn new(name: std::borrow::Cow<'a, str>) -> Option<Self> {
        let tokens: Vec<(u32, u32)> = lexer::tokens(&name, false)
            .iter()
            .filter(|token| token.kind != TokenKind::End)
            .map(|token| (token.span.start, token.span.end))
            .collect();
        (tokens.len() > 1).then_some(Self { name, tokens })
    }
}

impl<'a> LongNames<'a> {
    pub(super) fn new(names: &'a Names, enabled: bool) -> Self {
        let mut all = Self { enabled, in_scope: Vec::new(), members: Vec::new() };
        if enabled {
            for (name, kind) in names.iter() {
                all.in_scope.extend(LongName::new(name.as_ref().into()));
                all.add_members(kind);
            }
        }
        all
    }

    fn add_members(&mut self, kind: &'a Type) {
        match kind {
            Type::Context(names) => {
                for (name, kind) in names.iter() {
                    self.members.extend(LongName::new(name.as_ref().into()));
                    self.add_members(kind);
                }
            }
            Type::List(item) | Type::Range(item) => self.add_members(item),
            Type::Function(_, result) => self.add_members(result),
            Type::Any
            | Type::Number
            | Type::String
            | Type::Boolean
            | Type::Date
            | Type::Time
            | Type::DateTime
            | Type::DaysDuration
            | Type::MonthsDuration => {}
        }
    }

    /// The state to go back to at the end of a scope.
    pub(super) fn mark(&self) -> usize {
        self.in_scope.len()
    }

    pub(super) fn release(&mut self, mark: usize) {
        // Names declared inside stay reachable by paths: `{a b: 1}.a b`.
        while self.in_scope.len() > mark {
            self.members.extend(self.in_scope.pop());
        }
    }

    pub(super) fn declare(&mut self, name: &str) {
        if self.enabled {
            self.in_scope.extend(LongName::new(name.to_owned().into()));
        }
    }
}

impl<'a> Parser<'a> {
    /// The name of a function of several words, or of one that is a keyword too, if `(` follows it.
    pub(super) fn function_name(&mut self) -> Option<Arc<str>> {
        let mut words = 0;
        let mut reserved = false;
        while words < 8 && self.peek(words).kind == TokenKind::Name {
            if words > 0 && self.peek(words).span.start == self.peek(words - 1).span.end {
                break;
            }
            reserved |= RESERVED.contains(&self.word(words));
            words += 1;
        }
        if self.peek(words).kind != TokenKind::OpenParen || (words == 1 && !reserved) {
            return None;
        }
        let name = self.joined(words);
        if self.long_names.enabled && self.match_long(&self.long_names.in_scope).is_some() {
            return None;
        }
        if builtin::find(&name, self.dialect).is_none() && (reserved || self.starts_with_keyword()) {
            return None;
        }
        self.at += words;
        Some(name)
    }

    fn starts_with_keyword(&self) -> bool {
        (0..8)
            .take_while(|ahead| self.peek(*ahead).kind == TokenKind::Name)
            .any(|ahead| matches!(self.word(ahead), "if" | "for" | "some" | "every" | "between" | "instance"))
    }

    /// So many words with one space between them.
    fn joined(&self, words: usize) -> Arc<str> {
        if words == 1 {
            return shared(self.word(0));
        }
        let words: Vec<&str> = (0..words).map(|ahead| self.word(ahead)).collect();
        words.join(" ").into()
    }

    /// Longest name in scope that starts here (DMN dialect); words that follow each other are one name too.
    pub(super) fn long_name(&mut self) -> Option<Arc<str>> {
        if !self.long_names.enabled {
            return None;
        }
        if let Some((tokens, name)) = self.match_long(&self.long_names.in_scope) {
            self.at += tokens;
            return Some(name);
        }
        self.consecutive_words()
    }

    /// The longest of the names that starts at this token, with its number of tokens.
    fn match_long(&self, names: &[LongName<'a>]) -> Option<(usize, Arc<str>)> {
        let longest =
            names.iter().rev().filter(|name| self.starts_with(name)).max_by_key(|name| name.tokens.len())?;
        Some((longest.tokens.len(), shared(&longest.name)))
    }

    fn starts_with(&self, name: &LongName<'_>) -> bool {
        name.tokens.iter().enumerate().all(|(nth, (start, end))| {
            self.slice(self.peek(nth).span) == &name.name[*start as usize..*end as usize]
        })
    }

    /// Words up to the next keyword or other token, as one name with single spaces.
    fn consecutive_words(&mut self) -> Option<Arc<str>> {
        let mut words = 0;
        while self.peek(words).kind == TokenKind::Name && !self.is_keyword(words) {
            words += 1;
        }
        if words == 0 {
            return None;
        }
        let name = self.joined(words);
        self.at += words;
        Some(name)
    }

    fn is_keyword(&self, ahead: usize) -> bool {
        let word = self.word(ahead);
        RESERVED.contains(&word)
            || (ahead > 0 && (word == "between" || (word == "instance" && self.word(ahead + 1) == "of")))
    }

    /// The name after a dot.
    pub(super) fn member_name(&mut self) -> Option<Arc<str>> {
        if self.kind() == TokenKind::Quoted {
            return Some(self.quoted());
        }
        if self.kind() != TokenKind::Name {
            return None;
        }
        if self.is_word("time") && self.word(1) == "offset" {
            self.at += 2;
            return Some(shared("time offset"));
        }
        if self.long_names.enabled {
            if let Some((tokens, name)) = self
                .match_long(&self.long_names.members)
                .or_else(|| self.match_long(&self.long_names.in_scope))
            {
                self.at += tokens;
                return Some(name);
            }
            if let Some(name) = self.consecutive_words() {
                return Some(name);
            }
        }
        let word = self.word(0);
        if RESERVED.contains(&word) {
            return None;
        }
        self.advance();
        Some(shared(word))
    }

    /// The name of an iterator or a parameter.
    pub(super) fn declared_name(&mut self, place: Place) -> Arc<str> {
        if self.kind() == TokenKind::Quoted {
            return self.quoted();
        }
        let first = self.token();
        let ends = |parser: &Self| match (parser.kind(), place) {
            (TokenKind::Name, Place::Iterator) => parser.is_word("in"),
            (TokenKind::Name, Place::Parameter) => false,
            _ => !parser.is_symbol_of_name(0),
        };
        let mut last = None;
        while !ends(self) {
            last = Some(self.advance());
            if !self.switches.long_names && place == Place::Iterator {
                break;
            }
        }
        match last {
            Some(last) if first.kind == TokenKind::Name => normal(self.slice(first.span.to(last.span))),
            _ => {
                self.expected("a name");
                shared("")
            }
        }
    }

    /// Whether the token may stand inside a long name.
    pub(super) fn is_symbol_of_name(&self, ahead: usize) -> bool {
        use TokenKind::*;
        match self.peek(ahead).kind {
            Name => true,
            Number | Dot | Slash | Minus | Plus | Star | StarStar | Question => self.switches.long_names,
            Other => self.switches.long_names && self.slice(self.peek(ahead).span) == "'",
            _ => false,
        }
    }
}

/// The name with every run of white space as one space.
pub(super) fn normal(name: &str) -> Arc<str> {
    if !name.contains(|char: char| char != ' ' && lexer::is_space(char)) && !name.contains("  ") {
        return shared(name);
    }
    let words: Vec<&str> = name.split(lexer::is_space).filter(|word| !word.is_empty()).collect();
    words.join(" ").into()
}
