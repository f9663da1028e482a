//! Boxed expressions (clause 10.2).

use super::table::Table;
use super::{Text, TypeName, Variable};
use crate::diagnostic::Place;

/// A boxed expression and the type it is declared to have.
#[derive(Debug)]
pub(crate) struct Expression {
    pub(crate) place: Place,
    pub(crate) type_name: Option<TypeName>,
    pub(crate) form: Form,
}

/// The forms of clause 10.2.2.
#[derive(Debug)]
pub(crate) enum Form {
    Literal(Text),
    Table(Table),
    Context(Vec<ContextEntry>),
    Invocation { function: Box<Expression>, bindings: Vec<Binding> },
    List(Vec<Expression>),
    Relation { columns: Vec<Variable>, rows: Vec<Vec<Expression>> },
    Function(Function),
    Conditional { condition: Box<Expression>, then: Box<Expression>, otherwise: Box<Expression> },
    Filter { list: Box<Expression>, keep: Box<Expression> },
    For(Iteration),
    Some(Iteration),
    Every(Iteration),
}

/// One entry of a boxed context; without a variable it is the result.
#[derive(Debug)]
pub(crate) struct ContextEntry {
    pub(crate) variable: Option<Variable>,
    pub(crate) value: Expression,
}

/// A parameter of a boxed invocation and its value.
#[derive(Debug)]
pub(crate) struct Binding {
    pub(crate) parameter: Variable,
    pub(crate) value: Expression,
}

/// `for`, `some`, `every`: a variable over a collection, and what is done with each.
#[derive(Debug)]
pub(crate) struct Iteration {
    pub(crate) variable: String,
    pub(crate) list: Box<Expression>,
    pub(crate) body: Box<Expression>,
}

/// Who evaluates the body of a function (10.2.2.7).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FunctionKind {
    Feel,
    Java,
    Pmml,
}

/// `functionDefinition` and `encapsulatedLogic`.
#[derive(Debug)]
pub(crate) struct Function {
    pub(crate) place: Place,
    pub(crate) kind: FunctionKind,
    pub(crate) parameters: Vec<Variable>,
    pub(crate) body: Option<Box<Expression>>,
}

impl Expression {
    /// Expressions on the longest way down, this one included.
    pub(crate) fn height(&self) -> u32 {
        let tallest = |parts: &[&Self]| parts.iter().map(|part| part.height()).max().unwrap_or(0);
        1 + match &self.form {
            Form::Literal(_) | Form::Table(_) => 0,
            Form::Context(entries) => entries.iter().map(|entry| entry.value.height()).max().unwrap_or(0),
            Form::Invocation { function, bindings } => bindings
                .iter()
                .map(|binding| binding.value.height())
                .max()
                .unwrap_or(0)
                .max(function.height()),
            Form::List(items) => items.iter().map(Self::height).max().unwrap_or(0),
            Form::Relation { rows, .. } => rows.iter().flatten().map(Self::height).max().unwrap_or(0),
            Form::Function(function) => function.body.as_ref().map_or(0, |body| body.height()),
            Form::Conditional { condition, then, otherwise } => tallest(&[condition, then, otherwise]),
            Form::Filter { list, keep } => tallest(&[list, keep]),
            Form::For(i) | Form::Some(i) | Form::Every(i) => tallest(&[&i.list, &i.body]),
        }
    }
}
