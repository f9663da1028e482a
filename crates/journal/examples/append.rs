//! How fast the local journal appends, and what it costs: `cargo run --release --example append -- [FOLDER [SECONDS]]`.
//!
//! Prints, for several group sizes: groups and records per second, the time of an append (median, 99 %), and the CPU time
//! of the appending thread per record. Without a folder a temporary one is used, which may lie in memory: then the sync
//! costs nothing and only the CPU time means something.
#![expect(clippy::print_stdout, reason = "it is a program for people")]

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use weir_journal::{
    Journal, PartitionId, Record, Sequence,
    disk::RealDisk,
    local::{Incarnation, LocalJournal, Options},
};

const PAYLOAD_BYTES: usize = 500;
const PARTITIONS: u16 = 16;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let temporary = tempfile::tempdir()?;
    let folder = arguments.next().map_or_else(|| temporary.path().to_owned(), Into::into);
    let seconds: f64 = arguments.next().map_or(Ok(2.0), |seconds| seconds.parse())?;
    println!("{PAYLOAD_BYTES} B records over {PARTITIONS} partitions, one sync per group");
    println!("group  groups/s  records/s     MB/s   p50 us   p99 us  CPU us/record");
    for group in [1, 4, 16, 64, 256, 1024] {
        measure(&folder.join(format!("append-{group}")), group, Duration::from_secs_f64(seconds))?;
    }
    Ok(())
}

fn measure(
    folder: &std::path::Path,
    group: usize,
    duration: Duration,
) -> Result<(), Box<dyn std::error::Error>> {
    let mut journal =
        LocalJournal::open(Arc::new(RealDisk::new(folder)?), Options::new(Incarnation([1; 16])))?;
    let mut next = Vec::new();
    for partition in 0..PARTITIONS {
        let claim = journal.claim(PartitionId(partition))?;
        next.push((claim.epoch, claim.last_sequence.next()));
    }
    let payload: Vec<u8> = (0..PAYLOAD_BYTES).map(|byte| (byte * 31) as u8).collect();
    let (mut times, mut records) = (Vec::new(), Vec::new());
    let mut partition = 0;
    let (start, cpu_start) = (Instant::now(), thread_cpu()?);
    while start.elapsed() < duration {
        records.clear();
        for _ in 0..group {
            partition = (partition + 1) % PARTITIONS;
            let (epoch, sequence) = &mut next[usize::from(partition)];
            records.push(Record {
                partition: PartitionId(partition),
                epoch: *epoch,
                sequence: *sequence,
                payload: &payload,
            });
            *sequence = sequence.next();
        }
        let begun = Instant::now();
        journal.append(&records)?;
        times.push(begun.elapsed());
        if times.len() % 64 == 0 {
            for (partition, (_, sequence)) in (0..PARTITIONS).zip(&next) {
                journal.trim(PartitionId(partition), Sequence(sequence.0.saturating_sub(1000)))?;
            }
        }
        while let Some(chore) = journal.take_chore() {
            std::thread::spawn(|| chore(&mut || {}));
        }
    }
    let (elapsed, cpu) = (start.elapsed().as_secs_f64(), thread_cpu()? - cpu_start);
    times.sort_unstable();
    let count = times.len() as f64;
    let per_second = count / elapsed;
    let micros = |part: f64| times[((count - 1.0) * part) as usize].as_secs_f64() * 1e6;
    println!(
        "{group:5} {per_second:9.0} {:10.0} {:8.1} {:8.1} {:8.1} {:14.3}",
        per_second * group as f64,
        per_second * (group * PAYLOAD_BYTES) as f64 / 1e6,
        micros(0.5),
        micros(0.99),
        cpu.as_secs_f64() * 1e6 / (count * group as f64),
    );
    Ok(())
}

/// CPU time of this thread; the thread that makes spare segments does not count.
fn thread_cpu() -> Result<Duration, Box<dyn std::error::Error>> {
    let statistics = std::fs::read_to_string("/proc/thread-self/schedstat")?;
    let nanos = statistics.split_whitespace().next().ok_or("no schedstat")?;
    Ok(Duration::from_nanos(nanos.parse()?))
}
