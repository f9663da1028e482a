//! The built-in functions: how one is declared, found by name, and called.
//!
//! A family of functions has a file with a table. A function is declared in a few lines:
//!
//! ```text
//! builtin("substring", &[
//!     overload(&[required("string", STRING), required("start position", NUMBER), optional("length", NUMBER)], substring),
//! ])
//! ```
//!
//! A call tries the overloads in order and takes the first whose parameters fit the arguments' count (or names)
//! and kinds. The body then gets exactly one value for each parameter: missing optional ones are null, and `rest`
//! parameters are one list. When none fits the result is null with the warning `Illegal arguments: ...`. A body
//! returns `Err(Stop::null(...))` for null with a warning, and `Err(Stop::failed(...))` to fail the evaluation.

use std::sync::{Arc, LazyLock};

use crate::dialect::{Dialect, Switches};
use crate::machine::{Machine, Stop};
use crate::value::{List, Value};

mod boolean;
mod calendar;
mod camunda;
mod context;
mod conversion;
pub(crate) mod external;
mod interval;
mod list;
mod numeric;
mod pattern;
mod statistics;
mod string;
mod temporal;
#[cfg(test)]
mod tests;

/// What a built-in runs: one value for each parameter of the overload.
pub(crate) type Body = fn(&mut Machine<'_>, &[Value]) -> Result<Value, Stop>;

/// A built-in function.
#[derive(Debug)]
pub(crate) struct Builtin {
    pub(crate) name: &'static str,
    pub(crate) overloads: &'static [Overload],
    /// The dialect that has it; both if none is named.
    pub(crate) dialect: Option<Dialect>,
    /// Whether the result depends on more than the arguments (`now()`): never folded.
    pub(crate) volatile: bool,
}

/// One way to call a built-in.
#[derive(Debug)]
pub(crate) struct Overload {
    pub(crate) parameters: &'static [Parameter],
    pub(crate) body: Body,
    /// The dialect that has it; both if none is named.
    pub(crate) dialect: Option<Dialect>,
}

/// A parameter of a built-in.
#[derive(Debug)]
pub(crate) struct Parameter {
    pub(crate) name: &'static str,
    pub(crate) kinds: Kinds,
    pub(crate) arity: Arity,
}

/// How many arguments a parameter takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Arity {
    /// Exactly one.
    Required,
    /// One or none; the body gets null for none.
    Optional,
    /// All that are left, as one list. A single list given as the only argument of a function is that list.
    Rest,
}

/// A set of kinds of values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Kinds(u16);

pub(crate) const NULL: Kinds = Kinds(1);
pub(crate) const BOOLEAN: Kinds = Kinds(1 << 1);
pub(crate) const NUMBER: Kinds = Kinds(1 << 2);
pub(crate) const STRING: Kinds = Kinds(1 << 3);
pub(crate) const DATE: Kinds = Kinds(1 << 4);
pub(crate) const TIME: Kinds = Kinds(1 << 5);
pub(crate) const DATE_TIME: Kinds = Kinds(1 << 6);
pub(crate) const DAYS: Kinds = Kinds(1 << 7);
pub(crate) const MONTHS: Kinds = Kinds(1 << 8);
pub(crate) const LIST: Kinds = Kinds(1 << 9);
pub(crate) const CONTEXT: Kinds = Kinds(1 << 10);
pub(crate) const RANGE: Kinds = Kinds(1 << 11);
pub(crate) const FUNCTION: Kinds = Kinds(1 << 12);
/// Every kind, null too.
pub(crate) const ANY: Kinds = Kinds(u16::MAX);

impl Kinds {
    /// Both sets together.
    pub(crate) const fn or(self, other: Kinds) -> Kinds {
        Kinds(self.0 | other.0)
    }

    /// Whether a value is of one of the kinds.
    pub(crate) fn hold(self, value: &Value) -> bool {
        let kind = match value {
            Value::Null => NULL,
            Value::Boolean(_) => BOOLEAN,
            Value::Number(_) => NUMBER,
            Value::String(_) => STRING,
            Value::Date(_) => DATE,
            Value::Time(_) => TIME,
            Value::DateTime(_) => DATE_TIME,
            Value::DaysDuration(_) => DAYS,
            Value::MonthsDuration(_) => MONTHS,
            Value::List(_) => LIST,
            Value::Context(_) => CONTEXT,
            Value::Range(_) => RANGE,
            Value::Function(_) => FUNCTION,
        };
        self.0 & kind.0 != 0
    }
}

/// Declares a function of both dialects.
pub(crate) const fn builtin(name: &'static str, overloads: &'static [Overload]) -> Builtin {
    Builtin { name, overloads, dialect: None, volatile: false }
}

impl Builtin {
    /// Restricts the function to one dialect.
    pub(crate) const fn only(self, dialect: Dialect) -> Self {
        Self { dialect: Some(dialect), ..self }
    }

    /// Marks a function whose result depends on more than its arguments.
    pub(crate) const fn volatile(self) -> Self {
        Self { volatile: true, ..self }
    }

    /// The parameter names of the first overload.
    pub(crate) fn parameter_names(&self) -> Vec<Arc<str>> {
        self.overloads
            .first()
            .map(|overload| overload.parameters.iter().map(|parameter| parameter.name.into()).collect())
            .unwrap_or_default()
    }
}

/// Declares a way to call a function.
pub(crate) const fn overload(parameters: &'static [Parameter], body: Body) -> Overload {
    Overload { parameters, body, dialect: None }
}

impl Overload {
    /// Restricts the overload to one dialect.
    pub(crate) const fn only(self, dialect: Dialect) -> Self {
        Self { dialect: Some(dialect), ..self }
    }
}

/// Declares a parameter that must be given.
pub(crate) const fn required(name: &'static str, kinds: Kinds) -> Parameter {
    Parameter { name, kinds, arity: Arity::Required }
}

/// Declares a parameter that may be left out or null.
pub(crate) const fn optional(name: &'static str, kinds: Kinds) -> Parameter {
    Parameter { name, kinds, arity: Arity::Optional }
}

/// Declares a last parameter that takes all remaining arguments as a list.
pub(crate) const fn rest(name: &'static str) -> Parameter {
    Parameter { name, kinds: ANY, arity: Arity::Rest }
}

/// Every family's table.
const FAMILIES: &[&[Builtin]] = &[
    boolean::BUILTINS,
    calendar::BUILTINS,
    interval::BUILTINS,
    pattern::BUILTINS,
    temporal::BUILTINS,
    camunda::BUILTINS,
    context::BUILTINS,
    conversion::BUILTINS,
    external::BUILTINS,
    list::BUILTINS,
    numeric::BUILTINS,
    statistics::BUILTINS,
    string::BUILTINS,
];

/// All built-ins, sorted by name.
static BY_NAME: LazyLock<Vec<&'static Builtin>> = LazyLock::new(|| {
    let mut all: Vec<&'static Builtin> = FAMILIES.iter().copied().flatten().collect();
    all.sort_by_key(|builtin| builtin.name);
    all
});

/// The built-in of that name in that dialect.
pub(crate) fn find(name: &str, dialect: Dialect) -> Option<&'static Builtin> {
    let first = BY_NAME.partition_point(|builtin| builtin.name < name);
    BY_NAME[first..]
        .iter()
        .take_while(|builtin| builtin.name == name)
        .find(|builtin| builtin.dialect.is_none_or(|only| only == dialect))
        .copied()
}

/// The names of all built-ins of a dialect, sorted.
pub fn names(dialect: Dialect) -> impl Iterator<Item = &'static str> {
    BY_NAME
        .iter()
        .filter(move |builtin| builtin.dialect.is_none_or(|only| only == dialect))
        .map(|builtin| builtin.name)
}

/// Calls a built-in with positional arguments.
pub(crate) fn call(
    builtin: &'static Builtin,
    machine: &mut Machine<'_>,
    arguments: &[Value],
) -> Result<Value, Stop> {
    for overload in builtin.overloads {
        if let Some(fitted) = fit(overload, machine, arguments) {
            #[cfg(test)]
            tests::note(builtin, machine.dialect(), Some(overload), false, arguments.iter());
            return (overload.body)(machine, &fitted);
        }
    }
    #[cfg(test)]
    tests::note(builtin, machine.dialect(), None, false, arguments.iter());
    Err(illegal_arguments(arguments))
}

/// Calls a built-in with named arguments; those left out are null.
pub(crate) fn call_named(
    builtin: &'static Builtin,
    machine: &mut Machine<'_>,
    arguments: &[(Arc<str>, Value)],
) -> Result<Value, Stop> {
    let fitting = |in_order: bool| {
        builtin.overloads.iter().find_map(|overload| {
            let tried = !in_order || has_order(overload, arguments);
            tried.then(|| fit_named(overload, machine, arguments)).flatten().map(|fitted| (overload, fitted))
        })
    };
    let in_order = if machine.switches().named_in_order { fitting(true) } else { None };
    let taken = in_order.or_else(|| fitting(false));
    let values = || arguments.iter().map(|(_, value)| value);
    #[cfg(test)]
    tests::note(builtin, machine.dialect(), taken.as_ref().map(|taken| taken.0), true, values());
    match taken {
        Some((overload, fitted)) => (overload.body)(machine, &fitted),
        None => Err(illegal_arguments(&values().cloned().collect::<Vec<Value>>())),
    }
}

fn illegal_arguments(arguments: &[Value]) -> Stop {
    let listed: Vec<String> = arguments.iter().map(|argument| format!("'{argument}'")).collect();
    Stop::null(format!("Illegal arguments: {}", listed.join(", ")))
}

/// Arguments as one value for each parameter, if they fit the overload.
fn fit(
    overload: &Overload,
    machine: &Machine<'_>,
    arguments: &[Value],
) -> Option<smallvec::SmallVec<[Value; 4]>> {
    if overload.dialect.is_some_and(|only| only != machine.dialect()) {
        return None;
    }
    let switches = machine.switches();
    let mut fitted = smallvec::SmallVec::new();
    for (nth, parameter) in overload.parameters.iter().enumerate() {
        match parameter.arity {
            // Where the standard wants a list, nothing is none.
            Arity::Rest if arguments.is_empty() && switches.singleton_coercion => return None,
            Arity::Rest => {
                let remaining = arguments.get(nth..).unwrap_or_default();
                fitted.push(match remaining {
                    [Value::List(list)] if nth == 0 => Value::List(list.clone()),
                    _ => Value::List(List::new(remaining.to_vec())),
                });
                return Some(fitted);
            }
            Arity::Required => fitted.push(accept(parameter, switches, arguments.get(nth)?)?),
            Arity::Optional => match arguments.get(nth) {
                None | Some(Value::Null) => fitted.push(Value::Null),
                Some(argument) => fitted.push(accept(parameter, switches, argument)?),
            },
        }
    }
    (arguments.len() <= overload.parameters.len()).then_some(fitted)
}

/// The argument as the parameter takes it: as it is, or in the DMN dialect in or out of a one-item list.
fn accept(parameter: &Parameter, switches: &Switches, argument: &Value) -> Option<Value> {
    if parameter.kinds.hold(argument) {
        return Some(argument.clone());
    }
    if !switches.singleton_coercion {
        return None;
    }
    match argument {
        Value::Null => None,
        Value::List(list) if list.len() == 1 && parameter.kinds.hold(&list[0]) => Some(list[0].clone()),
        _ if parameter.kinds == LIST => Some(Value::List(List::new(vec![argument.clone()]))),
        _ => None,
    }
}

/// Whether the parameters of these names have the order of the arguments.
fn has_order(overload: &Overload, arguments: &[(Arc<str>, Value)]) -> bool {
    let mut parameters = overload.parameters.iter();
    arguments.iter().all(|(name, _)| parameters.any(|parameter| parameter.name == &**name))
}

fn fit_named(
    overload: &Overload,
    machine: &Machine<'_>,
    arguments: &[(Arc<str>, Value)],
) -> Option<smallvec::SmallVec<[Value; 4]>> {
    if overload.dialect.is_some_and(|only| only != machine.dialect())
        || !arguments.iter().all(|(name, _)| overload.parameters.iter().any(|known| known.name == &**name))
    {
        return None;
    }
    let switches = machine.switches();
    let mut fitted = smallvec::SmallVec::new();
    for parameter in overload.parameters {
        let argument = arguments.iter().find(|(name, _)| &**name == parameter.name).map(|(_, value)| value);
        fitted.push(match (parameter.arity, argument) {
            (Arity::Optional, None | Some(Value::Null)) => Value::Null,
            (Arity::Rest, Some(Value::List(list))) => Value::List(list.clone()),
            (Arity::Rest, Some(item)) => Value::List(List::new(vec![item.clone()])),
            (_, argument) => accept(parameter, switches, argument.unwrap_or(&Value::Null))?,
        });
    }
    Some(fitted)
}
