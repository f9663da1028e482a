//! Hostile input: an entry function per kind of input that comes from outside or from a disk.
//!
//! An entry returns when the program behaved: took the input or refused it. It panics when a promise is broken. The
//! tests of this crate call each with damaged samples on stable Rust; `fuzz/` wraps each as a target of cargo-fuzz, which finds
//! more and takes longer (`cargo xtask fuzz TARGET SECONDS`).

mod contract;
mod journal;
mod samples;

use weir_dmn::{Drg, Mode};
use weir_engine::{document::Document, event::Batch};
use weir_feel::{Dialect, Expression, Limits, Moment, Names, Value};

pub use contract::{grpc, rest};
pub use journal::journal;
pub use samples::samples;

/// An entry with its name.
pub type Entry = (&'static str, fn(&[u8]));

/// All entries.
pub const ENTRIES: [Entry; 9] = [
    ("bpmn", bpmn),
    ("dmn", dmn),
    ("feel", feel),
    ("json", json),
    ("document", document),
    ("batch", batch),
    ("journal", journal),
    ("grpc", grpc),
    ("rest", rest),
];

/// Limits under which hostile expressions are evaluated: small, so that a run is quick.
fn limits() -> Limits {
    Limits { fuel_steps: 20_000, memory_bytes: 4 * 1024 * 1024, list_items: 10_000, ..Limits::DEFAULT }
}

/// A BPMN file: a graph, or diagnostics that can be rendered.
pub fn bpmn(bytes: &[u8]) {
    match weir_bpmn::parse("fuzz.bpmn", bytes) {
        Ok(definitions) => assert!(!definitions.processes.is_empty(), "definitions without a process"),
        Err(errors) => {
            let source = String::from_utf8_lossy(bytes);
            assert!(!errors.render(&source).is_empty(), "refused without a reason");
        }
    }
}

/// A DMN file, in both modes: all its decisions are evaluated, with no inputs.
pub fn dmn(bytes: &[u8]) {
    let none: [(&str, &str); 0] = [];
    for mode in [Mode::Standard, Mode::Zeebe] {
        match Drg::parse(bytes, mode) {
            Ok(graph) => {
                for decision in graph.decisions().take(20) {
                    let _outcome = graph.evaluate(decision.id, &none, &Moment::default(), &limits());
                }
            }
            Err(errors) => assert!(!errors.to_string().is_empty(), "refused without a reason"),
        }
    }
}

/// FEEL, in both dialects, as an expression and as unary tests.
pub fn feel(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let variables = [("a", "1"), ("b", "\"text\""), ("c", "[1, {\"d\": null}]")];
    for dialect in [Dialect::Bpmn, Dialect::Dmn] {
        match Expression::compile(text, dialect, &Names::default()) {
            Ok(expression) => {
                let _outcome = expression.evaluate(&variables, &Moment::default(), &limits());
            }
            Err(errors) => assert!(!errors.to_string().is_empty(), "refused without a reason"),
        }
        if let Ok(tests) = Expression::compile_unary_tests(text, dialect, &Names::default()) {
            let input = Value::Null;
            let _outcome = tests.evaluate_unary_tests(&input, &variables, &Moment::default(), &limits());
        }
    }
}

/// JSON as FEEL reads it: what was read is written and read again as the same.
pub fn json(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Ok(value) = Value::from_json(text) {
        let written = value.to_exact_json();
        let again = Value::from_json(&written);
        assert!(again.is_ok_and(|again| again.to_exact_json() == written), "not read again: {written}");
    }
}

/// Variables as clients send them: what was taken is written and taken again as the same.
pub fn document(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Ok(document) = Document::parse(text) {
        assert_eq!(Document::parse(&document.to_json()), Ok(document), "not read again");
    }
}

/// A batch of events as the journal gives it back: what was decoded is encoded and decoded as the same.
pub fn batch(bytes: &[u8]) {
    if let Ok(batch) = Batch::from_bytes(bytes) {
        let again = Batch::from_bytes(&batch.to_bytes());
        assert!(again.is_ok_and(|again| again == batch), "not decoded again");
    }
}
