//! What is known of a model between reading and lowering: which elements there are and how they hang together.

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::sync::Arc;

use weir_feel::Expression;

use crate::element::Tag;
use crate::process::{ElementIdx, Expr, FlowIdx};
use crate::xml::{self, Node};

/// What all processes of a file share.
pub(crate) struct File<'a> {
    /// `bpmn:message` by id.
    pub(crate) messages: BTreeMap<&'a str, Message<'a>>,
    /// `bpmn:signal` by id.
    pub(crate) signals: BTreeMap<&'a str, Signal<'a>>,
    /// `bpmn:error` by id.
    pub(crate) errors: BTreeMap<&'a str, Error<'a>>,
}

/// A message. What it says is lowered when an event first refers to it, and once, however many do: an expression is
/// not compiled for each of them.
pub(crate) struct Message<'a> {
    /// Where it stands.
    pub(crate) node: Node<'a>,
    /// Its name; `None` inside when it was refused.
    pub(crate) name: OnceCell<Option<Expr>>,
    /// Its correlation key; `None` inside when it was refused.
    pub(crate) correlation_key: OnceCell<Option<Expression>>,
}

/// A signal, lowered as a message is.
pub(crate) struct Signal<'a> {
    /// Where it stands.
    pub(crate) node: Node<'a>,
    /// Its name; `None` inside when it was refused.
    pub(crate) name: OnceCell<Option<Expr>>,
}

/// A BPMN error, lowered as a message is.
pub(crate) struct Error<'a> {
    /// Where it stands.
    pub(crate) node: Node<'a>,
    /// The code that is thrown; `None` inside when it was refused.
    pub(crate) thrown_code: OnceCell<Option<Expr>>,
}

impl<'a> File<'a> {
    /// Gathers what stands beside the processes.
    pub(crate) fn of(definitions: Node<'a>) -> Self {
        let named = |name: &'static str| {
            xml::bpmn_children(definitions)
                .filter(move |node| node.tag_name().name() == name)
                .filter_map(|node| Some((xml::id(node)?, node)))
        };
        let message = |node| Message { node, name: OnceCell::new(), correlation_key: OnceCell::new() };
        let signal = |node| Signal { node, name: OnceCell::new() };
        let error = |node| Error { node, thrown_code: OnceCell::new() };
        Self {
            messages: named("message").map(|(id, node)| (id, message(node))).collect(),
            signals: named("signal").map(|(id, node)| (id, signal(node))).collect(),
            errors: named("error").map(|(id, node)| (id, error(node))).collect(),
        }
    }
}

/// A process before lowering.
pub(crate) struct Draft<'a> {
    /// All elements; the first is the process.
    pub(crate) elements: Vec<DraftElement<'a>>,
    /// All sequence flows whose ends are known.
    pub(crate) flows: Vec<DraftFlow<'a>>,
    /// What the ids of flow elements and sequence flows mean.
    pub(crate) ids: BTreeMap<&'a str, Known>,
}

/// What an id means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Known {
    /// A supported element.
    Element(ElementIdx),
    /// A sequence flow whose ends are known.
    Flow(FlowIdx),
    /// Something that was refused by name; nothing more need be said about it.
    Refused,
}

/// An element before lowering.
pub(crate) struct DraftElement<'a> {
    /// Where it stands.
    pub(crate) node: Node<'a>,
    /// Which element it is.
    pub(crate) tag: Tag,
    /// The enclosing element.
    pub(crate) scope: Option<ElementIdx>,
    /// The elements directly inside, in document order.
    pub(crate) children: Vec<ElementIdx>,
    /// Incoming flows, in document order.
    pub(crate) incoming: Vec<FlowIdx>,
    /// Outgoing flows, in document order.
    pub(crate) outgoing: Vec<FlowIdx>,
    /// Boundary events attached to it.
    pub(crate) boundary_events: Vec<ElementIdx>,
}

/// A sequence flow before lowering.
pub(crate) struct DraftFlow<'a> {
    /// Where it stands.
    pub(crate) node: Node<'a>,
    /// Where it starts.
    pub(crate) source: ElementIdx,
    /// Where it leads.
    pub(crate) target: ElementIdx,
}

impl<'a> Draft<'a> {
    /// The element at `idx`.
    pub(crate) fn element(&self, idx: ElementIdx) -> &DraftElement<'a> {
        &self.elements[idx.0 as usize]
    }

    /// The flow at `idx`.
    pub(crate) fn flow(&self, idx: FlowIdx) -> &DraftFlow<'a> {
        &self.flows[idx.0 as usize]
    }
}

/// One element with all that its lowering may look at.
#[derive(Clone, Copy)]
pub(crate) struct Site<'m, 'a> {
    /// The file.
    pub(crate) file: &'m File<'a>,
    /// The process.
    pub(crate) draft: &'m Draft<'a>,
    /// The element.
    pub(crate) idx: ElementIdx,
}

impl<'m, 'a> Site<'m, 'a> {
    /// The element.
    pub(crate) fn element(&self) -> &'m DraftElement<'a> {
        self.draft.element(self.idx)
    }

    /// Where it stands.
    pub(crate) fn node(&self) -> Node<'a> {
        self.element().node
    }

    /// Another element of the same process.
    pub(crate) fn at(&self, idx: ElementIdx) -> Self {
        Self { idx, ..*self }
    }

    /// The elements directly inside, of one kind.
    pub(crate) fn children(&self, tag: Tag) -> impl Iterator<Item = Site<'m, 'a>> + use<'m, 'a> {
        let site = *self;
        let is_tag = move |site: &Site<'m, 'a>| site.element().tag == tag;
        self.element().children.iter().map(move |child| site.at(*child)).filter(is_tag)
    }

    /// What the enclosing element is; `None` for the process.
    pub(crate) fn scope_tag(&self) -> Option<Tag> {
        self.element().scope.map(|scope| self.draft.element(scope).tag)
    }

    /// The id, or nothing if it has none (which has been reported).
    pub(crate) fn id(&self) -> &'a str {
        xml::id(self.node()).unwrap_or("")
    }
}

/// A text of the model that the graph keeps.
pub(crate) fn shared(text: &str) -> Arc<str> {
    Arc::from(text)
}
