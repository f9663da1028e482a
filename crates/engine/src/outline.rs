//! The outline of a process: what its elements and flows are called, for who tells what instances do.

use std::sync::Arc;

use weir_bpmn::process::Process;

use crate::{
    key::ProcessKey,
    state::{State, row::ProcessDefinition},
};

/// A deployed process with the names of what is in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outline {
    /// Its definition.
    pub key: ProcessKey,
    /// Its id.
    pub id: Arc<str>,
    /// Its version.
    pub version: i32,
    /// Its elements by their index; the first is the process itself.
    pub elements: Vec<OutlinedElement>,
    /// The ids of its sequence flows by their index.
    pub flows: Vec<Arc<str>>,
}

/// An element of an [`Outline`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutlinedElement {
    /// Its id.
    pub id: Arc<str>,
    /// Its name, where it has one.
    pub name: Option<Arc<str>>,
    /// What it is, as BPMN's XML calls it: `serviceTask`; and `eventSubProcess`.
    pub kind: &'static str,
}

impl Outline {
    pub(crate) fn of(state: &State, key: ProcessKey, process: &Process) -> Option<Outline> {
        let definition: Arc<ProcessDefinition> = state.processes.get(&key)?;
        let elements = process.elements.iter().map(|element| OutlinedElement {
            id: element.id.clone(),
            name: element.name.clone().filter(|name| !name.is_empty()),
            kind: element.kind.name(),
        });
        Some(Outline {
            key,
            id: process.id.clone(),
            version: definition.version,
            elements: elements.collect(),
            flows: process.flows.iter().map(|flow| flow.id.clone()).collect(),
        })
    }
}
