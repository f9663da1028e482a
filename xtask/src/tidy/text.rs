//! Words and characters that must not stand in the files.

use crate::{
    run::Failed,
    tree::{File, Tree},
};

/// Crates whose result depends on their arguments only.
const PURE: [&str; 4] = ["crates/feel/src/", "crates/dmn/src/", "crates/bpmn/src/", "crates/engine/src/"];

/// What pure crates never name; their clippy.toml says the same of what clippy can see.
const IMPURE: [&str; 13] = [
    "std::fs",
    "std::net",
    "std::thread",
    "std::env",
    "std::process",
    "Instant",
    "SystemTime",
    "HashMap",
    "HashSet",
    "RandomState",
    "tokio",
    "async fn",
    "thread_local!",
];

/// A word, and what to write instead.
type Word = (&'static str, &'static str);

/// The glossary's other side: words that stand for two things.
const WORDS: [Word; 3] = [
    ("snapshot", "a checkpoint, or a backup"),
    ("bpmn token", "an element instance"),
    ("workflow instance", "a process instance"),
];

/// Files that must name what is forbidden.
const SPEAKS_OF_IT: [&str; 3] = ["xtask/src/tidy/text.rs", "STYLE.md", "ARCHITECTURE.md"];

/// Checks all text of ours.
pub(super) fn check(tree: &Tree) -> Result<Vec<String>, Failed> {
    let mut problems = Vec::new();
    for file in tree.files.iter().filter(|file| !file.is_foreign()) {
        if file.is_rust() {
            rust(file, &mut problems);
        }
        if !SPEAKS_OF_IT.contains(&file.path.as_str()) {
            everywhere(file, &mut problems);
        }
    }
    Ok(problems)
}

fn rust(file: &File, problems: &mut Vec<String>) {
    let path = &file.path;
    if !file.text.starts_with("//!") {
        problems.push(format!("{path} does not begin with //!: what it is and what it promises"));
    }
    if let Some(at) = file.text.bytes().position(|byte| !byte.is_ascii()) {
        problems.push(format!("{path}:{} is not ASCII; write \\u{{..}}", file.line_at(at)));
    }
    let (code, _tests) = file.split_tests();
    if PURE.iter().any(|pure| path.starts_with(pure)) {
        for (number, line) in code.lines().enumerate().filter(|(_, line)| !is_comment(line)) {
            if let Some(word) = IMPURE.iter().find(|word| has_word(line, word)) {
                problems.push(format!("{path}:{}: {word} in a pure crate", number + 1));
            }
        }
    }
}

fn everywhere(file: &File, problems: &mut Vec<String>) {
    let path = &file.path;
    for (number, line) in file.text.lines().enumerate() {
        let number = number + 1;
        if let Some(mark) = ["TODO", "FIXME", "XXX"].iter().find(|mark| has_word(line, mark)) {
            problems.push(format!(
                "{path}:{number}: {mark}; say what is missing where a user would look, or make an issue"
            ));
        }
        if file.is_rust() && (line.contains("#[allow") || line.contains("#![allow")) {
            problems.push(format!("{path}:{number}: allow; use #[expect(.., reason = \"..\")]"));
        }
        // Where people and build machines keep checkouts: a tracked path there means nothing to anybody else.
        if let Some(place) = ["/home/", "/Users/", "/root/", "/work/"].iter().find(|it| line.contains(**it)) {
            problems.push(format!("{path}:{number}: {place} is a place on somebody's machine"));
        }
        let lower = line.to_ascii_lowercase();
        for (word, instead) in WORDS {
            if has_word(&lower, word) {
                problems.push(format!("{path}:{number}: '{word}' is {instead}"));
            }
        }
    }
}

fn is_comment(line: &str) -> bool {
    line.trim_start().starts_with("//")
}

/// Whether `word` stands in `line` as a whole word.
fn has_word(line: &str, word: &str) -> bool {
    let is_part = |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
    line.match_indices(word).any(|(at, _)| {
        let before = at.checked_sub(1).and_then(|at| line.as_bytes().get(at));
        !is_part(before) && !is_part(line.as_bytes().get(at + word.len()))
    })
}

#[cfg(test)]
mod tests {
    use super::has_word;

    #[test]
    fn words_are_whole_words() {
        assert!(has_word("a HashMap<u8>", "HashMap"));
        assert!(!has_word("MyHashMap", "HashMap"));
        assert!(!has_word("HashMaps", "HashMap"));
    }
}
