//! A node from its door: commands, jobs, mail between partitions, restarts.

use std::{sync::Arc, time::Duration};

use weir_engine::{
    command::{
        ActivateJobs, ActivatedJob, Command, CreateInstance, InstanceCreated, ProcessRef, PublishMessage,
        Reply, Resource, WithResult,
    },
    document::Document,
};
use weir_node::{
    Handle, JobStreamSpec, Memory, Node, NodeConfig, SubmitError,
    limits::{IN_FLIGHT_COMMANDS, MIN_MEMORY_BYTES},
};

const ONE_TASK: &str = r#"<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:zeebe="http://camunda.org/schema/zeebe/1.0">
<process id="one-task" isExecutable="true"><startEvent id="start"/><sequenceFlow id="f1" sourceRef="start" targetRef="task"/>
<serviceTask id="task"><extensionElements><zeebe:taskDefinition type="work"/></extensionElements></serviceTask>
<sequenceFlow id="f2" sourceRef="task" targetRef="end"/><endEvent id="end"/></process></definitions>"#;

const WAITS: &str = r#"<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:zeebe="http://camunda.org/schema/zeebe/1.0">
<message id="m" name="paid"><extensionElements><zeebe:subscription correlationKey="=order"/></extensionElements></message>
<process id="waits" isExecutable="true"><startEvent id="start"/><sequenceFlow id="f1" sourceRef="start" targetRef="catch"/>
<intermediateCatchEvent id="catch"><messageEventDefinition messageRef="m"/></intermediateCatchEvent>
<sequenceFlow id="f2" sourceRef="catch" targetRef="end"/><endEvent id="end"/></process></definitions>"#;

fn config(folder: &tempfile::TempDir) -> NodeConfig {
    NodeConfig {
        data_dir: folder.path().to_path_buf(),
        mirror_dir: None,
        partitions: Some(3),
        memory: Memory::of_machine(),
        settable_clock: true,
        payload: weir_node::Payload::default(),
    }
}

async fn deploy(handle: &Handle, name: &str, model: &str) {
    let resource = Resource { name: name.into(), content: model.as_bytes().into() };
    let reply = handle.submit(Command::Deploy(vec![resource])).await.unwrap();
    assert!(matches!(reply, Reply::Deployed(_)));
}

async fn create(handle: &Handle, id: &str, variables: &str) -> InstanceCreated {
    let asked = CreateInstance {
        process: ProcessRef::Latest(id.into()),
        variables: Document::parse(variables).unwrap(),
        start_at: Vec::new(),
        with_result: None,
    };
    match handle.submit(Command::CreateInstance(asked)).await.unwrap() {
        Reply::InstanceCreated(created) => created,
        other => panic!("{other:?}"),
    }
}

fn asked(max_jobs: usize) -> ActivateJobs {
    ActivateJobs {
        job_type: "work".into(),
        worker: "worker".into(),
        timeout_ms: 60_000,
        max_jobs,
        fetch_variables: Arc::default(),
        max_bytes: 1 << 20,
    }
}

async fn jobs(handle: &Handle, max_jobs: usize, wait: Option<Duration>) -> Vec<ActivatedJob> {
    handle.activate_jobs(asked(max_jobs), wait).next().await.map_or(Vec::new(), Result::unwrap)
}

async fn complete(handle: &Handle, job: &ActivatedJob) {
    let command = Command::CompleteJob { job: job.key, variables: Document::default() };
    assert_eq!(handle.submit(command).await.unwrap(), Reply::Done);
}

#[tokio::test]
async fn every_partition_knows_a_definition_when_the_deployment_is_answered() {
    let folder = tempfile::tempdir().unwrap();
    let node = Node::start(&config(&folder)).unwrap();
    let handle = node.handle();
    deploy(&handle, "one-task.bpmn", ONE_TASK).await;
    let mut partitions = std::collections::BTreeSet::new();
    for _ in 0..3 {
        partitions.insert(create(&handle, "one-task", "{}").await.instance.partition());
    }
    assert_eq!(partitions.len(), 3);
    node.stop().unwrap();
}

#[tokio::test]
async fn jobs_go_to_polls_and_streams_and_come_back_when_nobody_takes_them() {
    let folder = tempfile::tempdir().unwrap();
    let node = Node::start(&config(&folder)).unwrap();
    let handle = node.handle();
    deploy(&handle, "one-task.bpmn", ONE_TASK).await;
    assert!(jobs(&handle, 1, None).await.is_empty(), "no job: no wait");

    // A poll that waits gets the job when it is made.
    let waiting = tokio::spawn({
        let handle = handle.clone();
        async move { jobs(&handle, 1, Some(Duration::from_secs(20))).await }
    });
    create(&handle, "one-task", r#"{"a":1}"#).await;
    let got = waiting.await.unwrap();
    assert_eq!(got.len(), 1);
    assert_eq!(got[0].variables, r#"{"a":1}"#);
    complete(&handle, &got[0]).await;

    // A stream is pushed no more than it has room for; when it goes away the rest comes back.
    let spec = JobStreamSpec {
        job_type: "work".into(),
        worker: "stream".into(),
        timeout_ms: 60_000,
        fetch_variables: Arc::default(),
    };
    let mut stream = handle.open_job_stream(spec, 2);
    for _ in 0..4 {
        create(&handle, "one-task", "{}").await;
    }
    let first = stream.next().await.unwrap();
    complete(&handle, &first).await;
    drop(stream);
    let mut rest = Vec::new();
    while rest.len() < 3 {
        rest.extend(jobs(&handle, 10, Some(Duration::from_secs(20))).await);
    }
    assert_eq!(rest.len(), 3);
    node.stop().unwrap();
}

/// Callers who wait for ends that are days away must not take the places of those whose commands are under way.
#[tokio::test]
async fn who_awaits_the_end_of_an_instance_takes_no_place_in_flight() {
    let folder = tempfile::tempdir().unwrap();
    let node = Node::start(&config(&folder)).unwrap();
    let handle = node.handle();
    deploy(&handle, "one-task.bpmn", ONE_TASK).await;
    let mut waiting = tokio::task::JoinSet::new();
    for _ in 0..IN_FLIGHT_COMMANDS + 10 {
        let asked = CreateInstance {
            process: ProcessRef::Latest("one-task".into()),
            variables: Document::default(),
            start_at: Vec::new(),
            with_result: Some(WithResult::default()),
        };
        let handle = handle.clone();
        waiting.spawn(async move { handle.submit(Command::CreateInstance(asked)).await });
    }
    tokio::task::yield_now().await;
    while !handle.metrics_text().contains("weir_commands_in_flight 0") {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let created = create(&handle, "one-task", "{}").await;
    assert!(created.instance.0 > 0);
    let refused: Vec<_> = std::iter::from_fn(|| waiting.try_join_next()).map(Result::unwrap).collect();
    assert!(refused.iter().all(|answer| matches!(answer, Err(SubmitError::Overloaded(_)))), "{refused:?}");
    assert!(waiting.len() > IN_FLIGHT_COMMANDS / 2, "most still wait");
    node.stop().unwrap();
}

#[tokio::test]
async fn a_message_finds_its_instance_on_any_partition() {
    let folder = tempfile::tempdir().unwrap();
    let node = Node::start(&config(&folder)).unwrap();
    let handle = node.handle();
    deploy(&handle, "waits.bpmn", WAITS).await;
    for number in 0..12 {
        let asked = CreateInstance {
            process: ProcessRef::Latest("waits".into()),
            variables: Document::parse(&format!(r#"{{"order":"o-{number}"}}"#)).unwrap(),
            start_at: Vec::new(),
            with_result: Some(WithResult::default()),
        };
        let ended = tokio::spawn({
            let handle = handle.clone();
            async move { handle.submit(Command::CreateInstance(asked)).await.unwrap() }
        });
        let message = PublishMessage {
            name: "paid".into(),
            correlation_key: format!("o-{number}").into(),
            ttl_ms: 60_000,
            message_id: "".into(),
            variables: Document::parse(r#"{"paid":true}"#).unwrap(),
        };
        handle.submit(Command::PublishMessage(message)).await.unwrap();
        let Reply::InstanceCompleted { variables, .. } = ended.await.unwrap() else { panic!() };
        assert_eq!(variables, format!(r#"{{"order":"o-{number}","paid":true}}"#));
    }
    node.stop().unwrap();
}

#[tokio::test]
async fn a_restart_finds_everything_again_with_and_without_a_checkpoint() {
    let folder = tempfile::tempdir().unwrap();
    for round in 1..=3 {
        let node = Node::start(&config(&folder)).unwrap();
        let handle = node.handle();
        if round == 1 {
            deploy(&handle, "one-task.bpmn", ONE_TASK).await;
        }
        for _ in 0..7 {
            create(&handle, "one-task", "{}").await;
        }
        match round {
            // As after a crash: what was answered is in the journal only.
            1 => node.abandon().unwrap(),
            _ => node.stop().unwrap(),
        }
    }
    let node = Node::start(&config(&folder)).unwrap();
    let found = jobs(&node.handle(), 100, None).await;
    assert_eq!(found.len(), 21);
    for job in &found {
        complete(&node.handle(), job).await;
    }
    assert!(jobs(&node.handle(), 100, None).await.is_empty());
    node.stop().unwrap();
}

#[tokio::test]
async fn a_folder_in_use_and_another_number_of_partitions_are_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let node = Node::start(&config(&folder)).unwrap();
    let error = Node::start(&config(&folder)).err().unwrap().to_string();
    assert!(error.contains("is in use by process"), "{error}");
    node.stop().unwrap();
    let error =
        Node::start(&NodeConfig { partitions: Some(5), ..config(&folder) }).err().unwrap().to_string();
    assert!(error.contains("was made with 3 partitions, but 5 were asked for"), "{error}");
}

/// A figure among the metrics.
fn figure(handle: &Handle, name: &str) -> u64 {
    let text = handle.metrics_text();
    let line = text.lines().find_map(|line| line.strip_prefix(name)).expect("there is such a figure");
    line.trim().parse().expect("it is a number")
}

#[tokio::test]
async fn more_waits_than_fits_into_memory_and_all_of_it_goes_on_after_a_crash() {
    const INSTANCES: usize = 1_500;
    let folder = tempfile::tempdir().unwrap();
    let memory = Memory::new(MIN_MEMORY_BYTES).unwrap();
    let config = NodeConfig { memory, ..config(&folder) };
    let node = Node::start(&config).unwrap();
    let handle = node.handle();
    deploy(&handle, "one-task.bpmn", ONE_TASK).await;
    let text = "x".repeat(64 * 1024);
    let mut refused = 0;
    for number in 0..INSTANCES {
        let asked = || CreateInstance {
            process: ProcessRef::Latest("one-task".into()),
            variables: Document::parse(&format!(r#"{{"number":{number},"text":"{text}"}}"#)).unwrap(),
            start_at: Vec::new(),
            with_result: None,
        };
        while handle.submit(Command::CreateInstance(asked())).await.is_err() {
            refused += 1;
            assert!(refused < 10_000, "memory does not become free");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let held = figure(&handle, "weir_rows_bytes ");
        assert!(held <= memory.rows_bytes() as u64 * 2, "{held} bytes of rows in memory");
    }
    assert!(INSTANCES * text.len() > memory.rows_bytes() * 2, "it would have fitted");
    node.abandon().unwrap();

    let node = Node::start(&config).unwrap();
    let handle = node.handle();
    let mut numbers = std::collections::BTreeSet::new();
    while numbers.len() < INSTANCES {
        let some = jobs(&handle, 10, Some(Duration::from_secs(20))).await;
        assert!(!some.is_empty(), "{} of {INSTANCES} jobs came", numbers.len());
        for job in some {
            let (number, rest) = job.variables[r#"{"number":"#.len()..].split_once(',').unwrap();
            assert_eq!(rest.len(), text.len() + r#""text":""}"#.len());
            numbers.insert(number.parse::<usize>().unwrap());
            complete(&handle, &job).await;
        }
        let held = figure(&handle, "weir_rows_bytes ");
        assert!(held <= memory.rows_bytes() as u64 * 2, "{held} bytes of rows in memory");
    }
    node.stop().unwrap();
}

#[tokio::test]
async fn what_a_checkpoint_holds_leaves_the_journal_though_nothing_more_comes() {
    let folder = tempfile::tempdir().unwrap();
    let node = Node::start(&config(&folder)).unwrap();
    let handle = node.handle();
    deploy(&handle, "one-task.bpmn", ONE_TASK).await;
    let segments = || {
        let files = std::fs::read_dir(folder.path().join("journal")).unwrap();
        files
            .filter(|file| file.as_ref().unwrap().path().extension().is_some_and(|name| name == "segment"))
            .count()
    };
    let variables = format!(r#"{{"text":"{}"}}"#, "x".repeat(2 << 20));
    while segments() < 2 {
        create(&handle, "one-task", &variables).await;
    }
    let begin = std::time::Instant::now();
    while segments() > 1 {
        assert!(begin.elapsed() < Duration::from_secs(60), "the journal keeps what nobody needs");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    node.stop().unwrap();
}
