//! A script task: an expression, or a job (BPMN 2.0.2, clause 13.3.3).

use weir_bpmn::process::ScriptTask;

use crate::{
    expression,
    flow::Next,
    job, payload,
    tx::{At, Failure, Tx},
    variable,
};

/// Evaluates the script into its variable, or waits for a worker.
pub(crate) fn activate(tx: &mut Tx<'_>, at: &At, script: &ScriptTask) -> Result<Next, Failure> {
    match script {
        ScriptTask::Job(definition) => job::create(tx, at, definition),
        ScriptTask::Feel { expression, result_variable } => {
            let result = expression::evaluate(tx, expression, Some(at.key), &[])?;
            let variables = vec![(result_variable.clone(), result.value.to_json().into())];
            payload::check_made(tx, &variables)?;
            variable::receive(tx, at, variables);
            Ok(Next::Complete)
        }
    }
}
