//! XML text to a tree with the line of every element. No DTD, no entity of the document's own, bounded in size, in
//! the number of nodes and in depth: what is not trusted is refused before it is looked at.

use roxmltree::{Document, Node, NodeType, ParsingOptions};

use crate::diagnostic::{Diagnostic, Place};

/// The largest model that is read, in bytes.
pub const MODEL_SIZE_LIMIT_BYTES: usize = 16 * 1024 * 1024;
/// The most nodes (elements, texts, comments) of one model.
pub const MODEL_NODE_LIMIT: u32 = 2_000_000;
/// How deep elements may be nested.
pub const MODEL_DEPTH_LIMIT: usize = 128;

/// A parsed XML document.
#[derive(Debug)]
pub(crate) struct Xml<'a> {
    document: Document<'a>,
    line_starts: Vec<usize>,
    /// Characters before every block of bytes: a generated file may be one long line.
    chars_before: Vec<usize>,
}

/// Bytes of a block of [`Xml::chars_before`].
const BLOCK_BYTES: usize = 1024;

impl<'a> Xml<'a> {
    pub(crate) fn parse(bytes: &'a [u8]) -> Result<Self, Diagnostic> {
        let nowhere = Place::default();
        if bytes.len() > MODEL_SIZE_LIMIT_BYTES {
            let text = format!("the file has {} bytes, more than {MODEL_SIZE_LIMIT_BYTES}", bytes.len());
            return Err(Diagnostic::new(&nowhere, text).help("split the model, or use imports"));
        }
        let text = std::str::from_utf8(bytes).map_err(|e| {
            Diagnostic::new(&nowhere, format!("the file is not UTF-8: {e}")).help("save it as UTF-8")
        })?;
        // A byte order mark is no part of the text.
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let options =
            ParsingOptions { allow_dtd: false, nodes_limit: MODEL_NODE_LIMIT, ..ParsingOptions::default() };
        let document = Document::parse_with_options(text, options).map_err(|error| xml_error(&error))?;
        let line_starts = std::iter::once(0)
            .chain(text.bytes().enumerate().filter(|(_, b)| *b == b'\n').map(|(i, _)| i + 1))
            .collect();
        let mut chars_before = vec![0];
        for block in text.as_bytes().chunks(BLOCK_BYTES) {
            chars_before.push(chars_before[chars_before.len() - 1] + starts_of_chars(block));
        }
        let xml = Self { document, line_starts, chars_before };
        xml.check_depth()?;
        Ok(xml)
    }

    /// Walks down and up again without recursion: the document is not trusted yet.
    fn check_depth(&self) -> Result<(), Diagnostic> {
        let mut depth = 1_usize;
        let mut at = self.document.root_element();
        loop {
            if depth > MODEL_DEPTH_LIMIT {
                let text = format!("elements are nested deeper than {MODEL_DEPTH_LIMIT}");
                return Err(Diagnostic::new(&self.place(at), text));
            }
            if let Some(child) = at.first_element_child() {
                at = child;
                depth += 1;
                continue;
            }
            loop {
                if let Some(sibling) = at.next_sibling_element() {
                    at = sibling;
                    break;
                }
                match at.parent_element() {
                    Some(parent) => at = parent,
                    None => return Ok(()),
                }
                depth -= 1;
            }
        }
    }

    pub(crate) fn root(&self) -> Node<'_, 'a> {
        self.document.root_element()
    }

    /// Line and column of a node, and the nearest id.
    pub(crate) fn place(&self, node: Node<'_, '_>) -> Place {
        let offset = node.range().start;
        let line = self.line_starts.partition_point(|start| *start <= offset).max(1);
        let start = self.line_starts[line - 1];
        let column = self.chars_until(offset) - self.chars_until(start) + 1;
        Place {
            element_id: node.ancestors().find_map(|a| a.attribute("id")).map(str::to_owned),
            line: u32::try_from(line).unwrap_or(u32::MAX),
            column: u32::try_from(column).unwrap_or(u32::MAX),
        }
    }

    /// Characters of the text before a byte of it.
    fn chars_until(&self, offset: usize) -> usize {
        let block = offset / BLOCK_BYTES;
        let rest = &self.document.input_text().as_bytes()[block * BLOCK_BYTES..offset];
        self.chars_before[block] + starts_of_chars(rest)
    }

    /// The text inside an element (comments left out), and where it starts.
    pub(crate) fn text(&self, node: Node<'_, '_>) -> (String, Place) {
        let mut text = String::new();
        let mut place = None;
        for child in node.children() {
            if child.node_type() == NodeType::Text {
                text.push_str(child.text().unwrap_or_default());
                place.get_or_insert_with(|| self.place(child));
            }
        }
        (text, place.unwrap_or_else(|| self.place(node)))
    }
}

/// Bytes that start a character of UTF-8.
fn starts_of_chars(bytes: &[u8]) -> usize {
    bytes.iter().filter(|byte| **byte & 0xc0 != 0x80).count()
}

fn xml_error(error: &roxmltree::Error) -> Diagnostic {
    let at = error.pos();
    let place = Place { element_id: None, line: at.row, column: at.col };
    match error {
        roxmltree::Error::DtdDetected => {
            Diagnostic::new(&place, "the file has a document type declaration, which is not accepted")
                .help("remove <!DOCTYPE ...>")
        }
        roxmltree::Error::NodesLimitReached => {
            Diagnostic::new(&Place::default(), format!("the file has more than {MODEL_NODE_LIMIT} nodes"))
        }
        roxmltree::Error::NoRootNode => {
            Diagnostic::new(&place, "the file holds no XML: it is empty, or something else")
                .help("export the model from the modeler again")
        }
        other => Diagnostic::new(&place, format!("the file is not well-formed XML: {other}"))
            .help("mend the file, or export it anew from the modeler"),
    }
}

/// The child elements of a node, in order.
pub(crate) fn elements<'n, 'd>(node: Node<'n, 'd>) -> impl Iterator<Item = Node<'n, 'd>> {
    node.children().filter(Node::is_element)
}

/// The first child element with that local name.
pub(crate) fn child<'n, 'd>(node: Node<'n, 'd>, name: &str) -> Option<Node<'n, 'd>> {
    elements(node).find(|e| e.tag_name().name() == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn place_counts_lines_and_characters() {
        let xml = Xml::parse("<a id='x'>\n  \u{e9}<b/>\n</a>".as_bytes()).unwrap();
        let b = child(xml.root(), "b").unwrap();
        assert_eq!(xml.place(b), Place { element_id: Some("x".into()), line: 2, column: 4 });
    }

    #[test]
    fn place_counts_characters_of_a_long_line() {
        let filler = "\u{e9}".repeat(3_000);
        let text = format!("<a x='{filler}'><b/></a>");
        let xml = Xml::parse(text.as_bytes()).unwrap();
        let b = child(xml.root(), "b").unwrap();
        assert_eq!(xml.place(b).column as usize, "<a x=''>".len() + 3_000 + 1);
    }

    #[test]
    fn hostile_documents_are_refused() {
        let entities = br#"<!DOCTYPE a [<!ENTITY x "xx">]><a>&x;</a>"#;
        assert!(Xml::parse(entities).unwrap_err().message.contains("document type"));
        let deep = "<a>".repeat(MODEL_DEPTH_LIMIT + 1) + &"</a>".repeat(MODEL_DEPTH_LIMIT + 1);
        assert!(Xml::parse(deep.as_bytes()).unwrap_err().message.contains("deeper"));
        let very_deep = "<a>".repeat(200_000) + &"</a>".repeat(200_000);
        assert!(Xml::parse(very_deep.as_bytes()).is_err());
        let many = format!("<a>{}</a>", "<b/>".repeat(MODEL_NODE_LIMIT as usize));
        assert!(Xml::parse(many.as_bytes()).unwrap_err().message.contains("nodes"));
        assert!(Xml::parse(&vec![b' '; MODEL_SIZE_LIMIT_BYTES + 1]).unwrap_err().message.contains("bytes"));
        assert!(Xml::parse(b"\xff\xfe<\0a\0").is_err());
    }
}
