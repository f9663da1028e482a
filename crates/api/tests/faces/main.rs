//! Both faces over a real node: a process is deployed, started, worked and finished, as a client sees it.

mod follow;
mod server;

use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

use tokio::time::{sleep, timeout};
use tonic::Code;
use weir_api::proto as p;

use crate::server::{ONE_TASK, Server, creation, poll, polled, stream};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn grpc_from_model_to_result() {
    let server = Server::start().await;
    let mut client = server.deployed().await;
    let mut worker = client.clone();
    let waiting = tokio::spawn(async move { polled(&mut worker, poll(5, 20_000)).await });
    let request = p::CreateProcessInstanceWithResultRequest {
        request: Some(creation(r#"{"order":{"id":7}}"#)),
        request_timeout: 20_000,
        fetch_variables: vec!["paid".into()],
    };
    let mut creator = client.clone();
    let result = tokio::spawn(async move { creator.create_process_instance_with_result(request).await });
    let jobs = waiting.await.unwrap();
    let [job] = &jobs[..] else { panic!("one job: {jobs:?}") };
    assert_eq!((&*job.custom_headers, &*job.variables), (r#"{"colour":"red"}"#, r#"{"order":{"id":7}}"#));
    assert_eq!((&*job.element_id, job.retries, &*job.worker), ("task", 3, "w"));
    let completion = p::CompleteJobRequest {
        job_key: job.key,
        variables: r#"{"paid":true}"#.into(),
        ..Default::default()
    };
    client.complete_job(completion.clone()).await.unwrap();
    let result = result.await.unwrap().unwrap().into_inner();
    assert_eq!((&*result.variables, &*result.bpmn_process_id), (r#"{"paid":true}"#, "one_task"));
    assert_eq!(result.process_instance_key, job.process_instance_key);

    let again = client.complete_job(completion).await.unwrap_err();
    let text = format!(
        "Command 'COMPLETE' rejected with code 'NOT_FOUND': Expected to complete job with key '{}', but no such job \
         was found",
        job.key
    );
    assert_eq!((again.code(), again.message()), (Code::NotFound, &*text));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn refusals_and_waits_on_the_wire() {
    let server = Server::start().await;
    let mut client = server.deployed().await;
    let nowhere = p::CompleteJobRequest { job_key: 99 << 51, ..Default::default() };
    assert_eq!(client.complete_job(nowhere).await.unwrap_err().code(), Code::Unavailable);
    let unknown =
        p::CreateProcessInstanceRequest { bpmn_process_id: "x".into(), version: -1, ..Default::default() };
    assert_eq!(client.create_process_instance(unknown).await.unwrap_err().code(), Code::NotFound);

    let began = Instant::now();
    assert!(polled(&mut client, poll(1, -1)).await.is_empty());
    assert!(began.elapsed() < Duration::from_secs(5), "no waiting was asked for");
    assert!(polled(&mut client, poll(1, 300)).await.is_empty());
    assert!(began.elapsed() >= Duration::from_millis(300), "waiting was asked for");

    let request = p::CreateProcessInstanceWithResultRequest {
        request: Some(creation("{}")),
        request_timeout: 200,
        ..Default::default()
    };
    let status = client.create_process_instance_with_result(request).await.unwrap_err();
    assert_eq!(status.code(), Code::DeadlineExceeded);
    assert_eq!(polled(&mut client, poll(1, 5_000)).await.len(), 1, "the instance goes on");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rest_from_model_to_result() {
    let server = Server::start().await;
    let form = format!(
        "--x\r\nContent-Disposition: form-data; name=\"resources\"; filename=\"one_task.bpmn\"\r\n\
         Content-Type: application/octet-stream\r\n\r\n{ONE_TASK}\r\n--x--\r\n"
    );
    let (status, text) =
        server.rest("POST", "/v2/deployments", "multipart/form-data; boundary=x", &form).await;
    assert_eq!(status, 200, "{text}");
    assert!(text.contains(r#""processDefinitionId":"one_task""#), "{text}");
    let (status, created) = server
        .json("POST", "/v2/process-instances", r#"{"processDefinitionId":"one_task","variables":{"a":1.0}}"#)
        .await;
    assert_eq!((status, &created["variables"]), (200, &serde_json::json!({})));
    let activation =
        r#"{"type":"work","worker":"w","timeout":60000,"maxJobsToActivate":1,"requestTimeout":5000}"#;
    let (status, activated) = server.json("POST", "/v2/jobs/activation", activation).await;
    let job = &activated["jobs"][0];
    assert_eq!((status, &job["variables"]), (200, &serde_json::json!({"a": 1.0})));
    assert_eq!(job["processInstanceKey"], created["processInstanceKey"]);
    let completion = format!("/v2/jobs/{}/completion", job["jobKey"].as_str().unwrap());
    assert_eq!(server.json("POST", &completion, "").await.0, 204);
    let (status, problem) = server.json("POST", &completion, r#"{"variables":{}}"#).await;
    assert_eq!((status, &problem["title"]), (404, &serde_json::json!("NOT_FOUND")));
    let nobody = r#"{"name":"nobody waits","correlationKey":"1"}"#;
    assert_eq!(server.json("POST", "/v2/messages/correlation", nobody).await.0, 404);
    let (status, published) = server.json("POST", "/v2/messages/publication", nobody).await;
    assert!(status == 200 && published["messageKey"].is_string(), "{published}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_job_stream_gets_new_jobs_and_gives_back_what_it_did_not_take() {
    let server = Server::start().await;
    let mut client = server.deployed().await;
    let mut jobs = client.stream_activated_jobs(stream()).await.unwrap().into_inner();
    let created = client.create_process_instance(creation("{}")).await.unwrap().into_inner();
    let job = timeout(Duration::from_secs(10), jobs.message()).await.unwrap().unwrap().unwrap();
    assert_eq!(job.process_instance_key, created.process_instance_key);
    drop(jobs);
    sleep(Duration::from_millis(300)).await;
    client.create_process_instance(creation("{}")).await.unwrap();
    assert_eq!(polled(&mut client, poll(5, 10_000)).await.len(), 1, "nobody else waits");
}

/// The slow client opens a stream and reads nothing. Its window holds some jobs, the rest must reach the others although
/// the job time-out is an hour.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_slow_client_does_not_take_goes_to_others() {
    const INSTANCES: usize = 60;
    let server = Server::start().await;
    let mut client = server.deployed().await;
    let slow = server.narrow_client().await.stream_activated_jobs(stream()).await.unwrap();
    let payload = format!(r#"{{"text":"{}"}}"#, "x".repeat(20_000));
    let mut created = BTreeSet::new();
    for _ in 0..INSTANCES {
        created.insert(
            client
                .create_process_instance(creation(&payload))
                .await
                .unwrap()
                .into_inner()
                .process_instance_key,
        );
    }
    let mut taken = BTreeSet::new();
    let began = Instant::now();
    // The window and the transport's own buffer of some hundred kilobytes hold the difference.
    while taken.len() < INSTANCES / 2 && began.elapsed() < Duration::from_secs(20) {
        taken.extend(polled(&mut client, poll(100, 1_000)).await.iter().map(|job| job.process_instance_key));
    }
    assert!(taken.len() >= INSTANCES / 2, "others got {} of {INSTANCES}", taken.len());
    assert!(taken.is_subset(&created));
    drop(slow);
}
