//! The parts of an expression, so that a difference is told of the smallest part that shows it: `1 + (2 / x)` differs
//! because `2 / x` does.

use weir_feel::ast::{
    Arguments, ArithmeticOperator, ComparisonOperator, Domain, Expr, ExprKind, Quantifier, UnaryTests,
};
use weir_feel::{Dialect, Names, parse, parse_unary_tests};

use crate::generate::Case;

/// A part of an expression, as an expression of its own.
pub(crate) struct Part {
    pub(crate) case: Case,
    /// What it is: an operator, `call` with the function's name, ...
    pub(crate) root: String,
    /// Places of its own parts in the list that [`parts`] gives.
    pub(crate) children: Vec<usize>,
}

impl Part {
    /// Whether parts of it stand in a scope of their own, so that alone they may agree where inside they do not.
    pub(crate) fn has_scope(&self) -> bool {
        ["for", "some", "every", "filter", "context"].iter().any(|root| self.root.starts_with(root))
    }
}

/// An expression, first, and all its parts. One that we cannot parse has none.
pub(crate) fn parts(case: Case) -> Vec<Part> {
    let mut found = Vec::new();
    let names = Names::default();
    if case.input.is_some() {
        let tests = match parse_unary_tests(&case.text, Dialect::Bpmn, &names) {
            Ok(UnaryTests::Positive(tests) | UnaryTests::Negated(tests)) => tests,
            Ok(UnaryTests::Any) | Err(_) => Vec::new(),
        };
        found.push(Part { root: "unary tests".to_owned(), case: case.clone(), children: Vec::new() });
        for test in &tests {
            add(test, &case, &mut found, 0);
        }
        return found;
    }
    match parse(&case.text, Dialect::Bpmn, &names) {
        Ok(tree) => {
            let root = root(&tree, &case.text);
            found.push(Part { root, case: case.clone(), children: Vec::new() });
            add_children(&tree, &case, &mut found, 0);
        }
        Err(_) => found.push(Part { root: "unreadable".to_owned(), case, children: Vec::new() }),
    }
    found
}

fn add(tree: &Expr, whole: &Case, found: &mut Vec<Part>, parent: usize) {
    let text = &whole.text[tree.span.start as usize..tree.span.end as usize];
    // A test of the input is no expression of its own, nor is the name of a function.
    let is_own = !text.contains('?') && !matches!(tree.kind, ExprKind::Test(..) | ExprKind::Function(..));
    let at = if is_own {
        let case = Case { text: text.to_owned(), variables: whole.variables.clone(), input: None };
        let at = found.len();
        found[parent].children.push(at);
        found.push(Part { case, root: root(tree, &whole.text), children: Vec::new() });
        at
    } else {
        parent
    };
    add_children(tree, whole, found, at);
}

fn add_children(tree: &Expr, whole: &Case, found: &mut Vec<Part>, parent: usize) {
    if let ExprKind::Arithmetic(first, rest) = &tree.kind {
        add_operands(first, rest, whole, found, parent);
        return;
    }
    let callee = match &tree.kind {
        ExprKind::Call(callee, _) => Some(callee.span),
        _ => None,
    };
    tree.kind.each_child(&mut |child| {
        if Some(child.span) != callee {
            add(child, whole, found, parent);
        }
    });
}

/// `a * b / c` is made of `a * b` and `c`.
fn add_operands(
    first: &Expr,
    rest: &[(ArithmeticOperator, Expr)],
    whole: &Case,
    found: &mut Vec<Part>,
    parent: usize,
) {
    let Some(((_, last), before)) = rest.split_last() else { return add(first, whole, found, parent) };
    match before {
        [] => add(first, whole, found, parent),
        [.., (operator, end)] => {
            let text = &whole.text[first.span.start as usize..end.span.end as usize];
            let is_own = !text.contains('?');
            let at = if is_own { found.len() } else { parent };
            if is_own {
                let case = Case { text: text.to_owned(), variables: whole.variables.clone(), input: None };
                found[parent].children.push(at);
                found.push(Part { case, root: sign(*operator).to_owned(), children: Vec::new() });
            }
            add_operands(first, before, whole, found, at);
        }
    }
    add(last, whole, found, parent);
}

/// What an expression is, for the list of differences.
fn root(tree: &Expr, text: &str) -> String {
    let name = match &tree.kind {
        ExprKind::Null | ExprKind::Boolean(_) | ExprKind::Number(_) | ExprKind::String(_) => "literal",
        ExprKind::Temporal(_) => "temporal literal",
        ExprKind::Input => "?",
        ExprKind::Name(_) => "name",
        ExprKind::Path(_, name) => return format!("path {name}"),
        ExprKind::Filter(..) => "filter",
        ExprKind::Call(callee, Arguments::Positional(_) | Arguments::Named(_)) => {
            return format!("call {}", &text[callee.span.start as usize..callee.span.end as usize]);
        }
        ExprKind::Negate(_) => "negate",
        ExprKind::Arithmetic(_, rest) => rest.last().map_or("literal", |(operator, _)| sign(*operator)),
        ExprKind::Comparison(operator, ..) => comparison(*operator),
        ExprKind::And(_) => "and",
        ExprKind::Or(_) => "or",
        ExprKind::Between(value, low, _) if reads_as_call(value, low, text) => {
            "between after a name, before parentheses"
        }
        ExprKind::Between(..) => "between",
        ExprKind::In(..) => "in",
        ExprKind::InstanceOf(..) => "instance of",
        ExprKind::If(..) => "if",
        ExprKind::For(iterators, _) => return iteration("for", iterators),
        ExprKind::Quantified(Quantifier::Some, iterators, _) => return iteration("some", iterators),
        ExprKind::Quantified(Quantifier::Every, iterators, _) => return iteration("every", iterators),
        ExprKind::List(_) => "list",
        ExprKind::Context(_) => "context",
        ExprKind::Range(range) if is_open(&range.start, text) => "range from if, for, some or every",
        ExprKind::Range(range) if text[range.start.span.start as usize..].starts_with("[]") => {
            "range from an empty list"
        }
        ExprKind::Range(_) => "range",
        ExprKind::Test(operator, _) => comparison(*operator),
        ExprKind::Function(..) => "function",
        ExprKind::Error => "unreadable",
    };
    name.to_owned()
}

/// `x between (1) ...`, which names with spaces make look like a call of `x between`.
fn reads_as_call(value: &Expr, low: &Expr, text: &str) -> bool {
    let is_bare_name = matches!(value.kind, ExprKind::Name(_)) && !in_parentheses(value, text);
    is_bare_name && (in_parentheses(low, text) || matches!(low.kind, ExprKind::Call(..)))
}

fn in_parentheses(expr: &Expr, text: &str) -> bool {
    text[expr.span.start as usize..].starts_with('(')
}

fn is_open(start: &Expr, text: &str) -> bool {
    matches!(start.kind, ExprKind::If(..) | ExprKind::For(..) | ExprKind::Quantified(..))
        && !in_parentheses(start, text)
}

fn sign(operator: ArithmeticOperator) -> &'static str {
    match operator {
        ArithmeticOperator::Add => "+",
        ArithmeticOperator::Subtract => "-",
        ArithmeticOperator::Multiply => "*",
        ArithmeticOperator::Divide => "/",
        ArithmeticOperator::Power => "**",
    }
}

fn comparison(operator: ComparisonOperator) -> &'static str {
    match operator {
        ComparisonOperator::Equal => "=",
        ComparisonOperator::NotEqual => "!=",
        ComparisonOperator::Less => "<",
        ComparisonOperator::LessOrEqual => "<=",
        ComparisonOperator::Greater => ">",
        ComparisonOperator::GreaterOrEqual => ">=",
    }
}

/// `for`, `some` or `every`, and whether it runs over an operation without parentheses.
fn iteration(what: &str, iterators: &[weir_feel::ast::Iterator]) -> String {
    // What stands in parentheses starts before its first operand.
    let bare = |expr: &Expr| match &expr.kind {
        ExprKind::Arithmetic(first, _) => first.span.start == expr.span.start,
        _ => false,
    };
    let over_arithmetic = iterators.iter().any(|it| match &it.domain {
        Domain::List(list) => bare(list),
        Domain::Span(..) => false,
    });
    if over_arithmetic { format!("{what} over arithmetic") } else { what.to_owned() }
}
