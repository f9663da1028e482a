//! Weir's FEEL and DMN, feel-scala with dmn-scala, and dsntk, side by side in one run: the fewest nanoseconds of CPU time
//! of the evaluating thread for one operation, of several rounds in which the engines take turns.
//!
//! `weir-side-by-side [--json] [--rounds N]`. See README.md.

mod dsntk;
mod jvm;
mod subjects;
mod timing;
mod weir;

use std::process::ExitCode;

use timing::Measured;

/// Rounds of a run that says nothing else.
const ROUNDS: u32 = 5;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let is_json = arguments.iter().any(|it| it == "--json");
    let rounds =
        arguments.iter().skip_while(|it| *it != "--rounds").nth(1).map_or(Ok(ROUNDS), |it| it.parse());
    let Ok(rounds) = rounds else {
        eprintln!("--rounds needs a number");
        return ExitCode::FAILURE;
    };
    let ours = timing::measure(weir::tasks(), rounds);
    let dsntk = timing::measure(dsntk::tasks(), rounds);
    let jvm = match jvm::measure(rounds) {
        Ok(jvm) => jvm,
        Err(why) => {
            eprintln!("feel-scala was not timed: {why}");
            Vec::new()
        }
    };
    if is_json {
        println!("{}", to_json(&ours, &dsntk, &jvm));
    } else {
        print!("{}", to_table(&ours, &dsntk, &jvm));
    }
    ExitCode::SUCCESS
}

fn find(of: &[Measured], like: &Measured) -> Option<f64> {
    of.iter().find(|it| it.what == like.what && it.mode == like.mode).map(|it| it.ns)
}

fn to_json(ours: &[Measured], dsntk: &[Measured], jvm: &[Measured]) -> String {
    let rows = ours.iter().map(|it| {
        serde_json::json!({
            "what": it.what, "mode": it.mode, "weir_ns": it.ns, "dsntk_ns": find(dsntk, it), "scala_ns": find(jvm, it),
        })
    });
    let rows: Vec<_> = rows.collect();
    serde_json::json!({ "unit": "ns of CPU time", "load": timing::load(), "rows": rows }).to_string()
}

fn to_table(ours: &[Measured], dsntk: &[Measured], jvm: &[Measured]) -> String {
    let mut text = format!(
        "ns of CPU time for one operation, fewest of all rounds; load average {}\n\n\
         | what | mode | weir | dsntk | feel-scala, dmn-scala | dsntk / weir | scala / weir |\n|---|---|---|---|---|---|---|\n",
        timing::load()
    );
    let shown = |ns: Option<f64>| ns.map_or("-".to_owned(), |ns| format!("{ns:.0}"));
    for it in ours {
        let (dsntk, jvm) = (find(dsntk, it), find(jvm, it));
        let ratio = |other: Option<f64>| other.map_or("-".to_owned(), |ns| format!("{:.1}", ns / it.ns));
        text.push_str(&format!(
            "| `{}` | {} | {:.0} | {} | {} | {} | {} |\n",
            it.what,
            it.mode,
            it.ns,
            shown(dsntk),
            shown(jvm),
            ratio(dsntk),
            ratio(jvm)
        ));
    }
    text
}
