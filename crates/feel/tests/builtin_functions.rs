//! Built-in functions of lists, strings, numbers, contexts, conversion and booleans: all overloads, named arguments,
//! null and wrong types, in both dialects. The temporal ones are in `temporal_functions.rs`.

use weir_feel::{Dialect, Expression, Limits, Moment, Names};

/// The result as FEEL text with strings in quotes; `null!` for null with a warning, `error` for a failure.
fn evaluate(text: &str, dialect: Dialect) -> String {
    let compiled = match Expression::compile(text, dialect, &Names::default()) {
        Ok(compiled) => compiled,
        Err(error) => return format!("parse: {error}"),
    };
    match compiled.evaluate(&(), &Moment::default(), &Limits::DEFAULT) {
        Ok(evaluation) if evaluation.value.is_null() && !evaluation.warnings.is_empty() => "null!".to_owned(),
        Ok(evaluation) => {
            let list = weir_feel::Value::from(vec![evaluation.value]).to_text(dialect);
            list[1..list.len() - 1].to_owned()
        }
        Err(error) => format!("error: {error}"),
    }
}

/// Expression, result in the BPMN dialect, result in DMN.
type Table = [(&'static str, &'static str, &'static str)];

#[track_caller]
fn check(table: &Table) {
    let mut wrong = String::new();
    for (text, bpmn, dmn) in table {
        for (dialect, expected) in [(Dialect::Bpmn, bpmn), (Dialect::Dmn, dmn)] {
            let actual = evaluate(text, dialect);
            let same_failure =
                *expected == "error" && (actual.starts_with("error") || actual.starts_with("parse"));
            if actual != **expected && !same_failure {
                wrong.push_str(&format!("\n{text} in {dialect:?}: {actual}, not {expected}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn booleans() {
    check(&[
        ("not(true)", "false", "false"),
        ("not(negand: false)", "true", "true"),
        ("not(null)", "null", "null"),
        ("not(1)", "null", "null"),
        ("is(1, 1.0)", "null!", "true"),
        ("is(value1: 1, value2: \"1\")", "null!", "false"),
        ("is defined(1)", "true", "true"),
        ("is defined(value: null)", "false", "false"),
        ("get or else(1, 2)", "1", "1"),
        ("get or else(value: null, default: 2)", "2", "2"),
        ("get or else(null, null)", "null", "null"),
        ("assert(1, true)", "1", "null!"),
        ("assert(1, false)", "error", "null!"),
        ("assert(value: 1, condition: 1 > 0, cause: \"why\")", "1", "null!"),
        ("assert(1, false, \"why\")", "error", "null!"),
    ]);
}

#[test]
fn strings() {
    check(&[
        ("substring(\"foobar\", 3)", "\"obar\"", "\"obar\""),
        ("substring(\"foobar\", 3, 3)", "\"oba\"", "\"oba\""),
        ("substring(\"foobar\", -2, 1)", "\"a\"", "\"a\""),
        ("substring(string: \"foobar\", start position: 3)", "\"obar\"", "\"obar\""),
        ("substring(null, 1)", "null!", "null!"),
        ("substring(\"foobar\", \"3\")", "null!", "null!"),
        ("string length(\"tes\")", "3", "3"),
        ("string length(string: \"\")", "0", "0"),
        ("string length(null)", "null!", "null!"),
        ("string length(1)", "null!", "null!"),
        ("upper case(\"aBc4\")", "\"ABC4\"", "\"ABC4\""),
        ("lower case(string: \"aBc4\")", "\"abc4\"", "\"abc4\""),
        ("upper case(null)", "null!", "null!"),
        ("lower case(4)", "null!", "null!"),
        ("substring before(\"foobar\", \"bar\")", "\"foo\"", "\"foo\""),
        ("substring before(\"foobar\", \"xyz\")", "\"\"", "\"\""),
        ("substring after(string: \"foobar\", match: \"ob\")", "\"ar\"", "\"ar\""),
        ("substring after(\"\", \"a\")", "\"\"", "\"\""),
        ("substring after(null, \"a\")", "null!", "null!"),
        ("contains(\"foobar\", \"of\")", "false", "false"),
        ("contains(string: \"foobar\", match: \"oba\")", "true", "true"),
        ("contains(\"foobar\", null)", "null!", "null!"),
        ("starts with(\"foobar\", \"fo\")", "true", "true"),
        ("starts with(1, \"fo\")", "null!", "null!"),
        ("ends with(\"foobar\", \"r\")", "true", "true"),
        ("ends with(\"foobar\", null)", "null!", "null!"),
        ("trim(\"  a b \")", "\"a b\"", "\"a b\""),
        ("trim(null)", "null!", "null!"),
        ("is blank(\" \")", "true", "true"),
        ("is blank(string: \"x\")", "false", "false"),
        ("is blank(1)", "null!", "null!"),
        ("to base64(\"FEEL\")", "\"RkVFTA==\"", "null!"),
        ("from base64(value: \"RkVFTA==\")", "\"FEEL\"", "null!"),
        ("to base64(1)", "null!", "null!"),
        ("string join([\"a\", \"b\"])", "\"ab\"", "\"ab\""),
        ("string join([\"a\", null, \"b\"], \"-\")", "\"a-b\"", "\"a-b\""),
        ("string join(list: [\"a\", \"b\"], delimiter: \"X\")", "\"aXb\"", "\"aXb\""),
        ("string join([\"a\", \"b\"], \", \", \"[\", \"]\")", "\"[a, b]\"", "\"[a, b]\""),
        ("string join([1], \"-\")", "null!", "null!"),
    ]);
}

#[test]
fn numbers() {
    check(&[
        ("decimal(1/3, 2)", "0.33", "0.33"),
        ("decimal(n: 2.5, scale: 0)", "2", "2"),
        ("decimal(1.115, 2, \"HALF_UP\")", "1.12", "null!"),
        ("decimal(\"1\", 2)", "null!", "null!"),
        ("floor(-1.56)", "-2", "-2"),
        ("floor(-1.56, 1)", "-1.6", "-1.6"),
        ("floor(n: 1.5)", "1", "1"),
        ("ceiling(1.56)", "2", "2"),
        ("ceiling(n: -1.56, scale: 1)", "-1.5", "-1.5"),
        ("ceiling(null)", "null!", "null!"),
        ("round up(5.5, 0)", "6", "6"),
        ("round up(-1.126, 2)", "-1.13", "-1.13"),
        ("round down(n: 5.5, scale: 0)", "5", "5"),
        ("round half up(2.5, 0)", "3", "3"),
        ("round half down(2.5, 0)", "2", "2"),
        ("round half up(null, 0)", "null!", "null!"),
        ("round half down(1, \"0\")", "null!", "null!"),
        ("abs(-10)", "10", "10"),
        ("abs(n: @\"-PT5H\") = @\"PT5H\"", "true", "true"),
        ("abs(\"1\")", "null!", "null!"),
        ("modulo(12, 5)", "2", "2"),
        ("modulo(dividend: -12, divisor: 5)", "3", "3"),
        ("modulo(1, 0)", "error", "null!"),
        ("sqrt(16)", "4.0", "4"),
        ("sqrt(-3)", "null", "null"),
        ("odd(5)", "true", "true"),
        ("even(number: 5)", "false", "false"),
        ("even(null)", "null!", "null!"),
        ("decimal(exp(1), 3)", "2.718", "2.718"),
        ("decimal(log(number: 10), 3)", "2.303", "2.303"),
        ("log(0)", "null!", "null!"),
        ("exp(\"1\")", "null!", "null!"),
        ("random number() < 1", "true", "null!"),
    ]);
}

#[test]
fn lists() {
    check(&[
        ("list contains([1, 2, 3], 2)", "true", "true"),
        ("list contains(list: [1, null], element: null)", "true", "true"),
        ("list contains(null, 1)", "null!", "null!"),
        ("count([1, 2, 3])", "3", "3"),
        ("count(list: [])", "0", "0"),
        ("count([null])", "1", "1"),
        ("min([1, 2, 3])", "1", "1"),
        ("max(1, 2, 3)", "3", "3"),
        ("min([])", "null", "null"),
        ("sum([1, 2.5])", "3.5", "3.5"),
        ("sum(list: [1, 2])", "3", "3"),
        ("sum([1, \"a\"])", "null!", "null!"),
        ("product(2, 3, 4)", "24", "24"),
        ("mean([1, 2, 3])", "2", "2"),
        ("median(8, 2, 5, 3, 4)", "4", "4"),
        ("stddev([2, 4])", "1.4142135623730951", "1.414213562373095048801688724209698"),
        ("mode(6, 3, 9, 6, 6)", "[6]", "[6]"),
        ("mode([])", "[]", "[]"),
        ("all([true, false])", "false", "false"),
        ("all([])", "true", "true"),
        ("any([false, true])", "true", "true"),
        ("any(list: [])", "false", "false"),
        ("sublist([4, 5, 6], 2)", "[5, 6]", "[5, 6]"),
        ("sublist(list: [4, 5, 6], start position: 1, length: 2)", "[4, 5]", "[4, 5]"),
        ("sublist(null, 1)", "null!", "null!"),
        ("append([1], 2, 3)", "[1, 2, 3]", "[1, 2, 3]"),
        ("append([], null)", "[null]", "[null]"),
        ("concatenate([1, 2], [3])", "[1, 2, 3]", "[1, 2, 3]"),
        ("insert before([1, 3], 1, 2)", "[2, 1, 3]", "[2, 1, 3]"),
        ("insert before(list: [1], position: 1, newItem: null)", "[null, 1]", "[null, 1]"),
        ("remove([1, 2, 3], 2)", "[1, 3]", "[1, 3]"),
        ("remove(list: [1], position: \"1\")", "null!", "null!"),
        ("list replace([2, 4], 1, 6)", "null!", "[6, 4]"),
        ("list replace([2, 4, 7], function(item, newItem) item < newItem, 5)", "null!", "[5, 5, 7]"),
        ("reverse([1, 2])", "[2, 1]", "[2, 1]"),
        ("reverse(null)", "null!", "null!"),
        ("index of([1, 2, 3, 2], 2)", "[2, 4]", "[2, 4]"),
        ("index of(list: [1], match: null)", "[]", "[]"),
        ("union([1, 2], [2, 3])", "[1, 2, 3]", "[1, 2, 3]"),
        ("distinct values([1, 2, 1, null])", "[1, 2, null]", "[1, 2, null]"),
        ("duplicate values([1, 2, 1])", "[1]", "[1]"),
        ("flatten([[1, [2]], 3])", "[1, 2, 3]", "[1, 2, 3]"),
        ("flatten(null)", "null!", "null!"),
        ("sort([3, 1, 2], function(x, y) x < y)", "[1, 2, 3]", "[1, 2, 3]"),
        ("sort(list: [\"b\", \"a\"], precedes: function(x, y) x < y)", "[\"a\", \"b\"]", "[\"a\", \"b\"]"),
        ("is empty([])", "true", "true"),
        ("is empty({})", "null!", "true"),
        ("partition([1, 2, 3], 2)", "[[1, 2], [3]]", "[[1, 2], [3]]"),
        ("partition([1], 0)", "null!", "null!"),
    ]);
}

#[test]
fn contexts() {
    check(&[
        ("get value({a: 1}, \"a\")", "1", "1"),
        ("get value(m: {a: 1}, key: \"b\")", "null", "null"),
        ("get value({a: {b: 2}}, [\"a\", \"b\"])", "2", "null!"),
        ("get value(null, \"a\")", "null!", "null!"),
        ("get entries({a: 1}).key", "[\"a\"]", "[\"a\"]"),
        ("get entries(m: {a: 1}).value", "[1]", "[1]"),
        ("get entries(1)", "null!", "null!"),
        ("context put({a: 1}, \"b\", 2).b", "2", "2"),
        ("context put(context: {a: 1}, key: \"a\", value: null).a", "null", "null"),
        ("context put({a: {b: 1}}, [\"a\", \"b\"], 2).a.b", "2", "2"),
        ("context put(null, \"a\", 1)", "null!", "null!"),
        ("put({a: 1}, \"b\", 2).b", "2", "null!"),
        ("context merge([{a: 1}, {a: 2, b: 3}]).a", "2", "2"),
        ("context merge({a: 1}, {b: 2}).b", "2", "2"),
        ("put all({a: 1}, {b: 2}).b", "2", "null!"),
        ("context([{key: \"a\", value: 1}]).a", "1", "1"),
        ("context(entries: [{key: \"a\"}])", "null", "null"),
        ("context(1)", "null", "null"),
    ]);
}

#[test]
fn conversion() {
    check(&[
        ("string(1.10)", "\"1.10\"", "\"1.10\""),
        ("string(from: true)", "\"true\"", "\"true\""),
        ("string(null)", "null", "null"),
        ("string([1, \"a\"])", "\"[1, \"a\"]\"", "\"[1, \\\"a\\\"]\""),
        ("number(\"1500.5\")", "1500.5", "1500.5"),
        ("number(from: \"x\")", "null!", "null!"),
        ("number(\"1 500\", \" \")", "1500", "null!"),
        ("number(\"1.500,5\", \".\", \",\")", "1500.5", "1500.5"),
        ("number(\"1,5\", null, \",\")", "1.5", "1.5"),
        ("number(\"1\", \"-\", \".\")", "null!", "null!"),
        ("number(null)", "null!", "null!"),
        ("number(1)", "null!", "null!"),
        ("from json(\"[1, true]\")", "[1, true]", "null!"),
        ("from json(value: \"{\")", "null!", "null!"),
        ("to json({a: 1})", "\"{\"a\":1}\"", "null!"),
        ("to json(value: @\"P1D\")", "\"\"PT24H\"\"", "null!"),
    ]);
}
