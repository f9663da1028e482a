//! `weir feel --ast`: how a text is understood.

use serde_json::{Value as Json, json};
use weir_feel::{
    Diagnostics, Dialect, Names, Span,
    ast::{Expr, ExprKind, UnaryTests},
    parse, parse_unary_tests,
};

use crate::output::{DIM, NAME};

/// A node: what it is, where it stands, and what it is made of.
pub(super) struct Tree {
    label: String,
    span: Option<Span>,
    children: Vec<Tree>,
}

/// Parses a text.
pub(super) fn of(text: &str, tests: bool, dialect: Dialect, names: &Names) -> Result<Tree, Diagnostics> {
    if !tests {
        return parse(text, dialect, names).map(|expr| tree(&expr));
    }
    let (label, tests) = match parse_unary_tests(text, dialect, names)? {
        UnaryTests::Any => ("any", Vec::new()),
        UnaryTests::Positive(tests) => ("one of", tests),
        UnaryTests::Negated(tests) => ("none of", tests),
    };
    Ok(Tree { label: label.to_owned(), span: None, children: tests.iter().map(tree).collect() })
}

fn tree(expr: &Expr) -> Tree {
    let mut children = Vec::new();
    expr.kind.each_child(&mut |child| children.push(tree(child)));
    Tree { label: label(&expr.kind), span: Some(expr.span), children }
}

/// What a node says itself; its parts are its children.
fn label(kind: &ExprKind) -> String {
    match kind {
        ExprKind::Null => "null".to_owned(),
        ExprKind::Boolean(value) => value.to_string(),
        ExprKind::Number(number) => format!("number {number}"),
        ExprKind::String(text) => format!("string {text:?}"),
        ExprKind::Temporal(text) => format!("temporal @{text:?}"),
        ExprKind::Input => "input ?".to_owned(),
        ExprKind::Name(name) => format!("name {name}"),
        ExprKind::Path(_, name) => format!("path .{name}"),
        ExprKind::Filter(..) => "filter".to_owned(),
        ExprKind::Call(..) => "call".to_owned(),
        ExprKind::Negate(_) => "negate".to_owned(),
        ExprKind::Arithmetic(_, operands) => {
            let operators: Vec<&str> = operands.iter().map(|(operator, _)| operator.symbol()).collect();
            format!("arithmetic {}", operators.join(" "))
        }
        ExprKind::Comparison(operator, ..) => format!("comparison {}", operator.symbol()),
        ExprKind::And(_) => "and".to_owned(),
        ExprKind::Or(_) => "or".to_owned(),
        ExprKind::Between(..) => "between".to_owned(),
        ExprKind::In(..) => "in".to_owned(),
        ExprKind::InstanceOf(_, kind) => format!("instance of {}", kind.text()),
        ExprKind::If(..) => "if".to_owned(),
        ExprKind::For(iterators, _) => {
            format!("for {}", iterators.iter().map(|it| &*it.name).collect::<Vec<_>>().join(", "))
        }
        ExprKind::Quantified(quantifier, iterators, _) => {
            let names = iterators.iter().map(|it| &*it.name).collect::<Vec<_>>().join(", ");
            format!("{} {names}", format!("{quantifier:?}").to_lowercase())
        }
        ExprKind::List(_) => "list".to_owned(),
        ExprKind::Context(entries) => {
            format!("context {}", entries.iter().map(|(name, _)| &**name).collect::<Vec<_>>().join(", "))
        }
        ExprKind::Range(_) => "range".to_owned(),
        ExprKind::Test(operator, _) => format!("test {}", operator.symbol()),
        ExprKind::Function(parameters, _) => {
            format!("function {}", parameters.iter().map(|(name, _)| &**name).collect::<Vec<_>>().join(", "))
        }
        ExprKind::Error => "error".to_owned(),
    }
}

impl Tree {
    /// With lines, each node with the piece of the text that it is.
    pub(super) fn to_text(&self, source: &str) -> String {
        let mut out = String::new();
        self.write(source, "", "", &mut out);
        out.trim_end().to_owned()
    }

    fn write(&self, source: &str, first: &str, rest: &str, out: &mut String) {
        let piece =
            self.span.and_then(|span| source.get(span.start as usize..span.end as usize)).unwrap_or("");
        let piece = piece.split_whitespace().collect::<Vec<_>>().join(" ");
        out.push_str(&format!("{DIM}{first}{DIM:#}{NAME}{}{NAME:#}  {DIM}{piece}{DIM:#}\n", self.label));
        let last = self.children.len().saturating_sub(1);
        for (number, child) in self.children.iter().enumerate() {
            let (branch, trunk) = if number == last { ("`- ", "   ") } else { ("|- ", "|  ") };
            child.write(source, &format!("{rest}{branch}"), &format!("{rest}{trunk}"), out);
        }
    }

    /// For programs.
    pub(super) fn to_json(&self) -> Json {
        let children: Vec<Json> = self.children.iter().map(Self::to_json).collect();
        json!({ "node": self.label, "start": self.span.map(|span| span.start), "end": self.span.map(|span| span.end), "children": children })
    }
}
