//! The licences of everything that is built in: an exact list.

use crate::{
    metadata::{self, items, text},
    run::Failed,
    tree::Tree,
};

/// What a dependency may be licensed under.
const ALLOWED: [&str; 12] = [
    "0BSD",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "BlueOak-1.0.0",
    "CC0-1.0",
    "ISC",
    "MIT",
    "Unicode-3.0",
    "Zlib",
];

/// Crates that never come in, whatever their licence, and why.
const BANNED: [(&str, &str); 4] = [
    ("openssl", "rustls with ring is what we use"),
    ("openssl-sys", "rustls with ring is what we use"),
    ("native-tls", "rustls with ring is what we use"),
    ("aws-lc-sys", "needs a C toolchain; ring is what we use"),
];

/// Checks every package of the lock file.
pub(super) fn check(_tree: &Tree) -> Result<Vec<String>, Failed> {
    let metadata = metadata::read()?;
    let mut problems = Vec::new();
    for package in items(&metadata, "packages") {
        let (name, version) = (text(package, "name"), text(package, "version"));
        if let Some((_, why)) = BANNED.iter().find(|(banned, _)| *banned == name) {
            problems.push(format!("{name} {version} must not come in: {why}"));
        }
        // Old manifests write `MIT/Apache-2.0`.
        let licence = text(package, "license").replace('/', " OR ");
        if !is_allowed(&licence) {
            problems
                .push(format!("{name} {version} is licensed under '{licence}', which is not on the list"));
        }
    }
    Ok(problems)
}

/// Whether an SPDX expression leaves a choice that is on the list.
fn is_allowed(expression: &str) -> bool {
    let expression = expression.trim();
    if let Some(sides) = split(expression, " OR ") {
        return sides.iter().any(|side| is_allowed(side));
    }
    if let Some(sides) = split(expression, " AND ") {
        return sides.iter().all(|side| is_allowed(side));
    }
    match expression.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')) {
        Some(inner) => is_allowed(inner),
        None => ALLOWED.contains(&expression),
    }
}

/// The sides of an operator outside brackets, if it is there.
fn split<'a>(expression: &'a str, operator: &str) -> Option<Vec<&'a str>> {
    let (mut sides, mut start, mut depth) = (Vec::new(), 0, 0);
    for (at, character) in expression.char_indices() {
        match character {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ if depth == 0 && expression[at..].starts_with(operator) => {
                sides.push(&expression[start..at]);
                start = at + operator.len();
            }
            _ => {}
        }
    }
    sides.push(&expression[start..]);
    (sides.len() > 1).then_some(sides)
}

#[cfg(test)]
mod tests {
    use super::is_allowed;

    #[test]
    fn a_choice_on_the_list_is_enough_and_all_parts_must_be_on_it() {
        for good in
            ["MIT", "GPL-3.0 OR MIT", "(MIT OR GPL-3.0) AND ISC", "Apache-2.0 WITH LLVM-exception OR GPL-3.0"]
        {
            assert!(is_allowed(good), "{good}");
        }
        for bad in ["", "GPL-3.0", "MIT AND GPL-3.0", "(MIT OR ISC) AND (GPL-3.0 OR LGPL-3.0)"] {
            assert!(!is_allowed(bad), "{bad}");
        }
    }
}
