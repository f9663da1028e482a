//! Comparison, logic and choice.

use super::value;
use crate::ast::ComparisonOperator;
use crate::diagnostic::{Span, WarningKind};
use crate::machine::{Machine, Stop};
use crate::node::Node;
use crate::value::Value;

impl Machine<'_> {
    #[inline(never)]
    pub(super) fn comparison(
        &mut self,
        operator: ComparisonOperator,
        operands: &(Node, Node),
        span: Span,
    ) -> Result<Value, Stop> {
        let left = self.operand(&operands.0)?;
        let right = self.operand(&operands.1)?;
        Ok(self.compared(operator, &left, &right, span))
    }

    /// A comparison: true, false or null.
    #[inline]
    pub(super) fn compared(
        &mut self,
        operator: ComparisonOperator,
        left: &Value,
        right: &Value,
        span: Span,
    ) -> Value {
        if let (Value::Number(a), Value::Number(b)) = (left, right) {
            return Value::Boolean(operator.holds(a.cmp(b)));
        }
        self.compared_slowly(operator, left, right, span)
    }

    #[inline(never)]
    fn compared_slowly(
        &mut self,
        operator: ComparisonOperator,
        left: &Value,
        right: &Value,
        span: Span,
    ) -> Value {
        match operator {
            ComparisonOperator::Equal => self.equality(left, right, span),
            ComparisonOperator::NotEqual => match self.equality(left, right, span) {
                Value::Boolean(equal) => Value::Boolean(!equal),
                other => {
                    if self.switches().warn_on_condition {
                        self.wrong_type("boolean", &other, span);
                    }
                    Value::Null
                }
            },
            ComparisonOperator::Less
            | ComparisonOperator::LessOrEqual
            | ComparisonOperator::Greater
            | ComparisonOperator::GreaterOrEqual => match value::compare(left, right, self.switches()) {
                Some(ordering) => Value::Boolean(operator.holds(ordering)),
                None => self.not_comparable(left, right, span),
            },
        }
    }

    pub(super) fn equality(&mut self, left: &Value, right: &Value, span: Span) -> Value {
        match value::equal(left, right, self.switches()) {
            Some(equal) => Value::Boolean(equal),
            None => self.not_comparable(left, right, span),
        }
    }

    fn not_comparable(&mut self, left: &Value, right: &Value, span: Span) -> Value {
        self.warn(WarningKind::NotComparable, format!("Can't compare '{left}' with '{right}'"), span);
        Value::Null
    }

    /// `and` of three values: false wins, then null.
    pub(super) fn all(&mut self, operands: &[Node]) -> Result<Value, Stop> {
        self.logic(operands, false)
    }

    /// `or` of three values: true wins, then null.
    pub(super) fn any(&mut self, operands: &[Node]) -> Result<Value, Stop> {
        self.logic(operands, true)
    }

    /// Looks at the operands until one has the deciding value.
    #[inline(never)]
    fn logic(&mut self, operands: &[Node], deciding: bool) -> Result<Value, Stop> {
        let mut unknown = false;
        for operand in operands {
            let locals = self.locals.len();
            let value = self.evaluate(operand);
            let value = self.or_null(value, locals)?;
            match value {
                Value::Boolean(value) if value == deciding => return Ok(Value::Boolean(deciding)),
                Value::Boolean(_) => {}
                other => {
                    self.not_boolean(&other, unknown, operand.span);
                    unknown = true;
                }
            }
        }
        Ok(if unknown { Value::Null } else { Value::Boolean(!deciding) })
    }

    /// Warns of an operand of `and`, `or`, `some`, `every` that is no boolean, but only of the first.
    pub(super) fn not_boolean(&mut self, found: &Value, already: bool, span: Span) {
        if !already && self.switches().warn_on_condition {
            self.wrong_type("boolean", found, span);
        }
    }

    #[inline(never)]
    pub(super) fn between(&mut self, operands: &(Node, Node, Node), span: Span) -> Result<Value, Stop> {
        let value = self.evaluate(&operands.0)?;
        let low = self.evaluate(&operands.1)?;
        let above = self.compared(ComparisonOperator::GreaterOrEqual, &value, &low, span);
        if above.as_bool() == Some(false) {
            return Ok(above);
        }
        let high = self.evaluate(&operands.2)?;
        let below = self.compared(ComparisonOperator::LessOrEqual, &value, &high, span);
        if below.as_bool() == Some(false) {
            self.not_boolean(&above, !above.is_null(), span);
            return Ok(below);
        }
        if above.is_null() || below.is_null() {
            self.not_boolean(&Value::Null, false, span);
            return Ok(Value::Null);
        }
        Ok(Value::Boolean(true))
    }

    #[inline(never)]
    pub(super) fn choice(&mut self, parts: &(Node, Node, Node)) -> Result<Value, Stop> {
        let locals = self.locals.len();
        let condition = match self.evaluate(&parts.0) {
            Ok(value) => value,
            Err(stop) => self.or_null(Err(stop), locals)?,
        };
        match condition {
            Value::Boolean(true) => self.evaluate(&parts.1),
            Value::Boolean(false) => self.evaluate(&parts.2),
            other => {
                if self.switches().warn_on_condition {
                    self.wrong_type("boolean", &other, parts.0.span);
                }
                self.evaluate(&parts.2)
            }
        }
    }
}
