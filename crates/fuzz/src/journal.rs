//! A journal folder that rotted: it is opened and read, or refused; what it gives back was once written, in order.

use std::sync::Arc;

use weir_journal::{
    Journal, OwnedRecord, PartitionId, Record, Sequence,
    disk::sim::SimDisk,
    local::{Incarnation, LocalJournal, Options},
};

/// What was written: the payload of the record with each sequence.
const PAYLOADS: [&[u8]; 5] = [b"one", b"", &[7; 900], b"four", &[9; 2_000]];

/// Damages a sound folder and opens it. Six bytes are one damage: which file, where in it (3), what (2).
pub fn journal(bytes: &[u8]) {
    let Some((disk, partition)) = sound() else { return };
    for damage in bytes.chunks_exact(6).take(64) {
        let paths = disk.paths();
        let Some(path) = paths.get(usize::from(damage[0]) % paths.len().max(1)) else { break };
        let at = usize::from(damage[1]) << 16 | usize::from(damage[2]) << 8 | usize::from(damage[3]);
        let size = disk.contents(path).len().max(1);
        match damage[4] {
            0 => disk.truncate(path, at % size),
            1 => disk.lose(path),
            2 => disk.overwrite(path, at % size, &vec![0; usize::from(damage[5]) * 16]),
            // Mostly near the start, where the frames are.
            _ => disk.overwrite(path, at % size.min(8 * 1024), &damage[5..]),
        }
    }
    let Ok(journal) = LocalJournal::open(Arc::new(disk), options()) else { return };
    let Ok(tail) = journal.tail(partition) else { return };
    let Ok(records) = journal.read(partition, tail.trimmed.next()) else { return };
    let mut expected = tail.trimmed.next();
    for OwnedRecord { sequence, payload, .. } in records.map_while(Result::ok) {
        assert_eq!(sequence, expected, "a record is missing or out of order");
        let written = usize::try_from(sequence.0).ok().and_then(|number| PAYLOADS.get(number - 1));
        assert_eq!(written, Some(&payload.as_slice()), "a record that was never written");
        expected = sequence.next();
    }
}

fn options() -> Options {
    let mut options = Options::new(Incarnation([5; 16]));
    options.segment_bytes = 32 * 1024;
    options.reserve_bytes = 8 * 1024;
    options
}

/// A folder with a record of each payload.
fn sound() -> Option<(SimDisk, PartitionId)> {
    let disk = SimDisk::new();
    let mut journal = LocalJournal::open(Arc::new(disk.clone()), options()).ok()?;
    let partition = PartitionId(1);
    let epoch = journal.claim(partition).ok()?.epoch;
    for (payload, number) in PAYLOADS.iter().zip(1..) {
        journal.append(&[Record { partition, epoch, sequence: Sequence(number), payload }]).ok()?;
    }
    Some((disk, partition))
}
