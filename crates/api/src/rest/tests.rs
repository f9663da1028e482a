//! Routes and bodies: what is known, what is built, and what malformed requests are told.

use axum::{
    Router,
    body::{Body, Bytes},
    http::{Method, Request, StatusCode, header::CONTENT_TYPE},
};
use expect_test::{Expect, expect};
use futures_util::StreamExt;
use tower::ServiceExt;

use super::{operations::OPERATIONS, routes::routes};
use crate::{limits::REST_BODY_BYTES, testing::TestNode};

fn face() -> (TestNode, Router) {
    let node = TestNode::start();
    let face = routes(node.door.clone());
    (node, face)
}

fn request(method: &str, path: &str, content_type: &str, body: impl Into<Body>) -> Request<Body> {
    let request = Request::builder().method(method).uri(path).header(CONTENT_TYPE, content_type);
    request.body(body.into()).unwrap()
}

async fn ask(face: &Router, request: Request<Body>) -> (StatusCode, String) {
    let response = face.clone().oneshot(request).await.unwrap();
    let status = response.status();
    if status.as_u16() >= 400 {
        assert_eq!(response.headers()[CONTENT_TYPE], "application/problem+json");
    }
    let chunks: Vec<Bytes> = response.into_body().into_data_stream().map(Result::unwrap).collect().await;
    (status, String::from_utf8(chunks.concat()).unwrap())
}

async fn check(
    face: &Router,
    method: &str,
    path: &str,
    content_type: &str,
    body: impl Into<Body>,
    expected: Expect,
) {
    let (status, text) = ask(face, request(method, path, content_type, body)).await;
    expected.assert_eq(&format!("{} {text}", status.as_u16()));
}

async fn post(face: &Router, path: &str, body: impl Into<Body>, expected: Expect) {
    check(face, "POST", path, "application/json", body, expected).await;
}

#[tokio::test]
async fn every_operation_is_known_and_the_unbuilt_ones_say_their_name() {
    let (_node, face) = face();
    let mut built = Vec::new();
    for operation in OPERATIONS {
        let path = format!("/v2{}", operation.path.replace(['{', '}'], ""));
        let answer = ask(&face, request(operation.method.as_str(), &path, "application/json", "")).await;
        match answer {
            (StatusCode::NOT_IMPLEMENTED, text) => assert!(text.contains(operation.id), "{text}"),
            (StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED, text) => {
                panic!("{}: {text}", operation.id)
            }
            _ => built.push(operation.id),
        }
    }
    expect!["getAuthentication pinClock resetClock getStatus getTopology evaluateDecision createElementInstanceVariables evaluateExpression resolveIncident activateJobs updateJob completeJob throwJobError failJob getLicense correlateMessage publishMessage createProcessInstance cancelProcessInstance createDeployment deleteResource broadcastSignal"].assert_eq(&built.join(" "));
}

#[tokio::test]
async fn an_unknown_route_and_a_wrong_method_say_so() {
    let (_node, face) = face();
    post(&face, "/v2/nonsense", "{}", expect![[r#"404 {"type":"about:blank","title":"Not Found","status":404,"detail":"No endpoint POST /v2/nonsense.","instance":"/v2/nonsense"}"#]]).await;
    check(&face, "PUT", "/v2/topology", "application/json", "{}", expect![[r#"405 {"type":"about:blank","title":"Method Not Allowed","status":405,"detail":"Method 'PUT' is not supported by /v2/topology.","instance":"/v2/topology"}"#]]).await;
    check(&face, Method::GET.as_str(), "/", "text/plain", "", expect![[r#"404 {"type":"about:blank","title":"Not Found","status":404,"detail":"No endpoint GET /.","instance":"/"}"#]]).await;
}

#[tokio::test]
async fn a_malformed_body_is_told_where_it_is_wrong() {
    let (_node, face) = face();
    let publish = "/v2/messages/publication";
    post(&face, publish, "", expect![[r#"400 {"type":"about:blank","title":"Bad Request","status":400,"detail":"Required request body is missing","instance":"/v2/messages/publication"}"#]]).await;
    post(&face, publish, "[\"name\"]", expect![[r#"400 {"type":"about:blank","title":"Bad Request","status":400,"detail":"Request property cannot be parsed: the body must be a JSON object","instance":"/v2/messages/publication"}"#]]).await;
    post(&face, publish, "{\"name\":", expect![[r#"400 {"type":"about:blank","title":"Bad Request","status":400,"detail":"Request property cannot be parsed: EOF while parsing a value at line 1 column 8","instance":"/v2/messages/publication"}"#]]).await;
    post(&face, publish, &b"{\"name\":\"\xff\"}"[..], expect![[r#"400 {"type":"about:blank","title":"Bad Request","status":400,"detail":"Request property cannot be parsed: invalid unicode code point at line 1 column 10","instance":"/v2/messages/publication"}"#]]).await;
    post(&face, publish, "{\"name\":1}", expect![[r#"400 {"type":"about:blank","title":"Bad Request","status":400,"detail":"Request property cannot be parsed: invalid type: integer `1`, expected a string at line 1 column 9","instance":"/v2/messages/publication"}"#]]).await;
    post(&face, publish, "{\"name\":\"a\",\"colour\":1}", expect![[r#"400 {"type":"about:blank","title":"Bad Request","status":400,"detail":"Request property cannot be parsed: unknown field `colour`, expected one of `name`, `correlationKey`, `timeToLive`, `messageId`, `variables`, `tenantId`, `businessId` at line 1 column 20","instance":"/v2/messages/publication"}"#]]).await;
    post(&face, publish, "{}", expect![[r#"400 {"type":"about:blank","title":"INVALID_ARGUMENT","status":400,"detail":"No name provided.","instance":"/v2/messages/publication"}"#]]).await;
    post(&face, publish, "{\"name\":\"a\",\"variables\":[1]}", expect![[r#"400 {"type":"about:blank","title":"INVALID_ARGUMENT","status":400,"detail":"Property 'variables' is invalid: Expected document to be a root level object, but was 'ARRAY'","instance":"/v2/messages/publication"}"#]]).await;
    post(&face, publish, "{\"name\":\"a\",\"tenantId\":\"acme\"}", expect![[r#"400 {"type":"about:blank","title":"INVALID_ARGUMENT","status":400,"detail":"Expected to handle request with tenant identifier 'acme', but multi-tenancy is disabled: leave the tenant out or give '<default>'","instance":"/v2/messages/publication"}"#]]).await;
    let broadcast = "/v2/signals/broadcast";
    post(&face, broadcast, "{}", expect![[r#"400 {"type":"about:blank","title":"INVALID_ARGUMENT","status":400,"detail":"No signalName provided.","instance":"/v2/signals/broadcast"}"#]]).await;
    post(&face, "/v2/jobs/12x/completion", "{}", expect![[r#"400 {"type":"about:blank","title":"INVALID_ARGUMENT","status":400,"detail":"The provided key '12x' is not a valid key. Expected a numeric value","instance":"/v2/jobs/12x/completion"}"#]]).await;
    post(&face, "/v2/jobs/%ff/completion", "{}", expect![[r#"400 {"type":"about:blank","title":"Bad Request","status":400,"detail":"the path cannot be read: Invalid UTF-8 in `p2`","instance":"/v2/jobs/%ff/completion"}"#]]).await;
    post(&face, "/v2/process-instances", "{\"processDefinitionKey\":true}", expect![[r#"400 {"type":"about:blank","title":"Bad Request","status":400,"detail":"Request property cannot be parsed: invalid type: boolean `true`, expected a key: a string of digits at line 1 column 28","instance":"/v2/process-instances"}"#]]).await;
    post(&face, "/v2/process-instances", "{}", expect![[r#"400 {"type":"about:blank","title":"INVALID_ARGUMENT","status":400,"detail":"At least one of [processDefinitionId, processDefinitionKey] is required.","instance":"/v2/process-instances"}"#]]).await;
    post(&face, "/v2/process-instances/1/cancellation", "{\"operationReference\":0}", expect![[r#"400 {"type":"about:blank","title":"INVALID_ARGUMENT","status":400,"detail":"The value for operationReference is '0' but must be > 0.","instance":"/v2/process-instances/1/cancellation"}"#]]).await;
    check(&face, "PATCH", "/v2/jobs/1", "application/json", "{\"changeset\":{}}", expect![[r#"400 {"type":"about:blank","title":"INVALID_ARGUMENT","status":400,"detail":"At least one of [retries, timeout] is required.","instance":"/v2/jobs/1"}"#]]).await;
}

#[tokio::test]
async fn nesting_and_size_have_limits() {
    let (_node, face) = face();
    let publish = "/v2/messages/publication";
    let deep =
        format!("{{\"name\":\"a\",\"variables\":{{\"a\":{}{}}}}}", "[".repeat(100_000), "]".repeat(100_000));
    post(&face, publish, deep, expect![[r#"400 {"type":"about:blank","title":"INVALID_ARGUMENT","status":400,"detail":"Expected variables to be nested at most 256 levels deep","instance":"/v2/messages/publication"}"#]]).await;
    post(&face, publish, "[".repeat(100_000), expect![[r#"400 {"type":"about:blank","title":"Bad Request","status":400,"detail":"Request property cannot be parsed: the body must be a JSON object","instance":"/v2/messages/publication"}"#]]).await;
    post(&face, publish, " ".repeat(REST_BODY_BYTES + 1), expect![[r#"413 {"type":"about:blank","title":"Payload Too Large","status":413,"detail":"the request is larger than 17039360 bytes: deploy fewer files at a time, or keep large data outside and pass a reference","instance":"/v2/messages/publication"}"#]]).await;
}

#[tokio::test]
async fn media_types() {
    let (_node, face) = face();
    let expected = || {
        expect![[
            r#"415 {"type":"about:blank","title":"Unsupported Media Type","status":415,"detail":"the body must be JSON, with content type application/json","instance":"/v2/messages/publication"}"#
        ]]
    };
    check(&face, "POST", "/v2/messages/publication", "text/plain", "{}", expected()).await;
    let vendor = "application/vnd.camunda.api.keys.string+json; charset=utf-8";
    check(&face, "POST", "/v2/messages/publication", vendor, "{}", expect![[r#"400 {"type":"about:blank","title":"INVALID_ARGUMENT","status":400,"detail":"No name provided.","instance":"/v2/messages/publication"}"#]]).await;
    check(&face, "POST", "/v2/deployments", "application/json", "{}", expect![[r#"415 {"type":"about:blank","title":"Unsupported Media Type","status":415,"detail":"a deployment is multipart/form-data with one part 'resources' per file: Invalid `boundary` for `multipart/form-data` request","instance":"/v2/deployments"}"#]]).await;
    let form = "multipart/form-data; boundary=x";
    check(&face, "POST", "/v2/deployments", form, "nonsense", expect![[r#"400 {"type":"about:blank","title":"Bad Request","status":400,"detail":"the form cannot be read: incomplete multipart stream","instance":"/v2/deployments"}"#]]).await;
    let part = "--x\r\nContent-Disposition: form-data; name=\"colour\"\r\n\r\nred\r\n--x--\r\n";
    check(&face, "POST", "/v2/deployments", form, part, expect![[r#"400 {"type":"about:blank","title":"INVALID_ARGUMENT","status":400,"detail":"a deployment has parts 'resources' and 'tenantId', but a part 'colour' was given","instance":"/v2/deployments"}"#]]).await;
}

#[tokio::test]
async fn what_the_server_says_about_itself() {
    let (_node, face) = face();
    check(&face, "GET", "/v2/license", "", "", expect![[r#"200 {"validLicense":true,"licenseType":"MIT OR Apache-2.0","isCommercial":false,"expiresAt":null}"#]]).await;
    check(&face, "GET", "/v2/authentication/me", "", "", expect![[r#"200 {"username":"anonymous","displayName":null,"email":null,"authorizedComponents":["*"],"tenants":[{"tenantId":"<default>","name":"Default","description":null}],"groups":[],"roles":[],"salesPlanType":null,"c8Links":{},"canLogout":false}"#]]).await;
    let (status, text) = ask(&face, request("GET", "/v2/topology", "", "")).await;
    let mut topology: serde_json::Value = serde_json::from_str(&text).unwrap();
    let id = topology["clusterId"].take();
    assert!(status == StatusCode::OK && id.as_str().is_some_and(|id| !id.is_empty()), "{text}");
    let expected = serde_json::json!({
        "brokers": [{
            "host": "127.0.0.1",
            "nodeId": 0,
            "partitions": [{ "health": "healthy", "partitionId": 1, "role": "leader" }],
            "port": 26500,
            "version": "8.9.0",
        }],
        "clusterId": null,
        "clusterSize": 1,
        "gatewayVersion": "8.9.0",
        "lastCompletedChangeId": "-1",
        "partitionsCount": 1,
        "replicationFactor": 1,
    });
    // Compared as values: the order of a parsed object's keys depends on what else is built with the tests.
    assert_eq!(topology, expected);
    check(&face, "GET", "/v2/status", "", "", expect!["204 "]).await;
}
