//! The front door: compile an expression once, evaluate it many times.

use std::fmt;
use std::sync::Arc;

use crate::ast::{Expr, ExprKind, UnaryTests};
use crate::compile::{self, Program};
use crate::diagnostic::{Diagnostics, EvaluationError, EvaluationErrorKind, Span, Warning};
use crate::dialect::Dialect;
use crate::evaluate::quick::Quick;
use crate::limits::Limits;
use crate::machine::{Machine, Stop, StopKind};
use crate::names::Names;
use crate::node::{Node, Tests};
use crate::parser;
use crate::temporal::Moment;
use crate::value::Value;
use crate::variables::Variables;

/// A compiled expression. Cheap to clone, `Send` and `Sync`.
#[derive(Clone)]
pub struct Expression(Arc<Compiled>);

struct Compiled {
    text: Box<str>,
    dialect: Dialect,
    code: Code,
    /// The only variable it is, if it is nothing else.
    variable: Option<Arc<str>>,
}

enum Code {
    Expression(Program<Node>),
    Tests(Program<Tests>),
}

/// The result of an evaluation.
#[derive(Clone, Debug)]
pub struct Evaluation {
    /// The value.
    pub value: Value,
    /// What made parts of it null, in the order it happened.
    pub warnings: Vec<Warning>,
}

/// Parses an expression without compiling it: for `--ast` and for tools.
pub fn parse(text: &str, dialect: Dialect, names: &Names) -> Result<Expr, Diagnostics> {
    let (expr, diagnostics) = parser::parse_expression(text, dialect, names);
    if diagnostics.is_empty() { Ok(expr) } else { Err(Diagnostics::new(text, diagnostics)) }
}

/// Parses unary tests without compiling them.
pub fn parse_unary_tests(text: &str, dialect: Dialect, names: &Names) -> Result<UnaryTests, Diagnostics> {
    let (tests, diagnostics) = parser::parse_unary_tests(text, dialect, names);
    if diagnostics.is_empty() { Ok(tests) } else { Err(Diagnostics::new(text, diagnostics)) }
}

impl Expression {
    /// Compiles an expression (without a leading `=`). All errors are reported at once.
    pub fn compile(text: &str, dialect: Dialect, names: &Names) -> Result<Expression, Diagnostics> {
        let tree = parse(text, dialect, names)?;
        Ok(Self::from_tree(text, &tree, dialect, names))
    }

    /// Compiles a tree that [`parse`] gave for the text.
    pub fn from_tree(text: &str, tree: &Expr, dialect: Dialect, names: &Names) -> Expression {
        let variable = match &tree.kind {
            ExprKind::Name(name) => Some(name.clone()),
            _ => None,
        };
        let code = Code::Expression(compile::expression(text, tree, dialect, names, true));
        Self(Arc::new(Compiled { text: text.into(), dialect, code, variable }))
    }

    /// Compiles unary tests, as in the cell of a decision table.
    pub fn compile_unary_tests(
        text: &str,
        dialect: Dialect,
        names: &Names,
    ) -> Result<Expression, Diagnostics> {
        let tree = parse_unary_tests(text, dialect, names)?;
        let code = Code::Tests(compile::unary_tests(text, &tree, dialect, names, true));
        Ok(Self(Arc::new(Compiled { text: text.into(), dialect, code, variable: None })))
    }

    /// Evaluates the expression.
    pub fn evaluate(
        &self,
        variables: &dyn Variables,
        at: &Moment,
        limits: &Limits,
    ) -> Result<Evaluation, EvaluationError> {
        self.run(None, variables, at, limits)
    }

    /// Evaluates unary tests for an input: true, false or null. An expression gets the input as `?`.
    pub fn evaluate_unary_tests(
        &self,
        input: &Value,
        variables: &dyn Variables,
        at: &Moment,
        limits: &Limits,
    ) -> Result<Evaluation, EvaluationError> {
        self.run(Some(input.clone()), variables, at, limits)
    }

    fn run(
        &self,
        input: Option<Value>,
        variables: &dyn Variables,
        at: &Moment,
        limits: &Limits,
    ) -> Result<Evaluation, EvaluationError> {
        let compiled = &*self.0;
        if let Some(value) = self.constant() {
            return Ok(Evaluation { value: value.clone(), warnings: Vec::new() });
        }
        if let Some(value) = compiled.quick(variables) {
            return Ok(Evaluation { value, warnings: Vec::new() });
        }
        compiled.run(input, variables, at, limits)
    }

    /// Evaluates within another evaluation (from a [`crate::HostFunction`]): its moment, and what is left of its limits.
    pub fn evaluate_within(
        &self,
        input: Option<Value>,
        variables: &dyn Variables,
        outer: &mut Machine<'_>,
    ) -> Result<Value, Stop> {
        let compiled = &*self.0;
        if let Some(value) = compiled.quick(variables) {
            return Ok(value);
        }
        outer.nested(compiled.dialect, variables, compiled.globals(), input, |machine| {
            compiled.execute(machine)
        })
    }

    /// Why [`Expression::evaluate_within`] gave no value, in the words of [`Expression::evaluate`].
    pub fn failure(&self, stop: Stop) -> EvaluationError {
        self.0.failure(stop, Vec::new())
    }

    /// The source text.
    pub fn text(&self) -> &str {
        &self.0.text
    }

    /// The dialect it was compiled for.
    pub fn dialect(&self) -> Dialect {
        self.0.dialect
    }

    /// The name, if the expression is nothing but a reference to a variable.
    pub fn as_variable(&self) -> Option<&str> {
        self.0.variable.as_deref()
    }

    /// The names it reads from outside, each once, in order of first use.
    pub fn variables(&self) -> &[Arc<str>] {
        self.0.globals()
    }

    /// Its value, if it is the same for all variables and moments.
    pub fn constant(&self) -> Option<&Value> {
        match &self.0.code {
            Code::Expression(program) => program.root.constant(),
            Code::Tests(_) => None,
        }
    }

    /// The values that the input must be one of, if that is all that unary tests say: to index decision tables.
    pub fn literals(&self) -> Option<Vec<&Value>> {
        match &self.0.code {
            Code::Tests(Program { root: Tests::Positive(tests), .. }) => {
                tests.iter().map(crate::node::Test::literal).collect()
            }
            Code::Tests(_) | Code::Expression(_) => None,
        }
    }
}

impl Compiled {
    /// The value, if it takes no machine.
    #[inline]
    fn quick(&self, variables: &dyn Variables) -> Option<Value> {
        match &self.code {
            Code::Expression(program) => {
                Quick { variables, globals: &program.globals }.evaluate(&program.root)
            }
            Code::Tests(_) => None,
        }
    }

    /// An evaluation with a machine of its own.
    #[inline(never)]
    fn run(
        &self,
        input: Option<Value>,
        variables: &dyn Variables,
        at: &Moment,
        limits: &Limits,
    ) -> Result<Evaluation, EvaluationError> {
        let mut machine = Machine::new(self.dialect, at, limits, variables, self.globals(), input);
        match self.execute(&mut machine) {
            Ok(value) => Ok(Evaluation { value, warnings: machine.take_warnings() }),
            Err(stop) => Err(self.failure(stop, machine.take_warnings())),
        }
    }

    fn globals(&self) -> &[Arc<str>] {
        match &self.code {
            Code::Expression(program) => &program.globals,
            Code::Tests(program) => &program.globals,
        }
    }

    fn execute(&self, machine: &mut Machine<'_>) -> Result<Value, Stop> {
        match &self.code {
            Code::Expression(program) => {
                machine.enter(program.depth)?;
                machine.evaluate(&program.root)
            }
            Code::Tests(program) => {
                machine.enter(program.depth)?;
                machine.unary_tests(&program.root)
            }
        }
    }

    #[cold]
    fn failure(&self, stop: Stop, warnings: Vec<Warning>) -> EvaluationError {
        let text = &self.text;
        let (kind, message) = match stop.kind() {
            StopKind::Null(cause) | StopKind::Failed(cause) => {
                (EvaluationErrorKind::Failed, format!("failed to evaluate expression '{text}': {cause}"))
            }
            StopKind::Assertion(cause) => (
                EvaluationErrorKind::Failed,
                format!("Assertion failure on evaluate the expression '{text}': {cause}"),
            ),
            StopKind::Limit { name, limit } => (
                EvaluationErrorKind::Limit { name, limit: *limit },
                format!("failed to evaluate expression '{text}': it exceeds the limit {name} = {limit}"),
            ),
        };
        EvaluationError { kind, message, span: Span::new(0, text.len()), warnings }
    }
}

impl fmt::Debug for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Expression").field(&self.0.text).finish()
    }
}
