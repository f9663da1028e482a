//! From an operation's name to its handler. Operations without one answer that they are not built yet.

use axum::{
    Router,
    extract::DefaultBodyLimit,
    http::{Method, Uri},
    middleware,
    routing::{MethodFilter, MethodRouter, on},
};

use super::{
    authentication, clock, decision, deployment, element_instance, expression, incident, job, license,
    message,
    operations::{OPERATIONS, Operation},
    problem, process_instance, resource, signal, topology,
};
use crate::{door::Door, failure::Failure, limits::REST_BODY_BYTES};

/// The whole face.
pub(super) fn routes(door: Door) -> Router {
    let known = OPERATIONS.iter().fold(Router::new(), |router, operation| {
        router.route(&route_path(operation.path), handler(operation))
    });
    known
        .fallback(no_route)
        .method_not_allowed_fallback(no_method)
        .layer(middleware::from_fn(problem::render))
        .layer(DefaultBodyLimit::max(REST_BODY_BYTES))
        .with_state(door)
}

fn handler(operation: &'static Operation) -> MethodRouter<Door> {
    let method = MethodFilter::try_from(operation.method.clone()).unwrap_or(MethodFilter::GET);
    match operation.id {
        "activateJobs" => on(method, job::activate),
        "cancelProcessInstance" => on(method, process_instance::cancel),
        "broadcastSignal" => on(method, signal::broadcast),
        "completeJob" => on(method, job::complete),
        "correlateMessage" => on(method, message::correlate),
        "createDeployment" => on(method, deployment::create),
        "createElementInstanceVariables" => on(method, element_instance::set_variables),
        "createProcessInstance" => on(method, process_instance::create),
        "deleteResource" => on(method, resource::delete),
        "evaluateDecision" => on(method, decision::evaluate),
        "evaluateExpression" => on(method, expression::evaluate),
        "failJob" => on(method, job::fail),
        "getAuthentication" => on(method, authentication::me),
        "getLicense" => on(method, license::get),
        "getStatus" => on(method, topology::status),
        "getTopology" => on(method, topology::get),
        "pinClock" => on(method, clock::pin),
        "publishMessage" => on(method, message::publish),
        "resetClock" => on(method, clock::reset),
        "resolveIncident" => on(method, incident::resolve),
        "throwJobError" => on(method, job::throw_error),
        "updateJob" => on(method, job::update),
        _ => not_built(method, operation),
    }
}

fn not_built(method: MethodFilter, operation: &'static Operation) -> MethodRouter<Door> {
    on(method, async move || -> Failure {
        let Operation { method, path, id } = operation;
        Failure::NotBuilt(format!(
            "{id} ({method} /v2{path}) is part of the contract but not built yet in this version of Weir"
        ))
    })
}

async fn no_route(method: Method, uri: Uri) -> Failure {
    Failure::NoRoute(format!("No endpoint {method} {}.", uri.path()))
}

async fn no_method(method: Method, uri: Uri) -> Failure {
    Failure::NoMethod(format!("Method '{method}' is not supported by {}.", uri.path()))
}

/// The path as the router wants it: parameters named by their place, since one place has several names in the contract.
fn route_path(path: &str) -> String {
    let parts = path.split('/').enumerate().map(|(place, part)| match part.starts_with('{') {
        true => format!("{{p{place}}}"),
        false => part.to_owned(),
    });
    format!("/v2{}", parts.collect::<Vec<_>>().join("/"))
}
