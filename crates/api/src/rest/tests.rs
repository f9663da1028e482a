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
use crate::{door::Door, limits::REST_BODY_BYTES};

async fn face() -> Router {
    routes(Door::for_tests().await)
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

async fn check(method: &str, path: &str, content_type: &str, body: impl Into<Body>, expected: Expect) {
    let (status, text) = ask(&face().await, request(method, path, content_type, body)).await;
    expected.assert_eq(&format!("{} {text}", status.as_u16()));
}

async fn post(path: &str, body: impl Into<Body>, expected: Expect) {
    check("POST", path, "application/json", body, expected).await;
}

#[tokio::test]
async fn every_operation_is_known_and_the_unbuilt_ones_say_their_name() {
    let face = face().await;
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
    expect![[r#""#]].assert_eq(&built.join(" "));
}

#[tokio::test]
async fn an_unknown_route_and_a_wrong_method_say_so() {
    post("/v2/nonsense", "{}", expect![[r#""#]]).await;
    check("PUT", "/v2/topology", "application/json", "{}", expect![[r#""#]]).await;
    check(Method::GET.as_str(), "/", "text/plain", "", expect![[r#""#]]).await;
}

#[tokio::test]
async fn a_malformed_body_is_told_where_it_is_wrong() {
    let publish = "/v2/messages/publication";
    post(publish, "", expect![[r#""#]]).await;
    post(publish, "{\"name\":", expect![[r#""#]]).await;
    post(publish, &b"{\"name\":\"\xff\"}"[..], expect![[r#""#]]).await;
    post(publish, "{\"name\":1}", expect![[r#""#]]).await;
    post(publish, "{\"name\":\"a\",\"colour\":1}", expect![[r#""#]]).await;
    post(publish, "{}", expect![[r#""#]]).await;
    post(publish, "{\"name\":\"a\",\"variables\":[1]}", expect![[r#""#]]).await;
    post(publish, "{\"name\":\"a\",\"tenantId\":\"acme\"}", expect![[r#""#]]).await;
    post("/v2/jobs/12x/completion", "{}", expect![[r#""#]]).await;
    post("/v2/jobs/%ff/completion", "{}", expect![[r#""#]]).await;
    post("/v2/process-instances", "{\"processDefinitionKey\":true}", expect![[r#""#]]).await;
    post("/v2/process-instances", "{}", expect![[r#""#]]).await;
    post("/v2/process-instances/1/cancellation", "{\"operationReference\":0}", expect![[r#""#]]).await;
    check("PATCH", "/v2/jobs/1", "application/json", "{\"changeset\":{}}", expect![[r#""#]]).await;
}

#[tokio::test]
async fn nesting_and_size_have_limits() {
    let publish = "/v2/messages/publication";
    let deep =
        format!("{{\"name\":\"a\",\"variables\":{{\"a\":{}{}}}}}", "[".repeat(100_000), "]".repeat(100_000));
    post(publish, deep, expect![[r#""#]]).await;
    post(publish, "[".repeat(100_000), expect![[r#""#]]).await;
    post(publish, " ".repeat(REST_BODY_BYTES + 1), expect![[r#""#]]).await;
}

#[tokio::test]
async fn media_types() {
    let expected = || expect![[r#""#]];
    check("POST", "/v2/messages/publication", "text/plain", "{}", expected()).await;
    let vendor = "application/vnd.camunda.api.keys.string+json; charset=utf-8";
    check("POST", "/v2/messages/publication", vendor, "{}", expect![[r#""#]]).await;
    check("POST", "/v2/deployments", "application/json", "{}", expect![[r#""#]]).await;
    let form = "multipart/form-data; boundary=x";
    check("POST", "/v2/deployments", form, "nonsense", expect![[r#""#]]).await;
    let part = "--x\r\nContent-Disposition: form-data; name=\"colour\"\r\n\r\nred\r\n--x--\r\n";
    check("POST", "/v2/deployments", form, part, expect![[r#""#]]).await;
}

#[tokio::test]
async fn what_the_server_says_about_itself() {
    check("GET", "/v2/license", "", "", expect![[r#""#]]).await;
    check("GET", "/v2/authentication/me", "", "", expect![[r#""#]]).await;
    check("GET", "/v2/topology", "", "", expect![[r#""#]]).await;
    check("GET", "/v2/status", "", "", expect![[r#""#]]).await;
}
