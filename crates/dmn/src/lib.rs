//! DMN: XML to compiled decisions over FEEL. Pure.
//!
//! A [`Drg`] is a model of DMN 1.1 to 1.5, parsed and compiled once, in one of two [`Mode`]s; evaluating a decision
//! gives an [`Outcome`] with everything that was evaluated on the way. [`testcase`] runs test files in the format of
//! the DMN Technology Compatibility Kit.
//!
//! ```text
//! bytes -> xml -> read -> model -> compile -> graph -> evaluate -> Outcome
//! ```

mod compile;
mod diagnostic;
mod drg;
mod evaluate;
mod feel;
mod function;
mod graph;
mod logic;
mod mode;
mod model;
mod outcome;
mod read;
mod same;
mod scope;
mod table;
pub mod testcase;
mod types;
mod xml;

pub use diagnostic::{Diagnostic, Diagnostics, Place};
pub use drg::{Decision, Drg};
pub use mode::Mode;
pub use outcome::{
    DecisionKind, EvaluatedDecision, EvaluatedInput, EvaluatedOutput, Failure, MatchedRule, Outcome,
};
pub use xml::{MODEL_DEPTH_LIMIT, MODEL_NODE_LIMIT, MODEL_SIZE_LIMIT_BYTES};
