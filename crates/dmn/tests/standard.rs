//! The standard mode, and what both modes share: hit policies, inputs, models with errors, test files.

use weir_dmn::testcase::{TestSuite, is_test_file};
use weir_dmn::{Drg, Mode};
use weir_feel::{Limits, Moment, Value};

fn model(elements: &str) -> String {
    format!(
        "<definitions xmlns='https://www.omg.org/spec/DMN/20230324/MODEL/' id='d' name='d' namespace='n'>{elements}</definitions>"
    )
}

/// Three rules over `x`: below 10 gives 3, below 20 gives 1, above 5 gives 2.
fn table(attributes: &str, output: &str) -> String {
    let rules = [("&lt; 10", 3), ("&lt; 20", 1), ("&gt; 5", 2)].map(|(test, output)| {
        format!(
            "<rule><inputEntry><text>{test}</text></inputEntry><outputEntry><text>{output}</text></outputEntry></rule>"
        )
    });
    model(&format!(
        "<inputData id='x' name='x'><variable name='x' typeRef='number'/></inputData>\
         <decision id='t' name='t'><variable name='t'/><informationRequirement><requiredInput href='#x'/></informationRequirement>\
         <decisionTable {attributes}><input><inputExpression typeRef='number'><text>x</text></inputExpression></input>\
         <output>{output}</output>{}</decisionTable></decision>",
        rules.concat()
    ))
}

fn evaluate(model: &str, mode: Mode, x: i64) -> Result<String, String> {
    let drg = Drg::parse(model.as_bytes(), mode).unwrap();
    let inputs = vec![("x".into(), Value::from(x))];
    let outcome = drg.evaluate("t", &inputs, &Moment::default(), &Limits::DEFAULT);
    outcome.output.map(|value| value.to_json()).map_err(|failure| failure.message)
}

#[test]
fn every_hit_policy_and_aggregation_in_both_modes() {
    const FAILS: &str = "fails";
    let values = "<outputValues><text>2, 1, 3</text></outputValues>";
    // Attributes, the answer for 7, for 15, and for 30.
    let table_of_answers = [
        ("", FAILS, FAILS, "2"),
        ("hitPolicy='UNIQUE'", FAILS, FAILS, "2"),
        ("hitPolicy='FIRST'", "3", "1", "2"),
        ("hitPolicy='ANY'", FAILS, FAILS, "2"),
        ("hitPolicy='PRIORITY'", "2", "2", "2"),
        ("hitPolicy='OUTPUT ORDER'", "[2,1,3]", "[2,1]", "[2]"),
        ("hitPolicy='RULE ORDER'", "[3,1,2]", "[1,2]", "[2]"),
        ("hitPolicy='COLLECT'", "[3,1,2]", "[1,2]", "[2]"),
        ("hitPolicy='COLLECT' aggregation='SUM'", "6", "3", "2"),
        ("hitPolicy='COLLECT' aggregation='MIN'", "1", "1", "2"),
        ("hitPolicy='COLLECT' aggregation='MAX'", "3", "2", "2"),
        ("hitPolicy='COLLECT' aggregation='COUNT'", "3", "2", "1"),
    ];
    for (attributes, seven, fifteen, thirty) in table_of_answers {
        let model = table(attributes, values);
        for mode in [Mode::Standard, Mode::Zeebe] {
            for (x, expected) in [(7, seven), (15, fifteen), (30, thirty)] {
                let answer = evaluate(&model, mode, x).unwrap_or_else(|_message| FAILS.to_owned());
                assert_eq!(answer, expected, "{attributes} for {x} in {mode:?}");
            }
        }
    }
}

#[test]
fn a_default_output_stands_in_when_no_rule_matches() {
    let one = table("hitPolicy='FIRST'", "<defaultOutputEntry><text>0</text></defaultOutputEntry>")
        .replace("&gt; 5", "&lt; 5");
    for mode in [Mode::Standard, Mode::Zeebe] {
        assert_eq!(evaluate(&one, mode, 30).unwrap(), "0");
        assert_eq!(evaluate(&one.replace("FIRST", "COLLECT"), mode, 30).unwrap(), "0");
        assert_eq!(evaluate(&one.replace("FIRST", "COLLECT"), mode, 15).unwrap(), "[1]");
    }
}

#[test]
fn a_value_beyond_the_allowed_ones_fails_the_table_in_the_standard_only() {
    let allowed = table("hitPolicy='FIRST'", "")
        .replace("</inputExpression>", "</inputExpression><inputValues><text>[0..20]</text></inputValues>");
    assert_eq!(evaluate(&allowed, Mode::Standard, 7).unwrap(), "3");
    assert!(evaluate(&allowed, Mode::Standard, 30).unwrap_err().contains("not allowed"));
    assert_eq!(evaluate(&allowed, Mode::Zeebe, 30).unwrap(), "2");
}

#[test]
fn a_type_constraint_is_for_the_whole_and_allowed_values_for_each() {
    let typed = |inside: &str, collection: &str| {
        model(&format!(
            "<itemDefinition name='T' isCollection='{collection}'><typeRef>number</typeRef>{inside}</itemDefinition>\
             <inputData id='x' name='x'><variable name='x' typeRef='T'/></inputData>\
             <decision id='t' name='t'><variable name='t'/><informationRequirement><requiredInput href='#x'/></informationRequirement>\
             <literalExpression><text>x</text></literalExpression></decision>"
        ))
    };
    let answer = |model: &str, x: &str| {
        let drg = Drg::parse(model.as_bytes(), Mode::Standard).unwrap();
        let inputs = vec![("x".into(), Value::from_json(x).unwrap())];
        drg.evaluate("t", &inputs, &Moment::default(), &Limits::DEFAULT).output.unwrap().to_json()
    };
    let each = typed("<allowedValues><text>1, 2</text></allowedValues>", "true");
    assert_eq!((answer(&each, "[1,2,1]"), answer(&each, "[1,3]")), ("[1,2,1]".to_owned(), "null".to_owned()));
    let whole = typed("<typeConstraint><text>count(?) = 2</text></typeConstraint>", "true");
    assert_eq!((answer(&whole, "[8,9]"), answer(&whole, "[8]")), ("[8,9]".to_owned(), "null".to_owned()));
    let one = typed("<typeConstraint><text>&gt; 5</text></typeConstraint>", "false");
    assert_eq!((answer(&one, "6"), answer(&one, "5")), ("6".to_owned(), "null".to_owned()));
}

#[test]
fn one_bad_cell_refuses_the_model_but_fails_only_what_evaluates_it_in_a_trial() {
    let model = table("hitPolicy='FIRST'", "").replace("&lt; 20", "20 &lt;");
    for mode in [Mode::Standard, Mode::Zeebe] {
        let problems = Drg::parse(model.as_bytes(), mode).unwrap_err();
        assert_eq!(problems.iter().count(), 1, "{problems}");
        assert!(problems.to_string().contains("failed to parse expression '20 <'"), "{problems}");
        let drg = Drg::parse_despite_feel_errors(model.as_bytes(), &[], mode).unwrap();
        let run = |x: i64| {
            let inputs = vec![("x".into(), Value::from(x))];
            drg.evaluate("t", &inputs, &Moment::default(), &Limits::DEFAULT).output
        };
        // The first rule matches before the bad cell is looked at.
        assert_eq!(run(7).unwrap().to_json(), "3");
        assert!(run(15).unwrap_err().message.contains("failed to parse expression '20 <'"));
    }
}

#[test]
fn inputs_and_names_are_those_of_all_required_elements() {
    let model = model(
        "<inputData id='x' name='x'><variable name='x'/></inputData><inputData id='y' name='y'><variable name='y'/></inputData>\
         <decision id='a' name='a'><variable name='a'/><informationRequirement><requiredInput href='#x'/></informationRequirement>\
         <literalExpression><text>x + z</text></literalExpression></decision>\
         <decision id='b' name='b'><variable name='b'/><informationRequirement><requiredDecision href='#a'/></informationRequirement>\
         <literalExpression><text>a</text></literalExpression></decision>",
    );
    let drg = Drg::parse(model.as_bytes(), Mode::Zeebe).unwrap();
    assert_eq!(drg.inputs("b").into_iter().collect::<Vec<_>>(), ["x"]);
    let names: Vec<String> = drg.names_read("b").iter().map(|name| (**name).to_owned()).collect();
    assert_eq!(names, ["a", "b", "x", "z"]);
    let outcome = drg.evaluate("b", &(), &Moment::default(), &Limits::DEFAULT);
    assert!(!outcome.warnings.is_empty(), "missing variables are told");
}

#[test]
fn untyped_values_of_a_test_take_the_declared_type() {
    let model = model(
        "<itemDefinition name='Order'><itemComponent name='day'><typeRef>date</typeRef></itemComponent>\
         <itemComponent name='code'><typeRef>string</typeRef></itemComponent></itemDefinition>\
         <inputData id='o' name='o'><variable name='o' typeRef='Order'/></inputData>\
         <decision id='t' name='t'><variable name='t' typeRef='string'/><informationRequirement><requiredInput href='#o'/></informationRequirement>\
         <literalExpression><text>o.code + string(o.day.year)</text></literalExpression></decision>",
    );
    let tests = "<testCases><modelName>m.dmn</modelName><testCase id='1'><inputNode name='o'>\
         <component name='day'><value>2024-02-29</value></component><component name='code'><value>7</value></component></inputNode>\
         <resultNode name='t'><expected><value>72024</value></expected></resultNode></testCase></testCases>";
    assert!(is_test_file(tests.as_bytes()) && !is_test_file(model.as_bytes()));
    let drg = Drg::parse(model.as_bytes(), Mode::Standard).unwrap();
    let suite = TestSuite::parse(tests.as_bytes()).unwrap();
    let results = suite.run("t.xml", Ok(&drg), &Moment::default(), &Limits::DEFAULT);
    assert!(results[0].passed(), "{results:?}");
    let results = suite.run("t.xml", Err("there is no model"), &Moment::default(), &Limits::DEFAULT);
    assert_eq!(results[0].nodes[0].difference.as_deref(), Some("there is no model"));
}
