//! Syntax tree to compiled form: resolves names to slots, folds constants, and finds what can never work.

use std::sync::Arc;

use crate::ast::{Arguments, Domain, Expr, ExprKind, UnaryTests};
use crate::diagnostic::Span;
use crate::dialect::{Dialect, Switches};
use crate::names::{Names, Type};
use crate::node::{
    ArgumentNodes, CallNode, DomainNode, Filter, FilterNode, FunctionBody, FunctionNode, LoopNode, Node,
    NodeKind, RangeNode, Test, Tests,
};
use crate::value::{Function, FunctionKind, Value};

mod calls;
pub(crate) mod depth;
mod fold;
mod scope;

use depth::Depth;
use scope::Scopes;

/// What the compiler makes of a tree.
pub(crate) struct Program<T> {
    pub(crate) root: T,
    /// The names of the slots.
    pub(crate) globals: Box<[Arc<str>]>,
    pub(crate) depth: Depth,
}

/// Compiles an expression.
pub(crate) fn expression(
    text: &str,
    expr: &Expr,
    dialect: Dialect,
    names: &Names,
    folding: bool,
) -> Program<Node> {
    let mut compiler = Compiler::new(text, dialect, names, folding);
    let root = compiler.node(expr);
    Program { root, globals: compiler.scopes.into_globals(), depth: depth::of(expr) }
}

/// Compiles unary tests.
pub(crate) fn unary_tests(
    text: &str,
    tests: &UnaryTests,
    dialect: Dialect,
    names: &Names,
    folding: bool,
) -> Program<Tests> {
    let mut compiler = Compiler::new(text, dialect, names, folding);
    let root = match tests {
        UnaryTests::Any => Tests::Any,
        UnaryTests::Positive(tests) => Tests::Positive(compiler.tests(tests)),
        UnaryTests::Negated(tests) => Tests::Negated(compiler.tests(tests)),
    };
    Program { root, globals: compiler.scopes.into_globals(), depth: depth::of_tests(tests) }
}

struct Compiler<'n> {
    names: &'n Names,
    /// The text without white space at its end.
    text: &'n str,
    dialect: Dialect,
    switches: &'static Switches,
    folding: bool,
    scopes: Scopes,
}

impl<'n> Compiler<'n> {
    fn new(text: &'n str, dialect: Dialect, names: &'n Names, folding: bool) -> Self {
        Self {
            names,
            text: text.trim_end(),
            dialect,
            switches: dialect.switches(),
            folding,
            scopes: Scopes::default(),
        }
    }

    fn node(&mut self, expr: &Expr) -> Node {
        let span = expr.span;
        let kind = match &expr.kind {
            ExprKind::Null => NodeKind::Constant(Value::Null),
            ExprKind::Boolean(value) => NodeKind::Constant(Value::Boolean(*value)),
            ExprKind::Number(number) => NodeKind::Constant(Value::Number(*number)),
            ExprKind::String(text) => NodeKind::Constant(Value::String(text.clone())),
            ExprKind::Temporal(text) => NodeKind::Constant(self.temporal(text)),
            ExprKind::Input => self.input(),
            ExprKind::Name(name) => return self.name(name, span),
            ExprKind::Path(value, name) => self.path(value, name),
            ExprKind::Filter(list, filter) => self.filter(list, filter),
            ExprKind::Call(callee, arguments) => return self.call(callee, arguments, span),
            ExprKind::Negate(value) => NodeKind::Negate(Box::new(self.node(value))),
            ExprKind::Arithmetic(first, rest) => {
                let first = Box::new(self.node(first));
                NodeKind::Arithmetic(first, rest.iter().map(|(op, value)| (*op, self.node(value))).collect())
            }
            ExprKind::Comparison(operator, left, right) => {
                NodeKind::Compare(*operator, Box::new((self.node(left), self.node(right))))
            }
            ExprKind::And(operands) => NodeKind::And(self.nodes(operands)),
            ExprKind::Or(operands) => NodeKind::Or(self.nodes(operands)),
            ExprKind::Between(value, low, high) => {
                NodeKind::Between(Box::new((self.node(value), self.node(low), self.node(high))))
            }
            ExprKind::In(value, tests) => self.membership(value, tests),
            ExprKind::InstanceOf(value, of) => NodeKind::InstanceOf(Box::new(self.node(value)), of.clone()),
            ExprKind::If(condition, then, otherwise) => {
                NodeKind::If(Box::new((self.node(condition), self.node(then), self.node(otherwise))))
            }
            ExprKind::For(iterators, body) => NodeKind::For(Box::new(self.iteration(iterators, body, true))),
            ExprKind::Quantified(quantifier, iterators, condition) => {
                NodeKind::Quantified(*quantifier, Box::new(self.iteration(iterators, condition, false)))
            }
            ExprKind::List(items) => NodeKind::List(self.nodes(items)),
            ExprKind::Context(entries) => self.context(entries),
            ExprKind::Range(range) if self.switches.range_values => {
                NodeKind::Range(Box::new(self.range(range)))
            }
            ExprKind::Range(range) => NodeKind::RangeTest(Box::new(self.range(range))),
            ExprKind::Test(operator, value) => NodeKind::OpenTest(*operator, Box::new(self.node(value))),
            ExprKind::Function(parameters, body) => self.function(parameters, body),
            ExprKind::Error => NodeKind::Nothing,
        };
        self.folded(Node { kind, span })
    }

    /// A name: a local, a variable, or in the DMN dialect a built-in function that no variable hides.
    fn name(&mut self, name: &Arc<str>, span: Span) -> Node {
        if self.switches.builtin_values
            && !self.scopes.is_local(name)
            && self.names.get(name).is_none()
            && let Some(builtin) = crate::builtin::find(name, self.dialect)
        {
            let function = Function::new(FunctionKind::Builtin(builtin));
            let otherwise = Node { kind: NodeKind::Constant(Value::Function(function)), span };
            return self.scopes.entry_or(name, span, otherwise);
        }
        self.scopes.resolve(name, span)
    }

    fn nodes(&mut self, exprs: &[Expr]) -> Box<[Node]> {
        exprs.iter().map(|expr| self.node(expr)).collect()
    }

    fn temporal(&self, text: &str) -> Value {
        crate::temporal::Temporal::parse(text, self.dialect).map_or(Value::Null, Value::from)
    }

    fn input(&mut self) -> NodeKind {
        self.scopes.input().map_or(NodeKind::Input, NodeKind::Local)
    }

    /// A path; if it starts at a variable of the evaluation it is followed in the JSON text.
    fn path(&mut self, value: &Expr, name: &Arc<str>) -> NodeKind {
        // What stands in parentheses is a value of its own, with a warning where it is null.
        let is_own = self.text.get(value.span.start as usize..).is_some_and(|from| from.starts_with('('));
        let value = self.node(value);
        match value.kind {
            NodeKind::Global(_) | NodeKind::GlobalPath(..) if is_own => {
                NodeKind::Path(Box::new(value), name.clone())
            }
            NodeKind::Global(slot) => NodeKind::GlobalPath(slot, Box::new([name.clone()])),
            NodeKind::GlobalPath(slot, path) => {
                NodeKind::GlobalPath(slot, path.iter().cloned().chain([name.clone()]).collect())
            }
            _ => NodeKind::Path(Box::new(value), name.clone()),
        }
    }

    fn filter(&mut self, list: &Expr, filter: &Expr) -> NodeKind {
        let list = self.node(list);
        let index = match &filter.kind {
            ExprKind::Number(number) => Some(*number),
            ExprKind::Negate(inner) => match &inner.kind {
                ExprKind::Number(number) => Some(number.negate()),
                _ => None,
            },
            _ => None,
        };
        let filter = match index {
            Some(index) => Filter::Index(index),
            None => {
                let outside = self.filter_outside(filter);
                let scope = self.scopes.enter_filter();
                let condition = self.node(filter);
                self.scopes.leave(scope);
                Filter::Condition { condition, outside }
            }
        };
        NodeKind::Filter(Box::new(FilterNode { list, filter }))
    }

    /// What feel-scala evaluates once before it looks at the items, unless the filter is certainly no number.
    fn filter_outside(&mut self, filter: &Expr) -> Option<Node> {
        if !self.switches.probes_filters {
            return None;
        }
        match &filter.kind {
            ExprKind::Comparison(operator, ..) if *operator != crate::ast::ComparisonOperator::NotEqual => {
                None
            }
            ExprKind::Call(..) => None,
            _ => Some(self.node(filter)),
        }
    }

    fn membership(&mut self, value: &Expr, tests: &[Expr]) -> NodeKind {
        let value = Box::new(self.node(value));
        let scope = self.scopes.enter_input();
        let tests = self.tests(tests);
        self.scopes.leave(scope);
        NodeKind::In(value, tests)
    }

    fn tests(&mut self, tests: &[Expr]) -> Box<[Test]> {
        tests.iter().map(|test| self.test(test)).collect()
    }

    /// Whether `true` or `false` there means that the input is: in the BPMN dialect only at the end of the text.
    fn is_input_boolean(&self, span: Span) -> bool {
        let is_last = || matches!(self.text.get(span.start as usize..), Some("true" | "false"));
        self.dialect == Dialect::Dmn || is_last()
    }

    fn test(&mut self, test: &Expr) -> Test {
        match &test.kind {
            ExprKind::Test(operator, value) => Test::Compare(*operator, self.node(value)),
            ExprKind::Range(range) => Test::Range(self.range(range), test.span),
            ExprKind::Boolean(_) if self.is_input_boolean(test.span) => Test::Equals(self.node(test)),
            _ if reads_input(test) => Test::Condition(self.node(test)),
            _ => Test::Value(self.node(test)),
        }
    }

    fn iteration(&mut self, iterators: &[crate::ast::Iterator], body: &Expr, partial: bool) -> LoopNode {
        let scope = self.scopes.mark();
        let mut domains = Vec::new();
        for iterator in iterators {
            domains.push(match &iterator.domain {
                Domain::List(list) => DomainNode::List(self.node(list)),
                Domain::Span(from, to) => DomainNode::Span(self.node(from), self.node(to)),
            });
            if self.switches.dependent_iterators {
                self.scopes.declare(&iterator.name);
            }
        }
        if !self.switches.dependent_iterators {
            iterators.iter().for_each(|iterator| self.scopes.declare(&iterator.name));
        }
        let reads_partial = partial && mentions(body, "partial");
        if reads_partial {
            self.scopes.declare(&"partial".into());
        }
        let cost_steps = u64::from(size(body, 1000));
        let body = self.node(body);
        self.scopes.leave(scope);
        LoopNode { domains: domains.into(), partial: reads_partial, body, cost_steps }
    }

    fn context(&mut self, entries: &[(Arc<str>, Expr)]) -> NodeKind {
        let scope = self.scopes.mark();
        let mut compiled = Vec::with_capacity(entries.len());
        for (name, value) in entries {
            let value = self.node(value);
            self.scopes.declare(name);
            compiled.push((name.clone(), value));
        }
        self.scopes.leave(scope);
        NodeKind::Context(compiled.into())
    }

    fn range(&mut self, range: &crate::ast::RangeExpr) -> RangeNode {
        RangeNode {
            start: self.node(&range.start),
            start_included: range.start_included,
            end: self.node(&range.end),
            end_included: range.end_included,
        }
    }

    fn function(&mut self, parameters: &[(Arc<str>, Option<crate::ast::TypeExpr>)], body: &Expr) -> NodeKind {
        let types = parameters.iter().map(|(name, of)| (name.clone(), parameter_type(of))).collect();
        self.scopes.enter_function(parameters.iter().map(|(name, _)| name));
        let node = self.node(body);
        let captures = self.scopes.leave_function();
        let body = FunctionBody { parameters: types, node, depth: depth::of_function(body) };
        NodeKind::Function(Box::new(FunctionNode { body: Arc::new(body), captures }))
    }

    fn arguments(&mut self, arguments: &Arguments) -> ArgumentNodes {
        match arguments {
            Arguments::Positional(values) => {
                ArgumentNodes::Positional(values.iter().map(|value| self.argument(value)).collect())
            }
            Arguments::Named(values) => ArgumentNodes::Named(
                values.iter().map(|(name, value)| (name.clone(), self.argument(value))).collect(),
            ),
        }
    }

    /// In the BPMN dialect only arguments may be ranges.
    fn argument(&mut self, value: &Expr) -> Node {
        match &value.kind {
            ExprKind::Range(range) => {
                let kind = NodeKind::Range(Box::new(self.range(range)));
                self.folded(Node { kind, span: value.span })
            }
            _ => self.node(value),
        }
    }

    fn call_value(
        &mut self,
        callee: Node,
        name: Arc<str>,
        member: bool,
        arguments: &Arguments,
        span: Span,
    ) -> Node {
        let arguments = self.arguments(arguments);
        Node { kind: NodeKind::Call(Box::new(CallNode { callee, name, member, arguments })), span }
    }
}

fn parameter_type(of: &Option<crate::ast::TypeExpr>) -> Type {
    match of {
        Some(crate::ast::TypeExpr::Known(of, _)) => of.clone(),
        Some(crate::ast::TypeExpr::Null(_) | crate::ast::TypeExpr::Unknown(_)) | None => Type::Any,
    }
}

/// Whether `?` occurs, other than inside the tests of an `in`.
fn reads_input(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Input => true,
        ExprKind::In(value, _) => reads_input(value),
        kind => {
            let mut found = false;
            kind.each_child(&mut |child| found = found || reads_input(child));
            found
        }
    }
}

/// Whether a name occurs.
fn mentions(expr: &Expr, name: &str) -> bool {
    match &expr.kind {
        ExprKind::Name(found) => &**found == name,
        kind => {
            let mut found = false;
            kind.each_child(&mut |child| found = found || mentions(child, name));
            found
        }
    }
}

/// Number of nodes, counted up to `most`.
fn size(expr: &Expr, most: u32) -> u32 {
    let mut total = 1;
    expr.kind.each_child(&mut |child| {
        if total < most {
            total += size(child, most - total);
        }
    });
    total
}
