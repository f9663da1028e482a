//! Values with what may follow them: `.name`, `[filter]`, `(arguments)`.

use std::sync::Arc;

use super::Parser;
use super::names::Place;
use crate::ast::{Arguments, Expr, ExprKind};
use crate::lexer::TokenKind;

impl Parser<'_> {
    pub(super) fn postfix(&mut self) -> Expr {
        let start = self.token().span.start;
        let mut value = self.primary();
        loop {
            let next = match self.kind() {
                TokenKind::Dot => {
                    self.advance();
                    match self.member_name() {
                        Some(name) => ExprKind::Path(Box::new(value), name),
                        None => return self.error_node("a name"),
                    }
                }
                TokenKind::OpenBracket => match self.filter() {
                    Some(filter) => ExprKind::Filter(Box::new(value), Box::new(filter)),
                    None => return value,
                },
                TokenKind::OpenParen if self.may_be_called(&value) => {
                    self.advance();
                    let arguments = self.arguments();
                    ExprKind::Call(Box::new(value), arguments)
                }
                _ => return value,
            };
            value = self.node(next, start);
        }
    }

    fn may_be_called(&self, value: &Expr) -> bool {
        match &value.kind {
            ExprKind::Name(_) => true,
            ExprKind::Path(owner, _) => self.switches.open_operands || is_qualified_name(owner),
            ExprKind::Null | ExprKind::Boolean(_) | ExprKind::Number(_) | ExprKind::String(_) => false,
            _ => self.switches.open_operands,
        }
    }

    /// `[filter]`; nothing if the bracket closes a range that started before (`]1..2[`, `]1..2[.start`).
    fn filter(&mut self) -> Option<Expr> {
        use TokenKind::*;
        if matches!(self.peek(1).kind, End | CloseParen | CloseBracket | Comma | Dot)
            || (matches!(self.word(1), "and" | "or" | "then" | "else" | "return" | "satisfies")
                && self.peek(2).kind != OpenParen)
        {
            return None;
        }
        self.advance();
        let scope = self.long_names.mark();
        let filter = self.expression();
        self.long_names.release(scope);
        self.expect(CloseBracket, "\"]\"");
        Some(filter)
    }

    /// Arguments after the opening parenthesis, up to and including the closing one.
    fn arguments(&mut self) -> Arguments {
        if self.eat(TokenKind::CloseParen) {
            return Arguments::Positional(Vec::new());
        }
        let arguments = match self.named_argument() {
            Some(name) => Arguments::Named(self.named_arguments(name)),
            None => Arguments::Positional(self.items(TokenKind::CloseParen)),
        };
        self.expect(TokenKind::CloseParen, "\",\" or \")\"");
        arguments
    }

    /// A name and a colon, if they come next.
    fn named_argument(&mut self) -> Option<Arc<str>> {
        let mut ahead = 0;
        while matches!(self.peek(ahead).kind, TokenKind::Name | TokenKind::Quoted) {
            ahead += 1;
        }
        if self.switches.long_names {
            while !matches!(
                self.peek(ahead).kind,
                TokenKind::Colon
                    | TokenKind::Comma
                    | TokenKind::OpenParen
                    | TokenKind::CloseParen
                    | TokenKind::End
            ) && self.peek(0).kind == TokenKind::Name
                && self.is_symbol_of_name(ahead)
            {
                ahead += 1;
            }
        }
        if ahead == 0 || self.peek(ahead).kind != TokenKind::Colon {
            return None;
        }
        let name = self.declared_name(Place::Parameter);
        self.advance();
        Some(name)
    }

    fn named_arguments(&mut self, first: Arc<str>) -> Vec<(Arc<str>, Expr)> {
        let mut arguments = vec![(first, self.expression())];
        while self.eat(TokenKind::Comma) {
            match self.named_argument() {
                Some(name) => arguments.push((name, self.expression())),
                None => {
                    self.expected("a parameter name and \":\", as for the arguments before");
                    self.recover();
                }
            }
        }
        arguments
    }

    /// Expressions separated by commas.
    pub(super) fn items(&mut self, closing: TokenKind) -> Vec<Expr> {
        let mut items = vec![self.expression()];
        while self.eat(TokenKind::Comma) {
            if self.kind() == closing {
                self.expected("an expression");
                break;
            }
            items.push(self.expression());
        }
        items
    }
}

fn is_qualified_name(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Name(_) => true,
        ExprKind::Path(owner, _) => is_qualified_name(owner),
        _ => false,
    }
}
