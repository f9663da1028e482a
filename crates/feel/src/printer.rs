//! Syntax trees as text again: parsing the text gives the same tree.
//!
//! Names that are no plain identifiers stand in backticks, which both dialects read, so that the text means the same
//! whatever names are in scope.

use std::fmt::{self, Display, Formatter};

use crate::ast::{
    Arguments, ArithmeticOperator, Domain, Expr, ExprKind, Iterator, Quantifier, TypeExpr, UnaryTests,
};

/// How tightly a node binds; a looser one inside a tighter one needs parentheses.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    Control,
    Or,
    And,
    Comparison,
    Sum,
    Product,
    Power,
    Negation,
    Postfix,
    Primary,
}

impl Display for Expr {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write_kind(&self.kind, f)
    }
}

impl Display for UnaryTests {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            UnaryTests::Any => f.write_str("-"),
            UnaryTests::Positive(tests) => write_list(tests, f),
            UnaryTests::Negated(tests) => {
                f.write_str("not(")?;
                write_list(tests, f)?;
                f.write_str(")")
            }
        }
    }
}

fn level(kind: &ExprKind) -> Level {
    match kind {
        ExprKind::If(..) | ExprKind::For(..) | ExprKind::Quantified(..) | ExprKind::Function(..) => {
            Level::Control
        }
        ExprKind::Or(_) => Level::Or,
        ExprKind::And(_) => Level::And,
        ExprKind::Comparison(..)
        | ExprKind::Between(..)
        | ExprKind::In(..)
        | ExprKind::InstanceOf(..)
        | ExprKind::Test(..) => Level::Comparison,
        ExprKind::Arithmetic(_, rest) => {
            rest.first().map_or(Level::Sum, |(operator, _)| operator_level(*operator))
        }
        ExprKind::Negate(_) => Level::Negation,
        ExprKind::Path(..) | ExprKind::Filter(..) | ExprKind::Call(..) => Level::Postfix,
        ExprKind::Null
        | ExprKind::Boolean(_)
        | ExprKind::Number(_)
        | ExprKind::String(_)
        | ExprKind::Temporal(_)
        | ExprKind::Input
        | ExprKind::Name(_)
        | ExprKind::List(_)
        | ExprKind::Context(_)
        | ExprKind::Range(_)
        | ExprKind::Error => Level::Primary,
    }
}

fn operator_level(operator: ArithmeticOperator) -> Level {
    match operator {
        ArithmeticOperator::Add | ArithmeticOperator::Subtract => Level::Sum,
        ArithmeticOperator::Multiply | ArithmeticOperator::Divide => Level::Product,
        ArithmeticOperator::Power => Level::Power,
    }
}

fn next_level(level: Level) -> Level {
    match level {
        Level::Control => Level::Or,
        Level::Or => Level::And,
        Level::And => Level::Comparison,
        Level::Comparison => Level::Sum,
        Level::Sum => Level::Product,
        Level::Product => Level::Power,
        Level::Power => Level::Negation,
        Level::Negation | Level::Postfix | Level::Primary => Level::Primary,
    }
}

/// The expression, in parentheses if it binds looser than needed here.
fn write_at(expr: &Expr, least: Level, f: &mut Formatter<'_>) -> fmt::Result {
    if level(&expr.kind) >= least {
        return write_kind(&expr.kind, f);
    }
    f.write_str("(")?;
    write_kind(&expr.kind, f)?;
    f.write_str(")")
}

/// An operand of a comparison: a range needs parentheses there in the BPMN dialect.
fn write_operand(expr: &Expr, f: &mut Formatter<'_>) -> fmt::Result {
    if !matches!(expr.kind, ExprKind::Range(_)) {
        return write_at(expr, Level::Sum, f);
    }
    f.write_str("(")?;
    write_kind(&expr.kind, f)?;
    f.write_str(")")
}

fn write_kind(kind: &ExprKind, f: &mut Formatter<'_>) -> fmt::Result {
    match kind {
        ExprKind::Null => f.write_str("null"),
        ExprKind::Boolean(value) => write!(f, "{value}"),
        ExprKind::Number(number) => write!(f, "{number}"),
        ExprKind::String(text) => write_string(text, f),
        ExprKind::Temporal(text) => {
            f.write_str("@")?;
            write_string(text, f)
        }
        ExprKind::Input => f.write_str("?"),
        ExprKind::Name(name) => write_name(name, f),
        ExprKind::Path(value, name) => {
            write_at(value, Level::Postfix, f)?;
            f.write_str(".")?;
            write_name(name, f)
        }
        ExprKind::Filter(list, filter) => {
            write_at(list, Level::Postfix, f)?;
            write!(f, "[{filter}]")
        }
        ExprKind::Call(callee, arguments) => {
            write_at(callee, Level::Postfix, f)?;
            write_arguments(arguments, f)
        }
        ExprKind::Negate(value) => {
            f.write_str("-")?;
            write_at(value, Level::Negation, f)
        }
        ExprKind::Arithmetic(first, rest) => write_arithmetic(first, rest, level(kind), f),
        ExprKind::Or(operands) => write_joined(operands, " or ", Level::And, f),
        ExprKind::And(operands) => write_joined(operands, " and ", Level::Comparison, f),
        ExprKind::Comparison(..)
        | ExprKind::Between(..)
        | ExprKind::In(..)
        | ExprKind::InstanceOf(..)
        | ExprKind::Test(..) => write_comparison(kind, f),
        ExprKind::If(..) | ExprKind::For(..) | ExprKind::Quantified(..) | ExprKind::Function(..) => {
            write_control(kind, f)
        }
        ExprKind::List(_) | ExprKind::Context(_) | ExprKind::Range(_) => write_bracketed(kind, f),
        ExprKind::Error => f.write_str("<error>"),
    }
}

fn write_bracketed(kind: &ExprKind, f: &mut Formatter<'_>) -> fmt::Result {
    match kind {
        ExprKind::List(items) => {
            f.write_str("[")?;
            write_list(items, f)?;
            f.write_str("]")
        }
        ExprKind::Context(entries) => {
            f.write_str("{")?;
            for (nth, (name, value)) in entries.iter().enumerate() {
                f.write_str(if nth == 0 { "" } else { ", " })?;
                write_string(name, f)?;
                write!(f, ": {value}")?;
            }
            f.write_str("}")
        }
        ExprKind::Range(range) => {
            f.write_str(if range.start_included { "[" } else { "(" })?;
            write_at(&range.start, Level::Sum, f)?;
            f.write_str("..")?;
            write_at(&range.end, Level::Sum, f)?;
            f.write_str(if range.end_included { "]" } else { ")" })
        }
        _ => Ok(()),
    }
}

fn write_arithmetic(
    first: &Expr,
    rest: &[(ArithmeticOperator, Expr)],
    level: Level,
    f: &mut Formatter<'_>,
) -> fmt::Result {
    write_at(first, next_level(level), f)?;
    for (operator, operand) in rest {
        write!(f, " {} ", operator.symbol())?;
        write_at(operand, next_level(level), f)?;
    }
    Ok(())
}

fn write_comparison(kind: &ExprKind, f: &mut Formatter<'_>) -> fmt::Result {
    match kind {
        ExprKind::Comparison(operator, left, right) => {
            write_operand(left, f)?;
            write!(f, " {} ", operator.symbol())?;
            write_operand(right, f)
        }
        ExprKind::Between(value, low, high) => {
            write_at(value, Level::Sum, f)?;
            f.write_str(" between ")?;
            write_at(low, Level::Sum, f)?;
            f.write_str(" and ")?;
            write_at(high, Level::Sum, f)
        }
        ExprKind::In(value, tests) => {
            write_at(value, Level::Sum, f)?;
            f.write_str(" in (")?;
            write_list(tests, f)?;
            f.write_str(")")
        }
        ExprKind::InstanceOf(value, of) => {
            write_at(value, Level::Sum, f)?;
            write!(f, " instance of {}", of.text())
        }
        ExprKind::Test(operator, value) => {
            write!(f, "{} ", operator.symbol())?;
            write_at(value, Level::Sum, f)
        }
        _ => Ok(()),
    }
}

fn write_control(kind: &ExprKind, f: &mut Formatter<'_>) -> fmt::Result {
    match kind {
        ExprKind::If(condition, then, otherwise) => write!(f, "if {condition} then {then} else {otherwise}"),
        ExprKind::For(iterators, body) => {
            f.write_str("for ")?;
            write_iterators(iterators, f)?;
            write!(f, " return {body}")
        }
        ExprKind::Quantified(quantifier, iterators, condition) => {
            f.write_str(match quantifier {
                Quantifier::Some => "some ",
                Quantifier::Every => "every ",
            })?;
            write_iterators(iterators, f)?;
            write!(f, " satisfies {condition}")
        }
        ExprKind::Function(parameters, body) => {
            f.write_str("function(")?;
            for (nth, (name, of)) in parameters.iter().enumerate() {
                f.write_str(if nth == 0 { "" } else { ", " })?;
                write_name(name, f)?;
                if let Some(of) = of.as_ref().map(TypeExpr::text) {
                    write!(f, ": {of}")?;
                }
            }
            write!(f, ") {body}")
        }
        _ => Ok(()),
    }
}

fn write_iterators(iterators: &[Iterator], f: &mut Formatter<'_>) -> fmt::Result {
    for (nth, iterator) in iterators.iter().enumerate() {
        f.write_str(if nth == 0 { "" } else { ", " })?;
        write_name(&iterator.name, f)?;
        f.write_str(" in ")?;
        match &iterator.domain {
            Domain::List(list) => write_at(list, Level::Sum, f)?,
            Domain::Span(from, to) => {
                write_at(from, Level::Sum, f)?;
                f.write_str("..")?;
                write_at(to, Level::Sum, f)?;
            }
        }
    }
    Ok(())
}

fn write_arguments(arguments: &Arguments, f: &mut Formatter<'_>) -> fmt::Result {
    f.write_str("(")?;
    match arguments {
        Arguments::Positional(values) => write_list(values, f)?,
        Arguments::Named(values) => {
            for (nth, (name, value)) in values.iter().enumerate() {
                f.write_str(if nth == 0 { "" } else { ", " })?;
                write_name(name, f)?;
                write!(f, ": {value}")?;
            }
        }
    }
    f.write_str(")")
}

fn write_list(items: &[Expr], f: &mut Formatter<'_>) -> fmt::Result {
    write_joined(items, ", ", Level::Control, f)
}

fn write_joined(items: &[Expr], separator: &str, least: Level, f: &mut Formatter<'_>) -> fmt::Result {
    for (nth, item) in items.iter().enumerate() {
        f.write_str(if nth == 0 { "" } else { separator })?;
        write_at(item, least, f)?;
    }
    Ok(())
}

/// A plain identifier as it is, anything else in backticks.
fn write_name(name: &str, f: &mut Formatter<'_>) -> fmt::Result {
    let plain = name.chars().all(|char| char.is_ascii_alphanumeric() || char == '_')
        && !name.starts_with(|char: char| char.is_ascii_digit())
        && !name.is_empty()
        && !crate::parser::is_keyword(name);
    if plain { f.write_str(name) } else { write!(f, "`{name}`") }
}

fn write_string(text: &str, f: &mut Formatter<'_>) -> fmt::Result {
    f.write_str("\"")?;
    for char in text.chars() {
        match char {
            '"' => f.write_str("\\\"")?,
            '\\' => f.write_str("\\\\")?,
            '\n' => f.write_str("\\n")?,
            '\r' => f.write_str("\\r")?,
            '\t' => f.write_str("\\t")?,
            _ => write!(f, "{char}")?,
        }
    }
    f.write_str("\"")
}
