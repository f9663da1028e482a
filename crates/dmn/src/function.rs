//! Business knowledge models, decision services and boxed functions as FEEL functions.

use std::sync::Arc;

use weir_feel::{HostFunction, Machine, Stop, Type, Value, Variables};

use crate::evaluate::{Run, Session, Trouble, bind, function};
use crate::graph::{Body, FunctionLogic, Graph, KnowledgeNode, Node, NodeId, ServiceNode};
use crate::scope::Scope;
use crate::types::{TypeId, Types};

/// A business knowledge model (6.3.9), invoked by name.
pub(crate) struct KnowledgeFunction {
    pub(crate) graph: Arc<Graph>,
    pub(crate) id: NodeId,
    /// What its body reads of the caller's variables, when the mode lets it.
    pub(crate) captured: Vec<(Arc<str>, Value)>,
}

impl KnowledgeFunction {
    fn node(&self) -> Option<&KnowledgeNode> {
        match self.graph.node(self.id) {
            Node::Knowledge(node) => Some(node),
            Node::Input(_) | Node::Decision(_) | Node::Service(_) => None,
        }
    }
}

impl HostFunction for KnowledgeFunction {
    fn name(&self) -> &str {
        self.node().map_or("", |node| &node.name)
    }

    fn parameters(&self) -> &[(Arc<str>, Type)] {
        self.node().map_or(&[], |node| &node.function.parameters)
    }

    fn call(&self, arguments: Vec<Value>, machine: &mut Machine<'_>) -> Result<Value, Stop> {
        let Some(node) = self.node() else { return Ok(Value::Null) };
        let mut names = Vec::with_capacity(node.requirements.len() + 1);
        for requirement in &node.requirements {
            bind(&mut names, requirement, function(&self.graph, requirement.node, &self.captured));
        }
        let outer = Scope::new(&self.captured, &names);
        let mut session = Session::new(&self.graph, machine);
        run(&node.function, arguments, &outer, node.result_type, &mut session)
    }
}

/// `functionDefinition` with what it captured.
pub(crate) struct BoxedFunction {
    pub(crate) graph: Arc<Graph>,
    pub(crate) logic: Arc<FunctionLogic>,
    pub(crate) captured: Vec<(Arc<str>, Value)>,
}

impl HostFunction for BoxedFunction {
    fn name(&self) -> &str {
        &self.logic.name
    }

    fn parameters(&self) -> &[(Arc<str>, Type)] {
        &self.logic.parameters
    }

    fn call(&self, arguments: Vec<Value>, machine: &mut Machine<'_>) -> Result<Value, Stop> {
        let mut session = Session::new(&self.graph, machine);
        run(&self.logic, arguments, &self.captured, Types::ANY, &mut session)
    }
}

/// Evaluates a function's body. A function does not fail its caller: what cannot be computed is null (10.3.2.13).
fn run(
    logic: &FunctionLogic,
    arguments: Vec<Value>,
    outer: &dyn Variables,
    result_type: TypeId,
    session: &mut Session<'_, '_>,
) -> Result<Value, Stop> {
    let body = match &logic.body {
        Body::Logic(body) => body,
        Body::External(what) => return Err(Stop::null(format!("{what} cannot be called here"))),
    };
    let names = named_arguments(&logic.parameters, &logic.types, arguments, session)?;
    let above = session.machine.descend(logic.height_nodes)?;
    let result = body.evaluate(&Scope::new(outer, &names), session);
    session.machine.ascend(above);
    let result = result.and_then(|value| session.typed(value, result_type));
    result.map_err(as_stop)
}

/// The arguments as values of the parameters' types; one that does not conform makes the call null (10.3.2.9.4).
fn named_arguments(
    parameters: &[(Arc<str>, Type)],
    types: &[TypeId],
    arguments: Vec<Value>,
    session: &mut Session<'_, '_>,
) -> Result<Vec<(Arc<str>, Value)>, Stop> {
    let mut names = Vec::with_capacity(arguments.len());
    for (((name, _), type_id), argument) in parameters.iter().zip(types).zip(arguments) {
        let given = !argument.is_null();
        let value = session.typed(argument, *type_id).map_err(as_stop)?;
        if given && value.is_null() {
            return Err(Stop::null(format!("the argument '{name}' does not conform to its type")));
        }
        names.push((name.clone(), value));
    }
    Ok(names)
}

fn as_stop(trouble: Trouble) -> Stop {
    match trouble {
        Trouble::Failed(message) => Stop::null(message),
        Trouble::Stopped(stop) => stop,
    }
}

/// A decision service (6.3.10): its input data and input decisions are the parameters.
pub(crate) struct ServiceFunction {
    pub(crate) graph: Arc<Graph>,
    pub(crate) id: NodeId,
}

impl ServiceFunction {
    fn node(&self) -> Option<&ServiceNode> {
        match self.graph.node(self.id) {
            Node::Service(node) => Some(node),
            Node::Input(_) | Node::Decision(_) | Node::Knowledge(_) => None,
        }
    }
}

impl HostFunction for ServiceFunction {
    fn name(&self) -> &str {
        self.node().map_or("", |node| &node.name)
    }

    fn parameters(&self) -> &[(Arc<str>, Type)] {
        self.node().map_or(&[], |node| &node.parameters)
    }

    fn call(&self, arguments: Vec<Value>, machine: &mut Machine<'_>) -> Result<Value, Stop> {
        let Some(node) = self.node() else { return Ok(Value::Null) };
        let mut session = Session::new(&self.graph, machine);
        let names = named_arguments(&node.parameters, &node.types, arguments, &mut session)?;
        let mut decisions = Run::new(&());
        for (input, (_, value)) in node.inputs.iter().zip(names) {
            decisions.set(*input, value);
        }
        let mut results = Vec::with_capacity(node.outputs.len());
        for output in &node.outputs {
            let value =
                decisions.decision(*output, &mut session).map_err(|failure| Stop::null(failure.message))?;
            let Node::Decision(decision) = self.graph.node(*output) else { continue };
            results.push((decision.variable.clone(), value));
        }
        let value = match results.len() {
            1 => results.swap_remove(0).1,
            _ => session.context(results).map_err(as_stop)?,
        };
        session.typed(value, node.result_type).map_err(as_stop)
    }
}
