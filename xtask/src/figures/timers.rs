//! Timers that are all due in the same second.

use std::{
    thread,
    time::{Duration, Instant},
};

use super::{Place, Run, megabytes, resident_bytes, row};
use crate::run::{Failed, say};

/// Timers that are created in a second at least; it sets when they are due.
const CREATED_PER_S: u64 = 20_000;
/// The warm-up of W1, which begins so long before they are due.
const WARM_UP: Duration = Duration::from_secs(3);
/// How often the server is asked how late it is.
const ASKED_EVERY: Duration = Duration::from_millis(100);
/// When a server is given up that is late.
const GIVEN_UP_AFTER: Duration = Duration::from_secs(300);

pub(super) fn measure(place: &Place, timers: u64) -> Result<(), Failed> {
    let server = place.serve("data", "")?;
    let due_in = Duration::from_secs(timers / CREATED_PER_S + 10);
    let due = Instant::now() + due_in;
    say(&format!("{timers} timers are created, due in {due_in:?}"));
    let due_in = format!("{}s", due_in.as_secs());
    let created = ["--waiting", &timers.to_string(), "--waiting-for", "timer", "--due-in", &due_in];
    place.bench(&server, &[&created[..], &["--duration", "1s", "--warm-up", "0s"]].concat())?;
    let Some(left) = due.checked_duration_since(Instant::now() + WARM_UP) else {
        return Err(Failed(
            "this machine is too slow: the timers were due before all of them were there".to_owned(),
        ));
    };
    thread::sleep(left);
    let warm_up = format!("{}s", WARM_UP.as_secs());
    let load = place.begin(&server, &["--rate", "2000", "--warm-up", &warm_up, "--duration", "20s"])?;
    let late_ms = last_lateness_ms(&server, due)?;
    let load = Run::of(load)?;
    let [_, resident_bytes_max] = resident_bytes(server.pid())?;
    row(
        &format!(
            "{timers} timers due in the same second: all fired within / W1 p99 at 2,000/s in the first 20 s"
        ),
        &format!("{:.1} s / {:.0} ms", late_ms / 1e3, load.done_ms("p99")),
        "60 s / 100 ms | 20 s / 30 ms",
    );
    row("resident memory, most", &megabytes(resident_bytes_max), "the bound |");
    server.stop()
}

/// How late the last timer was.
fn last_lateness_ms(server: &crate::server::Server, due: Instant) -> Result<f64, Failed> {
    let mut late_ms = 0.0;
    while due + GIVEN_UP_AFTER > Instant::now() {
        let now_ms = server.metric("weir_overdue_milliseconds")?;
        if now_ms == 0.0 && late_ms > 0.0 && Instant::now() > due + Duration::from_secs(2) {
            return Ok(late_ms);
        }
        late_ms = if now_ms > 0.0 { now_ms } else { late_ms };
        thread::sleep(ASKED_EVERY);
    }
    Err(Failed(format!("not all timers had fired {GIVEN_UP_AFTER:?} after they were due")))
}
