//! FEEL: text to checked expression to value. Pure.
//!
//! ```
//! use weir_feel::{Dialect, Expression, Limits, Moment, Names};
//!
//! # let at = Moment::default();
//! let price = Expression::compile("amount * 1.19", Dialect::Bpmn, &Names::default())?;
//! let variables = [("amount", "100")];
//! let result = price.evaluate(&variables, &at, &Limits::DEFAULT)?;
//! assert_eq!(result.value.to_json(), "119.00");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod ast;
mod builtin;
pub mod diagnostic;
pub mod dialect;
mod expression;
mod lexer;
pub mod limits;
mod machine;
pub mod names;
pub mod number;
mod parser;
pub mod temporal;
pub mod value;
mod variables;

pub use diagnostic::{
    Diagnostic, Diagnostics, EvaluationError, EvaluationErrorKind, Span, Warning, WarningKind, near_name,
};
pub use dialect::Dialect;
pub use expression::{Evaluation, Expression};
pub use limits::Limits;
pub use names::{Names, Type};
pub use number::Number;
pub use temporal::Moment;
pub use value::{Context, Function, List, Range, Value};
pub use variables::{Binding, Variables};
