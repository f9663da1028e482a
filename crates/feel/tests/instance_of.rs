//! `instance of` with types within types, and with named types (DMN 1.5 clause 10.3.2.9).

use weir_feel::{Dialect, Expression, Limits, Moment, Names, Type};

fn names() -> Names {
    let mut names = Names::new();
    let mut entries = Names::new();
    entries.insert("name", Type::String);
    entries.insert("age", Type::Number);
    names.insert_type("tPerson", Type::Context(entries));
    names.insert_type("tScores", Type::List(Box::new(Type::Number)));
    names
}

fn evaluate(text: &str, dialect: Dialect) -> String {
    match Expression::compile(text, dialect, &names()) {
        Ok(compiled) => {
            compiled.evaluate(&(), &Moment::default(), &Limits::DEFAULT).unwrap().value.to_text(dialect)
        }
        Err(_) => "parse".to_owned(),
    }
}

#[test]
fn values_are_instances_of_types() {
    let table = [
        ("[1, 2] instance of list<number>", "true"),
        ("[1, \"a\"] instance of list<number>", "false"),
        ("[1, \"a\"] instance of list<Any>", "true"),
        ("[] instance of list<string>", "true"),
        ("[[1], [2, 3]] instance of list<list<number>>", "true"),
        ("[[1], [\"a\"]] instance of list<list<number>>", "false"),
        ("[1, null] instance of list<number>", "true"),
        ("1 instance of list<number>", "false"),
        ("{a: 1} instance of context<a: number>", "true"),
        ("{a: 1, b: \"x\"} instance of context<a: number>", "true"),
        ("{a: \"x\"} instance of context<a: number>", "false"),
        ("{} instance of context<a: number>", "false"),
        ("{a: null} instance of context<a: number>", "true"),
        ("{a: {b: [1]}} instance of context<a: context<b: list<number>>>", "true"),
        ("{a: {b: [true]}} instance of context<a: context<b: list<number>>>", "false"),
        ("[1..3] instance of range<number>", "true"),
        ("[\"a\"..\"b\"] instance of range<number>", "false"),
        ("[@\"2024-01-01\"..@\"2024-01-02\"] instance of range<date>", "true"),
        ("(> 5) instance of range<number>", "true"),
        ("(function(a) a) instance of function<number> -> number", "true"),
        ("(function(a: number) a) instance of function<number> -> number", "true"),
        ("(function(a: string) a) instance of function<number> -> number", "false"),
        ("(function(a: Any) a) instance of function<number> -> number", "true"),
        ("(function(a: number) a) instance of function<Any> -> number", "false"),
        ("(function(a, b) a) instance of function<number> -> number", "false"),
        ("(function(a: list<Any>) a) instance of function<list<number>> -> Any", "true"),
        (
            "(function(a: context<x: number>) a) instance of function<context<x: number, y: string>> -> Any",
            "true",
        ),
        (
            "(function(a: context<x: number, y: string>) a) instance of function<context<x: number>> -> Any",
            "false",
        ),
        ("(function(a) a) instance of function", "true"),
        ("{name: \"A\", age: 3} instance of tPerson", "true"),
        ("{name: \"A\"} instance of tPerson", "false"),
        ("[1, 2] instance of tScores", "true"),
        ("[\"a\"] instance of tScores", "false"),
        ("[{name: \"A\", age: 3}] instance of list<tPerson>", "true"),
        ("@\"P1D\" instance of days and time duration", "true"),
        ("@\"P1D\" instance of years and months duration", "false"),
        ("null instance of Any", "false"),
        ("null instance of list<Any>", "false"),
        ("1 instance of list<nonsense>", "parse"),
    ];
    for (text, expected) in table {
        assert_eq!(evaluate(text, Dialect::Dmn), expected, "{text}");
    }
}
