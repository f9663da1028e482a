//! FEEL: text to checked expression to value. Pure.
//!
//! ```
//! use weir_feel::{Dialect, Expression, Limits, Moment, Names};
//!
//! # let at = Moment::default();
//! let price = Expression::compile("amount * 1.19", Dialect::Bpmn, &Names::default())?;
//! let variables = [("amount", "100")];
//! let result = price.evaluate(&variables, &at, &Limits::DEFAULT)?;
//! assert_eq!(result.value.to_json(), "119");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod ast;
mod builtin;
mod compile;
pub mod diagnostic;
pub mod dialect;
mod evaluate;
mod expression;
pub mod hints;
mod lexer;
pub mod limits;
mod machine;
pub mod names;
mod node;
pub mod number;
mod parser;
mod pattern;
mod printer;
#[cfg(test)]
mod properties;
pub mod temporal;
pub mod value;
mod variables;

pub use builtin::names as builtin_names;
pub use diagnostic::{
    Diagnostic, Diagnostics, EvaluationError, EvaluationErrorKind, Span, Warning, WarningKind, near_name,
};
pub use dialect::Dialect;
pub use expression::{Evaluation, Expression, parse, parse_unary_tests};
pub use limits::Limits;
pub use machine::{Machine, Stop};
pub use names::{Names, Type};
pub use number::Number;
pub use temporal::Moment;
pub use value::{Context, Function, HostFunction, JsonError, List, Range, Value};
pub use variables::{Binding, Variables};
