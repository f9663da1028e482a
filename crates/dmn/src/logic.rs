//! Boxed expressions, compiled, and what they evaluate to.

use std::sync::Arc;

use weir_feel::{Function, List, Value, Variables};

use crate::evaluate::{Evaluated, Session, Trouble};
use crate::feel::Feel;
use crate::function::BoxedFunction;
use crate::graph::{Body, FunctionLogic};
use crate::scope::{Scope, captured};
use crate::table::Table;
use crate::types::TypeId;

/// The name of what is iterated over in [`Iteration::items`].
pub(crate) const ITERATED: &str = "iterated";

/// A compiled boxed expression and the type of its value.
#[derive(Debug)]
pub(crate) struct Logic {
    pub(crate) form: Form,
    pub(crate) type_id: TypeId,
}

#[derive(Debug)]
pub(crate) enum Form {
    Literal(Feel),
    Table(Box<Table>),
    Context { entries: Vec<Entry>, result: Option<Box<Logic>> },
    Invocation { function: Box<Logic>, bindings: Vec<(Arc<str>, Logic)> },
    List(Vec<Logic>),
    Relation { columns: Vec<Entry<()>>, rows: Vec<Vec<Logic>> },
    Function(Arc<FunctionLogic>),
    Conditional { condition: Box<Logic>, then: Box<Logic>, otherwise: Box<Logic> },
    Filter { list: Box<Logic>, keep: Box<Logic> },
    For(Iteration),
    Some(Iteration),
    Every(Iteration),
}

/// A named value of a context, or a column of a relation.
#[derive(Debug)]
pub(crate) struct Entry<L = Logic> {
    pub(crate) name: Arc<str>,
    pub(crate) type_id: TypeId,
    pub(crate) logic: L,
}

#[derive(Debug)]
pub(crate) struct Iteration {
    pub(crate) variable: Arc<str>,
    /// Makes a list of what is iterated over: FEEL says what can be.
    pub(crate) items: Feel,
    pub(crate) list: Box<Logic>,
    pub(crate) body: Box<Logic>,
}

impl Logic {
    /// The value in a scope, coerced to the declared type.
    pub(crate) fn evaluate(&self, scope: &dyn Variables, session: &mut Session<'_, '_>) -> Evaluated {
        let value = self.form.evaluate(scope, session)?;
        session.typed(value, self.type_id)
    }
}

impl Logic {
    /// Adds the names that it reads from outside, each once.
    pub(crate) fn free_names(&self, free: &mut Vec<Arc<str>>) {
        match &self.form {
            Form::Literal(expression) => add(expression.variables(), free),
            Form::Table(table) => {
                table.expressions().for_each(|expression| add(expression.variables(), free));
            }
            // Names of the entries are among them: a first entry may mean the outer scope by the name of a later one.
            Form::Context { entries, result } => {
                let logics = entries.iter().map(|entry| &entry.logic).chain(result.as_deref());
                logics.for_each(|logic| logic.free_names(free));
            }
            Form::Invocation { function, bindings } => {
                function.free_names(free);
                bindings.iter().for_each(|(_, value)| value.free_names(free));
            }
            Form::List(items) => items.iter().for_each(|item| item.free_names(free)),
            Form::Relation { rows, .. } => rows.iter().flatten().for_each(|cell| cell.free_names(free)),
            Form::Function(function) => {
                if let Body::Logic(_) = &function.body {
                    add(&function.free, free);
                }
            }
            Form::Conditional { condition, then, otherwise } => {
                [condition, then, otherwise].into_iter().for_each(|part| part.free_names(free));
            }
            Form::Filter { list, keep } => {
                [list, keep].into_iter().for_each(|part| part.free_names(free));
            }
            Form::For(iteration) | Form::Some(iteration) | Form::Every(iteration) => {
                iteration.list.free_names(free);
                iteration.body.free_names(free);
            }
        }
    }
}

fn add(names: &[Arc<str>], free: &mut Vec<Arc<str>>) {
    for name in names {
        if !free.contains(name) {
            free.push(name.clone());
        }
    }
}

impl Form {
    fn evaluate(&self, scope: &dyn Variables, session: &mut Session<'_, '_>) -> Evaluated {
        match self {
            Self::Literal(expression) => session.expression(expression, scope),
            Self::Table(table) => table.evaluate(scope, session),
            Self::Context { entries, result } => context(entries, result.as_deref(), scope, session),
            Self::Invocation { function, bindings } => invocation(function, bindings, scope, session),
            Self::List(items) => {
                let items =
                    items.iter().map(|item| item.evaluate(scope, session)).collect::<Result<_, _>>()?;
                session.list(items)
            }
            Self::Relation { columns, rows } => relation(columns, rows, scope, session),
            Self::Function(function) => {
                let captured = captured(scope, &function.free);
                Ok(Value::Function(Function::host(Arc::new(BoxedFunction {
                    graph: session.graph.clone(),
                    logic: function.clone(),
                    captured,
                }))))
            }
            Self::Conditional { condition, then, otherwise } => match condition.evaluate(scope, session)? {
                Value::Boolean(true) => then.evaluate(scope, session),
                Value::Boolean(false) | Value::Null => otherwise.evaluate(scope, session),
                _ => session.null("the condition must be true or false"),
            },
            Self::Filter { list, keep } => filter(list, keep, scope, session),
            Self::For(iteration) => iteration.results(scope, session),
            Self::Some(iteration) => iteration.quantified(scope, session, true),
            Self::Every(iteration) => iteration.quantified(scope, session, false),
        }
    }
}

fn context(
    entries: &[Entry],
    result: Option<&Logic>,
    scope: &dyn Variables,
    session: &mut Session<'_, '_>,
) -> Evaluated {
    let mut values: Vec<(Arc<str>, Value)> = Vec::with_capacity(entries.len());
    for entry in entries {
        let value = entry.logic.evaluate(&Scope::new(scope, &values), session)?;
        let value = session.typed(value, entry.type_id)?;
        values.push((entry.name.clone(), value));
    }
    match result {
        Some(result) => result.evaluate(&Scope::new(scope, &values), session),
        None => session.context(values),
    }
}

fn invocation(
    function: &Logic,
    bindings: &[(Arc<str>, Logic)],
    scope: &dyn Variables,
    session: &mut Session<'_, '_>,
) -> Evaluated {
    let callee = function.evaluate(scope, session)?;
    let mut arguments = Vec::with_capacity(bindings.len());
    for (name, logic) in bindings {
        arguments.push((name.clone(), logic.evaluate(scope, session)?));
    }
    let Value::Function(callee) = callee else {
        return session.null("the invoked expression is not a function");
    };
    let names = callee.parameter_names();
    if let Some((unknown, _)) = arguments.iter().find(|(name, _)| !names.contains(name)) {
        return session.null(&format!("the invoked function has no parameter '{unknown}'"));
    }
    let mut ordered = Vec::with_capacity(names.len());
    for name in &names {
        let given = arguments.iter().find(|(known, _)| known == name);
        ordered.push(given.map_or(Value::Null, |(_, value)| value.clone()));
    }
    session.call(&callee, ordered)
}

fn relation(
    columns: &[Entry<()>],
    rows: &[Vec<Logic>],
    scope: &dyn Variables,
    session: &mut Session<'_, '_>,
) -> Evaluated {
    let mut result = Vec::with_capacity(rows.len());
    for row in rows {
        let mut entries = Vec::with_capacity(columns.len());
        for (column, cell) in columns.iter().zip(row) {
            let value = cell.evaluate(scope, session)?;
            entries.push((column.name.clone(), session.typed(value, column.type_id)?));
        }
        result.push(session.context(entries)?);
    }
    session.list(result)
}

fn filter(list: &Logic, keep: &Logic, scope: &dyn Variables, session: &mut Session<'_, '_>) -> Evaluated {
    let value = list.evaluate(scope, session)?;
    let items = match &value {
        Value::Null => return Ok(Value::Null),
        Value::List(items) => items.to_vec(),
        single => vec![single.clone()],
    };
    let mut kept = Vec::new();
    let mut all_boolean = true;
    for item in items {
        let mut names = match &item {
            Value::Context(context) => context.entries().to_vec(),
            _ => Vec::new(),
        };
        names.push(("item".into(), item.clone()));
        let answer = keep.evaluate(&Scope::new(scope, &names), session)?;
        all_boolean &= matches!(answer, Value::Boolean(_) | Value::Null);
        if answer.is_true() {
            kept.push(item);
        }
    }
    if !all_boolean {
        return session.null("the match of a filter must be true or false");
    }
    session.list(kept)
}

impl Iteration {
    fn items(&self, scope: &dyn Variables, session: &mut Session<'_, '_>) -> Result<Option<List>, Trouble> {
        let list = self.list.evaluate(scope, session)?;
        if let Value::List(items) = list {
            return Ok(Some(items));
        }
        let names: Vec<(Arc<str>, Value)> = vec![(ITERATED.into(), list)];
        Ok(session.expression(&self.items, &names)?.as_list().cloned())
    }

    fn results(&self, scope: &dyn Variables, session: &mut Session<'_, '_>) -> Evaluated {
        let Some(items) = self.items(scope, session)? else {
            return session.null("there is nothing to iterate over");
        };
        let mut results = Vec::with_capacity(items.len());
        for item in items.iter().cloned() {
            let partial = session.list(results.clone())?;
            let names = [("partial".into(), partial), (self.variable.clone(), item)];
            results.push(self.body.evaluate(&Scope::new(scope, &names), session)?);
        }
        session.list(results)
    }

    /// `some` when `found` is true, `every` when it is false. All items are looked at: one answer that is neither
    /// true, false nor null makes the whole null.
    fn quantified(&self, scope: &dyn Variables, session: &mut Session<'_, '_>, found: bool) -> Evaluated {
        let Some(items) = self.items(scope, session)? else {
            return session.null("there is nothing to iterate over");
        };
        let (mut decided, mut unknown) = (false, false);
        for item in items.iter().cloned() {
            let names = [(self.variable.clone(), item)];
            match self.body.evaluate(&Scope::new(scope, &names), session)? {
                Value::Boolean(answer) => decided |= answer == found,
                Value::Null => unknown = true,
                _ => return session.null("satisfies must be true or false"),
            }
        }
        match (decided, unknown) {
            (true, _) => Ok(Value::Boolean(found)),
            (false, true) => Ok(Value::Null),
            (false, false) => Ok(Value::Boolean(!found)),
        }
    }
}
