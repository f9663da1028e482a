//! The local journal alone: groups of records until they are durable, on the disk of the temporary folder.
//! One record is what a bare `fdatasync` of this disk costs; larger groups show what sharing it saves.

use std::sync::Arc;

use divan::{Bencher, counter::BytesCount};
use weir_journal::{
    Journal, PartitionId, Record,
    disk::RealDisk,
    local::{Incarnation, LocalJournal, Options},
};

fn main() {
    divan::main();
}

/// Bytes of one record: what the creation of a W1 instance takes.
const RECORD_BYTES: usize = 800;

#[divan::bench(args = [1, 8, 64, 512])]
fn append_durably(bencher: Bencher<'_, '_>, records: usize) {
    let folder = tempfile::tempdir_in(".").expect("a folder");
    let disk = RealDisk::new(folder.path()).expect("a disk");
    let mut journal =
        LocalJournal::open(Arc::new(disk), Options::new(Incarnation([7; 16]))).expect("a journal");
    let partition = PartitionId(1);
    let claim = journal.claim(partition).expect("a claim");
    let mut sequence = claim.last_sequence;
    let payload = vec![7; RECORD_BYTES];
    bencher.counter(BytesCount::new(records * RECORD_BYTES)).bench_local(|| {
        let group: Vec<Record<'_>> = (0..records)
            .map(|_| {
                sequence = sequence.next();
                Record { partition, epoch: claim.epoch, sequence, payload: &payload }
            })
            .collect();
        journal.append(&group).expect("durable");
    });
}
