//! What is wrong with a model: where, why, and what to do.

use std::fmt;
use std::ops::Range;

use crate::limits;
use crate::xml::{self, Node};

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The model cannot run.
    Error,
    /// The model runs, but perhaps not as its author thinks.
    Warning,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Error => "error",
            Self::Warning => "warning",
        })
    }
}

/// One thing that is wrong with a model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: Severity,
    /// The nearest element that has an id; `None` outside of all.
    pub element_id: Option<String>,
    /// The way to the place, from the nearest element that has an id: `task > extensionElements > taskDefinition`.
    pub path: String,
    /// The line, from 1; 0 when the bytes are no text.
    pub line: u32,
    /// The column in characters, from 1; 0 when the bytes are no text.
    pub column: u32,
    /// The bytes of the file that are meant.
    pub span: Range<usize>,
    /// What is wrong. Where clients know a text from Zeebe, it is that text.
    pub message: String,
    /// What to do about it.
    pub remedy: String,
}

/// Why a model was refused: everything that is wrong with it, in the order of the file, warnings included.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostics {
    /// The name of the resource.
    pub name: String,
    /// What was found; at least one is an error.
    pub items: Vec<Diagnostic>,
    /// How many more were found than are kept.
    pub omitted: usize,
}

/// A place in a model that a diagnostic points to.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    element_id: Option<String>,
    path: String,
    span: Range<usize>,
}

impl Place {
    /// The start tag of `node`.
    pub(crate) fn of(node: Node<'_>) -> Self {
        let (element_id, path) = way_to(node);
        Self { element_id, path, span: tag_span(node) }
    }

    /// The attribute `name` of `node`, or its start tag if it has no such attribute.
    pub(crate) fn of_attribute(node: Node<'_>, name: &str) -> Self {
        match node.attribute_node(name) {
            Some(attribute) => Self { span: attribute.range_value(), ..Self::of(node) },
            None => Self::of(node),
        }
    }

    /// The text inside `node`, or its start tag if there is none.
    pub(crate) fn of_text(node: Node<'_>) -> Self {
        match node.children().find(|child| child.is_text()) {
            Some(text) => Self { span: text.range(), ..Self::of(node) },
            None => Self::of(node),
        }
    }

    /// A piece of the file that belongs to no element.
    pub(crate) fn of_bytes(span: Range<usize>) -> Self {
        Self { element_id: None, path: String::new(), span }
    }

    /// The bytes that are meant.
    pub(crate) fn span(&self) -> Range<usize> {
        self.span.clone()
    }

    /// The same element, but other bytes.
    pub(crate) fn with_span(self, span: Range<usize>) -> Self {
        Self { span, ..self }
    }
}

impl From<Node<'_>> for Place {
    fn from(node: Node<'_>) -> Self {
        Self::of(node)
    }
}

/// `<prefix:name` of a start tag.
fn tag_span(node: Node<'_>) -> Range<usize> {
    let range = node.range();
    let text = &node.document().input_text()[range.clone()];
    let length = text.find(|c: char| c.is_whitespace() || c == '>' || c == '/').unwrap_or(text.len());
    range.start..range.start + length
}

/// The nearest id, and the names on the way from there.
fn way_to(node: Node<'_>) -> (Option<String>, String) {
    let mut names = Vec::new();
    let mut id = None;
    for ancestor in node.ancestors().filter(Node::is_element) {
        id = xml::id(ancestor);
        names.push(id.unwrap_or(ancestor.tag_name().name()));
        if id.is_some() {
            break;
        }
    }
    names.reverse();
    (id.map(quoted), names.into_iter().map(quoted).collect::<Vec<_>>().join(" > "))
}

/// A value of the model, short enough to be repeated in a message.
pub(crate) fn quoted(value: &str) -> String {
    match value.char_indices().nth(limits::MAX_QUOTED_CHARS) {
        Some((end, _)) => format!("{}...", &value[..end]),
        None => value.to_owned(),
    }
}

/// Collects what is found.
#[derive(Default)]
pub(crate) struct Report {
    items: Vec<Diagnostic>,
    omitted: usize,
    errors: usize,
}

impl Report {
    /// Something that makes the model unusable.
    pub(crate) fn error(
        &mut self,
        at: impl Into<Place>,
        message: impl Into<String>,
        remedy: impl Into<String>,
    ) {
        self.errors += 1;
        self.add(Severity::Error, at.into(), message.into(), remedy.into());
    }

    /// Something that its author should know.
    pub(crate) fn warning(
        &mut self,
        at: impl Into<Place>,
        message: impl Into<String>,
        remedy: impl Into<String>,
    ) {
        self.add(Severity::Warning, at.into(), message.into(), remedy.into());
    }

    fn add(&mut self, severity: Severity, at: Place, message: String, remedy: String) {
        if self.items.len() >= limits::MAX_DIAGNOSTICS {
            // An error is never left out in favour of a warning: the caller must see that there is one.
            let warning = (severity == Severity::Error && self.errors == 1)
                .then(|| self.items.iter().position(|item| item.severity == Severity::Warning))
                .flatten();
            self.omitted += 1;
            match warning {
                Some(place) => drop(self.items.swap_remove(place)),
                None => return,
            }
        }
        let Place { element_id, path, span } = at;
        self.items.push(Diagnostic { severity, element_id, path, line: 0, column: 0, span, message, remedy });
    }

    /// Warnings of a usable model, or all that was found if there is an error.
    pub(crate) fn finish(mut self, name: &str, text: &str) -> Result<Vec<Diagnostic>, Diagnostics> {
        self.items.sort_by_key(|item| (item.span.start, item.severity));
        // A message or an error is looked at by each event that refers to it.
        self.items.dedup_by(|a, b| a.span == b.span && a.message == b.message);
        locate(&mut self.items, text);
        if self.errors == 0 {
            return Ok(self.items);
        }
        Err(Diagnostics { name: name.to_owned(), items: self.items, omitted: self.omitted })
    }
}

/// Fills in lines and columns in one pass over the text; `items` are in the order of the text.
fn locate(items: &mut [Diagnostic], text: &str) {
    let (mut line, mut column, mut at) = (1, 1, 0);
    for item in items {
        let start = floor_char_boundary(text, item.span.start);
        for c in text[at..start].chars() {
            (line, column) = if c == '\n' { (line + 1, 1) } else { (line, column + 1) };
        }
        at = start;
        (item.line, item.column) = (line, column);
    }
}

/// The nearest start of a character at or before `at`.
pub(crate) fn floor_char_boundary(text: &str, at: usize) -> usize {
    let at = at.min(text.len());
    (0..=at).rev().find(|&place| text.is_char_boundary(place)).unwrap_or(0)
}

impl Diagnostics {
    /// One error that makes further reading pointless.
    pub(crate) fn single(name: &str, text: &str, at: Place, message: String, remedy: &str) -> Self {
        let mut report = Report::default();
        report.error(at, message, remedy);
        match report.finish(name, text) {
            Err(diagnostics) => diagnostics,
            Ok(items) => Self { name: name.to_owned(), items, omitted: 0 },
        }
    }

    /// The errors among the items.
    pub fn errors(&self) -> impl Iterator<Item = &Diagnostic> {
        self.items.iter().filter(|item| item.severity == Severity::Error)
    }
}
