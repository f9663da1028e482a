//! Unary tests: cells of decision tables, and what follows `in`.

use super::Parser;
use crate::ast::{Expr, ExprKind, UnaryTests};
use crate::lexer::TokenKind;

impl Parser<'_> {
    pub(super) fn unary_tests(&mut self) -> UnaryTests {
        if self.kind() == TokenKind::Minus && self.peek(1).kind == TokenKind::End {
            self.advance();
            return UnaryTests::Any;
        }
        if self.is_negation() {
            self.advance();
            self.advance();
            let tests = self.tests();
            self.expect(TokenKind::CloseParen, "\")\"");
            return UnaryTests::Negated(tests);
        }
        if let Some(tests) = self.negation_with_open_ranges() {
            return UnaryTests::Negated(tests);
        }
        UnaryTests::Positive(self.tests())
    }

    /// The tests of `not(...)` where brackets do not tell its end: `not(f([1..2)))`.
    fn negation_with_open_ranges(&mut self) -> Option<Vec<Expr>> {
        if !self.is_word("not") || self.peek(1).kind != TokenKind::OpenParen {
            return None;
        }
        let (start, problems) = (self.at, self.diagnostics.len());
        self.advance();
        self.advance();
        let tests = self.tests();
        if self.diagnostics.len() == problems
            && self.eat(TokenKind::CloseParen)
            && self.kind() == TokenKind::End
        {
            return Some(tests);
        }
        self.at = start;
        self.diagnostics.truncate(problems);
        None
    }

    /// Whether all that is left is `not(...)`.
    fn is_negation(&self) -> bool {
        if !self.is_word("not") || self.peek(1).kind != TokenKind::OpenParen {
            return false;
        }
        let mut open = 0_usize;
        for (nth, token) in self.tokens[self.at + 1..].iter().enumerate() {
            match token.kind {
                TokenKind::OpenParen => open += 1,
                TokenKind::CloseParen => open = open.saturating_sub(1),
                _ => {}
            }
            if open == 0 {
                return self.peek(nth + 2).kind == TokenKind::End;
            }
        }
        true
    }

    fn tests(&mut self) -> Vec<Expr> {
        let mut tests = vec![self.test()];
        while self.eat(TokenKind::Comma) {
            tests.push(self.test());
        }
        tests
    }

    fn test(&mut self) -> Expr {
        self.expression()
    }

    /// What follows `in`: a test, or tests in parentheses.
    pub(super) fn in_tests(&mut self, value: Expr) -> ExprKind {
        self.advance();
        let tests = if self.kind() == TokenKind::OpenParen && !self.is_range_ahead() {
            self.advance();
            let tests = self.tests();
            self.expect(TokenKind::CloseParen, "\")\"");
            tests
        } else {
            vec![self.in_test()]
        };
        ExprKind::In(Box::new(value), tests)
    }

    /// One test. In the BPMN dialect it takes all that follows, unless it is a range: `x in ? > 1 and ? < 5`.
    fn in_test(&mut self) -> Expr {
        if let Some(test) = self.open_test() {
            return test;
        }
        if self.switches.open_operands || self.is_range_ahead() {
            self.arithmetic()
        } else {
            self.expression()
        }
    }

    /// Whether the bracket at this place opens a range: there is a `..` before anything else that it could be.
    fn is_range_ahead(&self) -> bool {
        self.is_range_at(self.at)
    }

    /// The same for the bracket at another place.
    pub(super) fn is_range_at(&self, at: usize) -> bool {
        use TokenKind::*;
        let mut open = 0_usize;
        for token in &self.tokens[at..] {
            match token.kind {
                OpenParen | OpenBracket | OpenBrace => open += 1,
                CloseBracket if open == 0 => open = 1,
                CloseParen | CloseBracket | CloseBrace => open = open.saturating_sub(1),
                DotDot if open == 1 => return true,
                Comma if open == 1 => return false,
                Name if open == 1 && self.slice(token.span) == "for" => return false,
                End => return false,
                _ => {}
            }
            if open == 0 {
                return false;
            }
        }
        false
    }

    /// `< 5` and the like.
    pub(super) fn open_test(&mut self) -> Option<Expr> {
        let operator = self.comparison_operator()?;
        let start = self.advance().span.start;
        let end = self.arithmetic();
        Some(self.node(ExprKind::Test(operator, Box::new(end)), start))
    }
}
