//! Every limit of this crate, with its unit in its name.

/// Bytes of one model. Larger ones are refused unread.
pub const MAX_MODEL_BYTES: usize = 16 * 1024 * 1024;

/// Levels of XML elements inside each other.
pub const MAX_NESTING_LEVELS: usize = 200;

/// Attributes (namespace declarations among them) of one XML element.
pub const MAX_ATTRIBUTES_PER_ELEMENT: usize = 256;

/// Namespace declarations of one model.
pub const MAX_NAMESPACE_DECLARATIONS: usize = 4096;

/// XML nodes (elements, texts, comments) of one model.
pub const MAX_XML_NODES: u32 = 1_000_000;

/// Flow elements (without sequence flows) of one process.
pub const MAX_ELEMENTS_PER_PROCESS: usize = 50_000;

/// Bytes of an id and of a name.
pub const MAX_NAME_BYTES: usize = 32 * 1024;

/// Diagnostics that are kept of one model; more are only counted.
pub const MAX_DIAGNOSTICS: usize = 1000;

/// Characters of a value of the model that a diagnostic repeats.
pub const MAX_QUOTED_CHARS: usize = 200;

/// Bytes of the text that a refused deployment is answered with.
pub const MAX_DEPLOYMENT_ERROR_BYTES: usize = 8 * 1024;

/// Characters of a source line that the renderer shows.
pub const MAX_RENDERED_LINE_CHARS: usize = 120;

/// Elements of a straight-through loop that a diagnostic names.
pub const MAX_LOOP_ELEMENTS_NAMED: usize = 20;

/// Years that a cron pattern looks ahead: the rarest fits, February 29 on a given weekday, come within 40.
pub const MAX_CRON_YEARS_AHEAD: i32 = 50;
