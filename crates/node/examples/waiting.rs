//! Measures what instances cost that wait: memory, disk, and the time until a node is ready again after a crash.
//!
//! `cargo run --release -p weir-node --example waiting -- FOLDER INSTANCES MEMORY_MB`
//!
//! Three figures a line: what was measured, its value, its unit.

use std::{path::Path, time::Instant};

use weir_engine::{
    command::{Command, CreateInstance, ProcessRef, Resource},
    document::Document,
};
use weir_node::{Handle, Memory, Node, NodeConfig};

const MODEL: &str = r#"<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:zeebe="http://camunda.org/schema/zeebe/1.0">
<process id="one-task" isExecutable="true"><startEvent id="start"/><sequenceFlow id="f1" sourceRef="start" targetRef="task"/>
<serviceTask id="task"><extensionElements><zeebe:taskDefinition type="work"/></extensionElements></serviceTask>
<sequenceFlow id="f2" sourceRef="task" targetRef="end"/><endEvent id="end"/></process></definitions>"#;
/// Callers that each wait for the answer before they ask again.
const CALLERS: usize = 256;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, folder, instances, memory_mb] = arguments.as_slice() else {
        return Err("give FOLDER INSTANCES MEMORY_MB".into());
    };
    let (instances, memory_mb): (usize, u64) = (instances.parse()?, memory_mb.parse()?);
    let memory = Memory::new(memory_mb << 20).ok_or("that is too little memory")?;
    let config = NodeConfig { data_dir: folder.into(), partitions: Some(3), memory, settable_clock: false };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let node = Node::start(&config)?;
    let began = Instant::now();
    runtime.block_on(create_all(&node.handle(), instances));
    tell("created per second", (instances as f64 / began.elapsed().as_secs_f64()) as u64, "1/s");
    tell("resident after that", resident_kb("VmRSS:"), "kB");
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

async fn create_all(handle: &Handle, instances: usize) {
    let resource = Resource { name: "one-task.bpmn".into(), content: MODEL.as_bytes().into() };
    if let Err(error) = handle.submit(Command::Deploy(vec![resource])).await {
        return tell(&format!("the deployment failed: {error:?}"), 0, "");
    }
    let variables = format!(r#"{{"payload":"{}"}}"#, "x".repeat(538 - 14));
    let asked = move || {
        Command::CreateInstance(CreateInstance {
            process: ProcessRef::Latest("one-task".into()),
            variables: Document::parse(&variables).unwrap_or_default(),
            start_at: Vec::new(),
            with_result: None,
        })
    };
    let mut callers = tokio::task::JoinSet::new();
    for caller in 0..CALLERS {
        let (handle, asked) = (handle.clone(), asked.clone());
        let share = instances / CALLERS + usize::from(caller < instances % CALLERS);
        callers.spawn(async move {
            for _ in 0..share {
                // Refused: the node says that it has enough to do.
                while handle.submit(asked()).await.is_err() {
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
