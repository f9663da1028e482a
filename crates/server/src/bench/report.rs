//! What a run gave, as text and as JSON.

use serde_json::{Value, json};

use super::{
    Outcome,
    capacity::{Capacity, Round},
    driver::Load,
    endurance::Ledger,
    pace::Arrivals,
    tally::Latency,
};
use crate::output::{BAD, DIM, GOOD, NAME, WARN, table};

/// Lateness of the driver, in milliseconds at the 99th percentile, from which its figures are doubtful.
const DRIVER_LATE_MS: f64 = 5.0;

/// The load in words.
pub(crate) fn load(load: Load) -> String {
    match load {
        Load::Closed(in_flight) => format!("closed, {in_flight} in flight"),
        Load::Open(rate, Arrivals::Poisson) => format!("open, {rate:.0}/s Poisson"),
        Load::Open(rate, Arrivals::Constant) => format!("open, {rate:.0}/s constant"),
    }
}

/// One line: for the steps of a search.
pub(crate) fn line(outcome: &Outcome, too_much: Option<&str>) -> String {
    let tally = &outcome.tally;
    let verdict = match too_much {
        None => format!("{GOOD}held{GOOD:#}"),
        Some(why) => format!("{WARN}too much: {why}{WARN:#}"),
    };
    format!(
        "{:<28} {:>8.0}/s done  p50 {:>7.2} ms  p99 {:>8.2} ms  refused {:>6}  {verdict}",
        load(outcome.load),
        outcome.done_per_second(),
        tally.done_after.quantile_ms(0.5),
        tally.done_after.quantile_ms(0.99),
        tally.refused_in_window
    )
}

/// Everything about one run.
pub(crate) fn text(outcome: &Outcome) -> String {
    let tally = &outcome.tally;
    let mut lines = vec![
        format!(
            "{NAME}{}{NAME:#} {} | {} | window {:.1} s",
            outcome.workload,
            outcome.workload.describe(),
            load(outcome.load),
            outcome.window.as_secs_f64()
        ),
        format!(
            "{NAME}{:.0}{NAME:#} instances/s done, {:.0} jobs/s",
            outcome.done_per_second(),
            tally.jobs_in_window as f64 / outcome.window.as_secs_f64()
        ),
        latencies(outcome),
    ];
    let in_window = tally.done_in_window.max(1) as f64;
    if let Some(server) = outcome.server {
        let written = server
            .written_bytes
            .map_or("unknown".to_owned(), |bytes| format!("{:.2} kB", bytes as f64 / in_window / 1000.0));
        lines.push(format!(
            "server  {:.3} CPU s per 1,000 instances ({:.2} cores), memory {:.1} MB (most {:.1} MB), written to disk {written} per instance",
            server.cpu_seconds / in_window * 1000.0,
            server.cpu_seconds / outcome.window.as_secs_f64(),
            server.resident_bytes as f64 / 1e6,
            server.resident_bytes_max as f64 / 1e6,
        ));
    }
    if let Some(bytes) = outcome.data_bytes {
        lines
            .push(format!("data    {:.2} kB per instance", bytes as f64 / tally.done.max(1) as f64 / 1000.0));
    }
    lines.push(format!(
        "driver  {:.3} CPU s per 1,000 instances ({:.2} cores), late by {:.2} ms at p99, at most {} in flight",
        outcome.driver_cpu_seconds / in_window * 1000.0,
        outcome.driver_cpu_seconds / outcome.window.as_secs_f64(),
        tally.driver_late.quantile_ms(0.99),
        tally.in_flight_max
    ));
    if tally.driver_late.quantile_ms(0.99) > DRIVER_LATE_MS {
        lines.push(format!("{WARN}the driver itself was late: the machine or the driver is full, latencies contain its delay{WARN:#}"));
    }
    lines.push(counts(outcome));
    lines.extend(tally.errors.iter().map(|(text, count)| format!("{BAD}{count} x{BAD:#} {text}")));
    lines.join("\n")
}

fn counts(outcome: &Outcome) -> String {
    let tally = &outcome.tally;
    let verdict = if tally.is_complete() {
        format!("{GOOD}all of them ended{GOOD:#}")
    } else {
        format!(
            "{BAD}{} missing, {} jobs too many, {} still active{BAD:#}",
            tally.missing, tally.surplus, tally.still_active
        )
    };
    format!(
        "work    {} acknowledged, {verdict} ({} asked about at the server); refused {}, left out {}, foreign jobs {}",
        tally.acknowledged, tally.verified, tally.refused_in_window, tally.left_out, tally.foreign
    )
}

fn latencies(outcome: &Outcome) -> String {
    let mut rows = vec![["ms", "p50", "p90", "p95", "p99", "p99.9", "max"].map(str::to_owned).to_vec()];
    for (name, latency) in named_latencies(outcome) {
        if latency.count() > 0 {
            let cells = [0.5, 0.9, 0.95, 0.99, 0.999, 1.0]
                .map(|quantile| format!("{:.2}", latency.quantile_ms(quantile)));
            rows.push(std::iter::once(name.replace('_', " ")).chain(cells).collect());
        }
    }
    if rows.len() == 1 { format!("{DIM}no latency was recorded{DIM:#}") } else { table(&rows) }
}

fn named_latencies(outcome: &Outcome) -> [(&'static str, &Latency); 4] {
    let tally = &outcome.tally;
    [
        ("create_to_acknowledged", &tally.acknowledged_after),
        ("create_to_first_job", &tally.job_after),
        ("job_completion_to_acknowledged", &tally.completion),
        ("create_to_done", &tally.done_after),
    ]
}

/// Everything about one run, for programs.
pub(crate) fn json(outcome: &Outcome) -> Value {
    let tally = &outcome.tally;
    let in_window = tally.done_in_window.max(1) as f64;
    let latency = |latency: &Latency| {
        json!({
            "count": latency.count(), "p50": latency.quantile_ms(0.5), "p90": latency.quantile_ms(0.9), "p95": latency.quantile_ms(0.95),
            "p99": latency.quantile_ms(0.99), "p99.9": latency.quantile_ms(0.999), "max": latency.quantile_ms(1.0),
        })
    };
    let latencies: serde_json::Map<String, Value> =
        named_latencies(outcome).into_iter().map(|(name, it)| (format!("{name}_ms"), latency(it))).collect();
    json!({
        "workload": outcome.workload.to_string(), "load": load(outcome.load), "window_s": outcome.window.as_secs_f64(),
        "done_per_s": outcome.done_per_second(), "jobs_per_s": tally.jobs_in_window as f64 / outcome.window.as_secs_f64(),
        "latencies": latencies,
        "server": outcome.server.map(|server| json!({
            "cpu_s_per_1000": server.cpu_seconds / in_window * 1000.0, "cores": server.cpu_seconds / outcome.window.as_secs_f64(),
            "resident_bytes": server.resident_bytes, "resident_bytes_max": server.resident_bytes_max,
            "written_bytes_per_instance": server.written_bytes.map(|bytes| bytes as f64 / in_window),
        })),
        "data_bytes_per_instance": outcome.data_bytes.map(|bytes| bytes as f64 / tally.done.max(1) as f64),
        "driver": {
            "cpu_s_per_1000": outcome.driver_cpu_seconds / in_window * 1000.0, "cores": outcome.driver_cpu_seconds / outcome.window.as_secs_f64(),
            "late_p99_ms": tally.driver_late.quantile_ms(0.99), "in_flight_max": tally.in_flight_max, "in_flight_at_end": tally.in_flight_at_end,
        },
        "complete": tally.is_complete(), "acknowledged": tally.acknowledged, "done": tally.done, "missing": tally.missing,
        "surplus": tally.surplus, "still_active": tally.still_active, "verified": tally.verified, "refused": tally.refused_in_window,
        "left_out": tally.left_out, "foreign": tally.foreign, "errors": tally.errors, "done_by_second": tally.done_by_second,
    })
}

/// A search for the capacity.
pub(crate) fn capacity_text(capacity: &Capacity) -> String {
    let mut text = format!("{NAME}capacity {:.0} instances/s{NAME:#}", capacity.per_second);
    for (number, round) in (1..).zip(&capacity.rounds) {
        text.push_str(&format!(
            "\n\n{NAME}round {number}: at 70 % of closed load{NAME:#}\n{}\n\n{NAME}at twice of what closed load reaches with twice as many in flight: goodput {:.1} %{NAME:#}\n{}",
            self::text(&round.comfortable),
            round.goodput() * 100.0,
            self::text(&round.overload)
        ));
    }
    text.push_str(&format!(
        "\n\n{NAME}median of {} rounds: at 70 % p50 {:.2} ms, p99 {:.2} ms; at 200 % goodput {:.1} %{NAME:#}",
        capacity.rounds.len(),
        capacity.median(|round| comfortable_ms(round, 0.5)),
        capacity.median(|round| comfortable_ms(round, 0.99)),
        capacity.median(Round::goodput) * 100.0
    ));
    text
}

fn comfortable_ms(round: &Round, quantile: f64) -> f64 {
    round.comfortable.tally.done_after.quantile_ms(quantile)
}

/// A search for the capacity, for programs.
pub(crate) fn capacity_json(capacity: &Capacity) -> Value {
    let step = |(outcome, too_much): &(Outcome, Option<String>)| json!({ "too_much": too_much, "run": json(outcome) });
    let round = |round: &Round| {
        json!({
            "closed": json(&round.closed), "at_70_percent": json(&round.comfortable), "closed_twice": json(&round.most),
            "at_200_percent": json(&round.overload), "goodput": round.goodput(),
        })
    };
    json!({
        "capacity_per_s": capacity.per_second, "closed": json(&capacity.closed), "steps": capacity.steps.iter().map(step).collect::<Vec<_>>(),
        "rounds": capacity.rounds.iter().map(round).collect::<Vec<_>>(),
        "at_70_percent_p50_ms": capacity.median(|round| comfortable_ms(round, 0.5)),
        "at_70_percent_p99_ms": capacity.median(|round| comfortable_ms(round, 0.99)),
        "overload_goodput": capacity.median(Round::goodput),
    })
}

/// What was left after restarts.
pub(crate) fn ledger_text(ledger: &Ledger) -> String {
    let mut text = format!(
        "{} instances acknowledged, {} completions acknowledged, {} without an answer, connections broken {} times",
        ledger.acknowledged(),
        ledger.completed(),
        ledger.unanswered,
        ledger.broken
    );
    if ledger.violations.is_empty() {
        text.push_str(&format!("\n{GOOD}everything acknowledged is accounted for{GOOD:#}"));
    }
    for violation in &ledger.violations {
        text.push_str(&format!("\n{BAD}violation{BAD:#} {violation}"));
    }
    text
}

/// What was left after restarts, for programs.
pub(crate) fn ledger_json(ledger: &Ledger) -> Value {
    json!({
        "acknowledged": ledger.acknowledged(), "completed": ledger.completed(), "unanswered": ledger.unanswered,
        "broken": ledger.broken, "violations": ledger.violations,
    })
}
