//! A compiled decision requirements graph.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::logic::Logic;
use crate::mode::Rules;
use crate::outcome::DecisionKind;
use crate::types::{TypeId, Types};

/// An element of the graph by its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct NodeId(pub(crate) u32);

/// A model and the models that it imports, compiled together.
#[derive(Debug)]
pub(crate) struct Graph {
    pub(crate) id: Arc<str>,
    pub(crate) name: Arc<str>,
    pub(crate) namespace: Arc<str>,
    pub(crate) rules: &'static Rules,
    pub(crate) types: Types,
    pub(crate) nodes: Vec<Node>,
    /// The decisions of the model itself, not of imported ones, in the order of the file.
    pub(crate) decisions: Vec<NodeId>,
    /// Those by id.
    pub(crate) by_id: BTreeMap<Arc<str>, NodeId>,
}

impl Graph {
    pub(crate) fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id.0 as usize]
    }
}

/// An element that has a value or is a function.
#[derive(Debug)]
pub(crate) enum Node {
    Input(InputNode),
    Decision(DecisionNode),
    Knowledge(KnowledgeNode),
    Service(ServiceNode),
}

impl Node {
    /// The elements that it requires.
    pub(crate) fn required(&self) -> Vec<NodeId> {
        let nodes = |requirements: &[Requirement]| requirements.iter().map(|it| it.node).collect();
        match self {
            Self::Input(_) => Vec::new(),
            Self::Decision(decision) => nodes(&decision.requirements),
            Self::Knowledge(knowledge) => nodes(&knowledge.requirements),
            Self::Service(service) => service.inputs.iter().chain(&service.outputs).copied().collect(),
        }
    }
}

/// Under which name an element is known to another one.
#[derive(Debug, Clone)]
pub(crate) struct Requirement {
    pub(crate) node: NodeId,
    /// The name of the import through which it is reached.
    pub(crate) import: Option<Arc<str>>,
    pub(crate) name: Arc<str>,
}

#[derive(Debug)]
pub(crate) struct InputNode {
    pub(crate) name: Arc<str>,
    pub(crate) namespace: Arc<str>,
    pub(crate) type_id: TypeId,
}

#[derive(Debug)]
pub(crate) struct DecisionNode {
    pub(crate) id: Arc<str>,
    pub(crate) name: Arc<str>,
    pub(crate) namespace: Arc<str>,
    pub(crate) variable: Arc<str>,
    pub(crate) type_id: TypeId,
    pub(crate) kind: DecisionKind,
    pub(crate) requirements: Vec<Requirement>,
    /// Without logic the decision is made outside: its value is null, unless it is given as an input.
    pub(crate) logic: Option<Logic>,
}

#[derive(Debug)]
pub(crate) struct KnowledgeNode {
    pub(crate) name: Arc<str>,
    pub(crate) requirements: Vec<Requirement>,
    pub(crate) function: Arc<FunctionLogic>,
    pub(crate) result_type: TypeId,
}

/// A function with its body.
#[derive(Debug)]
pub(crate) struct FunctionLogic {
    pub(crate) name: Arc<str>,
    /// Names as FEEL sees them; arguments are checked by `types`, with their constraints.
    pub(crate) parameters: Vec<(Arc<str>, weir_feel::Type)>,
    pub(crate) types: Vec<TypeId>,
    pub(crate) body: Body,
    /// How deep the body nests boxed expressions, as FEEL counts depth: recursion must not outgrow the stack.
    pub(crate) height_nodes: u32,
    /// Names of the outer scope that the body reads.
    pub(crate) free: Vec<Arc<str>>,
}

#[derive(Debug)]
pub(crate) enum Body {
    Logic(Logic),
    /// An external function that cannot be run here, and what it is.
    External(String),
}

#[derive(Debug)]
pub(crate) struct ServiceNode {
    pub(crate) name: Arc<str>,
    /// Input data, then input decisions (10.4).
    pub(crate) parameters: Vec<(Arc<str>, weir_feel::Type)>,
    pub(crate) inputs: Vec<NodeId>,
    pub(crate) types: Vec<TypeId>,
    pub(crate) outputs: Vec<NodeId>,
    pub(crate) result_type: TypeId,
}
