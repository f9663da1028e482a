//! Files and functions fit a screen, or a few. What is longer is listed in `xtask/ratchet.txt`, and may only shrink.

use std::collections::BTreeMap;

use super::ratchet::Ratchet;
use crate::{
    run::Failed,
    tree::{File, Tree},
};

/// Lines of a file.
const FILE_LINES: usize = 600;
/// Lines of a function.
const FUNCTION_LINES: usize = 60;
/// What is too long, with its lines: `path` or `path function`.
type Long = BTreeMap<String, usize>;

/// Compares what is too long with the list.
pub(super) fn check(tree: &Tree) -> Result<Vec<String>, Failed> {
    let ratchet = Ratchet::read(tree)?;
    let mut problems = Vec::new();
    for (what, lines) in measure(tree) {
        match ratchet.lines.get(&what) {
            None => problems.push(format!(
                "{what} has {lines} lines; split it (at most {FILE_LINES} of a file, {FUNCTION_LINES} of a function)"
            )),
            Some(most) if lines > *most => problems.push(format!("{what} grew from {most} to {lines} lines")),
            Some(_) => {}
        }
    }
    Ok(problems)
}

/// What is too long.
pub(super) fn measure(tree: &Tree) -> Long {
    let mut long = Long::new();
    for file in tree.rust() {
        let lines = file.text.lines().count();
        if lines > FILE_LINES {
            long.insert(file.path.clone(), lines);
        }
        for (name, lines) in functions(file).into_iter().filter(|(_, lines)| *lines > FUNCTION_LINES) {
            let entry = long.entry(format!("{} {name}", file.path)).or_default();
            *entry = lines.max(*entry);
        }
    }
    long
}

/// The functions of a file, with their lines. rustfmt puts the closing brace of a function below its first column.
fn functions(file: &File) -> Vec<(&str, usize)> {
    let lines: Vec<&str> = file.text.lines().collect();
    let mut functions = Vec::new();
    for (first, line) in lines.iter().enumerate() {
        let Some(name) = function_name(line) else { continue };
        let indent = &line[..line.len() - line.trim_start().len()];
        let end = format!("{indent}}}");
        let declared = format!("{indent})");
        for (last, line) in lines.iter().enumerate().skip(first) {
            let is_one_line = last == first && (line.ends_with('}') || line.ends_with(';'));
            let is_declaration = line.starts_with(&declared) && line.ends_with(';');
            if *line == end || is_one_line || is_declaration {
                functions.push((name, last - first + 1));
                break;
            }
        }
    }
    functions
}

/// The name of the function that begins on this line.
fn function_name(line: &str) -> Option<&str> {
    let mut rest = line.trim_start();
    while let Some(after) = ["pub ", "pub(crate) ", "pub(super) ", "const ", "async "]
        .iter()
        .find_map(|word| rest.strip_prefix(word))
    {
        rest = after;
    }
    let name = rest.strip_prefix("fn ")?;
    name.split(['(', '<']).next()
}

#[cfg(test)]
mod tests {
    use super::{File, functions};

    #[test]
    fn functions_are_measured_from_their_first_line_to_their_brace() {
        let text = "//! A module.\n\npub(crate) fn one() {}\n\nimpl A {\n    async fn two(\n        a: u8,\n    ) {\n        if a > 0 {\n        }\n    }\n\n    fn three(&self);\n}\n";
        let file = File { path: "a.rs".to_owned(), text: text.to_owned() };
        assert_eq!(functions(&file), [("one", 1), ("two", 6), ("three", 1)]);
    }
}
