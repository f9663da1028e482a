//! The list of known differences: `tests/oracle/feel-scala/differences.txt`.
//!
//! Entries are separated by empty lines and made of lines `name: text`:
//! `contains` (may be repeated: all must occur in the expression), `theirs` (`host`, `range`, `parse`, `evaluate`, `null`, `value`),
//! `ours` (`parse`, `evaluate`, `null`, `value`), `example`, `reason`. An entry excuses a difference when all that it says
//! is so. Lines that start with `#` are comments.

const TEXT: &str = include_str!("../../../../tests/oracle/feel-scala/differences.txt");

/// A known difference.
#[derive(Debug, Default)]
pub(crate) struct Difference {
    pub(crate) contains: Vec<String>,
    pub(crate) theirs: Option<String>,
    pub(crate) ours: Option<String>,
    pub(crate) example: String,
    pub(crate) reason: String,
}

impl Difference {
    pub(crate) fn excuses(&self, text: &str, theirs: &str, ours: &str) -> bool {
        self.contains.iter().all(|part| text.contains(part.as_str()))
            && self.theirs.as_deref().is_none_or(|wanted| wanted == theirs)
            && self.ours.as_deref().is_none_or(|wanted| wanted == ours)
    }
}

pub(crate) fn read() -> Vec<Difference> {
    let mut entries: Vec<Difference> = Vec::new();
    let mut is_open = false;
    for line in TEXT.lines().filter(|line| !line.starts_with('#')) {
        let Some((name, value)) = line.split_once(": ") else {
            assert!(line.trim().is_empty(), "not `name: text`: {line}");
            is_open = false;
            continue;
        };
        if !is_open {
            entries.push(Difference::default());
            is_open = true;
        }
        let entry = entries.last_mut().expect("just pushed");
        let value = value.to_owned();
        match name {
            "contains" => entry.contains.push(value),
            "theirs" => entry.theirs = Some(value),
            "ours" => entry.ours = Some(value),
            "example" => entry.example = value,
            "reason" => entry.reason = value,
            other => panic!("unknown field '{other}'"),
        }
    }
    for entry in &entries {
        assert!(!entry.reason.is_empty() && !entry.example.is_empty(), "no reason or example: {entry:?}");
    }
    entries
}
