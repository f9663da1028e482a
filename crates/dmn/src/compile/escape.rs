//! Names with spaces and dashes in the BPMN dialect of FEEL: they are put in backticks where expressions mention
//! them, as the engine inside Zeebe does, but not inside strings.

use std::collections::BTreeSet;

use crate::model::Model;
use crate::model::boxed::{Expression, Form, Function, Iteration};

/// Names that need backticks.
#[derive(Debug, Default)]
pub(super) struct Escaped {
    names: BTreeSet<String>,
    longest_bytes: usize,
}

impl Escaped {
    fn new(names: BTreeSet<String>) -> Self {
        let longest_bytes = names.iter().map(String::len).max().unwrap_or(0);
        Self { names, longest_bytes }
    }

    /// The longest name that `rest` begins with, if a delimiter or the end follows it.
    fn at_start_of<'t>(&self, rest: &'t str) -> Option<&'t str> {
        let ends = rest.char_indices().filter(|(_, c)| ends_name(*c)).map(|(at, _)| at);
        let ends = ends.take_while(|at| *at <= self.longest_bytes);
        let whole = (rest.len() <= self.longest_bytes).then_some(rest.len());
        let candidates = ends.chain(whole).map(|end| &rest[..end]);
        candidates.filter(|name| self.names.contains(*name)).last()
    }
}

/// The names of variables that need backticks.
pub(super) fn names(models: &[Model]) -> Escaped {
    let mut names = Vec::new();
    for model in models {
        names.extend(model.inputs.iter().map(|i| i.variable.name.as_str()));
        for decision in &model.decisions {
            names.extend(decision.variable.iter().map(|v| v.name.as_str()));
            decision.logic.iter().for_each(|logic| of_expression(logic, &mut names));
        }
        for knowledge in &model.knowledge {
            names.push(&knowledge.variable.name);
            knowledge.logic.iter().for_each(|logic| of_function(logic, &mut names));
        }
    }
    Escaped::new(names.into_iter().filter(|n| n.contains([' ', '-'])).map(str::to_owned).collect())
}

fn of_function<'m>(function: &'m Function, names: &mut Vec<&'m str>) {
    names.extend(function.parameters.iter().map(|p| p.name.as_str()));
    function.body.iter().for_each(|body| of_expression(body, names));
}

fn of_expression<'m>(expression: &'m Expression, names: &mut Vec<&'m str>) {
    let mut iteration = |iteration: &'m Iteration| {
        names.push(&iteration.variable);
        of_expression(&iteration.list, names);
        of_expression(&iteration.body, names);
    };
    match &expression.form {
        Form::Literal(_) | Form::Table(_) => {}
        Form::Context(entries) => {
            for entry in entries {
                names.extend(entry.variable.iter().map(|v| v.name.as_str()));
                of_expression(&entry.value, names);
            }
        }
        Form::Invocation { bindings, .. } => bindings.iter().for_each(|b| of_expression(&b.value, names)),
        Form::List(items) => items.iter().for_each(|item| of_expression(item, names)),
        Form::Relation { rows, .. } => rows.iter().flatten().for_each(|cell| of_expression(cell, names)),
        Form::Function(function) => of_function(function, names),
        Form::Conditional { condition, then, otherwise } => {
            [condition, then, otherwise].into_iter().for_each(|part| of_expression(part, names));
        }
        Form::Filter { list, keep } => [list, keep].into_iter().for_each(|part| of_expression(part, names)),
        Form::For(i) | Form::Some(i) | Form::Every(i) => iteration(i),
    }
}

/// The text with the names in backticks wherever they stand between delimiters.
pub(super) fn escaped(text: &str, names: &Escaped) -> String {
    if names.names.is_empty() {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len() + 16);
    let mut rest = text;
    let mut at_start = true;
    while let Some(c) = rest.chars().next() {
        if matches!(c, '"' | '`') {
            let end = quoted(rest, c);
            out.push_str(&rest[..end]);
            rest = &rest[end..];
            at_start = false;
            continue;
        }
        if at_start && let Some(name) = names.at_start_of(rest) {
            out.push('`');
            out.push_str(name);
            out.push('`');
            rest = &rest[name.len()..];
            at_start = false;
            continue;
        }
        out.push(c);
        at_start = c.is_whitespace() || "([{,.:=<>+-*/".contains(c);
        rest = &rest[c.len_utf8()..];
    }
    out
}

/// Whether a name may end before the character.
fn ends_name(c: char) -> bool {
    c.is_whitespace() || "()[]{},.:=<>+-*/!".contains(c)
}

/// The length of a string or an escaped name from its opening quote.
fn quoted(text: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' if quote == '"' => escaped = true,
            c if c == quote => return at + c.len_utf8(),
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::{Escaped, escaped};

    #[test]
    fn names_are_escaped_between_delimiters_only() {
        let names = ["loan amount".to_owned(), "pre-score".to_owned()];
        let names = Escaped::new(names.into_iter().collect());
        assert_eq!(
            escaped("loan amount > 5 and pre-score = 1", &names),
            "`loan amount` > 5 and `pre-score` = 1"
        );
        assert_eq!(escaped("max(loan amount, pre-score)", &names), "max(`loan amount`, `pre-score`)");
        assert_eq!(
            escaped("\"the loan amount is\" + `loan amount`", &names),
            "\"the loan amount is\" + `loan amount`"
        );
        assert_eq!(escaped("total loan amounts", &names), "total loan amounts");
    }
}
