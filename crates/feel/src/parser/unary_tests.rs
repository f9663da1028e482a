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
        UnaryTests::Positive(self.tests())
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
        if self.kind() != TokenKind::OpenParen {
            let test = match self.open_test() {
                Some(test) => test,
                None => self.arithmetic(),
            };
            return ExprKind::In(Box::new(value), vec![test]);
        }
        // `in (1..5)` is one range, `in (1, 2)` are two tests, `in (1) + 2` is one sum.
        let back = self.at;
        let known = self.diagnostics.len();
        self.advance();
        let tests = self.tests();
        if self.kind() == TokenKind::CloseParen {
            self.advance();
            return ExprKind::In(Box::new(value), tests);
        }
        let range = self.kind() == TokenKind::DotDot;
        if range && tests.len() == 1 {
            self.at = back;
            self.diagnostics.truncate(known);
            let test = self.arithmetic();
            return ExprKind::In(Box::new(value), vec![test]);
        }
        self.expect(TokenKind::CloseParen, "\")\"");
        ExprKind::In(Box::new(value), tests)
    }

    /// `< 5` and the like.
    pub(super) fn open_test(&mut self) -> Option<Expr> {
        let operator = self.comparison_operator()?;
        let start = self.advance().span.start;
        let end = self.arithmetic();
        Some(self.node(ExprKind::Test(operator, Box::new(end)), start))
    }
}
