//! What is supported, as data: compared with files, scenarios and documentation by `cargo xtask tidy`.

use crate::{element, event};

/// One row of the support table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Support {
    /// The XML name of the element, the marker or the event definition.
    pub element: &'static str,
    /// The first release that runs it; `None` while it is refused by name.
    pub since: Option<&'static str>,
    /// The file that lowers it, below `crates/bpmn/src`; empty while it is refused.
    pub file: &'static str,
    /// The folder of `file`: `element` or `event`.
    pub folder: &'static str,
}

/// The release that brought the first elements.
const FIRST: &str = "0.1";

/// The support table: what runs first, then what is refused by name. Everything else in BPMN is only drawn.
pub fn table() -> Vec<Support> {
    let row = |folder| {
        move |(element, file): &(&'static str, &'static str)| Support {
            element,
            since: Some(FIRST),
            file,
            folder,
        }
    };
    let mut rows: Vec<_> = element::MODULES.iter().map(row("element")).collect();
    rows.push(row("element")(&("multiInstanceLoopCharacteristics", "multi_instance")));
    rows.extend(event::MODULES.iter().map(row("event")));
    rows.extend(element::unsupported::all().map(|refused| Support {
        element: refused.name,
        since: None,
        file: "",
        folder: "",
    }));
    rows
}
