//! Operators, from the loosest to the tightest.

use super::{Parser, shared};
use crate::ast::{ArithmeticOperator, ComparisonOperator, Expr, ExprKind};
use crate::lexer::TokenKind;

impl Parser<'_> {
    /// `a or b or c`
    pub(super) fn disjunction(&mut self) -> Expr {
        let start = self.token().span.start;
        let first = self.conjunction();
        if !self.is_word("or") {
            return first;
        }
        let mut operands = vec![first];
        while self.eat_word("or") {
            operands.push(self.conjunction());
        }
        self.node(ExprKind::Or(operands), start)
    }

    fn conjunction(&mut self) -> Expr {
        let start = self.token().span.start;
        let first = self.comparison();
        if !self.is_word("and") {
            return first;
        }
        let mut operands = vec![first];
        while self.eat_word("and") {
            operands.push(self.comparison());
        }
        self.node(ExprKind::And(operands), start)
    }

    fn comparison(&mut self) -> Expr {
        let start = self.token().span.start;
        if let Some(test) = self.open_test() {
            return test;
        }
        let mut left_at = self.at;
        let mut left = self.arithmetic();
        loop {
            let next = match self.comparison_operator() {
                Some(operator) => {
                    self.refuse_range(&left, left_at);
                    self.advance();
                    left_at = self.at;
                    let right = self.arithmetic();
                    self.refuse_range(&right, left_at);
                    ExprKind::Comparison(operator, Box::new(left), Box::new(right))
                }
                None if self.is_word("between") => self.between(left),
                None if self.is_word("instance") && self.word(1) == "of" => {
                    self.advance();
                    self.advance();
                    let of = self.type_expression();
                    ExprKind::InstanceOf(Box::new(left), of)
                }
                None if self.is_word("in") => self.in_tests(left),
                None => return left,
            };
            left = self.node(next, start);
            if !self.switches.open_operands {
                return left;
            }
        }
    }

    /// The BPMN dialect compares no ranges, unless one stands in parentheses: it is a test of the input there.
    fn refuse_range(&mut self, operand: &Expr, at: usize) {
        if self.switches.open_operands || !matches!(operand.kind, ExprKind::Range(_)) || !self.is_range_at(at)
        {
            return;
        }
        let message = "a range cannot be compared".to_owned();
        let help = "ask with `in` whether a value is in it, or compare its ends".to_owned();
        self.report_with(operand.span, message, Some(help));
    }

    fn between(&mut self, value: Expr) -> ExprKind {
        self.advance();
        let low = self.arithmetic();
        self.expect_word("and");
        let high = self.arithmetic();
        ExprKind::Between(Box::new(value), Box::new(low), Box::new(high))
    }

    pub(super) fn comparison_operator(&self) -> Option<ComparisonOperator> {
        Some(match self.kind() {
            TokenKind::Equal => ComparisonOperator::Equal,
            TokenKind::NotEqual => ComparisonOperator::NotEqual,
            TokenKind::Less => ComparisonOperator::Less,
            TokenKind::LessOrEqual => ComparisonOperator::LessOrEqual,
            TokenKind::Greater => ComparisonOperator::Greater,
            TokenKind::GreaterOrEqual => ComparisonOperator::GreaterOrEqual,
            _ => return None,
        })
    }

    /// Sums and everything tighter.
    pub(super) fn arithmetic(&mut self) -> Expr {
        self.chain(0)
    }

    /// Operands joined by operators of one level: sums (0), products (1), powers (2).
    fn chain(&mut self, level: u8) -> Expr {
        let start = self.token().span.start;
        let first = self.chain_operand(level);
        let mut rest = Vec::new();
        while let Some(operator) = self.arithmetic_operator(level) {
            self.advance();
            rest.push((operator, self.chain_operand(level)));
        }
        if rest.is_empty() {
            return first;
        }
        self.node(ExprKind::Arithmetic(Box::new(first), rest), start)
    }

    fn chain_operand(&mut self, level: u8) -> Expr {
        if level == 2 { self.negation() } else { self.chain(level + 1) }
    }

    fn arithmetic_operator(&self, level: u8) -> Option<ArithmeticOperator> {
        Some(match (self.kind(), level) {
            (TokenKind::Plus, 0) => ArithmeticOperator::Add,
            (TokenKind::Minus, 0) => ArithmeticOperator::Subtract,
            (TokenKind::Star, 1) => ArithmeticOperator::Multiply,
            (TokenKind::Slash, 1) => ArithmeticOperator::Divide,
            (TokenKind::StarStar, 2) => ArithmeticOperator::Power,
            _ => return None,
        })
    }

    fn negation(&mut self) -> Expr {
        let start = self.token().span.start;
        if self.kind() != TokenKind::Minus {
            return self.postfix();
        }
        self.advance();
        if !self.enter() {
            self.leave();
            return self.node(ExprKind::Error, start);
        }
        let operand = self.negation();
        self.leave();
        self.node(ExprKind::Negate(Box::new(operand)), start)
    }

    /// Names are kept where they are long, as they were written.
    pub(super) fn name_node(&mut self, name: &str, start: u32) -> Expr {
        self.node(ExprKind::Name(shared(name)), start)
    }
}
