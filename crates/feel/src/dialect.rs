//! The two dialects of FEEL that Weir speaks, and the table of what differs between them.
//!
//! There is one parser and one evaluator; where the dialects differ they ask a switch of [`Switches`], and
//! nothing else in the crate looks at [`Dialect`].

/// Which FEEL: the one inside BPMN models, or the standard's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// As feel-scala inside Zeebe behaves: null-friendly, names without spaces.
    Bpmn,
    /// DMN 1.5 clause 10.
    Dmn,
}

/// What differs between the dialects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Switches {
    /// Which dialect this is, for the temporal types, whose forms differ in details of their own.
    pub dialect: Dialect,
    /// Names may hold spaces and operators, resolved against the names in scope.
    pub long_names: bool,
    /// `if`, `for`, `some`, `every` may be operands, comparisons may be chained, any value may be called.
    pub open_operands: bool,
    /// `\u0041` and `\U01F600` in strings are characters; otherwise they stay as they are.
    pub unicode_escapes: bool,
    /// `date("...")` with a literal is itself a literal: null without warning if it is wrong.
    pub temporal_literals: bool,
    /// A filter that may be a number is evaluated once outside the item's scope first.
    pub probes_filters: bool,
    /// Later iterators of a `for` see the variables of earlier ones.
    pub dependent_iterators: bool,
    /// Roots, logarithms and fractional powers have a double's digits, as the reference computes them.
    pub rounds_to_double: bool,
    /// The name of a built-in function is a value.
    pub builtin_values: bool,
    /// A boolean tests a boolean input for equality (`flag` in a cell); otherwise `true` holds for every input.
    pub booleans_are_inputs: bool,
    /// Strings are counted and ordered in UTF-16 code units, as on a JVM; otherwise in characters. They differ where
    /// there are characters beyond U+FFFF: half of one, cut out by `substring`, is a question mark, as a JVM writes it.
    pub utf16_strings: bool,
    /// Of two ways to call a function whose parameters have the same names in another order, `before(range: r, point: p)`
    /// means the one that has them in that order; otherwise the first.
    pub named_in_order: bool,
    /// `1e3` is a number.
    pub exponent_notation: bool,
    /// A one-item list stands for its item and an item for a one-item list where the other is needed.
    pub singleton_coercion: bool,
    /// `[5..1]` of a `for`: both dialects count down; a filter by number on a non-list answers the value itself.
    pub filter_scalars: bool,
    /// Values of different types are unequal as null (with a warning) in both; ranges and functions compare in DMN.
    pub compare_ranges: bool,
    /// A date equals and compares with a date and time (as midnight UTC).
    pub compare_date_with_date_time: bool,
    /// Booleans outside `true`/`false` in `if`: the BPMN dialect warns and takes `else`; DMN just takes `else`.
    pub warn_on_condition: bool,
    /// A range may be open-ended (`< 5`) and has properties.
    pub range_values: bool,
}

impl Dialect {
    /// The switches of this dialect.
    pub const fn switches(self) -> &'static Switches {
        match self {
            Self::Bpmn => &BPMN,
            Self::Dmn => &DMN,
        }
    }
}

const BPMN: Switches = Switches {
    long_names: false,
    dialect: Dialect::Bpmn,
    temporal_literals: true,
    probes_filters: true,
    dependent_iterators: false,
    open_operands: false,
    unicode_escapes: false,
    rounds_to_double: true,
    builtin_values: false,
    booleans_are_inputs: false,
    utf16_strings: true,
    named_in_order: false,
    exponent_notation: false,
    singleton_coercion: false,
    filter_scalars: false,
    compare_ranges: false,
    compare_date_with_date_time: false,
    warn_on_condition: true,
    range_values: false,
};

const DMN: Switches = Switches {
    long_names: true,
    dialect: Dialect::Dmn,
    temporal_literals: false,
    probes_filters: false,
    dependent_iterators: true,
    open_operands: true,
    unicode_escapes: true,
    rounds_to_double: false,
    builtin_values: true,
    booleans_are_inputs: true,
    utf16_strings: false,
    named_in_order: true,
    exponent_notation: true,
    singleton_coercion: true,
    filter_scalars: true,
    compare_ranges: true,
    compare_date_with_date_time: true,
    warn_on_condition: false,
    range_values: true,
};
