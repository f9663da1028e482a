//! Following instances: what they do, line by line, and on a terminal a tree of what runs now below the lines.

mod line;
mod tree;

use std::{collections::HashMap, time::Duration};

use tokio::time;
use tonic::{Status, Streaming};
use weir_api::proto::weir::{EventKind, InstanceEvent};

use self::tree::Tree;
use crate::output::{Output, is_terminal, print_line};

/// The tree is drawn when nothing has happened for so long.
const QUIET: Duration = Duration::from_millis(30);

/// Tells events of instances as they come.
pub(crate) struct Teller {
    output: Output,
    /// Only one instance is followed, and nothing else is printed meanwhile.
    is_alone: bool,
    began_ms: Option<i64>,
    /// How many scopes enclose each running element instance.
    depths: HashMap<i64, usize>,
    tree: Option<Tree>,
}

impl Teller {
    /// For one instance from its start to its end.
    pub(crate) fn of_one(output: Output) -> Teller {
        let tree = (is_terminal() && !output.json).then(Tree::default);
        Teller { output, is_alone: true, began_ms: None, depths: HashMap::new(), tree }
    }

    /// For many instances at once, between other lines.
    pub(crate) fn of_many(output: Output) -> Teller {
        Teller { output, is_alone: false, began_ms: None, depths: HashMap::new(), tree: None }
    }

    /// Whether there was an event already.
    pub(crate) fn has_told(&self) -> bool {
        self.began_ms.is_some()
    }

    /// Tells all events of a call until it ends. Gives the last one.
    pub(crate) async fn tell_all(
        &mut self,
        mut events: Streaming<InstanceEvent>,
    ) -> Result<Option<InstanceEvent>, Status> {
        let mut last = None;
        loop {
            let next = match &mut self.tree {
                None => events.message().await,
                Some(tree) => match time::timeout(QUIET, events.message()).await {
                    Ok(next) => next,
                    Err(_quiet) => {
                        tree.draw();
                        events.message().await
                    }
                },
            };
            if let Some(tree) = &mut self.tree {
                tree.wipe();
            }
            let Some(event) = next? else { return Ok(last) };
            self.tell(&event);
            last = Some(event);
        }
    }

    /// Tells one event.
    pub(crate) fn tell(&mut self, event: &InstanceEvent) {
        let began_ms = *self.began_ms.get_or_insert(event.at_ms);
        if self.output.json {
            print_line(line::to_json(event));
            return;
        }
        let depth = self.depth(event);
        if let Some(tree) = &mut self.tree {
            tree.take(event, depth);
        }
        if let Some(text) = line::to_text(event) {
            let heading = match self.is_alone {
                true => line::since(event.at_ms - began_ms),
                false => line::instance(event),
            };
            let indented = depth * 2;
            print_line(format_args!("{heading}  {:indented$}{text}", ""));
        }
    }

    fn depth(&mut self, event: &InstanceEvent) -> usize {
        let key = event.element_instance_key;
        let of_scope = self.depths.get(&event.scope_key).map_or(0, |depth| depth + 1);
        match event.kind() {
            EventKind::ElementEntered => {
                self.depths.insert(key, of_scope);
                of_scope
            }
            EventKind::ElementCompleted | EventKind::ElementTerminated => {
                self.depths.remove(&key).unwrap_or(of_scope)
            }
            EventKind::Unspecified
            | EventKind::ElementActivated
            | EventKind::SequenceFlowTaken
            | EventKind::VariablesSet
            | EventKind::JobCreated
            | EventKind::JobActivated
            | EventKind::JobCompleted
            | EventKind::JobFailed
            | EventKind::JobAvailableAgain
            | EventKind::JobErrorThrown
            | EventKind::JobCanceled
            | EventKind::JobUpdated
            | EventKind::TimerStarted
            | EventKind::TimerFired
            | EventKind::TimerCanceled
            | EventKind::MessageAwaited
            | EventKind::MessageReceived
            | EventKind::MessageWaitCanceled
            | EventKind::SignalAwaited
            | EventKind::IncidentCreated
            | EventKind::IncidentResolved => self.depths.get(&key).copied().unwrap_or(of_scope),
        }
    }
}
