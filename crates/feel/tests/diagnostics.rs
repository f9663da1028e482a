//! What users read when something is wrong.

use weir_feel::{Dialect, Expression, Limits, Moment, Names, near_name};

fn errors(text: &str) -> Vec<String> {
    let diagnostics = Expression::compile(text, Dialect::Bpmn, &Names::default()).unwrap_err();
    let items = diagnostics.items().iter();
    items
        .map(|item| {
            let (line, column) = item.span.line_and_column(text);
            format!("{line}:{column} {}", item.message)
        })
        .collect()
}

#[test]
fn errors_say_where_and_what() {
    assert_eq!(errors("x +"), ["1:4 expected an expression, found the end"]);
    assert_eq!(errors("1 +\n  * 2"), ["2:3 expected an expression, found \"*\""]);
    assert_eq!(errors("\"abc"), ["1:1 expected an expression, found a string without closing quote"]);
    assert_eq!(errors("a b"), ["1:3 expected an operator or the end, found \"b\""]);
    assert_eq!(errors("if a then b"), ["1:12 expected \"else\", found the end"]);
}

#[test]
fn all_errors_are_reported_at_once() {
    let found = errors("[1 + , 2 * ] + f(3 -, {a: })");
    assert_eq!(found.len(), 4, "{found:?}");
}

#[test]
fn the_source_is_underlined() {
    let diagnostics = Expression::compile("amount >\n  * 5", Dialect::Bpmn, &Names::default()).unwrap_err();
    let expected = "error: expected an expression, found \"*\"\n --> 2:3\n  |\n2 |   * 5\n  |   ^\n";
    assert_eq!(diagnostics.render(), expected);
}

#[test]
fn the_text_of_a_rejected_deployment_starts_as_clients_know_it() {
    let diagnostics = Expression::compile("x +", Dialect::Bpmn, &Names::default()).unwrap_err();
    let text = diagnostics.to_string();
    assert_eq!(text, "failed to parse expression 'x +': expected an expression, found the end:1:4");
}

#[test]
fn warnings_have_a_kind_a_text_and_a_place() {
    let expression = Expression::compile("1 + unknown", Dialect::Bpmn, &Names::default()).unwrap();
    let evaluation = expression.evaluate(&(), &Moment::default(), &Limits::DEFAULT).unwrap();
    assert!(evaluation.value.is_null());
    let texts: Vec<String> = evaluation.warnings.iter().map(ToString::to_string).collect();
    assert_eq!(
        texts,
        [
            "[NO_VARIABLE_FOUND] No variable found with name 'unknown'",
            "[INVALID_TYPE] Can't add 'null' to '1'"
        ]
    );
    let rendered = evaluation.warnings[0].render(expression.text());
    assert!(rendered.ends_with("1 | 1 + unknown\n  |     ^^^^^^^\n"), "{rendered}");
}

#[test]
fn an_assertion_fails_with_its_cause_and_the_warnings() {
    let text = "assert(x, x != null, \"x is needed\")";
    let expression = Expression::compile(text, Dialect::Bpmn, &Names::default()).unwrap();
    let error = expression.evaluate(&(), &Moment::default(), &Limits::DEFAULT).unwrap_err();
    assert_eq!(error.message, format!("Assertion failure on evaluate the expression '{text}': x is needed"));
    assert!(error.to_string().contains(
        " The evaluation reported the following warnings:\n[NO_VARIABLE_FOUND] No variable found with name 'x'"
    ));
}

#[test]
fn near_names_are_suggested() {
    assert_eq!(near_name("amuont", ["amount", "shipping"]), Some("amount"));
    assert_eq!(near_name("zzz", ["amount", "shipping"]), None);
}
