//! Literals, names, parentheses, lists, contexts, ranges, functions.

use std::sync::Arc;

use super::names::Place;
use super::{Parser, RESERVED, shared};
use crate::ast::{Arguments, Expr, ExprKind, RangeExpr, TypeExpr};
use crate::diagnostic::Span;
use crate::lexer::TokenKind;
use crate::number::Number;

impl Parser<'_> {
    pub(super) fn primary(&mut self) -> Expr {
        let token = self.token();
        let start = token.span.start;
        match token.kind {
            TokenKind::Number => self.number(),
            TokenKind::String => {
                self.advance();
                let text = self.unescape(token.span);
                self.node(ExprKind::String(text), start)
            }
            TokenKind::At if self.peek(1).kind == TokenKind::String => {
                self.advance();
                let text = self.advance();
                let text = self.unescape(text.span);
                self.node(ExprKind::Temporal(text), start)
            }
            TokenKind::Question => {
                self.advance();
                self.node(ExprKind::Input, start)
            }
            TokenKind::OpenParen => self.parenthesised(),
            TokenKind::OpenBracket => self.list_or_range(),
            TokenKind::CloseBracket if self.starts_end_of_range() => self.open_range(),
            TokenKind::OpenBrace => self.context(),
            TokenKind::Quoted => {
                let name = self.quoted();
                self.name_node(&name, start)
            }
            TokenKind::Name => self.word_primary(),
            _ => self.error_node("an expression"),
        }
    }

    /// Whether what follows the bracket can be the end of a range, so that the bracket opens one.
    fn starts_end_of_range(&self) -> bool {
        use TokenKind::*;
        matches!(self.peek(1).kind, Name | Quoted | Number | String | At | Question | OpenParen | Minus)
    }

    fn number(&mut self) -> Expr {
        let token = self.advance();
        match Number::parse(self.slice(token.span)) {
            Some(number) => self.node(ExprKind::Number(number), token.span.start),
            None => {
                self.report(token.span, "this number is too large".to_owned());
                self.node(ExprKind::Error, token.span.start)
            }
        }
    }

    pub(super) fn quoted(&mut self) -> Arc<str> {
        let token = self.advance();
        shared(&self.slice(token.span)[1..(token.span.end - token.span.start) as usize - 1])
    }

    fn word_primary(&mut self) -> Expr {
        let start = self.token().span.start;
        if let Some(name) = self.function_name() {
            return self.name_node(&name, start);
        }
        let word = self.word(0);
        let literal = match word {
            "null" => ExprKind::Null,
            "true" => ExprKind::Boolean(true),
            "false" => ExprKind::Boolean(false),
            "function" if self.peek(1).kind == TokenKind::OpenParen => return self.function(),
            _ => return self.variable(),
        };
        self.advance();
        self.node(literal, start)
    }

    fn variable(&mut self) -> Expr {
        let start = self.token().span.start;
        if self.switches.open_operands
            && let Some(control) = self.control()
        {
            return control;
        }
        if let Some(name) = self.long_name() {
            return self.name_node(&name, start);
        }
        let word = self.word(0);
        if RESERVED.contains(&word) {
            return self.error_node("an expression");
        }
        self.advance();
        self.name_node(word, start)
    }

    /// `(expression)` or `(1..5]`
    fn parenthesised(&mut self) -> Expr {
        let start = self.advance().span.start;
        let inner = self.expression();
        if self.kind() == TokenKind::DotDot {
            return self.range_end(start, false, inner);
        }
        self.expect(TokenKind::CloseParen, "\")\"");
        Expr { span: self.span_from(start), ..inner }
    }

    fn list_or_range(&mut self) -> Expr {
        let start = self.advance().span.start;
        if self.eat(TokenKind::CloseBracket) {
            return self.node(ExprKind::List(Vec::new()), start);
        }
        let first = self.expression();
        if self.kind() == TokenKind::DotDot {
            return self.range_end(start, true, first);
        }
        let mut items = vec![first];
        if self.eat(TokenKind::Comma) {
            items.extend(self.items(TokenKind::CloseBracket));
        }
        self.expect(TokenKind::CloseBracket, "\",\" or \"]\"");
        self.node(ExprKind::List(items), start)
    }

    /// `]1..5]`
    fn open_range(&mut self) -> Expr {
        let start = self.advance().span.start;
        let first = self.arithmetic();
        self.range_end(start, false, first)
    }

    fn range_end(&mut self, start: u32, start_included: bool, from: Expr) -> Expr {
        self.expect(TokenKind::DotDot, "\"..\"");
        let to = self.arithmetic();
        let end_included = self.kind() == TokenKind::CloseBracket;
        if matches!(self.kind(), TokenKind::CloseBracket | TokenKind::CloseParen | TokenKind::OpenBracket) {
            self.advance();
        } else {
            self.expected("\"]\", \")\" or \"[\" at the end of the range");
        }
        let range = RangeExpr { start: Box::new(from), start_included, end: Box::new(to), end_included };
        self.node(ExprKind::Range(range), start)
    }

    fn context(&mut self) -> Expr {
        let start = self.advance().span.start;
        let scope = self.long_names.mark();
        let mut entries = Vec::new();
        while !self.eat(TokenKind::CloseBrace) {
            let Some(key) = self.context_key() else {
                self.expected("the name of an entry and \":\", or \"}\"");
                self.skip_to(TokenKind::CloseBrace);
                break;
            };
            self.expect(TokenKind::Colon, "\":\"");
            let value = self.expression();
            self.long_names.declare(&key);
            entries.push((key, value));
            if self.kind() != TokenKind::CloseBrace && !self.eat(TokenKind::Comma) {
                self.expected("\",\" or \"}\"");
                self.skip_to(TokenKind::CloseBrace);
                break;
            }
        }
        self.long_names.release(scope);
        self.node(ExprKind::Context(entries), start)
    }

    /// A string, a name in backticks, or any text up to the colon.
    fn context_key(&mut self) -> Option<Arc<str>> {
        use TokenKind::*;
        match self.kind() {
            String if self.peek(1).kind == Colon => {
                let token = self.advance();
                return Some(self.unescape(token.span));
            }
            Quoted if self.peek(1).kind == Colon => return Some(self.quoted()),
            _ => {}
        }
        let first = self.token();
        let mut last = None;
        while !matches!(
            self.kind(),
            Colon
                | Comma
                | OpenBrace
                | CloseBrace
                | OpenBracket
                | CloseBracket
                | String
                | Quoted
                | Unterminated
                | End
        ) {
            last = Some(self.advance());
        }
        let text = self.slice(first.span.to(last?.span));
        Some(if self.switches.long_names { super::names::normal(text) } else { shared(text) })
    }

    fn function(&mut self) -> Expr {
        let start = self.advance().span.start;
        let scope = self.long_names.mark();
        let parameters = self.parameters();
        if self.is_word("external") && self.switches.long_names {
            let body = self.external(&parameters);
            self.long_names.release(scope);
            return self.node(ExprKind::Function(parameters, Box::new(body)), start);
        }
        if self.is_word("external") {
            let span = self.token().span;
            self.report_with(
                span,
                "external functions are disabled".to_owned(),
                Some("compute the value in a job worker, or write the function in FEEL".to_owned()),
            );
            self.recover();
        }
        let body = self.expression();
        self.long_names.release(scope);
        self.node(ExprKind::Function(parameters, Box::new(body)), start)
    }

    /// `external {java: ...}`: a call of the function that knows external ones, with the mapping and the arguments.
    fn external(&mut self, parameters: &[(Arc<str>, Option<TypeExpr>)]) -> Expr {
        let start = self.advance().span.start;
        let mapping = self.expression();
        let names =
            parameters.iter().map(|(name, _)| self.node(ExprKind::Name(name.clone()), start)).collect();
        let arguments = self.node(ExprKind::List(names), start);
        let callee = self.node(ExprKind::Name(shared(crate::builtin::external::INVOKE)), start);
        self.node(ExprKind::Call(Box::new(callee), Arguments::Positional(vec![mapping, arguments])), start)
    }

    fn parameters(&mut self) -> Vec<(Arc<str>, Option<TypeExpr>)> {
        let mut parameters = Vec::new();
        self.expect(TokenKind::OpenParen, "\"(\"");
        if self.eat(TokenKind::CloseParen) {
            return parameters;
        }
        loop {
            let name = self.declared_name(Place::Parameter);
            let of = self.eat(TokenKind::Colon).then(|| self.type_expression());
            self.long_names.declare(&name);
            parameters.push((name, of));
            if !self.eat(TokenKind::Comma) {
                self.expect(TokenKind::CloseParen, "\",\" or \")\"");
                return parameters;
            }
        }
    }

    /// The text of a string token, without quotes and escapes.
    pub(super) fn unescape(&self, span: Span) -> Arc<str> {
        let raw = &self.text[span.start as usize + 1..span.end as usize - 1];
        if !raw.contains('\\') {
            return shared(raw);
        }
        let mut out = std::string::String::with_capacity(raw.len());
        let mut rest = raw;
        while let Some(at) = rest.find('\\') {
            out.push_str(&rest[..at]);
            rest = &rest[at + 1..];
            rest = escape(rest, self.switches.unicode_escapes, &mut out);
        }
        out.push_str(rest);
        out.into()
    }
}

/// Writes what the escape after a backslash means; gives what follows it. Unknown escapes stay as they are.
fn escape<'a>(rest: &'a str, unicode: bool, out: &mut String) -> &'a str {
    let plain = match rest.as_bytes().first() {
        Some(b'n') => '\n',
        Some(b'r') => '\r',
        Some(b't') => '\t',
        Some(b'b') => '\u{8}',
        Some(b'f') => '\u{c}',
        Some(b'\'') => '\'',
        Some(b'"') => '"',
        Some(b'\\') => '\\',
        Some(b'u') if unicode => return unicode_escape(rest, 4, out),
        Some(b'U') if unicode => return unicode_escape(rest, 6, out),
        _ => {
            out.push('\\');
            return rest;
        }
    };
    out.push(plain);
    &rest[1..]
}

/// `uXXXX` (two of them for a surrogate pair) or `UXXXXXX`.
fn unicode_escape<'a>(rest: &'a str, digits: usize, out: &mut String) -> &'a str {
    let hex = |text: &str, digits: usize| {
        text.get(1..=digits)
            .filter(|hex| hex.bytes().all(|byte| byte.is_ascii_hexdigit()))
            .and_then(|hex| u32::from_str_radix(hex, 16).ok())
    };
    let Some(code) = hex(rest, digits) else {
        out.push('\\');
        return rest;
    };
    let after = &rest[digits + 1..];
    if (0xd800..0xdc00).contains(&code)
        && after.starts_with("\\u")
        && let Some(low) = hex(&after[1..], 4)
        && (0xdc00..0xe000).contains(&low)
    {
        let joined = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
        out.push(char::from_u32(joined).unwrap_or(char::REPLACEMENT_CHARACTER));
        return &after[6..];
    }
    out.push(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
    after
}
