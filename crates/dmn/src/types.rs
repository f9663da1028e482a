//! Types of a model, compiled: what a value must be to conform, and what it becomes when it does not (10.3.2.9).

use std::sync::Arc;

use weir_feel::{Names, Type, Value};

use crate::evaluate::Session;
use crate::feel::Feel;

/// A type by its place in [`Types`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TypeId(u32);

/// How deep the components of a type are told to FEEL's parser; types may contain themselves.
const NAMES_DEPTH: usize = 8;

/// What a type is made of.
#[derive(Debug, Clone)]
pub(crate) enum Shape {
    Any,
    Null,
    Number,
    String,
    Boolean,
    Date,
    Time,
    DateTime,
    DaysDuration,
    MonthsDuration,
    List,
    Context,
    Range,
    Function { parameters: Vec<TypeId>, output: TypeId },
    Components(Vec<(Arc<str>, TypeId)>),
    Same(TypeId),
}

/// One type.
#[derive(Debug)]
pub(crate) struct ItemType {
    pub(crate) shape: Shape,
    pub(crate) is_collection: bool,
    /// Unary tests for the value, or for each element of a collection.
    pub(crate) allowed_values: Option<Feel>,
    /// Unary tests for the value as a whole.
    pub(crate) constraint: Option<Feel>,
}

impl ItemType {
    pub(crate) fn new(shape: Shape) -> Self {
        Self { shape, is_collection: false, allowed_values: None, constraint: None }
    }
}

/// All types of a decision requirements graph.
#[derive(Debug)]
pub(crate) struct Types(Vec<ItemType>);

/// FEEL's own types by the names that DMN 1.1 to 1.5 and their tools give them.
const BASIC: [(&[&str], Shape); 13] = [
    (&["Any", "any", "<Undefined>"], Shape::Any),
    (&["Null"], Shape::Null),
    (&["number", "integer", "long", "double"], Shape::Number),
    (&["string"], Shape::String),
    (&["boolean"], Shape::Boolean),
    (&["date"], Shape::Date),
    (&["time"], Shape::Time),
    (&["date and time", "dateTime", "date time"], Shape::DateTime),
    (&["days and time duration", "dayTimeDuration", "day time duration"], Shape::DaysDuration),
    (&["years and months duration", "yearMonthDuration", "year month duration"], Shape::MonthsDuration),
    (&["list"], Shape::List),
    (&["context"], Shape::Context),
    (&["range"], Shape::Range),
];

impl Types {
    pub(crate) const ANY: TypeId = TypeId(0);

    /// FEEL's own types.
    pub(crate) fn basic() -> Self {
        Self(BASIC.iter().map(|(_, shape)| ItemType::new(shape.clone())).collect())
    }

    /// FEEL's own type of that name.
    pub(crate) fn basic_named(name: &str) -> Option<TypeId> {
        BASIC.iter().position(|(names, _)| names.contains(&name)).map(|at| TypeId(at as u32))
    }

    /// Adds a type.
    pub(crate) fn add(&mut self, item: ItemType) -> TypeId {
        self.0.push(item);
        TypeId(self.0.len() as u32 - 1)
    }

    pub(crate) fn get(&self, id: TypeId) -> &ItemType {
        &self.0[id.0 as usize]
    }

    pub(crate) fn get_mut(&mut self, id: TypeId) -> &mut ItemType {
        &mut self.0[id.0 as usize]
    }

    /// The output type of a function type.
    pub(crate) fn function_output(&self, id: TypeId) -> Option<TypeId> {
        match &self.get(id).shape {
            Shape::Function { output, .. } => Some(*output),
            Shape::Same(other) if other.0 < id.0 => self.function_output(*other),
            _ => None,
        }
    }

    /// What FEEL's parser is told of a type: above all the names that may follow a dot.
    pub(crate) fn feel_type(&self, id: TypeId) -> Type {
        self.feel_type_to(id, NAMES_DEPTH)
    }

    fn feel_type_to(&self, id: TypeId, depth: usize) -> Type {
        if depth == 0 {
            return Type::Any;
        }
        let item = self.get(id);
        let one = match &item.shape {
            Shape::Any | Shape::Null | Shape::Context => Type::Any,
            Shape::Number => Type::Number,
            Shape::String => Type::String,
            Shape::Boolean => Type::Boolean,
            Shape::Date => Type::Date,
            Shape::Time => Type::Time,
            Shape::DateTime => Type::DateTime,
            Shape::DaysDuration => Type::DaysDuration,
            Shape::MonthsDuration => Type::MonthsDuration,
            Shape::List => Type::List(Box::new(Type::Any)),
            Shape::Range => Type::Range(Box::new(Type::Any)),
            Shape::Function { parameters, output } => {
                let parameter = |id: &TypeId| (Arc::from(""), self.feel_type_to(*id, depth - 1));
                let output = Box::new(self.feel_type_to(*output, depth - 1));
                Type::Function(parameters.iter().map(parameter).collect(), output)
            }
            Shape::Components(components) => {
                let mut names = Names::new();
                for (name, component) in components {
                    names.insert(name, self.feel_type_to(*component, depth - 1));
                }
                Type::Context(names)
            }
            Shape::Same(other) => self.feel_type_to(*other, depth - 1),
        };
        if item.is_collection { Type::List(Box::new(one)) } else { one }
    }

    /// The value as a value of the type: itself, after an implicit conversion, or null when it does not conform
    /// (10.3.2.9.4). The second says whether it did conform.
    pub(crate) fn coerced(&self, value: Value, id: TypeId, session: &mut Session<'_, '_>) -> (Value, bool) {
        if value.is_null() || id == Self::ANY {
            return (value, true);
        }
        if self.conforms(&value, id, session, NAMES_DEPTH * 8) {
            return (value, true);
        }
        if let Value::List(list) = &value
            && let [single] = &list[..]
            && !single.is_null()
            && self.conforms(single, id, session, NAMES_DEPTH * 8)
        {
            return (single.clone(), true);
        }
        if let Value::Date(date) = &value
            && matches!(self.get(self.resolved(id)).shape, Shape::DateTime)
        {
            return (session.midnight(*date), true);
        }
        (Value::Null, false)
    }

    /// The name of the basic type that the value should have been of; none when it is, or when the type is not one
    /// that is checked.
    pub(crate) fn basic_mismatch(&self, value: &Value, id: TypeId) -> Option<&'static str> {
        let (holds, name) = match &self.get(id).shape {
            Shape::Number => (matches!(value, Value::Number(_)), "number"),
            Shape::String => (matches!(value, Value::String(_)), "string"),
            Shape::Boolean => (matches!(value, Value::Boolean(_)), "boolean"),
            Shape::Date => (matches!(value, Value::Date(_)), "date"),
            Shape::Time => (matches!(value, Value::Time(_)), "time"),
            Shape::DateTime => (matches!(value, Value::DateTime(_)), "dateTime"),
            Shape::DaysDuration => (matches!(value, Value::DaysDuration(_)), "dayTimeDuration"),
            Shape::MonthsDuration => (matches!(value, Value::MonthsDuration(_)), "yearMonthDuration"),
            Shape::Any
            | Shape::Null
            | Shape::List
            | Shape::Context
            | Shape::Range
            | Shape::Function { .. }
            | Shape::Components(_)
            | Shape::Same(_) => return None,
        };
        (!holds).then_some(name)
    }

    /// The type behind references to other item definitions, up to a collection; any, where a type only refers to itself.
    pub(crate) fn resolved(&self, id: TypeId) -> TypeId {
        let mut id = id;
        for _ in 0..self.0.len() {
            match self.get(id) {
                ItemType { shape: Shape::Same(other), is_collection: false, .. } => id = *other,
                _ => return id,
            }
        }
        Self::ANY
    }

    fn conforms(&self, value: &Value, id: TypeId, session: &mut Session<'_, '_>, depth: usize) -> bool {
        if value.is_null() || id == Self::ANY {
            return true;
        }
        if depth == 0 {
            return false;
        }
        let item = self.get(id);
        let shaped = if item.is_collection {
            value.as_list().is_some_and(|list| {
                list.iter().all(|one| {
                    self.has_shape(one, &item.shape, session, depth)
                        && allowed(item.allowed_values.as_ref(), one, session)
                })
            })
        } else {
            self.has_shape(value, &item.shape, session, depth)
                && allowed(item.allowed_values.as_ref(), value, session)
        };
        shaped && allowed(item.constraint.as_ref(), value, session)
    }

    fn has_shape(&self, value: &Value, shape: &Shape, session: &mut Session<'_, '_>, depth: usize) -> bool {
        match shape {
            Shape::Any => true,
            Shape::Null => value.is_null(),
            _ if value.is_null() => true,
            Shape::Number => matches!(value, Value::Number(_)),
            Shape::String => matches!(value, Value::String(_)),
            Shape::Boolean => matches!(value, Value::Boolean(_)),
            Shape::Date => matches!(value, Value::Date(_)),
            Shape::Time => matches!(value, Value::Time(_)),
            Shape::DateTime => matches!(value, Value::DateTime(_)),
            Shape::DaysDuration => matches!(value, Value::DaysDuration(_)),
            Shape::MonthsDuration => matches!(value, Value::MonthsDuration(_)),
            Shape::List => matches!(value, Value::List(_)),
            Shape::Context => matches!(value, Value::Context(_)),
            Shape::Range => matches!(value, Value::Range(_)),
            Shape::Function { parameters, .. } => match value {
                Value::Function(function) => function.parameter_names().len() == parameters.len(),
                _ => false,
            },
            Shape::Components(components) => value.as_context().is_some_and(|context| {
                components.iter().all(|(name, component)| {
                    context
                        .get(name)
                        .is_some_and(|entry| self.conforms(entry, *component, session, depth - 1))
                })
            }),
            Shape::Same(other) => self.conforms(value, *other, session, depth - 1),
        }
    }
}

fn allowed(tests: Option<&Feel>, value: &Value, session: &mut Session<'_, '_>) -> bool {
    match tests {
        None => true,
        Some(_) if value.is_null() => true,
        Some(tests) => session.unary_tests(tests, value, &()).is_ok_and(|answer| answer.is_true()),
    }
}
