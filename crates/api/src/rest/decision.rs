//! `/decision-definitions`: evaluation.

use std::sync::Arc;

use axum::extract::State;
use serde::{Deserialize, Serialize};
use weir_engine::command::{self as engine, Command, DecisionEvaluated, DecisionRef, Reply};

use super::body::{Answer, Json, Key, Variables, tenant};
use crate::{
    door::Door,
    failure::Failure,
    request::{self, DEFAULT_TENANT},
};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Evaluation {
    decision_definition_id: Option<String>,
    decision_definition_key: Option<Key>,
    #[serde(default)]
    variables: Variables,
    tenant_id: Option<String>,
}

impl Evaluation {
    fn decision(&self) -> Result<DecisionRef, Failure> {
        match (self.decision_definition_id.as_deref(), self.decision_definition_key) {
            (Some(_), Some(_)) => Err(Failure::Invalid(
                "Only one of [decisionDefinitionId, decisionDefinitionKey] is allowed.".into(),
            )),
            (Some(id), None) => request::decision(-1, id),
            (None, Some(key)) => request::decision(key.0 as i64, ""),
            (None, None) => Err(Failure::Invalid(
                "At least one of [decisionDefinitionId, decisionDefinitionKey] is required.".into(),
            )),
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Evaluated {
    decision_definition_id: Arc<str>,
    decision_definition_key: Key,
    decision_definition_name: Arc<str>,
    decision_definition_version: i32,
    decision_evaluation_key: Key,
    decision_instance_key: Key,
    decision_requirements_id: Arc<str>,
    decision_requirements_key: Key,
    evaluated_decisions: Vec<EvaluatedDecision>,
    failed_decision_definition_id: Option<Arc<str>>,
    failure_message: Option<String>,
    output: String,
    tenant_id: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct EvaluatedDecision {
    decision_definition_id: Arc<str>,
    decision_definition_name: Arc<str>,
    decision_definition_version: i32,
    decision_definition_type: &'static str,
    output: String,
    tenant_id: &'static str,
    matched_rules: Vec<MatchedRule>,
    evaluated_inputs: Vec<Input>,
    decision_definition_key: Key,
    decision_evaluation_instance_key: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Input {
    input_id: Arc<str>,
    input_name: Arc<str>,
    input_value: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct MatchedRule {
    rule_id: Arc<str>,
    rule_index: i32,
    evaluated_outputs: Vec<Output>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Output {
    output_id: Arc<str>,
    output_name: Arc<str>,
    output_value: String,
    rule_id: Arc<str>,
    rule_index: i32,
}

pub(super) async fn evaluate(
    State(door): State<Door>,
    Json(body): Json<Evaluation>,
) -> Result<Answer<Evaluated>, Failure> {
    tenant(body.tenant_id.as_deref())?;
    let decision = body.decision()?;
    let variables = body.variables.document()?;
    match door.submit(Command::EvaluateDecision { decision, variables }).await? {
        Reply::DecisionEvaluated(evaluated) => Ok(Answer(render(*evaluated))),
        other => Err(Failure::unexpected(&other)),
    }
}

fn render(evaluated: DecisionEvaluated) -> Evaluated {
    let key = evaluated.evaluation;
    let (failed, failure) = evaluated.failure.unzip();
    Evaluated {
        decision_definition_id: evaluated.id,
        decision_definition_key: Key(evaluated.key.0),
        decision_definition_name: evaluated.name,
        decision_definition_version: evaluated.version,
        decision_evaluation_key: Key(key),
        decision_instance_key: Key(key),
        decision_requirements_id: evaluated.drg_id,
        decision_requirements_key: Key(evaluated.drg_key.0),
        evaluated_decisions: (1..)
            .zip(evaluated.evaluated)
            .map(|(place, one)| decision(one, key, place))
            .collect(),
        failed_decision_definition_id: failed,
        failure_message: failure,
        output: evaluated.output,
        tenant_id: DEFAULT_TENANT,
    }
}

fn decision(one: engine::EvaluatedDecision, evaluation: u64, place: usize) -> EvaluatedDecision {
    let inputs = one.inputs.into_iter().map(|(input_id, input_name, input_value)| Input {
        input_id,
        input_name,
        input_value,
    });
    EvaluatedDecision {
        decision_definition_id: one.id,
        decision_definition_name: one.name,
        decision_definition_version: one.version,
        decision_definition_type: one.kind,
        output: one.output,
        tenant_id: DEFAULT_TENANT,
        matched_rules: one.matched_rules.into_iter().map(matched).collect(),
        evaluated_inputs: inputs.collect(),
        decision_definition_key: Key(one.key.0),
        decision_evaluation_instance_key: format!("{evaluation}-{place}"),
    }
}

fn matched(rule: engine::MatchedRule) -> MatchedRule {
    let outputs = rule.outputs.into_iter().map(|(output_id, output_name, output_value)| Output {
        output_id,
        output_name,
        output_value,
        rule_id: rule.id.clone(),
        rule_index: rule.index,
    });
    MatchedRule { evaluated_outputs: outputs.collect(), rule_index: rule.index, rule_id: rule.id }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;
    use weir_engine::key::{DecisionKey, DrgKey};

    use super::*;

    /// An evaluation with everything in it.
    fn evaluated() -> DecisionEvaluated {
        let value = |text: &str| (Arc::from("id"), Arc::from("name"), text.to_owned());
        let rule = engine::MatchedRule { id: "r".into(), index: 1, outputs: vec![value("\"x\"")] };
        let one = engine::EvaluatedDecision {
            key: DecisionKey(2),
            id: "d".into(),
            name: "D".into(),
            version: 1,
            kind: "DECISION_TABLE",
            output: "\"x\"".into(),
            inputs: vec![value("5")],
            matched_rules: vec![rule],
        };
        DecisionEvaluated {
            key: DecisionKey(2),
            id: "d".into(),
            name: "D".into(),
            version: 1,
            drg_id: "g".into(),
            drg_key: DrgKey(3),
            evaluation: 9,
            output: "null".into(),
            failure: Some(("d".into(), "no luck".into())),
            evaluated: vec![one],
        }
    }

    #[test]
    fn an_evaluation_reads_like_the_contract() {
        let body = render(evaluated());
        expect![[r#"
            {
              "decisionDefinitionId": "d",
              "decisionDefinitionKey": "2",
              "decisionDefinitionName": "D",
              "decisionDefinitionVersion": 1,
              "decisionEvaluationKey": "9",
              "decisionInstanceKey": "9",
              "decisionRequirementsId": "g",
              "decisionRequirementsKey": "3",
              "evaluatedDecisions": [
                {
                  "decisionDefinitionId": "d",
                  "decisionDefinitionName": "D",
                  "decisionDefinitionVersion": 1,
                  "decisionDefinitionType": "DECISION_TABLE",
                  "output": "\"x\"",
                  "tenantId": "<default>",
                  "matchedRules": [
                    {
                      "ruleId": "r",
                      "ruleIndex": 1,
                      "evaluatedOutputs": [
                        {
                          "outputId": "id",
                          "outputName": "name",
                          "outputValue": "\"x\"",
                          "ruleId": "r",
                          "ruleIndex": 1
                        }
                      ]
                    }
                  ],
                  "evaluatedInputs": [
                    {
                      "inputId": "id",
                      "inputName": "name",
                      "inputValue": "5"
                    }
                  ],
                  "decisionDefinitionKey": "2",
                  "decisionEvaluationInstanceKey": "9-1"
                }
              ],
              "failedDecisionDefinitionId": "d",
              "failureMessage": "no luck",
              "output": "null",
              "tenantId": "<default>"
            }"#]]
        .assert_eq(&serde_json::to_string_pretty(&body).unwrap());
    }
}
