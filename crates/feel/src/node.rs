//! The compiled form: names are places, constants are values, nothing is looked up by name that need not be.

use std::sync::Arc;

use crate::ast::{ArithmeticOperator, ComparisonOperator, Quantifier, TypeExpr};
use crate::builtin::Builtin;
use crate::compile::depth::Depth;
use crate::diagnostic::Span;
use crate::names::Type;
use crate::value::Value;

/// A compiled node.
#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) kind: NodeKind,
    pub(crate) span: Span,
}

#[derive(Debug)]
pub(crate) enum NodeKind {
    Constant(Value),
    /// A variable of the evaluation, by its slot.
    Global(u32),
    /// An entry within a variable: decoded from JSON along the path only.
    GlobalPath(u32, Box<[Arc<str>]>),
    /// A variable of the expression, by its place above the frame.
    Local(u32),
    /// What the function captured when it was defined, by its place.
    Captured(u32),
    /// A name inside filters: an entry of one of the items if they have it, otherwise something else.
    Entry(Box<EntryNode>),
    /// `?` outside `in`.
    Input,
    Path(Box<Node>, Arc<str>),
    Filter(Box<FilterNode>),
    Negate(Box<Node>),
    Arithmetic(Box<Node>, Box<[(ArithmeticOperator, Node)]>),
    Compare(ComparisonOperator, Box<(Node, Node)>),
    And(Box<[Node]>),
    Or(Box<[Node]>),
    Between(Box<(Node, Node, Node)>),
    In(Box<Node>, Box<[Test]>),
    /// `< 5` as an expression: compares the input of the unary tests, or is an open range.
    OpenTest(ComparisonOperator, Box<Node>),
    InstanceOf(Box<Node>, TypeExpr),
    If(Box<(Node, Node, Node)>),
    For(Box<LoopNode>),
    Quantified(Quantifier, Box<LoopNode>),
    List(Box<[Node]>),
    Context(Box<[(Arc<str>, Node)]>),
    Range(Box<RangeNode>),
    /// A range as an expression of its own in the BPMN dialect: whether the input of the unary tests is in it.
    RangeTest(Box<RangeNode>),
    Function(Box<FunctionNode>),
    CallBuiltin(&'static Builtin, Box<[Node]>),
    CallBuiltinNamed(&'static Builtin, Box<[(Arc<str>, Node)]>),
    /// A call of a value; the name is for messages.
    Call(Box<CallNode>),
    /// Cannot be reached: a tree with errors is not compiled.
    Nothing,
}

#[derive(Debug)]
pub(crate) struct EntryNode {
    pub(crate) name: Arc<str>,
    /// Places of the items of the enclosing filters, innermost first.
    pub(crate) items: Box<[Node]>,
    pub(crate) otherwise: Node,
}

#[derive(Debug)]
pub(crate) struct FilterNode {
    pub(crate) list: Node,
    pub(crate) filter: Filter,
}

#[derive(Debug)]
pub(crate) enum Filter {
    /// A number, known when compiling.
    Index(crate::number::Number),
    /// Evaluated for each item; a number for the first item makes it an index.
    Condition {
        condition: Node,
        /// The same outside the item's scope: feel-scala looks first whether that is a number.
        outside: Option<Node>,
    },
}

#[derive(Debug)]
pub(crate) struct LoopNode {
    pub(crate) domains: Box<[DomainNode]>,
    /// Whether the body reads `partial`.
    pub(crate) partial: bool,
    pub(crate) body: Node,
    /// Steps that one round costs.
    pub(crate) cost_steps: u64,
}

#[derive(Debug)]
pub(crate) enum DomainNode {
    List(Node),
    Span(Node, Node),
}

#[derive(Debug)]
pub(crate) struct RangeNode {
    pub(crate) start: Node,
    pub(crate) start_included: bool,
    pub(crate) end: Node,
    pub(crate) end_included: bool,
}

#[derive(Debug)]
pub(crate) struct FunctionNode {
    pub(crate) body: Arc<FunctionBody>,
    /// What it captures, evaluated where it is defined.
    pub(crate) captures: Box<[Node]>,
}

/// The code of a function defined in FEEL.
#[derive(Debug)]
pub(crate) struct FunctionBody {
    pub(crate) parameters: Arc<[(Arc<str>, Type)]>,
    pub(crate) node: Node,
    pub(crate) depth: Depth,
}

#[derive(Debug)]
pub(crate) struct CallNode {
    pub(crate) callee: Node,
    /// For messages.
    pub(crate) name: Arc<str>,
    /// Whether the callee is a member of a value (`context.function()`).
    pub(crate) member: bool,
    pub(crate) arguments: ArgumentNodes,
}

#[derive(Debug)]
pub(crate) enum ArgumentNodes {
    Positional(Box<[Node]>),
    Named(Box<[(Arc<str>, Node)]>),
}

/// A test of an input.
#[derive(Debug)]
pub(crate) enum Test {
    /// `< 5`
    Compare(ComparisonOperator, Node),
    /// `[1..5]`
    Range(RangeNode, Span),
    /// `true`, `false`: the input must be that.
    Equals(Node),
    /// An expression with `?`: its boolean counts.
    Condition(Node),
    /// Any other: true, the input itself, or a list with it.
    Value(Node),
}

/// Unary tests, compiled.
#[derive(Debug)]
pub(crate) enum Tests {
    Any,
    Positive(Box<[Test]>),
    Negated(Box<[Test]>),
}

impl Node {
    pub(crate) fn constant(&self) -> Option<&Value> {
        match &self.kind {
            NodeKind::Constant(value) => Some(value),
            _ => None,
        }
    }

    /// Whether it is a name that may be an entry of an item, or a path from such a name.
    pub(crate) fn starts_at_entry(&self) -> bool {
        match &self.kind {
            NodeKind::Entry(_) => true,
            NodeKind::Path(value, _) => value.starts_at_entry(),
            _ => false,
        }
    }
}
