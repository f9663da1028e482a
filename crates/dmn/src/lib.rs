//! DMN: XML to compiled decisions over FEEL. Pure. Until the compiler lands every model is refused.

use std::sync::Arc;

use weir_feel::{Limits, Moment, Value, Variables};

/// A compiled model.
#[derive(Clone, Debug)]
pub struct Drg(());

/// Whose rules a model is read by.
#[derive(Clone, Copy, Debug)]
pub enum Mode {
    /// The engine inside Zeebe 8.
    Zeebe,
}

/// What a caller may know of a decision.
#[derive(Debug)]
pub struct Decision<'a> {
    /// The id.
    pub id: &'a str,
    /// The name.
    pub name: &'a str,
}

impl Drg {
    /// Refuses every model.
    ///
    /// # Errors
    /// Always.
    pub fn parse(_: &[u8], _: Mode) -> Result<Self, String> {
        Err("DMN is not supported yet".into())
    }

    /// The id.
    pub fn id(&self) -> &str {
        ""
    }

    /// The name.
    pub fn name(&self) -> &str {
        ""
    }

    /// The decisions.
    pub fn decisions(&self) -> impl Iterator<Item = Decision<'_>> {
        std::iter::empty()
    }

    /// Evaluates a decision.
    pub fn evaluate(&self, id: &str, _: &dyn Variables, _: &Moment, _: &Limits) -> Outcome {
        let failure = Failure { decision_id: id.into(), message: "DMN is not supported yet".into() };
        Outcome { output: Err(failure), evaluated: Vec::new() }
    }
}

/// The outcome of evaluating a decision.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// The value of the decision, or why there is none.
    pub output: Result<Value, Failure>,
    /// Every decision that was evaluated, required ones first; the one that failed last, with null as output.
    pub evaluated: Vec<EvaluatedDecision>,
}

/// Why a decision has no value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The decision that failed, which may be a required one.
    pub decision_id: Arc<str>,
    /// Why; fits after "Expected to evaluate decision 'x', but ".
    pub message: String,
}

impl std::fmt::Display for Failure {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
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
