//! Decision tables.

use roxmltree::Node;

use super::{Reader, normal_name};
use crate::model::Text;
use crate::model::table::{Aggregation, HitPolicy, InputClause, OutputClause, Rule, Table};
use crate::xml::child;

impl<'d> Reader<'_, 'd> {
    pub(super) fn table(&mut self, node: Node<'_, 'd>) -> Table {
        let mut table = Table {
            hit_policy: self.hit_policy(node),
            inputs: Vec::new(),
            outputs: Vec::new(),
            rules: Vec::new(),
        };
        for part in self.own(node) {
            match part.tag_name().name() {
                "input" => table.inputs.extend(self.input_clause(part)),
                "output" => table.outputs.push(self.output_clause(part)),
                "rule" => {
                    let rule = self.rule(part);
                    self.check_rule(part, &table, &rule);
                    table.rules.push(rule);
                }
                // Annotations say nothing to a machine.
                _ => {}
            }
        }
        self.check_outputs(node, &table);
        table
    }

    fn hit_policy(&mut self, node: Node<'_, 'd>) -> HitPolicy {
        match node.attribute("hitPolicy").unwrap_or("UNIQUE").trim() {
            "UNIQUE" => HitPolicy::Unique,
            "FIRST" => HitPolicy::First,
            "PRIORITY" => HitPolicy::Priority,
            "ANY" => HitPolicy::Any,
            "COLLECT" => HitPolicy::Collect(self.aggregation(node)),
            "RULE ORDER" => HitPolicy::RuleOrder,
            "OUTPUT ORDER" => HitPolicy::OutputOrder,
            other => {
                let help = "use UNIQUE, FIRST, PRIORITY, ANY, COLLECT, RULE ORDER or OUTPUT ORDER";
                self.report(node, format!("unknown hit policy '{other}'"), help);
                HitPolicy::Unique
            }
        }
    }

    fn aggregation(&mut self, node: Node<'_, 'd>) -> Aggregation {
        match node.attribute("aggregation").map(str::trim) {
            None | Some("") => Aggregation::List,
            Some("SUM") => Aggregation::Sum,
            Some("COUNT") => Aggregation::Count,
            Some("MIN") => Aggregation::Min,
            Some("MAX") => Aggregation::Max,
            Some(other) => {
                self.report(node, format!("unknown aggregation '{other}'"), "use SUM, COUNT, MIN or MAX");
                Aggregation::List
            }
        }
    }

    fn input_clause(&mut self, node: Node<'_, 'd>) -> Option<InputClause> {
        let Some(inner) = child(node, "inputExpression") else {
            self.report(node, "the input has no <inputExpression>", "say what is tested in this column");
            return None;
        };
        let Some(expression) = self.expression_text(inner).filter(|t| !t.text.trim().is_empty()) else {
            self.report(inner, "the input expression has no text", "say what is tested in this column");
            return None;
        };
        Some(InputClause {
            id: node.attribute("id").unwrap_or_default().to_owned(),
            label: node.attribute("label").unwrap_or_default().to_owned(),
            expression,
            type_name: self.type_attribute(inner),
            values: self.tests(node, "inputValues"),
        })
    }

    fn output_clause(&mut self, node: Node<'_, 'd>) -> OutputClause {
        OutputClause {
            place: self.xml.place(node),
            id: node.attribute("id").unwrap_or_default().to_owned(),
            name: node.attribute("name").map(normal_name).filter(|n| !n.is_empty()),
            label: node.attribute("label").unwrap_or_default().to_owned(),
            type_name: self.type_attribute(node),
            values: self.tests(node, "outputValues"),
            default: self.tests(node, "defaultOutputEntry"),
        }
    }

    fn rule(&mut self, node: Node<'_, 'd>) -> Rule {
        let mut rule = Rule {
            id: node.attribute("id").unwrap_or_default().to_owned(),
            inputs: Vec::new(),
            outputs: Vec::new(),
        };
        for entry in self.own(node) {
            match entry.tag_name().name() {
                "inputEntry" => rule.inputs.push(self.cell(entry)),
                "outputEntry" => rule.outputs.push(self.cell(entry)),
                _ => {}
            }
        }
        rule
    }

    /// A cell; an empty one is kept as empty text.
    fn cell(&mut self, node: Node<'_, 'd>) -> Text {
        let place = self.xml.place(node);
        self.expression_text(node).unwrap_or(Text { place, text: String::new() })
    }

    fn check_rule(&mut self, node: Node<'_, 'd>, table: &Table, rule: &Rule) {
        if rule.inputs.len() != table.inputs.len() {
            let message =
                format!("the rule has {} input entries for {} inputs", rule.inputs.len(), table.inputs.len());
            self.report(node, message, "give one entry for each input; '-' accepts everything");
        }
        if rule.outputs.len() != table.outputs.len() {
            let message = format!(
                "the rule has {} output entries for {} outputs",
                rule.outputs.len(),
                table.outputs.len()
            );
            self.report(node, message, "give one entry for each output");
        }
    }

    fn check_outputs(&mut self, node: Node<'_, 'd>, table: &Table) {
        if table.outputs.is_empty() {
            self.report(node, "the decision table has no output", "add an <output>");
        }
        if table.outputs.len() == 1 {
            return;
        }
        for output in table.outputs.iter().filter(|o| o.name.is_none()) {
            let diagnostic = crate::diagnostic::Diagnostic::new(&output.place, "no output name defined");
            self.problems.push(diagnostic.help("with several outputs each needs one"));
        }
        match table.hit_policy {
            HitPolicy::Collect(
                Aggregation::Sum | Aggregation::Min | Aggregation::Max | Aggregation::Count,
            ) => {
                let message = "hit policy 'COLLECT' with aggregator is not defined for compound output";
                self.report(node, message, "use one output, or no aggregation");
            }
            HitPolicy::Collect(Aggregation::List)
            | HitPolicy::Unique
            | HitPolicy::First
            | HitPolicy::Priority
            | HitPolicy::Any
            | HitPolicy::RuleOrder
            | HitPolicy::OutputOrder => {}
        }
    }
}
