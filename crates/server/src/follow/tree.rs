//! What runs now as a tree, drawn below the lines of a terminal and wiped before the next line.

use std::{collections::BTreeMap, io::Write};

use terminal_size::{Width, terminal_size};
use weir_api::proto::weir::{EventKind, InstanceEvent};

use super::line;
use crate::output::DIM;

/// Elements that are drawn; the rest is counted.
const DRAWN_ELEMENTS: usize = 12;
/// Characters of a line where the terminal does not say how wide it is.
const USUAL_WIDTH: u16 = 80;

/// What runs.
#[derive(Debug, Default)]
pub(super) struct Tree {
    /// By their keys, which grow: a scope comes before what is in it.
    running: BTreeMap<i64, Running>,
    drawn_lines: usize,
}

#[derive(Debug)]
struct Running {
    scope: i64,
    depth: usize,
    label: String,
    /// What it waits for; empty: nothing of its own.
    waits: String,
}

impl Tree {
    /// Takes in an event at an element instance with so many scopes around it.
    pub(super) fn take(&mut self, event: &InstanceEvent, depth: usize) {
        let key = event.element_instance_key;
        let waits = match event.kind() {
            EventKind::ElementEntered => {
                let running =
                    Running { scope: event.scope_key, depth, label: label(event), waits: String::new() };
                self.running.insert(key, running);
                return;
            }
            EventKind::ElementCompleted | EventKind::ElementTerminated => {
                self.running.remove(&key);
                return;
            }
            EventKind::JobCreated => format!("waits for a worker of type {}", event.text),
            EventKind::JobActivated => format!("{} works on it", event.text),
            EventKind::JobFailed => format!("failed: {}", event.text),
            EventKind::JobAvailableAgain => "waits for a worker again".to_owned(),
            EventKind::JobErrorThrown => "its worker threw an error".to_owned(),
            EventKind::TimerStarted => "waits for a timer".to_owned(),
            EventKind::MessageAwaited => format!("waits for the message {} ({})", event.text, event.detail),
            EventKind::SignalAwaited => format!("waits for the signal {}", event.text),
            EventKind::IncidentCreated => format!("incident {}: {}", event.key, event.text),
            EventKind::JobCompleted
            | EventKind::JobCanceled
            | EventKind::TimerFired
            | EventKind::TimerCanceled
            | EventKind::MessageReceived
            | EventKind::MessageWaitCanceled
            | EventKind::IncidentResolved => String::new(),
            EventKind::Unspecified
            | EventKind::ElementActivated
            | EventKind::SequenceFlowTaken
            | EventKind::VariablesSet
            | EventKind::JobUpdated => return,
        };
        if let Some(running) = self.running.get_mut(&key) {
            running.waits = waits;
        }
    }

    /// The tree as lines of at most so many characters.
    fn lines(&self, width: usize) -> Vec<String> {
        let mut lines = Vec::new();
        self.add_those_in(None, &mut lines);
        let more = self.running.len().saturating_sub(DRAWN_ELEMENTS);
        lines.truncate(DRAWN_ELEMENTS);
        if more > 0 {
            lines.push(format!("... and {more} more"));
        }
        lines.iter().map(|line| line.chars().take(width).collect()).collect()
    }

    fn add_those_in(&self, scope: Option<i64>, lines: &mut Vec<String>) {
        for (key, Running { scope: of, depth, label, waits }) in &self.running {
            let is_in_it = match scope {
                None => !self.running.contains_key(of),
                Some(scope) => *of == scope,
            };
            if is_in_it && lines.len() <= DRAWN_ELEMENTS {
                let gap = if waits.is_empty() { "" } else { "  " };
                lines.push(format!("{:indent$}> {label}{gap}{waits}", "", indent = depth * 2));
                self.add_those_in(Some(*key), lines);
            }
        }
    }

    /// Draws what runs below the last line.
    pub(super) fn draw(&mut self) {
        // One column stays free: some terminals go on to the next line in the last one.
        let width = terminal_size().map_or(USUAL_WIDTH, |(Width(width), _)| width).saturating_sub(1);
        let lines = self.lines(usize::from(width));
        self.drawn_lines = lines.len();
        let mut stream = anstream::stdout().lock();
        for line in lines {
            let _gone = writeln!(stream, "{DIM}{line}{DIM:#}");
        }
    }

    /// Takes away what was drawn.
    pub(super) fn wipe(&mut self) {
        if self.drawn_lines > 0 {
            let mut stream = std::io::stdout().lock();
            let _gone = write!(stream, "\x1b[{}A\x1b[J", self.drawn_lines).and_then(|()| stream.flush());
            self.drawn_lines = 0;
        }
    }
}

fn label(event: &InstanceEvent) -> String {
    let element = event.element.clone().unwrap_or_default();
    let name = if element.name.is_empty() { element.id } else { element.name };
    let item = if event.item > 0 { format!(" #{}", event.item) } else { String::new() };
    format!("{name}{item} ({})", line::kind(&element.r#type))
}

#[cfg(test)]
mod tests {
    use weir_api::proto::weir::Element;

    use super::*;

    fn entered(key: i64, scope_key: i64, name: &str) -> InstanceEvent {
        let element = Element { name: name.into(), r#type: "serviceTask".into(), ..Element::default() };
        InstanceEvent {
            kind: EventKind::ElementEntered.into(),
            element_instance_key: key,
            scope_key,
            element: Some(element),
            ..InstanceEvent::default()
        }
    }

    #[test]
    fn what_runs_stands_below_its_scope() {
        let mut tree = Tree::default();
        tree.take(&entered(1, 0, "root"), 0);
        tree.take(&entered(2, 1, "inner"), 1);
        tree.take(&entered(3, 1, "other"), 1);
        tree.take(&entered(4, 2, "task"), 2);
        let job = InstanceEvent {
            kind: EventKind::JobCreated.into(),
            element_instance_key: 4,
            text: "work".into(),
            ..InstanceEvent::default()
        };
        tree.take(&job, 2);
        let lines = |tree: &Tree| tree.lines(56).join("\n");
        expect_test::expect![[r#"
            > root (service task)
              > inner (service task)
                > task (service task)  waits for a worker of type wo
              > other (service task)"#]]
        .assert_eq(&lines(&tree));
        let done = InstanceEvent { kind: EventKind::ElementCompleted.into(), ..entered(4, 2, "task") };
        tree.take(&done, 2);
        assert!(!lines(&tree).contains("task (service"));
    }

    #[test]
    fn a_wide_tree_is_counted_and_not_drawn_whole() {
        let mut tree = Tree::default();
        for key in 1..=1_000 {
            tree.take(&entered(key, 0, "root"), 0);
        }
        let lines = tree.lines(60);
        assert_eq!((lines.len(), &*lines[DRAWN_ELEMENTS]), (DRAWN_ELEMENTS + 1, "... and 988 more"));
    }
}
