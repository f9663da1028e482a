//! Decision tables.

use std::sync::Arc;

use weir_feel::{Expression, Limits, Moment, Names, Value};

use super::Compiler;
use crate::model::Text;
use crate::model::table::{HitPolicy, InputClause, OutputClause, Rule as WrittenRule, Table as Written};
use crate::table::{Input, Output, Rule, Table};
use crate::types::Types;

impl<'m> Compiler<'m> {
    pub(super) fn table(&mut self, model: usize, table: &'m Written, names: &Names) -> Table {
        let inputs = table.inputs.iter().map(|input| self.input(model, input, names)).collect();
        let ordered = matches!(table.hit_policy, HitPolicy::Priority | HitPolicy::OutputOrder);
        let mut outputs = Vec::with_capacity(table.outputs.len());
        for output in &table.outputs {
            let compiled = self.output(model, output, ordered, names);
            if ordered && table.outputs.len() == 1 && compiled.priorities.is_empty() {
                let help = "add <outputValues> with the values in their order";
                self.report(&output.place, "the hit policy needs the priorities of the output", help);
            }
            outputs.push(compiled);
        }
        let rules = table.rules.iter().filter_map(|rule| self.rule(table, rule, names)).collect();
        Table::new(table.hit_policy, inputs, outputs, rules, self.rules.dialect)
    }

    fn input(&mut self, model: usize, input: &'m InputClause, names: &Names) -> Input {
        let type_id = self.type_id(model, input.type_name.as_deref(), &input.expression.place);
        let allowed = input.values.as_ref().filter(|_| self.rules.check_allowed_values);
        let name = if input.label.is_empty() { input.expression.text.trim() } else { &input.label };
        Input {
            id: input.id.as_str().into(),
            name: name.into(),
            expression: self.expression(&input.expression, names),
            type_id: if self.rules.only_basic_types { Types::ANY } else { type_id },
            allowed_values: allowed.map(|tests| self.unary_tests(tests, names)),
        }
    }

    fn output(&mut self, model: usize, output: &'m OutputClause, ordered: bool, names: &Names) -> Output {
        let type_id = self.type_id(model, output.type_name.as_deref(), &output.place);
        let name: Arc<str> = output.name.as_deref().unwrap_or_default().into();
        let label = if output.label.is_empty() { name.clone() } else { output.label.as_str().into() };
        let values =
            output.values.as_ref().or_else(|| self.allowed_values(model, output.type_name.as_deref()?));
        Output {
            id: output.id.as_str().into(),
            label,
            name,
            type_id: if self.rules.only_basic_types { Types::ANY } else { type_id },
            default: output.default.as_ref().map(|text| self.expression(text, names)),
            priorities: values.filter(|_| ordered).map_or_else(Vec::new, |values| self.listed(values)),
        }
    }

    /// The allowed values of a type are its priorities when the output has none of its own.
    fn allowed_values(&self, model: usize, type_name: &str) -> Option<&'m Text> {
        self.models[model].items.iter().find(|item| item.name == type_name)?.allowed_values.as_ref()
    }

    /// The values of a list without brackets.
    fn listed(&mut self, values: &Text) -> Vec<Value> {
        let text = format!("[{}]", values.text.trim());
        let list = Expression::compile(&text, self.rules.dialect, &Names::new()).ok().and_then(|list| {
            list.evaluate(&(), &Moment::default(), &Limits::DEFAULT).ok().map(|evaluation| evaluation.value)
        });
        match list {
            Some(Value::List(list)) => list.to_vec(),
            Some(_) | None => {
                let message = format!("'{}' is not a list of values", values.text.trim());
                self.report(&values.place, message, "write literals with commas between them");
                Vec::new()
            }
        }
    }

    fn rule(&mut self, table: &Written, rule: &'m WrittenRule, names: &Names) -> Option<Rule> {
        let tests: Vec<_> = rule.inputs.iter().map(|tests| self.unary_tests(tests, names)).collect();
        let outputs: Vec<_> = rule.outputs.iter().map(|output| self.expression(output, names)).collect();
        // A rule with too many or too few cells was reported when it was read.
        let whole = tests.len() == table.inputs.len() && outputs.len() == table.outputs.len();
        whole.then(|| Rule { id: rule.id.as_str().into(), tests, outputs })
    }
}
