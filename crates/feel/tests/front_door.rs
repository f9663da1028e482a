//! The public seam: compile once, evaluate with variables as JSON or values, in both dialects.

use std::sync::Arc;

use weir_feel::{Context, Dialect, Expression, Limits, Moment, Names, Type, Value};

fn evaluate(text: &str, dialect: Dialect, names: &Names, variables: &Context) -> String {
    let expression = Expression::compile(text, dialect, names).unwrap_or_else(|error| panic!("{error}"));
    let evaluation = expression.evaluate(variables, &Moment::default(), &Limits::DEFAULT);
    evaluation.unwrap_or_else(|error| panic!("{error}")).value.to_json()
}

fn dmn(text: &str, json: &str) -> String {
    let context = Value::from_json(json).unwrap().as_context().unwrap().clone();
    let mut names = Names::new();
    for (name, value) in context.entries() {
        names.insert(name, type_of(value));
    }
    evaluate(text, Dialect::Dmn, &names, &context)
}

fn type_of(value: &Value) -> Type {
    match value {
        Value::Context(context) => {
            let mut names = Names::new();
            context.entries().iter().for_each(|(name, value)| names.insert(name, type_of(value)));
            Type::Context(names)
        }
        Value::List(items) => Type::List(Box::new(items.first().map_or(Type::Any, type_of))),
        _ => Type::Any,
    }
}

#[test]
fn json_variables_are_decoded_along_the_path_only() {
    let expression = Expression::compile("order.customer.age + 1", Dialect::Bpmn, &Names::default()).unwrap();
    // What is beside the path is not looked into: `1e` is no number.
    let variables = [("order", r#"{"bad": 1e, "customer": {"age": 41}}"#)];
    let value = expression.evaluate(&variables, &Moment::default(), &Limits::DEFAULT).unwrap().value;
    assert_eq!(value.to_json(), "42");
}

#[test]
fn broken_json_fails_the_evaluation() {
    let expression = Expression::compile("x", Dialect::Bpmn, &Names::default()).unwrap();
    let error = expression.evaluate(&[("x", "{")], &Moment::default(), &Limits::DEFAULT).unwrap_err();
    assert!(error.message.contains("the variable 'x' holds no JSON that can be read"), "{error}");
}

#[test]
fn what_an_expression_is_can_be_asked() {
    let compile = |text| Expression::compile(text, Dialect::Bpmn, &Names::default()).unwrap();
    assert_eq!(compile(" orderId ").as_variable(), Some("orderId"));
    assert_eq!(compile("a + b.c + a").as_variable(), None);
    let names: Vec<Arc<str>> = compile("a + b.c + a + (for i in d return i)").variables().to_vec();
    assert_eq!(names, ["a".into(), "b".into(), "d".into()] as [Arc<str>; 3]);
    assert_eq!(compile("1 + 2 * 3").constant().map(Value::to_json), Some("7".to_owned()));
    assert!(compile("now()").constant().is_none());
}

#[test]
fn names_with_spaces_and_operators_in_dmn() {
    assert_eq!(dmn("Loan amount * 2", r#"{"Loan amount": 21}"#), "42");
    assert_eq!(dmn("a-b + 1", r#"{"a-b": 1, "a": 100, "b": 1}"#), "2");
    assert_eq!(dmn("a - c", r#"{"a-b": 1, "a": 100, "c": 1}"#), "99");
    assert_eq!(
        dmn("applicant data.monthly income / 2", r#"{"applicant data": {"monthly income": 10}}"#),
        "5"
    );
    assert_eq!(
        dmn("people[first name = \"Bob\"].age", r#"{"people": [{"first name": "Bob", "age": 7}]}"#),
        "[7]"
    );
    assert_eq!(dmn("for each item in list of x return each item + 1", r#"{"list of x": [1, 2]}"#), "[2,3]");
    assert_eq!(dmn("{full price: 10, half: full price / 2}.half", "{}"), "5");
}

#[test]
fn the_standard_where_it_differs() {
    assert_eq!(dmn("[1, 2, 3][item > 1]", "{}"), "[2,3]");
    assert_eq!(dmn("5[1]", "{}"), "5");
    assert_eq!(dmn("[1..5].end", "{}"), "5");
    assert_eq!(dmn("3 in (< 5)", "{}"), "true");
    assert_eq!(dmn("(function(a: number) a + 1)(41)", "{}"), "42");
    assert_eq!(dmn("for x in [[1], [2, 3]], y in x return y", "{}"), "[1,2,3]");
    assert_eq!(dmn("[1, 2] instance of list<number>", "{}"), "true");
    assert_eq!(dmn("list replace([1, 2, 3], 2, 9)", "{}"), "[1,9,3]");
    assert_eq!(dmn("\"\\u0041\"", "{}"), "\"A\"");
    assert_eq!(dmn("1.5e2", "{}"), "150");
    assert_eq!(dmn("-2 ** 2", "{}"), "4");
}

#[test]
fn an_expression_is_shared_between_threads() {
    fn is_shared<T: Send + Sync + Clone>() {}
    is_shared::<Expression>();
    is_shared::<Value>();
}

#[test]
fn ranges_are_compared_in_dmn_only() {
    for text in ["[1..2] = [1..2]", "x = (1..5]", "[1..2] < 3", "]1..2] != 1"] {
        let error = Expression::compile(text, Dialect::Bpmn, &Names::default()).unwrap_err();
        assert!(error.to_string().contains("a range cannot be compared"), "{text}: {error}");
        Expression::compile(text, Dialect::Dmn, &Names::default()).unwrap();
    }
    for text in ["([1..2]) = true", "x in [1..2]", "[1, 2] = [1]", "before([1..2], 3) = true"] {
        let tree = weir_feel::parse(text, Dialect::Bpmn, &Names::default()).unwrap();
        let printed = tree.to_string();
        assert_eq!(weir_feel::parse(&printed, Dialect::Bpmn, &Names::default()), Ok(tree), "{printed}");
    }
}
