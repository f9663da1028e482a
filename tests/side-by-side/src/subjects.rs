//! What is timed: expressions with their variables, and decision tables.

/// The variables of all expressions, as JSON.
pub const CONTEXT: &str = r#"{
    "x": 12, "a": 3, "amount": 49.9, "shipping": 4.5, "name": "My Foo Bar", "customer": {"type": "gold", "age": 41},
    "items": [
        {"sku": "A", "price": 12.5, "qty": 2}, {"sku": "B", "price": 7, "qty": 10}, {"sku": "C", "price": 0.99, "qty": 1},
        {"sku": "D", "price": 30, "qty": 1}, {"sku": "E", "price": 11.25, "qty": 4}
    ],
    "order": {"id": 7, "items": [{"sku": "A", "price": 12.5, "qty": 2}, {"sku": "B", "price": 7, "qty": 10}]}
}"#;

pub const EXPRESSIONS: [&str; 12] = [
    "x > 10",
    "amount * 1.19 + shipping",
    r#"if customer.type = "gold" then 0.1 else 0.05"#,
    "for i in items return i.price * i.qty",
    "sum(for i in items return i.price * i.qty)",
    "count(items[price > 10])",
    r#"date("2024-01-31") + duration("P1M")"#,
    r#"contains(lower case(name), "foo")"#,
    "some x in items satisfies x.qty > 3",
    r#"order.items[1].sku = "A""#,
    r#"string join(["a","b"], ",")"#,
    "{a: 1, b: a + 1}.b",
];

/// A decision table as a model, with the input of the evaluation.
pub struct Table {
    pub name: &'static str,
    pub model: String,
    /// JSON
    pub input: &'static str,
}

pub const DECISION: &str = "t";
pub const NAMESPACE: &str = "https://weir.example/side-by-side";

pub fn tables() -> [Table; 2] {
    let three =
        [["&lt; 100", "\"gold\"", "0.1"], [">= 100", "\"gold\"", "0.2"], ["-", "\"silver\",\"basic\"", "0"]];
    let hundred = (0..100).map(|at| {
        [format!("[{}..{})", at * 10, at * 10 + 10), format!("\"gold\",\"k{at}\""), format!("{at} + 0.5")]
    });
    [
        Table {
            name: "decision table of 3 rules",
            model: model(three.map(|row| row.map(str::to_owned)).into_iter()),
            input: r#"{"amount": 120, "kind": "gold"}"#,
        },
        Table {
            name: "decision table of 100 rules",
            model: model(hundred),
            input: r#"{"amount": 505, "kind": "k50"}"#,
        },
    ]
}

fn model(rows: impl Iterator<Item = [String; 3]>) -> String {
    let rules: String = rows
        .enumerate()
        .map(|(at, [amount, kind, output])| {
            format!(
                "<rule id='r{at}'><inputEntry id='a{at}'><text>{amount}</text></inputEntry><inputEntry id='b{at}'>\
                 <text>{kind}</text></inputEntry><outputEntry id='x{at}'><text>{output}</text></outputEntry></rule>"
            )
        })
        .collect();
    format!(
        "<?xml version='1.0' encoding='UTF-8'?>\
         <definitions xmlns='https://www.omg.org/spec/DMN/20191111/MODEL/' id='d' name='d' namespace='{NAMESPACE}'>\
         <inputData id='i1' name='amount'><variable id='v1' name='amount' typeRef='number'/></inputData>\
         <inputData id='i2' name='kind'><variable id='v2' name='kind' typeRef='string'/></inputData>\
         <decision id='{DECISION}' name='{DECISION}'><variable id='v3' name='{DECISION}' typeRef='number'/>\
         <informationRequirement id='q1'><requiredInput href='#i1'/></informationRequirement>\
         <informationRequirement id='q2'><requiredInput href='#i2'/></informationRequirement>\
         <decisionTable id='dt' hitPolicy='UNIQUE'>\
         <input id='c1'><inputExpression id='e1' typeRef='number'><text>amount</text></inputExpression></input>\
         <input id='c2'><inputExpression id='e2' typeRef='string'><text>kind</text></inputExpression></input>\
         <output id='o1' name='{DECISION}' typeRef='number'/>{rules}</decisionTable></decision></definitions>"
    )
}
