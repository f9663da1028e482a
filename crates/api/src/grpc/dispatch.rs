//! Which service a call is for, and better words for what tonic refuses by itself.

use std::{
    convert::Infallible,
    sync::Arc,
    task::{Context, Poll},
};

use futures_util::FutureExt;
use http::{HeaderMap, Request, Response};
use tonic::{
    Code, Status,
    body::Body,
    codec::CompressionEncoding::Gzip,
    codegen::{BoxFuture, Service},
};
use tonic_health::pb::health_server::HealthServer;
use weir_node::SubmitError;

use super::{deadline, follow::Follow, gateway::Gateway, health::Health};
use crate::{
    door::Door,
    limits::GRPC_MESSAGE_BYTES,
    proto::{gateway_server::GatewayServer, weir::follow_server::FollowServer},
};

type Answer = Result<Response<Body>, Infallible>;

/// Gateway, following and health on one port.
#[derive(Clone)]
pub(super) struct Dispatch {
    gateway: GatewayServer<Gateway>,
    follow: FollowServer<Follow>,
    health: HealthServer<Health>,
    door: Arc<Door>,
}

/// The call that brings most of the work.
pub(super) const CREATE_INSTANCE: &str = "/gateway_protocol.Gateway/CreateProcessInstance";
/// The call that ends most of the work.
pub(super) const COMPLETE_JOB: &str = "/gateway_protocol.Gateway/CompleteJob";
/// The call of who tells something.
pub(super) const PUBLISH_MESSAGE: &str = "/gateway_protocol.Gateway/PublishMessage";

impl Dispatch {
    pub(super) fn new(gateway: Gateway) -> Dispatch {
        let door = Arc::new(gateway.door.clone());
        let health = HealthServer::new(Health { node: door.node.clone() });
        let follow = FollowServer::new(Follow::new(gateway.door.clone()))
            .accept_compressed(Gzip)
            .max_decoding_message_size(GRPC_MESSAGE_BYTES);
        // Compressed requests are read, but answers are not compressed: nearly every client would accept it, and a
        // job of some hundred bytes is not worth the time.
        let gateway =
            GatewayServer::new(gateway).accept_compressed(Gzip).max_decoding_message_size(GRPC_MESSAGE_BYTES);
        Dispatch { gateway, follow, health, door }
    }

    /// The way into the node.
    pub(super) fn door(&self) -> &Arc<Door> {
        &self.door
    }

    /// Why a call is refused before it is read, if it is.
    pub(super) fn refusal(&self, path: &str) -> Option<SubmitError> {
        (path == CREATE_INSTANCE).then(|| self.door.node.refuses_new_work()).flatten()
    }
}

impl Service<Request<Body>> for Dispatch {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<Response<Body>, Infallible>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        let limit = deadline::take(request.headers_mut());
        let path = request.uri().path();
        let answer = if path.starts_with("/grpc.health.v1.Health/") {
            self.health.call(request)
        } else if path.starts_with("/weir.v1.Follow/") {
            self.follow.call(request)
        } else {
            self.gateway.call(request)
        };
        let answer = answer.map(explained);
        match limit {
            Some(limit) => deadline::keep(limit, answer).boxed(),
            None => answer.boxed(),
        }
    }
}

/// A refusal that came from decoding says what clients of this contract expect; all else passes.
fn explained(answer: Answer) -> Answer {
    let Ok(response) = answer;
    if !response.headers().contains_key(Status::GRPC_STATUS) {
        return Ok(response);
    }
    Ok(match better(response.headers()) {
        Some(status) => status.into_http(),
        None => response,
    })
}

fn better(headers: &HeaderMap) -> Option<Status> {
    let status = Status::from_header_map(headers)?;
    let text = status.message();
    match status.code() {
        Code::OutOfRange if text.contains("message length too large") => Some(too_large()),
        Code::Internal if text.contains("decode Protobuf message") => Some(malformed(text)),
        Code::Unimplemented if text.is_empty() => Some(Status::unimplemented(
            "this server knows the services gateway_protocol.Gateway, weir.v1.Follow and grpc.health.v1.Health; the RPC is in \
             none of them",
        )),
        _ => None,
    }
}

/// A request beyond its limit.
pub(super) fn too_large() -> Status {
    Status::resource_exhausted(format!(
        "the request is larger than {GRPC_MESSAGE_BYTES} bytes: deploy fewer files at a time, or keep large data outside and \
         pass a reference"
    ))
}

/// A request that is not what its RPC takes.
pub(super) fn malformed(why: &str) -> Status {
    Status::invalid_argument(format!("the request is not a well-formed message of this RPC: {why}"))
}
