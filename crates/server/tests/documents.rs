//! The documents name no command and no flag that the program does not have.

use std::{fs, path::Path, process::Command};

/// The documents that show command lines.
const DOCUMENTS: [&str; 5] =
    ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md"];

/// Command lines of the program in a document, without comments: lines of code blocks, and texts in backticks.
fn command_lines(text: &str) -> Vec<String> {
    let mut is_block = false;
    let mut found = Vec::new();
    for line in text.lines() {
        if line.starts_with("```") {
            is_block = !is_block;
        } else if is_block {
            found.push(line.split("  #").next().unwrap_or_default().trim().to_owned());
        } else {
            found.extend(line.split('`').skip(1).step_by(2).map(str::to_owned));
        }
    }
    found.retain(|line| line.starts_with("weir ") || line.starts_with("cargo run --release -- "));
    found.into_iter().map(|line| line.replacen("cargo run --release -- ", "weir ", 1)).collect()
}

/// The help of a subcommand; `None` if there is no such.
fn help(path: &[&str]) -> Option<String> {
    let output = Command::new(env!("CARGO_BIN_EXE_weir")).args(path).arg("--help").output().unwrap();
    output.status.success().then(|| String::from_utf8(output.stdout).unwrap())
}

/// What is wrong with a command line.
fn problem(line: &str) -> Option<String> {
    let words: Vec<&str> = line.split_whitespace().skip(1).collect();
    let (first, rest) = words.split_first()?;
    if *first == "help" {
        return None;
    }
    let Some(mut text) = help(&[first]) else { return Some(format!("there is no `weir {first}`")) };
    // A second word is a subcommand where the first one has some.
    if text.contains("\nCommands:\n")
        && let Some(second) = rest.first().filter(|word| !word.starts_with('-'))
    {
        match help(&[first, second]) {
            Some(help) => text = help,
            None => return Some(format!("there is no `weir {first} {second}`")),
        }
    }
    let flags = rest.iter().filter_map(|word| word.strip_prefix("--")?.split('=').next());
    let mut unknown = flags.filter(|flag| !flag.is_empty() && !has_flag(&text, flag));
    unknown.next().map(|flag| format!("`weir {first}` has no --{flag}"))
}

fn has_flag(help: &str, flag: &str) -> bool {
    let flag = format!("--{flag}");
    help.match_indices(&flag).any(|(at, _)| {
        let after = help[at + flag.len()..].chars().next();
        !after.is_some_and(|next| next.is_ascii_alphanumeric() || next == '-')
    })
}

#[test]
fn every_command_line_in_the_documents_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut seen = 0;
    let mut problems = Vec::new();
    for document in DOCUMENTS {
        for line in command_lines(&fs::read_to_string(root.join(document)).unwrap()) {
            seen += 1;
            problems.extend(problem(&line).map(|problem| format!("{document}: `{line}`: {problem}")));
        }
    }
    assert!(seen > 10, "only {seen} command lines were found");
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn the_readme_has_two_commands_to_set_up() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let readme = fs::read_to_string(root.join("README.md")).unwrap();
    let commands: Vec<&str> = readme.lines().filter(|line| line.starts_with("cargo ")).collect();
    assert_eq!(commands, ["cargo run --release -- demo", "cargo xtask test"]);
}

#[test]
fn what_does_not_exist_is_found() {
    assert!(problem("weir nonsense").is_some());
    assert!(problem("weir serve --nonsense").is_some());
    assert!(problem("weir incident nonsense").is_some());
    assert!(problem("weir serve --data-dir x").is_none());
}
