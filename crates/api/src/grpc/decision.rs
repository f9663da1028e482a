//! EvaluateDecision.

use weir_engine::command::{self as engine, Command, DecisionEvaluated, Reply};

use crate::{
    door::Door,
    failure::Failure,
    proto::{
        EvaluateDecisionRequest, EvaluateDecisionResponse, EvaluatedDecision, EvaluatedDecisionInput,
        EvaluatedDecisionOutput, MatchedDecisionRule,
    },
    request::{self, DEFAULT_TENANT},
};

pub(super) async fn evaluate(
    door: &Door,
    asked: EvaluateDecisionRequest,
) -> Result<EvaluateDecisionResponse, Failure> {
    request::tenant(&asked.tenant_id)?;
    let command = Command::EvaluateDecision {
        decision: request::decision(asked.decision_key, &asked.decision_id)?,
        variables: request::document(&asked.variables)?,
    };
    match door.submit(command).await? {
        Reply::DecisionEvaluated(evaluated) => Ok(render(*evaluated)),
        other => Err(Failure::unexpected(&other)),
    }
}

fn render(evaluated: DecisionEvaluated) -> EvaluateDecisionResponse {
    let (failed_decision, failure) = evaluated.failure.unwrap_or_default();
    let places = 1..;
    EvaluateDecisionResponse {
        decision_key: evaluated.key.0 as i64,
        decision_id: (*evaluated.id).into(),
        decision_name: (*evaluated.name).into(),
        decision_version: evaluated.version,
        decision_requirements_id: (*evaluated.drg_id).into(),
        decision_requirements_key: evaluated.drg_key.0 as i64,
        decision_output: evaluated.output,
        evaluated_decisions: places
            .zip(evaluated.evaluated)
            .map(|(place, one)| decision(one, evaluated.evaluation, place))
            .collect(),
        failed_decision_id: (*failed_decision).into(),
        failure_message: failure,
        tenant_id: DEFAULT_TENANT.into(),
        decision_instance_key: evaluated.evaluation as i64,
        decision_evaluation_key: evaluated.evaluation as i64,
    }
}

fn decision(one: engine::EvaluatedDecision, evaluation: u64, place: usize) -> EvaluatedDecision {
    let inputs = one.inputs.into_iter().map(|(id, name, value)| EvaluatedDecisionInput {
        input_id: (*id).into(),
        input_name: (*name).into(),
        input_value: value,
    });
    EvaluatedDecision {
        decision_key: one.key.0 as i64,
        decision_id: (*one.id).into(),
        decision_name: (*one.name).into(),
        decision_version: one.version,
        decision_type: one.kind.into(),
        decision_output: one.output,
        matched_rules: one.matched_rules.into_iter().map(rule).collect(),
        evaluated_inputs: inputs.collect(),
        tenant_id: DEFAULT_TENANT.into(),
        decision_evaluation_instance_key: format!("{evaluation}-{place}"),
    }
}

fn rule(rule: engine::MatchedRule) -> MatchedDecisionRule {
    let outputs = rule.outputs.into_iter().map(|(id, name, value)| EvaluatedDecisionOutput {
        output_id: (*id).into(),
        output_name: (*name).into(),
        output_value: value,
    });
    MatchedDecisionRule {
        rule_id: (*rule.id).into(),
        rule_index: rule.index,
        evaluated_outputs: outputs.collect(),
    }
}
