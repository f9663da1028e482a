//! Recursion of every kind ends with a limit on a thread of 2 MiB.

use weir_feel::{Dialect, EvaluationErrorKind, Expression, Limits, Moment, Names};

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
