//! The wire: what is refused before a handler sees it, what is not built, and health.

use expect_test::{Expect, expect};
use prost::Message;
use tokio::net::TcpListener;
use tonic::{
    Request, Status,
    client::Grpc,
    codec::CompressionEncoding::Gzip,
    codegen::http::uri::PathAndQuery,
    transport::{Channel, Endpoint},
};
use tonic_health::pb::{
    HealthCheckRequest, health_check_response::ServingStatus, health_client::HealthClient,
};
use tonic_prost::ProstCodec;

use crate::{
    limits::GRPC_MESSAGE_BYTES,
    proto::{self as p, gateway_client::GatewayClient},
    testing::TestNode,
};

async fn channel(node: &TestNode) -> Channel {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    tokio::spawn(super::serve(listener, node.door.clone()));
    Endpoint::from_shared(format!("http://{addr}")).unwrap().connect().await.unwrap()
}

fn check(status: &Status, expected: Expect) {
    expected.assert_eq(&format!("{:?}: {}", status.code(), status.message()));
}

#[tokio::test]
async fn an_rpc_that_is_not_built_says_its_name() {
    let node = TestNode::start();
    let mut client = GatewayClient::new(channel(&node).await);
    let status =
        client.modify_process_instance(p::ModifyProcessInstanceRequest::default()).await.unwrap_err();
    check(
        &status,
        expect![
            "Unimplemented: ModifyProcessInstance is part of the contract but not built yet in this version of Weir"
        ],
    );
    let status = client.update_job_priority(p::UpdateJobPriorityRequest::default()).await.unwrap_err();
    check(
        &status,
        expect![
            "Unimplemented: UpdateJobPriority is part of the contract but not built yet in this version of Weir"
        ],
    );
}

#[tokio::test]
async fn parts_that_are_not_built_are_refused_and_not_ignored() {
    let node = TestNode::start();
    let mut client = GatewayClient::new(channel(&node).await);
    let tagged = p::CreateProcessInstanceRequest {
        bpmn_process_id: "p".into(),
        tags: vec!["a".into()],
        ..Default::default()
    };
    let status = client.create_process_instance(tagged).await.unwrap_err();
    check(&status, expect!["Unimplemented: tagging an instance is not built yet: leave it out"]);
    let denied = p::JobResult { denied: Some(true), ..Default::default() };
    let completion = p::CompleteJobRequest { job_key: 1, result: Some(denied), ..Default::default() };
    let status = client.complete_job(completion).await.unwrap_err();
    check(&status, expect!["Unimplemented: a job result beyond variables is not built yet: leave it out"]);
}

#[tokio::test]
async fn bad_values_are_told_apart() {
    let node = TestNode::start();
    let mut client = GatewayClient::new(channel(&node).await);
    let publish = |variables: String, tenant_id: &str| {
        let request = p::PublishMessageRequest {
            name: "m".into(),
            variables,
            tenant_id: tenant_id.into(),
            ..Default::default()
        };
        let mut client = client.clone();
        async move { client.publish_message(request).await.unwrap_err() }
    };
    check(
        &publish("[1]".into(), "").await,
        expect![
            "InvalidArgument: Property 'variables' is invalid: Expected document to be a root level object, but was 'ARRAY'"
        ],
    );
    check(
        &publish("{\"a\":".into(), "").await,
        expect!["InvalidArgument: Invalid JSON value: EOF while parsing a value at line 1 column 5"],
    );
    check(
        &publish("{}".into(), "acme").await,
        expect![
            "InvalidArgument: Expected to handle request with tenant identifier 'acme', but multi-tenancy is disabled: leave the tenant out or give '<default>'"
        ],
    );
    let deep = format!("{{\"a\":{}{}}}", "[".repeat(1_000), "]".repeat(1_000));
    check(
        &publish(deep, "").await,
        expect!["InvalidArgument: Expected variables to be nested at most 256 levels deep"],
    );

    let poll = p::ActivateJobsRequest { r#type: "t".into(), timeout: 1, ..Default::default() };
    check(
        &client.activate_jobs(poll).await.unwrap_err(),
        expect![
            "InvalidArgument: Command 'ACTIVATE' rejected with code 'INVALID_ARGUMENT': Expected to activate job batch with worker to be present, but it was blank"
        ],
    );
    let stream = p::StreamActivatedJobsRequest { r#type: "t".into(), ..Default::default() };
    check(
        &client.stream_activated_jobs(stream).await.unwrap_err(),
        expect![
            "InvalidArgument: Command 'ACTIVATE' rejected with code 'INVALID_ARGUMENT': Expected to activate job batch with timeout to be greater than zero, but it was '0'"
        ],
    );
    let empty = p::CreateProcessInstanceWithResultRequest::default();
    check(
        &client.create_process_instance_with_result(empty).await.unwrap_err(),
        expect!["InvalidArgument: Expected a request to create an instance, but none given"],
    );
}

/// The same numbers as a real request, with bytes where that has text.
#[derive(Clone, PartialEq, Message)]
struct RawPublish {
    #[prost(bytes = "vec", tag = "1")]
    name: Vec<u8>,
    #[prost(bytes = "vec", tag = "5")]
    variables: Vec<u8>,
}

async fn raw(path: &'static str, message: RawPublish, compressed: bool) -> Status {
    let node = TestNode::start();
    let mut client = Grpc::new(channel(&node).await);
    if compressed {
        client = client.send_compressed(Gzip);
    }
    client.ready().await.unwrap();
    let codec: ProstCodec<RawPublish, p::PublishMessageResponse> = ProstCodec::default();
    client.unary(Request::new(message), PathAndQuery::from_static(path), codec).await.unwrap_err()
}

#[tokio::test]
async fn what_cannot_be_decoded_gets_a_clear_status() {
    let publish = "/gateway_protocol.Gateway/PublishMessage";
    let not_text = RawPublish { name: vec![0xff, 0xfe], variables: Vec::new() };
    check(
        &raw(publish, not_text, false).await,
        expect![
            "InvalidArgument: the request is not a well-formed message of this RPC: failed to decode Protobuf message: PublishMessageRequest.name: invalid string value: data is not UTF-8 encoded"
        ],
    );
    let large = RawPublish { name: Vec::new(), variables: vec![b' '; GRPC_MESSAGE_BYTES + 1] };
    check(
        &raw(publish, large.clone(), false).await,
        expect![
            "ResourceExhausted: the request is larger than 17039360 bytes: deploy fewer files at a time, or keep large data outside and pass a reference"
        ],
    );
    check(
        &raw(publish, large, true).await,
        expect![
            "ResourceExhausted: Error decompressing: size limit, of 17039360 bytes, exceeded while decompressing message"
        ],
    );
    let unknown = "/gateway_protocol.Gateway/MakeCoffee";
    check(
        &raw(unknown, RawPublish::default(), false).await,
        expect![
            "Unimplemented: this server knows the services gateway_protocol.Gateway, weir.v1.Follow and grpc.health.v1.Health; the RPC is in none of them"
        ],
    );
    check(
        &raw("/other.Service/Call", RawPublish::default(), false).await,
        expect![
            "Unimplemented: this server knows the services gateway_protocol.Gateway, weir.v1.Follow and grpc.health.v1.Health; the RPC is in none of them"
        ],
    );
}

#[tokio::test]
async fn compressed_requests_are_read() {
    let message = RawPublish { name: b"m".to_vec(), variables: b"[]".to_vec() };
    check(
        &raw("/gateway_protocol.Gateway/PublishMessage", message, true).await,
        expect![
            "InvalidArgument: Property 'variables' is invalid: Expected document to be a root level object, but was 'ARRAY'"
        ],
    );
}

#[tokio::test]
async fn health_is_known_by_both_names() {
    let node = TestNode::start();
    let mut client = HealthClient::new(channel(&node).await);
    for service in ["", "gateway_protocol.Gateway"] {
        let answer = client.check(HealthCheckRequest { service: service.into() }).await.unwrap().into_inner();
        assert_eq!(answer.status, ServingStatus::Serving as i32);
    }
    let status = client.check(HealthCheckRequest { service: "other".into() }).await.unwrap_err();
    check(&status, expect!["NotFound: there is no service 'other' here"]);
    let mut watched = client.watch(HealthCheckRequest { service: String::new() }).await.unwrap().into_inner();
    assert_eq!(watched.message().await.unwrap().unwrap().status, ServingStatus::Serving as i32);
}
