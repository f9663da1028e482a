//! The list of known differences: `tests/oracle/feel-scala/differences.txt`.
//!
//! An entry excuses the smallest part of an expression that differs. Entries are separated by empty lines and made of lines
//! `name: text`: `part` (what it is, as `parts.rs` names it), `operands` (the types of its own parts; of unary tests the input's first), `theirs` (`host`, `range`,
//! `parse`, `evaluate`, `null`, `value`), `message` (their value or failure contains it), `ours` (`parse`, `evaluate`, `null`, `value`),
//! `lacks` and `adds` (types of warnings that only they or only we give, where the values agree; `warnings: any`: whichever), `example` with its `variables`, `reason`. An entry
//! excuses a difference when all that it says is so. Lines that start with `#` are comments.

use crate::Disagreement;

const TEXT: &str = include_str!("../../../../tests/oracle/feel-scala/differences.txt");

/// A known difference.
#[derive(Debug, Default)]
pub(crate) struct Difference {
    part: String,
    operands: Option<String>,
    theirs: Option<String>,
    message: Option<String>,
    ours: Option<String>,
    any_warnings: bool,
    lacks: Vec<String>,
    adds: Vec<String>,
    pub(crate) variables: Option<String>,
    pub(crate) example: String,
    reason: String,
}

impl Difference {
    pub(crate) fn excuses(&self, part: &str, operands: &[&str], found: &Disagreement) -> bool {
        self.part == part
            && self.operands.as_ref().is_none_or(|wanted| *wanted == operands.join(", "))
            && self.theirs.as_ref().is_none_or(|wanted| *wanted == found.theirs)
            && self.message.as_ref().is_none_or(|wanted| found.message.contains(wanted.as_str()))
            && self.ours.as_ref().is_none_or(|wanted| wanted == found.ours)
            && (self.any_warnings || (self.lacks == found.lacks && self.adds == found.adds))
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
            "part" => entry.part = value,
            "operands" => entry.operands = Some(value),
            "theirs" => entry.theirs = Some(value),
            "message" => entry.message = Some(value),
            "ours" => entry.ours = Some(value),
            "warnings" => entry.any_warnings = value == "any",
            "lacks" => entry.lacks.push(value),
            "adds" => entry.adds.push(value),
            "variables" => entry.variables = Some(value),
            "example" => entry.example = value,
            "reason" => entry.reason = value,
            other => panic!("unknown field '{other}'"),
        }
    }
    for entry in &entries {
        let is_whole = [&entry.part, &entry.reason, &entry.example].iter().all(|field| !field.is_empty());
        assert!(is_whole, "no part, reason or example: {entry:?}");
    }
    entries
}
