//! An evaluation under way: what is left of its limits, its clock, its warnings.

use std::fmt;
use std::sync::Arc;

use crate::compile::depth::Depth;
use crate::diagnostic::{Span, Warning, WarningKind};
use crate::dialect::{Dialect, Switches};
use crate::limits::Limits;
use crate::temporal::Moment;
use crate::value::{Closure, Context, List, Value};
use crate::variables::Variables;

/// Why evaluating a node gave no value.
#[derive(Debug)]
pub struct Stop(Box<StopKind>);

#[derive(Debug)]
pub(crate) enum StopKind {
    /// The nearest function call becomes null, with a warning.
    Null(String),
    /// The evaluation fails.
    Failed(String),
    /// `assert` did not hold: the evaluation fails with a text of its own.
    Assertion(String),
    /// A limit was exceeded.
    Limit { name: &'static str, limit: u64 },
}

impl Stop {
    /// The function call answers null, with this text as a warning.
    pub fn null(message: impl Into<String>) -> Self {
        Self(Box::new(StopKind::Null(message.into())))
    }

    /// The evaluation fails with this text.
    pub fn failed(message: impl Into<String>) -> Self {
        Self(Box::new(StopKind::Failed(message.into())))
    }

    pub(crate) fn assertion(message: impl Into<String>) -> Self {
        Self(Box::new(StopKind::Assertion(message.into())))
    }

    /// The evaluation fails because of a limit.
    pub fn limit(name: &'static str, limit: u64) -> Self {
        Self(Box::new(StopKind::Limit { name, limit }))
    }

    /// Whether a limit was exceeded: nothing turns that into null.
    pub fn is_limit(&self) -> bool {
        matches!(*self.0, StopKind::Limit { .. })
    }

    pub(crate) fn kind(&self) -> &StopKind {
        &self.0
    }

    /// The text, if this only makes the nearest function call null.
    pub(crate) fn into_null(self) -> Result<String, Stop> {
        match *self.0 {
            StopKind::Null(message) => Ok(message),
            kind => Err(Stop(Box::new(kind))),
        }
    }
}

/// The cause, without the expression.
impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.0 {
            StopKind::Null(cause) | StopKind::Failed(cause) | StopKind::Assertion(cause) => {
                f.write_str(cause)
            }
            StopKind::Limit { name, limit } => write!(f, "it exceeds the limit {name} = {limit}"),
        }
    }
}

/// An evaluation under way.
pub struct Machine<'a> {
    dialect: Dialect,
    switches: &'static Switches,
    moment: &'a Moment,
    limits: &'a Limits,
    fuel_steps: u64,
    memory_bytes: u64,
    warnings: Vec<Warning>,
    variables: &'a dyn Variables,
    /// The names of the slots.
    globals: &'a [Arc<str>],
    pub(crate) slots: Slots<'a>,
    /// Variables of the expression: iterators, parameters, entries.
    pub(crate) locals: Vec<Value>,
    /// Where the current function's locals start.
    pub(crate) base: usize,
    /// What the current function captured.
    pub(crate) closure: Option<Arc<Closure>>,
    /// The input of unary tests.
    pub(crate) input: Option<Value>,
    /// State of the generator behind `random number()` and `uuid()`.
    random: u64,
    /// Nodes of depth that are left.
    pub(crate) depth_nodes: u32,
}

/// What is known of a variable of the evaluation.
#[derive(Debug, Default)]
pub(crate) enum Slot<'a> {
    /// Not asked for yet.
    #[default]
    Unbound,
    /// Asked for; there is none.
    Missing,
    /// JSON text, and how often parts of it have been decoded.
    Json(Arc<str>, u8),
    /// Decoded.
    Value(Value),
    /// At hand where the variables are.
    Borrowed(&'a Value),
}

/// The slots of an evaluation: no memory is taken for a few.
#[derive(Debug)]
pub(crate) struct Slots<'a> {
    few: [Slot<'a>; FEW_SLOTS],
    rest: Vec<Slot<'a>>,
}

const FEW_SLOTS: usize = 4;

impl<'a> Slots<'a> {
    #[inline(always)]
    fn new(count: usize) -> Self {
        let mut rest = Vec::new();
        if count > FEW_SLOTS {
            rest.resize_with(count - FEW_SLOTS, Slot::default);
        }
        Self { few: [const { Slot::Unbound }; FEW_SLOTS], rest }
    }

    #[inline]
    pub(crate) fn get(&self, slot: usize) -> &Slot<'a> {
        match self.few.get(slot) {
            Some(found) => found,
            None => &self.rest[slot - FEW_SLOTS],
        }
    }

    #[inline]
    pub(crate) fn get_mut(&mut self, slot: usize) -> &mut Slot<'a> {
        match self.few.get_mut(slot) {
            Some(found) => found,
            None => &mut self.rest[slot - FEW_SLOTS],
        }
    }
}

impl<'a> Machine<'a> {
    // Inlined, so that this large thing is made where it is used and not copied there.
    #[inline(always)]
    pub(crate) fn new(
        dialect: Dialect,
        moment: &'a Moment,
        limits: &'a Limits,
        variables: &'a dyn Variables,
        globals: &'a [Arc<str>],
        input: Option<Value>,
    ) -> Self {
        Self {
            variables,
            globals,
            slots: Slots::new(globals.len()),
            locals: Vec::new(),
            base: 0,
            closure: None,
            input,
            random: moment.seed,
            depth_nodes: limits.depth_nodes,
            dialect,
            switches: dialect.switches(),
            moment,
            limits,
            fuel_steps: limits.fuel_steps,
            memory_bytes: limits.memory_bytes,
            warnings: Vec::new(),
        }
    }

    /// The evaluation of a host that evaluates several expressions within one set of limits, with
    /// [`crate::Expression::evaluate_within`].
    pub fn outermost(dialect: Dialect, moment: &'a Moment, limits: &'a Limits) -> Self {
        Self::new(dialect, moment, limits, &(), &[], None)
    }

    /// Goes so many nodes deeper, for what a host nests itself. Give the result to [`Machine::ascend`].
    pub fn descend(&mut self, nodes: u32) -> Result<u32, Stop> {
        match self.depth_nodes.checked_sub(nodes) {
            Some(left) => Ok(std::mem::replace(&mut self.depth_nodes, left)),
            None => Err(Stop::limit("depth_nodes", u64::from(self.limits.depth_nodes))),
        }
    }

    /// Enters an expression or a function, which must have room down to its deepest node: what it calls begins at its
    /// deepest call. Give the result to [`Machine::ascend`].
    pub(crate) fn enter(&mut self, depth: Depth) -> Result<u32, Stop> {
        let above = self.descend(depth.whole_nodes)?;
        self.depth_nodes = above - depth.calls_nodes.min(above);
        Ok(above)
    }

    /// Goes back up to where [`Machine::descend`] was called.
    pub fn ascend(&mut self, depth_nodes: u32) {
        self.depth_nodes = depth_nodes;
    }

    /// The dialect of the expression.
    pub fn dialect(&self) -> Dialect {
        self.dialect
    }

    pub(crate) fn switches(&self) -> &'static Switches {
        self.switches
    }

    /// The clock of the evaluation.
    pub fn moment(&self) -> &'a Moment {
        self.moment
    }

    /// The limits of the evaluation.
    pub fn limits(&self) -> &'a Limits {
        self.limits
    }

    /// Uses fuel: call it with the number of items before looking at them.
    #[inline]
    pub fn burn(&mut self, steps: u64) -> Result<(), Stop> {
        match self.fuel_steps.checked_sub(steps) {
            Some(left) => {
                self.fuel_steps = left;
                Ok(())
            }
            None => Err(Stop::limit("fuel_steps", self.limits.fuel_steps)),
        }
    }

    /// 64 random bits from the moment's seed (splitmix64).
    pub(crate) fn random(&mut self) -> u64 {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.random ^ (self.random >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Accounts for memory about to be taken.
    #[inline]
    pub fn take(&mut self, bytes: u64) -> Result<(), Stop> {
        match self.memory_bytes.checked_sub(bytes) {
            Some(left) => {
                self.memory_bytes = left;
                Ok(())
            }
            None => Err(Stop::limit("memory_bytes", self.limits.memory_bytes)),
        }
    }

    /// A list, within the limits.
    pub fn list(&mut self, items: Vec<Value>) -> Result<Value, Stop> {
        if items.len() > self.limits.list_items {
            return Err(Stop::limit("list_items", self.limits.list_items as u64));
        }
        self.take(size_of::<Value>() as u64 * items.len() as u64 + 32)?;
        let list = List::new(items);
        self.check_depth(list.depth())?;
        Ok(Value::List(list))
    }

    /// A string, within the limits.
    pub fn string(&mut self, text: impl AsRef<str>) -> Result<Value, Stop> {
        let text = text.as_ref();
        if text.len() > self.limits.string_bytes {
            return Err(Stop::limit("string_bytes", self.limits.string_bytes as u64));
        }
        self.take(text.len() as u64 + 16)?;
        Ok(Value::String(text.into()))
    }

    /// A context, within the limits.
    pub fn context(&mut self, entries: Vec<(Arc<str>, Value)>) -> Result<Value, Stop> {
        if entries.len() > self.limits.list_items {
            return Err(Stop::limit("list_items", self.limits.list_items as u64));
        }
        self.take(48 * entries.len() as u64 + 48)?;
        let context = Context::new(entries);
        self.check_depth(context.depth())?;
        Ok(Value::Context(context))
    }

    pub(crate) fn variables(&self) -> &'a dyn Variables {
        self.variables
    }

    pub(crate) fn globals(&self) -> &'a [Arc<str>] {
        self.globals
    }

    pub(crate) fn check_depth(&self, depth: u32) -> Result<(), Stop> {
        if depth > self.limits.value_depth_levels {
            return Err(Stop::limit("value_depth_levels", u64::from(self.limits.value_depth_levels)));
        }
        Ok(())
    }

    /// Records a warning.
    #[cold]
    pub fn warn(&mut self, kind: WarningKind, message: String, span: Span) {
        if self.warnings.len() < self.limits.warnings {
            self.warnings.push(Warning { kind, message, span });
        }
    }

    /// Runs something as an evaluation of its own with what is left of this one's limits; its warnings join these.
    pub(crate) fn nested<'b, R>(
        &'b mut self,
        dialect: Dialect,
        variables: &'b dyn Variables,
        globals: &'b [Arc<str>],
        input: Option<Value>,
        run: impl FnOnce(&mut Machine<'b>) -> R,
    ) -> R
    where
        'a: 'b,
    {
        let mut inner: Machine<'b> =
            Machine::new(dialect, self.moment, self.limits, variables, globals, input);
        inner.fuel_steps = self.fuel_steps;
        inner.memory_bytes = self.memory_bytes;
        inner.depth_nodes = self.depth_nodes;
        inner.warnings = std::mem::take(&mut self.warnings);
        let result = run(&mut inner);
        self.fuel_steps = inner.fuel_steps;
        self.memory_bytes = inner.memory_bytes;
        self.warnings = inner.take_warnings();
        result
    }

    pub(crate) fn warning_count(&self) -> usize {
        self.warnings.len()
    }

    pub(crate) fn last_warning(&self) -> Option<WarningKind> {
        self.warnings.last().map(|warning| warning.kind)
    }

    /// Drops the warnings after the first so many.
    pub(crate) fn forget_warnings(&mut self, count: usize) {
        self.warnings.truncate(count);
    }

    /// The warnings so far, which are forgotten.
    pub fn take_warnings(&mut self) -> Vec<Warning> {
        std::mem::take(&mut self.warnings)
    }
}
