//! A terminate event definition: has nothing inside.

/// The XML name.
pub(crate) const NAME: &str = "terminateEventDefinition";
