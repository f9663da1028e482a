//! Decision tables, compiled.

mod hit_policy;
mod index;
mod pattern;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use smallvec::SmallVec;
use weir_feel::{Dialect, Value, Variables};

use crate::evaluate::{Evaluated, Session, TableRecord, Trouble};
use crate::feel::Feel;
use crate::model::table::HitPolicy;
use crate::outcome::{EvaluatedInput, EvaluatedOutput, MatchedRule};
use crate::types::TypeId;
use index::{Class, Index, Verdict};

/// A compiled decision table.
#[derive(Debug)]
pub(crate) struct Table {
    hit_policy: HitPolicy,
    inputs: Vec<Input>,
    outputs: Vec<Output>,
    rules: Vec<Rule>,
    index: Index,
    /// `sum`, `min` or `max` of COLLECT.
    aggregate: Option<Feel>,
}

#[derive(Debug)]
pub(crate) struct Input {
    pub(crate) id: Arc<str>,
    /// Its label, or else its expression.
    pub(crate) name: Arc<str>,
    pub(crate) expression: Feel,
    pub(crate) type_id: TypeId,
    pub(crate) allowed_values: Option<Feel>,
}

#[derive(Debug)]
pub(crate) struct Output {
    pub(crate) id: Arc<str>,
    /// Its label, or else its name.
    pub(crate) label: Arc<str>,
    /// The name of its entry when there are several outputs.
    pub(crate) name: Arc<str>,
    pub(crate) type_id: TypeId,
    pub(crate) default: Option<Feel>,
    /// Its values, those of the highest priority first.
    pub(crate) priorities: Vec<Value>,
}

#[derive(Debug)]
pub(crate) struct Rule {
    pub(crate) id: Arc<str>,
    pub(crate) tests: Vec<Feel>,
    pub(crate) outputs: Vec<Feel>,
}

impl Table {
    pub(crate) fn new(
        hit_policy: HitPolicy,
        inputs: Vec<Input>,
        outputs: Vec<Output>,
        rules: Vec<Rule>,
        dialect: Dialect,
    ) -> Self {
        let patterns = pattern::of_rules(&rules, inputs.len(), dialect);
        let index = Index::new(inputs.len(), &patterns);
        let aggregate = hit_policy::aggregate(hit_policy, dialect);
        Self { hit_policy, inputs, outputs, rules, index, aggregate }
    }

    /// Everything in the table that reads names.
    pub(crate) fn expressions(&self) -> impl Iterator<Item = &Feel> {
        let inputs = self.inputs.iter().flat_map(|i| std::iter::once(&i.expression).chain(&i.allowed_values));
        let outputs = self.outputs.iter().filter_map(|o| o.default.as_ref());
        inputs.chain(outputs).chain(self.rules.iter().flat_map(|r| r.tests.iter().chain(&r.outputs)))
    }

    /// The output of the table; what it saw is left in the session for the record.
    pub(crate) fn evaluate(&self, scope: &dyn Variables, session: &mut Session<'_, '_>) -> Evaluated {
        let inputs = self.input_values(scope, session)?;
        let mut matched_rules = Vec::new();
        let answer = self.answer(&inputs, &mut matched_rules, scope, session);
        session.seen = TableRecord { inputs, matched_rules };
        answer
    }

    fn answer(
        &self,
        inputs: &[EvaluatedInput],
        rows: &mut Vec<MatchedRule>,
        scope: &dyn Variables,
        session: &mut Session<'_, '_>,
    ) -> Evaluated {
        let matched = self.matching(inputs, scope, session)?;
        rows.reserve_exact(matched.len());
        for rule in matched {
            rows.push(self.row(rule, scope, session)?);
        }
        if rows.is_empty() {
            return self.no_match(scope, session);
        }
        hit_policy::result(self, rows, session)
    }

    fn input_values(
        &self,
        scope: &dyn Variables,
        session: &mut Session<'_, '_>,
    ) -> Result<Vec<EvaluatedInput>, Trouble> {
        let mut inputs = Vec::with_capacity(self.inputs.len());
        for input in &self.inputs {
            let value = session.expression(&input.expression, scope)?;
            let value = session.typed(value, input.type_id)?;
            if let Some(allowed) = &input.allowed_values
                && !value.is_null()
                && !session.unary_tests(allowed, &value, scope)?.is_true()
            {
                let message = format!("input '{}' has the value {}, which is not allowed", input.name, value);
                return Err(Trouble::Failed(message));
            }
            inputs.push(EvaluatedInput { id: input.id.clone(), name: input.name.clone(), value });
        }
        Ok(inputs)
    }

    /// The rules that match, in the order of the table; with FIRST, only the first.
    fn matching(
        &self,
        inputs: &[EvaluatedInput],
        scope: &dyn Variables,
        session: &mut Session<'_, '_>,
    ) -> Result<SmallVec<[u32; 8]>, Trouble> {
        let classes = self.index.classes(inputs.iter().map(|input| &input.value));
        let mut matched = SmallVec::new();
        for rule in self.index.candidates(&classes) {
            session.machine.burn(1)?;
            if self.matches(rule, inputs, &classes, scope, session)? {
                matched.push(rule);
                if self.hit_policy == HitPolicy::First {
                    break;
                }
            }
        }
        Ok(matched)
    }

    fn matches(
        &self,
        rule: u32,
        inputs: &[EvaluatedInput],
        classes: &[Class],
        scope: &dyn Variables,
        session: &mut Session<'_, '_>,
    ) -> Result<bool, Trouble> {
        for (column, class) in classes.iter().enumerate() {
            let holds = match self.index.verdict(rule, column, *class) {
                Verdict::Yes => true,
                Verdict::No => false,
                Verdict::Evaluate => {
                    let tests = &self.rules[rule as usize].tests[column];
                    test_holds(session.unary_tests(tests, &inputs[column].value, scope)?, session)?
                }
            };
            if !holds {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn row(
        &self,
        number: u32,
        scope: &dyn Variables,
        session: &mut Session<'_, '_>,
    ) -> Result<MatchedRule, Trouble> {
        let rule = &self.rules[number as usize];
        let mut outputs = Vec::with_capacity(self.outputs.len());
        for (output, expression) in self.outputs.iter().zip(&rule.outputs) {
            let value = session.expression(expression, scope)?;
            let value = session.typed(value, output.type_id)?;
            outputs.push(EvaluatedOutput { id: output.id.clone(), name: output.label.clone(), value });
        }
        Ok(MatchedRule { id: rule.id.clone(), index: number + 1, outputs })
    }

    /// The default outputs, or what the hit policy says of no rule.
    fn no_match(&self, scope: &dyn Variables, session: &mut Session<'_, '_>) -> Evaluated {
        if self.outputs.iter().all(|output| output.default.is_none()) {
            return hit_policy::nothing(self.hit_policy, session);
        }
        let mut entries = Vec::with_capacity(self.outputs.len());
        for output in &self.outputs {
            if let Some(default) = &output.default {
                let value = session.expression(default, scope)?;
                entries.push((output.name.clone(), session.typed(value, output.type_id)?));
            }
        }
        let lone = entries.len() == 1 && session.graph.rules.lone_default_is_bare;
        if lone || self.outputs.len() == 1 { Ok(entries.swap_remove(0).1) } else { session.context(entries) }
    }
}

fn test_holds(answer: Value, session: &Session<'_, '_>) -> Result<bool, Trouble> {
    match answer {
        Value::Boolean(answer) => Ok(answer),
        other if session.graph.rules.test_must_be_boolean && !other.is_null() => Err(Trouble::Failed(
            format!("input entry must return true, false, or null, but found '{}'", other),
        )),
        _ => Ok(false),
    }
}
