//! Documents tell the truth: the paths they name exist, and what is generated is fresh.

use crate::{
    docs,
    run::Failed,
    tree::{File, Tree},
};

/// Lines of ARCHITECTURE.md, so that it is read.
const ARCHITECTURE_LINES: usize = 400;

/// What must be there.
const DOCUMENTS: [&str; 9] = [
    "README.md",
    "ARCHITECTURE.md",
    "STYLE.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "SECURITY.md",
    "LICENSE-APACHE",
    "LICENSE-MIT",
    "docs/support.md",
];

/// Folders at the root: a path in a document begins with one of them.
const FOLDERS: [&str; 7] = ["crates/", "docs/", "examples/", "fuzz/", "tests/", "xtask/", ".ci/"];

/// Checks the documents.
pub(super) fn check(tree: &Tree) -> Result<Vec<String>, Failed> {
    let missing = DOCUMENTS.iter().filter(|document| !tree.has(document));
    let mut problems: Vec<String> = missing.map(|document| format!("there is no {document}")).collect();
    let architecture = tree.text("ARCHITECTURE.md").lines().count();
    if architecture > ARCHITECTURE_LINES {
        problems.push(format!("ARCHITECTURE.md has {architecture} lines, more than {ARCHITECTURE_LINES}"));
    }
    for file in tree.files.iter().filter(|file| file.path.ends_with(".md") && !file.is_foreign()) {
        paths(tree, file, &mut problems);
    }
    if tree.text(docs::SUPPORT) != docs::support(tree) {
        problems.push(format!("{} is not what the code says: `cargo xtask docs`", docs::SUPPORT));
    }
    Ok(problems)
}

/// Every path in backticks and every link to a file must lead somewhere.
fn paths(tree: &Tree, file: &File, problems: &mut Vec<String>) {
    let folder = file.path.rsplit_once('/').map_or("", |(folder, _)| folder);
    for (number, line) in file.text.lines().enumerate() {
        let quoted =
            line.split('`').skip(1).step_by(2).filter(|text| FOLDERS.iter().any(|it| text.starts_with(it)));
        let lost = quoted.filter(|path| !path.contains(['<', '*', ' ', '{']) && !tree.has(path));
        problems.extend(lost.map(|path| format!("{}:{}: there is no {path}", file.path, number + 1)));
        let links = line.split("](").skip(1).filter_map(|rest| rest.split(')').next());
        for link in links.filter(|link| !link.contains("://") && !link.starts_with('#')) {
            let target = link.split('#').next().unwrap_or(link);
            if !tree.has(&resolve(folder, target)) {
                problems.push(format!("{}:{}: the link to {target} leads nowhere", file.path, number + 1));
            }
        }
    }
}

/// A path relative to a folder, from the root.
fn resolve(folder: &str, target: &str) -> String {
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in target.split('/') {
        match part {
            "." | "" => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}
