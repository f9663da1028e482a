//! The front door: parse a model once, evaluate its decisions many times.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use weir_feel::{Limits, Moment, Value, Variables};

use crate::compile::compile;
use crate::diagnostic::Diagnostics;
use crate::evaluate::{function, invoke, outcome};
use crate::graph::{DecisionNode, Graph, Node, NodeId};
use crate::mode::Mode;
use crate::model::Model;
use crate::outcome::{DecisionKind, Failure, Outcome};
use crate::read::{normal_name, read};

/// A decision requirements graph, compiled. Cheap to clone, `Send` and `Sync`.
#[derive(Clone)]
pub struct Drg(Arc<Graph>);

/// What a caller may know of a decision before it is evaluated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision<'a> {
    /// The id.
    pub id: &'a str,
    /// The name.
    pub name: &'a str,
    /// What its logic is.
    pub kind: DecisionKind,
}

impl Drg {
    /// Parses and compiles a model that imports no other.
    ///
    /// # Errors
    /// Everything that is wrong with it, with ids and lines.
    pub fn parse(bytes: &[u8], mode: Mode) -> Result<Self, Diagnostics> {
        Self::parse_with_imports(bytes, &[], mode)
    }

    /// Parses and compiles a model with the models that it may import; those that it does not import, directly or
    /// through others, are left out, whatever is in them.
    ///
    /// # Errors
    /// Everything that is wrong with the model and those it imports.
    pub fn parse_with_imports(bytes: &[u8], others: &[&[u8]], mode: Mode) -> Result<Self, Diagnostics> {
        Self::parse_as(bytes, others, mode, false)
    }

    /// [`Drg::parse_with_imports`] for testing and trying out: FEEL with errors, such as one cell of a table, fails what
    /// evaluates it, and the rest of the model can be run all the same. Not for deployment.
    ///
    /// # Errors
    /// Everything that is wrong outside of FEEL.
    pub fn parse_despite_feel_errors(
        bytes: &[u8],
        others: &[&[u8]],
        mode: Mode,
    ) -> Result<Self, Diagnostics> {
        Self::parse_as(bytes, others, mode, true)
    }

    fn parse_as(bytes: &[u8], others: &[&[u8]], mode: Mode, lenient: bool) -> Result<Self, Diagnostics> {
        let mut models = vec![read(bytes)?];
        if models[0].imports.is_empty() {
            return compile(&models, mode.rules(), lenient).map(|graph| Self(Arc::new(graph)));
        }
        let mut available: Vec<Model> = others.iter().filter_map(|other| read(other).ok()).collect();
        let mut wanted: Vec<String> = models[0].imports.iter().map(|i| i.namespace.clone()).collect();
        let mut seen: BTreeSet<String> = BTreeSet::from([models[0].namespace.clone()]);
        while let Some(namespace) = wanted.pop() {
            if !seen.insert(namespace.clone()) {
                continue;
            }
            if let Some(at) = available.iter().position(|model| model.namespace == namespace) {
                let model = available.swap_remove(at);
                wanted.extend(model.imports.iter().map(|i| i.namespace.clone()));
                models.push(model);
            }
        }
        compile(&models, mode.rules(), lenient).map(|graph| Self(Arc::new(graph)))
    }

    /// The id of the model's `definitions`.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.0.id
    }

    /// The name of the model.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// The namespace of the model.
    #[must_use]
    pub fn namespace(&self) -> &str {
        &self.0.namespace
    }

    /// The model's own decisions, in the order of the file.
    pub fn decisions(&self) -> impl Iterator<Item = Decision<'_>> {
        self.nodes().map(|(_, node)| Decision { id: &node.id, name: &node.name, kind: node.kind })
    }

    /// The id of the decision with that id or, if there is none, that name.
    #[must_use]
    pub fn find(&self, id_or_name: &str) -> Option<&str> {
        let name = normal_name(id_or_name);
        let by_id = self.0.by_id.get_key_value(id_or_name).map(|(id, _)| &**id);
        by_id.or_else(|| {
            self.nodes().find(|(_, node)| normal_name(&node.name) == name).map(|(_, node)| &*node.id)
        })
    }

    /// The names of the input data that a decision requires, itself or through other decisions.
    #[must_use]
    pub fn inputs(&self, decision_id: &str) -> BTreeSet<&str> {
        let names = self.required(decision_id).into_iter().filter_map(|node| match node {
            Node::Input(input) => Some(&*input.name),
            Node::Decision(_) | Node::Knowledge(_) | Node::Service(_) => None,
        });
        names.collect()
    }

    /// Every name that evaluating a decision may look up: the inputs, and what expressions mention.
    #[must_use]
    pub fn names_read(&self, decision_id: &str) -> BTreeSet<Arc<str>> {
        let mut names = Vec::new();
        for node in self.required(decision_id) {
            match node {
                Node::Input(input) => names.push(input.name.clone()),
                Node::Decision(decision) => {
                    names.push(decision.variable.clone());
                    decision.logic.iter().for_each(|logic| logic.free_names(&mut names));
                }
                Node::Knowledge(knowledge) => names.extend(knowledge.function.free.iter().cloned()),
                Node::Service(_) => {}
            }
        }
        names.into_iter().collect()
    }

    /// A decision with everything that it requires, itself or through others.
    fn required(&self, decision_id: &str) -> Vec<&Node> {
        let mut open: Vec<NodeId> = self.0.by_id.get(decision_id).copied().into_iter().collect();
        let mut seen: BTreeSet<NodeId> = BTreeSet::new();
        while let Some(id) = open.pop() {
            if seen.insert(id) {
                open.extend(self.0.node(id).required());
            }
        }
        seen.into_iter().map(|id| self.0.node(id)).collect()
    }

    /// Evaluates a decision. Never fails itself: the outcome says what failed and what was evaluated before.
    #[must_use]
    pub fn evaluate(
        &self,
        decision_id: &str,
        variables: &dyn Variables,
        moment: &Moment,
        limits: &Limits,
    ) -> Outcome {
        match self.0.by_id.get(decision_id) {
            Some(id) => outcome(&self.0, *id, variables, moment, limits),
            None => nothing(decision_id, format!("no decision found for id '{decision_id}'")),
        }
    }

    /// Invokes a decision service or a business knowledge model by name; its parameters are taken from the variables
    /// by their names, missing ones are null.
    #[must_use]
    pub fn invoke(&self, name: &str, variables: &dyn Variables, moment: &Moment, limits: &Limits) -> Outcome {
        let name = normal_name(name);
        let named = |node: &Node| match node {
            Node::Knowledge(node) => normal_name(&node.name) == name,
            Node::Service(node) => normal_name(&node.name) == name,
            Node::Input(_) | Node::Decision(_) => false,
        };
        let Some(at) = self.0.nodes.iter().position(named) else {
            return nothing(
                &name,
                format!("no decision service or business knowledge model found for name '{name}'"),
            );
        };
        let function = function(&self.0, NodeId(at as u32), &());
        let Value::Function(function) = function else { return nothing(&name, String::new()) };
        let (output, warnings) = invoke(&self.0, &function, variables, moment, limits);
        let output = output.map_err(|message| Failure { decision_id: name.as_str().into(), message });
        Outcome { output, evaluated: Vec::new(), warnings }
    }

    pub(crate) fn graph(&self) -> &Graph {
        &self.0
    }

    fn nodes(&self) -> impl Iterator<Item = (NodeId, &DecisionNode)> {
        self.0.decisions.iter().filter_map(|id| match self.0.node(*id) {
            Node::Decision(node) => Some((*id, node)),
            Node::Input(_) | Node::Knowledge(_) | Node::Service(_) => None,
        })
    }
}

fn nothing(decision_id: &str, message: String) -> Outcome {
    let output = Err(Failure { decision_id: decision_id.into(), message });
    Outcome { output, evaluated: Vec::new(), warnings: Vec::new() }
}

impl fmt::Debug for Drg {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Drg").field("id", &self.id()).field("name", &self.name()).finish_non_exhaustive()
    }
}
