//! Decision tables as written (clause 8).

use super::{Text, TypeName};
use crate::diagnostic::Place;

/// `decisionTable`.
#[derive(Debug)]
pub(crate) struct Table {
    pub(crate) hit_policy: HitPolicy,
    pub(crate) inputs: Vec<InputClause>,
    pub(crate) outputs: Vec<OutputClause>,
    pub(crate) rules: Vec<Rule>,
}

/// What a table answers when rules match (8.2.10).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum HitPolicy {
    Unique,
    First,
    Priority,
    Any,
    Collect(Aggregation),
    RuleOrder,
    OutputOrder,
}

/// How COLLECT puts the outputs together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Aggregation {
    List,
    Sum,
    Count,
    Min,
    Max,
}

/// `input`.
#[derive(Debug)]
pub(crate) struct InputClause {
    pub(crate) id: String,
    pub(crate) label: String,
    pub(crate) expression: Text,
    pub(crate) type_name: Option<TypeName>,
    pub(crate) values: Option<Text>,
}

/// `output`.
#[derive(Debug)]
pub(crate) struct OutputClause {
    pub(crate) place: Place,
    pub(crate) id: String,
    pub(crate) name: Option<String>,
    pub(crate) label: String,
    pub(crate) type_name: Option<TypeName>,
    pub(crate) values: Option<Text>,
    pub(crate) default: Option<Text>,
}

/// `rule`: a test for each input, an expression for each output.
#[derive(Debug)]
pub(crate) struct Rule {
    pub(crate) id: String,
    pub(crate) inputs: Vec<Text>,
    pub(crate) outputs: Vec<Text>,
}
