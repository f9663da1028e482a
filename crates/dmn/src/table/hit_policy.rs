//! What a table answers when rules match (8.2.10, 8.2.11).

use std::sync::Arc;

use weir_feel::{Dialect, Expression, Names, Value};

use super::{Output, Table};
use crate::evaluate::{Evaluated, Session, Trouble};
use crate::model::table::{Aggregation, HitPolicy};
use crate::same::same;

/// The name that aggregations know the collected outputs by.
const COLLECTED: &str = "collected";

/// The expression that puts collected outputs together.
pub(super) fn aggregate(hit_policy: HitPolicy, dialect: Dialect) -> Option<Expression> {
    let function = match hit_policy {
        HitPolicy::Collect(Aggregation::Sum) => "sum",
        HitPolicy::Collect(Aggregation::Min) => "min",
        HitPolicy::Collect(Aggregation::Max) => "max",
        HitPolicy::Collect(Aggregation::List | Aggregation::Count)
        | HitPolicy::Unique
        | HitPolicy::First
        | HitPolicy::Priority
        | HitPolicy::Any
        | HitPolicy::RuleOrder
        | HitPolicy::OutputOrder => return None,
    };
    let names = Names::from_iter([COLLECTED]);
    Expression::compile(&format!("{function}({COLLECTED})"), dialect, &names).ok()
}

/// The result of one or more rows of outputs.
pub(super) fn result(table: &Table, mut rows: Vec<Vec<Value>>, session: &mut Session<'_, '_>) -> Evaluated {
    match table.hit_policy {
        HitPolicy::First => {}
        HitPolicy::Unique => {
            if rows.len() > 1 {
                let found = all_shown(&table.outputs, &rows);
                let message =
                    format!("multiple values aren't allowed for UNIQUE hit policy. found: '{found}'");
                return Err(Trouble::Failed(message));
            }
        }
        HitPolicy::Any => {
            let mut distinct: Vec<Vec<Value>> = Vec::new();
            for row in &rows {
                if !distinct.iter().any(|known| known.iter().zip(row).all(|(a, b)| same(a, b))) {
                    distinct.push(row.clone());
                }
            }
            if distinct.len() > 1 {
                let found = all_shown(&table.outputs, &distinct);
                let message = format!("different values aren't allowed for ANY hit policy. found: '{found}'");
                return Err(Trouble::Failed(message));
            }
        }
        HitPolicy::Priority => sort(&table.outputs, &mut rows),
        HitPolicy::OutputOrder => {
            sort(&table.outputs, &mut rows);
            return all(table, rows, session);
        }
        HitPolicy::RuleOrder => return all(table, rows, session),
        HitPolicy::Collect(aggregation) => return collected(table, aggregation, rows, session),
    }
    one(table, rows.swap_remove(0), session)
}

/// The result when no rule matches and there is no default.
pub(super) fn nothing(hit_policy: HitPolicy, session: &Session<'_, '_>) -> Evaluated {
    Ok(match hit_policy {
        HitPolicy::Collect(Aggregation::Count) if !session.graph.rules.no_match_is_null => Value::from(0_i64),
        HitPolicy::Collect(_)
        | HitPolicy::Unique
        | HitPolicy::First
        | HitPolicy::Priority
        | HitPolicy::Any
        | HitPolicy::RuleOrder
        | HitPolicy::OutputOrder => Value::Null,
    })
}

fn one(table: &Table, mut row: Vec<Value>, session: &mut Session<'_, '_>) -> Evaluated {
    match &table.outputs[..] {
        [_] => Ok(row.swap_remove(0)),
        outputs => session.context(outputs.iter().map(|o| o.name.clone()).zip(row).collect()),
    }
}

fn all(table: &Table, rows: Vec<Vec<Value>>, session: &mut Session<'_, '_>) -> Evaluated {
    let rows = rows.into_iter().map(|row| one(table, row, session)).collect::<Result<_, _>>()?;
    session.list(rows)
}

fn collected(
    table: &Table,
    aggregation: Aggregation,
    rows: Vec<Vec<Value>>,
    session: &mut Session<'_, '_>,
) -> Evaluated {
    match (aggregation, &table.aggregate) {
        (Aggregation::List, _) => all(table, rows, session),
        (Aggregation::Count, _) => Ok(Value::from(i64::try_from(rows.len()).unwrap_or(i64::MAX))),
        (Aggregation::Sum | Aggregation::Min | Aggregation::Max, None) => Ok(Value::Null),
        (Aggregation::Sum | Aggregation::Min | Aggregation::Max, Some(aggregate)) => {
            let values: Vec<Value> = rows.into_iter().flatten().collect();
            if session.graph.rules.type_mismatch_fails
                && let Some(other) = values.iter().find(|v| v.as_number().is_none())
            {
                return Err(Trouble::Failed(format!("expected number but found '{}'", other)));
            }
            let values = session.list(values)?;
            let names: [(Arc<str>, Value); 1] = [(COLLECTED.into(), values)];
            session.expression(aggregate, &names.to_vec())
        }
    }
}

/// Orders rows by the priorities of their outputs, the first output first; values without priority come last.
fn sort(outputs: &[Output], rows: &mut [Vec<Value>]) {
    rows.sort_by_cached_key(|row| {
        outputs.iter().zip(row).map(|(output, value)| output.priority(value)).collect::<Vec<_>>()
    });
}

impl Output {
    fn priority(&self, value: &Value) -> usize {
        self.priorities.iter().position(|known| same(known, value)).unwrap_or(usize::MAX)
    }
}

/// Rows as failure texts show them: `List(Map(name -> value), ...)`.
fn all_shown(outputs: &[Output], rows: &[Vec<Value>]) -> String {
    let row = |row: &Vec<Value>| {
        let entries = outputs.iter().zip(row).map(|(output, value)| format!("{} -> {}", output.name, value));
        format!("Map({})", entries.collect::<Vec<_>>().join(", "))
    };
    format!("List({})", rows.iter().map(row).collect::<Vec<_>>().join(", "))
}
