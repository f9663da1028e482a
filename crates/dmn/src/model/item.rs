//! Item definitions (clause 7.3.2): the types of a model.

use super::{Text, TypeName};
use crate::diagnostic::Place;

/// `itemDefinition` or `itemComponent`.
#[derive(Debug)]
pub(crate) struct ItemDefinition {
    pub(crate) place: Place,
    pub(crate) name: String,
    pub(crate) shape: Shape,
    pub(crate) is_collection: bool,
    /// Unary tests that each element of a collection, or else the value, must meet.
    pub(crate) allowed_values: Option<Text>,
    /// Unary tests that the value itself, also a whole collection, must meet (new in 1.5).
    pub(crate) type_constraint: Option<Text>,
}

/// What an item definition is made of.
#[derive(Debug)]
pub(crate) enum Shape {
    Any,
    Reference(TypeName),
    Components(Vec<ItemDefinition>),
    Function { parameters: Vec<Option<TypeName>>, output: Option<TypeName> },
}
