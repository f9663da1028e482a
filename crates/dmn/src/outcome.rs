//! What an evaluation answers: the result, and everything that was evaluated on the way to it.

use std::fmt;
use std::sync::Arc;

use weir_feel::{Value, Warning};

/// The outcome of evaluating a decision.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// The value of the decision, or why there is none.
    pub output: Result<Value, Failure>,
    /// Every decision that was evaluated, required ones first; the one that failed last, with null as output.
    pub evaluated: Vec<EvaluatedDecision>,
    /// What made parts of it null, in the order it happened.
    pub warnings: Vec<Warning>,
}

/// Why a decision has no value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The decision that failed, which may be a required one.
    pub decision_id: Arc<str>,
    /// Why; fits after "Expected to evaluate decision 'x', but ".
    pub message: String,
}

impl fmt::Display for Failure {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.message)
    }
}

impl std::error::Error for Failure {}

/// One evaluated decision.
#[derive(Debug, Clone)]
pub struct EvaluatedDecision {
    /// The id of the decision.
    pub id: Arc<str>,
    /// The name of the decision.
    pub name: Arc<str>,
    /// What its logic is.
    pub kind: DecisionKind,
    /// Its value; null when it failed.
    pub output: Value,
    /// The values of the inputs, when it is a table.
    pub inputs: Vec<EvaluatedInput>,
    /// The rules that matched, when it is a table.
    pub matched_rules: Vec<MatchedRule>,
}

/// The value of one input of a decision table.
#[derive(Debug, Clone)]
pub struct EvaluatedInput {
    /// The id of the input.
    pub id: Arc<str>,
    /// Its label, or else its expression.
    pub name: Arc<str>,
    /// Its value.
    pub value: Value,
}

/// A rule that matched.
#[derive(Debug, Clone)]
pub struct MatchedRule {
    /// The id of the rule.
    pub id: Arc<str>,
    /// Its place in the table, from 1.
    pub index: u32,
    /// What it gives.
    pub outputs: Vec<EvaluatedOutput>,
}

/// The value of one output of a rule.
#[derive(Debug, Clone)]
pub struct EvaluatedOutput {
    /// The id of the output.
    pub id: Arc<str>,
    /// Its label, or else its name.
    pub name: Arc<str>,
    /// Its value.
    pub value: Value,
}

/// What the logic of a decision is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DecisionKind {
    /// A decision table.
    DecisionTable,
    /// A FEEL expression.
    LiteralExpression,
    /// A boxed context.
    Context,
    /// A boxed invocation.
    Invocation,
    /// A boxed list.
    List,
    /// A relation.
    Relation,
    /// A function, a conditional, a filter, an iteration, or no logic at all.
    Unknown,
}

impl DecisionKind {
    /// The name at the wire.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::DecisionTable => "DECISION_TABLE",
            Self::LiteralExpression => "LITERAL_EXPRESSION",
            Self::Context => "CONTEXT",
            Self::Invocation => "INVOCATION",
            Self::List => "LIST",
            Self::Relation => "RELATION",
            Self::Unknown => "UNKNOWN",
        }
    }
}
