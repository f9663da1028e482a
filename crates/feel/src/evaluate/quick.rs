//! Evaluation without a machine: of what most conditions and mappings are, comparisons and sums of numbers and
//! choices between them, over variables at hand as values. Nothing there can warn, fail or recurse. Anything else has no
//! value here, and the evaluation begins with a machine; only whether it is needed is decided here, no rule.

use std::sync::Arc;

use super::follow;
use crate::ast::{ArithmeticOperator, ComparisonOperator};
use crate::node::{Node, NodeKind};
use crate::number::Number;
use crate::value::Value;
use crate::variables::Variables;

/// What a quick evaluation reads.
#[derive(Clone, Copy)]
pub(crate) struct Quick<'a> {
    pub(crate) variables: &'a dyn Variables,
    /// The names of the slots.
    pub(crate) globals: &'a [Arc<str>],
}

impl<'a> Quick<'a> {
    /// The value of a node, if it has one here.
    #[inline]
    pub(crate) fn evaluate(self, node: &Node) -> Option<Value> {
        match &node.kind {
            NodeKind::Compare(operator, operands) => self.comparison(*operator, operands).map(Value::Boolean),
            NodeKind::Arithmetic(first, rest) => self.arithmetic(first, rest).map(Value::Number),
            NodeKind::If(parts) => self.choice(parts),
            _ => None,
        }
    }

    /// A value where it lies.
    #[inline]
    fn at_hand<'v>(self, node: &'v Node) -> Option<&'v Value>
    where
        'a: 'v,
    {
        match &node.kind {
            NodeKind::Constant(value) => Some(value),
            NodeKind::Global(slot) => self.variable(*slot),
            NodeKind::GlobalPath(slot, path) => follow(self.variable(*slot)?, path),
            _ => None,
        }
    }

    #[inline]
    fn variable(self, slot: u32) -> Option<&'a Value> {
        self.variables.value(&self.globals[slot as usize])
    }

    fn comparison(self, operator: ComparisonOperator, operands: &(Node, Node)) -> Option<bool> {
        let (left, right) = operands;
        if operator == ComparisonOperator::Equal
            && let Some(Value::String(right)) = right.constant()
        {
            return Some(self.at_hand(left)?.as_str()? == &**right);
        }
        Some(operator.holds(self.number(left)?.cmp(&self.number(right)?)))
    }

    #[inline]
    fn number(self, node: &Node) -> Option<Number> {
        match &node.kind {
            NodeKind::Arithmetic(first, rest) => self.arithmetic(first, rest),
            _ => self.at_hand(node)?.as_number().copied(),
        }
    }

    fn arithmetic(self, first: &Node, rest: &[(ArithmeticOperator, Node)]) -> Option<Number> {
        let mut result = self.number(first)?;
        for (operator, operand) in rest {
            let operand = self.number(operand)?;
            result = match operator {
                ArithmeticOperator::Add => result.add(&operand)?,
                ArithmeticOperator::Subtract => result.subtract(&operand)?,
                ArithmeticOperator::Multiply => result.multiply(&operand)?,
                ArithmeticOperator::Divide => result.divide(&operand)?,
                // It costs fuel.
                ArithmeticOperator::Power => return None,
            };
        }
        Some(result)
    }

    fn choice(self, parts: &(Node, Node, Node)) -> Option<Value> {
        let NodeKind::Compare(operator, operands) = &parts.0.kind else { return None };
        let chosen = if self.comparison(*operator, operands)? { &parts.1 } else { &parts.2 };
        match self.at_hand(chosen) {
            Some(value) => Some(value.clone()),
            None => self.evaluate(chosen),
        }
    }
}
