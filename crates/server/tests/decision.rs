//! `weir decision` by hand: what it prints, and how it ends.

use std::{fs, path::Path, process::Command};

const MODEL: &str = r##"<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" id="d" name="d" namespace="n">
<inputData id="i" name="amount"><variable name="amount"/></inputData>
<decision id="discount" name="Discount"><informationRequirement><requiredInput href="#i"/></informationRequirement>
<literalExpression><text>if amount > 100 then 0.1 else 0</text></literalExpression></decision>
<decision id="broken" name="Broken"><literalExpression><text>1 +</text></literalExpression></decision>
</definitions>"##;

const TESTS: &str = r#"<testCases><modelName>m.dmn</modelName>
<testCase id="1"><inputNode name="amount"><value>200</value></inputNode>
<resultNode name="Discount"><expected><value>0.1</value></expected></resultNode></testCase>
<testCase id="2"><inputNode name="amount"><value>1</value></inputNode>
<resultNode name="Discount"><expected><value>5</value></expected></resultNode></testCase></testCases>"#;

/// Exit code, standard output and standard error of `weir decision ...` in a folder.
fn decision(folder: &Path, arguments: &[&str]) -> (i32, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_weir"));
    let output = command.arg("decision").args(arguments).current_dir(folder).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, content) in files {
        fs::write(folder.path().join(name), content).unwrap();
    }
    folder
}

#[test]
fn eval_runs_what_can_be_run_and_tells_of_the_rest() {
    let folder = folder(&[("m.dmn", MODEL)]);
    let eval = |more: &[&str]| decision(folder.path(), &[&["eval", "m.dmn"], more].concat());
    let (code, out, err) = eval(&["discount", "--var", "amount=200"]);
    assert!(code == 0 && out.ends_with("= 0.1\n"), "{out}");
    assert!(err.contains("failed to parse expression '1 +'"), "the model cannot be deployed: {err}");
    let (code, out, _) = eval(&["broken"]);
    assert!(code == 1 && out.contains("failed"), "{out}");
    let (code, out, _) = eval(&["discount", "--var", "amuont=200"]);
    assert!(code == 0 && out.contains("did you mean 'amount'?") && out.contains("it is null"), "{out}");
    let (code, out, _) = eval(&["discount", "--input", "{\"amount\": 200}", "--json"]);
    let json: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!((code, json["output"].to_string()), (0, "0.1".to_owned()));
}

#[test]
fn eval_says_what_was_named_wrongly() {
    let folder = folder(&[("m.dmn", MODEL)]);
    let (code, _, err) = decision(folder.path(), &["eval", "m.dmn", "discuont"]);
    assert!(code == 2 && err.to_lowercase().contains("did you mean 'discount'?"), "{err}");
    let (code, _, err) = decision(folder.path(), &["eval", "m.dmn"]);
    assert!(code == 2 && err.contains("which decision is meant?"), "{err}");
    let (code, _, err) = decision(folder.path(), &["eval", "none.dmn", "x"]);
    assert!(code == 2 && err.contains("none.dmn"), "{err}");
    let (code, _, err) = decision(folder.path(), &["eval", "m.dmn", "discount", "--input", "{amount"]);
    assert!(code == 2 && !err.is_empty(), "{err}");
}

#[test]
fn test_counts_shows_differences_and_goes_on_without_a_model() {
    let lost = TESTS.replace("m.dmn", "lost.dmn");
    let files = [
        ("m.dmn", MODEL),
        ("a.xml", TESTS),
        ("b.xml", &lost),
        ("c.xml", "<project/>"),
        ("d.xml", "<testCases><oops>"),
    ];
    let folder = folder(&files);
    let (code, out, _) = decision(folder.path(), &["test", ".", "--junit", "report.xml"]);
    assert_eq!(code, 1);
    assert!(out.contains("Discount: expected 5, got 0"), "{out}");
    assert!(out.contains("lost.dmn") && out.contains("cannot be read"), "{out}");
    assert!(out.ends_with("1 passed, 4 failed\n"), "{out}");
    let report = fs::read_to_string(folder.path().join("report.xml")).unwrap();
    assert!(report.contains("tests=\"5\" failures=\"4\""), "{report}");
    let (code, out, _) = decision(folder.path(), &["test", "a.xml", "--json"]);
    let json: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!((code, json["passed"].as_u64(), json["failed"].as_u64()), (1, Some(1), Some(1)));
    let (code, _, err) = decision(folder.path(), &["test", "c.xml"]);
    assert!(code == 2 && err.contains("not a file of test cases"), "{err}");
}
