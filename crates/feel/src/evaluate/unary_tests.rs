//! Tests of an input: unary tests, and what follows `in`.

use super::value;
use crate::ast::ComparisonOperator;
use crate::diagnostic::{Span, WarningKind};
use crate::machine::{Machine, Stop};
use crate::node::{Node, RangeNode, Test, Tests};
use crate::value::{Range, Value};
use crate::variables::Binding;

impl Machine<'_> {
    /// The result of unary tests for the input.
    pub(crate) fn unary_tests(&mut self, tests: &Tests) -> Result<Value, Stop> {
        match tests {
            Tests::Any => Ok(Value::Boolean(true)),
            Tests::Positive(tests) => {
                let input = self.given_input();
                self.any_test(tests, &input)
            }
            Tests::Negated(tests) => {
                let input = self.given_input();
                match self.any_test(tests, &input)? {
                    Value::Boolean(holds) => Ok(Value::Boolean(!holds)),
                    other => {
                        self.not_boolean(&other, false, Span::default());
                        Ok(Value::Null)
                    }
                }
            }
        }
    }

    /// The input of the unary tests; a variable of this name counts as one too, as in the reference.
    pub(super) fn given_input(&mut self) -> Value {
        if self.input.is_none() {
            self.input = match self.variables().get("cellInput") {
                Some(Binding::Value(value)) => Some(value),
                Some(Binding::Json(text)) => Value::from_json(&text).ok(),
                None => None,
            };
        }
        match &self.input {
            Some(input) => input.clone(),
            None => {
                self.warn(WarningKind::NoVariableFound, "No input value found.".to_owned(), Span::default());
                Value::Null
            }
        }
    }

    #[inline(never)]
    pub(super) fn membership(&mut self, value: &Node, tests: &[Test]) -> Result<Value, Stop> {
        let input = self.evaluate(value)?;
        let locals = self.locals.len();
        self.locals.push(input.clone());
        let outcome = self.any_test(tests, &input)?;
        self.locals.truncate(locals);
        Ok(outcome)
    }

    /// Whether one of the tests holds: true wins, then null.
    fn any_test(&mut self, tests: &[Test], input: &Value) -> Result<Value, Stop> {
        if let [test] = tests {
            return self.test(test, input);
        }
        let mut unknown = false;
        for test in tests {
            match self.test(test, input)? {
                Value::Boolean(true) => return Ok(Value::Boolean(true)),
                Value::Boolean(false) => {}
                other => {
                    self.not_boolean(&other, unknown, Span::default());
                    unknown = true;
                }
            }
        }
        Ok(if unknown { Value::Null } else { Value::Boolean(false) })
    }

    fn test(&mut self, test: &Test, input: &Value) -> Result<Value, Stop> {
        match test {
            Test::Compare(operator, node) => {
                let end = self.operand(node)?;
                Ok(self.compared(*operator, input, &end, node.span))
            }
            Test::Range(range, span) => self.in_range_node(range, input, *span),
            Test::Equals(node) => {
                let value = self.operand(node)?;
                Ok(self.equality(input, &value, node.span))
            }
            Test::Condition(node) => Ok(match self.evaluate(node)? {
                Value::Boolean(holds) => Value::Boolean(holds),
                _ => Value::Null,
            }),
            Test::Value(node) => {
                let value = self.operand(node)?;
                self.matches(&value, input, node.span)
            }
        }
    }

    #[inline(never)]
    pub(super) fn range_test(&mut self, range: &RangeNode, span: Span) -> Result<Value, Stop> {
        let input = self.given_input();
        self.in_range_node(range, &input, span)
    }

    /// Whether the input lies between the ends, both of its own type.
    pub(super) fn in_range_node(
        &mut self,
        node: &RangeNode,
        input: &Value,
        span: Span,
    ) -> Result<Value, Stop> {
        let start = self.operand(&node.start)?;
        let end = self.operand(&node.end)?;
        let above = value::compare(input, &start, self.switches());
        let below = value::compare(input, &end, self.switches());
        let (Some(above), Some(below)) = (above, below) else {
            let message = format!("Can't compare '{input}' with '{}' and '{}'", *start, *end);
            self.warn(WarningKind::NotComparable, message, span);
            return Ok(Value::Null);
        };
        let inside = (above.is_gt() || (node.start_included && above.is_eq()))
            && (below.is_lt() || (node.end_included && below.is_eq()));
        Ok(Value::Boolean(inside))
    }

    /// Whether a value, used as a test, holds for the input: it is true, the input, or a list or range with it.
    /// For a boolean input the standard's dialect takes a boolean as the value that the input must be.
    fn matches(&mut self, value: &Value, input: &Value, span: Span) -> Result<Value, Stop> {
        match value {
            Value::Boolean(value) if self.switches().booleans_are_inputs && input.as_bool().is_some() => {
                return Ok(Value::Boolean(input.as_bool() == Some(*value)));
            }
            Value::Boolean(true) => return Ok(Value::Boolean(true)),
            Value::List(items) => {
                self.burn(items.len() as u64)?;
                if items.iter().any(|item| value::equal(item, input, self.switches()) == Some(true)) {
                    return Ok(Value::Boolean(true));
                }
                if self.switches().range_values
                    && items
                        .iter()
                        .any(|item| matches!(item, Value::Range(range) if self.in_range(range, input)))
                {
                    return Ok(Value::Boolean(true));
                }
            }
            Value::Range(range) => return Ok(Value::Boolean(self.in_range(range, input))),
            _ => {}
        }
        Ok(match self.equality(input, value, span) {
            Value::Boolean(true) => Value::Boolean(true),
            _ if matches!(value, Value::Boolean(false) | Value::List(_)) => Value::Boolean(false),
            Value::Null => Value::Null,
            _ => Value::Boolean(false),
        })
    }

    /// Whether a value belongs to a range; false if it is of another type.
    pub(crate) fn in_range(&self, range: &Range, input: &Value) -> bool {
        let (start, end) = (range.start(), range.end());
        let above = start.value.is_null()
            || value::compare(input, &start.value, self.switches())
                .is_some_and(|order| order.is_gt() || (start.included && order.is_eq()));
        let below = end.value.is_null()
            || value::compare(input, &end.value, self.switches())
                .is_some_and(|order| order.is_lt() || (end.included && order.is_eq()));
        above && below
    }

    /// `< 5` as an expression: a range without one end in DMN, otherwise a test of the input of the unary tests.
    #[inline(never)]
    pub(super) fn open_test(
        &mut self,
        operator: ComparisonOperator,
        node: &Node,
        span: Span,
    ) -> Result<Value, Stop> {
        let end = self.evaluate(node)?;
        if self.switches().range_values {
            return Ok(Range::compared(operator, end).map_or(Value::Null, Value::Range));
        }
        let input = self.given_input();
        Ok(self.compared(operator, &input, &end, span))
    }
}

/// Whether the node is nothing but a constant; used to index decision tables.
impl Test {
    /// The value that the input must equal, if that is all the test says and it is known when compiling.
    pub(crate) fn literal(&self) -> Option<&Value> {
        match self {
            Test::Equals(node) => node.constant(),
            // `true` holds for every input, a list for each of its items.
            Test::Value(node) => node
                .constant()
                .filter(|value| !matches!(value, Value::Boolean(_) | Value::List(_) | Value::Range(_))),
            Test::Compare(..) | Test::Range(..) | Test::Condition(_) => None,
        }
    }
}
