//! Following instances: everything they do, from the first moment to the end, and nothing of others.

use std::time::Duration;

use expect_test::{Expect, expect};
use tokio::time::timeout;
use tonic::{Code, Status, Streaming, transport::Channel};
use weir_api::{
    limits::{FOLLOW_QUEUE_BYTES, FOLLOW_STREAMS},
    proto::{
        self as p,
        weir::{
            EventKind, FollowAllRequest, FollowNewInstanceRequest, InstanceEvent, follow_client::FollowClient,
        },
    },
};

use crate::server::{Server, creation, deploy, poll, polled};

/// Calls the one with the task, under a time limit, then waits for a message.
const CALLER: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:zeebe="http://camunda.org/schema/zeebe/1.0"
    targetNamespace="test">
  <message id="m" name="paid"><extensionElements><zeebe:subscription correlationKey="=order"/></extensionElements></message>
  <process id="caller" isExecutable="true">
    <startEvent id="start"/>
    <sequenceFlow id="a" sourceRef="start" targetRef="call"/>
    <callActivity id="call" name="Have it done">
      <extensionElements><zeebe:calledElement processId="one_task"/></extensionElements>
    </callActivity>
    <boundaryEvent id="late" attachedToRef="call">
      <timerEventDefinition><timeDuration>PT1H</timeDuration></timerEventDefinition>
    </boundaryEvent>
    <sequenceFlow id="b" sourceRef="call" targetRef="payment"/>
    <sequenceFlow id="c" sourceRef="late" targetRef="end"/>
    <intermediateCatchEvent id="payment"><messageEventDefinition messageRef="m"/></intermediateCatchEvent>
    <sequenceFlow id="d" sourceRef="payment" targetRef="end"/>
    <endEvent id="end"/>
  </process>
</definitions>"#;

async fn follower(server: &Server) -> FollowClient<Channel> {
    FollowClient::connect(format!("http://{}", server.bound.grpc_addr)).await.unwrap()
}

fn asked(process_id: &str, variables: &str) -> FollowNewInstanceRequest {
    FollowNewInstanceRequest {
        process_id: process_id.into(),
        variables: variables.into(),
        ..Default::default()
    }
}

async fn next(events: &mut Streaming<InstanceEvent>) -> Result<Option<InstanceEvent>, Status> {
    timeout(Duration::from_secs(20), events.message()).await.expect("something is told")
}

/// Reads until an event of this kind; gives all of them as lines.
async fn until(events: &mut Streaming<InstanceEvent>, kind: EventKind) -> Vec<String> {
    let mut lines = Vec::new();
    while let Some(event) = next(events).await.unwrap() {
        lines.push(line(&event));
        if event.kind() == kind {
            break;
        }
    }
    lines
}

/// The event without what differs from run to run.
fn line(event: &InstanceEvent) -> String {
    let element = event.element.clone().unwrap_or_default();
    let kind = event.kind().as_str_name().trim_start_matches("EVENT_KIND_");
    let InstanceEvent { text, detail, variables, .. } = event;
    let line = format!(
        "{kind} {}/{} {} {text} {detail} {variables}",
        element.process_id, element.id, element.r#type
    );
    line.trim_end().to_owned()
}

/// What is told of an instance of the caller.
fn the_story() -> Expect {
    expect![[r#"
        ELEMENT_ENTERED caller/caller process
        VARIABLES_SET caller/caller process   {"order":"o-1"}
        ELEMENT_ACTIVATED caller/caller process
        ELEMENT_ENTERED caller/start startEvent
        ELEMENT_COMPLETED caller/start startEvent
        SEQUENCE_FLOW_TAKEN caller/caller process a
        ELEMENT_ENTERED caller/call callActivity
        ELEMENT_ACTIVATED caller/call callActivity
        ELEMENT_ENTERED one_task/one_task process
        VARIABLES_SET one_task/one_task process   {"order":"o-1"}
        ELEMENT_ACTIVATED one_task/one_task process
        TIMER_STARTED caller/late boundaryEvent
        ELEMENT_ENTERED one_task/start startEvent
        ELEMENT_COMPLETED one_task/start startEvent
        SEQUENCE_FLOW_TAKEN one_task/one_task process a
        ELEMENT_ENTERED one_task/task serviceTask
        ELEMENT_ACTIVATED one_task/task serviceTask
        JOB_CREATED one_task/task serviceTask work
        JOB_ACTIVATED one_task/task serviceTask w
        JOB_COMPLETED one_task/task serviceTask
        VARIABLES_SET one_task/one_task process   {"done":true}
        ELEMENT_COMPLETED one_task/task serviceTask
        SEQUENCE_FLOW_TAKEN one_task/one_task process b
        ELEMENT_ENTERED one_task/end endEvent
        ELEMENT_COMPLETED one_task/end endEvent
        VARIABLES_SET caller/caller process   {"done":true}
        ELEMENT_COMPLETED one_task/one_task process
        TIMER_CANCELED caller/late boundaryEvent
        ELEMENT_COMPLETED caller/call callActivity
        SEQUENCE_FLOW_TAKEN caller/caller process b
        ELEMENT_ENTERED caller/payment intermediateCatchEvent
        ELEMENT_ACTIVATED caller/payment intermediateCatchEvent
        MESSAGE_AWAITED caller/payment intermediateCatchEvent paid o-1
        MESSAGE_RECEIVED caller/payment intermediateCatchEvent paid o-1
        ELEMENT_COMPLETED caller/payment intermediateCatchEvent
        SEQUENCE_FLOW_TAKEN caller/caller process d
        ELEMENT_ENTERED caller/end endEvent
        ELEMENT_COMPLETED caller/end endEvent
        ELEMENT_COMPLETED caller/caller process"#]]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_instance_and_those_it_calls_are_told_from_start_to_end() {
    let server = Server::start().await;
    let mut client = server.deployed().await;
    deploy(&mut client, "caller.bpmn", CALLER).await;
    let mut follow = follower(&server).await;
    let mut events =
        follow.follow_new_instance(asked("caller", r#"{"order":"o-1"}"#)).await.unwrap().into_inner();
    let mut lines = until(&mut events, EventKind::JobCreated).await;
    // Another instance of the called process does the same meanwhile, and is not told.
    client.create_process_instance(creation("{}")).await.unwrap();
    let mut jobs = Vec::new();
    while jobs.len() < 2 {
        jobs.extend(polled(&mut client, poll(2, 5_000)).await);
    }
    for job in &jobs {
        let variables = r#"{"done":true}"#.to_owned();
        let request = p::CompleteJobRequest { job_key: job.key, variables, ..Default::default() };
        client.complete_job(request).await.unwrap();
    }
    lines.extend(until(&mut events, EventKind::MessageAwaited).await);
    let paid = p::PublishMessageRequest {
        name: "paid".into(),
        correlation_key: "o-1".into(),
        time_to_live: 60_000,
        ..Default::default()
    };
    client.publish_message(paid).await.unwrap();
    let mut last = None;
    while let Some(event) = next(&mut events).await.unwrap() {
        lines.push(line(&event));
        last = Some(event);
    }
    let last = last.unwrap();
    assert_eq!((last.kind(), last.scope_key), (EventKind::ElementCompleted, 0));
    assert_eq!(last.process_instance_key, last.element_instance_key);
    the_story().assert_eq(&lines.join("\n"));
}

/// Waits for a message, then for a signal.
const WAITER: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:zeebe="http://camunda.org/schema/zeebe/1.0"
    targetNamespace="test">
  <message id="m" name="paid"><extensionElements><zeebe:subscription correlationKey="=order"/></extensionElements></message>
  <signal id="g" name="go"/>
  <process id="waiter" isExecutable="true">
    <startEvent id="start"/>
    <sequenceFlow id="a" sourceRef="start" targetRef="payment"/>
    <intermediateCatchEvent id="payment"><messageEventDefinition messageRef="m"/></intermediateCatchEvent>
    <sequenceFlow id="b" sourceRef="payment" targetRef="call"/>
    <intermediateCatchEvent id="call"><signalEventDefinition signalRef="g"/></intermediateCatchEvent>
    <sequenceFlow id="c" sourceRef="call" targetRef="end"/>
    <endEvent id="end"/>
  </process>
</definitions>"#;

/// Instances go to partitions in turn: of two with the same correlation key one has the message's partition for its own.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn messages_and_signals_are_told_on_every_partition() {
    let server = Server::start().await;
    let mut client = server.client().await;
    deploy(&mut client, "waiter.bpmn", WAITER).await;
    let mut follow = follower(&server).await;
    for _ in 0..2 {
        let mut events =
            follow.follow_new_instance(asked("waiter", r#"{"order":"o-1"}"#)).await.unwrap().into_inner();
        let mut lines = until(&mut events, EventKind::MessageAwaited).await;
        let paid = p::PublishMessageRequest {
            name: "paid".into(),
            correlation_key: "o-1".into(),
            ..Default::default()
        };
        client.publish_message(paid).await.unwrap();
        lines.extend(until(&mut events, EventKind::SignalAwaited).await);
        let body = r#"{"signalName":"go","variables":{"by":"signal"}}"#;
        let (status, sent) = server.json("POST", "/v2/signals/broadcast", body).await;
        assert!(status == 200 && sent["signalKey"].is_string(), "{sent}");
        while let Some(event) = next(&mut events).await.unwrap() {
            lines.push(line(&event));
        }
        let told: Vec<&str> =
            lines.iter().map(String::as_str).filter(|line| !line.starts_with("ELEMENT")).collect();
        expect![[r#"
            VARIABLES_SET waiter/waiter process   {"order":"o-1"}
            SEQUENCE_FLOW_TAKEN waiter/waiter process a
            MESSAGE_AWAITED waiter/payment intermediateCatchEvent paid o-1
            MESSAGE_RECEIVED waiter/payment intermediateCatchEvent paid o-1
            SEQUENCE_FLOW_TAKEN waiter/waiter process b
            SIGNAL_AWAITED waiter/call intermediateCatchEvent go
            VARIABLES_SET waiter/waiter process   {"by":"signal"}
            SEQUENCE_FLOW_TAKEN waiter/waiter process c"#]]
        .assert_eq(&told.join("\n"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_start_is_refused_and_nothing_is_told() {
    let server = Server::start().await;
    let _client = server.deployed().await;
    let mut follow = follower(&server).await;
    let refused = follow.follow_new_instance(asked("nobody", "{}")).await.unwrap_err();
    assert_eq!(refused.code(), Code::NotFound);
    assert!(refused.message().contains("'nobody'"), "{refused}");
    let refused = follow.follow_new_instance(asked("one_task", "[]")).await.unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stopping_server_says_so_to_its_followers() {
    let mut server = Server::start().await;
    let _client = server.deployed().await;
    let mut follow = follower(&server).await;
    let mut events = follow.follow_new_instance(asked("one_task", "{}")).await.unwrap().into_inner();
    until(&mut events, EventKind::JobCreated).await;
    server.stop();
    let end = loop {
        match next(&mut events).await {
            Ok(Some(_)) => {}
            Ok(None) => panic!("an end without a reason"),
            Err(status) => break status,
        }
    };
    assert_eq!((end.code(), end.message().contains("is stopping")), (Code::Unavailable, true), "{end}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_follower_too_many_is_refused_until_another_goes() {
    let server = Server::start().await;
    let mut client = server.deployed().await;
    let mut follow = follower(&server).await;
    let mut calls = Vec::new();
    for _ in 0..FOLLOW_STREAMS {
        calls.push(follow.follow_all(FollowAllRequest {}).await.unwrap());
    }
    let refused = follow.follow_new_instance(asked("one_task", "{}")).await.unwrap_err();
    assert_eq!(refused.code(), Code::ResourceExhausted);
    assert!(polled(&mut client, poll(1, -1)).await.is_empty(), "nothing was started");
    calls.pop();
    let mut tries = 0;
    while follow.follow_all(FollowAllRequest {}).await.is_err() {
        tries += 1;
        assert!(tries < 100, "the place is given back");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// The follower reads nothing while more than the limit happens. It gets what found room, then the reason.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_follower_that_reads_too_slowly_is_left_behind() {
    const PAYLOAD_BYTES: usize = 1 << 20;
    let server = Server::start().await;
    let mut client = server.deployed().await;
    let mut follow = follower(&server).await;
    let mut events = follow.follow_all(FollowAllRequest {}).await.unwrap().into_inner();
    let payload = format!(r#"{{"text":"{}"}}"#, "x".repeat(PAYLOAD_BYTES));
    let instances = FOLLOW_QUEUE_BYTES / PAYLOAD_BYTES * 2;
    for _ in 0..instances {
        client.create_process_instance(creation(&payload)).await.unwrap();
    }
    let mut told = 0;
    let end = loop {
        match next(&mut events).await {
            Ok(Some(event)) => told += usize::from(event.kind() == EventKind::VariablesSet),
            Ok(None) => panic!("an end without a reason"),
            Err(status) => break status,
        }
    };
    assert_eq!(end.code(), Code::ResourceExhausted, "{end}");
    assert!(told >= FOLLOW_QUEUE_BYTES / PAYLOAD_BYTES - 1 && told < instances, "{told} of {instances}");
    let again = follow.follow_all(FollowAllRequest {}).await.unwrap().into_inner();
    client.create_process_instance(creation("{}")).await.unwrap();
    let mut again = again;
    assert_eq!(next(&mut again).await.unwrap().unwrap().kind(), EventKind::ElementEntered);
}
