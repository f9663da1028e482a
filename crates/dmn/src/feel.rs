//! FEEL in a model: compiled, or with errors in a model that is run all the same.

use std::sync::Arc;

use weir_feel::{Diagnostics, Dialect, Expression, Names};

use crate::evaluate::Trouble;

/// An expression or unary tests of a model.
#[derive(Debug, Clone)]
pub(crate) enum Feel {
    Valid(Expression),
    /// It has errors: what evaluates it fails with this text.
    Invalid(Arc<str>),
}

impl Feel {
    /// An expression of our own making.
    pub(crate) fn own(text: &str, dialect: Dialect, names: &Names) -> Self {
        Self::from(Expression::compile(text, dialect, names).map_err(|errors| errors.to_string()))
    }

    pub(crate) fn valid(&self) -> Result<&Expression, Trouble> {
        match self {
            Self::Valid(expression) => Ok(expression),
            Self::Invalid(why) => Err(Trouble::Failed(why.to_string())),
        }
    }

    /// The names it reads from outside.
    pub(crate) fn variables(&self) -> &[Arc<str>] {
        match self {
            Self::Valid(expression) => expression.variables(),
            Self::Invalid(_) => &[],
        }
    }
}

impl From<Result<Expression, String>> for Feel {
    fn from(compiled: Result<Expression, String>) -> Self {
        match compiled {
            Ok(expression) => Self::Valid(expression),
            Err(why) => Self::Invalid(why.into()),
        }
    }
}

/// What evaluating says of an expression with errors: the first of them, as deployment words it.
pub(crate) fn parse_failure(what: &str, text: &str, errors: &Diagnostics) -> String {
    let first = errors.items().first().map_or("", |error| error.message.as_str());
    format!("{what}: failed to parse expression '{}': {first}", text.trim())
}
