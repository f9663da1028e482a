//! `xtask/ratchet.txt`: what is not as it should be yet, entry by entry. Entries only go, and numbers only become smaller.
//!
//! An entry is `lines 700 crates/a/src/b.rs` (a file), `lines 70 crates/a/src/b.rs name` (a function in it), `limit a::NAME_BYTES` (no test
//! exceeds it), or `scenario task` (the element has none).

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write,
    fs,
};

use super::{elements, lengths, limits};
use crate::{
    run::{Failed, root},
    tree::Tree,
};

const FILE: &str = "xtask/ratchet.txt";

const HEAD: &str = "# What is not as it should be yet. Entries only go, numbers only become smaller: mend something, then `cargo xtask ratchet`.\n\
                    # lines: of a file over 600, of a function over 60. limit: no test names it. scenario: the element has none.\n";

/// The entries.
#[derive(Debug, Default)]
pub(crate) struct Ratchet {
    /// Lines of files and of functions that are too long.
    pub(super) lines: BTreeMap<String, usize>,
    /// Everything else, as it stands.
    pub(super) excused: BTreeSet<String>,
}

impl Ratchet {
    /// Reads the entries.
    pub(super) fn read(tree: &Tree) -> Result<Self, Failed> {
        let mut ratchet = Self::default();
        for line in tree.text(FILE).lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
            let lines = line.strip_prefix("lines ").and_then(|rest| rest.split_once(' '));
            match lines {
                None => {
                    ratchet.excused.insert(line.to_owned());
                }
                Some((count, what)) => {
                    let count =
                        count.parse().map_err(|_| Failed(format!("{FILE}: no number in '{line}'")))?;
                    ratchet.lines.insert(what.to_owned(), count);
                }
            }
        }
        Ok(ratchet)
    }
}

/// Takes out what is mended and lowers the numbers of what became shorter. Adds nothing.
pub(crate) fn ratchet() -> Result<(), Failed> {
    let tree = Tree::read(&root())?;
    let old = Ratchet::read(&tree)?;
    let mut text = HEAD.to_owned();
    for (what, lines) in lengths::measure(&tree) {
        if let Some(most) = old.lines.get(&what) {
            let _infallible = writeln!(text, "lines {} {what}", lines.min(*most));
        }
    }
    let still = limits::not_named_by_tests(&tree).into_iter().chain(elements::without_scenario(&tree));
    for entry in still.filter(|entry| old.excused.contains(entry)) {
        let _infallible = writeln!(text, "{entry}");
    }
    fs::write(root().join(FILE), text).map_err(Failed::io(format!("cannot write {FILE}")))
}
