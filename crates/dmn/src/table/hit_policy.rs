//! What a table answers when rules match (8.2.10, 8.2.11).

use std::sync::Arc;

use weir_feel::{Dialect, Names, Value};

use super::{Output, Table};
use crate::evaluate::{Evaluated, Session, Trouble};
use crate::feel::Feel;
use crate::model::table::{Aggregation, HitPolicy};
use crate::outcome::MatchedRule;
use crate::same::same;

/// The name that aggregations know the collected outputs by.
const COLLECTED: &str = "collected";

/// The expression that puts collected outputs together.
pub(super) fn aggregate(hit_policy: HitPolicy, dialect: Dialect) -> Option<Feel> {
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
    Some(Feel::own(&format!("{function}({COLLECTED})"), dialect, &names))
}

/// The result of one or more rows of outputs.
pub(super) fn result(table: &Table, rows: &[MatchedRule], session: &mut Session<'_, '_>) -> Evaluated {
    match table.hit_policy {
        HitPolicy::First => one(table, &rows[0], session),
        HitPolicy::Unique if rows.len() > 1 => Err(refused("multiple", "UNIQUE", &table.outputs, rows)),
        HitPolicy::Unique => one(table, &rows[0], session),
        HitPolicy::Any => {
            let mut distinct: Vec<&MatchedRule> = Vec::new();
            for row in rows {
                if !distinct.iter().any(|known| same_row(known, row)) {
                    distinct.push(row);
                }
            }
            match distinct[..] {
                [row] => one(table, row, session),
                _ => Err(refused("different", "ANY", &table.outputs, distinct)),
            }
        }
        HitPolicy::Priority => one(table, sorted(&table.outputs, rows)[0], session),
        HitPolicy::OutputOrder => all(table, sorted(&table.outputs, rows), session),
        HitPolicy::RuleOrder => all(table, rows, session),
        HitPolicy::Collect(aggregation) => collected(table, aggregation, rows, session),
    }
}

fn same_row(a: &MatchedRule, b: &MatchedRule) -> bool {
    a.outputs.iter().zip(&b.outputs).all(|(a, b)| same(&a.value, &b.value))
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

fn one(table: &Table, row: &MatchedRule, session: &mut Session<'_, '_>) -> Evaluated {
    match &row.outputs[..] {
        [only] => Ok(only.value.clone()),
        outputs => {
            let entries = table.outputs.iter().zip(outputs);
            session.context(entries.map(|(output, it)| (output.name.clone(), it.value.clone())).collect())
        }
    }
}

fn all<'r>(
    table: &Table,
    rows: impl IntoIterator<Item = &'r MatchedRule>,
    session: &mut Session<'_, '_>,
) -> Evaluated {
    let rows = rows.into_iter().map(|row| one(table, row, session)).collect::<Result<_, _>>()?;
    session.list(rows)
}

fn collected(
    table: &Table,
    aggregation: Aggregation,
    rows: &[MatchedRule],
    session: &mut Session<'_, '_>,
) -> Evaluated {
    match (aggregation, &table.aggregate) {
        (Aggregation::List, _) => all(table, rows, session),
        (Aggregation::Count, _) => Ok(Value::from(i64::try_from(rows.len()).unwrap_or(i64::MAX))),
        (Aggregation::Sum | Aggregation::Min | Aggregation::Max, None) => Ok(Value::Null),
        (Aggregation::Sum | Aggregation::Min | Aggregation::Max, Some(aggregate)) => {
            let values: Vec<Value> =
                rows.iter().flat_map(|row| &row.outputs).map(|it| it.value.clone()).collect();
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

/// Rows by the priorities of their outputs, the first output first; values without priority come last.
fn sorted<'r>(outputs: &[Output], rows: &'r [MatchedRule]) -> Vec<&'r MatchedRule> {
    let mut rows: Vec<&MatchedRule> = rows.iter().collect();
    rows.sort_by_cached_key(|row| {
        let priorities = outputs.iter().zip(&row.outputs);
        priorities.map(|(output, it)| output.priority(&it.value)).collect::<Vec<_>>()
    });
    rows
}

impl Output {
    fn priority(&self, value: &Value) -> usize {
        self.priorities.iter().position(|known| same(known, value)).unwrap_or(usize::MAX)
    }
}

/// What a hit policy does not allow, with the rows as the engine inside Zeebe shows them: `List(Map(name -> value), ...)`.
fn refused<'r>(
    what: &str,
    policy: &str,
    outputs: &[Output],
    rows: impl IntoIterator<Item = &'r MatchedRule>,
) -> Trouble {
    let row = |row: &MatchedRule| {
        let entries = outputs.iter().zip(&row.outputs);
        let entries: Vec<_> =
            entries.map(|(output, it)| format!("{} -> {}", output.name, it.value)).collect();
        format!("Map({})", entries.join(", "))
    };
    let found = rows.into_iter().map(row).collect::<Vec<_>>().join(", ");
    Trouble::Failed(format!("{what} values aren't allowed for {policy} hit policy. found: 'List({found})'"))
}
