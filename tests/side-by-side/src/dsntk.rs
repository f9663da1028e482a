//! dsntk 0.3.

use std::hint::black_box;

use dsntk_feel::{FeelScope, context::FeelContext, values::Value};
use dsntk_model_evaluator::ModelEvaluator;

use crate::{subjects, timing::Task};

/// JSON of these subjects is a context of FEEL.
fn context(text: &str) -> FeelContext {
    dsntk_feel_evaluator::evaluate_context(&FeelScope::new(), text).expect("a context")
}

pub fn tasks() -> Vec<Task> {
    let mut tasks = Vec::new();
    for text in subjects::EXPRESSIONS {
        let scope: FeelScope = context(subjects::CONTEXT).into();
        let node = dsntk_feel_parser::parse_expression(&scope, text, false).expect("an expression");
        let prepared = dsntk_feel_evaluator::prepare(&node);
        assert!(!matches!(prepared(&scope), Value::Null(_)), "{text}");
        let evaluate = move || drop(black_box(prepared(black_box(&scope))));
        tasks.push(Task { what: text.to_owned(), mode: "evaluate", once: Box::new(evaluate) });
        let scope: FeelScope = context(subjects::CONTEXT).into();
        let compile = move || {
            let node =
                dsntk_feel_parser::parse_expression(&scope, black_box(text), false).expect("an expression");
            drop(black_box(dsntk_feel_evaluator::prepare(&node)));
        };
        tasks.push(Task { what: text.to_owned(), mode: "compile", once: Box::new(compile) });
    }
    for table in subjects::tables() {
        let model = dsntk_model::parse(&table.model).expect("a model");
        let evaluator = ModelEvaluator::new(&[model]).expect("a model");
        let input = context(table.input);
        let run = move || {
            evaluator.evaluate_invocable(subjects::NAMESPACE, "d", subjects::DECISION, black_box(&input))
        };
        assert!(matches!(run(), Value::Number(_)), "a rule must match: {}", run());
        let evaluate = move || drop(black_box(run()));
        tasks.push(Task { what: table.name.to_owned(), mode: "evaluate", once: Box::new(evaluate) });
    }
    tasks
}
