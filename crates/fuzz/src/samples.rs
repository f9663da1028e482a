//! Sound inputs of each entry, to be damaged: what the bounded tests and the fuzzer begin with.

use std::{fs, io, path::Path};

use prost::Message;
use weir_api::proto as p;
use weir_engine::{
    Partition, Settings,
    command::{Command, Resource},
    event::Batch,
    key::PartitionId,
};

/// Files that are larger make a round take too long.
const FILE_BYTES: u64 = 40_000;

/// The samples of an entry, by its name; none of a name that is no entry.
///
/// # Errors
/// The tests of the repository, where most of them are, cannot be read.
pub fn samples(entry: &str) -> io::Result<Vec<Vec<u8>>> {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests");
    let mut samples = Vec::new();
    match entry {
        "bpmn" => files(&tests, "bpmn", &mut samples)?,
        "dmn" => files(&tests.join("conformance/dmn-tck"), "dmn", &mut samples)?,
        "feel" => {
            let cases = fs::read_to_string(tests.join("conformance/feel-cases/cases.jsonl"))?;
            samples.extend(cases.lines().filter_map(expression));
        }
        "json" | "document" => {
            let text = r#"{"a": [1, -2.50e3, {"b": null}], "c": "\u00fc\n\ud83d\ude00", "d": true}"#;
            samples.push(text.as_bytes().to_vec());
        }
        "batch" => {
            samples.extend(deployed(&tests)?);
            // An array of events of every tag, with fields of several kinds.
            samples.extend(
                (0..60).map(|tag| vec![0x83, 1, 2, 0x81, 0x82, 0x18, tag, 0x84, 1, 2, 0x61, b'a', 0x80]),
            );
        }
        "journal" => samples.push([0, 0, 1, 0, 3, 7].repeat(4)),
        "grpc" => samples.extend(requests()),
        "rest" => samples.extend(bodies()),
        _ => {}
    }
    Ok(samples)
}

/// Files below `folder` with this suffix, small ones, in the order of their names.
fn files(folder: &Path, suffix: &str, into: &mut Vec<Vec<u8>>) -> io::Result<()> {
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder)? {
        paths.push(entry?.path());
    }
    paths.sort();
    for path in paths {
        if path.is_dir() {
            files(&path, suffix, into)?;
        } else if path.extension().is_some_and(|it| it == suffix) && path.metadata()?.len() < FILE_BYTES {
            into.push(fs::read(path)?);
        }
    }
    Ok(())
}

/// The expression of a line of the FEEL cases.
fn expression(line: &str) -> Option<Vec<u8>> {
    let text = line.split_once("\"expr\": \"")?.1.split_once("\", \"")?.0;
    Some(text.replace("\\n", "\n").replace("\\\"", "\"").into_bytes())
}

/// What the deployment of each model that runs writes.
fn deployed(tests: &Path) -> io::Result<Vec<Vec<u8>>> {
    let mut models = Vec::new();
    files(&tests.join("scenarios"), "bpmn", &mut models)?;
    let deploy = |model: Vec<u8>| {
        let settings = Settings {
            partition: PartitionId(1),
            partitions: 1,
            zone: weir_feel::temporal::Zone::UTC,
            feel_limits: weir_feel::Limits::DEFAULT,
            payload: weir_engine::Payload::default(),
        };
        let resource = Resource { name: "fuzz.bpmn".into(), content: model.into() };
        Partition::new(settings).handle(1, None, Command::Deploy(vec![resource]), &mut ()).batch
    };
    Ok(models.into_iter().filter_map(deploy).map(|batch: Batch| batch.to_bytes()).collect())
}

/// Requests of gRPC with something in most of their fields.
fn requests() -> Vec<Vec<u8>> {
    let variables = || r#"{"a": [1.50, null], "b": {"c": "d"}}"#.to_owned();
    let create = p::CreateProcessInstanceRequest {
        bpmn_process_id: "process".to_owned(),
        version: -1,
        variables: variables(),
        tenant_id: "<default>".to_owned(),
        ..Default::default()
    };
    let with_result = p::CreateProcessInstanceWithResultRequest {
        request: Some(create.clone()),
        request_timeout: 5_000,
        fetch_variables: vec!["a".to_owned(), "b".to_owned()],
    };
    let activate = p::ActivateJobsRequest {
        r#type: "work".to_owned(),
        worker: "w".to_owned(),
        timeout: 60_000,
        max_jobs_to_activate: 32,
        ..Default::default()
    };
    let complete = p::CompleteJobRequest { job_key: i64::MAX, variables: variables(), ..Default::default() };
    let publish = p::PublishMessageRequest {
        name: "m".to_owned(),
        correlation_key: "k".to_owned(),
        time_to_live: -1,
        variables: variables(),
        ..Default::default()
    };
    let resource = p::Resource { name: "a.bpmn".to_owned(), content: b"<a/>".to_vec().into() };
    let deploy = p::DeployResourceRequest { resources: vec![resource], ..Default::default() };
    vec![
        create.encode_to_vec(),
        with_result.encode_to_vec(),
        activate.encode_to_vec(),
        complete.encode_to_vec(),
        publish.encode_to_vec(),
        deploy.encode_to_vec(),
        b"\x0a\x03abc\x10\x05\x1a\x02{}\x22\x04\x0a\x02xy".to_vec(),
    ]
}

/// A body for each operation of REST that has one.
fn bodies() -> Vec<Vec<u8>> {
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
    bodies.map(|body| body.as_bytes().to_vec()).to_vec()
}
