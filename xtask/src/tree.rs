//! The files of the repository: those that git knows or would take.

use std::{fs, path::Path, process::Command};

use crate::run::Failed;

/// All files, read once.
#[derive(Debug)]
pub(crate) struct Tree {
    /// Every file, by path.
    pub(crate) files: Vec<File>,
}

/// A file.
#[derive(Debug)]
pub(crate) struct File {
    /// Below the root, with `/`.
    pub(crate) path: String,
    /// What it holds; empty where that is not text.
    pub(crate) text: String,
}

impl File {
    /// Whether it is Rust.
    pub(crate) fn is_rust(&self) -> bool {
        self.path.ends_with(".rs")
    }

    /// Whether it is data that others wrote, kept as it came.
    pub(crate) fn is_foreign(&self) -> bool {
        self.path.starts_with("tests/conformance/")
            || self.path.starts_with("LICENSE-")
            || self.path == "Cargo.lock"
    }

    /// The part of a Rust file that is no test, and the part that is.
    pub(crate) fn split_tests(&self) -> (&str, &str) {
        let is_test = self.path.contains("/tests/") || self.path.ends_with("/tests.rs");
        match is_test {
            true => ("", &self.text),
            false => self.text.split_at(self.text.find("#[cfg(test)]\nmod ").unwrap_or(self.text.len())),
        }
    }

    /// The number of a line, from 1, of what stands at this byte.
    pub(crate) fn line_at(&self, byte: usize) -> usize {
        self.text[..byte].bytes().filter(|byte| *byte == b'\n').count() + 1
    }
}

impl Tree {
    /// Reads the repository.
    pub(crate) fn read(root: &Path) -> Result<Self, Failed> {
        let listed = Command::new("git")
            .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
            .current_dir(root)
            .output()
            .map_err(Failed::io("cannot run git"))?;
        if !listed.status.success() {
            return Err(Failed(format!("git ls-files: {}", String::from_utf8_lossy(&listed.stderr).trim())));
        }
        let names = String::from_utf8_lossy(&listed.stdout);
        let mut paths: Vec<&str> = names.split_terminator('\0').collect();
        paths.sort_unstable();
        // What was deleted but not committed yet is still listed.
        let files = paths.into_iter().filter(|path| root.join(path).is_file());
        let read = |path: &str| -> Result<File, Failed> {
            let bytes = fs::read(root.join(path)).map_err(Failed::io(format!("cannot read {path}")))?;
            Ok(File { path: path.to_owned(), text: String::from_utf8(bytes).unwrap_or_default() })
        };
        Ok(Self { files: files.map(read).collect::<Result<_, _>>()? })
    }

    /// Whether there is a file with this path or a folder with something in it.
    pub(crate) fn has(&self, path: &str) -> bool {
        let path = path.trim_end_matches('/');
        let below = format!("{path}/");
        self.files.iter().any(|file| file.path == path || file.path.starts_with(&below))
    }

    /// The text of a file; empty if there is none.
    pub(crate) fn text(&self, path: &str) -> &str {
        self.files.iter().find(|file| file.path == path).map_or("", |file| &file.text)
    }

    /// The Rust files.
    pub(crate) fn rust(&self) -> impl Iterator<Item = &File> {
        self.files.iter().filter(|file| file.is_rust())
    }
}
