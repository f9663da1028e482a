//! Expressions at run time: what they see, and what they must give.
//!
//! The texts of failures are those of Zeebe 8.6: users search for them.

use std::sync::Arc;

use weir_bpmn::process::Expr;
use weir_feel::{Binding, Evaluation, Expression, Number, Value, Variables, Warning};

use crate::{
    key::ElementKey,
    limits,
    state::row::IncidentKind,
    tx::{Failure, Tx},
    variable,
};

/// What an expression sees: the variables of a scope and all around it, and some given ones before them.
pub(crate) struct Sight<'a, 't> {
    pub(crate) tx: &'a Tx<'t>,
    /// `None`: only the given ones.
    pub(crate) scope: Option<ElementKey>,
    pub(crate) given: &'a [(Arc<str>, Value)],
}

impl Variables for Sight<'_, '_> {
    fn get(&self, name: &str) -> Option<Binding> {
        if let Some((_, value)) = self.given.iter().rev().find(|(known, _)| &**known == name) {
            return Some(Binding::Value(value.clone()));
        }
        variable::lookup(self.tx, self.scope?, name).map(Binding::Json)
    }
}

/// Evaluates in a scope.
pub(crate) fn evaluate(
    tx: &Tx<'_>,
    expression: &Expression,
    scope: Option<ElementKey>,
    given: &[(Arc<str>, Value)],
) -> Result<Evaluation, Failure> {
    let sight = Sight { tx, scope, given };
    expression
        .evaluate(&sight, &tx.moment(), &tx.settings.feel_limits)
        .map_err(|error| Failure::extract(error.to_string()))
}

/// A failure because a result has the wrong kind.
pub(crate) fn wrong_kind(text: &str, wanted: &[&str], found: &Value, warnings: &[Warning]) -> Failure {
    let wanted = match wanted {
        [one] => format!("'{one}'"),
        several => format!("one of '[{}]'", several.join(", ")),
    };
    let found = found.stored_type_name();
    Failure::extract(format!(
        "Expected result of the expression '{text}' to be {wanted}, but was '{found}'.{}",
        warnings_text(warnings)
    ))
}

/// The end of a failure text that lists the warnings of the evaluation.
pub(crate) fn warnings_text(warnings: &[Warning]) -> String {
    if warnings.is_empty() {
        return String::new();
    }
    let lines: Vec<String> = warnings.iter().map(ToString::to_string).collect();
    format!(" The evaluation reported the following warnings:\n{}", lines.join("\n"))
}

/// An attribute that must give a text.
pub(crate) fn text(tx: &Tx<'_>, expr: &Expr, scope: Option<ElementKey>) -> Result<Arc<str>, Failure> {
    match expr {
        Expr::Text(text) => Ok(text.clone()),
        Expr::Number(text) => Err(Failure::extract(format!(
            "Expected result of the expression '{text}' to be 'STRING', but was 'NUMBER'."
        ))),
        Expr::Feel(expression) => {
            let result = evaluate(tx, expression, scope, &[])?;
            match result.value {
                Value::String(text) => name(expression, text),
                other => Err(wrong_kind(expression.text(), &["STRING"], &other, &result.warnings)),
            }
        }
    }
}

/// A name or an id that an expression gave, if it is not too long to be one.
fn name(expression: &Expression, text: Arc<str>) -> Result<Arc<str>, Failure> {
    if text.len() <= limits::NAME_BYTES {
        return Ok(text);
    }
    Err(Failure::extract(format!(
        "Expected result of the expression '{}' to have at most {} bytes, but it has {} bytes.",
        expression.text(),
        limits::NAME_BYTES,
        text.len()
    )))
}

/// An attribute that must give a number; fractions are cut.
pub(crate) fn number(tx: &Tx<'_>, expr: &Expr, scope: Option<ElementKey>) -> Result<i64, Failure> {
    match expr {
        Expr::Text(text) => Err(Failure::extract(format!(
            "Expected result of the expression '{text}' to be 'NUMBER', but was 'STRING'."
        ))),
        Expr::Number(text) => Ok(Number::parse(text).map_or(0, |number| number.to_i64_wrapping())),
        Expr::Feel(expression) => {
            let result = evaluate(tx, expression, scope, &[])?;
            match &result.value {
                Value::Number(number) => Ok(number.to_i64_wrapping()),
                other => Err(wrong_kind(expression.text(), &["NUMBER"], other, &result.warnings)),
            }
        }
    }
}

/// An expression that must give true or false.
pub(crate) fn boolean(
    tx: &Tx<'_>,
    expression: &Expression,
    scope: ElementKey,
    given: &[(Arc<str>, Value)],
) -> Result<bool, Failure> {
    let result = evaluate(tx, expression, Some(scope), given)?;
    match result.value {
        Value::Boolean(value) => Ok(value),
        other => Err(wrong_kind(expression.text(), &["BOOLEAN"], &other, &result.warnings)),
    }
}

/// An expression that must give a text or a number: a correlation key.
pub(crate) fn correlation_key(
    tx: &Tx<'_>,
    expression: &Expression,
    scope: ElementKey,
) -> Result<Arc<str>, Failure> {
    let result = evaluate(tx, expression, Some(scope), &[])?;
    match &result.value {
        Value::String(text) => name(expression, text.clone()),
        Value::Number(number) => Ok(number.to_i64_wrapping().to_string().into()),
        other => Err(Failure::extract(format!(
            "Failed to extract the correlation key for '{}': The value must be either a string or a number, but was '{}'.{}",
            expression.text(),
            other.stored_type_name(),
            warnings_text(&result.warnings)
        ))),
    }
}

/// Any attribute's value.
pub(crate) fn any(
    tx: &Tx<'_>,
    expr: &Expr,
    scope: ElementKey,
    given: &[(Arc<str>, Value)],
) -> Result<Value, Failure> {
    match expr {
        Expr::Text(text) => Ok(Value::String(text.clone())),
        Expr::Number(text) => Ok(Value::from_json(text).unwrap_or_else(|_| Value::String(text.clone()))),
        Expr::Feel(expression) => evaluate(tx, expression, Some(scope), given).map(|result| result.value),
    }
}

/// As [`any`], failing as a mapping does.
pub(crate) fn mapping(
    tx: &Tx<'_>,
    expr: &Expr,
    scope: ElementKey,
    given: &[(Arc<str>, Value)],
) -> Result<Value, Failure> {
    any(tx, expr, scope, given).map_err(|failure| Failure { kind: IncidentKind::IoMappingError, ..failure })
}
