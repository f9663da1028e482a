//! The management face: metrics for Prometheus, and health for whoever keeps the server running.

use std::{future::Future, io, sync::Arc};

use axum::{
    Router,
    extract::State,
    http::{HeaderName, StatusCode, header::CONTENT_TYPE},
    response::IntoResponse,
    routing::get,
};
use tokio::net::TcpListener;
use weir_node::{Handle, Health};

use crate::door::Door;

/// Writes the metrics in Prometheus' text format.
pub type Metrics = Arc<dyn Fn() -> String + Send + Sync>;

/// Serves the face until the server stops.
pub(crate) fn serve(
    listener: TcpListener,
    door: Door,
    metrics: Metrics,
) -> impl Future<Output = io::Result<()>> + Send + 'static {
    let stopped = door.stop.stopped();
    axum::serve(listener, routes(door.node, metrics)).with_graceful_shutdown(stopped).into_future()
}

fn routes(node: Handle, metrics: Metrics) -> Router {
    let health = Router::new()
        .route("/health/live", get(live))
        .route("/health/ready", get(ready))
        .route("/health/startup", get(startup))
        .route("/actuator/health", get(ready))
        .route("/actuator/health/status", get(ready))
        .route("/actuator/health/liveness", get(live))
        .route("/actuator/health/readiness", get(ready))
        .route("/actuator/health/startup", get(startup))
        .with_state(node);
    let shown = Router::new()
        .route("/metrics", get(show))
        .route("/actuator/prometheus", get(show))
        .with_state(metrics);
    health.merge(shown).fallback(elsewhere)
}

/// Who looks around is told what there is.
async fn elsewhere() -> (StatusCode, &'static str) {
    (
        StatusCode::NOT_FOUND,
        "here are /metrics, /health/live, /health/ready and /health/startup; REST is at another port\n",
    )
}

/// Status, kind of body, body.
type Verdict = (StatusCode, [(HeaderName, &'static str); 1], String);

async fn live(State(node): State<Handle>) -> Verdict {
    verdict(node.health().live)
}

async fn ready(State(node): State<Handle>) -> Verdict {
    let health = node.health();
    let details = details(&health);
    if health.ready && !details.is_empty() {
        // Workers shall still reach it: what is under way ends.
        let body = format!(r#"{{"status":"UP","details":{{{}}}}}"#, details.join(","));
        return (StatusCode::OK, [(CONTENT_TYPE, "application/json")], body);
    }
    verdict(health.ready)
}

/// What a person should know of a server that is up, each a name and a text in JSON.
fn details(health: &Health) -> Vec<String> {
    let mut details = Vec::new();
    if health.disk_full {
        details.push(r#""disk":"full: new work is refused""#.to_owned());
    }
    if let Some(side) = health.left_behind {
        details.push(format!(
            r#""mirror":"the {side} folder failed and was left behind: everything is kept once""#
        ));
    }
    if health.bad_segments > 0 {
        let count = health.bad_segments;
        details.push(format!(r#""scrub":"{count} segments of the journal are damaged: stop the server and run `weir data verify`""#));
    }
    details
}

async fn startup(State(node): State<Handle>) -> Verdict {
    verdict(node.health().startup)
}

fn verdict(holds: bool) -> Verdict {
    let (status, body) = if holds {
        (StatusCode::OK, r#"{"status":"UP"}"#)
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, r#"{"status":"DOWN"}"#)
    };
    (status, [(CONTENT_TYPE, "application/json")], body.to_owned())
}

async fn show(State(metrics): State<Metrics>) -> impl IntoResponse {
    ([(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], metrics())
}

#[cfg(test)]
mod tests {
    use axum::{body::Body, http::Request};
    use futures_util::StreamExt;
    use tower::ServiceExt;

    use super::*;
    use crate::testing::TestNode;

    #[tokio::test]
    async fn metrics_and_health() {
        let node = TestNode::start();
        let face = routes(node.door.node.clone(), Arc::new(|| "weir_up 1\n".into()));
        let mut seen = String::new();
        for path in
            ["/metrics", "/health/live", "/health/ready", "/health/startup", "/actuator/health/status", "/x"]
        {
            let request = Request::get(path).body(Body::empty()).unwrap();
            let response = face.clone().oneshot(request).await.unwrap();
            let status = response.status().as_u16();
            let chunks: Vec<_> = response.into_body().into_data_stream().map(Result::unwrap).collect().await;
            seen += &format!("{path} {status} {}\n", String::from_utf8(chunks.concat()).unwrap().trim());
        }
        expect_test::expect![[r#"
            /metrics 200 weir_up 1
            /health/live 200 {"status":"UP"}
            /health/ready 200 {"status":"UP"}
            /health/startup 200 {"status":"UP"}
            /actuator/health/status 200 {"status":"UP"}
            /x 404 here are /metrics, /health/live, /health/ready and /health/startup; REST is at another port
        "#]]
        .assert_eq(&seen);
    }
}
