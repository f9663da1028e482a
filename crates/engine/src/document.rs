//! Variables as they travel: a JSON object whose values stay text.
//!
//! A document is checked once, at the edge; afterwards its values are known to be well-formed JSON within the limits
//! and are decoded only when FEEL looks at them.

use std::{collections::BTreeMap, fmt, sync::Arc};

use serde_json::value::RawValue;

use crate::limits;

/// A checked JSON object: names and the JSON texts of their values, in name order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Document(pub Vec<(Arc<str>, Arc<str>)>);

/// Why a text is not a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DocumentError {
    /// Not well-formed JSON.
    NotJson(String),
    /// JSON, but not an object at its root.
    NotAnObject(&'static str),
    /// Longer than [`limits::MAX_DOCUMENT_BYTES`].
    TooLarge {
        /// Bytes given.
        bytes: usize,
    },
    /// Nested deeper than [`limits::DOCUMENT_DEPTH`].
    TooDeep,
}

impl fmt::Display for DocumentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotJson(why) => write!(f, "Invalid JSON value: {why}"),
            Self::NotAnObject(found) => {
                write!(
                    f,
                    "Property 'variables' is invalid: Expected document to be a root level object, but was '{found}'"
                )
            }
            Self::TooLarge { bytes } => write!(
                f,
                "Expected variables of at most {} bytes, but they have {bytes} bytes; keep large data outside and pass a reference",
                limits::MAX_DOCUMENT_BYTES
            ),
            Self::TooDeep => {
                write!(f, "Expected variables to be nested at most {} levels deep", limits::DOCUMENT_DEPTH)
            }
        }
    }
}

impl std::error::Error for DocumentError {}

impl Document {
    /// A document from its text; a partition may take less than what is parsed. Empty text is the empty document. Of equal names the last wins.
    pub fn parse(text: &str) -> Result<Document, DocumentError> {
        if text.len() > limits::MAX_DOCUMENT_BYTES {
            return Err(DocumentError::TooLarge { bytes: text.len() });
        }
        let trimmed = text.trim_ascii();
        if trimmed.is_empty() {
            return Ok(Document::default());
        }
        if nesting(trimmed) > limits::DOCUMENT_DEPTH {
            return Err(DocumentError::TooDeep);
        }
        if !trimmed.starts_with('{') {
            let value: &RawValue =
                serde_json::from_str(trimmed).map_err(|e| DocumentError::NotJson(e.to_string()))?;
            return Err(DocumentError::NotAnObject(kind_of(value.get())));
        }
        let entries: BTreeMap<String, &RawValue> =
            serde_json::from_str(trimmed).map_err(|e| DocumentError::NotJson(e.to_string()))?;
        Ok(Document(entries.into_iter().map(|(name, value)| (name.into(), value.get().into())).collect()))
    }

    /// Whether there is no variable.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The value of `name`.
    pub fn get(&self, name: &str) -> Option<&Arc<str>> {
        self.0.iter().find(|(n, _)| &**n == name).map(|(_, value)| value)
    }

    /// The JSON text of the whole.
    pub fn to_json(&self) -> String {
        let size = self.0.iter().map(|(name, value)| name.len() + value.len() + 6).sum::<usize>() + 2;
        let mut out = String::with_capacity(size);
        out.push('{');
        for (place, (name, value)) in self.0.iter().enumerate() {
            if place > 0 {
                out.push(',');
            }
            push_json_string(&mut out, name);
            out.push(':');
            out.push_str(value);
        }
        out.push('}');
        out
    }
}

/// Appends `text` as a JSON string.
pub fn push_json_string(out: &mut String, text: &str) {
    if text.bytes().all(|b| b >= 0x20 && b != b'"' && b != b'\\') {
        out.push('"');
        out.push_str(text);
        out.push('"');
    } else {
        out.push_str(&serde_json::Value::from(text).to_string());
    }
}

/// `text` as a JSON string.
pub fn json_string(text: &str) -> Arc<str> {
    let mut out = String::with_capacity(text.len() + 2);
    push_json_string(&mut out, text);
    out.into()
}

/// The text of the item with this number, from 0, of a JSON list.
pub(crate) fn list_item(list: &str, number: usize) -> Option<&str> {
    let inner = list.strip_prefix('[')?.strip_suffix(']')?;
    let (mut depth, mut in_string, mut escaped) = (0usize, false, false);
    let (mut seen, mut start) = (0, 0);
    for (place, byte) in inner.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            _ if in_string => {}
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.saturating_sub(1),
            b',' if depth == 0 && seen == number => return inner.get(start..place),
            b',' if depth == 0 => (seen, start) = (seen + 1, place + 1),
            _ => {}
        }
    }
    if seen == number { inner.get(start..) } else { None }
}

fn kind_of(json: &str) -> &'static str {
    match json.as_bytes().first() {
        Some(b'[') => "ARRAY",
        Some(b'"') => "STRING",
        Some(b't' | b'f') => "BOOLEAN",
        Some(b'n') => "NIL",
        _ => "NUMBER",
    }
}

/// Deepest nesting of brackets outside strings.
fn nesting(json: &str) -> usize {
    let (mut depth, mut deepest, mut in_string, mut escaped) = (0usize, 0usize, false, false);
    for byte in json.bytes() {
        if in_string {
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => in_string = false,
                _ => {}
            }
            continue;
        }
        match byte {
            b'"' => in_string = true,
            b'{' | b'[' => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splits_the_root_object_and_keeps_values_as_text() {
        let document = Document::parse(r#" {"b": [1, {"x":"}"}], "a":1.50 } "#).unwrap();
        assert_eq!(document.get("a").map(|v| &**v), Some("1.50"));
        assert_eq!(document.to_json(), r#"{"a":1.50,"b":[1, {"x":"}"}]}"#);
        assert_eq!(Document::parse("").unwrap(), Document::default());
    }

    #[test]
    fn an_item_of_a_list_is_found_by_its_number() {
        let list = r#"[1,"a,]\"",{"x":[2,"}"]},[],null]"#;
        let items: Vec<_> = (0..6).map(|number| list_item(list, number)).collect();
        let found = ["1", r#""a,]\"""#, r#"{"x":[2,"}"]}"#, "[]", "null"];
        assert_eq!(items[..5], found.map(Some));
        assert_eq!(items[5], None);
    }

    #[test]
    fn refuses_what_is_not_an_object_or_exceeds_a_limit() {
        assert_eq!(Document::parse("[1]"), Err(DocumentError::NotAnObject("ARRAY")));
        assert!(matches!(Document::parse("{\"a\":}"), Err(DocumentError::NotJson(_))));
        assert!(matches!(Document::parse("{\"a\":1} x"), Err(DocumentError::NotJson(_))));
        let deep =
            format!("{{\"a\":{}{}}}", "[".repeat(limits::DOCUMENT_DEPTH), "]".repeat(limits::DOCUMENT_DEPTH));
        assert_eq!(Document::parse(&deep), Err(DocumentError::TooDeep));
        let large = format!("{{\"a\":\"{}\"}}", "x".repeat(limits::MAX_DOCUMENT_BYTES));
        assert!(matches!(Document::parse(&large), Err(DocumentError::TooLarge { .. })));
    }
}
