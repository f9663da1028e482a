//! The Zeebe mode: what decisions answer and how failures are worded, as measured on the engine inside Zeebe 8.9
//! (dmn-engine 1.11.0 with feel-engine 1.21.0).

use weir_dmn::{DecisionKind, Drg, Mode, Outcome};
use weir_feel::{Limits, Moment, Value};

/// A model with these elements.
fn model(elements: &str) -> String {
    format!(
        r#"<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" id="d" name="d" namespace="n">
{elements}
</definitions>"#
    )
}

/// A table over the input `x` with outputs `out` and, if rules have two, `num`.
fn table(id: &str, attributes: &str, outputs: &[&str], rules: &[(&str, &[&str])]) -> String {
    let escaped = |text: &str| text.replace('<', "&lt;");
    let cells = |name: &str, texts: &[&str]| -> String {
        texts.iter().map(|t| format!("<{name}><text>{}</text></{name}>", escaped(t))).collect()
    };
    let rules: String = rules
        .iter()
        .enumerate()
        .map(|(at, (test, out))| {
            format!("<rule id='r{at}'>{}{}</rule>", cells("inputEntry", &[*test]), cells("outputEntry", out))
        })
        .collect();
    let outputs: String =
        outputs.iter().enumerate().map(|(at, o)| format!("<output id='o{at}' {o}</output>")).collect();
    format!(
        "<decision id='{id}' name='{id}'><decisionTable id='t' {attributes}><input id='i' label='X'>\
         <inputExpression><text>x</text></inputExpression></input>{outputs}{rules}</decisionTable></decision>"
    )
}

fn literal(id: &str, inside: &str, text: &str) -> String {
    let text = text.replace('<', "&lt;");
    format!(
        "<decision id='{id}' name='{id}'>{inside}<literalExpression><text>{text}</text></literalExpression></decision>"
    )
}

const OVERLAPPING: [(&str, &[&str]); 3] = [("< 10", &["\"a\""]), ("< 20", &["\"b\""]), ("> 5", &["\"a\""])];

fn evaluate(elements: &str, decision: &str, variables: &[(&str, &str)]) -> Outcome {
    let drg = Drg::parse(model(elements).as_bytes(), Mode::Zeebe).unwrap();
    let variables: Vec<_> =
        variables.iter().map(|(name, json)| ((*name).into(), Value::from_json(json).unwrap())).collect();
    drg.evaluate(decision, &variables, &Moment::default(), &Limits::DEFAULT)
}

fn json(elements: &str, decision: &str, variables: &[(&str, &str)]) -> String {
    evaluate(elements, decision, variables).output.unwrap().to_json()
}

fn failure(elements: &str, decision: &str, variables: &[(&str, &str)]) -> String {
    evaluate(elements, decision, variables).output.unwrap_err().message
}

fn problems(elements: &str) -> String {
    Drg::parse(model(elements).as_bytes(), Mode::Zeebe).unwrap_err().to_string()
}

#[test]
fn hit_policies_answer_as_the_engine_does() {
    let one = ["name='out'>"];
    let with = |attributes: &str| table("t", attributes, &one, &OVERLAPPING);
    assert_eq!(json(&with("hitPolicy='FIRST'"), "t", &[("x", "15")]), "\"b\"");
    assert_eq!(json(&with("hitPolicy='COLLECT'"), "t", &[("x", "7")]), r#"["a","b","a"]"#);
    assert_eq!(json(&with("hitPolicy='RULE ORDER'"), "t", &[("x", "15")]), r#"["b","a"]"#);
    assert_eq!(json(&with("hitPolicy='COLLECT' aggregation='COUNT'"), "t", &[("x", "7")]), "3");
    assert_eq!(json(&with("hitPolicy='COLLECT' aggregation='COUNT'"), "t", &[("x", "\"s\"")]), "null");
    assert_eq!(json(&with("hitPolicy='COLLECT'"), "t", &[("x", "null")]), "null");
    assert_eq!(json(&with(""), "t", &[("x", "30")]), "\"a\"");
    let ordered = ["name='out'><outputValues><text>\"b\",\"a\"</text></outputValues>"];
    assert_eq!(
        json(&table("t", "hitPolicy='PRIORITY'", &ordered, &OVERLAPPING), "t", &[("x", "7")]),
        "\"b\""
    );
    let output_order = table("t", "hitPolicy='OUTPUT ORDER'", &ordered, &OVERLAPPING);
    assert_eq!(json(&output_order, "t", &[("x", "7")]), r#"["b","a","a"]"#);
}

#[test]
fn hit_policies_fail_with_the_engine_s_words() {
    let one = ["name='out'>"];
    let with = |attributes: &str| table("t", attributes, &one, &OVERLAPPING);
    assert_eq!(
        failure(&with(""), "t", &[("x", "15")]),
        r#"multiple values aren't allowed for UNIQUE hit policy. found: 'List(Map(out -> "b"), Map(out -> "a"))'"#
    );
    assert_eq!(
        failure(&with("hitPolicy='ANY'"), "t", &[("x", "7")]),
        r#"different values aren't allowed for ANY hit policy. found: 'List(Map(out -> "a"), Map(out -> "b"))'"#
    );
    assert_eq!(
        failure(&with("hitPolicy='COLLECT' aggregation='SUM'"), "t", &[("x", "7")]),
        r#"expected number but found '"a"'"#
    );
}

#[test]
fn several_outputs_are_a_context_and_a_lone_default_is_bare() {
    let two = ["name='out'><defaultOutputEntry><text>\"none\"</text></defaultOutputEntry>", "name='num'>"];
    let table = table("t", "", &two, &[("< 10", &["\"a\"", "1"])]);
    assert_eq!(json(&table, "t", &[("x", "1")]), r#"{"out":"a","num":1}"#);
    assert_eq!(json(&table, "t", &[("x", "10")]), "\"none\"");
}

#[test]
fn the_type_of_a_decision_is_checked_and_that_of_a_literal_is_not() {
    let typed = literal("t", "<variable name='t' typeRef='string'/>", "x + 1");
    assert_eq!(failure(&typed, "t", &[("x", "1")]), "expected 'string' but found '2'");
    assert_eq!(json(&typed, "t", &[]), "null");
    let inner = "<decision id='t' name='t'><literalExpression typeRef='number'><text>\"a\"</text></literalExpression></decision>";
    assert_eq!(json(inner, "t", &[]), "\"a\"");
}

#[test]
fn a_failing_required_decision_is_the_one_that_failed() {
    let requirement = "<informationRequirement><requiredDecision href='#ass'/></informationRequirement>";
    let elements = literal("ass", "", "assert(x, x > 10)") + &literal("root", requirement, "ass + 1");
    let outcome = evaluate(&elements, "root", &[("x", "1")]);
    let failure = outcome.output.unwrap_err();
    assert_eq!(&*failure.decision_id, "ass");
    assert_eq!(
        failure.message,
        "Assertion failure on evaluate the expression 'assert(x, x > 10)': The condition is not fulfilled"
    );
    assert_eq!(outcome.evaluated.iter().map(|d| &*d.id).collect::<Vec<_>>(), ["ass"]);
    assert_eq!(json(&elements, "root", &[("x", "11")]), "12");
}

#[test]
fn the_record_has_inputs_rules_and_outputs() {
    let requirement = "<informationRequirement><requiredDecision href='#t'/></informationRequirement>";
    let elements = table("t", "hitPolicy='FIRST'", &["name='out' label='Out'>"], &OVERLAPPING)
        + &literal("root", requirement, "t + \"!\"");
    let outcome = evaluate(&elements, "root", &[("x", "15")]);
    assert_eq!(outcome.output.unwrap().to_json(), "\"b!\"");
    let [table, root] = &outcome.evaluated[..] else { panic!("two decisions") };
    assert_eq!((table.kind, root.kind), (DecisionKind::DecisionTable, DecisionKind::LiteralExpression));
    assert_eq!(
        (&*table.inputs[0].id, &*table.inputs[0].name, table.inputs[0].value.to_json()),
        ("i", "X", "15".into())
    );
    let rule = &table.matched_rules[0];
    assert_eq!((&*rule.id, rule.index), ("r1", 2));
    assert_eq!(
        (&*rule.outputs[0].id, &*rule.outputs[0].name, rule.outputs[0].value.to_json()),
        ("o0", "Out", "\"b\"".into())
    );
    assert!(root.inputs.is_empty() && root.matched_rules.is_empty());
}

#[test]
fn every_variable_is_in_scope_and_names_are_escaped() {
    let knowledge = "<businessKnowledgeModel id='f' name='f'><encapsulatedLogic><formalParameter name='p'/>\
         <literalExpression><text>p + x</text></literalExpression></encapsulatedLogic></businessKnowledgeModel>";
    let requirement = "<knowledgeRequirement><requiredKnowledge href='#f'/></knowledgeRequirement>";
    let invocation = "<decision id='k' name='k'><knowledgeRequirement><requiredKnowledge href='#f'/></knowledgeRequirement>\
         <invocation><literalExpression><text>f</text></literalExpression><binding><parameter name='p'/>\
         <literalExpression><text>10</text></literalExpression></binding></invocation></decision>";
    let elements = format!("{knowledge}{}{invocation}", literal("r", requirement, "f(1) + x"));
    assert_eq!(json(&elements, "r", &[("x", "5")]), "11");
    assert_eq!(json(&elements, "k", &[("x", "5")]), "15");

    let spaced = "<decision id='a' name='a'><variable name='base rate'/><literalExpression><text>2</text></literalExpression></decision>";
    let requirement = "<informationRequirement><requiredDecision href='#a'/></informationRequirement>";
    let elements = format!("{spaced}{}", literal("b", requirement, "base rate * 3"));
    assert_eq!(json(&elements, "b", &[]), "6");
}

#[test]
fn deployment_reports_everything_at_once() {
    let cycle = "<informationRequirement><requiredDecision href='#a'/></informationRequirement>";
    let text = problems(&format!("{}\n{}", literal("a", cycle, "1 +"), literal("b", "", "if")));
    assert!(text.contains("Invalid DMN model: Cyclic dependencies between decisions detected."), "{text}");
    assert!(
        text.contains("2:") && text.contains("FEEL expression: failed to parse expression '1 +'"),
        "{text}"
    );
    assert!(text.contains("3:") && text.contains("failed to parse expression 'if'"), "{text}");

    let two = table("t", "hitPolicy='COLLECT' aggregation='SUM'", &["name='a'>", ">"], &[("-", &["1", "2"])]);
    let text = problems(&two);
    assert!(
        text.contains("hit policy 'COLLECT' with aggregator is not defined for compound output"),
        "{text}"
    );
    assert!(text.contains("no output name defined"), "{text}");

    let groovy = literal("g", "", "1")
        .replace("<literalExpression>", "<literalExpression expressionLanguage='groovy'>");
    assert!(problems(&groovy).contains("expression language 'groovy' is not supported"));
    assert!(problems("<decision name='x'/>").contains("no id"));
    assert!(problems(&table("t", "", &["name='a'>"], &[("< <", &["1"])])).contains("FEEL unary-tests"));
}

#[test]
fn a_test_that_is_no_boolean_does_not_match() {
    let table = table(
        "t",
        "hitPolicy='FIRST'",
        &["name='out'>"],
        &[("\"s\"", &["1"]), ("? + 1", &["2"]), ("-", &["3"])],
    );
    assert_eq!(json(&table, "t", &[("x", "1")]), "3");
}

#[test]
fn an_unknown_decision_is_a_failure() {
    let outcome = evaluate(&literal("a", "", "1"), "b", &[]);
    assert_eq!(outcome.output.unwrap_err().message, "no decision found for id 'b'");
    assert!(outcome.evaluated.is_empty());
}
