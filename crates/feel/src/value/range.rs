//! Ranges of values.

use std::sync::Arc;

use super::Value;

/// All values between two ends.
#[derive(Clone, Debug)]
pub struct Range(Arc<Ends>);

#[derive(Debug)]
struct Ends {
    start: Boundary,
    end: Boundary,
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
        Self(Arc::new(Ends { start, end }))
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
