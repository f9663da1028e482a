//! `cargo xtask tidy`: what a reviewer would nag about. It also runs as a test of this crate.

mod crates;
mod documents;
mod elements;
mod lengths;
mod licences;
mod limits;
mod ratchet;
mod text;

use crate::{
    run::{Failed, root, say},
    tree::Tree,
};

pub(crate) use ratchet::ratchet;

/// A check of the repository: what is wrong, each with its place.
type Check = fn(&Tree) -> Result<Vec<String>, Failed>;

const CHECKS: [(&str, Check); 7] = [
    ("crates", crates::check),
    ("licences", licences::check),
    ("elements", elements::check),
    ("text", text::check),
    ("lengths", lengths::check),
    ("limits", limits::check),
    ("documents", documents::check),
];

/// Everything that is not tidy.
fn problems() -> Result<Vec<String>, Failed> {
    let tree = Tree::read(&root())?;
    let mut problems = Vec::new();
    for (name, check) in CHECKS {
        problems.extend(check(&tree)?.into_iter().map(|problem| format!("{name}: {problem}")));
    }
    Ok(problems)
}

/// Says what is not tidy.
pub(crate) fn tidy() -> Result<(), Failed> {
    let problems = problems()?;
    for problem in &problems {
        say(problem);
    }
    match problems.len() {
        0 => Ok(()),
        count => Err(Failed(format!("{count} places are not tidy"))),
    }
}

#[cfg(test)]
mod tests {
    use super::problems;

    #[test]
    fn the_repository_is_tidy() {
        let problems = problems().unwrap_or_else(|failed| panic!("{}", failed.0));
        assert!(problems.is_empty(), "not tidy:\n{}", problems.join("\n"));
    }
}
