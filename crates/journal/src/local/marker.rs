//! The format marker: a small text file that says what the folder is. Written last when a journal is created, so a
//! folder with a marker is a whole journal.
//!
//! ```text
//! weir journal
//! format 1
//! incarnation 00112233445566778899aabbccddeeff
//! check 1a2b3c4d
//! ```
//!
//! The check is the CRC32C of the lines before it. Every later format keeps these four lines.

use std::fmt;

use super::segment::FORMAT;

pub(super) const FILE: &str = "format";
/// A marker is never larger, in bytes.
pub(super) const LIMIT_BYTES: usize = 1024;

/// Identity of a journal folder, drawn by whoever creates it. A restored system gets a new one, and the old one is fenced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Incarnation(pub [u8; 16]);

/// Why the marker can not be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum BadMarker {
    Damaged(&'static str),
    Newer(u32),
}

impl Incarnation {
    /// Four bytes that stand for it in every frame.
    pub(super) fn tag(self) -> u32 {
        crc32c::crc32c(&self.0)
    }
}

pub(super) fn encode(incarnation: Incarnation) -> String {
    let lines = format!("weir journal\nformat {FORMAT}\nincarnation {incarnation}\n");
    let check = crc32c::crc32c(lines.as_bytes());
    format!("{lines}check {check:08x}\n")
}

pub(super) fn parse(bytes: &[u8]) -> Result<Incarnation, BadMarker> {
    let text = std::str::from_utf8(bytes).map_err(|_| BadMarker::Damaged("it is not text"))?;
    let (lines, check) = text.rsplit_once("check ").ok_or(BadMarker::Damaged("its last line is missing"))?;
    if check != format!("{:08x}\n", crc32c::crc32c(lines.as_bytes())) {
        return Err(BadMarker::Damaged("it does not match its checksum"));
    }
    let mut lines = lines.lines();
    if lines.next() != Some("weir journal") {
        return Err(BadMarker::Damaged("it is the marker of something else"));
    }
    let format = lines.next().and_then(|line| line.strip_prefix("format ")?.parse().ok());
    match format {
        Some(FORMAT) => {}
        Some(newer) if newer > FORMAT => return Err(BadMarker::Newer(newer)),
        Some(_) | None => return Err(BadMarker::Damaged("it has no known format")),
    }
    let hex = lines.next().and_then(|line| line.strip_prefix("incarnation "));
    hex.and_then(parse_hex).map(Incarnation).ok_or(BadMarker::Damaged("it has no incarnation"))
}

fn parse_hex(hex: &str) -> Option<[u8; 16]> {
    if hex.len() != 32 || !hex.is_ascii() {
        return None;
    }
    let mut bytes = [0; 16];
    for (byte, digits) in bytes.iter_mut().zip(hex.as_bytes().chunks_exact(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
    }
    Some(bytes)
}

impl fmt::Display for Incarnation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}
