//! The two dialects of FEEL that Weir speaks.

/// Which FEEL: the one inside BPMN models, or the standard's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// As feel-scala inside Zeebe behaves: null-friendly, names without spaces.
    Bpmn,
    /// DMN 1.5 clause 10.
    Dmn,
}
