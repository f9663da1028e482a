//! What an expression may cost. Every limit has its unit in its name; exceeding one fails the evaluation (or
//! the compilation) with the limit's name and value, never with a crash.

/// Limits of compilation. They are constants: a model that compiles on one server compiles on every other.
pub mod compile {
    /// Bytes of source text of one expression.
    pub const MAX_TEXT_BYTES: usize = 1024 * 1024;
    /// Height of the syntax tree: how deep expressions may stand within each other.
    pub const MAX_DEPTH_NODES: usize = 200;
    /// Errors reported for one expression; the rest is cut.
    pub const MAX_DIAGNOSTICS: usize = 50;
}

/// Limits of one evaluation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Steps: about one per node evaluated in a loop, and one per item that a function looks at.
    pub fuel_steps: u64,
    /// Nested evaluation, counted in syntax nodes, those that take much of the stack several times: what recursion of
    /// functions defined in FEEL may use of the stack. The default lets a function of usual size call itself more than
    /// 200 times and stays within 2 MiB of stack even in a build without optimisation.
    pub depth_nodes: u32,
    /// Bytes of values built during the evaluation, whether or not they are kept.
    pub memory_bytes: u64,
    /// Items of one list, entries of one context.
    pub list_items: usize,
    /// Bytes (UTF-8) of one string.
    pub string_bytes: usize,
    /// Levels of lists and contexts within each other, in values and in JSON.
    pub value_depth_levels: u32,
    /// Bytes that one compiled regular expression may take.
    pub regex_bytes: usize,
    /// Warnings kept; later ones are dropped.
    pub warnings: usize,
}

impl Limits {
    /// The limits used unless a server is configured otherwise.
    pub const DEFAULT: Limits = Limits {
        fuel_steps: 10_000_000,
        depth_nodes: 2_400,
        memory_bytes: 256 * 1024 * 1024,
        list_items: 2_000_000,
        string_bytes: 4 * 1024 * 1024,
        value_depth_levels: 100,
        regex_bytes: 1024 * 1024,
        warnings: 100,
    };
}

impl Default for Limits {
    fn default() -> Self {
        Self::DEFAULT
    }
}
