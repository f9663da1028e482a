//! Types, after `instance of` and after parameters.

use std::sync::Arc;

use super::{Parser, shared};
use crate::ast::TypeExpr;
use crate::lexer::TokenKind;
use crate::names::{Names, Type};

impl Parser<'_> {
    pub(super) fn type_expression(&mut self) -> TypeExpr {
        let start = self.token().span.start;
        if !self.enter() {
            self.leave();
            return TypeExpr::Unknown(shared(""));
        }
        let of = self.type_body();
        self.leave();
        if !self.diagnostics.is_empty() {
            return TypeExpr::Unknown(shared(""));
        }
        let text = super::names::normal(self.slice(self.span_from(start)));
        match of {
            Some(Of::Known(of)) => TypeExpr::Known(of, text),
            Some(Of::Null) => TypeExpr::Null(text),
            None => TypeExpr::Unknown(text),
        }
    }

    fn type_body(&mut self) -> Option<Of> {
        let name = self.type_name()?;
        let of = match &*name {
            "list" if self.eat(TokenKind::Less) => Type::List(Box::new(self.type_argument())),
            "range" if self.eat(TokenKind::Less) => Type::Range(Box::new(self.type_argument())),
            "context" if self.eat(TokenKind::Less) => Type::Context(self.entry_types()),
            "function" if self.eat(TokenKind::Less) => self.function_type(),
            "null" | "Null" => return Some(Of::Null),
            _ => simple(&name).or_else(|| self.names.type_named(&name).cloned())?,
        };
        Some(Of::Known(of))
    }

    /// The words of a type's name.
    fn type_name(&mut self) -> Option<Arc<str>> {
        if self.kind() == TokenKind::Quoted {
            return Some(self.quoted());
        }
        for known in ["years and months duration", "days and time duration", "date and time", "date time"] {
            let words = known.split(' ').count();
            if known.split(' ').enumerate().all(|(nth, word)| self.word(nth) == word) {
                self.at += words;
                return Some(shared(known));
            }
        }
        let first = self.token();
        if first.kind != TokenKind::Name {
            self.expected("the name of a type");
            return None;
        }
        let mut last = self.advance();
        if matches!(self.slice(last.span), "list" | "range" | "context" | "function") {
            return Some(shared(self.slice(last.span)));
        }
        let dashed = ["day", "days", "year"].contains(&self.slice(last.span));
        while (dashed && matches!(self.kind(), TokenKind::Minus | TokenKind::Name) && !self.ends_type())
            || (self.kind() == TokenKind::Dot && self.peek(1).kind == TokenKind::Name)
            || (self.switches.long_names && self.kind() == TokenKind::Name && !self.ends_type())
            || (self.slice(last.span) == "." && self.kind() == TokenKind::Name)
        {
            last = self.advance();
        }
        Some(super::names::normal(self.slice(first.span.to(last.span))))
    }

    fn ends_type(&self) -> bool {
        super::RESERVED.contains(&self.word(0)) || matches!(self.word(0), "between" | "instance")
    }

    fn type_argument(&mut self) -> Type {
        let of = self.known_type();
        self.expect(TokenKind::Greater, "\">\"");
        of
    }

    /// A type inside another; unknown ones are reported.
    fn known_type(&mut self) -> Type {
        let span = self.token().span;
        match self.type_expression() {
            TypeExpr::Known(of, _) => of,
            TypeExpr::Null(_) => Type::Any,
            TypeExpr::Unknown(name) => {
                self.report(span, format!("there is no type '{name}'"));
                Type::Any
            }
        }
    }

    fn entry_types(&mut self) -> Names {
        let mut names = Names::new();
        while !self.eat(TokenKind::Greater) {
            let name = self.declared_name(super::names::Place::Parameter);
            self.expect(TokenKind::Colon, "\":\"");
            let of = self.known_type();
            names.insert(&name, of);
            if self.kind() != TokenKind::Greater && !self.eat(TokenKind::Comma) {
                self.expected("\",\" or \">\"");
                break;
            }
        }
        names
    }

    /// `function<number, string> -> boolean`
    fn function_type(&mut self) -> Type {
        let mut parameters = Vec::new();
        while !self.eat(TokenKind::Greater) {
            parameters.push((shared(""), self.known_type()));
            if self.kind() != TokenKind::Greater && !self.eat(TokenKind::Comma) {
                self.expected("\",\" or \">\"");
                break;
            }
        }
        if !(self.eat(TokenKind::Minus) && self.eat(TokenKind::Greater)) {
            self.expected("\"->\" and the type of the result");
        }
        let result = self.known_type();
        Type::Function(parameters, Box::new(result))
    }
}

enum Of {
    Known(Type),
    Null,
}

/// Types of FEEL by name.
fn simple(name: &str) -> Option<Type> {
    Some(match name {
        "Any" => Type::Any,
        "number" => Type::Number,
        "string" => Type::String,
        "boolean" => Type::Boolean,
        "date" => Type::Date,
        "time" => Type::Time,
        "date and time" | "date time" | "dateTime" => Type::DateTime,
        "days and time duration" | "day-time-duration" | "dayTimeDuration" => Type::DaysDuration,
        "years and months duration" | "year-month-duration" | "yearMonthDuration" => Type::MonthsDuration,
        "list" => Type::List(Box::new(Type::Any)),
        "context" => Type::Context(Names::new()),
        "range" => Type::Range(Box::new(Type::Any)),
        "function" => Type::Function(Vec::new(), Box::new(Type::Any)),
        _ => return None,
    })
}
