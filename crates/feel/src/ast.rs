//! The syntax tree: what was written, with the place of every node.

use std::sync::Arc;

use crate::diagnostic::Span;
use crate::names::Type;
use crate::number::Number;

/// A node of the syntax tree.
#[derive(Clone, Debug)]
pub struct Expr {
    /// What it is.
    pub kind: ExprKind,
    /// Where it stands.
    pub span: Span,
    /// Nodes on the longest way down, this one included.
    pub height: u32,
}

/// What a node is.
#[derive(Clone, Debug, PartialEq)]
pub enum ExprKind {
    /// `null`
    Null,
    /// `true`, `false`
    Boolean(bool),
    /// `1.5`
    Number(Number),
    /// `"text"`, without quotes and escapes.
    String(Arc<str>),
    /// `@"2024-01-31"`
    Temporal(Arc<str>),
    /// `?`, the input of unary tests.
    Input,
    /// A name.
    Name(Arc<str>),
    /// `value.name`
    Path(Box<Expr>, Arc<str>),
    /// `list[filter]`
    Filter(Box<Expr>, Box<Expr>),
    /// `function(arguments)`
    Call(Box<Expr>, Arguments),
    /// `-value`
    Negate(Box<Expr>),
    /// Operands with operators of the same precedence between them, taken from the left.
    Arithmetic(Box<Expr>, Vec<(ArithmeticOperator, Expr)>),
    /// `left = right`, `left < right`, ...
    Comparison(ComparisonOperator, Box<Expr>, Box<Expr>),
    /// `a and b and c`
    And(Vec<Expr>),
    /// `a or b or c`
    Or(Vec<Expr>),
    /// `value between low and high`
    Between(Box<Expr>, Box<Expr>, Box<Expr>),
    /// `value in (tests)`
    In(Box<Expr>, Vec<Expr>),
    /// `value instance of type`
    InstanceOf(Box<Expr>, TypeExpr),
    /// `if condition then one else other`
    If(Box<Expr>, Box<Expr>, Box<Expr>),
    /// `for name in list return body`
    For(Vec<Iterator>, Box<Expr>),
    /// `some name in list satisfies condition`, `every ...`
    Quantified(Quantifier, Vec<Iterator>, Box<Expr>),
    /// `[1, 2]`
    List(Vec<Expr>),
    /// `{name: value}`
    Context(Vec<(Arc<str>, Expr)>),
    /// `[1..2]`
    Range(RangeExpr),
    /// `< 5` as a test of the input, or (DMN) as an open range.
    Test(ComparisonOperator, Box<Expr>),
    /// `function(a, b) body`
    Function(Vec<(Arc<str>, Option<TypeExpr>)>, Box<Expr>),
    /// What could not be parsed; there is a diagnostic for it.
    Error,
}

/// The arguments of a call.
#[derive(Clone, Debug, PartialEq)]
pub enum Arguments {
    /// In order.
    Positional(Vec<Expr>),
    /// By name.
    Named(Vec<(Arc<str>, Expr)>),
}

/// Operators of arithmetic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ArithmeticOperator {
    /// `+`
    Add,
    /// `-`
    Subtract,
    /// `*`
    Multiply,
    /// `/`
    Divide,
    /// `**`
    Power,
}

/// Operators of comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ComparisonOperator {
    /// `=`
    Equal,
    /// `!=`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
}

/// `some` or `every`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quantifier {
    /// At least one.
    Some,
    /// All.
    Every,
}

/// One `name in domain` of a `for`, `some` or `every`.
#[derive(Clone, Debug, PartialEq)]
pub struct Iterator {
    /// The variable.
    pub name: Arc<str>,
    /// What it runs over.
    pub domain: Domain,
}

/// What an iterator runs over.
#[derive(Clone, Debug, PartialEq)]
pub enum Domain {
    /// The items of a list.
    List(Expr),
    /// `from..to`, up or down.
    Span(Expr, Expr),
}

/// `[start..end]`
#[derive(Clone, Debug, PartialEq)]
pub struct RangeExpr {
    /// The lower end.
    pub start: Box<Expr>,
    /// Whether it belongs to the range.
    pub start_included: bool,
    /// The upper end.
    pub end: Box<Expr>,
    /// Whether it belongs to the range.
    pub end_included: bool,
}

/// A type as written.
#[derive(Clone, Debug, PartialEq)]
pub enum TypeExpr {
    /// A type of FEEL, or one that [`crate::Names`] knows.
    Known(Type, Arc<str>),
    /// `null`, or `Null`: only null is of it.
    Null(Arc<str>),
    /// A name that means nothing here.
    Unknown(Arc<str>),
}

impl TypeExpr {
    /// As written.
    pub fn text(&self) -> &str {
        match self {
            TypeExpr::Known(_, text) | TypeExpr::Null(text) | TypeExpr::Unknown(text) => text,
        }
    }
}

/// Unary tests: what stands in the cell of a decision table.
#[derive(Clone, Debug, PartialEq)]
pub enum UnaryTests {
    /// `-`: anything.
    Any,
    /// One of the tests must hold.
    Positive(Vec<Expr>),
    /// `not(...)`: none of the tests may hold.
    Negated(Vec<Expr>),
}

/// Trees are equal when they say the same, wherever they stand.
impl PartialEq for Expr {
    fn eq(&self, other: &Self) -> bool {
        self.kind == other.kind
    }
}

impl Expr {
    pub(crate) fn new(kind: ExprKind, span: Span) -> Self {
        let mut tallest = 0;
        kind.each_child(&mut |child| tallest = tallest.max(child.height));
        Self { kind, span, height: tallest + 1 }
    }
}

impl ExprKind {
    /// Calls `see` with every direct child.
    pub fn each_child<'a>(&'a self, see: &mut dyn FnMut(&'a Expr)) {
        match self {
            Self::Null
            | Self::Boolean(_)
            | Self::Number(_)
            | Self::String(_)
            | Self::Temporal(_)
            | Self::Input
            | Self::Name(_)
            | Self::Error => {}
            Self::Path(child, _)
            | Self::Negate(child)
            | Self::InstanceOf(child, _)
            | Self::Test(_, child)
            | Self::Function(_, child) => see(child),
            Self::Filter(a, b) | Self::Comparison(_, a, b) => [a, b].into_iter().for_each(|child| see(child)),
            Self::Between(a, b, c) | Self::If(a, b, c) => [a, b, c].into_iter().for_each(|child| see(child)),
            Self::Range(range) => [&range.start, &range.end].into_iter().for_each(|child| see(child)),
            Self::Call(callee, arguments) => {
                see(callee);
                arguments.each(see);
            }
            Self::Arithmetic(first, rest) => {
                see(first);
                rest.iter().for_each(|(_, operand)| see(operand));
            }
            Self::And(items) | Self::Or(items) | Self::List(items) => items.iter().for_each(see),
            Self::In(value, tests) => {
                see(value);
                tests.iter().for_each(see);
            }
            Self::For(iterators, body) | Self::Quantified(_, iterators, body) => {
                iterators.iter().for_each(|iterator| iterator.domain.each(see));
                see(body);
            }
            Self::Context(entries) => entries.iter().for_each(|(_, value)| see(value)),
        }
    }
}

impl Arguments {
    fn each<'a>(&'a self, see: &mut dyn FnMut(&'a Expr)) {
        match self {
            Self::Positional(values) => values.iter().for_each(see),
            Self::Named(values) => values.iter().for_each(|(_, value)| see(value)),
        }
    }
}

impl Domain {
    fn each<'a>(&'a self, see: &mut dyn FnMut(&'a Expr)) {
        match self {
            Self::List(list) => see(list),
            Self::Span(from, to) => [from, to].into_iter().for_each(see),
        }
    }
}

impl ArithmeticOperator {
    /// As written.
    pub fn symbol(self) -> &'static str {
        match self {
            Self::Add => "+",
            Self::Subtract => "-",
            Self::Multiply => "*",
            Self::Divide => "/",
            Self::Power => "**",
        }
    }
}

impl ComparisonOperator {
    /// As written.
    pub fn symbol(self) -> &'static str {
        match self {
            Self::Equal => "=",
            Self::NotEqual => "!=",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
        }
    }

    /// Whether it holds for values ordered this way.
    pub fn holds(self, ordering: std::cmp::Ordering) -> bool {
        match self {
            Self::Equal => ordering.is_eq(),
            Self::NotEqual => ordering.is_ne(),
            Self::Less => ordering.is_lt(),
            Self::LessOrEqual => ordering.is_le(),
            Self::Greater => ordering.is_gt(),
            Self::GreaterOrEqual => ordering.is_ge(),
        }
    }
}
