//! Compiled models, kept beside the state: made from its files when first needed, never written.

use std::{cell::RefCell, collections::BTreeMap, sync::Arc};

use weir_bpmn::process::Process;
use weir_dmn::{Drg, Mode};

use crate::{
    key::{DrgKey, ProcessKey},
    limits,
    state::State,
};

/// A cache of compiled models. It holds nothing that the state does not hold.
#[derive(Debug, Default)]
pub(crate) struct Definitions {
    processes: RefCell<Recent<ProcessKey, Arc<Process>>>,
    drgs: RefCell<Recent<DrgKey, Drg>>,
}

/// Things used not long ago. Where there are too many, those that were not used for the longest time go: each generation holds half.
#[derive(Debug)]
struct Recent<K, V> {
    young: BTreeMap<K, V>,
    old: BTreeMap<K, V>,
}

impl<K, V> Default for Recent<K, V> {
    fn default() -> Self {
        Recent { young: BTreeMap::new(), old: BTreeMap::new() }
    }
}

impl<K: Ord + Copy, V: Clone> Recent<K, V> {
    fn get(&mut self, key: K) -> Option<V> {
        if let Some(value) = self.young.get(&key) {
            return Some(value.clone());
        }
        let value = self.old.remove(&key)?;
        self.put(key, value.clone());
        Some(value)
    }

    fn put(&mut self, key: K, value: V) {
        if self.young.len() >= limits::COMPILED_ITEMS / 2 {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(key, value);
    }
}

impl Definitions {
    /// The graph of a process.
    pub(crate) fn process(&self, state: &State, key: ProcessKey) -> Option<Arc<Process>> {
        if let Some(process) = self.processes.borrow_mut().get(key) {
            return Some(process);
        }
        let definition = state.processes.get(&key)?;
        let file = state.files.get(&(definition.deployment, definition.file))?;
        let parsed = weir_bpmn::parse(&file.name, &file.content).ok()?;
        let process = Arc::new(parsed.processes.into_iter().find(|process| process.id == definition.id)?);
        self.processes.borrow_mut().put(key, process.clone());
        Some(process)
    }

    /// Takes in a graph that was just compiled.
    pub(crate) fn know(&self, key: ProcessKey, process: Arc<Process>) {
        self.processes.borrow_mut().put(key, process);
    }

    /// A compiled DMN file.
    pub(crate) fn drg(&self, state: &State, key: DrgKey) -> Option<Drg> {
        if let Some(drg) = self.drgs.borrow_mut().get(key) {
            return Some(drg);
        }
        let definition = state.drgs.get(&key)?;
        let file = state.files.get(&(definition.deployment, definition.file))?;
        let drg = Drg::parse(&file.content, Mode::Zeebe).ok()?;
        self.drgs.borrow_mut().put(key, drg.clone());
        Some(drg)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_compiled_models_are_kept_and_those_in_use_stay() {
        let mut recent = Recent::<u32, u32>::default();
        for key in 1..10_000 {
            recent.put(key, key);
            recent.get(1);
            assert!(recent.young.len() + recent.old.len() <= limits::COMPILED_ITEMS);
        }
        assert_eq!(recent.get(1), Some(1));
        assert_eq!(recent.get(2), None);
        assert_eq!(recent.get(9_999), Some(9_999));
    }
}
