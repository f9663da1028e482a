//! Properties that hold for every expression, checked with random ones: printing and parsing give the same tree,
//! folding changes nothing, the compiled form says what a naive interpreter says, and nothing panics.

use std::sync::Arc;

use crate::ast::{ArithmeticOperator, ComparisonOperator, Domain, Expr, ExprKind, Quantifier};
use crate::compile;
use crate::dialect::Dialect;
use crate::evaluate::quick::Quick;
use crate::limits::Limits;
use crate::machine::Machine;
use crate::names::Names;
use crate::number::Number;
use crate::temporal::Moment;
use crate::value::{self, Context, Value};
use crate::{Expression, parse, parse_unary_tests};

/// A small generator of random numbers (splitmix64).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, end: usize) -> usize {
        (self.next() % end as u64) as usize
    }

    fn pick<'a>(&mut self, items: &[&'a str]) -> &'a str {
        items[self.below(items.len())]
    }
}

const VARIABLES: [&str; 6] = ["a", "b", "text", "flag", "items", "order"];

fn variables() -> Context {
    let json = r#"{"a": 12, "b": 0.5, "text": "hello", "flag": true,
        "items": [{"price": 12.5, "qty": 2}, {"price": 7, "qty": 10}, 3], "order": {"id": 7, "items": [1, 2, 3]}}"#;
    Value::from_json(json).unwrap().as_context().unwrap().clone()
}

/// An atom or a compound, at most so deep; only what both dialects can parse.
fn text(random: &mut Random, depth: usize) -> String {
    if depth == 0 || random.below(6) == 0 {
        return match random.below(6) {
            0 => random.below(5).to_string(),
            1 => format!("{}.{}", random.below(20), random.below(100)),
            2 => random.pick(&["true", "false", "null", "\"hello\"", "\"\\\"q\\n\"", "\"\""]).to_owned(),
            3 => random.pick(&["@\"2024-01-31\"", "@\"PT5M\"", "@\"P1Y\"", "[]", "{}", "?"]).to_owned(),
            _ => random.pick(&VARIABLES).to_owned(),
        };
    }
    let part = |random: &mut Random| text(random, depth - 1);
    match random.below(22) {
        0..=3 => {
            format!("({}) {} ({})", part(random), random.pick(&["+", "-", "*", "/", "**"]), part(random))
        }
        4..=6 => format!(
            "({}) {} ({})",
            part(random),
            random.pick(&["=", "!=", "<", "<=", ">", ">="]),
            part(random)
        ),
        7 => format!("({}) {} ({})", part(random), random.pick(&["and", "or"]), part(random)),
        8 => format!("if {} then {} else {}", part(random), part(random), part(random)),
        9 => format!("for x in [{}, {}] return ({}) + x", part(random), part(random), part(random)),
        10 => format!("for i in {}..{} return i * 2", random.below(4), random.below(4)),
        11 => format!(
            "{} x in ({}) satisfies x > ({})",
            random.pick(&["some", "every"]),
            random.pick(&VARIABLES),
            part(random)
        ),
        12 => format!("[{}, {}]", part(random), part(random)),
        13 => format!("{{x: {}, y z: {}}}.{}", part(random), part(random), random.pick(&["x", "q"])),
        14 => format!("items[{}]", random.pick(&["1", "-1", "price > 8", "item = 3", "qty", "a"])),
        15 => format!("({}).{}", part(random), random.pick(&["id", "price", "items", "year"])),
        16 => format!("-({})", part(random)),
        17 => format!("({}) between ({}) and ({})", part(random), part(random), part(random)),
        18 => format!("({}) in ({}, < 5, [1..{}])", part(random), part(random), random.below(9)),
        19 => format!(
            "({}) instance of {}",
            part(random),
            random.pick(&["number", "string", "list", "context", "Any"])
        ),
        20 => format!(
            "{}({})",
            random.pick(&["not", "count", "sum", "string length", "upper case", "abs", "string"]),
            part(random)
        ),
        _ => format!("(function(x) ({}) + x)", part(random)),
    }
}

fn run(text: &str, tree: &Expr, dialect: Dialect, folding: bool) -> Result<(String, usize), String> {
    let program = compile::expression(text, tree, dialect, &Names::default(), folding);
    let (moment, variables) = (Moment::default(), variables());
    let mut machine = Machine::new(dialect, &moment, &Limits::DEFAULT, &variables, &program.globals, None);
    let value = machine.evaluate(&program.root);
    let warnings = machine.take_warnings().len();
    if let Some(quick) = (Quick { variables: &variables, globals: &program.globals }).evaluate(&program.root)
    {
        let value = value.as_ref().map(ToString::to_string).unwrap_or_default();
        assert_eq!((quick.to_string(), warnings), (value, 0), "{text} without a machine");
    }
    value.map(|value| (value.to_string(), warnings)).map_err(|stop| format!("{stop:?}"))
}

#[test]
fn printing_and_parsing_give_the_same_tree() {
    let mut random = Random(1);
    for _ in 0..20_000 {
        let text = text(&mut random, 4);
        for dialect in [Dialect::Bpmn, Dialect::Dmn] {
            let Ok(tree) = parse(&text, dialect, &Names::default()) else { continue };
            let printed = tree.to_string();
            let again = parse(&printed, dialect, &Names::default());
            let again = again.unwrap_or_else(|error| panic!("{text}\nprinted as {printed}\n{error}"));
            assert_eq!(tree, again, "{text}\nprinted as {printed}");
        }
    }
}

#[test]
fn printing_and_parsing_unary_tests_gives_the_same_tests() {
    let mut random = Random(2);
    for _ in 0..5_000 {
        let cell = format!("{}, {}", text(&mut random, 2), text(&mut random, 2));
        let cell = if random.below(3) == 0 { format!("not({cell})") } else { cell };
        for dialect in [Dialect::Bpmn, Dialect::Dmn] {
            let Ok(tests) = parse_unary_tests(&cell, dialect, &Names::default()) else { continue };
            let printed = tests.to_string();
            let again = parse_unary_tests(&printed, dialect, &Names::default());
            assert_eq!(Ok(tests), again, "{cell}\nprinted as {printed}");
        }
    }
}

#[test]
fn folding_changes_nothing() {
    let mut random = Random(3);
    let mut evaluated = 0;
    for _ in 0..20_000 {
        let text = text(&mut random, 4);
        for dialect in [Dialect::Bpmn, Dialect::Dmn] {
            let Ok(tree) = parse(&text, dialect, &Names::default()) else { continue };
            evaluated += 1;
            assert_eq!(run(&text, &tree, dialect, true), run(&text, &tree, dialect, false), "{text}");
        }
    }
    assert!(evaluated > 20_000, "only {evaluated} texts could be parsed");
}

#[test]
fn the_compiled_form_says_what_a_naive_interpreter_says() {
    let mut random = Random(4);
    let mut compared = 0;
    for _ in 0..30_000 {
        let text = text(&mut random, 3);
        let Ok(tree) = parse(&text, Dialect::Dmn, &Names::default()) else { continue };
        let variables = variables();
        let mut scope: Vec<(Arc<str>, Value)> = variables.entries().to_vec();
        let Some(expected) = naive(&tree, &mut scope) else { continue };
        compared += 1;
        let found = run(&text, &tree, Dialect::Dmn, true).map(|(value, _)| value);
        assert_eq!(found.as_deref(), Ok(expected.to_string().as_str()), "{text}");
    }
    assert!(compared > 5_000, "only {compared} texts could be compared");
}

/// The obvious interpreter: names are looked up by name in a stack, nothing is compiled. None: not its business.
fn naive(expr: &Expr, scope: &mut Vec<(Arc<str>, Value)>) -> Option<Value> {
    Some(match &expr.kind {
        ExprKind::Null => Value::Null,
        ExprKind::Boolean(value) => Value::Boolean(*value),
        ExprKind::Number(number) => Value::Number(*number),
        ExprKind::String(text) => Value::String(text.clone()),
        ExprKind::Name(name) => scope
            .iter()
            .rev()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.clone())
            .unwrap_or_default(),
        ExprKind::List(items) => {
            Value::from(items.iter().map(|item| naive(item, scope)).collect::<Option<Vec<Value>>>()?)
        }
        ExprKind::Negate(value) => match naive(value, scope)? {
            Value::Number(number) => Value::Number(Number::ZERO.subtract(&number)?),
            _ => Value::Null,
        },
        ExprKind::Arithmetic(first, rest) => {
            let mut result = naive(first, scope)?;
            for (operator, operand) in rest {
                result = naive_arithmetic(*operator, &result, &naive(operand, scope)?);
            }
            result
        }
        ExprKind::Comparison(operator, left, right) => {
            naive_comparison(*operator, &naive(left, scope)?, &naive(right, scope)?)
        }
        ExprKind::And(operands) => naive_logic(operands, false, scope)?,
        ExprKind::Or(operands) => naive_logic(operands, true, scope)?,
        ExprKind::If(condition, then, otherwise) => {
            if naive(condition, scope)?.is_true() {
                naive(then, scope)?
            } else {
                naive(otherwise, scope)?
            }
        }
        ExprKind::For(iterators, body) => Value::from(naive_rounds(iterators, body, scope)?),
        ExprKind::Quantified(quantifier, iterators, condition) => {
            three_valued(&naive_rounds(iterators, condition, scope)?, *quantifier == Quantifier::Some)
        }
        ExprKind::Context(_)
        | ExprKind::Temporal(_)
        | ExprKind::Input
        | ExprKind::Path(..)
        | ExprKind::Filter(..)
        | ExprKind::Call(..)
        | ExprKind::Between(..)
        | ExprKind::In(..)
        | ExprKind::InstanceOf(..)
        | ExprKind::Range(_)
        | ExprKind::Test(..)
        | ExprKind::Function(..)
        | ExprKind::Error => return None,
    })
}

/// The results of all rounds of a loop over one domain.
fn naive_rounds(
    iterators: &[crate::ast::Iterator],
    body: &Expr,
    scope: &mut Vec<(Arc<str>, Value)>,
) -> Option<Vec<Value>> {
    let [iterator] = iterators else { return None };
    let mut results = Vec::new();
    for item in naive_domain(&iterator.domain, scope)? {
        scope.push((iterator.name.clone(), item));
        results.push(naive(body, scope)?);
        scope.pop();
    }
    Some(results)
}

fn naive_domain(domain: &Domain, scope: &mut Vec<(Arc<str>, Value)>) -> Option<Vec<Value>> {
    match domain {
        Domain::List(list) => match naive(list, scope)? {
            Value::List(items) => Some(items.to_vec()),
            _ => None,
        },
        Domain::Span(from, to) => {
            let (from, to) =
                (naive(from, scope)?.as_number()?.to_i64()?, naive(to, scope)?.as_number()?.to_i64()?);
            let numbers: Vec<i64> =
                if from <= to { (from..=to).collect() } else { (to..=from).rev().collect() };
            Some(numbers.into_iter().map(Value::from).collect())
        }
    }
}

fn naive_comparison(operator: ComparisonOperator, left: &Value, right: &Value) -> Value {
    let switches = Dialect::Dmn.switches();
    let answer = match operator {
        ComparisonOperator::Equal => value::equal(left, right, switches),
        ComparisonOperator::NotEqual => value::equal(left, right, switches).map(|equal| !equal),
        _ => value::compare(left, right, switches).map(|order| operator.holds(order)),
    };
    answer.map_or(Value::Null, Value::Boolean)
}

fn naive_arithmetic(operator: ArithmeticOperator, left: &Value, right: &Value) -> Value {
    let number = match (left, right) {
        (Value::Number(a), Value::Number(b)) => match operator {
            ArithmeticOperator::Add => a.add(b),
            ArithmeticOperator::Subtract => a.subtract(b),
            ArithmeticOperator::Multiply => a.multiply(b),
            ArithmeticOperator::Divide => a.divide(b),
            ArithmeticOperator::Power => a.power(b),
        },
        (Value::String(a), Value::String(b)) if operator == ArithmeticOperator::Add => {
            return Value::from(format!("{a}{b}"));
        }
        _ => None,
    };
    number.map_or(Value::Null, Value::Number)
}

fn naive_logic(operands: &[Expr], deciding: bool, scope: &mut Vec<(Arc<str>, Value)>) -> Option<Value> {
    let answers = operands.iter().map(|operand| naive(operand, scope)).collect::<Option<Vec<Value>>>()?;
    Some(three_valued(&answers, deciding))
}

fn three_valued(answers: &[Value], deciding: bool) -> Value {
    if answers.iter().any(|answer| answer.as_bool() == Some(deciding)) {
        return Value::Boolean(deciding);
    }
    if answers.iter().all(|answer| answer.as_bool().is_some()) {
        Value::Boolean(!deciding)
    } else {
        Value::Null
    }
}

/// Tokens, whole and broken.
const PIECES: [&str; 64] = [
    "if",
    "then",
    "else",
    "for",
    "in",
    "return",
    "some",
    "every",
    "satisfies",
    "and",
    "or",
    "not",
    "between",
    "instance of",
    "function",
    "null",
    "true",
    "date",
    "list",
    "number",
    "context<",
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    "<",
    ">",
    "<=",
    "=",
    "!=",
    "+",
    "-",
    "*",
    "**",
    "/",
    ".",
    "..",
    ",",
    ":",
    "@",
    "?",
    "\"x\"",
    "\"",
    "`a b`",
    "`",
    "1",
    "0.5",
    ".5",
    "1e400",
    "99999999999999999999999999999999999999999",
    "a",
    "items",
    "order",
    "x y",
    "//",
    "/*",
    "*/",
    "\n",
    "\u{e9}",
    "\u{1f600}",
    "\\",
    "#",
];

/// Any tokens in any order.
fn soup(random: &mut Random) -> String {
    let pieces: Vec<&str> = (0..random.below(14)).map(|_| random.pick(&PIECES)).collect();
    pieces.join(random.pick(&["", " "]))
}

#[test]
fn nothing_panics() {
    let mut random = Random(5);
    let small = Limits { fuel_steps: 20_000, memory_bytes: 1 << 20, ..Limits::DEFAULT };
    for nth in 0..10_000 {
        let text = if nth % 2 == 0 { soup(&mut random) } else { text(&mut random, 5) };
        for dialect in [Dialect::Bpmn, Dialect::Dmn] {
            match Expression::compile(&text, dialect, &Names::default()) {
                Ok(expression) => {
                    let outcome = expression.evaluate(&variables(), &Moment::default(), &small);
                    let _ = outcome.map(|evaluation| evaluation.value.to_json());
                }
                Err(diagnostics) => {
                    assert!(!diagnostics.items().is_empty() && !diagnostics.render().is_empty())
                }
            }
            if let Ok(tests) = Expression::compile_unary_tests(&text, dialect, &Names::default()) {
                let _ = tests.evaluate_unary_tests(&Value::from(5), &variables(), &Moment::default(), &small);
            }
        }
    }
}
