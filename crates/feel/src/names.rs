//! Names that an expression may refer to, known before it is compiled.
//!
//! In the DMN dialect a name may hold spaces and operators (`Loan amount`, `a-b`): whether `a-b` is one name or a
//! difference depends on what is in scope, so the names must be known to the parser. In the BPMN dialect every
//! identifier is a name and [`Names::default`] will do; names given are used for suggestions and types only.

use std::sync::Arc;

/// What is known of the type of a name.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub enum Type {
    /// Nothing.
    #[default]
    Any,
    /// `number`
    Number,
    /// `string`
    String,
    /// `boolean`
    Boolean,
    /// `date`
    Date,
    /// `time`
    Time,
    /// `date and time`
    DateTime,
    /// `days and time duration`
    DaysDuration,
    /// `years and months duration`
    MonthsDuration,
    /// A list of items of a type.
    List(Box<Type>),
    /// A context; its entries are names that may be reached by a path.
    Context(Names),
    /// A range of values of a type.
    Range(Box<Type>),
    /// A function with its parameters (name, type) and its result.
    Function(Vec<(Arc<str>, Type)>, Box<Type>),
}

/// Names in scope, with what is known of them.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Names {
    entries: Vec<(Arc<str>, Type)>,
    /// Shared: every scope of a model knows the same types.
    types: Arc<Vec<(Arc<str>, Type)>>,
}

impl Names {
    /// No names.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a name, or replaces what is known of it.
    pub fn insert(&mut self, name: &str, kind: Type) {
        match self.entries.iter_mut().find(|(known, _)| &**known == name) {
            Some(entry) => entry.1 = kind,
            None => self.entries.push((name.into(), kind)),
        }
    }

    /// What is known of a name.
    pub fn get(&self, name: &str) -> Option<&Type> {
        self.entries.iter().find(|(known, _)| &**known == name).map(|(_, kind)| kind)
    }

    /// Adds a named type (DMN: an item definition), for `instance of` and parameters.
    pub fn insert_type(&mut self, name: &str, kind: Type) {
        Arc::make_mut(&mut self.types).push((name.into(), kind));
    }

    /// The type of that name.
    pub fn type_named(&self, name: &str) -> Option<&Type> {
        self.types.iter().rev().find(|(known, _)| &**known == name).map(|(_, kind)| kind)
    }

    /// All names in the order they were added.
    pub fn iter(&self) -> impl Iterator<Item = (&Arc<str>, &Type)> {
        self.entries.iter().map(|(name, kind)| (name, kind))
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

impl<'a> FromIterator<&'a str> for Names {
    fn from_iter<I: IntoIterator<Item = &'a str>>(names: I) -> Self {
        let mut all = Self::default();
        for name in names {
            all.insert(name, Type::Any);
        }
        all
    }
}
