//! The scrubber's thread: what is cold of the journal is read again, slowly, for as long as the node runs. What is bad is repaired from the
//! mirror if there is one, and told in the log, the metrics and the health in any case.

use std::time::Duration;

use weir_journal::local::{Scrubbed, Scrubber};

use crate::{disk_space::DiskSpace, metrics::Metrics};

/// How fast it goes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pace {
    /// Bytes that are read in a second at most.
    pub(crate) bytes_per_second: u64,
    /// Rest before each pass.
    pub(crate) rest: Duration,
}

/// So slowly that nobody notices: a journal of a gigabyte is read in four minutes, then not for an hour.
pub(crate) const PACE: Pace = Pace { bytes_per_second: 4 << 20, rest: Duration::from_secs(3_600) };

/// Reads until the node stops.
pub(crate) fn run(scrubber: &Scrubber, metrics: &Metrics, space: &DiskSpace, pace: Pace) {
    while !space.stops_within(pace.rest) {
        let (mut unrepaired, mut stops) = (0, false);
        scrubber.pass(&mut |scrubbed| {
            match scrubbed {
                Scrubbed::Read(bytes) => {
                    Metrics::add(&metrics.scrub_bytes_total, bytes as u64);
                    let pause = Duration::from_secs(1).mul_f64(bytes as f64 / pace.bytes_per_second as f64);
                    stops = space.stops_within(pause);
                }
                Scrubbed::Bad(bad) if bad.repaired => {
                    Metrics::add(&metrics.scrub_repaired_total, 1);
                    tracing::error!("{}: {}; it was repaired from the other copy: look at its disk", bad.place, bad.why);
                }
                Scrubbed::Bad(bad) => {
                    unrepaired += 1;
                    tracing::error!(
                        "{}: {}; no other copy could repair it; stop the server in order, which puts everything into the state store, then look \
                         with `weir data verify`, and restore the file from a backup",
                        bad.place,
                        bad.why
                    );
                }
            }
            !stops
        });
        if stops {
            return;
        }
        metrics.scrub_bad_segments.store(unrepaired, std::sync::atomic::Ordering::Relaxed);
        Metrics::add(&metrics.scrub_passes_total, 1);
    }
}

#[cfg(test)]
mod tests {
    use std::{path::Path, sync::Arc, thread, time::Duration};

    use weir_journal::{
        Journal, PartitionId, Record, Sequence,
        disk::sim::SimDisk,
        local::{Incarnation, LocalJournal, Options},
    };

    use super::*;
    use crate::admission::Admission;

    #[test]
    fn damage_is_told_and_the_thread_ends_with_the_node() {
        let disk = SimDisk::new();
        let options =
            Options { segment_bytes: 16 * 1024, reserve_bytes: 0, ..Options::new(Incarnation([1; 16])) };
        let mut journal = LocalJournal::open(Arc::new(disk.clone()), options).unwrap();
        let (partition, payload) = (PartitionId(1), vec![7; 3_000]);
        let epoch = journal.claim(partition).unwrap().epoch;
        for number in 1..=20 {
            journal
                .append(&[Record { partition, epoch, sequence: Sequence(number), payload: &payload }])
                .unwrap();
        }
        let admission = Admission::new(1);
        let metrics = Arc::new(Metrics::new(admission.clone(), None));
        let space = DiskSpace::of(Path::new("."), None, admission);
        let pace = Pace { bytes_per_second: 1 << 40, rest: Duration::from_millis(1) };
        let scrubbing = thread::spawn({
            let (scrubber, metrics, space) = (journal.scrubber(), metrics.clone(), space.clone());
            move || run(&scrubber, &metrics, &space, pace)
        });
        let until = |holds: &dyn Fn() -> bool| {
            let waited = (0..2_000).any(|_| {
                thread::sleep(Duration::from_millis(5));
                holds()
            });
            assert!(waited, "{}", metrics.to_text());
        };
        until(&|| metrics.to_text().contains("weir_scrub_passes_total 2"));
        assert_eq!(metrics.health().bad_segments, 0);
        disk.overwrite("0000000001.segment", 4096 + 20, &[0xee]);
        until(&|| metrics.health().bad_segments == 1);
        space.stop();
        scrubbing.join().unwrap();
    }
}
