//! Folding: what does not depend on anything is evaluated once, when compiling, unless that warns or fails.

use super::Compiler;
use crate::limits::Limits;
use crate::machine::Machine;
use crate::node::{Filter, Node, NodeKind};
use crate::temporal::Moment;
use crate::value::Value;

/// What folding may cost: little, so that compiling stays cheap whatever is written.
const LIMITS: Limits = Limits {
    fuel_steps: 1_000,
    memory_bytes: 64 * 1024,
    list_items: 1_000,
    string_bytes: 16 * 1024,
    ..Limits::DEFAULT
};

impl Compiler<'_> {
    /// The node, or the constant it always gives.
    pub(super) fn folded(&self, node: Node) -> Node {
        if !self.folding || !is_foldable(&node.kind) {
            return node;
        }
        match self.evaluated(&node) {
            Some(value) => Node { kind: NodeKind::Constant(value), span: node.span },
            None => node,
        }
    }

    fn evaluated(&self, node: &Node) -> Option<Value> {
        let moment = Moment::default();
        let mut machine = Machine::new(self.dialect, &moment, &LIMITS, &(), &[], None);
        let value = machine.evaluate(node).ok()?;
        let quiet = machine.take_warnings().is_empty();
        (quiet && !matches!(value, Value::Function(_))).then_some(value)
    }
}

/// Whether all operands are constants, and the operation depends on nothing else.
fn is_foldable(kind: &NodeKind) -> bool {
    let constant = |node: &Node| node.constant().is_some();
    match kind {
        NodeKind::Negate(value) | NodeKind::Path(value, _) | NodeKind::InstanceOf(value, _) => {
            constant(value)
        }
        NodeKind::Arithmetic(first, rest) => constant(first) && rest.iter().all(|(_, node)| constant(node)),
        NodeKind::Compare(_, operands) => constant(&operands.0) && constant(&operands.1),
        NodeKind::And(nodes) | NodeKind::Or(nodes) | NodeKind::List(nodes) => nodes.iter().all(constant),
        NodeKind::Range(range) => constant(&range.start) && constant(&range.end),
        NodeKind::If(parts) => constant(&parts.0) && constant(&parts.1) && constant(&parts.2),
        NodeKind::Filter(filter) => constant(&filter.list) && matches!(filter.filter, Filter::Index(_)),
        NodeKind::CallBuiltin(builtin, arguments) => !builtin.volatile && arguments.iter().all(constant),
        NodeKind::CallBuiltinNamed(builtin, arguments) => {
            !builtin.volatile && arguments.iter().all(|(_, node)| constant(node))
        }
        NodeKind::Between(_)
        | NodeKind::Constant(_)
        | NodeKind::Global(_)
        | NodeKind::GlobalPath(..)
        | NodeKind::Local(_)
        | NodeKind::Captured(_)
        | NodeKind::Entry(_)
        | NodeKind::Input
        | NodeKind::In(..)
        | NodeKind::RangeTest(_)
        | NodeKind::OpenTest(..)
        | NodeKind::For(_)
        | NodeKind::Quantified(..)
        | NodeKind::Context(_)
        | NodeKind::Function(_)
        | NodeKind::Call(_)
        | NodeKind::Nothing => false,
    }
}
