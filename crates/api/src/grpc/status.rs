//! Failures as gRPC statuses.

use tonic::{Code, Status};

use crate::{failure::Failure, limits::STATUS_TEXT_BYTES};

impl From<Failure> for Status {
    fn from(failure: Failure) -> Status {
        let (code, _, _) = failure.row();
        Status::new(code, fitting(failure.detail()))
    }
}

/// For an RPC of the contract that is not built yet.
pub(super) fn not_built<T>(rpc: &str) -> Result<T, Status> {
    Err(Status::new(
        Code::Unimplemented,
        format!("{rpc} is part of the contract but not built yet in this version of Weir"),
    ))
}

/// A text that survives the trip in a trailer: cut at the end of a line where it is too long, and saying how many lines
/// are missing.
fn fitting(text: String) -> String {
    if travelled_bytes(&text) <= STATUS_TEXT_BYTES {
        return text;
    }
    const ROOM_FOR_NOTE: usize = 100;
    let mut travelled = 0;
    let end = text
        .char_indices()
        .find(|(_, c)| {
            travelled += travelled_bytes(c.encode_utf8(&mut [0; 4]));
            travelled > STATUS_TEXT_BYTES - ROOM_FOR_NOTE
        })
        .map_or(text.len(), |(at, _)| at);
    let (kept, rest) = match text[..end].rfind('\n') {
        Some(line_end) => (&text[..line_end], &text[line_end + 1..]),
        None => (&text[..end], &text[end..]),
    };
    format!("{kept}\n... and {} more lines ({} bytes) that do not fit here", rest.lines().count(), rest.len())
}

/// Bytes of `text` once percent-encoded as the contract of gRPC asks.
fn travelled_bytes(text: &str) -> usize {
    text.bytes().map(|b| if (b' '..=b'~').contains(&b) && !b"\"#%<>`?{}".contains(&b) { 1 } else { 3 }).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_is_cut_at_a_line_and_says_what_is_missing() {
        let text: String = (0..2_000).map(|n| format!("problem {n}: \u{e9}\n")).collect();
        let cut = fitting(text.clone());
        assert!(travelled_bytes(&cut) <= STATUS_TEXT_BYTES);
        let (kept, note) = cut.rsplit_once('\n').unwrap();
        assert!(text.starts_with(&format!("{kept}\n")));
        assert_eq!(
            note,
            format!(
                "... and {} more lines ({} bytes) that do not fit here",
                2_000 - kept.lines().count(),
                text.len() - kept.len() - 1
            )
        );
        let one_line = fitting("\u{20ac}".repeat(10_000));
        assert!(travelled_bytes(&one_line) <= STATUS_TEXT_BYTES);
    }
}
