//! A business rule task: a decision, or a job (BPMN 2.0.2, clause 13.3.3).

use weir_bpmn::process::BusinessRuleTask;

use crate::{
    decision, expression,
    flow::Next,
    job, payload,
    tx::{At, Failure, Tx},
    variable,
};

/// Evaluates the decision into its variable, or waits for a worker.
pub(crate) fn activate(tx: &mut Tx<'_>, at: &At, rule: &BusinessRuleTask) -> Result<Next, Failure> {
    match rule {
        BusinessRuleTask::Job(definition) => job::create(tx, at, definition),
        BusinessRuleTask::Decision { decision_id, result_variable, binding } => {
            let id = expression::text(tx, decision_id, Some(at.key))?;
            let output = decision::evaluate_in(tx, at, &id, binding)?;
            let variables = vec![(result_variable.clone(), output.into())];
            payload::check_made(tx, &variables)?;
            variable::receive(tx, at, variables);
            Ok(Next::Complete)
        }
    }
}
