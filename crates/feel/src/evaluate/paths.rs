//! Paths: entries of contexts, of the items of lists, properties of temporal values and ranges.

use std::sync::Arc;

use crate::diagnostic::{Span, WarningKind};
use crate::machine::{Machine, Stop};
use crate::node::Node;
use crate::temporal::{Property, Temporal};
use crate::value::{Context, Range, Value};

impl Machine<'_> {
    #[inline(never)]
    pub(super) fn path_of(&mut self, value: &Node, name: &Arc<str>, span: Span) -> Result<Value, Stop> {
        if let Some(entry) = self.entry_of_local(value, name) {
            return Ok(entry);
        }
        let warnings = self.warning_count();
        let found = self.evaluate(value)?;
        if found.is_null() && value.starts_at_entry() && self.found_no_variable(warnings) {
            return Ok(found);
        }
        self.path(&found, name, span)
    }

    #[inline]
    pub(super) fn path(&mut self, value: &Value, name: &Arc<str>, span: Span) -> Result<Value, Stop> {
        if let Value::Context(context) = value
            && let Some(entry) = context.get(name)
        {
            return Ok(entry.clone());
        }
        self.path_slowly(value, name, span)
    }

    fn path_slowly(&mut self, value: &Value, name: &Arc<str>, span: Span) -> Result<Value, Stop> {
        match value {
            Value::Context(context) => {
                self.no_entry(context, name, span);
                Ok(Value::Null)
            }
            Value::List(items) => {
                self.burn(items.len() as u64)?;
                let mut entries = Vec::with_capacity(items.len());
                for item in items.iter() {
                    entries.push(self.path(item, name, span)?);
                }
                self.list(entries)
            }
            Value::Null => {
                let message = format!("No context entry found with key '{name}'. The context is null");
                self.warn(WarningKind::NoContextEntryFound, message, span);
                Ok(Value::Null)
            }
            Value::Range(range) if self.switches().range_values => Ok(range_property(range, name)),
            _ => Ok(self.property(value, name, span)),
        }
    }

    /// Whether a variable was found missing since there were so many warnings: nothing is said of a path into it.
    pub(super) fn found_no_variable(&self, warnings: usize) -> bool {
        self.warning_count() > warnings && self.last_warning() == Some(WarningKind::NoVariableFound)
    }

    fn no_entry(&mut self, context: &Context, name: &str, span: Span) {
        let detail = if context.is_empty() {
            "The context is empty".to_owned()
        } else {
            let keys: Vec<String> = context.entries().iter().map(|(key, _)| format!("'{key}'")).collect();
            format!("Available keys: {}", keys.join(", "))
        };
        let message = format!("No context entry found with key '{name}'. {detail}");
        self.warn(WarningKind::NoContextEntryFound, message, span);
    }

    fn property(&mut self, value: &Value, name: &str, span: Span) -> Value {
        let temporal = value.as_temporal();
        match temporal.and_then(|temporal| temporal.property(name, self.dialect())) {
            Some(Property::Integer(number)) => Value::from(number),
            Some(Property::Days(duration)) => Value::DaysDuration(duration),
            Some(Property::Text(text)) => Value::from(text),
            Some(Property::Null) => Value::Null,
            None => {
                let known: Vec<String> = temporal
                    .map(Temporal::property_names)
                    .unwrap_or_default()
                    .iter()
                    .map(|name| format!("'{name}'"))
                    .collect();
                let message = format!(
                    "No property found with name '{name}' of value '{value}'. Available properties: {}",
                    known.join(", ")
                );
                self.warn(WarningKind::NoPropertyFound, message, span);
                Value::Null
            }
        }
    }
}

fn range_property(range: &Range, name: &str) -> Value {
    match name {
        "start" => range.start().value.clone(),
        "end" => range.end().value.clone(),
        "start included" => Value::Boolean(range.start().included),
        "end included" => Value::Boolean(range.end().included),
        _ => Value::Null,
    }
}
