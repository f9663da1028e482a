//! Instances that wait: what they cost, and what else is possible beside them.

use std::{
    thread,
    time::{Duration, Instant},
};

use super::{Place, compare, megabytes, resident_bytes, row};
use crate::run::{Failed, say};

/// Everything is in the store when the folder has had the same size for so long: checkpoints come every 5 s.
const SETTLED_FOR: Duration = Duration::from_secs(15);
/// It is looked at so often, this many times at most.
const LOOKS_MAX: usize = 20;
/// How often the server is killed under full load.
const KILLS: usize = 3;
/// How long it is under load before it is killed.
const LOAD_BEFORE_KILL: Duration = Duration::from_secs(4);

pub(super) fn measure(place: &Place, instances: u64, memory: &str) -> Result<(), Failed> {
    let mut full = place.serve("full", memory)?;
    say(&format!("{instances} instances are created that wait"));
    let begin = Instant::now();
    place.bench(&full, &["--waiting", &instances.to_string(), "--duration", "1s"])?;
    let created = begin.elapsed().as_secs_f64();
    say(&format!("created in about {created:.0} s ({:.0}/s)", instances as f64 / created));
    let disk_bytes = settled_bytes(place)? as f64 / instances as f64;
    let empty = place.serve("empty", memory)?;
    let ratio = compare(place, ("empty", &empty), ("beside the waiting", &full))?;
    let [_, resident_bytes_max] = resident_bytes(full.pid())?;
    empty.stop()?;
    let mut ready_ms = Vec::new();
    for _ in 0..KILLS {
        let mut load = place.begin(&full, &["--duration", "60s"])?;
        thread::sleep(LOAD_BEFORE_KILL);
        full.kill()?;
        let (_gone, _reaped) = (load.kill(), load.wait());
        let begin = Instant::now();
        full = place.serve("full", memory)?;
        ready_ms.push(begin.elapsed().as_millis());
    }
    full.stop()?;
    row(
        &format!("W1 beside {instances} waiting, of empty"),
        &format!("{ratio:.0} %"),
        "80 % (50 % with 10,000,000 and 2GB) | 95 % (80 %)",
    );
    row("resident memory, most", &megabytes(resident_bytes_max), "1.2 GB | 600 MB");
    row("disk per waiting instance after a checkpoint", &format!("{disk_bytes:.0} B"), "1.5 kB | 1 kB");
    row("ready after kill -9 at full load", &format!("{ready_ms:?} ms"), "2 s | 0.5 s");
    Ok(())
}

/// Bytes on disk once they do not change any more.
fn settled_bytes(place: &Place) -> Result<u64, Failed> {
    let mut before = 0;
    for _ in 0..LOOKS_MAX {
        thread::sleep(SETTLED_FOR);
        let now = place.disk_bytes("full")?;
        if now == before {
            return Ok(now);
        }
        before = now;
    }
    Err(Failed("the data folder does not come to rest".to_owned()))
}
