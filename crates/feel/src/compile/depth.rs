//! How much of the stack an expression takes while it is evaluated, in the unit of [`crate::Limits::depth_nodes`].
//!
//! Known when compiling, so that evaluating pays once for a whole expression or function and not for every node.
//! The weights are measured: no node takes more than about 800 bytes of stack for each unit in a build without
//! optimisation (`tests/recursion.rs` holds all kinds to that), and about a fifth of it in a release.

use crate::ast::{Expr, ExprKind, UnaryTests};

/// What an expression takes at its deepest.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Depth {
    /// Down to its deepest node.
    pub(crate) whole_nodes: u32,
    /// Down to its deepest call: what is still in use while a function that it calls runs.
    pub(crate) calls_nodes: u32,
}

impl Depth {
    fn or(self, other: Depth) -> Depth {
        Depth {
            whole_nodes: self.whole_nodes.max(other.whole_nodes),
            calls_nodes: self.calls_nodes.max(other.calls_nodes),
        }
    }
}

/// The depth of an expression.
pub(super) fn of(expr: &Expr) -> Depth {
    let mut below = Depth::default();
    // The body of a function takes its room where it is called.
    if !matches!(expr.kind, ExprKind::Function(..)) {
        expr.kind.each_child(&mut |child| below = below.or(of(child)));
    }
    let own = weight(&expr.kind);
    let calls = matches!(expr.kind, ExprKind::Call(..)) || below.calls_nodes > 0;
    Depth {
        whole_nodes: below.whole_nodes.saturating_add(own),
        calls_nodes: if calls { below.calls_nodes.saturating_add(own) } else { 0 },
    }
}

/// The depth of a function with that body: something must be left for whoever calls it.
pub(super) fn of_function(body: &Expr) -> Depth {
    let depth = of(body);
    Depth { whole_nodes: depth.whole_nodes + 1, calls_nodes: depth.calls_nodes + 1 }
}

/// The depth of unary tests.
pub(super) fn of_tests(tests: &UnaryTests) -> Depth {
    match tests {
        UnaryTests::Any => Depth::default(),
        UnaryTests::Positive(tests) | UnaryTests::Negated(tests) => {
            let deepest = tests.iter().map(of).fold(Depth::default(), Depth::or);
            Depth { whole_nodes: deepest.whole_nodes + 3, calls_nodes: deepest.calls_nodes + 3 }
        }
    }
}

/// What a node takes itself.
fn weight(kind: &ExprKind) -> u32 {
    match kind {
        ExprKind::Null
        | ExprKind::Boolean(_)
        | ExprKind::Number(_)
        | ExprKind::String(_)
        | ExprKind::Temporal(_)
        | ExprKind::Input
        | ExprKind::Name(_)
        | ExprKind::Error
        | ExprKind::Path(..)
        | ExprKind::Negate(_)
        | ExprKind::And(_)
        | ExprKind::Or(_)
        | ExprKind::InstanceOf(..)
        | ExprKind::If(..)
        | ExprKind::List(_)
        | ExprKind::Function(..) => 1,
        ExprKind::Arithmetic(..)
        | ExprKind::Comparison(..)
        | ExprKind::Between(..)
        | ExprKind::Context(_)
        | ExprKind::Range(_)
        | ExprKind::Test(..) => 2,
        ExprKind::Filter(..) | ExprKind::In(..) | ExprKind::Call(..) => 3,
        // One level of iterators is in another.
        ExprKind::For(iterators, _) | ExprKind::Quantified(_, iterators, _) => {
            3_u32.saturating_add(u32::try_from(iterators.len()).unwrap_or(u32::MAX))
        }
    }
}
