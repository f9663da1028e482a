//! The reference models of the BPMN Model Interchange Working Group: every file is read, and what becomes of it is
//! recorded: as it stands, and as if all its processes were executable.

use std::fs;
use std::path::{Path, PathBuf};

use crate::support::lines;
use expect_test::expect_file;
use weir_bpmn::parse;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/conformance/bpmn-miwg")
}

#[expect(clippy::disallowed_methods, reason = "a test reads its data")]
fn models() -> Vec<(String, String)> {
    let mut models: Vec<_> = fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "bpmn"))
        .map(|path| {
            (path.file_stem().unwrap().to_str().unwrap().to_owned(), fs::read_to_string(&path).unwrap())
        })
        .collect();
    models.sort();
    models
}

/// What becomes of a model: its processes with their elements, and all diagnostics.
fn outcome(text: &str) -> String {
    let mut out = String::new();
    if let Ok(definitions) = parse("model.bpmn", text.as_bytes()) {
        for process in &definitions.processes {
            out += &format!(
                "process {} with {} elements and {} flows\n",
                process.id,
                process.elements.len(),
                process.flows.len()
            );
        }
    }
    out + &lines(text)
}

/// The model with all its processes executable.
fn executable(text: &str) -> String {
    let text = text.replace("isExecutable=\"false\"", "isExecutable=\"true\"");
    let mut out = String::new();
    for (nth, piece) in text.split("process id=").enumerate() {
        if nth > 0 {
            let tag = &piece[..piece.find('>').unwrap()];
            out += "process ";
            if !tag.contains("isExecutable") {
                out += "isExecutable=\"true\" ";
            }
            out += "id=";
        }
        out += piece;
    }
    out
}

#[test]
fn every_file_is_read() {
    let models = models();
    assert_eq!(models.len(), 21);
    for (name, text) in models {
        let found =
            format!("{}\n== with all processes executable\n{}", outcome(&text), outcome(&executable(&text)));
        expect_file![folder().join(format!("{name}.outcome.txt"))].assert_eq(&found);
        assert!(!found.contains("is not known inside"), "{name} holds an element that Weir does not know");
    }
}
