//! Every entry with damaged samples, for a bounded number of rounds: the same ones each time.
//!
//! `WEIR_FUZZ_ROUNDS=100` runs a hundred times as many, `WEIR_FUZZ_SEED` chooses others than CI's.

use std::{fs, panic, path::Path};

use weir_engine::{
    Partition, Settings,
    command::{Command, Resource},
    event::Batch,
    key::PartitionId,
};
use weir_fuzz::ENTRIES;
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

/// Files of the repository below `folder` with this suffix, small ones.
fn files(folder: &Path, suffix: &str, into: &mut Vec<Vec<u8>>) {
    let mut entries: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            files(&path, suffix, into);
        } else if path.extension().is_some_and(|it| it == suffix) && path.metadata().unwrap().len() < 40_000 {
            into.push(fs::read(path).unwrap());
        }
    }
}

fn samples(entry: &str) -> Vec<Vec<u8>> {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests");
    let mut samples = Vec::new();
    match entry {
        "bpmn" => files(&tests, "bpmn", &mut samples),
        "dmn" => files(&tests.join("conformance/dmn-tck"), "dmn", &mut samples),
        "feel" => {
            let cases = fs::read_to_string(tests.join("conformance/feel-cases/cases.jsonl")).unwrap();
            let text = |line: &str| {
                Some(line.split_once("\"expr\": \"")?.1.split_once("\", \"")?.0.replace("\\n", "\n"))
            };
            samples
                .extend(cases.lines().filter_map(text).map(|text| text.replace("\\\"", "\"").into_bytes()));
        }
        "json" | "document" => {
            samples.push(
                br#"{"a": [1, -2.50e3, {"b": null}], "c": "\u00fc\n\ud83d\ude00", "d": true}"#.to_vec(),
            );
        }
        "batch" => {
            samples.extend(deployed(&tests).map(|batch| batch.to_bytes()));
            // An array of events of every tag, with fields of several kinds.
            samples.extend(
                (0..60).map(|tag| vec![0x83, 1, 2, 0x81, 0x82, 0x18, tag, 0x84, 1, 2, 0x61, b'a', 0x80]),
            );
        }
        "journal" => samples.push([0, 0, 1, 0, 3, 7].repeat(4)),
        "grpc" => samples.push(b"\x0a\x03abc\x10\x05\x1a\x02{}\x22\x04\x0a\x02xy".to_vec()),
        "rest" => samples.extend(rest_bodies()),
        _ => panic!("{entry} has no samples"),
    }
    assert!(!samples.is_empty(), "no samples of {entry}");
    samples
}

/// A body for each operation of REST that has one.
fn rest_bodies() -> Vec<Vec<u8>> {
    let bodies = [
        r#"{"timestamp": 1700000000000}"#,
        r#"{"decisionDefinitionId": "d", "variables": {"a": 1.50}}"#,
        r#"{"variables": {"a": [null, true]}, "local": true, "operationReference": 7}"#,
        r#"{"expression": "=a + 1", "variables": {"a": 1}}"#,
        r#"{"type": "t", "worker": "w", "timeout": 5, "maxJobsToActivate": 3, "fetchVariable": ["a"], "tenantIds": ["<default>"]}"#,
        r#"{"variables": null, "result": {"type": "userTask", "denied": false, "corrections": {}}}"#,
        r#"{"retries": 2, "errorMessage": "\ud83d\ude00", "retryBackOff": 1000, "variables": {}}"#,
        r#"{"errorCode": "e", "errorMessage": "m", "variables": {"x": "y"}}"#,
        r#"{"changeset": {"retries": 3, "timeout": 60000}}"#,
        r#"{"name": "n", "correlationKey": "k", "timeToLive": 60000, "messageId": "i", "variables": {}}"#,
        r#"{"processDefinitionKey": "2251799813685249", "startInstructions": [{"elementId": "e"}], "awaitCompletion": true}"#,
        r#"{"processDefinitionId": "p", "processDefinitionVersion": -1, "tags": ["t"]}"#,
    ];
    for body in bodies {
        assert!(weir_api::read_as_every_request(body.as_bytes()) > 0, "nobody takes {body}");
    }
    bodies.map(|body| body.as_bytes().to_vec()).to_vec()
}

/// What the deployment of each model that runs writes.
fn deployed(tests: &Path) -> impl Iterator<Item = Batch> {
    let mut models = Vec::new();
    files(&tests.join("scenarios"), "bpmn", &mut models);
    models.into_iter().filter_map(|model| {
        let settings = Settings {
            partition: PartitionId(1),
            partitions: 1,
            zone: weir_feel::temporal::Zone::UTC,
            feel_limits: weir_feel::Limits::DEFAULT,
            payload: weir_engine::Payload::default(),
        };
        let resource = Resource { name: "fuzz.bpmn".into(), content: model.into() };
        Partition::new(settings).handle(1, None, Command::Deploy(vec![resource]), &mut ()).batch
    })
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
    let samples = samples(entry);
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
