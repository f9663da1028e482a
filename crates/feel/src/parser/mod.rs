//! Tokens to syntax tree: a hand-written recursive descent parser for both dialects.
//!
//! An error does not end parsing: what cannot be understood becomes [`ExprKind::Error`], the parser goes on at the
//! next place where it knows what to expect, and reports the next error only if it stands somewhere else.

use std::sync::Arc;

use crate::ast::{Expr, ExprKind, UnaryTests};
use crate::diagnostic::{Diagnostic, Span};
use crate::dialect::{Dialect, Switches};
use crate::lexer::{self, Token, TokenKind};
use crate::limits::compile::{MAX_DEPTH_NODES, MAX_DIAGNOSTICS, MAX_TEXT_BYTES};
use crate::names::Names;

mod control;
mod literals;
mod names;
mod operators;
mod postfix;
mod types;
mod unary_tests;

use names::LongNames;

/// Parses an expression; the tree is usable only if there are no diagnostics.
pub(crate) fn parse_expression(text: &str, dialect: Dialect, names: &Names) -> (Expr, Vec<Diagnostic>) {
    let mut parser = Parser::new(text, dialect, names);
    let expr = parser.expression();
    parser.expect_end();
    (expr, parser.diagnostics)
}

/// Parses unary tests; the tree is usable only if there are no diagnostics.
pub(crate) fn parse_unary_tests(
    text: &str,
    dialect: Dialect,
    names: &Names,
) -> (UnaryTests, Vec<Diagnostic>) {
    let mut parser = Parser::new(text, dialect, names);
    let tests = parser.unary_tests();
    parser.expect_end();
    (tests, parser.diagnostics)
}

struct Parser<'a> {
    text: &'a str,
    dialect: Dialect,
    switches: &'static Switches,
    tokens: Vec<Token>,
    at: usize,
    depth: u32,
    diagnostics: Vec<Diagnostic>,
    /// Names of more than one token that may be met; empty in the BPMN dialect.
    long_names: LongNames<'a>,
    names: &'a Names,
}

/// Words that end an expression wherever they stand.
const RESERVED: [&str; 11] =
    ["null", "true", "false", "function", "in", "return", "then", "else", "satisfies", "and", "or"];

/// Whether the word means something in some place, so that a name like it is safer in backticks.
pub(crate) fn is_keyword(word: &str) -> bool {
    RESERVED.contains(&word)
        || [
            "if", "for", "some", "every", "between", "instance", "of", "not", "external", "date", "time",
            "duration",
        ]
        .contains(&word)
}

impl<'a> Parser<'a> {
    fn new(text: &'a str, dialect: Dialect, names: &'a Names) -> Self {
        let switches = dialect.switches();
        let mut parser = Self {
            text,
            dialect,
            switches,
            tokens: Vec::new(),
            at: 0,
            depth: 0,
            diagnostics: Vec::new(),
            long_names: LongNames::new(names, switches.long_names),
            names,
        };
        if text.len() > MAX_TEXT_BYTES {
            parser.tokens.push(Token { kind: TokenKind::End, span: Span::new(0, 0) });
            parser.report(
                Span::new(0, 0),
                format!("the text is longer than {MAX_TEXT_BYTES} bytes (MAX_TEXT_BYTES)"),
            );
        } else {
            parser.tokens = lexer::tokens(text, switches.exponent_notation);
        }
        parser
    }

    // --- tokens ---

    fn token(&self) -> Token {
        self.tokens[self.at]
    }

    fn kind(&self) -> TokenKind {
        self.tokens[self.at].kind
    }

    /// The token that many places ahead; the last one beyond the end.
    fn peek(&self, ahead: usize) -> Token {
        self.tokens[(self.at + ahead).min(self.tokens.len() - 1)]
    }

    fn slice(&self, span: Span) -> &'a str {
        &self.text[span.start as usize..span.end as usize]
    }

    /// The text of a name token, or nothing.
    fn word(&self, ahead: usize) -> &'a str {
        let token = self.peek(ahead);
        if token.kind == TokenKind::Name { self.slice(token.span) } else { "" }
    }

    fn is_word(&self, word: &str) -> bool {
        self.word(0) == word
    }

    fn advance(&mut self) -> Token {
        let token = self.token();
        if token.kind != TokenKind::End {
            self.at += 1;
        }
        token
    }

    fn eat(&mut self, kind: TokenKind) -> bool {
        let found = self.kind() == kind;
        if found {
            self.advance();
        }
        found
    }

    fn eat_word(&mut self, word: &str) -> bool {
        let found = self.is_word(word);
        if found {
            self.advance();
        }
        found
    }

    /// The end of the last token that was taken.
    fn end_of_previous(&self) -> u32 {
        self.at.checked_sub(1).map_or(0, |previous| self.tokens[previous].span.end)
    }

    fn span_from(&self, start: u32) -> Span {
        Span { start, end: self.end_of_previous().max(start) }
    }

    // --- errors ---

    fn report(&mut self, span: Span, message: String) {
        self.report_with(span, message, None);
    }

    fn report_with(&mut self, span: Span, message: String, help: Option<String>) {
        let repeated = self.diagnostics.last().is_some_and(|last| last.span.start >= span.start);
        if !repeated && self.diagnostics.len() < MAX_DIAGNOSTICS {
            self.diagnostics.push(Diagnostic { span, message, help });
        }
    }

    fn expected(&mut self, what: &str) {
        let token = self.token();
        let found = match token.kind {
            TokenKind::End => "the end".to_owned(),
            TokenKind::Unterminated => match self.slice(token.span).as_bytes().first() {
                Some(b'"') => "a string without closing quote".to_owned(),
                Some(b'`') => "a name without closing backtick".to_owned(),
                _ => "a comment without end".to_owned(),
            },
            _ => format!("\"{}\"", self.slice(token.span)),
        };
        self.report(token.span, format!("expected {what}, found {found}"));
    }

    fn expect(&mut self, kind: TokenKind, what: &str) {
        if !self.eat(kind) {
            self.expected(what);
            self.skip_to(kind);
        }
    }

    fn expect_word(&mut self, word: &str) {
        if !self.eat_word(word) {
            self.expected(&format!("\"{word}\""));
        }
    }

    fn expect_end(&mut self) {
        if self.kind() != TokenKind::End {
            self.expected("an operator or the end");
        }
    }

    /// Skips to the closing token if it comes before anything that would end more than the current brackets.
    fn skip_to(&mut self, closing: TokenKind) {
        use TokenKind::*;
        if !matches!(closing, CloseParen | CloseBracket | CloseBrace) {
            return;
        }
        let mut open = 0_usize;
        while self.kind() != End {
            match self.kind() {
                kind if kind == closing && open == 0 => {
                    self.advance();
                    return;
                }
                OpenParen | OpenBracket | OpenBrace => open += 1,
                CloseParen | CloseBracket | CloseBrace => match open.checked_sub(1) {
                    Some(less) => open = less,
                    None => return,
                },
                _ => {}
            }
            self.advance();
        }
    }

    // --- nodes ---

    /// A node from `start` to the last token taken; an error if it is too high.
    fn node(&mut self, kind: ExprKind, start: u32) -> Expr {
        let expr = Expr::new(kind, self.span_from(start));
        if expr.height <= MAX_DEPTH_NODES as u32 {
            return expr;
        }
        self.too_deep(expr.span);
        Expr::new(ExprKind::Error, Span { start, end: start })
    }

    fn too_deep(&mut self, span: Span) {
        let message =
            format!("the expression is nested deeper than {MAX_DEPTH_NODES} levels (MAX_DEPTH_NODES)");
        if self.diagnostics.last().is_none_or(|last| last.message != message) {
            self.diagnostics.push(Diagnostic { span, message, help: None });
        }
        self.at = self.tokens.len() - 1;
    }

    fn error_node(&mut self, what: &str) -> Expr {
        self.expected(what);
        let start = self.token().span.start;
        self.recover();
        self.node(ExprKind::Error, start)
    }

    /// Skips to where an enclosing construct goes on.
    fn recover(&mut self) {
        use TokenKind::*;
        loop {
            match self.kind() {
                End | Comma | CloseParen | CloseBracket | CloseBrace => return,
                Name if RESERVED[4..].contains(&self.word(0)) => return,
                _ => self.advance(),
            };
        }
    }

    /// One level down; false (with a diagnostic) if that is too deep.
    fn enter(&mut self) -> bool {
        self.depth += 1;
        if self.depth <= MAX_DEPTH_NODES as u32 {
            return true;
        }
        self.too_deep(self.token().span);
        false
    }

    fn leave(&mut self) {
        self.depth -= 1;
    }

    /// Any expression.
    fn expression(&mut self) -> Expr {
        if !self.enter() {
            self.leave();
            return Expr::new(ExprKind::Error, self.token().span);
        }
        let expr = match self.control() {
            Some(control) => control,
            None => self.disjunction(),
        };
        self.leave();
        expr
    }
}

/// Any text as shared text.
fn shared(text: &str) -> Arc<str> {
    text.into()
}
