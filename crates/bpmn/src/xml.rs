//! Bytes to a checked XML tree: encoding, size, nesting, and no document type.

use roxmltree::{Document, ParsingOptions};

use crate::diagnostic::{Diagnostics, Place, quoted};
use crate::limits;

/// An XML element of a model.
pub(crate) type Node<'a> = roxmltree::Node<'a, 'a>;

/// Namespace of BPMN 2.0.
pub(crate) const BPMN: &str = "http://www.omg.org/spec/BPMN/20100524/MODEL";
/// Namespace of the extension elements of Zeebe.
pub(crate) const ZEEBE: &str = "http://camunda.org/schema/zeebe/1.0";
/// Namespaces of engines whose extensions Weir does not run.
pub(crate) const FOREIGN_ENGINES: [(&str, &str); 4] = [
    ("http://camunda.org/schema/1.0/bpmn", "Camunda 7"),
    ("http://activiti.org/bpmn", "Activiti"),
    ("http://flowable.org/bpmn", "Flowable"),
    ("http://operaton.org/schema/1.0/bpmn", "Operaton"),
];

/// Whether `node` is the BPMN element `name`.
pub(crate) fn is_bpmn(node: Node<'_>, name: &str) -> bool {
    node.tag_name().namespace() == Some(BPMN) && node.tag_name().name() == name
}

/// The BPMN elements directly inside `node`.
pub(crate) fn bpmn_children(node: Node<'_>) -> impl Iterator<Item = Node<'_>> {
    node.children().filter(|child| child.tag_name().namespace() == Some(BPMN))
}

/// The first BPMN element `name` directly inside `node`.
pub(crate) fn bpmn_child<'a>(node: Node<'a>, name: &str) -> Option<Node<'a>> {
    bpmn_children(node).find(|child| child.tag_name().name() == name)
}

/// All extension elements of Zeebe at `node`.
pub(crate) fn extensions(node: Node<'_>) -> impl Iterator<Item = Node<'_>> {
    bpmn_children(node)
        .filter(|child| child.tag_name().name() == "extensionElements")
        .flat_map(|container| container.children())
        .filter(|child| child.tag_name().namespace() == Some(ZEEBE))
}

/// The extension elements `zeebe:name` at `node`.
pub(crate) fn extensions_named<'a>(node: Node<'a>, name: &str) -> impl Iterator<Item = Node<'a>> {
    extensions(node).filter(move |child| child.tag_name().name() == name)
}

/// The `id` attribute, if it is there and not empty.
pub(crate) fn id(node: Node<'_>) -> Option<&str> {
    node.attribute("id").filter(|id| !id.is_empty())
}

/// The text inside `node`; comments and CDATA borders do not matter.
pub(crate) fn text(node: Node<'_>) -> String {
    node.children().filter(|child| child.is_text()).filter_map(|child| child.text()).collect()
}

/// A boolean attribute (`xsd:boolean`).
pub(crate) fn flag(node: Node<'_>, name: &str, default: bool) -> bool {
    match node.attribute(name).map(str::trim) {
        Some("true" | "1") => true,
        Some("false" | "0") => false,
        Some(_) | None => default,
    }
}

/// A reference to an id, without the white space that some exporters leave around it.
pub(crate) fn local(reference: &str) -> &str {
    reference.trim()
}

/// The text of a file, if it is UTF-8 and within the limits.
pub(crate) fn decode<'a>(name: &str, bytes: &'a [u8]) -> Result<&'a str, Diagnostics> {
    let refuse = |message: String, remedy: &str| {
        Err(Diagnostics::single(name, "", Place::of_bytes(0..0), message, remedy))
    };
    if bytes.len() > limits::MAX_MODEL_BYTES {
        let message = format!(
            "the model has {} bytes, the limit is {} bytes (16 MiB)",
            bytes.len(),
            limits::MAX_MODEL_BYTES
        );
        return refuse(message, "split the model, or remove embedded images and vendor data");
    }
    if let Some(encoding) = foreign_encoding(bytes) {
        let message = format!("the encoding {} is not supported: only UTF-8 is", quoted(&encoding));
        return refuse(message, "save the model as UTF-8 and declare encoding=\"UTF-8\" in its first line");
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => Ok(text),
        Err(error) => {
            let (good, _) = bytes.split_at(error.valid_up_to());
            let line = good.iter().filter(|byte| **byte == b'\n').count() + 1;
            let message =
                format!("the model is not UTF-8: byte {} (line {line}) is no character", good.len());
            refuse(message, "save the model as UTF-8")
        }
    }
}

/// The encoding that a byte order mark or the XML declaration names, if the bytes are not also UTF-8.
fn foreign_encoding(bytes: &[u8]) -> Option<String> {
    for (mark, encoding) in [
        (&[0xFF, 0xFE, 0, 0][..], "UTF-32"),
        (&[0, 0, 0xFE, 0xFF], "UTF-32"),
        (&[0xFF, 0xFE], "UTF-16"),
        (&[0xFE, 0xFF], "UTF-16"),
        (&[b'<', 0], "UTF-16"),
        (&[0, b'<'], "UTF-16"),
    ] {
        if bytes.starts_with(mark) {
            return Some(encoding.to_owned());
        }
    }
    let bytes = bytes.strip_prefix(&[0xEF, 0xBB, 0xBF]).unwrap_or(bytes);
    let declaration = bytes.strip_prefix(b"<?xml")?;
    let end = declaration.iter().take(1024).position(|byte| *byte == b'>')?;
    let declaration = String::from_utf8_lossy(&declaration[..end]).into_owned();
    let (_, value) = declaration.split_once("encoding")?;
    let value = value.trim_start().strip_prefix('=')?.trim_start();
    let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    let encoding = value[1..].split(quote).next()?;
    let known = ["utf-8", "utf8", "us-ascii", "ascii"];
    let name = encoding.to_ascii_lowercase();
    let is_utf8 = known.contains(&name.as_str());
    // Where there is nothing but ASCII, these are UTF-8 as well; many modelers declare them for no reason.
    let extends_ascii = ["iso-8859-", "windows-125", "latin"].iter().any(|start| name.starts_with(start));
    let is_readable = is_utf8 || (extends_ascii && bytes.is_ascii());
    (!is_readable).then(|| encoding.to_owned())
}

/// The tree of a text.
pub(crate) fn tree<'a>(name: &str, text: &'a str) -> Result<Document<'a>, Diagnostics> {
    check_shape(name, text)?;
    let options =
        ParsingOptions { allow_dtd: false, nodes_limit: limits::MAX_XML_NODES, ..Default::default() };
    Document::parse_with_options(text, options).map_err(|error| {
        let (message, remedy) = match &error {
            roxmltree::Error::NodesLimitReached => (
                format!("the model has more than {} XML nodes", limits::MAX_XML_NODES),
                "split the model into several files",
            ),
            roxmltree::Error::DtdDetected => (DTD.0.to_owned(), DTD.1),
            _ if text.trim().is_empty() => {
                ("the file is empty".to_owned(), "export the model from the modeler again")
            }
            _ if !text.contains('<') => ("the file is not XML".to_owned(), "deploy a BPMN 2.0 XML file"),
            other => (
                format!("the file is not well-formed XML: {}", quoted(&other.to_string())),
                "mend the file, or export it anew from the modeler",
            ),
        };
        let at = byte_of(text, error.pos());
        Diagnostics::single(name, text, Place::of_bytes(at..at), message, remedy)
    })
}

const DTD: (&str, &str) = (
    "document type declarations (<!DOCTYPE ...>) are not supported: they can make a small file expand without end",
    "remove the <!DOCTYPE ...> declaration and use the characters instead of entities",
);

/// The byte at a line and a column in characters.
fn byte_of(text: &str, at: roxmltree::TextPos) -> usize {
    let mut start = 0;
    for line in text.split_inclusive('\n').take((at.row as usize).saturating_sub(1)) {
        start += line.len();
    }
    let line = text[start..].split('\n').next().unwrap_or("");
    let column = (at.col as usize).saturating_sub(1);
    start + line.char_indices().nth(column).map_or(line.len(), |(byte, _)| byte)
}

/// Checks the limits that the XML parser has none for, in one pass over the bytes.
///
/// It need not be exact for what is no XML: the parser refuses that afterwards. It must only never let a
/// well-formed file beyond a limit through.
fn check_shape(name: &str, text: &str) -> Result<(), Diagnostics> {
    let mut shape = Shape::default();
    let mut at = 0;
    while let Some(offset) = text[at..].find('<') {
        let start = at + offset;
        let rest = &text[start..];
        let skip = |end: &str| rest.find(end).map_or(rest.len(), |place| place + end.len());
        let length = match rest.as_bytes() {
            [b'<', b'!', b'-', b'-', ..] => skip("-->"),
            [b'<', b'!', b'[', ..] => skip("]]>"),
            [b'<', b'?', ..] => skip("?>"),
            [b'<', b'!', ..] => {
                let place = Place::of_bytes(start..start + 2);
                return Err(Diagnostics::single(name, text, place, DTD.0.to_owned(), DTD.1));
            }
            [b'<', b'/', ..] => {
                shape.depth = shape.depth.saturating_sub(1);
                skip(">")
            }
            _ => shape.open(rest),
        };
        if let Some((message, remedy)) = shape.excess() {
            return Err(Diagnostics::single(name, text, Place::of_bytes(start..start + 1), message, remedy));
        }
        at = start + length;
    }
    Ok(())
}

/// What [`check_shape`] counts.
#[derive(Default)]
struct Shape {
    depth: usize,
    attributes: usize,
    namespaces: usize,
}

impl Shape {
    /// Counts a start tag and says how long it is.
    fn open(&mut self, rest: &str) -> usize {
        let bytes = rest.as_bytes();
        let mut quote = None;
        self.attributes = 0;
        self.depth += 1;
        for (place, byte) in bytes.iter().enumerate() {
            match (quote, byte) {
                (None, b'"' | b'\'') => quote = Some(*byte),
                (Some(open), close) if open == *close => quote = None,
                (Some(_), _) => {}
                (None, b'=') => self.attributes += 1,
                (None, b'x') if bytes[place..].starts_with(b"xmlns") => self.namespaces += 1,
                (None, b'>') => {
                    if place > 0 && bytes[place - 1] == b'/' {
                        self.depth -= 1;
                    }
                    return place + 1;
                }
                (None, _) => {}
            }
        }
        bytes.len()
    }

    /// Which limit is exceeded.
    fn excess(&self) -> Option<(String, &'static str)> {
        if self.depth > limits::MAX_NESTING_LEVELS {
            let message =
                format!("XML elements are nested more than {} levels deep", limits::MAX_NESTING_LEVELS);
            return Some((message, "use fewer sub-processes inside each other, or call activities"));
        }
        if self.attributes > limits::MAX_ATTRIBUTES_PER_ELEMENT {
            let message =
                format!("an XML element has more than {} attributes", limits::MAX_ATTRIBUTES_PER_ELEMENT);
            return Some((message, "remove attributes that the model does not need"));
        }
        if self.namespaces > limits::MAX_NAMESPACE_DECLARATIONS {
            let message =
                format!("the model declares more than {} namespaces", limits::MAX_NAMESPACE_DECLARATIONS);
            return Some((message, "declare namespaces once, at the root element"));
        }
        None
    }
}
