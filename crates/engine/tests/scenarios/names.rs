//! Small numbers for keys, in order of first appearance, and the names that go with them.

use std::{collections::BTreeMap, sync::Arc};

use weir_bpmn::process::{ElementIdx, FlowIdx, Process};
use weir_engine::{
    event::Deployment,
    key::ProcessKey,
    state::row::{ElementInstance, Role},
};

/// What the transcript calls things.
#[derive(Default)]
pub(crate) struct Names {
    numbers: BTreeMap<u64, u64>,
    keys: Vec<u64>,
    labels: BTreeMap<u64, String>,
    processes: BTreeMap<ProcessKey, (Arc<Process>, i32)>,
}

impl Names {
    /// The small number of a key.
    pub(crate) fn number(&mut self, key: u64) -> u64 {
        if let Some(number) = self.numbers.get(&key) {
            return *number;
        }
        self.keys.push(key);
        let number = self.keys.len() as u64;
        self.numbers.insert(key, number);
        number
    }

    /// The key with a small number.
    pub(crate) fn key(&self, number: usize) -> Option<u64> {
        self.keys.get(number.checked_sub(1)?).copied()
    }

    /// Gives a key its label, which its number follows.
    pub(crate) fn label(&mut self, key: u64, label: String) {
        let number = self.number(key);
        self.labels.insert(key, format!("{label}#{number}"));
    }

    /// What a key is called.
    pub(crate) fn name(&mut self, key: u64) -> String {
        match self.labels.get(&key) {
            Some(label) => label.clone(),
            None => format!("#{}", self.number(key)),
        }
    }

    /// Takes in the processes of a deployment.
    pub(crate) fn deployed(&mut self, deployment: &Deployment) {
        for new in &deployment.processes {
            let file = &deployment.files[new.file as usize];
            let parsed = weir_bpmn::parse(&file.name, &file.content).expect("it was deployed");
            let process =
                parsed.processes.into_iter().find(|process| process.id == new.id).expect("it is in it");
            self.labels.insert(new.key.0, format!("{}:{}", new.id, new.version));
            self.processes.insert(new.key, (Arc::new(process), new.version));
        }
        for drg in &deployment.drgs {
            self.labels.insert(drg.key.0, format!("{}:{}", drg.id, drg.version));
            for decision in &drg.decisions {
                self.labels.insert(decision.key.0, format!("{}:{}", decision.id, decision.version));
            }
        }
    }

    /// The id of an element.
    pub(crate) fn element_id(&self, process: ProcessKey, element: u32) -> String {
        let known = self.processes.get(&process);
        known.map_or("?".to_string(), |(process, _)| process.element(ElementIdx(element)).id.to_string())
    }

    /// The id of a flow.
    pub(crate) fn flow_id(&self, process: ProcessKey, flow: u32) -> String {
        let known = self.processes.get(&process);
        known.map_or("?".to_string(), |(process, _)| process.flow(FlowIdx(flow)).id.to_string())
    }

    /// Labels an element instance: `id`, `id[]` for a multi-instance body, `id[2]` for its third item.
    pub(crate) fn element(&mut self, key: u64, instance: &ElementInstance) {
        let id = self.element_id(instance.process, instance.element);
        let label = match instance.role {
            Role::Single => id,
            Role::Body => format!("{id}[]"),
            Role::Item(number) => format!("{id}[{number}]"),
        };
        self.label(key, label);
    }

    /// `text` with small numbers in place of keys.
    pub(crate) fn in_text(&mut self, text: &str) -> String {
        let mut out = String::new();
        let mut digits = String::new();
        for letter in text.chars().chain(['\0']) {
            if letter.is_ascii_digit() {
                digits.push(letter);
                continue;
            }
            match digits.parse::<u64>() {
                Ok(key) if key >= 1 << 51 && digits.len() < 20 => out.push_str(&self.name(key)),
                _ => out.push_str(&digits),
            }
            digits.clear();
            if letter != '\0' {
                out.push(letter);
            }
        }
        out
    }
}
