//! Every entry with damaged samples, for a bounded number of rounds: the same ones each time.
//!
//! `WEIR_FUZZ_ROUNDS=100` runs a hundred times as many, `WEIR_FUZZ_SEED` chooses others than CI's.

use std::panic;

use weir_fuzz::{ENTRIES, samples};
use weir_journal::random::SplitMix;

/// Damaged inputs per entry. The larger a sample, the longer a round takes.
fn rounds_of(entry: &str) -> u64 {
    match entry {
        "bpmn" | "dmn" => 400,
        "journal" => 1_500,
        _ => 5_000,
    }
}

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

/// Some of: bits turned, bytes inserted, pieces doubled, moved, cut.
fn damage(bytes: &mut Vec<u8>, random: &mut SplitMix) {
    const HOSTILE: [&[u8]; 10] = [
        b"<",
        b"&",
        b"]]>",
        b"\"",
        b"\0",
        b"\xff",
        b"((((((((",
        b"[[[[[[[[",
        b"-99999999999999999999",
        b"<!DOCTYPE a [",
    ];
    for _ in 0..=random.below(6) {
        if bytes.is_empty() {
            bytes.push(random.draw() as u8);
        }
        let at = random.below(bytes.len());
        let end = at + random.below((bytes.len() - at).min(200)) + 1;
        match random.below(6) {
            0 => bytes[at] ^= 1 << random.below(8),
            1 => bytes[at] = random.draw() as u8,
            2 => drop(bytes.splice(at..at, HOSTILE[random.below(HOSTILE.len())].iter().copied())),
            3 => drop(bytes.drain(at..end)),
            4 => bytes.truncate(at),
            _ => {
                let piece = bytes[at..end].to_vec();
                let to = random.below(bytes.len());
                drop(bytes.splice(to..to, piece));
            }
        }
    }
}

fn run(entry: &str) {
    let (_, call) = ENTRIES.into_iter().find(|(name, _)| *name == entry).unwrap();
    let samples = samples(entry).unwrap();
    assert!(!samples.is_empty(), "no samples of {entry}");
    let mut random = SplitMix(number("WEIR_FUZZ_SEED", 1));
    for round in 0..rounds_of(entry) * number("WEIR_FUZZ_ROUNDS", 1) {
        let mut bytes = samples[random.below(samples.len())].clone();
        damage(&mut bytes, &mut random);
        if panic::catch_unwind(|| call(&bytes)).is_err() {
            panic!("{entry}, round {round}, input: {}", bytes.escape_ascii());
        }
    }
}

#[test]
fn no_entry_is_forgotten() {
    let names = ENTRIES.map(|(name, _)| name);
    assert_eq!(names, ["bpmn", "dmn", "feel", "json", "document", "batch", "journal", "grpc", "rest"]);
}

#[test]
fn every_body_of_the_samples_is_somebodys() {
    for body in samples("rest").unwrap() {
        let text = String::from_utf8_lossy(&body);
        assert!(weir_api::read_as_every_request(&body) > 0, "nobody takes {text}");
    }
}

#[test]
fn damaged_bpmn() {
    run("bpmn");
}

#[test]
fn damaged_dmn() {
    run("dmn");
}

#[test]
fn damaged_feel() {
    run("feel");
}

#[test]
fn damaged_json() {
    run("json");
}

#[test]
fn damaged_documents() {
    run("document");
}

#[test]
fn damaged_batches() {
    run("batch");
}

#[test]
fn damaged_journals() {
    run("journal");
}

#[test]
fn damaged_requests() {
    run("grpc");
}

#[test]
fn damaged_bodies() {
    run("rest");
}
