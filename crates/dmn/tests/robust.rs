//! Bad input gets an error, never a panic: models of the compatibility kit, damaged at random places, in both modes.

#![expect(clippy::disallowed_methods, reason = "the crate is pure; its tests read the kit's files")]

use std::fs;
use std::path::{Path, PathBuf};

use weir_dmn::testcase::TestSuite;
use weir_dmn::{Drg, Mode};
use weir_feel::{Limits, Moment};

/// A small generator, so that a failure can be repeated.
struct Random(u64);

impl Random {
    fn below(&mut self, most: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % most.max(1)
    }
}

fn files(path: &Path, into: &mut Vec<PathBuf>) {
    let mut entries: Vec<_> = fs::read_dir(path).unwrap().map(|e| e.unwrap().path()).collect();
    entries.sort();
    for entry in entries {
        if entry.is_dir() { files(&entry, into) } else { into.push(entry) }
    }
}

fn damaged(bytes: &[u8], random: &mut Random) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for _ in 0..=random.below(3) {
        let from = random.below(bytes.len());
        let to = (from + random.below(40)).min(bytes.len());
        match random.below(4) {
            0 => drop(bytes.drain(from..to)),
            1 => {
                let piece = bytes[from..to].to_vec();
                let at = random.below(bytes.len());
                bytes.splice(at..at, piece);
            }
            2 => bytes[from] = b"<>\"'&/ \0\xff(){}[]-.,"[random.below(18)],
            _ => {
                let last = bytes.len() - 1;
                bytes.swap(from, to.min(last));
            }
        }
        if bytes.is_empty() {
            break;
        }
    }
    bytes
}

#[test]
fn damaged_models_and_test_files_are_errors_at_worst() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/conformance/dmn-tck/TestCases");
    let mut all = Vec::new();
    files(&root, &mut all);
    let mut random = Random(20_261_121);
    for file in all {
        let bytes = fs::read(&file).unwrap();
        if bytes.len() > 60_000 || bytes.is_empty() {
            continue;
        }
        for _ in 0..6 {
            if bytes.is_empty() {
                continue;
            }
            let bytes = damaged(&bytes, &mut random);
            if file.extension().is_some_and(|e| e == "xml") {
                let _ = TestSuite::parse(&bytes);
                continue;
            }
            for mode in [Mode::Standard, Mode::Zeebe] {
                let Ok(drg) = Drg::parse(&bytes, mode) else { continue };
                let limits = Limits { fuel_steps: 20_000, ..Limits::DEFAULT };
                for decision in drg.decisions() {
                    let _ = drg.evaluate(decision.id, &(), &Moment::default(), &limits);
                }
            }
        }
    }
}

#[test]
fn recursion_ends_with_a_limit() {
    let nested = "<context><contextEntry><variable name='a'/>".repeat(40);
    let closing = "</contextEntry></context>".repeat(40);
    for (open, close) in [("", ""), (nested.as_str(), closing.as_str())] {
        let model = format!(
            "<definitions xmlns='https://www.omg.org/spec/DMN/20191111/MODEL/' id='d' name='d' namespace='n'>\
             <businessKnowledgeModel id='f' name='f'><encapsulatedLogic><formalParameter name='p'/>\
             {open}<literalExpression><text>f(p + 1)</text></literalExpression>{close}\
             </encapsulatedLogic></businessKnowledgeModel>\
             <decision id='r' name='r'><knowledgeRequirement><requiredKnowledge href='#f'/></knowledgeRequirement>\
             <literalExpression><text>f(1)</text></literalExpression></decision></definitions>"
        );
        for mode in [Mode::Standard, Mode::Zeebe] {
            let drg = Drg::parse(model.as_bytes(), mode).unwrap();
            let outcome = drg.evaluate("r", &(), &Moment::default(), &Limits::DEFAULT);
            assert!(outcome.output.unwrap_err().message.contains("depth_nodes"));
        }
    }
}

#[test]
fn a_business_knowledge_model_may_call_itself_two_hundred_times() {
    let model = "<definitions xmlns='https://www.omg.org/spec/DMN/20191111/MODEL/' id='d' name='d' namespace='n'>\
         <businessKnowledgeModel id='f' name='f'><encapsulatedLogic><formalParameter name='p'/>\
         <literalExpression><text>if p = 0 then 0 else 1 + f(p - 1)</text></literalExpression>\
         </encapsulatedLogic></businessKnowledgeModel>\
         <decision id='r' name='r'><knowledgeRequirement><requiredKnowledge href='#f'/></knowledgeRequirement>\
         <literalExpression><text>f(200)</text></literalExpression></decision></definitions>";
    let drg = Drg::parse(model.as_bytes(), Mode::Standard).unwrap();
    let run = move || drg.evaluate("r", &(), &Moment::default(), &Limits::DEFAULT).output.unwrap();
    let thread = std::thread::Builder::new().stack_size(2 * 1024 * 1024);
    assert_eq!(thread.spawn(run).unwrap().join().unwrap().to_json(), "200");
}

#[test]
fn a_long_chain_of_decisions_needs_no_stack() {
    let mut elements = String::new();
    for at in 0..2_000 {
        let requirement = if at == 0 {
            String::new()
        } else {
            format!(
                "<informationRequirement><requiredDecision href='#d{}'/></informationRequirement>",
                at - 1
            )
        };
        elements.push_str(&format!(
            "<decision id='d{at}' name='d{at}'>{requirement}<literalExpression><text>1</text></literalExpression></decision>"
        ));
    }
    let model = format!(
        "<definitions xmlns='https://www.omg.org/spec/DMN/20191111/MODEL/' id='d' name='d' namespace='n'>{elements}</definitions>"
    );
    let drg = Drg::parse(model.as_bytes(), Mode::Standard).unwrap();
    let outcome = drg.evaluate("d1999", &(), &Moment::default(), &Limits::DEFAULT);
    assert_eq!(outcome.evaluated.len(), 2_000);
    assert_eq!(outcome.output.unwrap().to_json(), "1");
}
