//! Ranges of values.

use std::sync::Arc;

use super::Value;
use crate::ast::ComparisonOperator;

/// All values between two ends.
#[derive(Clone, Debug)]
pub struct Range(Arc<Ends>);

#[derive(Debug)]
struct Ends {
    start: Boundary,
    end: Boundary,
    comparison: Option<ComparisonOperator>,
}

/// One end of a range.
#[derive(Clone, Debug)]
pub struct Boundary {
    /// The value at the end; null when the range has no end there (DMN dialect only).
    pub value: Value,
    /// Whether the value itself belongs to the range.
    pub included: bool,
}

impl Range {
    /// A range between these ends.
    pub fn new(start: Boundary, end: Boundary) -> Self {
        Self(Arc::new(Ends { start, end, comparison: None }))
    }

    /// A range written as a comparison with one end, such as `< 5` (DMN 1.5 clause 10.3.2.7); `!=` is none.
    pub(crate) fn compared(operator: ComparisonOperator, end: Value) -> Option<Self> {
        let nothing = Boundary { value: Value::Null, included: false };
        let at = |included| Boundary { value: end.clone(), included };
        let (start, end) = match operator {
            ComparisonOperator::Less => (nothing, at(false)),
            ComparisonOperator::LessOrEqual => (nothing, at(true)),
            ComparisonOperator::Greater => (at(false), nothing),
            ComparisonOperator::GreaterOrEqual => (at(true), nothing),
            ComparisonOperator::Equal => (at(true), at(true)),
            ComparisonOperator::NotEqual => return None,
        };
        Some(Self(Arc::new(Ends { start, end, comparison: Some(operator) })))
    }

    /// The operator of a range written as a comparison: such a range equals none that is written with two ends.
    pub(crate) fn comparison(&self) -> Option<ComparisonOperator> {
        self.0.comparison
    }

    /// The lower end.
    pub fn start(&self) -> &Boundary {
        &self.0.start
    }

    /// The upper end.
    pub fn end(&self) -> &Boundary {
        &self.0.end
    }
}
