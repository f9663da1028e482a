//! `if`, `for`, `some`, `every`.

use super::Parser;
use super::names::Place;
use crate::ast::{Domain, Expr, ExprKind, Iterator, Quantifier};
use crate::lexer::TokenKind;

impl Parser<'_> {
    /// An expression that starts with a keyword, if the next word is one and not just a name.
    pub(super) fn control(&mut self) -> Option<Expr> {
        let word = self.word(0);
        if !matches!(word, "if" | "for" | "some" | "every") || !self.starts_operand_or_name(1) {
            return None;
        }
        let start = self.advance().span.start;
        Some(match word {
            "if" => self.if_expression(start),
            "for" => self.for_expression(start),
            "some" => self.quantified(start, Quantifier::Some),
            _ => self.quantified(start, Quantifier::Every),
        })
    }

    /// Whether the token that many places ahead can start an operand: then the word before it is a keyword.
    fn starts_operand_or_name(&self, ahead: usize) -> bool {
        use TokenKind::*;
        match self.peek(ahead).kind {
            Name => !matches!(
                self.word(ahead),
                "in" | "then" | "else" | "and" | "or" | "return" | "satisfies" | "between" | "instance"
            ),
            Quoted | Number | String | At | Question | OpenParen | OpenBracket | OpenBrace | Minus | Less
            | LessOrEqual | Greater | GreaterOrEqual | Unterminated | Other | End => {
                // `if - 1` could be a difference, but nobody names a variable `if` and everybody forgets parts.
                true
            }
            CloseParen | CloseBracket | CloseBrace | Comma | Colon | Dot | DotDot | Plus | Star
            | StarStar | Slash | Equal | NotEqual => false,
        }
    }

    fn if_expression(&mut self, start: u32) -> Expr {
        let condition = self.expression();
        self.expect_word("then");
        let then = self.expression();
        self.expect_word("else");
        let otherwise = self.expression();
        self.node(ExprKind::If(Box::new(condition), Box::new(then), Box::new(otherwise)), start)
    }

    fn for_expression(&mut self, start: u32) -> Expr {
        let scope = self.long_names.mark();
        let iterators = self.iterators("return");
        self.expect_word("return");
        let body = self.expression();
        self.long_names.release(scope);
        self.node(ExprKind::For(iterators, Box::new(body)), start)
    }

    fn quantified(&mut self, start: u32, quantifier: Quantifier) -> Expr {
        let scope = self.long_names.mark();
        let iterators = self.iterators("satisfies");
        self.expect_word("satisfies");
        let condition = self.expression();
        self.long_names.release(scope);
        self.node(ExprKind::Quantified(quantifier, iterators, Box::new(condition)), start)
    }

    fn iterators(&mut self, end: &str) -> Vec<Iterator> {
        let mut iterators = Vec::new();
        loop {
            let name = self.declared_name(Place::Iterator);
            self.expect_word("in");
            let domain = self.domain();
            self.long_names.declare(&name);
            iterators.push(Iterator { name, domain });
            if !self.eat(TokenKind::Comma) || self.is_word(end) {
                return iterators;
            }
        }
    }

    /// A list, or `from..to`.
    fn domain(&mut self) -> Domain {
        let from = if self.switches.open_operands { self.expression() } else { self.arithmetic() };
        if !self.eat(TokenKind::DotDot) {
            return Domain::List(from);
        }
        let to = self.arithmetic();
        Domain::Span(from, to)
    }
}
