//! The twelve expressions of the speed table: compiled, and compiling. `cargo bench -p weir-feel`.

use std::sync::Arc;

use weir_feel::{Binding, Context, Dialect, Expression, Limits, Moment, Names, Value, Variables};

fn main() {
    divan::main();
}

const EXPRESSIONS: [&str; 12] = [
    "x > 10",
    "amount * 1.19 + shipping",
    "if customer.type = \"gold\" then 0.1 else 0.05",
    "for i in items return i.price * i.qty",
    "sum(for i in items return i.price * i.qty)",
    "count(items[price > 10])",
    "date(\"2024-01-31\") + duration(\"P1M\")",
    "contains(lower case(name), \"foo\")",
    "some x in items satisfies x.qty > 3",
    "order.items[1].sku = \"A\"",
    "string join([\"a\",\"b\"], \",\")",
    "{a: 1, b: a + 1}.b",
];

const DOCUMENT: &str = r#"{"x": 12, "a": 3, "amount": 49.9, "shipping": 4.5, "name": "My Foo Bar", "customer": {"type": "gold", "age": 41},
 "items": [{"sku": "A", "price": 12.5, "qty": 2}, {"sku": "B", "price": 7, "qty": 10}, {"sku": "C", "price": 0.99, "qty": 1},
 {"sku": "D", "price": 30, "qty": 1}, {"sku": "E", "price": 11.25, "qty": 4}],
 "order": {"id": 7, "items": [{"sku": "A", "price": 12.5, "qty": 2}, {"sku": "B", "price": 7, "qty": 10}]},
 "note": "a few words more so that the document has the size it should have"}"#;

fn context() -> Context {
    Value::from_json(DOCUMENT).unwrap().as_context().unwrap().clone()
}

/// The whole document as one variable, decoded along the path only.
struct Document(Arc<str>);

impl Variables for Document {
    fn get(&self, name: &str) -> Option<Binding> {
        (name == "document").then(|| Binding::Json(self.0.clone()))
    }
}

#[divan::bench(args = EXPRESSIONS)]
fn evaluate(bencher: divan::Bencher<'_, '_>, text: &str) {
    let expression = Expression::compile(text, Dialect::Bpmn, &Names::default()).unwrap();
    let (variables, at) = (context(), Moment::default());
    bencher.bench_local(|| expression.evaluate(&variables, &at, &Limits::DEFAULT));
}

/// Names that folding cannot see through: the date arithmetic itself.
#[divan::bench]
fn date_plus_duration(bencher: divan::Bencher<'_, '_>) {
    let expression = Expression::compile("d + p", Dialect::Bpmn, &Names::default()).unwrap();
    let value = |text| {
        let expression = Expression::compile(text, Dialect::Bpmn, &Names::default()).unwrap();
        expression.constant().unwrap().clone()
    };
    let variables: Context =
        [("d", value("@\"2024-01-31\"")), ("p", value("@\"P1M\""))].into_iter().collect();
    let at = Moment::default();
    bencher.bench_local(|| expression.evaluate(&variables, &at, &Limits::DEFAULT));
}

#[divan::bench]
fn lazy_decoding(bencher: divan::Bencher<'_, '_>) {
    let expression = Expression::compile("document.x > 10", Dialect::Bpmn, &Names::default()).unwrap();
    let (variables, at) = (Document(DOCUMENT.into()), Moment::default());
    bencher.bench_local(|| expression.evaluate(&variables, &at, &Limits::DEFAULT));
}

#[divan::bench(args = EXPRESSIONS)]
fn compile(text: &str) -> Expression {
    Expression::compile(text, Dialect::Bpmn, &Names::default()).unwrap()
}
