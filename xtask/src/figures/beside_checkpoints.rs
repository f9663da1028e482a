//! W1 at 70 % load beside instances that live long enough to get into the store, and beside as many that do not.

use std::{thread, time::Duration};

use super::{Place, Run, median, row};
use crate::run::{Failed, say};

/// Rounds of two runs each.
const ROUNDS: usize = 3;
/// Of what closed load reaches, this is what runs beside the load that is measured.
const BESIDE: f64 = 0.07;
/// And this is the load that is measured.
const MEASURED: f64 = 0.63;
/// So long a worker has a job: longer than the time between checkpoints, so that what is written then goes again later.
const LIFE: &str = "15s";
/// As many begin as end by then.
const SETTLED_AFTER: Duration = Duration::from_secs(18);

pub(super) fn measure(place: &Place) -> Result<(), Failed> {
    let server = place.serve("data", "")?;
    let closed = place.bench(&server, &[])?.done_per_s();
    let [beside, rate] = [BESIDE, MEASURED].map(|share| format!("{:.0}", closed * share));
    say(&format!("closed load reaches {closed:.0}/s; {rate}/s are measured beside {beside}/s"));
    let mut p999_ms = [Vec::new(), Vec::new()];
    for _ in 0..ROUNDS {
        for (life, found) in ["0s", LIFE].into_iter().zip(&mut p999_ms) {
            let written = server.metric("weir_checkpoint_rows_total")?;
            let others = place.begin(
                &server,
                &["--rate", &beside, "--work", life, "--warm-up", "18s", "--duration", "35s"],
            )?;
            thread::sleep(SETTLED_AFTER);
            let run = place.bench(&server, &["--rate", &rate, "--duration", "30s"])?;
            Run::of(others)?;
            let written = server.metric("weir_checkpoint_rows_total")? - written;
            say(&format!(
                "beside {beside}/s that live {life}: p50 {:.2} ms, p99 {:.1} ms, p99.9 {:.1} ms; {written:.0} rows were written by checkpoints",
                run.done_ms("p50"),
                run.done_ms("p99"),
                run.done_ms("p99.9")
            ));
            found.push(run.done_ms("p99.9"));
        }
    }
    let [without, with] = p999_ms.map(|mut found| median(&mut found));
    row(
        "p99.9 of W1 at 70 % load during checkpoints and compactions, of its value without",
        &format!("{with:.1} of {without:.1} ms: {:.1}x", with / without),
        "3x | 1.5x",
    );
    server.stop()
}
