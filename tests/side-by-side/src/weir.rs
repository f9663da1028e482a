//! Weir, in the dialect and mode of a deployed process.

use std::hint::black_box;

use weir_dmn::{Drg, Mode};
use weir_feel::{Context, Dialect, Expression, Limits, Moment, Names, Value};

use crate::{subjects, timing::Task};

fn variables(json: &str) -> Context {
    let value = Value::from_json(json).expect("JSON");
    value.as_context().expect("an object").clone()
}

pub fn tasks() -> Vec<Task> {
    let mut tasks = Vec::new();
    for text in subjects::EXPRESSIONS {
        let (names, at) = (Names::default(), Moment::default());
        let context = variables(subjects::CONTEXT);
        let compiled = Expression::compile(text, Dialect::Bpmn, &names).expect("an expression");
        let evaluate = move || drop(black_box(compiled.evaluate(black_box(&context), &at, &Limits::DEFAULT)));
        tasks.push(Task { what: text.to_owned(), mode: "evaluate", once: Box::new(evaluate) });
        let names = Names::default();
        let compile = move || drop(black_box(Expression::compile(black_box(text), Dialect::Bpmn, &names)));
        tasks.push(Task { what: text.to_owned(), mode: "compile", once: Box::new(compile) });
    }
    for table in subjects::tables() {
        let drg = Drg::parse(table.model.as_bytes(), Mode::Zeebe).expect("a model");
        let (input, at) = (variables(table.input), Moment::default());
        let outcome = drg.evaluate(subjects::DECISION, &input, &at, &Limits::DEFAULT);
        assert!(outcome.output.expect("a value").as_number().is_some(), "a rule must match");
        let evaluate = move || {
            drop(black_box(drg.evaluate(subjects::DECISION, black_box(&input), &at, &Limits::DEFAULT)));
        };
        tasks.push(Task { what: table.name.to_owned(), mode: "evaluate", once: Box::new(evaluate) });
    }
    tasks
}
