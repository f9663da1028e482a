//! The index gives what a full scan gives, for random tables and inputs in both modes.

use std::sync::Arc;

use proptest::prelude::*;
use weir_feel::temporal::Date;
use weir_feel::{Expression, Limits, Machine, Moment, Names, Value};

use super::{Input, Output, Rule, Table, test_holds};
use crate::compile::compile;
use crate::evaluate::{Session, Trouble};
use crate::feel::Feel;
use crate::mode::Mode;
use crate::model::table::HitPolicy;
use crate::outcome::EvaluatedInput;
use crate::read::read;
use crate::types::Types;

const EMPTY: &[u8] =
    br#"<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" id="d" name="d" namespace="n"/>"#;

const CELLS: [&str; 30] = [
    "-",
    "1",
    "2.5",
    "3",
    "-1",
    "[1..3]",
    "(1..3)",
    "]2..5[",
    "[2.5..2.5]",
    "[4..2]",
    "< 2",
    "<= 2.5",
    "> 3",
    ">=3",
    "1, 3, 5",
    "[1..2], [4..5)",
    "1, \"a\"",
    "\"a\"",
    "\"b\", \"c\"",
    "\"a,b\"",
    "\"1\"",
    "true",
    "false",
    "true, false",
    "date(\"2024-02-01\")",
    "< date(\"2024-02-02\")",
    "[date(\"2024-01-01\")..date(\"2024-02-01\")]",
    "not(2.5)",
    "? > 2",
    "null",
];

fn cell() -> impl Strategy<Value = &'static str> {
    (0..CELLS.len()).prop_map(|at| CELLS[at])
}

fn input() -> impl Strategy<Value = Value> {
    prop_oneof![
        (-2_i64..12).prop_map(|halves| Value::Number(
            weir_feel::Number::from_parts(i128::from(halves * 5), -1).unwrap()
        )),
        prop::sample::select(vec!["a", "b", "c", "d", "a,b", "1", ""]).prop_map(Value::from),
        any::<bool>().prop_map(Value::Boolean),
        prop::sample::select(vec!["2024-01-01", "2024-02-01", "2024-02-02"])
            .prop_map(|text| Value::Date(Date::parse(text).unwrap())),
        Just(Value::Null),
        Just(Value::from(vec![Value::from(3_i64)])),
        Just(Value::from(vec![Value::from("a"), Value::from("b")])),
    ]
}

fn table(rows: &[Vec<&str>], columns: usize, hit_policy: HitPolicy, mode: Mode) -> Table {
    let dialect = mode.rules().dialect;
    let names = Names::default();
    let nothing: Arc<str> = "".into();
    let inputs = (0..columns).map(|_| Input {
        id: nothing.clone(),
        name: nothing.clone(),
        expression: Feel::own("null", dialect, &names),
        type_id: Types::ANY,
        allowed_values: None,
    });
    let output = Output {
        id: nothing.clone(),
        label: nothing.clone(),
        name: nothing.clone(),
        type_id: Types::ANY,
        default: None,
        priorities: Vec::new(),
    };
    let rules = rows.iter().map(|row| Rule {
        id: nothing.clone(),
        tests: row[..columns]
            .iter()
            .map(|c| Feel::Valid(Expression::compile_unary_tests(c, dialect, &names).unwrap()))
            .collect(),
        outputs: vec![Feel::own("1", dialect, &names)],
    });
    Table::new(hit_policy, inputs.collect(), vec![output], rules.collect(), dialect)
}

fn input_of(value: &Value) -> EvaluatedInput {
    EvaluatedInput { id: "".into(), name: "".into(), value: value.clone() }
}

fn scan(table: &Table, values: &[Value], session: &mut Session<'_, '_>) -> Result<Vec<u32>, Trouble> {
    let mut matched = Vec::new();
    for (at, rule) in table.rules.iter().enumerate() {
        let mut holds = true;
        for (tests, value) in rule.tests.iter().zip(values) {
            holds = test_holds(session.unary_tests(tests, value, &())?, session)?;
            if !holds {
                break;
            }
        }
        if holds {
            matched.push(at as u32);
            if table.hit_policy == HitPolicy::First {
                break;
            }
        }
    }
    Ok(matched)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn index_result_equals_full_scan(
        columns in 1_usize..4,
        rows in prop::collection::vec(prop::collection::vec(cell(), 3), 0..40),
        values in prop::collection::vec(prop::collection::vec(input(), 3), 1..12),
        first in any::<bool>(),
        standard in any::<bool>(),
    ) {
        let mode = if standard { Mode::Standard } else { Mode::Zeebe };
        let policy = if first { HitPolicy::First } else { HitPolicy::RuleOrder };
        let table = table(&rows, columns, policy, mode);
        let graph = Arc::new(compile(&[read(EMPTY).unwrap()], mode.rules(), false).unwrap());
        let moment = Moment::default();
        let mut machine = Machine::outermost(mode.rules().dialect, &moment, &Limits::DEFAULT);
        let mut session = Session::new(&graph, &mut machine);
        for values in &values {
            let scanned = scan(&table, &values[..columns], &mut session);
            let inputs: Vec<_> = values[..columns].iter().map(input_of).collect();
            let indexed = table.matching(&inputs, &(), &mut session).map(|rules| rules.to_vec());
            match (scanned, indexed) {
                (Ok(scanned), Ok(indexed)) => prop_assert_eq!(scanned, indexed, "inputs {:?}", values),
                (Err(_), Err(_)) => {}
                (scanned, indexed) => prop_assert!(false, "{scanned:?} {indexed:?} for {values:?}"),
            }
        }
    }
}
