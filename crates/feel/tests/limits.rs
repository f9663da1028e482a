//! Every limit, exceeded: the failure names it, and nothing overflows the stack.

use weir_feel::{Dialect, EvaluationErrorKind, Expression, Limits, Moment, Names, Value};

fn limit_of(text: &str, limits: &Limits) -> Option<&'static str> {
    let expression = Expression::compile(text, Dialect::Bpmn, &Names::default()).unwrap();
    let error = expression.evaluate(&(), &Moment::default(), limits).err()?;
    match error.kind {
        EvaluationErrorKind::Limit { name, limit } => {
            assert!(error.message.contains(&format!("{name} = {limit}")), "{}", error.message);
            Some(name)
        }
        EvaluationErrorKind::Failed => None,
    }
}

#[test]
fn fuel() {
    let limits = Limits { fuel_steps: 1_000, ..Limits::DEFAULT };
    assert_eq!(limit_of("count(for x in 1..100000 return x)", &limits), Some("fuel_steps"));
    assert_eq!(limit_of("some x in 1..100000 satisfies x < 0", &limits), Some("fuel_steps"));
    assert_eq!(limit_of("for x in 1..10 return x", &limits), None);
}

#[test]
fn nested_loops_end() {
    let forever = "for a in 1..1000000, b in 1..1000000, c in 1..1000000 return 1";
    assert!(matches!(
        limit_of(forever, &Limits::DEFAULT),
        Some("fuel_steps" | "list_items" | "memory_bytes")
    ));
}

#[test]
fn depth_of_recursion() {
    let omega = "{f: function(g) g(g), r: f(f)}.r";
    assert_eq!(limit_of(omega, &Limits::DEFAULT), Some("depth_nodes"));
}

#[test]
fn memory() {
    let limits = Limits { memory_bytes: 10_000, ..Limits::DEFAULT };
    assert_eq!(limit_of("for x in 1..100000 return x", &limits), Some("memory_bytes"));
}

#[test]
fn list_items() {
    let limits = Limits { list_items: 100, ..Limits::DEFAULT };
    assert_eq!(limit_of("for x in 1..101 return x", &limits), Some("list_items"));
    assert_eq!(limit_of("for x in 1..100 return x", &limits), None);
}

#[test]
fn string_bytes() {
    let limits = Limits { string_bytes: 10, ..Limits::DEFAULT };
    assert_eq!(limit_of("for x in [\"abcdef\"] return x + x", &limits), Some("string_bytes"));
    let doubling = format!("{}{}", "for a in [\"0123456789\"] return ", "upper case(a + a + a + a)");
    assert_eq!(limit_of(&doubling, &limits), Some("string_bytes"));
}

#[test]
fn depth_of_values() {
    let nested = "for i in 1..1000 return [partial[-1]]";
    assert_eq!(limit_of(nested, &Limits::DEFAULT), Some("value_depth_levels"));
    let functions = "for i in 1..1000 return function() partial[-1]";
    assert_eq!(limit_of(functions, &Limits::DEFAULT), Some("value_depth_levels"));
}

#[test]
fn depth_of_json() {
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    assert!(Value::from_json(&deep).unwrap_err().message.contains("value_depth_levels"));
    let expression = Expression::compile("x[1]", Dialect::Bpmn, &Names::default()).unwrap();
    assert!(expression.evaluate(&[("x", deep.as_str())], &Moment::default(), &Limits::DEFAULT).is_err());
}

#[test]
fn warnings_are_bounded() {
    let limits = Limits { warnings: 3, ..Limits::DEFAULT };
    let expression =
        Expression::compile("for x in 1..100 return y", Dialect::Bpmn, &Names::default()).unwrap();
    assert_eq!(expression.evaluate(&(), &Moment::default(), &limits).unwrap().warnings.len(), 3);
}

#[test]
fn depth_of_expressions() {
    let many = 100_000;
    let deep = [
        format!("{}1{}", "(".repeat(many), ")".repeat(many)),
        format!("{}1{}", "[".repeat(many), "]".repeat(many)),
        format!("{}1{}", "{a:".repeat(many), "}".repeat(many)),
        format!("{}1", "-".repeat(many)),
        format!("a{}", ".b".repeat(many)),
        format!("a{}", "[1]".repeat(many)),
        format!("a{}", "(1)".repeat(many)),
        "if a then 1 else ".repeat(many) + "1",
        "for x in y return ".repeat(many) + "1",
        "function(x) ".repeat(many) + "1",
        "1 in ".repeat(many) + "1",
        "1 in (".repeat(many) + "1",
        "1 in [".repeat(many) + "1",
        "x instance of ".to_owned() + &"list<".repeat(many),
        "not(".repeat(many),
        "{".repeat(many),
        "< ".repeat(many) + "1",
    ];
    for text in deep {
        for dialect in [Dialect::Bpmn, Dialect::Dmn] {
            let start = &text[..text.len().min(20)];
            assert!(Expression::compile(&text, dialect, &Names::default()).is_err(), "{start}");
            assert!(Expression::compile_unary_tests(&text, dialect, &Names::default()).is_err(), "{start}");
        }
    }
}

#[test]
fn an_expression_may_be_max_depth_nodes_high() {
    use weir_feel::limits::compile::MAX_DEPTH_NODES;
    let nested = |lists: usize| format!("{}1{}", "[".repeat(lists), "]".repeat(lists));
    let compiled = |lists: usize| Expression::compile(&nested(lists), Dialect::Bpmn, &Names::default());
    // The number is a node, too.
    assert!(compiled(MAX_DEPTH_NODES - 1).is_ok());
    let error = compiled(MAX_DEPTH_NODES).unwrap_err();
    assert!(error.items()[0].message.contains("MAX_DEPTH_NODES"), "{error}");
}

#[test]
fn long_chains_are_no_depth() {
    for operator in ["+", "*", "and", "or", "-"] {
        let text = vec!["1"; 10_000].join(&format!(" {operator} "));
        let expression = Expression::compile(&text, Dialect::Bpmn, &Names::default()).unwrap();
        expression.evaluate(&(), &Moment::default(), &Limits::DEFAULT).unwrap();
    }
}

#[test]
fn text_bytes() {
    let text = " ".repeat(2 * 1024 * 1024) + "1";
    let error = Expression::compile(&text, Dialect::Bpmn, &Names::default()).unwrap_err();
    assert!(error.items()[0].message.contains("MAX_TEXT_BYTES"));
}

#[test]
fn the_deepest_expression_evaluates_on_a_small_stack() {
    for (open, close) in
        [("(1 + ", ")"), ("[", "]"), ("{a: ", "}"), ("-", ""), ("count(", ")"), ("if true then ", " else 2")]
    {
        let text = format!("{}x{}", open.repeat(180), close.repeat(180));
        let Ok(expression) = Expression::compile(&text, Dialect::Bpmn, &Names::default()) else { continue };
        let _ = expression.evaluate(&[("x", "1")], &Moment::default(), &Limits::DEFAULT);
    }
}

#[test]
fn expensive_mathematics_costs_fuel() {
    let limits = Limits { fuel_steps: 100_000, ..Limits::DEFAULT };
    for text in [
        "for i in 1..1000 return exp(i / 7)",
        "for i in 1..1000 return 1.5 ** i",
        "for i in 1..1000 return log(i)",
    ] {
        assert_eq!(limit_of(text, &limits), Some("fuel_steps"), "{text}");
    }
}
