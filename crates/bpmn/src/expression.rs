//! Text that may be FEEL: after `=` it is an expression, everything else stands for itself.

use std::borrow::Cow;

use weir_feel::{Dialect, Expression, Names};

use crate::diagnostic::{Place, Report, quoted};
use crate::model::shared;
use crate::process::Expr;
use crate::xml::{self, Node};

/// A text of the model and where it stands.
pub(crate) struct Source<'a> {
    text: Cow<'a, str>,
    place: Place,
    /// Whether the bytes of the file are the text, so that a place in the text is a place in the file.
    verbatim: bool,
}

impl<'a> Source<'a> {
    /// An attribute of `node`.
    pub(crate) fn attribute(node: Node<'a>, name: &str) -> Option<Self> {
        let attribute = node.attribute_node(name)?;
        let place = Place::of_attribute(node, name);
        let raw = &node.document().input_text()[attribute.range_value()];
        Some(Self { text: Cow::Borrowed(attribute.value()), place, verbatim: raw == attribute.value() })
    }

    /// The text inside `node`, without the white space around it.
    pub(crate) fn text_of(node: Node<'a>) -> Self {
        let text = xml::text(node);
        let trimmed = text.trim();
        let place = Place::of_text(node);
        let raw = &node.document().input_text()[place.span()];
        let leading = raw.len() - raw.trim_start().len();
        let start = place.span().start + leading;
        let verbatim = raw.trim() == trimmed;
        let span = if verbatim { start..start + trimmed.len() } else { place.span() };
        Self { text: Cow::Owned(trimmed.to_owned()), place: place.with_span(span), verbatim }
    }

    /// The text.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// Where it stands.
    pub(crate) fn place(&self) -> Place {
        self.place.clone()
    }

    /// The expression after `=`, if it is one.
    pub(crate) fn expression_text(&self) -> Option<&str> {
        expression_text(&self.text)
    }

    /// Static text, a number, or a compiled expression.
    pub(crate) fn expr(&self, report: &mut Report) -> Option<Expr> {
        match self.expression_text() {
            Some(_) => self.feel(report).map(Expr::Feel),
            None => Some(static_value(&self.text)),
        }
    }

    /// A compiled expression; static text is an error.
    pub(crate) fn feel(&self, report: &mut Report) -> Option<Expression> {
        let Some(text) = self.expression_text() else {
            let text = quoted(&self.text);
            if text.is_empty() {
                let remedy = "add an expression, starting with '='";
                report.error(self.place(), "Expected expression but not found.", remedy);
            } else {
                let message = format!(
                    "Expected expression but found static value '{text}'. An expression must start with '=' (e.g. '={text}')."
                );
                report.error(self.place(), message, rewritten(&text));
            }
            return None;
        };
        match Expression::compile(text, Dialect::Bpmn, &Names::default()) {
            Ok(expression) => Some(expression),
            Err(errors) => {
                for error in errors.items() {
                    let message = format!("failed to parse expression '{}': {}", quoted(text), error.message);
                    let remedy = error.help.clone();
                    let span = error.span.start as usize..error.span.end as usize;
                    report.error(
                        self.within(span),
                        message,
                        remedy.unwrap_or_else(|| "mend the FEEL expression".to_owned()),
                    );
                }
                None
            }
        }
    }

    /// A piece of the expression as a place in the file.
    fn within(&self, span: std::ops::Range<usize>) -> Place {
        let whole = self.place.span();
        if !self.verbatim {
            return self.place();
        }
        // The expression starts after the '='.
        let start = (whole.start + 1 + span.start).min(whole.end);
        self.place().with_span(start..(whole.start + 1 + span.end).clamp(start, whole.end))
    }
}

/// The expression after `=`, if `text` is one: a lone `=` is not.
pub(crate) fn expression_text(text: &str) -> Option<&str> {
    text.strip_prefix('=').filter(|expression| !expression.is_empty())
}

/// How static text is written as an expression.
fn rewritten(text: &str) -> String {
    let compiles = |text: &str| Expression::compile(text, Dialect::Bpmn, &Names::default()).is_ok();
    let foreign =
        text.strip_prefix("${").or_else(|| text.strip_prefix("#{")).and_then(|rest| rest.strip_suffix('}'));
    match foreign.map_or(text, |inner| inner).trim() {
        inner if compiles(inner) => format!("write '={inner}'"),
        _ if foreign.is_some() => "write it in FEEL, after '=': 'not(a)' for '!a', '=' for '==', 'and' for '&&', 'or' for '||', texts in double quotes".to_owned(),
        _ => "write a FEEL expression, after '='".to_owned(),
    }
}

/// What static text stands for.
pub(crate) fn static_value(text: &str) -> Expr {
    if is_decimal(text) { Expr::Number(shared(text)) } else { Expr::Text(shared(text)) }
}

/// Whether a text is a decimal number as Java's `BigDecimal` reads it: `-12.5E+3`, `.5`, `1.`.
fn is_decimal(text: &str) -> bool {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (unsigned, None),
    };
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let exponent_is_good = exponent.is_none_or(|exponent| {
        let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
        !exponent.is_empty() && exponent.len() <= 10 && digits(exponent)
    });
    digits(whole) && digits(fraction) && !(whole.is_empty() && fraction.is_empty()) && exponent_is_good
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn static_text_is_a_number_where_java_reads_one() {
        for number in ["1", "-1", "+1", "1.5", ".5", "1.", "1e3", "1.5E-3", "007"] {
            assert!(is_decimal(number), "{number}");
        }
        for text in ["", ".", "-", "1e", "e3", "1 ", "1,5", "0x1", "NaN", "1.2.3", "--1"] {
            assert!(!is_decimal(text), "{text}");
        }
    }

    #[test]
    fn an_expression_starts_with_an_equals_sign_and_goes_on() {
        assert_eq!(expression_text("=a"), Some("a"));
        assert_eq!(expression_text("="), None);
        assert_eq!(expression_text(" =a"), None);
    }
}
