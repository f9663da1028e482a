//! Which function a call means.

use super::Compiler;
use crate::ast::{Arguments, Expr, ExprKind};
use crate::builtin;
use crate::diagnostic::Span;
use crate::node::{ArgumentNodes, Node, NodeKind};
use crate::temporal::{Date, DateTime, Temporal, Time};
use crate::value::Value;

impl Compiler<'_> {
    pub(super) fn call(&mut self, callee: &Expr, arguments: &Arguments, span: Span) -> Node {
        match &callee.kind {
            ExprKind::Name(name) if !self.scopes.is_local(name) => {
                if let Some(value) = self.temporal_literal(name, arguments) {
                    return Node { kind: NodeKind::Constant(value), span };
                }
                let shadowed = self.names.get(name).is_some();
                match builtin::find(name, self.dialect).filter(|_| !shadowed) {
                    Some(builtin) => {
                        let kind = match self.arguments(arguments) {
                            ArgumentNodes::Positional(values) => NodeKind::CallBuiltin(builtin, values),
                            ArgumentNodes::Named(values) => NodeKind::CallBuiltinNamed(builtin, values),
                        };
                        self.folded(Node { kind, span })
                    }
                    None => {
                        let callee = self.node(callee);
                        self.call_value(callee, name.clone(), false, arguments, span)
                    }
                }
            }
            ExprKind::Name(name) => {
                let callee = self.node(callee);
                self.call_value(callee, name.clone(), false, arguments, span)
            }
            ExprKind::Path(_, name) => {
                let callee = self.node(callee);
                self.call_value(callee, name.clone(), true, arguments, span)
            }
            _ => {
                let callee = self.node(callee);
                self.call_value(callee, "function".into(), false, arguments, span)
            }
        }
    }

    /// `date("2024-01-31")` and the like are literals in the BPMN dialect: null, without a warning, if they are wrong.
    fn temporal_literal(&self, name: &str, arguments: &Arguments) -> Option<Value> {
        if !self.switches.temporal_literals {
            return None;
        }
        let Arguments::Positional(values) = arguments else { return None };
        let [Expr { kind: ExprKind::String(text), span, .. }] = values.as_slice() else { return None };
        // In parentheses it is an argument, and a wrong one has a warning.
        if !self.text.get(span.start as usize..).is_some_and(|from| from.starts_with('"')) {
            return None;
        }
        let temporal = match name {
            "date" => Date::parse(text).map(Temporal::Date),
            "time" => Time::parse(text, self.dialect).map(Temporal::Time),
            "date and time" => DateTime::parse(text, self.dialect).map(Temporal::DateTime),
            "duration" => Temporal::parse_duration(text, self.dialect),
            _ => return None,
        };
        Some(temporal.map_or(Value::Null, Value::from))
    }
}
