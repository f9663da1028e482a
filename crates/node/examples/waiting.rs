//! Measures what instances cost that wait: memory, disk, the time until a node is ready again after a crash, and how fast
//! others are worked on beside them (without a face: commands are given to the node's handle).
//!
//! `cargo run --release -p weir-node --example waiting -- FOLDER INSTANCES MEMORY_MB`
//!
//! Three figures a line: what was measured, its value, its unit.

use std::{
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::sync::Semaphore;
use weir_engine::{
    command::{Command, CreateInstance, ProcessRef, Resource},
    document::Document,
};

use weir_node::{Handle, JobStreamSpec, Memory, Node, NodeConfig};

const MODEL: &str = r#"<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:zeebe="http://camunda.org/schema/zeebe/1.0">
<process id="one-task" isExecutable="true"><startEvent id="start"/><sequenceFlow id="f1" sourceRef="start" targetRef="task"/>
<serviceTask id="task"><extensionElements><zeebe:taskDefinition type="work"/></extensionElements></serviceTask>
<sequenceFlow id="f2" sourceRef="task" targetRef="end"/><endEvent id="end"/></process></definitions>"#;
/// Callers that each wait for the answer before they ask again.
const CALLERS: usize = 256;
/// Instances in flight while others are worked on.
const IN_FLIGHT: usize = 64;
/// How long they are worked on before it counts, and while it does.
const WORK_TIMES: [Duration; 2] = [Duration::from_secs(2), Duration::from_secs(6)];

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, folder, instances, memory_mb] = arguments.as_slice() else {
        return Err("give FOLDER INSTANCES MEMORY_MB".into());
    };
    let (instances, memory_mb): (usize, u64) = (instances.parse()?, memory_mb.parse()?);
    let memory = Memory::new(memory_mb << 20).ok_or("that is too little memory")?;
    let config = NodeConfig {
        data_dir: folder.into(),
        mirror_dir: None,
        partitions: Some(3),
        memory,
        settable_clock: false,
        payload: weir_node::Payload::default(),
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let node = Node::start(&config)?;
    tell("worked on per second while empty", runtime.block_on(work(&node.handle())), "1/s");
    let began = Instant::now();
    runtime.block_on(create_all(&node.handle(), instances));
    tell("created per second", (instances as f64 / began.elapsed().as_secs_f64()) as u64, "1/s");
    tell("resident after that", resident_kb("VmRSS:"), "kB");
    for _ in 0..3 {
        tell("worked on per second beside them", runtime.block_on(work(&node.handle())), "1/s");
        tell("resident after that", resident_kb("VmRSS:"), "kB");
    }
    tell("most resident", resident_kb("VmHWM:"), "kB");
    node.abandon()?;
    let began = Instant::now();
    let node = Node::start(&config)?;
    tell("ready after a crash in", began.elapsed().as_millis() as u64, "ms");
    tell("resident after that", resident_kb("VmRSS:"), "kB");
    node.stop()?;
    tell("disk for an instance", folder_bytes(&Path::new(folder).join("state"))? / instances as u64, "B");
    let began = Instant::now();
    let node = Node::start(&config)?;
    tell("ready after an orderly stop in", began.elapsed().as_millis() as u64, "ms");
    node.stop()?;
    Ok(())
}

async fn deploy(handle: &Handle, name: &str) {
    let model = MODEL.replace("one-task", name).replace("\"work\"", &format!("\"{name}\""));
    let resource = Resource { name: format!("{name}.bpmn").into(), content: model.as_bytes().into() };
    if let Err(error) = handle.submit(Command::Deploy(vec![resource])).await {
        tell(&format!("the deployment failed: {error:?}"), 0, "");
    }
}

fn creation(name: &str) -> Command {
    let variables = format!(r#"{{"payload":"{}"}}"#, "x".repeat(538 - 14));
    Command::CreateInstance(CreateInstance {
        process: ProcessRef::Latest(name.into()),
        variables: Document::parse(&variables).unwrap_or_default(),
        start_at: Vec::new(),
        with_result: None,
    })
}

/// Instances of one task that end per second while a worker does them.
async fn work(handle: &Handle) -> u64 {
    deploy(handle, "worked").await;
    let spec = JobStreamSpec {
        job_type: "worked".into(),
        worker: "worker".into(),
        timeout_ms: 60_000,
        fetch_variables: Arc::default(),
    };
    let mut stream = handle.open_job_stream(spec, 1_000);
    let room = Arc::new(Semaphore::new(IN_FLIGHT));
    let (creating, free) = (handle.clone(), room.clone());
    let creator = async move {
        while let Ok(permit) = free.acquire().await {
            permit.forget();
            let handle = creating.clone();
            tokio::spawn(async move { while handle.submit(creation("worked")).await.is_err() {} });
        }
    };
    let creator = tokio::spawn(creator);
    let (began, mut done) = (Instant::now(), 0);
    while began.elapsed() < WORK_TIMES[0] + WORK_TIMES[1] {
        let Some(job) = stream.next().await else { break };
        let (handle, room) = (handle.clone(), room.clone());
        tokio::spawn(async move {
            let command = Command::CompleteJob { job: job.key, variables: Document::default() };
            if handle.submit(command).await.is_ok() {
                room.add_permits(1);
            }
        });
        done += u64::from(began.elapsed() > WORK_TIMES[0]);
    }
    creator.abort();
    done / WORK_TIMES[1].as_secs()
}

async fn create_all(handle: &Handle, instances: usize) {
    deploy(handle, "waits").await;
    let mut callers = tokio::task::JoinSet::new();
    for caller in 0..CALLERS {
        let handle = handle.clone();
        let share = instances / CALLERS + usize::from(caller < instances % CALLERS);
        callers.spawn(async move {
            for _ in 0..share {
                // Refused: the node says that it has enough to do.
                while handle.submit(creation("waits")).await.is_err() {
                    tokio::time::sleep(std::time::Duration::from_millis(5)).await;
                }
            }
        });
    }
    while callers.join_next().await.is_some() {}
}

fn resident_kb(name: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
    line.trim().trim_end_matches("kB").trim().parse().unwrap_or(0)
}

fn folder_bytes(folder: &Path) -> std::io::Result<u64> {
    let mut bytes = 0;
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        bytes += match entry.metadata()?.is_dir() {
            true => folder_bytes(&entry.path())?,
            false => entry.metadata()?.len(),
        };
    }
    Ok(bytes)
}

#[expect(clippy::print_stdout, reason = "this is what it is for")]
fn tell(what: &str, value: u64, unit: &str) {
    println!("{what}\t{value}\t{unit}");
}
