//! Figures about the node, in one place, as Prometheus reads them.

use std::{
    fmt::Write,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use weir_journal::disk::mirror::{LeftBehind, Pair};

use crate::{admission::Admission, handle::Health};

macro_rules! figures {
    ($($(#[doc = $help:literal])* $kind:ident $name:ident;)*) => {
        /// Counters and gauges of a node.
        #[derive(Debug)]
        pub(crate) struct Metrics {
            admission: Arc<Admission>,
            mirror: Option<Arc<Pair>>,
            recovered: AtomicBool,
            failed: AtomicBool,
            $(pub(crate) $name: AtomicU64,)*
        }

        impl Metrics {
            pub(crate) fn new(admission: Arc<Admission>, mirror: Option<Arc<Pair>>) -> Metrics {
                Metrics {
                    admission,
                    mirror,
                    recovered: AtomicBool::new(false),
                    failed: AtomicBool::new(false),
                    $($name: AtomicU64::new(0),)*
                }
            }

            pub(crate) fn to_text(&self) -> String {
                let mut out = String::new();
                $(figure(&mut out, stringify!($kind), stringify!($name), concat!($($help),*), self.$name.load(Ordering::Relaxed));)*
                let in_flight = self.admission.in_flight() as u64;
                figure(&mut out, "gauge", "commands_in_flight", "Commands that were let in and not answered yet.", in_flight);
                let refused = self.admission.refused() as u64;
                figure(&mut out, "counter", "commands_refused_total", "Commands refused because of load or a full disk.", refused);
                let disk_full = u64::from(self.health().disk_full);
                figure(&mut out, "gauge", "disk_full", "1 while new work is refused because the disk of the data folder has too little space.", disk_full);
                let mirrored = u64::from(self.mirror.is_some());
                figure(&mut out, "gauge", "mirror_configured", "1 when all is kept in two folders.", mirrored);
                let one_copy = u64::from(self.left_behind().is_some());
                figure(&mut out, "gauge", "mirror_left_behind", "1 when one of the two folders failed and was left behind: what happens now is kept once.", one_copy);
                out
            }
        }
    };
}

figures! {
    /// Commands handled.
    counter commands_total;
    /// Commands refused by the engine.
    counter rejections_total;
    /// Records written to the journal.
    counter journal_records_total;
    /// Bytes of records written to the journal.
    counter journal_bytes_total;
    /// Commits of the journal, each of one or more records.
    counter journal_commits_total;
    /// Microseconds spent in commits of the journal.
    counter journal_commit_microseconds_total;
    /// Jobs handed to workers.
    counter jobs_handed_out_total;
    /// Jobs that came back because their worker was gone.
    counter jobs_undelivered_total;
    /// Checkpoints written.
    counter checkpoints_total;
    /// Rows written by checkpoints.
    counter checkpoint_rows_total;
    /// Bytes of the journal that the scrubber read again.
    counter scrub_bytes_total;
    /// Times the scrubber read all that is cold of the journal.
    counter scrub_passes_total;
    /// Bad segments that the scrubber repaired from the mirror.
    counter scrub_repaired_total;
    /// Bad segments that the scrubber found in its last pass and could not repair.
    gauge scrub_bad_segments;
    /// Bytes of rows of partitions in memory, about.
    gauge rows_bytes;
    /// Milliseconds that the first timer, job time-out or message expiry is late that is due and has not happened yet.
    gauge overdue_milliseconds;
    /// Partitions with work that was put off so that other work gets its turn.
    gauge put_off_partitions;
    /// Partitions that this node leads.
    gauge partitions;
    /// Milliseconds that the last recovery took.
    gauge recovery_milliseconds;
}

fn figure(out: &mut String, kind: &str, name: &str, help: &str, value: u64) {
    // Writing into a string cannot fail.
    let _ =
        write!(out, "# HELP weir_{name} {}\n# TYPE weir_{name} {kind}\nweir_{name} {value}\n", help.trim());
}

impl Metrics {
    pub(crate) fn add(counter: &AtomicU64, amount: u64) {
        counter.fetch_add(amount, Ordering::Relaxed);
    }

    pub(crate) fn set_recovered(&self) {
        self.recovered.store(true, Ordering::Relaxed);
    }

    pub(crate) fn set_failed(&self) {
        self.failed.store(true, Ordering::Relaxed);
    }

    /// The folder that failed and was left behind.
    fn left_behind(&self) -> Option<LeftBehind> {
        self.mirror.as_ref()?.left_behind()
    }

    pub(crate) fn health(&self) -> Health {
        let recovered = self.recovered.load(Ordering::Relaxed);
        let failed = self.failed.load(Ordering::Relaxed);
        let disk_full = self.admission.is_disk_full() || self.admission.is_disk_low();
        let left_behind = self.left_behind().map(|left| left.side);
        let bad_segments = self.scrub_bad_segments.load(Ordering::Relaxed);
        let ready = recovered && !failed;
        Health { live: !failed, ready, startup: recovered, disk_full, left_behind, bad_segments }
    }
}
