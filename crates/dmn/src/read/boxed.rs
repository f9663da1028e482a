//! Boxed expressions.

use roxmltree::Node;

use super::{Reader, normal_name};
use crate::model::boxed::{Binding, ContextEntry, Expression, Form, Function, FunctionKind, Iteration};
use crate::model::{Text, Variable};
use crate::xml::{child, elements};

/// The elements that are expressions, for "expected one of".
const EXPRESSIONS: &str = "literalExpression, decisionTable, context, invocation, list, relation, \
                           functionDefinition, conditional, filter, for, some, every";

impl<'d> Reader<'_, 'd> {
    /// The expression that an element is; reports and gives nothing when it is none.
    pub(super) fn expression(&mut self, node: Node<'_, 'd>) -> Option<Expression> {
        let form = match node.tag_name().name() {
            "literalExpression" => Form::Literal(self.literal(node)?),
            "decisionTable" => Form::Table(self.table(node)),
            "context" => Form::Context(self.context(node)),
            "invocation" => self.invocation(node)?,
            "list" => Form::List(self.own_expressions(node)),
            "relation" => self.relation(node),
            "functionDefinition" => Form::Function(self.function(node)),
            "conditional" => Form::Conditional {
                condition: self.part(node, "if")?,
                then: self.part(node, "then")?,
                otherwise: self.part(node, "else")?,
            },
            "filter" => Form::Filter { list: self.part(node, "in")?, keep: self.part(node, "match")? },
            "for" => Form::For(self.iteration(node, "return")?),
            "some" => Form::Some(self.iteration(node, "satisfies")?),
            "every" => Form::Every(self.iteration(node, "satisfies")?),
            other => {
                let help = format!("expected one of {EXPRESSIONS}");
                self.report(node, format!("<{other}> is not an expression"), &help);
                return None;
            }
        };
        Some(Expression { place: self.xml.place(node), type_name: self.type_attribute(node), form })
    }

    fn literal(&mut self, node: Node<'_, 'd>) -> Option<Text> {
        if let Some(import) = child(node, "importedValues") {
            self.report(import, "imported values are not supported", "write the value as FEEL");
            return None;
        }
        let text = self.expression_text(node);
        if text.as_ref().is_none_or(|t| t.text.trim().is_empty()) {
            self.report(node, "the literal expression has no text", "write a FEEL expression in <text>");
            return None;
        }
        text
    }

    fn context(&mut self, node: Node<'_, 'd>) -> Vec<ContextEntry> {
        let entries: Vec<_> =
            self.own(node).into_iter().filter(|e| e.tag_name().name() == "contextEntry").collect();
        let count = entries.len();
        let mut read = Vec::with_capacity(count);
        for (index, entry) in entries.into_iter().enumerate() {
            let variable = child(entry, "variable").map(|v| self.variable(v));
            if variable.is_none() && index + 1 < count {
                let help = "only the last entry, the result, may be without";
                self.report(entry, "the context entry has no variable", help);
            }
            if let Some(value) = self.inner(entry) {
                read.push(ContextEntry { variable, value });
            }
        }
        read
    }

    fn invocation(&mut self, node: Node<'_, 'd>) -> Option<Form> {
        let function = Box::new(self.inner(node)?);
        let mut bindings = Vec::new();
        for binding in self.own(node).into_iter().filter(|b| b.tag_name().name() == "binding") {
            let parameter = match child(binding, "parameter") {
                Some(parameter) => self.variable(parameter),
                None => {
                    self.report(
                        binding,
                        "the binding has no <parameter>",
                        "name the parameter that it binds",
                    );
                    continue;
                }
            };
            if let Some(value) = self.inner(binding) {
                bindings.push(Binding { parameter, value });
            }
        }
        Some(Form::Invocation { function, bindings })
    }

    fn relation(&mut self, node: Node<'_, 'd>) -> Form {
        let mut columns = Vec::new();
        let mut rows = Vec::new();
        for part in self.own(node) {
            match part.tag_name().name() {
                "column" => columns.push(self.variable(part)),
                "row" => rows.push((part, self.own_expressions(part))),
                _ => {}
            }
        }
        for (row, cells) in &rows {
            if cells.len() != columns.len() {
                let message =
                    format!("expected row with '{}' elements but found '{}'", columns.len(), cells.len());
                self.report(*row, message, "");
            }
        }
        Form::Relation { columns, rows: rows.into_iter().map(|(_, cells)| cells).collect() }
    }

    pub(super) fn function(&mut self, node: Node<'_, 'd>) -> Function {
        let kind = match node.attribute("kind").unwrap_or("FEEL") {
            "FEEL" => FunctionKind::Feel,
            "Java" => FunctionKind::Java,
            "PMML" => FunctionKind::Pmml,
            other => {
                self.report(node, format!("unknown function kind '{other}'"), "use FEEL");
                FunctionKind::Feel
            }
        };
        let parameters: Vec<Variable> = self
            .own(node)
            .into_iter()
            .filter(|p| p.tag_name().name() == "formalParameter")
            .map(|p| self.variable(p))
            .collect();
        let body = self.first_expression(node).and_then(|body| self.expression(body)).map(Box::new);
        Function { place: self.xml.place(node), kind, parameters, body }
    }

    fn iteration(&mut self, node: Node<'_, 'd>, body: &str) -> Option<Iteration> {
        let variable = normal_name(&self.required(node, "iteratorVariable"));
        Some(Iteration { variable, list: self.part(node, "in")?, body: self.part(node, body)? })
    }

    /// The expression inside a named child element.
    fn part(&mut self, node: Node<'_, 'd>, name: &str) -> Option<Box<Expression>> {
        match child(node, name) {
            Some(part) => self.inner(part).map(Box::new),
            None => {
                let element = node.tag_name().name();
                self.report(node, format!("<{element}> has no <{name}>"), "");
                None
            }
        }
    }

    /// The one expression inside an element; reports when there is none.
    fn inner(&mut self, node: Node<'_, 'd>) -> Option<Expression> {
        match self.first_expression(node) {
            Some(inner) => self.expression(inner),
            None => {
                let element = node.tag_name().name();
                self.report(
                    node,
                    format!("<{element}> has no expression"),
                    &format!("add one of {EXPRESSIONS}"),
                );
                None
            }
        }
    }

    fn first_expression<'n>(&self, node: Node<'n, 'd>) -> Option<Node<'n, 'd>> {
        self.own(node).into_iter().find(|e| is_expression(e))
    }

    fn own_expressions(&mut self, node: Node<'_, 'd>) -> Vec<Expression> {
        let nodes: Vec<_> = elements(node).filter(is_expression).collect();
        nodes.into_iter().filter_map(|e| self.expression(e)).collect()
    }
}

/// Whether an element stands where an expression belongs: everything that is not a known part of its parent.
fn is_expression(node: &Node<'_, '_>) -> bool {
    !matches!(
        node.tag_name().name(),
        "description"
            | "extensionElements"
            | "variable"
            | "formalParameter"
            | "binding"
            | "parameter"
            | "column"
            | "row"
            | "contextEntry"
    )
}
