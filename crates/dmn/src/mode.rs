//! The two ways to read DMN, and the table of what differs.

use weir_feel::Dialect;

/// Whose rules a model is read and evaluated by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// The standard, as the Technology Compatibility Kit tests it.
    Standard,
    /// The engine inside Zeebe 8: FEEL in the BPMN dialect, every variable of the caller in scope.
    Zeebe,
}

/// What differs between the modes; nothing else in the crate looks at [`Mode`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rules {
    pub(crate) dialect: Dialect,
    /// Decisions see all variables of the caller, not only their required inputs.
    pub(crate) caller_in_scope: bool,
    /// Names with spaces and dashes are put in backticks where expressions mention them.
    pub(crate) escape_names: bool,
    /// A value of another type than declared fails the decision; else it becomes null (10.3.2.9.4).
    pub(crate) type_mismatch_fails: bool,
    /// Only the result of a decision is checked, and only for FEEL's own types; item definitions say nothing.
    pub(crate) only_basic_types: bool,
    /// A test that is neither true, false nor null fails the table; else it does not match.
    pub(crate) test_must_be_boolean: bool,
    /// Input and output values restrict what a table takes and gives.
    pub(crate) check_allowed_values: bool,
    /// The variable of a decision without one is its id; else its name.
    pub(crate) id_names_variable: bool,
    /// Decisions must have an id.
    pub(crate) ids_required: bool,
    /// A single default output is the result also when there are other outputs; else it is an entry of a context.
    pub(crate) lone_default_is_bare: bool,
    /// COLLECT with SUM, COUNT, MIN or MAX answers null when no rule matches; else COUNT answers 0.
    pub(crate) no_match_is_null: bool,
}

impl Mode {
    pub(crate) const fn rules(self) -> &'static Rules {
        match self {
            Self::Standard => &STANDARD,
            Self::Zeebe => &ZEEBE,
        }
    }
}

const STANDARD: Rules = Rules {
    dialect: Dialect::Dmn,
    caller_in_scope: false,
    escape_names: false,
    type_mismatch_fails: false,
    only_basic_types: false,
    test_must_be_boolean: false,
    check_allowed_values: true,
    id_names_variable: false,
    ids_required: false,
    lone_default_is_bare: false,
    no_match_is_null: false,
};

const ZEEBE: Rules = Rules {
    dialect: Dialect::Bpmn,
    caller_in_scope: true,
    escape_names: true,
    type_mismatch_fails: true,
    only_basic_types: true,
    test_must_be_boolean: true,
    check_allowed_values: false,
    id_names_variable: true,
    ids_required: true,
    lone_default_is_bare: true,
    no_match_is_null: true,
};
