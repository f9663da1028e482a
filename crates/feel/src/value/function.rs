//! Functions as values.

use std::fmt;
use std::sync::Arc;

use super::Value;
use crate::builtin::Builtin;
use crate::machine::{Machine, Stop};
use crate::names::Type;
use crate::node::FunctionBody;

/// A function value: a built-in, one defined in FEEL, or one that the host gives.
#[derive(Clone, Debug)]
pub struct Function(FunctionKind);

/// What a function is made of.
#[derive(Clone)]
pub(crate) enum FunctionKind {
    /// A built-in function.
    Builtin(&'static Builtin),
    /// `function(a, b) ...` with what it captured.
    Closure(Arc<Closure>),
    /// A function of the host: in DMN a business knowledge model or a decision service. A pointer to a fat pointer is
    /// thin: it keeps `Value` small.
    Host(Arc<Arc<dyn HostFunction>>),
}

/// A function that the host of the evaluation provides.
pub trait HostFunction: Send + Sync {
    /// Its name, for messages.
    fn name(&self) -> &str;

    /// Names and types of the parameters in order.
    fn parameters(&self) -> &[(Arc<str>, Type)];

    /// Runs it with one argument for each parameter. [`Machine`] gives the moment, the limits and what is left of them.
    fn call(&self, arguments: Vec<Value>, machine: &mut Machine<'_>) -> Result<Value, Stop>;
}

/// A function defined in FEEL.
pub(crate) struct Closure {
    pub(crate) body: Arc<FunctionBody>,
    pub(crate) captured: Box<[Value]>,
    pub(crate) depth: u32,
}

impl Function {
    pub(crate) fn new(kind: FunctionKind) -> Self {
        Self(kind)
    }

    /// A function of the host.
    pub fn host(function: Arc<dyn HostFunction>) -> Self {
        Self(FunctionKind::Host(Arc::new(function)))
    }

    /// What it is made of.
    pub(crate) fn kind(&self) -> &FunctionKind {
        &self.0
    }

    /// The names of its parameters; of a built-in, those of its first overload.
    pub fn parameter_names(&self) -> Vec<Arc<str>> {
        match &self.0 {
            FunctionKind::Builtin(builtin) => builtin.parameter_names(),
            FunctionKind::Closure(closure) => {
                closure.body.parameters.iter().map(|(name, _)| name.clone()).collect()
            }
            FunctionKind::Host(host) => host.parameters().iter().map(|(name, _)| name.clone()).collect(),
        }
    }

    /// The number of its parameters; of a built-in, of its first overload.
    pub(crate) fn parameter_count(&self) -> usize {
        match &self.0 {
            FunctionKind::Builtin(builtin) => {
                builtin.overloads.first().map_or(0, |first| first.parameters.len())
            }
            FunctionKind::Closure(closure) => closure.body.parameters.len(),
            FunctionKind::Host(host) => host.parameters().len(),
        }
    }

    pub(crate) fn depth(&self) -> u32 {
        match &self.0 {
            FunctionKind::Closure(closure) => closure.depth,
            FunctionKind::Builtin(_) | FunctionKind::Host(_) => 0,
        }
    }
}

impl fmt::Debug for FunctionKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Builtin(builtin) => write!(f, "{}", builtin.name),
            Self::Closure(closure) => write!(f, "function/{}", closure.body.parameters.len()),
            Self::Host(host) => write!(f, "{}", host.name()),
        }
    }
}

impl fmt::Debug for Closure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Closure").field("body", &self.body).finish_non_exhaustive()
    }
}
