//! Decision tables of 3, 100 and 10,000 rules: one evaluation with its record. `cargo bench -p weir-dmn`.

use weir_dmn::{Drg, Mode};
use weir_feel::{Context, Limits, Moment, Value};

fn main() {
    divan::main();
}

/// A table over `customer` (equality) and `amount` (adjoining intervals); `customers` rows of equal customers.
fn model(rules: usize, customers: usize) -> String {
    let per_customer = rules / customers;
    let mut rows = String::new();
    for rule in 0..rules {
        let (customer, step) = (rule / per_customer, rule % per_customer);
        rows.push_str(&format!(
            "<rule id='r{rule}'><inputEntry><text>\"c{customer}\"</text></inputEntry>\
             <inputEntry><text>[{}..{})</text></inputEntry>\
             <outputEntry><text>{rule}</text></outputEntry></rule>\n",
            step * 10,
            step * 10 + 10
        ));
    }
    format!(
        "<definitions xmlns='https://www.omg.org/spec/DMN/20191111/MODEL/' id='d' name='d' namespace='n'>\
         <decision id='t' name='t'><variable name='t'/><decisionTable hitPolicy='UNIQUE'>\
         <input id='i1'><inputExpression><text>customer</text></inputExpression></input>\
         <input id='i2'><inputExpression><text>amount</text></inputExpression></input>\
         <output id='o1' name='t'/>{rows}</decisionTable></decision></definitions>"
    )
}

fn evaluate(bencher: divan::Bencher<'_, '_>, rules: usize, customers: usize) {
    let drg = Drg::parse(model(rules, customers).as_bytes(), Mode::Zeebe).unwrap();
    let (customer, amount) = (customers / 2, rules / customers * 10 / 2 + 3);
    let variables: Context =
        [("customer", Value::from(format!("c{customer}"))), ("amount", Value::from(amount as i64))]
            .into_iter()
            .collect();
    let at = Moment::default();
    let outcome = drg.evaluate("t", &variables, &at, &Limits::DEFAULT);
    assert!(outcome.output.unwrap().as_number().is_some(), "a rule must match");
    bencher.bench_local(|| drg.evaluate("t", &variables, &at, &Limits::DEFAULT));
}

#[divan::bench]
fn rules_3(bencher: divan::Bencher<'_, '_>) {
    evaluate(bencher, 3, 3);
}

#[divan::bench]
fn rules_100(bencher: divan::Bencher<'_, '_>) {
    evaluate(bencher, 100, 10);
}

#[divan::bench]
fn rules_10_000(bencher: divan::Bencher<'_, '_>) {
    evaluate(bencher, 10_000, 100);
}

#[divan::bench(sample_count = 10, sample_size = 1)]
fn parse_10_000_rules(bencher: divan::Bencher<'_, '_>) {
    let model = model(10_000, 100);
    bencher.bench_local(|| Drg::parse(model.as_bytes(), Mode::Zeebe).unwrap());
}
