//! Arithmetic on numbers, strings, dates and durations.

use super::Operand;
use crate::ast::ArithmeticOperator;
use crate::diagnostic::{Span, WarningKind};
use crate::dialect::Dialect;
use crate::machine::{Machine, Stop};
use crate::node::Node;
use crate::number::Number;
use crate::temporal::{ArithmeticError, Temporal};
use crate::value::Value;

impl<'a> Machine<'a> {
    #[inline(never)]
    pub(super) fn arithmetic(
        &mut self,
        first: &Node,
        rest: &[(ArithmeticOperator, Node)],
        span: Span,
    ) -> Result<Value, Stop> {
        let locals = self.locals.len();
        let mut result = self.operand_or_null(first, locals)?;
        for (operator, operand) in rest {
            let operand = self.operand_or_null(operand, locals)?;
            result = Operand::Owned(self.calculated(*operator, &result, &operand, span)?);
        }
        Ok(result.into_value())
    }

    /// An operand; null if it only made something null.
    #[inline]
    fn operand_or_null<'v>(&mut self, node: &'v Node, locals: usize) -> Result<Operand<'v>, Stop>
    where
        'a: 'v,
    {
        match self.operand(node) {
            Ok(operand) => Ok(operand),
            Err(stop) => self.or_null(Err(stop), locals).map(Operand::Owned),
        }
    }

    #[inline]
    fn calculated(
        &mut self,
        operator: ArithmeticOperator,
        left: &Value,
        right: &Value,
        span: Span,
    ) -> Result<Value, Stop> {
        if let (Value::Number(a), Value::Number(b)) = (left, right) {
            let number = match operator {
                ArithmeticOperator::Add => a.add(b),
                ArithmeticOperator::Subtract => a.subtract(b),
                ArithmeticOperator::Multiply => a.multiply(b),
                ArithmeticOperator::Divide => a.divide(b),
                ArithmeticOperator::Power => {
                    self.burn(power_steps(a, b))?;
                    self.power(a, b)
                }
            };
            if let Some(number) = number {
                return Ok(Value::Number(number));
            }
            return Ok(self.impossible(operator, left, right, span));
        }
        self.calculated_slowly(operator, left, right, span)
    }

    /// Fractional powers go through doubles in the BPMN dialect's reference, so they have a double's digits there.
    fn power(&self, base: &Number, exponent: &Number) -> Option<Number> {
        let power = base.power(exponent)?;
        if self.switches().rounds_to_double && !exponent.is_whole() {
            return power.as_double();
        }
        Some(power)
    }

    #[inline(never)]
    fn calculated_slowly(
        &mut self,
        operator: ArithmeticOperator,
        left: &Value,
        right: &Value,
        span: Span,
    ) -> Result<Value, Stop> {
        let dialect = self.dialect();
        if let (Value::String(a), Value::String(b), ArithmeticOperator::Add) = (left, right, operator) {
            return self.joined(a, b);
        }
        let result = match operator {
            ArithmeticOperator::Add => in_range(temporal_sum(left, right), dialect)?,
            ArithmeticOperator::Subtract => in_range(temporal_difference(left, right, dialect), dialect)?,
            ArithmeticOperator::Multiply => match (left, right) {
                (duration, Value::Number(factor)) | (Value::Number(factor), duration) => {
                    in_range(multiplied(duration, factor, dialect), dialect)?
                }
                _ => None,
            },
            ArithmeticOperator::Divide => divided(left, right, dialect),
            ArithmeticOperator::Power => {
                let wrong = if left.as_number().is_some() { right } else { left };
                self.wrong_type("number", wrong, span);
                return Ok(Value::Null);
            }
        };
        match result {
            Some(value) => Ok(value),
            None => Ok(self.impossible(operator, left, right, span)),
        }
    }

    fn joined(&mut self, left: &str, right: &str) -> Result<Value, Stop> {
        let mut text = String::with_capacity(left.len() + right.len());
        text.push_str(left);
        text.push_str(right);
        self.string(text)
    }

    fn impossible(&mut self, operator: ArithmeticOperator, left: &Value, right: &Value, span: Span) -> Value {
        let message = match operator {
            ArithmeticOperator::Add => format!("Can't add '{right}' to '{left}'"),
            ArithmeticOperator::Subtract => format!("Can't subtract '{right}' from '{left}'"),
            ArithmeticOperator::Multiply => format!("Can't multiply '{left}' by '{right}'"),
            ArithmeticOperator::Divide => format!("Can't divide '{left}' by '{right}'"),
            ArithmeticOperator::Power => format!("Can't raise '{left}' to the power of '{right}'"),
        };
        self.warn(WarningKind::InvalidType, message, span);
        Value::Null
    }

    #[inline(never)]
    pub(super) fn negate(&mut self, value: &Node, span: Span) -> Result<Value, Stop> {
        let locals = self.locals.len();
        let value = self.evaluate(value).or_else(|stop| self.or_null(Err(stop), locals))?;
        if let Value::Number(number) = &value {
            return Ok(Value::Number(number.negate()));
        }
        let negated = value.as_temporal().and_then(|temporal| temporal.negate(self.dialect()).ok());
        match negated {
            Some(temporal) => Ok(temporal.into()),
            None => {
                self.wrong_type("number", &value, span);
                Ok(Value::Null)
            }
        }
    }
}

/// A power of machine integers is cheap; any other takes logarithms of 34 digits.
fn power_steps(base: &Number, exponent: &Number) -> u64 {
    let small = base.as_int().is_some() && exponent.as_int().is_some_and(|whole| (0..=8).contains(&whole));
    if small { 1 } else { crate::number::LOGARITHM_STEPS }
}

type Calculated = Result<Value, ArithmeticError>;

/// What lies out of range is no value, and fails the evaluation in the BPMN dialect, as in its reference.
fn in_range(calculated: Calculated, dialect: Dialect) -> Result<Option<Value>, Stop> {
    match calculated {
        Ok(value) => Ok(Some(value)),
        Err(ArithmeticError::Range) if dialect == Dialect::Bpmn => {
            Err(Stop::failed(ArithmeticError::Range.to_string()))
        }
        Err(ArithmeticError::Range | ArithmeticError::Types) => Ok(None),
    }
}

fn operands(left: &Value, right: &Value) -> Result<(Temporal, Temporal), ArithmeticError> {
    left.as_temporal().zip(right.as_temporal()).ok_or(ArithmeticError::Types)
}

fn temporal_sum(left: &Value, right: &Value) -> Calculated {
    let (left, right) = operands(left, right)?;
    left.plus(right).map(Value::from)
}

fn temporal_difference(left: &Value, right: &Value, dialect: Dialect) -> Calculated {
    let (left, right) = operands(left, right)?;
    left.minus(right, dialect).map(Value::from)
}

fn multiplied(duration: &Value, factor: &Number, dialect: Dialect) -> Calculated {
    let product = match duration {
        Value::MonthsDuration(months) => months.times(factor, dialect).map(Value::MonthsDuration),
        Value::DaysDuration(days) => days.times(factor, dialect).map(Value::DaysDuration),
        _ => return Err(ArithmeticError::Types),
    };
    product.ok_or(ArithmeticError::Range)
}

fn divided(left: &Value, right: &Value, dialect: Dialect) -> Option<Value> {
    match (left, right) {
        (Value::MonthsDuration(months), Value::Number(divisor)) => {
            months.divided_by(divisor).map(Value::MonthsDuration)
        }
        (Value::MonthsDuration(a), Value::MonthsDuration(b)) => a.ratio(*b, dialect).map(Value::Number),
        (Value::DaysDuration(days), Value::Number(divisor)) => {
            days.divided_by(divisor, dialect).map(Value::DaysDuration)
        }
        (Value::DaysDuration(a), Value::DaysDuration(b)) => a.ratio(*b, dialect).map(Value::Number),
        _ => None,
    }
}
