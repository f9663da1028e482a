//! Evaluating decisions: required ones first, each once.

use std::collections::BTreeMap;
use std::sync::Arc;

use smallvec::SmallVec;
use weir_feel::temporal::{Date, DateTime, Time, Zone};
use weir_feel::{
    Context, Expression, Function, Limits, Machine, Moment, Stop, Value, Variables, Warning, WarningKind,
};

use crate::feel::Feel;
use crate::function::{KnowledgeFunction, ServiceFunction};
use crate::graph::{DecisionNode, Graph, InputNode, Node, NodeId, Requirement};
use crate::logic::Form;
use crate::outcome::{DecisionKind, EvaluatedDecision, EvaluatedInput, Failure, MatchedRule, Outcome};
use crate::scope::{Scope, captured, lookup};
use crate::types::{TypeId, Types};

/// Why evaluating gave no value.
#[derive(Debug)]
pub(crate) enum Trouble {
    /// The logic of the decision itself failed, with this text.
    Failed(String),
    /// FEEL stopped: a failed expression or a limit.
    Stopped(Stop),
}

impl Trouble {
    pub(crate) fn into_message(self) -> String {
        match self {
            Self::Failed(message) => message,
            Self::Stopped(stop) => stop.to_string(),
        }
    }
}

impl From<Stop> for Trouble {
    fn from(stop: Stop) -> Self {
        Self::Stopped(stop)
    }
}

pub(crate) type Evaluated = Result<Value, Trouble>;

/// One evaluation under way: the graph, FEEL's machine with what is left of the limits, and what the table of the
/// current decision has seen.
pub(crate) struct Session<'s, 'm> {
    pub(crate) graph: &'s Arc<Graph>,
    pub(crate) machine: &'s mut Machine<'m>,
    /// Inputs and rules of the last table, for the record.
    pub(crate) seen: TableRecord,
}

/// What a table saw.
#[derive(Debug, Default)]
pub(crate) struct TableRecord {
    pub(crate) inputs: Vec<EvaluatedInput>,
    pub(crate) matched_rules: Vec<MatchedRule>,
}

impl<'s, 'm> Session<'s, 'm> {
    pub(crate) fn new(graph: &'s Arc<Graph>, machine: &'s mut Machine<'m>) -> Self {
        Self { graph, machine, seen: TableRecord::default() }
    }

    pub(crate) fn expression(&mut self, expression: &Feel, scope: &dyn Variables) -> Evaluated {
        let expression = expression.valid()?;
        if let Some(constant) = expression.constant() {
            return Ok(constant.clone());
        }
        if let Some(value) = expression.as_variable().and_then(|name| lookup(scope, name)) {
            return Ok(value);
        }
        expression.evaluate_within(None, scope, self.machine).map_err(|stop| failed(expression, stop))
    }

    pub(crate) fn unary_tests(&mut self, tests: &Feel, input: &Value, scope: &dyn Variables) -> Evaluated {
        let tests = tests.valid()?;
        tests.evaluate_within(Some(input.clone()), scope, self.machine).map_err(|stop| failed(tests, stop))
    }

    /// The value as a value of the type, or what the mode says of one that does not conform.
    pub(crate) fn typed(&mut self, value: Value, type_id: TypeId) -> Evaluated {
        if type_id == Types::ANY || value.is_null() {
            return Ok(value);
        }
        let graph = self.graph;
        if graph.rules.type_mismatch_fails {
            return match graph.types.basic_mismatch(&value, type_id) {
                None => Ok(value),
                Some(name) => Err(Trouble::Failed(format!("expected '{name}' but found '{}'", value))),
            };
        }
        let (coerced, conforms) = graph.types.coerced(value, type_id, self);
        if !conforms {
            self.warn("the value does not conform to the declared type");
        }
        Ok(coerced)
    }

    pub(crate) fn call(&mut self, function: &Function, arguments: Vec<Value>) -> Evaluated {
        Ok(self.machine.invoke(function, &arguments)?)
    }

    pub(crate) fn list(&mut self, items: Vec<Value>) -> Evaluated {
        Ok(self.machine.list(items)?)
    }

    pub(crate) fn context(&mut self, entries: Vec<(Arc<str>, Value)>) -> Evaluated {
        Ok(self.machine.context(entries)?)
    }

    pub(crate) fn midnight(&self, date: Date) -> Value {
        let midnight = Time::new(0, 0, 0, 0, Zone::UTC).and_then(|time| DateTime::new(date, time));
        midnight.map_or(Value::Null, Value::DateTime)
    }

    /// Null, with a warning that says why.
    pub(crate) fn null(&mut self, why: &str) -> Evaluated {
        self.warn(why);
        Ok(Value::Null)
    }

    fn warn(&mut self, why: &str) {
        self.machine.warn(WarningKind::Unknown, why.to_owned(), weir_feel::Span::default());
    }
}

fn failed(expression: &Expression, stop: Stop) -> Trouble {
    if stop.is_limit() {
        return Trouble::Stopped(stop);
    }
    Trouble::Failed(expression.failure(stop).message)
}

/// The decisions of one graph for one set of inputs; values are kept, so each decision is made once.
pub(crate) struct Run<'a> {
    variables: &'a dyn Variables,
    /// Only of what was looked at: a graph may be large and the question small.
    values: BTreeMap<NodeId, Value>,
    evaluated: Vec<EvaluatedDecision>,
}

impl<'a> Run<'a> {
    pub(crate) fn new(variables: &'a dyn Variables) -> Self {
        Self { variables, values: BTreeMap::new(), evaluated: Vec::new() }
    }

    /// Gives an element its value from outside: it is not evaluated.
    pub(crate) fn set(&mut self, node: NodeId, value: Value) {
        self.values.insert(node, value);
    }

    /// The value of a decision, after those that it requires. Not recursive: a chain of decisions may be long.
    pub(crate) fn decision(&mut self, root: NodeId, session: &mut Session<'_, '_>) -> Result<Value, Failure> {
        let graph = session.graph;
        let mut stack: SmallVec<[NodeId; 8]> = SmallVec::from_slice(&[root]);
        while let Some(&next) = stack.last() {
            if let Some(known) = self.values.get(&next) {
                if stack.len() == 1 {
                    return Ok(known.clone());
                }
                stack.pop();
                continue;
            }
            let Node::Decision(decision) = graph.node(next) else {
                stack.pop();
                continue;
            };
            let before = stack.len();
            let missing = decision.requirements.iter().rev().map(|r| r.node);
            stack.extend(missing.filter(|id| self.is_open(graph, *id)));
            if stack.len() == before {
                let value = self.evaluate(decision, session)?;
                if next == root {
                    return Ok(value);
                }
                self.set(next, value);
                stack.pop();
            }
        }
        Ok(Value::Null)
    }

    fn is_open(&self, graph: &Graph, id: NodeId) -> bool {
        matches!(graph.node(id), Node::Decision(_)) && !self.values.contains_key(&id)
    }

    fn evaluate(&mut self, decision: &DecisionNode, session: &mut Session<'_, '_>) -> Result<Value, Failure> {
        session.seen = TableRecord::default();
        let result = self.value(decision, session);
        let seen = std::mem::take(&mut session.seen);
        let is_table = decision.kind == DecisionKind::DecisionTable;
        let seen = if is_table { seen } else { TableRecord::default() };
        self.evaluated.push(EvaluatedDecision {
            id: decision.id.clone(),
            name: decision.name.clone(),
            kind: decision.kind,
            output: result.as_ref().map_or(Value::Null, Value::clone),
            inputs: seen.inputs,
            matched_rules: seen.matched_rules,
        });
        result
            .map_err(|trouble| Failure { decision_id: decision.id.clone(), message: trouble.into_message() })
    }

    fn value(&mut self, decision: &DecisionNode, session: &mut Session<'_, '_>) -> Evaluated {
        let Some(logic) = &decision.logic else {
            let given =
                self.given(&decision.variable, &decision.namespace, session.graph).unwrap_or_default();
            return session.typed(given, decision.type_id);
        };
        let outer: &dyn Variables = if session.graph.rules.caller_in_scope { self.variables } else { &() };
        let names = self.names(&decision.requirements, outer, session)?;
        let value = match &logic.form {
            // The common case without a second look at the type.
            Form::Literal(_) | Form::Table(_) if names.is_empty() => logic.evaluate(outer, session)?,
            _ => logic.evaluate(&Scope::new(outer, &names), session)?,
        };
        session.typed(value, decision.type_id)
    }

    /// The values of required elements, those reached by an import in a context with its name.
    fn names(
        &mut self,
        requirements: &[Requirement],
        outer: &dyn Variables,
        session: &mut Session<'_, '_>,
    ) -> Result<Vec<(Arc<str>, Value)>, Trouble> {
        // Often none: the caller's variables are in scope as they are.
        let mut names: Vec<(Arc<str>, Value)> = Vec::new();
        let graph = session.graph;
        for requirement in requirements {
            let value = match graph.node(requirement.node) {
                // Already in scope, and decoded only if an expression looks at it.
                Node::Input(_) if graph.rules.caller_in_scope && requirement.import.is_none() => continue,
                Node::Input(input) => self.input(requirement.node, input, session)?,
                Node::Decision(_) => self.values.get(&requirement.node).cloned().unwrap_or_default(),
                Node::Knowledge(_) | Node::Service(_) => function(graph, requirement.node, outer),
            };
            bind(&mut names, requirement, value);
        }
        Ok(names)
    }

    fn input(&mut self, id: NodeId, input: &InputNode, session: &mut Session<'_, '_>) -> Evaluated {
        if let Some(known) = self.values.get(&id) {
            return Ok(known.clone());
        }
        let given = self.given(&input.name, &input.namespace, session.graph).unwrap_or_default();
        let value = session.typed(given, input.type_id)?;
        self.set(id, value.clone());
        Ok(value)
    }

    /// What the caller gave for an element: of an imported model by `namespace#name`, else by name.
    fn given(&self, name: &str, namespace: &str, graph: &Graph) -> Option<Value> {
        if *namespace != *graph.namespace {
            let qualified = lookup(self.variables, &format!("{namespace}#{name}"));
            if qualified.is_some() {
                return qualified;
            }
        }
        lookup(self.variables, name)
    }

    pub(crate) fn into_evaluated(self) -> Vec<EvaluatedDecision> {
        self.evaluated
    }
}

/// Adds a name to a scope, or to the context of its import.
pub(crate) fn bind(names: &mut Vec<(Arc<str>, Value)>, requirement: &Requirement, value: Value) {
    let Some(import) = &requirement.import else {
        names.push((requirement.name.clone(), value));
        return;
    };
    let entry = names.iter_mut().find(|(name, _)| name == import);
    match entry {
        Some((_, Value::Context(context))) => *context = context.with(&requirement.name, value),
        Some(_) | None => {
            let context = Context::new(vec![(requirement.name.clone(), value)]);
            names.push((import.clone(), Value::Context(context)));
        }
    }
}

/// The function that a business knowledge model or a decision service is.
pub(crate) fn function(graph: &Arc<Graph>, id: NodeId, outer: &dyn Variables) -> Value {
    match graph.node(id) {
        Node::Knowledge(knowledge) => {
            let captured = captured(outer, &knowledge.function.free);
            Value::Function(Function::host(Arc::new(KnowledgeFunction {
                graph: graph.clone(),
                id,
                captured,
            })))
        }
        Node::Service(_) => {
            Value::Function(Function::host(Arc::new(ServiceFunction { graph: graph.clone(), id })))
        }
        Node::Input(_) | Node::Decision(_) => Value::Null,
    }
}

/// Evaluates one decision for its outcome.
pub(crate) fn outcome(
    graph: &Arc<Graph>,
    root: NodeId,
    variables: &dyn Variables,
    moment: &Moment,
    limits: &Limits,
) -> Outcome {
    let mut machine = Machine::outermost(graph.rules.dialect, moment, limits);
    let mut session = Session::new(graph, &mut machine);
    let mut run = Run::new(variables);
    let output = run.decision(root, &mut session);
    let evaluated = run.into_evaluated();
    Outcome { output, evaluated, warnings: machine.take_warnings() }
}

/// Calls a function with the variables that have the names of its parameters.
pub(crate) fn invoke(
    graph: &Arc<Graph>,
    function: &Function,
    variables: &dyn Variables,
    moment: &Moment,
    limits: &Limits,
) -> (Result<Value, String>, Vec<Warning>) {
    let mut machine = Machine::outermost(graph.rules.dialect, moment, limits);
    let mut session = Session::new(graph, &mut machine);
    let names = function.parameter_names();
    let arguments = names.iter().map(|name| lookup(variables, name).unwrap_or_default()).collect();
    let result = session.call(function, arguments).map_err(Trouble::into_message);
    (result, machine.take_warnings())
}
