//! Filters: by index or by condition.

use crate::diagnostic::Span;
use crate::machine::{Machine, Stop};
use crate::node::{Filter, FilterNode, Node};
use crate::number::Number;
use crate::value::{List, Value};

impl Machine<'_> {
    #[inline(never)]
    pub(super) fn filter(&mut self, node: &FilterNode) -> Result<Value, Stop> {
        let locals = self.locals.len();
        let list = self.evaluate(&node.list);
        let list = match self.or_null(list, locals)? {
            Value::List(list) => list,
            other => match self.as_list(other, node.list.span) {
                Some(list) => list,
                None => return Ok(Value::Null),
            },
        };
        let outcome = match &node.filter {
            Filter::Index(index) => Ok(at(&list, index)),
            Filter::Condition { condition, outside } => self.filtered(&list, condition, outside.as_ref()),
        };
        self.or_null(outcome, locals)
    }

    /// In the DMN dialect a scalar is a list of itself.
    fn as_list(&mut self, value: Value, span: Span) -> Option<List> {
        if self.switches().filter_scalars {
            return Some(List::new(if value.is_null() { Vec::new() } else { vec![value] }));
        }
        self.wrong_type("list", &value, span);
        None
    }

    fn filtered(&mut self, list: &List, condition: &Node, outside: Option<&Node>) -> Result<Value, Stop> {
        if let Some(outside) = outside {
            // feel-scala evaluates the filter outside the items' scope first; what it warns of there it reports.
            let locals = self.locals.len();
            let index = self.evaluate(outside);
            self.locals.truncate(locals);
            if let Ok(Value::Number(index)) = index {
                return Ok(at(list, &index));
            }
        }
        let mut kept = Vec::new();
        for (nth, item) in list.iter().enumerate() {
            self.burn(2)?;
            self.locals.push(item.clone());
            let value = self.evaluate(condition)?;
            self.locals.pop();
            match value {
                Value::Boolean(true) => kept.push(item.clone()),
                Value::Number(index) if nth == 0 => return Ok(at(list, &index)),
                _ => {}
            }
        }
        self.list(kept)
    }
}

/// The item at the place, counted from 1, or from the end if negative; null if there is none. A fraction is cut off.
fn at(list: &List, index: &Number) -> Value {
    let size = Number::from(list.len());
    let place =
        if index.is_negative() || index.is_zero() { size.add(index) } else { index.subtract(&Number::ONE) };
    let place = place.filter(|place| !place.is_negative()).map(|place| place.to_i64_saturating());
    place
        .and_then(|place| usize::try_from(place).ok())
        .and_then(|place| list.get(place).cloned())
        .unwrap_or_default()
}
