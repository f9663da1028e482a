//! Where names are: in a slot of the evaluation, in a place above the frame, captured, or in the item of a filter.

use std::sync::Arc;

use crate::diagnostic::Span;
use crate::node::{EntryNode, Node, NodeKind};

/// All scopes at a point of the expression.
pub(super) struct Scopes {
    frames: Vec<Frame>,
    globals: Vec<Arc<str>>,
}

/// The scopes within one function, or outside all functions.
#[derive(Default)]
struct Frame {
    bindings: Vec<Binding>,
    captured: Vec<(Arc<str>, Node)>,
    /// Places in use above the frame.
    places: u32,
}

struct Binding {
    place: u32,
    kind: BindingKind,
}

enum BindingKind {
    Name(Arc<str>),
    /// The item of a filter: its entries are names.
    Item,
    /// The input of an `in`.
    Input,
}

/// A state of the scopes to go back to.
#[derive(Clone, Copy)]
pub(super) struct Mark {
    bindings: usize,
    places: u32,
}

impl Default for Scopes {
    fn default() -> Self {
        Self { frames: vec![Frame::default()], globals: Vec::new() }
    }
}

impl Scopes {
    pub(super) fn into_globals(self) -> Box<[Arc<str>]> {
        self.globals.into()
    }

    fn frame(&mut self) -> &mut Frame {
        let last = self.frames.len() - 1;
        &mut self.frames[last]
    }

    pub(super) fn mark(&mut self) -> Mark {
        let frame = self.frame();
        Mark { bindings: frame.bindings.len(), places: frame.places }
    }

    pub(super) fn leave(&mut self, mark: Mark) {
        let frame = self.frame();
        frame.bindings.truncate(mark.bindings);
        frame.places = mark.places;
    }

    fn bind(&mut self, kind: BindingKind) {
        let frame = self.frame();
        let place = frame.places;
        frame.bindings.push(Binding { place, kind });
        frame.places += 1;
    }

    /// A name at the next place.
    pub(super) fn declare(&mut self, name: &Arc<str>) {
        self.bind(BindingKind::Name(name.clone()));
    }

    /// The item of a filter at the next place: as `item`, and with its entries as names.
    pub(super) fn enter_filter(&mut self) -> Mark {
        let mark = self.mark();
        self.declare(&"item".into());
        let place = mark.places;
        self.frame().bindings.push(Binding { place, kind: BindingKind::Item });
        mark
    }

    /// The input of an `in` at the next place.
    pub(super) fn enter_input(&mut self) -> Mark {
        let mark = self.mark();
        self.bind(BindingKind::Input);
        mark
    }

    /// The place of the innermost input within this function.
    pub(super) fn input(&mut self) -> Option<u32> {
        let inputs = self.frame().bindings.iter().rev();
        inputs
            .filter(|binding| matches!(binding.kind, BindingKind::Input))
            .map(|binding| binding.place)
            .next()
    }

    pub(super) fn enter_function<'n>(&mut self, parameters: impl Iterator<Item = &'n Arc<str>>) {
        self.frames.push(Frame::default());
        parameters.for_each(|name| self.declare(name));
    }

    /// What the function captures, to be evaluated where it is defined.
    pub(super) fn leave_function(&mut self) -> Box<[Node]> {
        let frame = self.frames.pop().unwrap_or_default();
        frame.captured.into_iter().map(|(_, node)| node).collect()
    }

    /// Whether the name is a parameter, an iterator or an entry; not a variable of the evaluation.
    pub(super) fn is_local(&self, name: &str) -> bool {
        self.frames.iter().any(|frame| {
            frame
                .bindings
                .iter()
                .any(|binding| matches!(&binding.kind, BindingKind::Name(known) if **known == *name))
        })
    }

    /// The node that reads a name.
    pub(super) fn resolve(&mut self, name: &Arc<str>, span: Span) -> Node {
        self.resolve_in(self.frames.len() - 1, name, span)
    }

    fn resolve_in(&mut self, nth: usize, name: &Arc<str>, span: Span) -> Node {
        let mut items = Vec::new();
        let mut found = None;
        for binding in self.frames[nth].bindings.iter().rev() {
            match &binding.kind {
                BindingKind::Name(known) if known == name => {
                    found = Some(NodeKind::Local(binding.place));
                    break;
                }
                BindingKind::Item => items.push(Node { kind: NodeKind::Local(binding.place), span }),
                BindingKind::Name(_) | BindingKind::Input => {}
            }
        }
        let kind = match found {
            Some(kind) => kind,
            None if nth == 0 => NodeKind::Global(self.global(name)),
            None => NodeKind::Captured(self.capture(nth, name, span)),
        };
        entry(name, items, Node { kind, span })
    }

    /// The entry of that name of the items of the filters around, or something else if they have none.
    pub(super) fn entry_or(&self, name: &Arc<str>, span: Span, otherwise: Node) -> Node {
        let bindings = self.frames.last().map_or(&[][..], |frame| &frame.bindings).iter().rev();
        let items = bindings
            .filter(|binding| matches!(binding.kind, BindingKind::Item))
            .map(|binding| Node { kind: NodeKind::Local(binding.place), span });
        entry(name, items.collect(), otherwise)
    }

    fn global(&mut self, name: &Arc<str>) -> u32 {
        let slot = self.globals.iter().position(|known| known == name).unwrap_or_else(|| {
            self.globals.push(name.clone());
            self.globals.len() - 1
        });
        slot as u32
    }

    /// The place of a captured name in the function's frame.
    fn capture(&mut self, nth: usize, name: &Arc<str>, span: Span) -> u32 {
        if let Some(place) = self.frames[nth].captured.iter().position(|(known, _)| known == name) {
            return place as u32;
        }
        let node = self.resolve_in(nth - 1, name, span);
        self.frames[nth].captured.push((name.clone(), node));
        self.frames[nth].captured.len() as u32 - 1
    }
}

fn entry(name: &Arc<str>, items: Vec<Node>, otherwise: Node) -> Node {
    if items.is_empty() {
        return otherwise;
    }
    let span = otherwise.span;
    let entry = EntryNode { name: name.clone(), items: items.into(), otherwise };
    Node { kind: NodeKind::Entry(Box::new(entry)), span }
}
