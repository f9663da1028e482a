//! Which service a call is for, and better words for what tonic refuses by itself.

use std::{
    convert::Infallible,
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
use weir_node::Handle;

use super::{deadline, follow::Follow, gateway::Gateway, health::Health};
use crate::{
    failure::Failure,
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
    node: Handle,
}

/// The call that brings most of the work.
const CREATE_INSTANCE: &str = "/gateway_protocol.Gateway/CreateProcessInstance";

impl Dispatch {
    pub(super) fn new(gateway: Gateway) -> Dispatch {
        let node = gateway.door.node.clone();
        let health = HealthServer::new(Health { node: node.clone() });
        let follow = FollowServer::new(Follow::new(gateway.door.clone()))
            .accept_compressed(Gzip)
            .max_decoding_message_size(GRPC_MESSAGE_BYTES);
        // Compressed requests are read, but answers are not compressed: nearly every client would accept it, and a
        // job of some hundred bytes is not worth the time.
        let gateway =
            GatewayServer::new(gateway).accept_compressed(Gzip).max_decoding_message_size(GRPC_MESSAGE_BYTES);
        Dispatch { gateway, follow, health, node }
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
        // Under overload what is refused must cost little, or refusing takes the time that the accepted work needs.
        if path == CREATE_INSTANCE
            && let Some(refusal) = self.node.refuses_new_work()
        {
            let refused = Status::from(Failure::of("CREATE", refusal)).into_http();
            return std::future::ready(explained(Ok(refused))).boxed();
        }
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
        Code::OutOfRange if text.contains("message length too large") => {
            Some(Status::resource_exhausted(format!(
                "the request is larger than {GRPC_MESSAGE_BYTES} bytes: deploy fewer files at a time, or keep large data \
             outside and pass a reference"
            )))
        }
        Code::Internal if text.contains("decode Protobuf message") => Some(Status::invalid_argument(
            format!("the request is not a well-formed message of this RPC: {text}"),
        )),
        Code::Unimplemented if text.is_empty() => Some(Status::unimplemented(
            "this server knows the services gateway_protocol.Gateway, weir.v1.Follow and grpc.health.v1.Health; the RPC is in \
             none of them",
        )),
        _ => None,
    }
}
