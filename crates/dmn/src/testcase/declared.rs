//! What type the model declares for a value of a test file.

use super::read::{DatumKind, Invocable};
use crate::graph::{Graph, Node};
use crate::read::normal_name;
use crate::types::{Shape, TypeId, Types};

/// A declared type, whole or what its elements are.
#[derive(Debug, Clone, Copy)]
pub(super) struct Declared<'a> {
    types: &'a Types,
    shape: &'a Shape,
    is_collection: bool,
}

impl<'a> Declared<'a> {
    fn new(types: &'a Types, id: TypeId) -> Self {
        let item = types.get(id);
        Self { types, shape: &item.shape, is_collection: item.is_collection }
    }

    /// Of an input data, a decision given as an input, or a parameter.
    pub(super) fn input(
        graph: &'a Graph,
        invocable: &Invocable,
        name: &str,
        namespace: Option<&str>,
    ) -> Self {
        let namespace = namespace.unwrap_or(&graph.namespace);
        let element = |node: &Node| match node {
            Node::Input(input) if *input.name == *name && *input.namespace == *namespace => {
                Some(input.type_id)
            }
            Node::Decision(decision) if *decision.name == *name && *decision.namespace == *namespace => {
                Some(decision.type_id)
            }
            Node::Input(_) | Node::Decision(_) | Node::Knowledge(_) | Node::Service(_) => None,
        };
        let parameter = |node: &Node| match (node, invocable) {
            (Node::Knowledge(knowledge), Invocable::KnowledgeModel(wanted))
                if normal_name(&knowledge.name) == *wanted =>
            {
                let function = &knowledge.function;
                let at = function.parameters.iter().position(|(known, _)| **known == *name)?;
                function.types.get(at).copied()
            }
            _ => None,
        };
        let found = graph.nodes.iter().find_map(parameter);
        let found = found.or_else(|| graph.nodes.iter().find_map(element));
        Self::new(&graph.types, found.unwrap_or(Types::ANY))
    }

    /// Of a result node.
    pub(super) fn result(graph: &'a Graph, invocable: &Invocable, name: &str) -> Self {
        let result = |node: &Node| match (node, invocable) {
            (Node::Knowledge(knowledge), Invocable::KnowledgeModel(wanted)) => {
                (normal_name(&knowledge.name) == *wanted).then_some(knowledge.result_type)
            }
            (Node::Decision(decision), Invocable::Decision | Invocable::Service(_)) => {
                (*decision.name == *name && *decision.namespace == *graph.namespace)
                    .then_some(decision.type_id)
            }
            _ => None,
        };
        Self::new(&graph.types, graph.nodes.iter().find_map(result).unwrap_or(Types::ANY))
    }

    /// The type behind references to other item definitions, up to a collection.
    fn resolved(self) -> Self {
        match self.shape {
            Shape::Same(other) if !self.is_collection => Self::new(self.types, self.types.resolved(*other)),
            _ => self,
        }
    }

    pub(super) fn element(self) -> Self {
        let list = self.resolved();
        let shape = if list.is_collection { list.shape } else { &Shape::Any };
        Self { types: self.types, shape, is_collection: false }
    }

    pub(super) fn component(self, name: &str) -> Self {
        match self.resolved().shape {
            Shape::Components(components) => {
                let found = components.iter().find(|(known, _)| **known == *name);
                Self::new(self.types, found.map_or(Types::ANY, |(_, id)| *id))
            }
            _ => Self::new(self.types, Types::ANY),
        }
    }

    /// How text of the type is read; a single value may stand for a list of it.
    pub(super) fn kind(self) -> DatumKind {
        let resolved = self.resolved();
        let one = if resolved.is_collection { resolved.element().resolved() } else { resolved };
        match one.shape {
            Shape::Number => DatumKind::Number,
            Shape::String => DatumKind::String,
            Shape::Boolean => DatumKind::Boolean,
            Shape::Date => DatumKind::Date,
            Shape::Time => DatumKind::Time,
            Shape::DateTime => DatumKind::DateTime,
            Shape::DaysDuration | Shape::MonthsDuration => DatumKind::Duration,
            Shape::Any
            | Shape::Null
            | Shape::List
            | Shape::Context
            | Shape::Range
            | Shape::Function { .. }
            | Shape::Components(_)
            | Shape::Same(_) => DatumKind::Untyped,
        }
    }
}
