//! The management face: metrics for Prometheus, and health for whoever keeps the server running.

use std::{future::Future, io, sync::Arc};

use axum::{
    Router,
    extract::State,
    http::{StatusCode, header::CONTENT_TYPE},
    response::IntoResponse,
    routing::get,
};
use tokio::net::TcpListener;
use weir_node::Handle;

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
    health.merge(shown)
}

async fn live(State(node): State<Handle>) -> impl IntoResponse {
    verdict(node.health().live)
}

async fn ready(State(node): State<Handle>) -> impl IntoResponse {
    verdict(node.health().ready)
}

async fn startup(State(node): State<Handle>) -> impl IntoResponse {
    verdict(node.health().startup)
}

fn verdict(holds: bool) -> impl IntoResponse {
    let (status, body) = if holds {
        (StatusCode::OK, r#"{"status":"UP"}"#)
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, r#"{"status":"DOWN"}"#)
    };
    (status, [(CONTENT_TYPE, "application/json")], body)
}

async fn show(State(metrics): State<Metrics>) -> impl IntoResponse {
    ([(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], metrics())
}
