//! JSON text to values, whole or only along a path.

use std::fmt;
use std::sync::Arc;

use super::{Context, List, Value};
use crate::limits::Limits;
use crate::number::Number;

/// JSON text that could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JsonError {
    /// What is wrong.
    pub message: &'static str,
    /// Where, in bytes.
    pub at: usize,
}

impl fmt::Display for JsonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at byte {}", self.message, self.at)
    }
}

impl std::error::Error for JsonError {}

/// Decodes a whole JSON text.
pub(super) fn decode(text: &str) -> Result<Value, JsonError> {
    let mut reader = Reader::new(text);
    let value = reader.value()?;
    reader.end()?;
    Ok(value)
}

/// What a path leads to in a JSON text.
#[derive(Debug)]
pub(crate) enum JsonPath {
    /// The value at the end of the path.
    Found(Value),
    /// The path could not be followed to its end; the whole text must be decoded to say why.
    Left,
}

/// Decodes only what the path of entry names leads to.
pub(crate) fn decode_path(text: &str, path: &[Arc<str>]) -> Result<JsonPath, JsonError> {
    let mut at = 0;
    for name in path {
        let mut reader = Reader { bytes: text.as_bytes(), text, at, depth: 0 };
        match reader.find(name)? {
            Some(found) => at = found,
            None => return Ok(JsonPath::Left),
        }
    }
    let mut reader = Reader { bytes: text.as_bytes(), text, at, depth: path.len() as u32 };
    reader.value().map(JsonPath::Found)
}

struct Reader<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
    depth: u32,
}

impl<'a> Reader<'a> {
    fn new(text: &'a str) -> Self {
        Self { text, bytes: text.as_bytes(), at: 0, depth: 0 }
    }

    fn error<T>(&self, message: &'static str) -> Result<T, JsonError> {
        Err(JsonError { message, at: self.at })
    }

    fn space(&mut self) {
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = self.bytes.get(self.at) {
            self.at += 1;
        }
    }

    fn end(&mut self) -> Result<(), JsonError> {
        self.space();
        if self.at < self.bytes.len() { self.error("unexpected text after the value") } else { Ok(()) }
    }

    fn eat(&mut self, byte: u8) -> bool {
        self.space();
        let found = self.bytes.get(self.at) == Some(&byte);
        self.at += usize::from(found);
        found
    }

    fn value(&mut self) -> Result<Value, JsonError> {
        self.space();
        match self.bytes.get(self.at) {
            Some(b'{') => self.nested(Self::context),
            Some(b'[') => self.nested(Self::list),
            Some(b'"') => self.string().map(|text| Value::String(text.as_ref().into())),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b't') => self.word("true", Value::Boolean(true)),
            Some(b'f') => self.word("false", Value::Boolean(false)),
            Some(b'n') => self.word("null", Value::Null),
            _ => self.error("expected a JSON value"),
        }
    }

    fn nested(&mut self, read: fn(&mut Self) -> Result<Value, JsonError>) -> Result<Value, JsonError> {
        self.depth += 1;
        if self.depth > Limits::DEFAULT.value_depth_levels {
            return self.error("the JSON is nested too deeply (value_depth_levels)");
        }
        self.at += 1;
        let value = read(self)?;
        self.depth -= 1;
        Ok(value)
    }

    fn list(&mut self) -> Result<Value, JsonError> {
        let mut items = Vec::new();
        if self.eat(b']') {
            return Ok(Value::List(List::new(items)));
        }
        loop {
            items.push(self.value()?);
            if self.eat(b']') {
                return Ok(Value::List(List::new(items)));
            }
            if !self.eat(b',') {
                return self.error("expected ',' or ']'");
            }
        }
    }

    fn context(&mut self) -> Result<Value, JsonError> {
        let mut entries = Vec::new();
        if self.eat(b'}') {
            return Ok(Value::Context(Context::new(entries)));
        }
        loop {
            let name: Arc<str> = self.name()?.as_ref().into();
            entries.push((name, self.value()?));
            if self.eat(b'}') {
                return Ok(Value::Context(Context::new(entries)));
            }
            if !self.eat(b',') {
                return self.error("expected ',' or '}'");
            }
        }
    }

    fn name(&mut self) -> Result<std::borrow::Cow<'a, str>, JsonError> {
        self.space();
        if self.bytes.get(self.at) != Some(&b'"') {
            return self.error("expected a name in quotes");
        }
        let name = self.string()?;
        if self.eat(b':') { Ok(name) } else { self.error("expected ':'") }
    }

    fn word(&mut self, word: &str, value: Value) -> Result<Value, JsonError> {
        if !self.bytes[self.at..].starts_with(word.as_bytes()) {
            return self.error("expected a JSON value");
        }
        self.at += word.len();
        Ok(value)
    }

    fn number(&mut self) -> Result<Value, JsonError> {
        let start = self.at;
        let mut whole: i64 = 0;
        let negative = self.bytes[self.at] == b'-';
        self.at += usize::from(negative);
        while let Some(digit @ b'0'..=b'9') = self.bytes.get(self.at) {
            whole = whole.wrapping_mul(10).wrapping_add(i64::from(digit - b'0'));
            self.at += 1;
        }
        let plain = !matches!(self.bytes.get(self.at), Some(b'.' | b'e' | b'E'));
        if plain && self.at - start <= 18 && self.at > start + usize::from(negative) {
            return Ok(Value::Number(Number::from(if negative { -whole } else { whole })));
        }
        while let Some(b'0'..=b'9' | b'.' | b'e' | b'E' | b'+' | b'-') = self.bytes.get(self.at) {
            self.at += 1;
        }
        match Number::parse(&self.text[start..self.at]) {
            Some(number) => Ok(Value::Number(number)),
            None => self.error("expected a number"),
        }
    }

    /// A string; the reader stands on its opening quote.
    fn string(&mut self) -> Result<std::borrow::Cow<'a, str>, JsonError> {
        let start = self.at + 1;
        let mut at = start;
        loop {
            match self.bytes.get(at) {
                Some(b'"') => {
                    self.at = at + 1;
                    return Ok(std::borrow::Cow::Borrowed(&self.text[start..at]));
                }
                Some(b'\\') => return self.escaped_string(start, at),
                Some(0..0x20) => {
                    self.at = at;
                    return self.error("control character in a string");
                }
                Some(_) => at += 1,
                None => return self.error("string without end"),
            }
        }
    }

    fn escaped_string(&mut self, start: usize, first: usize) -> Result<std::borrow::Cow<'a, str>, JsonError> {
        let mut out = self.text[start..first].to_owned();
        self.at = first;
        loop {
            let piece = self.at;
            while !matches!(self.bytes.get(self.at), Some(b'"' | b'\\' | 0..0x20) | None) {
                self.at += 1;
            }
            out.push_str(&self.text[piece..self.at]);
            match self.bytes.get(self.at) {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(std::borrow::Cow::Owned(out));
                }
                Some(b'\\') => out.push(self.escape()?),
                Some(_) => return self.error("control character in a string"),
                None => return self.error("string without end"),
            }
        }
    }

    fn escape(&mut self) -> Result<char, JsonError> {
        self.at += 2;
        Ok(match self.bytes.get(self.at - 1) {
            Some(b'"') => '"',
            Some(b'\\') => '\\',
            Some(b'/') => '/',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => return self.unicode(),
            _ => return self.error("unknown escape in a string"),
        })
    }

    /// `XXXX`, and the `\uXXXX` of the low half after a high one; a lone half becomes U+FFFD.
    fn unicode(&mut self) -> Result<char, JsonError> {
        let high = self.hex4()?;
        if let Some(char) = char::from_u32(high) {
            return Ok(char);
        }
        if high < 0xdc00 && self.bytes[self.at..].starts_with(b"\\u") {
            let back = self.at;
            self.at += 2;
            let low = self.hex4()?;
            if (0xdc00..0xe000).contains(&low) {
                let code = 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
                return Ok(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
            }
            self.at = back;
        }
        Ok(char::REPLACEMENT_CHARACTER)
    }

    fn hex4(&mut self) -> Result<u32, JsonError> {
        let code = self
            .text
            .get(self.at..self.at + 4)
            .filter(|hex| hex.bytes().all(|byte| byte.is_ascii_hexdigit()))
            .and_then(|hex| u32::from_str_radix(hex, 16).ok());
        match code {
            Some(code) => {
                self.at += 4;
                Ok(code)
            }
            None => self.error("expected four hexadecimal digits"),
        }
    }

    /// Where the value of the entry of that name starts, if the reader stands on an object; the last one counts.
    fn find(&mut self, name: &str) -> Result<Option<usize>, JsonError> {
        let mut found = None;
        if !self.eat(b'{') || self.eat(b'}') {
            return Ok(None);
        }
        loop {
            let key = self.name()?;
            self.space();
            if key == name {
                found = Some(self.at);
            }
            self.skip()?;
            if self.eat(b'}') {
                return Ok(found);
            }
            if !self.eat(b',') {
                return self.error("expected ',' or '}'");
            }
        }
    }

    /// Skips a value without building anything.
    fn skip(&mut self) -> Result<(), JsonError> {
        let mut open = 0_usize;
        // The place is kept out of `self` while bytes are looked at one by one.
        let mut at = self.at;
        loop {
            match self.bytes.get(at) {
                Some(b'"') => match end_of_string(self.bytes, at) {
                    Some(end) => at = end,
                    None => {
                        self.at = self.bytes.len();
                        return self.error("string without end");
                    }
                },
                Some(b'{' | b'[') => {
                    open += 1;
                    at += 1;
                }
                Some(b'}' | b']') if open > 0 => {
                    open -= 1;
                    at += 1;
                }
                Some(b'}' | b']') => break,
                Some(b',') if open == 0 => break,
                Some(_) => at += 1,
                None if open == 0 => break,
                None => {
                    self.at = at;
                    return self.error("object or list without end");
                }
            }
        }
        self.at = at;
        Ok(())
    }
}

/// The place behind the string that starts there.
fn end_of_string(bytes: &[u8], start: usize) -> Option<usize> {
    let mut at = start + 1;
    loop {
        match bytes.get(at)? {
            b'"' => return Some(at + 1),
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
}
