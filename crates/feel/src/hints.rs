//! Hints: what compiles but probably is not what was meant. For editors, `weir check` and the workbench.

use crate::ast::{ArithmeticOperator, Domain, Expr, ExprKind};
use crate::builtin;
use crate::diagnostic::{Diagnostic, Span, near_name};
use crate::dialect::Dialect;
use crate::names::{Names, Type};

/// Hints about a tree, in the order of the text. Variables are looked at only if `names` knows any.
pub fn hints(tree: &Expr, dialect: Dialect, names: &Names) -> Vec<Diagnostic> {
    let mut found = Hints { dialect, names, scope: Vec::new(), hints: Vec::new() };
    found.visit(tree);
    found.hints.sort_by_key(|hint| hint.span);
    found.hints
}

struct Hints<'a> {
    dialect: Dialect,
    names: &'a Names,
    /// Names that the expression itself declares.
    scope: Vec<&'a str>,
    hints: Vec<Diagnostic>,
}

impl<'a> Hints<'a> {
    fn visit(&mut self, expr: &'a Expr) {
        let scope = self.scope.len();
        match &expr.kind {
            ExprKind::Name(name) => self.variable(name, expr.span),
            ExprKind::Call(callee, _) => {
                if let ExprKind::Name(name) = &callee.kind {
                    self.function(name, callee.span);
                    self.children_of_call(expr);
                    return;
                }
            }
            ExprKind::For(iterators, _) | ExprKind::Quantified(_, iterators, _) => {
                self.scope.extend(iterators.iter().map(|iterator| &*iterator.name));
                self.scope.push("partial");
                for iterator in iterators {
                    self.domain(&iterator.domain);
                }
            }
            ExprKind::Function(parameters, _) => {
                self.scope.extend(parameters.iter().map(|(name, _)| &**name))
            }
            ExprKind::Context(entries) => self.scope.extend(entries.iter().map(|(name, _)| &**name)),
            ExprKind::Filter(list, _) => {
                // Inside a filter the entries of the items are names, and nobody knows them here.
                self.visit(list);
                return;
            }
            ExprKind::Arithmetic(first, rest) => self.arithmetic(first, rest),
            ExprKind::Path(value, name) => self.entry(value, name, expr.span),
            _ => {}
        }
        expr.kind.each_child(&mut |child| self.visit(child));
        self.scope.truncate(scope);
    }

    fn children_of_call(&mut self, call: &'a Expr) {
        let mut first = true;
        call.kind.each_child(&mut |child| {
            if !std::mem::take(&mut first) {
                self.visit(child);
            }
        });
    }

    fn variable(&mut self, name: &str, span: Span) {
        let known = self.scope.contains(&name) || self.names.get(name).is_some() || name == "item";
        if known || self.names.is_empty() || builtin::find(name, self.dialect).is_some() {
            return;
        }
        let near =
            near_name(name, self.names.iter().map(|(name, _)| &**name).chain(self.scope.iter().copied()));
        self.hint(span, format!("there is no variable '{name}'"), near);
    }

    /// An entry that the context, if all its entries are known, does not have.
    fn entry(&mut self, value: &Expr, name: &str, span: Span) {
        let Some(Type::Context(entries)) = self.type_of(value) else { return };
        if entries.is_empty() || entries.get(name).is_some() {
            return;
        }
        let near = near_name(name, entries.iter().map(|(name, _)| &**name));
        let span = Span::new(span.end as usize - name.len().min(span.end as usize), span.end as usize);
        self.hint(span, format!("there is no entry '{name}'"), near);
    }

    /// What is known of the type of a name or a path.
    fn type_of(&self, expr: &Expr) -> Option<&'a Type> {
        match &expr.kind {
            ExprKind::Name(name) if !self.scope.contains(&&**name) => self.names.get(name),
            ExprKind::Path(value, name) => match self.type_of(value)? {
                Type::Context(entries) => entries.get(name),
                _ => None,
            },
            _ => None,
        }
    }

    fn function(&mut self, name: &str, span: Span) {
        let known = self.scope.contains(&name) || self.names.get(name).is_some();
        if known || builtin::find(name, self.dialect).is_some() {
            return;
        }
        let near = near_name(name, builtin::names(self.dialect));
        self.hint(span, format!("there is no function '{name}'"), near);
    }

    /// A constant operand that the operator can never take.
    fn arithmetic(&mut self, first: &'a Expr, rest: &'a [(ArithmeticOperator, Expr)]) {
        let operators = rest.first().into_iter().chain(rest).map(|(operator, _)| *operator);
        for (operand, operator) in
            std::iter::once(first).chain(rest.iter().map(|(_, value)| value)).zip(operators)
        {
            let what = match &operand.kind {
                ExprKind::Null => "null",
                ExprKind::Boolean(_) => "a boolean",
                ExprKind::List(_) => "a list",
                ExprKind::Context(_) => "a context",
                ExprKind::String(_) if operator != ArithmeticOperator::Add => "a string",
                _ => continue,
            };
            let message = format!("'{}' with {what} is always null", operator.symbol());
            self.hints.push(Diagnostic { span: operand.span, message, help: None });
        }
    }

    fn domain(&mut self, domain: &'a Domain) {
        if let Domain::List(list) = domain
            && matches!(list.kind, ExprKind::Number(_) | ExprKind::String(_) | ExprKind::Boolean(_))
        {
            let message = "this is no list, so there is nothing to go through".to_owned();
            self.hints.push(Diagnostic { span: list.span, message, help: None });
        }
    }

    fn hint(&mut self, span: Span, message: String, near: Option<&str>) {
        self.hints.push(Diagnostic {
            span,
            message,
            help: near.map(|near| format!("did you mean '{near}'?")),
        });
    }
}

#[cfg(test)]
mod tests {
    use super::hints;
    use crate::{Dialect, Names, Span, Type, parse};

    fn texts(text: &str, names: &[&str]) -> Vec<String> {
        let names: Names = names.iter().copied().collect();
        let tree = parse(text, Dialect::Bpmn, &names).unwrap();
        hints(&tree, Dialect::Bpmn, &names)
            .into_iter()
            .map(|hint| hint.message + &hint.help.map(|help| format!("; {help}")).unwrap_or_default())
            .collect()
    }

    #[test]
    fn misspelt_names_suggest_the_near_one() {
        assert_eq!(
            texts("amuont > 5", &["amount", "x"]),
            ["there is no variable 'amuont'; did you mean 'amount'?"]
        );
        assert_eq!(
            texts("uper case(\"a\")", &[]),
            ["there is no function 'uper case'; did you mean 'upper case'?"]
        );
        assert!(texts("for i in amount return i + partial[1]", &["amount"]).is_empty());
        assert!(texts("{a: 1, b: a}.b + items[price > 1].price", &["items"]).is_empty());
    }

    #[test]
    fn misspelt_entries_suggest_the_near_one() {
        let mut customer = Names::new();
        customer.insert("name", Type::String);
        let mut names = Names::new();
        names.insert("customer", Type::Context(customer));
        let said = |text: &str| {
            let tree = parse(text, Dialect::Bpmn, &names).unwrap();
            hints(&tree, Dialect::Bpmn, &names).into_iter().map(|hint| (hint.span, hint.help)).next()
        };
        let help = Some("did you mean 'name'?".to_owned());
        assert_eq!(said("1 + customer.nmae"), Some((Span::new(13, 17), help)));
        assert_eq!(said("customer.name"), None);
        assert_eq!(said("customer.name.length"), None);
    }

    #[test]
    fn what_can_never_work_is_said() {
        assert_eq!(texts("1 + true", &[]), ["'+' with a boolean is always null"]);
        assert_eq!(texts("\"a\" * 2", &[]), ["'*' with a string is always null"]);
        assert_eq!(texts("for i in 5 return i", &[]), ["this is no list, so there is nothing to go through"]);
        assert!(texts("\"a\" + \"b\"", &[]).is_empty());
    }
}
