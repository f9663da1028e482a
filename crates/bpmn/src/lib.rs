//! BPMN XML to an executable process graph, or all its diagnostics. Pure.
//!
//! ```
//! let model = br#"<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL">
//!   <process id="hello" isExecutable="true">
//!     <startEvent id="start" />
//!     <sequenceFlow id="flow" sourceRef="start" targetRef="end" />
//!     <endEvent id="end" />
//!   </process>
//! </definitions>"#;
//! let definitions = weir_bpmn::parse("hello.bpmn", model)?;
//! assert_eq!(&*definitions.processes[0].id, "hello");
//! # Ok::<(), weir_bpmn::Diagnostics>(())
//! ```
//!
//! A model is accepted only if every element in it has defined behaviour. [`support::table`] says which elements have;
//! the others are refused by name. What is only drawn (pools, lanes, message flows, texts, groups, data objects, the
//! diagram, other vendors' extensions) is read over. Processes that are not executable are ignored.
//!
//! Adding an element: a file in `element/` (or `event/`), a variant of [`process::ElementKind`], and a line in the
//! register in `element/mod.rs`; the compiler asks for the rest.

mod diagnostic;
mod element;
mod event;
mod expression;
mod extension;
mod flow;
mod foreign;
pub mod limits;
mod lower;
mod model;
pub mod process;
mod render;
mod straight_through;
pub mod support;
pub mod timer;
mod xml;

pub use diagnostic::{Diagnostic, Diagnostics, Severity};
pub use process::Process;

/// What a BPMN file contains.
#[derive(Clone, Debug)]
pub struct Definitions {
    /// The executable processes, in the order of the file; at least one.
    pub processes: Vec<Process>,
    /// What its author should know although the model can run.
    pub warnings: Vec<Diagnostic>,
}

/// Reads the BPMN 2.0 file `name`.
///
/// # Errors
/// All that is wrong with it, at once. `name` is only repeated in messages.
pub fn parse(name: &str, bytes: &[u8]) -> Result<Definitions, Diagnostics> {
    let text = xml::decode(name, bytes)?;
    let tree = xml::tree(name, text)?;
    lower::definitions(name, text, tree.root_element())
}
