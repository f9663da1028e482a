//! Decisions: evaluated for a business rule task or on request.

use std::sync::Arc;

use weir_bpmn::process::Binding;
use weir_dmn::Outcome;
use weir_feel::{Dialect, Expression, Names, Value, Variables};

use crate::{
    command::{DecisionEvaluated, DecisionRef, EvaluatedDecision, MatchedRule, Reply},
    document::Document,
    expression::{self, Sight},
    key::{DecisionKey, ProcessKey},
    rejection::Rejection,
    state::row::IncidentKind,
    tx::{At, Failure, Tx},
};

/// Evaluates a decision for an element instance; gives the result as JSON.
pub(crate) fn evaluate_in(tx: &Tx<'_>, at: &At, id: &Arc<str>, binding: &Binding) -> Result<String, Failure> {
    let missing = || {
        let text = format!("Expected to evaluate decision '{id}', but no decision found for id '{id}'");
        Failure::new(IncidentKind::CalledDecisionError, text)
    };
    let key = bound(tx, id, binding, at.row.process).ok_or_else(missing)?;
    let sight = Sight { tx, scope: Some(at.key), given: &[] };
    let outcome = run(tx, key, &sight).ok_or_else(missing)?;
    match outcome.output {
        Ok(value) => Ok(value.to_json()),
        Err(failure) => {
            let text = format!("Expected to evaluate decision '{id}', but {}", failure.message);
            Err(Failure::new(IncidentKind::DecisionEvaluationError, text))
        }
    }
}

fn bound(tx: &Tx<'_>, id: &Arc<str>, binding: &Binding, caller: ProcessKey) -> Option<DecisionKey> {
    let state = tx.state();
    let versions = state.decision_versions.backward((id.clone(), i32::MIN)..=(id.clone(), i32::MAX));
    match binding {
        Binding::Latest => state.latest_decision(id),
        Binding::Deployment => {
            let deployment = state.processes.get(&caller)?.deployment;
            let own =
                |key: &DecisionKey| state.decisions.get(key).is_some_and(|d| d.deployment == deployment);
            versions.map(|(_, key)| *key).find(own)
        }
        Binding::VersionTag(tag) => versions
            .map(|(_, key)| *key)
            .find(|key| state.decisions.get(key).is_some_and(|d| d.version_tag.as_ref() == Some(tag))),
    }
}

fn run(tx: &Tx<'_>, key: DecisionKey, variables: &dyn Variables) -> Option<Outcome> {
    let decision = tx.state().decisions.get(&key)?;
    let drg = tx.definitions.drg(tx.state(), decision.drg)?;
    Some(drg.evaluate(&decision.id, variables, &tx.moment(), &tx.settings.feel_limits))
}

/// A document's variables for an expression.
fn values(document: Document) -> Vec<(Arc<str>, Value)> {
    document.0.into_iter().filter_map(|(name, json)| Some((name, Value::from_json(&json).ok()?))).collect()
}

/// Carries out [`crate::command::Command::EvaluateDecision`].
pub(crate) fn evaluate(tx: &mut Tx<'_>, decision: DecisionRef, variables: Document) {
    let found = match &decision {
        DecisionRef::Key(key) => Some(*key).filter(|key| tx.state().decisions.contains(key)),
        DecisionRef::Latest(id) => tx.state().latest_decision(id),
    };
    let given = values(variables);
    let result = found.and_then(|key| Some((key, run(tx, key, &given)?)));
    let Some((key, outcome)) = result else {
        let reason = match decision {
            DecisionRef::Key(key) => {
                format!("Expected to evaluate decision with key '{key}', but no such decision found")
            }
            DecisionRef::Latest(id) => {
                format!("Expected to evaluate decision '{id}', but no decision found for id '{id}'")
            }
        };
        // Zeebe 8.6 answers so, not NOT_FOUND (measured).
        return tx.answer(Err(Rejection::invalid(reason)));
    };
    let evaluation = tx.next_key();
    match record(tx, key, evaluation, outcome) {
        Some(evaluated) => tx.answer(Ok(Reply::DecisionEvaluated(Box::new(evaluated)))),
        None => {
            tx.answer(Err(Rejection::not_found("Expected to evaluate a decision, but its model is gone")))
        }
    }
}

fn record(tx: &Tx<'_>, key: DecisionKey, evaluation: u64, outcome: Outcome) -> Option<DecisionEvaluated> {
    let state = tx.state();
    let decision = state.decisions.get(&key)?;
    let drg = state.drgs.get(&decision.drg)?;
    let (output, failure) = match outcome.output {
        Ok(value) => (value.to_json(), None),
        Err(failure) => {
            let text = format!("Expected to evaluate decision '{}', but {}", decision.id, failure.message);
            ("null".to_string(), Some((failure.decision_id, text)))
        }
    };
    let evaluated = outcome
        .evaluated
        .into_iter()
        .map(|one| {
            let own = drg
                .decisions
                .iter()
                .find_map(|key| Some((*key, state.decisions.get(key)?)).filter(|(_, d)| d.id == one.id));
            EvaluatedDecision {
                key: own.as_ref().map_or(DecisionKey(0), |(key, _)| *key),
                version: own.as_ref().map_or(0, |(_, decision)| decision.version),
                id: one.id,
                name: one.name,
                kind: one.kind.name(),
                output: one.output.to_json(),
                inputs: one
                    .inputs
                    .into_iter()
                    .map(|input| (input.id, input.name, input.value.to_json()))
                    .collect(),
                matched_rules: one
                    .matched_rules
                    .into_iter()
                    .map(|rule| MatchedRule {
                        id: rule.id,
                        index: rule.index as i32,
                        outputs: rule
                            .outputs
                            .into_iter()
                            .map(|out| (out.id, out.name, out.value.to_json()))
                            .collect(),
                    })
                    .collect(),
            }
        })
        .collect();
    Some(DecisionEvaluated {
        key,
        id: decision.id.clone(),
        name: decision.name.clone(),
        version: decision.version,
        drg_id: drg.id.clone(),
        drg_key: decision.drg,
        evaluation,
        output,
        failure,
        evaluated,
    })
}

/// Carries out [`crate::command::Command::EvaluateExpression`].
pub(crate) fn evaluate_expression(tx: &mut Tx<'_>, text: &str, variables: Document) {
    let Some(text) = text.strip_prefix('=') else {
        let reason = format!(
            "Expected expression but found static value '{text}'. An expression must start with '=' (e.g. '={text}')."
        );
        return tx.answer(Err(Rejection::invalid(reason)));
    };
    let expression = match Expression::compile(text, Dialect::Bpmn, &Names::default()) {
        Ok(expression) => expression,
        Err(found) => return tx.answer(Err(Rejection::invalid(found.to_string()))),
    };
    match expression::evaluate(tx, &expression, None, &values(variables)) {
        Ok(result) => {
            let warnings = result.warnings.iter().map(ToString::to_string).collect();
            tx.answer(Ok(Reply::ExpressionEvaluated { result: result.value.to_json(), warnings }));
        }
        Err(failure) => tx.answer(Err(Rejection::invalid(failure.message))),
    }
}
