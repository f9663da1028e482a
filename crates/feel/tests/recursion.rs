//! Recursion of every kind ends with a limit on a thread of 2 MiB.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use weir_feel::{
    Context, Dialect, EvaluationErrorKind, Expression, Function, HostFunction, Limits, Machine, Moment,
    Names, Stop, Type, Value,
};

#[test]
fn recursion_ends_with_a_limit_on_a_small_stack() {
    for body in [
        "g(g)",
        "g(g: g)",
        "if true then g(g) else 2",
        "1 + g(g) * 2",
        "-g(g)",
        "for x in [1] return g(g)",
        "for x in g(g) return 1",
        "[1, 2][g(g)]",
        "[g(g)]",
        "{a: g(g)}",
        "count(g(g))",
        "count(list: g(g))",
        "sort([1, 2], function(a, b) g(g))",
        "1 in (g(g))",
        "g(g) between 1 and 2",
        "true and g(g)",
        "(for x in [1] return for x in [1] return for x in [1] return for x in [1] return g(g))",
        "1 + (1 + (1 + (1 + (1 + (1 + (1 + (1 + g(g))))))))",
        "[[[[[[[[[g(g)]]]]]]]]]",
    ] {
        let text = format!("{{f: function(g) {body}, r: f(f)}}.r");
        let expression = Expression::compile(&text, Dialect::Dmn, &Names::default()).unwrap();
        let run = move || expression.evaluate(&(), &Moment::default(), &Limits::DEFAULT);
        let thread = std::thread::Builder::new().stack_size(2 * 1024 * 1024);
        let error = thread.spawn(run).unwrap().join().unwrap().unwrap_err();
        let is_depth = matches!(error.kind, EvaluationErrorKind::Limit { name: "depth_nodes", .. });
        assert!(is_depth, "{body}: {error}");
    }
}

/// A function of the host that notes how deep the stack is.
struct Deep(AtomicUsize);

impl HostFunction for Deep {
    fn name(&self) -> &str {
        "deep"
    }

    fn parameters(&self) -> &[(Arc<str>, Type)] {
        &[]
    }

    fn call(&self, _arguments: Vec<Value>, _machine: &mut Machine<'_>) -> Result<Value, Stop> {
        let here = 0_u8;
        self.0.store(std::ptr::from_ref(&here) as usize, Ordering::Relaxed);
        Ok(Value::from(0))
    }
}

/// What follows when a function calls itself, in every kind of place; `g(g, n - 1)` is the call.
const BODIES: [&str; 20] = [
    "g(g, n - 1)",
    "1 + g(g, n - 1)",
    "if n < 0 then 1 else g(g, n - 1)",
    "for x in [1] return g(g, n - 1)",
    "for x in [1], y in [1], z in [1] return g(g, n - 1)",
    "for x in g(g, n - 1) return 1",
    "[1, 2][g(g, n - 1)]",
    "[1, 2][item = g(g, n - 1)]",
    "[g(g, n - 1)]",
    "{a: g(g, n - 1)}",
    "count(g(g, n - 1))",
    "sort([1, 2], function(a, b) g(g, n - 1))",
    "1 in (g(g, n - 1))",
    "some x in [1] satisfies g(g, n - 1)",
    "-g(g, n - 1)",
    "g(g, n - 1) between 1 and 2",
    "g(g, n - 1).a",
    "true and g(g, n - 1)",
    "g(g, n - 1) > 1",
    "(g(g, n - 1) + 1) * 2 > 5 and [{a: g(g, n - 1)}][a > 3].a = 2",
];

/// The bytes of stack between so many levels of a recursion, and the units of depth that they count for.
fn cost(body: &str) -> (usize, u32) {
    let program = |levels: u32| {
        let text = format!("{{f: function(g, n) if n < 1 then deep() else ({body}), r: f(f, {levels})}}.r");
        Expression::compile(&text, Dialect::Dmn, &Names::default()).unwrap()
    };
    let bottom = |levels: u32, depth_nodes: u32| {
        let (expression, deep) = (program(levels), Arc::new(Deep(AtomicUsize::new(0))));
        let function = Value::Function(Function::host(deep.clone()));
        let run = move || {
            let variables: Context = [("deep", function)].into_iter().collect();
            let limits = Limits { depth_nodes, ..Limits::DEFAULT };
            let _ = expression.evaluate(&variables, &Moment::default(), &limits);
        };
        let thread = std::thread::Builder::new().stack_size(16 * 1024 * 1024);
        thread.spawn(run).unwrap().join().unwrap();
        deep.0.load(Ordering::Relaxed)
    };
    // The least limit with which so many levels are reached.
    let units =
        |levels: u32| (0..4_096).collect::<Vec<u32>>().partition_point(|nodes| bottom(levels, *nodes) == 0);
    (bottom(4, 100_000).abs_diff(bottom(8, 100_000)), (units(8) - units(4)) as u32)
}

#[test]
fn no_kind_of_node_takes_more_of_the_stack_than_it_counts_for() {
    for body in BODIES {
        let (bytes, units) = cost(body);
        assert!(bytes <= 820 * units as usize, "{body}: {bytes} bytes of stack for {units} units");
    }
}

#[test]
fn two_hundred_levels_of_recursion_are_allowed() {
    let text = "{f: function(g, n) if n < 2 then 1 else n * g(g, n - 1), r: f(f, 200)}.r";
    for dialect in [Dialect::Bpmn, Dialect::Dmn] {
        let expression = Expression::compile(text, dialect, &Names::default()).unwrap();
        let run = move || expression.evaluate(&(), &Moment::default(), &Limits::DEFAULT);
        let thread = std::thread::Builder::new().stack_size(2 * 1024 * 1024);
        let value = thread.spawn(run).unwrap().join().unwrap().unwrap().value;
        // 200! = 7.886578673647905e374
        let text = value.to_text(dialect);
        assert!(text.starts_with("7886578673647905") && text.len() == 375, "{text}");
    }
}

#[test]
fn many_iterators_end_with_a_limit() {
    let many: Vec<String> = (0..50_000).map(|nth| format!("x{nth} in [1]")).collect();
    for text in
        [format!("for {} return 1", many.join(", ")), format!("some {} satisfies false", many.join(", "))]
    {
        let expression = Expression::compile(&text, Dialect::Bpmn, &Names::default()).unwrap();
        let error = expression.evaluate(&(), &Moment::default(), &Limits::DEFAULT).unwrap_err();
        assert!(matches!(error.kind, EvaluationErrorKind::Limit { name: "depth_nodes", .. }));
    }
}
