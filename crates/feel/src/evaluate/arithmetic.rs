//! Arithmetic on numbers, strings, dates and durations.

use crate::ast::ArithmeticOperator;
use crate::diagnostic::{Span, WarningKind};
use crate::dialect::Dialect;
use crate::machine::{Machine, Stop};
use crate::node::Node;
use crate::number::{Number, Rounding};
use crate::temporal::{DaysDuration, MonthsDuration};
use crate::value::Value;

impl Machine<'_> {
    pub(super) fn arithmetic(
        &mut self,
        first: &Node,
        rest: &[(ArithmeticOperator, Node)],
        span: Span,
    ) -> Result<Value, Stop> {
        let locals = self.locals.len();
        let mut result = self.evaluate(first).or_else(|stop| self.or_null(Err(stop), locals))?;
        for (operator, operand) in rest {
            let operand = self.evaluate(operand).or_else(|stop| self.or_null(Err(stop), locals))?;
            result = self.calculated(*operator, &result, &operand, span)?;
        }
        Ok(result)
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
                ArithmeticOperator::Power => self.power(a, b),
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
            return Number::from_f64(power.to_f64());
        }
        Some(power)
    }

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
            ArithmeticOperator::Add => temporal_sum(left, right),
            ArithmeticOperator::Subtract => temporal_difference(left, right, dialect),
            ArithmeticOperator::Multiply => match (left, right) {
                (duration, Value::Number(factor)) | (Value::Number(factor), duration) => {
                    multiplied(duration, factor, dialect)
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

fn temporal_sum(left: &Value, right: &Value) -> Option<Value> {
    left.as_temporal()?.plus(right.as_temporal()?).ok().map(Value::from)
}

fn temporal_difference(left: &Value, right: &Value, dialect: Dialect) -> Option<Value> {
    left.as_temporal()?.minus(right.as_temporal()?, dialect).ok().map(Value::from)
}

/// A duration times a number; in the BPMN dialect the number is cut to a whole one.
fn multiplied(duration: &Value, factor: &Number, dialect: Dialect) -> Option<Value> {
    let factor = if dialect == Dialect::Bpmn { Number::from(factor.to_i64_saturating()) } else { *factor };
    match duration {
        Value::MonthsDuration(months) => {
            let product = Number::from(months.total_months()).multiply(&factor)?;
            Some(Value::MonthsDuration(MonthsDuration::from_months(whole(&product)?)))
        }
        Value::DaysDuration(days) => nanos(&Number::from_parts(days.total_nanos(), 0)?.multiply(&factor)?),
        _ => None,
    }
}

/// A duration by a number or by a duration of its kind; the BPMN dialect cuts to milliseconds and whole numbers.
fn divided(left: &Value, right: &Value, dialect: Dialect) -> Option<Value> {
    let cut = dialect == Dialect::Bpmn;
    match (left, right) {
        (Value::MonthsDuration(months), Value::Number(divisor)) => {
            let quotient = Number::from(months.total_months()).divide(divisor)?;
            Some(Value::MonthsDuration(MonthsDuration::from_months(whole(&quotient)?)))
        }
        (Value::MonthsDuration(a), Value::MonthsDuration(b)) => {
            ratio(i128::from(a.total_months()), i128::from(b.total_months()), cut)
        }
        (Value::DaysDuration(days), Value::Number(divisor)) => {
            let unit = if cut { 1_000_000 } else { 1 };
            let quotient = Number::from_parts(days.total_nanos() / unit, 0)?.divide(divisor)?;
            let quotient = if cut { quotient.round(0, Rounding::Down)? } else { quotient };
            nanos(&quotient.multiply(&Number::from_parts(unit, 0)?)?)
        }
        (Value::DaysDuration(a), Value::DaysDuration(b)) => {
            let unit = if cut { 1_000_000 } else { 1 };
            ratio(a.total_nanos() / unit, b.total_nanos() / unit, cut)
        }
        _ => None,
    }
}

fn ratio(left: i128, right: i128, cut: bool) -> Option<Value> {
    if cut {
        return Some(Value::Number(Number::from_parts(left.checked_div(right)?, 0)?));
    }
    Number::from_parts(left, 0)?.divide(&Number::from_parts(right, 0)?).map(Value::Number)
}

fn whole(number: &Number) -> Option<i64> {
    number.round(0, Rounding::Down)?.to_i64()
}

fn nanos(number: &Number) -> Option<Value> {
    let (coefficient, exponent) = number.round(0, Rounding::Down)?.parts();
    let nanos = coefficient.checked_mul(10_i128.checked_pow(u32::try_from(exponent).ok()?)?)?;
    DaysDuration::from_nanos(nanos).map(Value::DaysDuration)
}
