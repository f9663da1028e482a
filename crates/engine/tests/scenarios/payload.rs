//! The limits of variables, each exceeded: what is refused or held says which limit, how large it was and what helps, and
//! nothing is lost.

use weir_engine::{
    Partition, Payload,
    command::{Command, CreateInstance, FailJob, ProcessRef, PublishMessage, Reply, ThrowError},
    document::Document,
    key::{ElementKey, JobKey},
    limits,
    rejection::RejectionCode,
};

use crate::{
    limits::{ask, deploy, only_incident},
    render::EPOCH_MS,
    world,
};

const SMALL: Payload = Payload { document_bytes: 2_000, instance_bytes: 5_000 };

fn model(tasks: &str) -> String {
    format!(
        r#"<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:zeebe="http://camunda.org/schema/zeebe/1.0">
  <process id="p" isExecutable="true">
    <startEvent id="start"/><sequenceFlow id="f" sourceRef="start" targetRef="a"/>
    <serviceTask id="a"><extensionElements><zeebe:taskDefinition type="work"/></extensionElements></serviceTask>
    <sequenceFlow id="g" sourceRef="a" targetRef="b"/>{tasks}
  </process>
</definitions>"#
    )
}

fn job(mappings: &str) -> String {
    format!(
        r#"<serviceTask id="b"><extensionElements><zeebe:taskDefinition type="work"/>{mappings}</extensionElements></serviceTask>"#
    )
}

/// A variable of so many bytes, its name and quotes counted.
fn variable(name: &str, bytes: usize) -> Document {
    Document::parse(&format!("{{\"{name}\":\"{}\"}}", "x".repeat(bytes - name.len() - 2)))
        .expect("it is good")
}

fn create(variables: Document) -> Command {
    let process = ProcessRef::Latest("p".into());
    Command::CreateInstance(CreateInstance { process, variables, start_at: Vec::new(), with_result: None })
}

/// An instance that waits at task `a`.
fn waiting(tasks: &str, variables: Document) -> (Partition, ElementKey, JobKey) {
    let mut partition = Partition::new(world::settings(1, 1));
    partition.limit_payload(SMALL);
    deploy(&mut partition, &[("a.bpmn", model(tasks))]).expect("the model is good");
    let Ok(Reply::InstanceCreated(created)) = ask(&mut partition, create(variables)) else {
        panic!("refused")
    };
    let (job, _) = partition.state().jobs.first().expect("there is a job");
    (partition, created.instance, job)
}

fn set(scope: ElementKey, variables: Document) -> Command {
    Command::SetVariables { scope, variables, local: false }
}

fn bytes(partition: &Partition, instance: ElementKey) -> u64 {
    partition.state().elements.get(&instance).map_or(0, |row| row.variables_bytes)
}

#[test]
fn a_document_has_a_size_for_every_command_that_brings_one() {
    let (mut partition, instance, job) = waiting(&job(""), Document::default());
    let before = partition.state().dump();
    let large = || variable("a", 2_001);
    let publish = PublishMessage {
        name: "m".into(),
        correlation_key: "k".into(),
        ttl_ms: 1_000,
        message_id: "".into(),
        variables: large(),
    };
    let failed = FailJob { job, retries: 1, error_message: "".into(), backoff_ms: 0, variables: large() };
    let thrown = ThrowError { job, error_code: "e".into(), error_message: "".into(), variables: large() };
    for command in [
        create(large()),
        Command::PublishMessage(publish),
        Command::CompleteJob { job, variables: large() },
        Command::FailJob(failed),
        Command::ThrowError(thrown),
        set(instance, large()),
    ] {
        let rejection = ask(&mut partition, command).unwrap_err();
        assert_eq!(rejection.code, RejectionCode::InvalidArgument);
        assert_eq!(
            rejection.reason,
            "Expected variables of at most 2000 bytes, but they have 2001 bytes; keep large data outside and pass a reference, \
             or give the server a higher limit (--variables-max)"
        );
    }
    assert_eq!(partition.state().dump(), before, "nothing changed");
    assert!(ask(&mut partition, create(variable("a", 2_000))).is_ok());
}

#[test]
fn limits_hold_where_nothing_is_configured() {
    let (mut partition, instance, _) = waiting(&job(""), Document::default());
    partition.limit_payload(Payload::default());
    let too_large = variable("a", limits::DOCUMENT_BYTES + 1);
    assert!(ask(&mut partition, create(too_large)).is_err());
    let whole = limits::INSTANCE_BYTES / limits::DOCUMENT_BYTES;
    for number in 0..whole {
        let fits = variable(&format!("v{number}"), limits::DOCUMENT_BYTES);
        ask(&mut partition, set(instance, fits)).expect("it fits");
    }
    assert_eq!(bytes(&partition, instance), limits::INSTANCE_BYTES as u64);
    assert!(ask(&mut partition, set(instance, variable("w", 10))).is_err());
}

/// However much is allowed, no command makes a record that the journal refuses: the node would have to stop.
#[test]
fn the_most_that_an_instance_can_have_fits_into_a_record() {
    let call = r#"<callActivity id="b"><extensionElements><zeebe:calledElement processId="q"/></extensionElements></callActivity>"#;
    let called = r#"<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL">
      <process id="q" isExecutable="true"><startEvent id="s"/></process></definitions>"#;
    let (mut partition, instance, job) = waiting(call, Document::default());
    deploy(&mut partition, &[("b.bpmn", called.into())]).expect("the model is good");
    let most =
        Payload { document_bytes: limits::MAX_DOCUMENT_BYTES, instance_bytes: limits::MAX_INSTANCE_BYTES };
    partition.limit_payload(most);
    for number in 0..5 {
        let part = variable(&format!("v{number}"), limits::MAX_INSTANCE_BYTES / 5);
        ask(&mut partition, set(instance, part)).expect("it fits");
    }
    assert!(ask(&mut partition, set(instance, variable("w", 10))).is_err());
    let mut command = Command::CompleteJob { job, variables: Document::default() };
    let (mut copied, mut more) = (false, true);
    while more {
        let output = partition.handle(EPOCH_MS, None, command, &mut ());
        let bytes = output.batch.map_or(0, |batch| batch.to_bytes().len());
        assert!(bytes < 64 * 1024 * 1024 - limits::MAX_DOCUMENT_BYTES, "a record of {bytes} bytes");
        copied |= bytes > limits::MAX_INSTANCE_BYTES;
        (command, more) = (Command::Continue, output.more);
    }
    assert!(copied && partition.state().elements.is_empty());
}

#[test]
fn an_instance_has_a_size_and_a_job_that_would_exceed_it_stays() {
    let (mut partition, instance, job) = waiting(&job(""), variable("a", 2_000));
    ask(&mut partition, set(instance, variable("b", 2_000))).expect("it fits");
    assert_eq!(bytes(&partition, instance), 4_000);
    let before = partition.state().dump();
    let done = |bytes| Command::CompleteJob { job, variables: variable("c", bytes) };
    let rejection = ask(&mut partition, done(1_001)).unwrap_err();
    assert_eq!(
        rejection.reason,
        format!(
            "Expected the variables of process instance '{instance}' to have at most 5000 bytes together, but with these they \
             would have 5001 bytes; keep large data outside and pass a reference, or give the server a higher limit \
             (--instance-variables-max)"
        )
    );
    assert_eq!(partition.state().dump(), before, "the job is still there");
    // What is replaced counts no more.
    ask(&mut partition, set(instance, variable("b", 500))).expect("it is smaller");
    ask(&mut partition, done(1_001)).expect("now it fits");
    assert_eq!(bytes(&partition, instance), 3_501);
}

#[test]
fn an_instance_that_outgrew_its_limit_by_itself_is_held_before_the_next_element() {
    let (mut partition, instance, job) = waiting(&job(""), variable("a", 1_900));
    ask(&mut partition, set(instance, variable("b", 1_900))).expect("it fits");
    // Another start with a lower limit: what is there stays, and says what to do.
    partition.limit_payload(Payload { document_bytes: 2_000, instance_bytes: 3_000 });
    ask(&mut partition, Command::CompleteJob { job, variables: Document::default() })
        .expect("nothing is added");
    let incident = only_incident(&partition);
    assert_eq!(incident.kind.name(), "MESSAGE_SIZE_EXCEEDED");
    assert_eq!(
        *incident.message,
        format!(
            "Expected the variables of process instance '{instance}' to have at most 3000 bytes together, but they have 3800 \
             bytes; keep large data outside and pass a reference, or give the server a higher limit \
             (--instance-variables-max); make some smaller, then resolve this incident"
        )
    );
    ask(&mut partition, set(instance, variable("b", 1_850))).expect("smaller is never refused");
    ask(&mut partition, set(instance, variable("b", 100))).expect("smaller is never refused");
    let (key, _) = partition.state().incidents.first().expect("it is there");
    ask(&mut partition, Command::ResolveIncident(key)).expect("it is resolved");
    assert_eq!((partition.state().incidents.len(), partition.state().jobs.len()), (0, 1), "it goes on");
}

#[test]
fn what_a_mapping_makes_has_a_size() {
    let mapping = r#"<zeebe:ioMapping><zeebe:input source="=string join(for i in 1..500 return &quot;abcd&quot;)" target="big"/></zeebe:ioMapping>"#;
    let (mut partition, _, job) = waiting(&job(mapping), Document::default());
    ask(&mut partition, Command::CompleteJob { job, variables: Document::default() })
        .expect("it is carried out");
    let incident = only_incident(&partition);
    assert_eq!(
        *incident.message,
        "Expected the new values of 'big' to have at most 2000 bytes together, but they have 2005 bytes; keep large data \
         outside and pass a reference, or give the server a higher limit (--variables-max)"
            .to_string()
    );
}

#[test]
fn the_items_and_results_of_a_multi_instance_count() {
    let items = |count: usize, result: &str| {
        format!(
            r#"<manualTask id="b"><multiInstanceLoopCharacteristics><extensionElements>
      <zeebe:loopCharacteristics inputCollection="=for i in 1..{count} return &quot;abcdefg&quot;" inputElement="x" {result}/>
    </extensionElements></multiInstanceLoopCharacteristics></manualTask>"#
        )
    };
    let live = |task: &str| {
        let (mut partition, instance, job) = waiting(task, variable("a", 1_000));
        let done = Command::CompleteJob { job, variables: Document::default() };
        ask(&mut partition, done).expect("it is carried out");
        (partition, instance)
    };
    let (partition, _) = live(&items(390, ""));
    assert!(partition.state().elements.is_empty(), "390 items of 10 bytes fit");
    let (partition, instance) = live(&items(410, ""));
    assert!(
        only_incident(&partition).message.contains("but they have 5105 bytes"),
        "{:?}",
        only_incident(&partition)
    );
    assert_eq!(bytes(&partition, instance), 1_000);
    // Items fit, and so do most results; then the others are held, and nothing of them is lost.
    let (partition, _) = live(&items(250, r#"outputCollection="all" outputElement="=x""#));
    let held = partition.state().incidents.len();
    assert!((50..250).contains(&held), "{held} are held");
}

#[test]
fn what_a_message_gives_to_those_it_starts_has_a_size() {
    let start = |id: &str| {
        let text = format!(
            r#"<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL"><message id="m" name="go"/>
  <process id="{id}" isExecutable="true"><startEvent id="s"><messageEventDefinition messageRef="m"/></startEvent></process></definitions>"#
        );
        (format!("{id}.bpmn"), text)
    };
    let mut partition = Partition::new(world::settings(1, 1));
    for number in 0..9 {
        let (name, text) = start(&format!("p{number}"));
        deploy(&mut partition, &[(&name, text)]).expect("the model is good");
    }
    let publish = |bytes| {
        Command::PublishMessage(PublishMessage {
            name: "go".into(),
            correlation_key: "".into(),
            ttl_ms: 0,
            message_id: "".into(),
            variables: variable("a", bytes),
        })
    };
    const { assert!(9 * 4_000_000 > limits::STARTS_BYTES) };
    let rejection = ask(&mut partition, publish(4_000_000)).unwrap_err();
    assert_eq!(
        rejection.reason,
        "Expected the message 'go' to give at most 33554432 bytes of variables to the processes that it starts, but there are \
         9 of them, and its variables have 4000000 bytes; keep large data outside and pass a reference"
    );
    assert!(ask(&mut partition, publish(3_000_000)).is_ok());
}
