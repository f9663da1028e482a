//! Compiled models, kept beside the state: made from its files when first needed, never written.

use std::{cell::RefCell, collections::BTreeMap, sync::Arc};

use weir_bpmn::process::Process;
use weir_dmn::{Drg, Mode};

use crate::{
    key::{DrgKey, ProcessKey},
    state::State,
};

/// A cache of compiled models. It holds nothing that the state does not hold.
#[derive(Debug, Default)]
pub(crate) struct Definitions {
    processes: RefCell<BTreeMap<ProcessKey, Arc<Process>>>,
    drgs: RefCell<BTreeMap<DrgKey, Drg>>,
}

impl Definitions {
    /// The graph of a process.
    pub(crate) fn process(&self, state: &State, key: ProcessKey) -> Option<Arc<Process>> {
        if let Some(process) = self.processes.borrow().get(&key) {
            return Some(process.clone());
        }
        let definition = state.processes.get(&key)?;
        let file = state.files.get(&(definition.deployment, definition.file))?;
        let parsed = weir_bpmn::parse(&file.name, &file.content).ok()?;
        let process = Arc::new(parsed.processes.into_iter().find(|process| process.id == definition.id)?);
        self.processes.borrow_mut().insert(key, process.clone());
        Some(process)
    }

    /// Takes in a graph that was just compiled.
    pub(crate) fn know(&self, key: ProcessKey, process: Arc<Process>) {
        self.processes.borrow_mut().insert(key, process);
    }

    /// A compiled DMN file.
    pub(crate) fn drg(&self, state: &State, key: DrgKey) -> Option<Drg> {
        if let Some(drg) = self.drgs.borrow().get(&key) {
            return Some(drg.clone());
        }
        let definition = state.drgs.get(&key)?;
        let file = state.files.get(&(definition.deployment, definition.file))?;
        let drg = Drg::parse(&file.content, Mode::Zeebe).ok()?;
        self.drgs.borrow_mut().insert(key, drg.clone());
        Some(drg)
    }
}
