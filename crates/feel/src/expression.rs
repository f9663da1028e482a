//! The front door: compile an expression once, evaluate it many times.

use std::fmt;
use std::sync::Arc;

use crate::diagnostic::{Diagnostics, EvaluationError, Warning};
use crate::dialect::Dialect;
use crate::limits::Limits;
use crate::names::Names;
use crate::temporal::Moment;
use crate::value::Value;
use crate::variables::Variables;

/// A compiled expression. Cheap to clone, `Send` and `Sync`.
#[derive(Clone)]
pub struct Expression(Arc<Compiled>);

struct Compiled {
    text: String,
    dialect: Dialect,
}

/// The result of an evaluation.
#[derive(Clone, Debug)]
pub struct Evaluation {
    /// The value.
    pub value: Value,
    /// What made parts of it null, in the order it happened.
    pub warnings: Vec<Warning>,
}

impl Expression {
    /// Compiles an expression (without a leading `=`). All errors are reported at once.
    pub fn compile(text: &str, dialect: Dialect, names: &Names) -> Result<Expression, Diagnostics> {
        let _ = names;
        Ok(Self(Arc::new(Compiled { text: text.to_owned(), dialect })))
    }

    /// Compiles unary tests, as in the cell of a decision table.
    pub fn compile_unary_tests(
        text: &str,
        dialect: Dialect,
        names: &Names,
    ) -> Result<Expression, Diagnostics> {
        Self::compile(text, dialect, names)
    }

    /// Evaluates the expression.
    pub fn evaluate(
        &self,
        variables: &dyn Variables,
        at: &Moment,
        limits: &Limits,
    ) -> Result<Evaluation, EvaluationError> {
        let _ = (variables, at, limits, self.0.dialect);
        Ok(Evaluation { value: Value::Null, warnings: Vec::new() })
    }

    /// Evaluates unary tests for an input: true, false or null.
    pub fn evaluate_unary_tests(
        &self,
        input: &Value,
        variables: &dyn Variables,
        at: &Moment,
        limits: &Limits,
    ) -> Result<Evaluation, EvaluationError> {
        let _ = input;
        self.evaluate(variables, at, limits)
    }

    /// The source text.
    pub fn text(&self) -> &str {
        &self.0.text
    }

    /// The name, if the expression is nothing but a reference to a variable.
    pub fn as_variable(&self) -> Option<&str> {
        None
    }

    /// The names it reads from outside, each once, in order of first use.
    pub fn variables(&self) -> &[Arc<str>] {
        &[]
    }

    /// Its value, if it is the same for all variables and moments.
    pub fn constant(&self) -> Option<&Value> {
        None
    }
}

impl fmt::Debug for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Expression").field(&self.0.text).finish()
    }
}
