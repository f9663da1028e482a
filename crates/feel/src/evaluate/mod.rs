//! Evaluation of the compiled form.
//!
//! What goes wrong makes a part of the result null and leaves a warning, unless it is a [`Stop`]: the few things
//! that fail an evaluation, and what makes the nearest function call null.

use std::sync::Arc;

use crate::diagnostic::{Span, WarningKind};
use crate::machine::{Machine, Slot, Stop};
use crate::node::{EntryNode, FunctionNode, Node, NodeKind, RangeNode};
use crate::value::{self, Boundary, Closure, Function, FunctionKind, JsonPath, Range, Value};
use crate::variables::Binding;

mod arithmetic;
mod calls;
mod filters;
mod loops;
mod operators;
mod paths;
pub(crate) mod quick;
mod types;
mod unary_tests;

/// Parts of a JSON text decoded one by one before it is decoded as a whole.
const MAX_PARTS: u8 = 4;

/// What an operator looks at.
enum Operand<'v> {
    Borrowed(&'v Value),
    Owned(Value),
}

impl std::ops::Deref for Operand<'_> {
    type Target = Value;

    #[inline]
    fn deref(&self) -> &Value {
        match self {
            Self::Borrowed(value) => value,
            Self::Owned(value) => value,
        }
    }
}

impl Operand<'_> {
    #[inline]
    fn into_value(self) -> Value {
        match self {
            Self::Borrowed(value) => value.clone(),
            Self::Owned(value) => value,
        }
    }
}

impl<'a> Machine<'a> {
    /// The value of a node. Every kind that needs room on the stack has a function of its own, not inlined: what a
    /// node costs in depth is then the room of its own kind and not that of all.
    pub(crate) fn evaluate(&mut self, node: &Node) -> Result<Value, Stop> {
        match &node.kind {
            NodeKind::Constant(value) => Ok(value.clone()),
            NodeKind::Global(slot) => self.global(*slot as usize, node.span),
            NodeKind::GlobalPath(slot, path) => self.global_path(*slot as usize, path, node.span),
            NodeKind::Local(place) => Ok(self.locals[self.base + *place as usize].clone()),
            NodeKind::Captured(place) => Ok(self.captured(*place as usize)),
            NodeKind::Entry(entry) => self.entry(entry),
            NodeKind::Input => self.input.clone().ok_or_else(no_input),
            NodeKind::Path(value, name) => self.path_of(value, name, node.span),
            NodeKind::Filter(filter) => self.filter(filter),
            NodeKind::Negate(value) => self.negate(value, node.span),
            NodeKind::Arithmetic(first, rest) => self.arithmetic(first, rest, node.span),
            NodeKind::Compare(operator, operands) => self.comparison(*operator, operands, node.span),
            NodeKind::And(operands) => self.all(operands),
            NodeKind::Or(operands) => self.any(operands),
            NodeKind::Between(operands) => self.between(operands, node.span),
            NodeKind::In(value, tests) => self.membership(value, tests),
            NodeKind::OpenTest(operator, value) => self.open_test(*operator, value, node.span),
            NodeKind::InstanceOf(value, of) => self.instance(value, of),
            NodeKind::If(parts) => self.choice(parts),
            NodeKind::For(iteration) => self.iterate(iteration),
            NodeKind::Quantified(quantifier, iteration) => self.quantify(*quantifier, iteration),
            NodeKind::List(items) => self.list_of(items),
            NodeKind::Context(entries) => self.context_of(entries),
            NodeKind::Range(range) => self.range(range, node.span),
            NodeKind::RangeTest(range) => self.range_test(range, node.span),
            NodeKind::Function(function) => self.closure(function),
            NodeKind::CallBuiltin(builtin, arguments) => self.call_builtin(builtin, arguments, node.span),
            NodeKind::CallBuiltinNamed(builtin, arguments) => {
                self.call_builtin_named(builtin, arguments, node.span)
            }
            NodeKind::Call(call) => self.call(call, node.span),
            NodeKind::Nothing => Ok(Value::Null),
        }
    }

    /// A variable of the evaluation.
    #[inline]
    fn global(&mut self, slot: usize, span: Span) -> Result<Value, Stop> {
        match self.borrowed(slot) {
            Some(value) => Ok(value.clone()),
            None => self.decoded(slot, span),
        }
    }

    /// A variable that is at hand where the variables are.
    #[inline]
    fn borrowed(&mut self, slot: usize) -> Option<&'a Value> {
        match self.slots.get(slot) {
            Slot::Borrowed(value) => Some(value),
            Slot::Unbound => {
                let value = self.variables().value(&self.globals()[slot])?;
                *self.slots.get_mut(slot) = Slot::Borrowed(value);
                Some(value)
            }
            Slot::Missing | Slot::Json(..) | Slot::Value(_) => None,
        }
    }

    /// A variable that is not at hand.
    #[inline(never)]
    fn decoded(&mut self, slot: usize, span: Span) -> Result<Value, Stop> {
        self.bind(slot);
        self.decode(slot)?;
        match self.slots.get(slot) {
            Slot::Value(value) => Ok(value.clone()),
            Slot::Borrowed(value) => Ok((*value).clone()),
            Slot::Missing | Slot::Unbound | Slot::Json(..) => {
                let message = format!("No variable found with name '{}'", self.globals()[slot]);
                self.warn(WarningKind::NoVariableFound, message, span);
                Ok(Value::Null)
            }
        }
    }

    /// Asks for the variable if nobody has yet.
    fn bind(&mut self, slot: usize) {
        if matches!(self.slots.get(slot), Slot::Unbound) {
            *self.slots.get_mut(slot) = match self.variables().get(&self.globals()[slot]) {
                Some(Binding::Value(value)) => Slot::Value(value),
                Some(Binding::Json(text)) => Slot::Json(text, 0),
                None => Slot::Missing,
            };
        }
    }

    /// What an operator looks at: where it lies if it is a constant or a variable at hand, otherwise its value.
    #[inline]
    fn operand<'v>(&mut self, node: &'v Node) -> Result<Operand<'v>, Stop>
    where
        'a: 'v,
    {
        let borrowed = match &node.kind {
            NodeKind::Constant(value) => Some(value),
            NodeKind::Global(slot) => self.borrowed(*slot as usize),
            NodeKind::GlobalPath(slot, path) => {
                self.borrowed(*slot as usize).and_then(|value| follow(value, path))
            }
            _ => None,
        };
        match borrowed {
            Some(value) => Ok(Operand::Borrowed(value)),
            None => self.evaluate(node).map(Operand::Owned),
        }
    }

    /// Decodes the variable's JSON text, if that is what it is.
    fn decode(&mut self, slot: usize) -> Result<(), Stop> {
        if let Slot::Json(text, _) = self.slots.get(slot) {
            let value = Value::from_json(text).map_err(|error| self.bad_json(slot, &error))?;
            *self.slots.get_mut(slot) = Slot::Value(value);
        }
        Ok(())
    }

    fn bad_json(&self, slot: usize, error: &value::JsonError) -> Stop {
        Stop::failed(format!(
            "the variable '{}' holds no JSON that can be read: {error}",
            self.globals()[slot]
        ))
    }

    /// An entry within a variable; of a JSON text only that part is decoded.
    #[inline(never)]
    fn global_path(&mut self, slot: usize, path: &[Arc<str>], span: Span) -> Result<Value, Stop> {
        if let Some(entry) = self.borrowed(slot).and_then(|value| follow(value, path)) {
            return Ok(entry.clone());
        }
        self.bind(slot);
        if let Slot::Json(text, parts) = self.slots.get_mut(slot)
            && *parts < MAX_PARTS
        {
            *parts += 1;
            match value::decode_path(text, path) {
                Ok(JsonPath::Found(value)) => return Ok(value),
                Ok(JsonPath::Left) => {}
                Err(error) => return Err(self.bad_json(slot, &error)),
            }
        }
        if let Slot::Value(value) = self.slots.get(slot)
            && let Some(entry) = follow(value, path)
        {
            return Ok(entry.clone());
        }
        let mut value = self.global(slot, span)?;
        if matches!(self.slots.get(slot), Slot::Missing) {
            return Ok(Value::Null);
        }
        for name in path {
            value = self.path(&value, name, span)?;
        }
        Ok(value)
    }

    /// An entry of a local context, without taking a share of the context first.
    #[inline]
    fn entry_of_local(&self, node: &Node, name: &str) -> Option<Value> {
        match node.kind {
            NodeKind::Local(place) => {
                self.locals[self.base + place as usize].as_context()?.get(name).cloned()
            }
            _ => None,
        }
    }

    fn captured(&self, place: usize) -> Value {
        self.closure.as_ref().and_then(|closure| closure.captured.get(place).cloned()).unwrap_or_default()
    }

    /// A name inside filters.
    #[inline(never)]
    fn entry(&mut self, entry: &EntryNode) -> Result<Value, Stop> {
        for item in &entry.items {
            if let NodeKind::Local(place) = item.kind
                && let Value::Context(context) = &self.locals[self.base + place as usize]
                && let Some(value) = context.get(&entry.name)
            {
                return Ok(value.clone());
            }
        }
        self.evaluate(&entry.otherwise)
    }

    #[inline(never)]
    fn list_of(&mut self, items: &[Node]) -> Result<Value, Stop> {
        let mut values = Vec::with_capacity(items.len());
        for item in items {
            values.push(self.evaluate(item)?);
        }
        self.list(values)
    }

    /// Entries see those before them.
    #[inline(never)]
    fn context_of(&mut self, entries: &[(Arc<str>, Node)]) -> Result<Value, Stop> {
        let repeats = |nth: usize| entries[..nth].iter().any(|(name, _)| *name == entries[nth].0);
        if self.switches().long_names && (1..entries.len()).any(repeats) {
            return Ok(Value::Null);
        }
        let first = self.locals.len();
        for (_, node) in entries {
            let value = self.evaluate(node)?;
            self.locals.push(value);
        }
        let names = entries.iter().map(|(name, _)| name.clone());
        let entries = names.zip(self.locals.drain(first..)).collect();
        self.context(entries)
    }

    #[inline(never)]
    fn range(&mut self, range: &RangeNode, span: Span) -> Result<Value, Stop> {
        let start = self.evaluate(&range.start)?;
        let end = self.evaluate(&range.end)?;
        let open = self.switches().range_values;
        let valid = match (&start, &end) {
            (Value::Null, Value::Null) => false,
            (Value::Null, _) | (_, Value::Null) => open,
            (Value::String(_), _) | (_, Value::String(_)) if !open => false,
            _ => value::compare(&start, &end, self.switches()).is_some(),
        };
        if !valid {
            let message = format!("Invalid range definition '{start}..{end}'");
            self.warn(WarningKind::InvalidType, message.clone(), span);
            return if open { Ok(Value::Null) } else { Err(Stop::null(message)) };
        }
        Ok(Value::Range(Range::new(
            Boundary { value: start, included: range.start_included },
            Boundary { value: end, included: range.end_included },
        )))
    }

    #[inline(never)]
    fn closure(&mut self, function: &FunctionNode) -> Result<Value, Stop> {
        let warnings = self.warning_count();
        let mut captured = Vec::with_capacity(function.captures.len());
        for node in &function.captures {
            captured.push(self.evaluate(node)?);
        }
        // What is missing is only of interest if the function is called; then it is null.
        self.forget_warnings(warnings);
        let depth = 1 + captured.iter().map(Value::depth).max().unwrap_or(0);
        self.check_depth(depth)?;
        self.take(24 * captured.len() as u64 + 64)?;
        let closure = Closure { body: function.body.clone(), captured: captured.into(), depth };
        Ok(Value::Function(Function::new(FunctionKind::Closure(Arc::new(closure)))))
    }

    /// A value that should be of another type.
    pub(crate) fn wrong_type(&mut self, expected: &str, found: &Value, span: Span) {
        self.warn(WarningKind::InvalidType, format!("Expected {expected} but found '{found}'"), span);
    }

    /// The value, or null if it only made something null.
    pub(crate) fn or_null(&mut self, outcome: Result<Value, Stop>, locals: usize) -> Result<Value, Stop> {
        match outcome {
            Ok(value) => Ok(value),
            Err(stop) => {
                stop.into_null()?;
                self.locals.truncate(locals);
                Ok(Value::Null)
            }
        }
    }
}

/// What a path leads to through nothing but contexts.
fn follow<'v>(value: &'v Value, path: &[Arc<str>]) -> Option<&'v Value> {
    path.iter().try_fold(value, |value, name| value.as_context()?.get(name))
}

fn no_input() -> Stop {
    Stop::failed("No input value available. '?' can only be used inside an unary-test expression.")
}
