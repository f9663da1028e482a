//! Running test cases against a model.

use std::sync::Arc;

use weir_feel::{Limits, Moment, Value};

use super::compare::difference;
use super::declared::Declared;
use super::read::{Invocable, ResultNode, TestCase, TestSuite};
use crate::drg::Drg;
use crate::outcome::Outcome;

/// The result of one test case.
#[derive(Debug, Clone)]
pub struct CaseResult {
    /// The test file, as the caller names it.
    pub file: String,
    /// The id of the case.
    pub case: String,
    /// By result node.
    pub nodes: Vec<NodeResult>,
}

impl CaseResult {
    /// Whether all result nodes passed.
    #[must_use]
    pub fn passed(&self) -> bool {
        self.nodes.iter().all(|node| node.difference.is_none())
    }
}

/// The result of one result node.
#[derive(Debug, Clone)]
pub struct NodeResult {
    /// The name of the decision.
    pub node: String,
    /// What differs from what was expected; none when it passed.
    pub difference: Option<String>,
}

impl TestSuite {
    /// Runs every case against a model, or says why there is none: then every node fails with that text.
    #[must_use]
    pub fn run(
        &self,
        file: &str,
        model: Result<&Drg, &str>,
        moment: &Moment,
        limits: &Limits,
    ) -> Vec<CaseResult> {
        let case = |case: &TestCase| CaseResult {
            file: file.to_owned(),
            case: case.id.clone(),
            nodes: case.results.iter().map(|node| run_node(case, node, model, moment, limits)).collect(),
        };
        self.cases.iter().map(case).collect()
    }
}

fn run_node(
    case: &TestCase,
    node: &ResultNode,
    model: Result<&Drg, &str>,
    moment: &Moment,
    limits: &Limits,
) -> NodeResult {
    let difference = match model {
        Ok(model) => differs(case, node, model, moment, limits).unwrap_or_else(Some),
        Err(why) => Some(why.to_owned()),
    };
    NodeResult { node: node.name.clone(), difference }
}

fn differs(
    case: &TestCase,
    node: &ResultNode,
    model: &Drg,
    moment: &Moment,
    limits: &Limits,
) -> Result<Option<String>, String> {
    let mut variables: Vec<(Arc<str>, Value)> = Vec::with_capacity(case.inputs.len());
    for input in &case.inputs {
        let declared =
            Declared::input(model.graph(), &case.invocable, &input.name, input.namespace.as_deref());
        let value = input.value.to_value(declared)?;
        if let Some(namespace) = &input.namespace {
            variables.push((format!("{namespace}#{}", input.name).into(), value.clone()));
        }
        variables.push((input.name.as_str().into(), value));
    }
    let outcome = match &case.invocable {
        Invocable::Decision => {
            let id = model.find(&node.name).ok_or_else(|| format!("there is no decision '{}'", node.name))?;
            model.evaluate(id, &variables, moment, limits)
        }
        Invocable::Service(name) | Invocable::KnowledgeModel(name) => {
            model.invoke(name, &variables, moment, limits)
        }
    };
    let expected = node.expected.to_value(Declared::result(model.graph(), &case.invocable, &node.name))?;
    Ok(match actual(case, node, outcome) {
        Ok(actual) => difference(&expected, &actual),
        // A failure has no value; it is what was expected when the node says so.
        Err(_) if node.error_result && expected.is_null() => None,
        Err(message) => Some(format!("failed: {message}")),
    })
}

/// The value of the node: of a service with several output decisions, the entry with the node's name.
fn actual(case: &TestCase, node: &ResultNode, outcome: Outcome) -> Result<Value, String> {
    let value = outcome.output.map_err(|failure| failure.message)?;
    Ok(match (&case.invocable, &value) {
        (Invocable::Service(_), Value::Context(context)) if case.results.len() > 1 => {
            context.get(&node.name).cloned().unwrap_or_default()
        }
        (Invocable::Service(_) | Invocable::KnowledgeModel(_) | Invocable::Decision, _) => value,
    })
}
