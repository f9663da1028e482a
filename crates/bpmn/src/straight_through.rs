//! Loops that would never wait: refused, because an instance in one would keep its partition busy for ever.
//!
//! The elements that pass on without waiting form a graph; a loop is a strongly connected part of it (Tarjan, "Depth-first
//! search and linear graph algorithms", 1972), found in time linear in its size. As in Zeebe a loop of gateways alone
//! is let through.

use std::collections::{BTreeMap, VecDeque};

use crate::diagnostic::{Report, quoted};
use crate::element::Tag;
use crate::limits;
use crate::model::Draft;
use crate::process::{ElementIdx, ElementKind, Expr, Process};
use crate::xml;

/// Reports one loop of each strongly connected part.
pub(crate) fn check(drafts: &[Draft<'_>], processes: &[Process], report: &mut Report) {
    if drafts.len() != processes.len() {
        return;
    }
    let graph = Graph::of(drafts, processes);
    for part in graph.strong_parts() {
        let Some(start) = part.iter().copied().find(|at| graph.nodes[*at].is_rejected) else { continue };
        let Some(path) = graph.shortest_loop(start, &part) else { continue };
        let id = |at: &usize| quoted(xml::id(graph.element(drafts, *at)).unwrap_or(""));
        let mut names: Vec<_> = path.iter().take(limits::MAX_LOOP_ELEMENTS_NAMED).map(id).collect();
        if path.len() > limits::MAX_LOOP_ELEMENTS_NAMED {
            names.push("...".to_owned());
        }
        names.push(id(&start));
        report.error(
            graph.element(drafts, start),
            format!(
                "Processes are not allowed to contain a straight-through processing loop: {}",
                names.join(" > ")
            ),
            "put an element that waits (a job, a timer, a message) into the loop: nothing in it ever would",
        );
    }
}

/// One element that passes on without waiting.
struct GraphNode {
    process: usize,
    element: ElementIdx,
    /// Whether a loop with it is refused.
    is_rejected: bool,
    next: Vec<usize>,
}

/// The elements of all processes that pass on without waiting.
struct Graph {
    nodes: Vec<GraphNode>,
}

impl Graph {
    fn of(drafts: &[Draft<'_>], processes: &[Process]) -> Self {
        let mut offsets = Vec::new();
        let mut nodes = Vec::new();
        for (process, draft) in drafts.iter().enumerate() {
            offsets.push(nodes.len());
            for (place, element) in draft.elements.iter().enumerate() {
                let is_rejected = matches!(element.tag, Tag::ManualTask | Tag::Task | Tag::CallActivity);
                let element = ElementIdx(place as u32);
                nodes.push(GraphNode { process, element, is_rejected, next: Vec::new() });
            }
        }
        let starts: BTreeMap<&str, usize> = processes
            .iter()
            .zip(&offsets)
            .filter_map(|(process, offset)| Some((&*process.id, offset + none_start(process)?.0 as usize)))
            .collect();
        for node in &mut nodes {
            let draft = &drafts[node.process];
            if draft.element(node.element).tag.is_straight_through() {
                let kind = &processes[node.process].element(node.element).kind;
                node.next = match kind {
                    ElementKind::CallActivity(call) => match &call.process_id {
                        Expr::Text(id) => starts.get(&**id).copied().into_iter().collect(),
                        Expr::Number(_) | Expr::Feel(_) => Vec::new(),
                    },
                    ElementKind::SubProcess(scope) => scope
                        .none_start
                        .iter()
                        .map(|start| offsets[node.process] + start.0 as usize)
                        .collect(),
                    _ => {
                        after(draft, node.element).map(|idx| offsets[node.process] + idx.0 as usize).collect()
                    }
                };
            }
        }
        Self { nodes }
    }

    fn element<'a>(&self, drafts: &[Draft<'a>], at: usize) -> xml::Node<'a> {
        drafts[self.nodes[at].process].element(self.nodes[at].element).node
    }

    /// The strongly connected parts that contain a loop.
    fn strong_parts(&self) -> Vec<Vec<usize>> {
        let mut search = Search {
            order: vec![None; self.nodes.len()],
            low: vec![0; self.nodes.len()],
            open: vec![false; self.nodes.len()],
            stack: Vec::new(),
            visited: 0,
            parts: Vec::new(),
        };
        for root in 0..self.nodes.len() {
            if search.order[root].is_none() {
                search.from(root, &self.nodes);
            }
        }
        search.parts
    }

    /// The shortest way from `start` back to itself within `part`, without the repeated end.
    fn shortest_loop(&self, start: usize, part: &[usize]) -> Option<Vec<usize>> {
        let mut came_from = BTreeMap::new();
        let mut queue = VecDeque::from([start]);
        while let Some(at) = queue.pop_front() {
            for next in &self.nodes[at].next {
                if *next == start {
                    let mut path = vec![at];
                    while let Some(before) = came_from.get(&path[path.len() - 1]) {
                        path.push(*before);
                    }
                    path.reverse();
                    return Some(path);
                }
                if part.binary_search(next).is_ok() && !came_from.contains_key(next) {
                    came_from.insert(*next, at);
                    queue.push_back(*next);
                }
            }
        }
        None
    }
}

/// What comes after an element: its targets or, at the end of a path, those of the sub-process around.
fn after<'d>(draft: &'d Draft<'_>, idx: ElementIdx) -> impl Iterator<Item = ElementIdx> + 'd {
    let element = draft.element(idx);
    let scope = element.scope.map(|scope| draft.element(scope)).filter(|scope| scope.tag == Tag::SubProcess);
    let outgoing = match (element.outgoing.is_empty(), scope) {
        (true, Some(scope)) => &scope.outgoing,
        (true, None) | (false, _) => &element.outgoing,
    };
    outgoing.iter().map(|flow| draft.flow(*flow).target)
}

fn none_start(process: &Process) -> Option<ElementIdx> {
    match &process.elements.first()?.kind {
        ElementKind::Process(scope) => scope.none_start,
        _ => None,
    }
}

/// Tarjan's search, without recursion.
struct Search {
    order: Vec<Option<u32>>,
    low: Vec<u32>,
    open: Vec<bool>,
    stack: Vec<usize>,
    visited: u32,
    parts: Vec<Vec<usize>>,
}

impl Search {
    fn from(&mut self, root: usize, nodes: &[GraphNode]) {
        let mut path = vec![(root, 0)];
        self.visit(root);
        while let Some((at, edge)) = path.last_mut() {
            let at = *at;
            match nodes[at].next.get(*edge) {
                Some(next) => {
                    *edge += 1;
                    match self.order[*next] {
                        None => {
                            self.visit(*next);
                            path.push((*next, 0));
                        }
                        Some(order) if self.open[*next] => self.low[at] = self.low[at].min(order),
                        Some(_) => {}
                    }
                }
                None => {
                    path.pop();
                    if let Some((parent, _)) = path.last() {
                        self.low[*parent] = self.low[*parent].min(self.low[at]);
                    }
                    if Some(self.low[at]) == self.order[at] {
                        self.close(at, nodes);
                    }
                }
            }
        }
    }

    fn visit(&mut self, at: usize) {
        self.order[at] = Some(self.visited);
        self.low[at] = self.visited;
        self.visited += 1;
        self.open[at] = true;
        self.stack.push(at);
    }

    fn close(&mut self, root: usize, nodes: &[GraphNode]) {
        let mut part = Vec::new();
        while let Some(at) = self.stack.pop() {
            self.open[at] = false;
            part.push(at);
            if at == root {
                break;
            }
        }
        if part.len() > 1 || nodes[root].next.contains(&root) {
            part.sort_unstable();
            self.parts.push(part);
        }
    }
}
