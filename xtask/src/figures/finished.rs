//! A server through which very many instances have gone: nothing of them may be felt.

use super::{Place, compare, megabytes, open_files, resident_bytes, row};
use crate::run::{Failed, say};

pub(super) fn measure(place: &Place, instances: u64) -> Result<(), Failed> {
    let old = place.serve("old", "")?;
    let mut done = place.bench(&old, &[])?.number("/done");
    let state = || -> Result<String, Failed> {
        let [bytes, bytes_max] = resident_bytes(old.pid())?;
        let (memory, most) = (megabytes(bytes), megabytes(bytes_max));
        let disk = megabytes(place.disk_bytes("old")?);
        Ok(format!("{memory} resident (most {most}), {} open files, {disk} on disk", open_files(old.pid())?))
    };
    let at_first = state()?;
    say(&format!("after {done:.0} instances: {at_first}"));
    while done < instances as f64 {
        let run = place.bench(&old, &["--duration", "60s"])?;
        done += run.number("/done");
        say(&format!("after {done:.0} instances: W1 {:.0}/s, {}", run.done_per_s(), state()?));
    }
    let fresh = place.serve("fresh", "")?;
    let ratio = compare(place, ("fresh", &fresh), ("old", &old))?;
    row(
        &format!("W1 after {done:.0} instances, of a fresh server's"),
        &format!("{ratio:.0} %"),
        "95 % | 99 %",
    );
    row("at first", &at_first, "flat | flat");
    row("in the end", &state()?, "flat | flat");
    fresh.stop()?;
    old.stop()
}
