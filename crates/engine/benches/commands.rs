//! The engine alone: what a command costs, what its events cost to apply and to write as bytes. One partition, no
//! journal, a payload of 538 bytes.

use std::sync::Arc;

use divan::{Bencher, black_box};
use weir_engine::{
    Demand, Partition, Settings, Taker,
    command::{Command, CreateInstance, ProcessRef, Resource},
    document::Document,
    event::Batch,
    key::{JobKey, PartitionId},
};

fn main() {
    divan::main();
}

const HEAD: &str = r#"<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:zeebe="http://camunda.org/schema/zeebe/1.0" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
<process id="p" isExecutable="true"><startEvent id="start"/><sequenceFlow id="f0" sourceRef="start" targetRef="#;

const TASK: &str = r#""task"/>
<serviceTask id="task"><extensionElements><zeebe:taskDefinition type="work"/></extensionElements></serviceTask>
<sequenceFlow id="f1" sourceRef="task" targetRef="end"/><endEvent id="end"/></process></definitions>"#;

const GATEWAY: &str = r#""gateway"/><exclusiveGateway id="gateway" default="f2"/>
<sequenceFlow id="f1" sourceRef="gateway" targetRef="end"><conditionExpression xsi:type="tFormalExpression">=order &gt; 100</conditionExpression></sequenceFlow>
<sequenceFlow id="f2" sourceRef="gateway" targetRef="other"/><endEvent id="end"/><endEvent id="other"/></process></definitions>"#;

/// A worker that takes every job.
struct Eager;

impl Demand for Eager {
    fn take(&mut self, _: &str) -> Option<Taker> {
        let (worker, fetch_variables) = (Arc::from("worker"), Arc::default());
        Some(Taker { id: 1, worker, timeout_ms: 60_000, fetch_variables })
    }
}

fn partition(model: &str) -> Partition {
    let settings = Settings {
        partition: PartitionId(1),
        partitions: 1,
        zone: weir_feel::temporal::Zone::UTC,
        feel_limits: weir_feel::Limits::DEFAULT,
        payload: weir_engine::Payload::default(),
    };
    let mut partition = Partition::new(settings);
    let content = format!("{HEAD}{model}").into_bytes();
    let resource = Resource { name: "p.bpmn".into(), content: content.as_slice().into() };
    let output = partition.handle(1, None, Command::Deploy(vec![resource]), &mut ());
    assert!(output.batch.is_some(), "{:?}", output.answers);
    partition
}

fn variables(order: u64) -> Document {
    let payload = "x".repeat(500);
    Document::parse(&format!(r#"{{"order":{order},"payload":"{payload}"}}"#)).expect("well-formed")
}

fn create(order: u64) -> Command {
    Command::CreateInstance(CreateInstance {
        process: ProcessRef::Latest("p".into()),
        variables: variables(order),
        start_at: Vec::new(),
        with_result: None,
    })
}

/// One task: create (with the job handed out at once) and complete.
#[divan::bench]
fn w1_create_and_complete(bencher: Bencher<'_, '_>) {
    let mut partition = partition(TASK);
    let mut order = 0;
    bencher.bench_local(|| {
        order += 1;
        let output = partition.handle(2, None, create(order), &mut Eager);
        let job: JobKey = output.pushes[0].job.key;
        let complete = Command::CompleteJob { job, variables: Document::default() };
        black_box(partition.handle(2, None, complete, &mut Eager))
    });
}

/// A condition on the way: create to the end.
#[divan::bench]
fn gateway_create(bencher: Bencher<'_, '_>) {
    let mut partition = partition(GATEWAY);
    let mut order = 0;
    bencher.bench_local(|| {
        order += 1;
        black_box(partition.handle(2, None, create(order % 200), &mut ()))
    });
}

fn batches() -> Vec<Batch> {
    let mut partition = partition(TASK);
    let mut batches = Vec::new();
    for order in 0..1_000 {
        let output = partition.handle(2, None, create(order), &mut Eager);
        let job = output.pushes[0].job.key;
        batches.extend(output.batch);
        let complete = Command::CompleteJob { job, variables: Document::default() };
        batches.extend(partition.handle(2, None, complete, &mut Eager).batch);
    }
    batches
}

/// Recovery: the two batches of 1,000 instances.
#[divan::bench]
fn w1_apply_1000(bencher: Bencher<'_, '_>) {
    let batches = batches();
    bencher.with_inputs(|| partition(TASK)).bench_local_values(|mut partition| {
        for batch in &batches {
            partition.apply(batch);
        }
        partition
    });
}

/// Codec: the two batches of 1,000 instances to bytes.
#[divan::bench]
fn w1_encode_1000(bencher: Bencher<'_, '_>) {
    let batches = batches();
    bencher.bench_local(|| batches.iter().map(|batch| black_box(batch.to_bytes()).len()).sum::<usize>());
}

/// Codec: and back.
#[divan::bench]
fn w1_decode_1000(bencher: Bencher<'_, '_>) {
    let bytes: Vec<Vec<u8>> = batches().iter().map(Batch::to_bytes).collect();
    bencher.bench_local(|| bytes.iter().filter(|bytes| black_box(Batch::from_bytes(bytes)).is_ok()).count());
}
