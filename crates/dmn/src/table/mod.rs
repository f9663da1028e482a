//! Decision tables, compiled.

mod hit_policy;
mod index;
mod pattern;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use weir_feel::{Dialect, Expression, Value, Variables};

use crate::evaluate::{Evaluated, Session, Trouble};
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
    aggregate: Option<Expression>,
}

#[derive(Debug)]
pub(crate) struct Input {
    pub(crate) id: Arc<str>,
    /// Its label, or else its expression.
    pub(crate) name: Arc<str>,
    pub(crate) expression: Expression,
    pub(crate) type_id: TypeId,
    pub(crate) allowed_values: Option<Expression>,
}

#[derive(Debug)]
pub(crate) struct Output {
    pub(crate) id: Arc<str>,
    /// Its label, or else its name.
    pub(crate) label: Arc<str>,
    /// The name of its entry when there are several outputs.
    pub(crate) name: Arc<str>,
    pub(crate) type_id: TypeId,
    pub(crate) default: Option<Expression>,
    /// Its values, those of the highest priority first.
    pub(crate) priorities: Vec<Value>,
}

#[derive(Debug)]
pub(crate) struct Rule {
    pub(crate) id: Arc<str>,
    pub(crate) tests: Vec<Expression>,
    pub(crate) outputs: Vec<Expression>,
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
    pub(crate) fn expressions(&self) -> impl Iterator<Item = &Expression> {
        let inputs = self.inputs.iter().flat_map(|i| std::iter::once(&i.expression).chain(&i.allowed_values));
        let outputs = self.outputs.iter().filter_map(|o| o.default.as_ref());
        inputs.chain(outputs).chain(self.rules.iter().flat_map(|r| r.tests.iter().chain(&r.outputs)))
    }

    /// The output of the table; what it saw is left in the session for the record.
    pub(crate) fn evaluate(&self, scope: &dyn Variables, session: &mut Session<'_, '_>) -> Evaluated {
        let values = self.input_values(scope, session)?;
        let matched = self.matching(&values, scope, session)?;
        let mut rows = Vec::with_capacity(matched.len());
        for rule in &matched {
            rows.push(self.row(&self.rules[*rule as usize], scope, session)?);
        }
        self.record(&matched, &rows, session);
        if rows.is_empty() {
            return self.no_match(scope, session);
        }
        hit_policy::result(self, rows, session)
    }

    fn input_values(
        &self,
        scope: &dyn Variables,
        session: &mut Session<'_, '_>,
    ) -> Result<Vec<Value>, Trouble> {
        let mut values = Vec::with_capacity(self.inputs.len());
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
            values.push(value);
        }
        session.seen.inputs.clear();
        session.seen.matched_rules.clear();
        let inputs = self.inputs.iter().zip(&values);
        session.seen.inputs.extend(inputs.map(|(input, value)| EvaluatedInput {
            id: input.id.clone(),
            name: input.name.clone(),
            value: value.clone(),
        }));
        Ok(values)
    }

    /// The rules that match, in the order of the table; with FIRST, only the first.
    fn matching(
        &self,
        values: &[Value],
        scope: &dyn Variables,
        session: &mut Session<'_, '_>,
    ) -> Result<Vec<u32>, Trouble> {
        let classes = self.index.classes(values);
        let mut matched = Vec::new();
        for rule in self.index.candidates(&classes) {
            session.machine.burn(1)?;
            if self.matches(rule, values, &classes, scope, session)? {
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
        values: &[Value],
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
                    test_holds(session.unary_tests(tests, &values[column], scope)?, session)?
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
        rule: &Rule,
        scope: &dyn Variables,
        session: &mut Session<'_, '_>,
    ) -> Result<Vec<Value>, Trouble> {
        let mut row = Vec::with_capacity(self.outputs.len());
        for (output, expression) in self.outputs.iter().zip(&rule.outputs) {
            let value = session.expression(expression, scope)?;
            row.push(session.typed(value, output.type_id)?);
        }
        Ok(row)
    }

    fn record(&self, matched: &[u32], rows: &[Vec<Value>], session: &mut Session<'_, '_>) {
        session.seen.matched_rules.extend(matched.iter().zip(rows).map(|(rule, row)| MatchedRule {
            id: self.rules[*rule as usize].id.clone(),
            index: rule + 1,
            outputs: self.outputs.iter().zip(row).map(|(output, value)| output.evaluated(value)).collect(),
        }));
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

impl Output {
    fn evaluated(&self, value: &Value) -> EvaluatedOutput {
        EvaluatedOutput { id: self.id.clone(), name: self.label.clone(), value: value.clone() }
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
