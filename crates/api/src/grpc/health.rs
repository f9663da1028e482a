//! `grpc.health.v1.Health`, for the whole server and for the gateway by name.

use std::{pin::Pin, time::Duration};

use futures_util::{Stream, stream};
use tokio::time;
use tonic::{Request, Response, Status};
use tonic_health::pb::{
    HealthCheckRequest, HealthCheckResponse, health_check_response::ServingStatus, health_server,
};
use weir_node::Handle;

/// How often a watched health is looked at.
const WATCH_EVERY: Duration = Duration::from_secs(1);

/// The health service.
pub(super) struct Health {
    pub(super) node: Handle,
}

#[tonic::async_trait]
impl health_server::Health for Health {
    async fn check(
        &self,
        request: Request<HealthCheckRequest>,
    ) -> Result<Response<HealthCheckResponse>, Status> {
        let service = request.into_inner().service;
        if !is_known(&service) {
            return Err(Status::not_found(format!("there is no service '{service}' here")));
        }
        Ok(Response::new(response(serving(&self.node))))
    }

    type WatchStream = Pin<Box<dyn Stream<Item = Result<HealthCheckResponse, Status>> + Send>>;

    async fn watch(
        &self,
        request: Request<HealthCheckRequest>,
    ) -> Result<Response<Self::WatchStream>, Status> {
        let known = is_known(&request.into_inner().service);
        let changes = stream::unfold((self.node.clone(), None), move |(node, last)| async move {
            loop {
                let now = if known { serving(&node) } else { ServingStatus::ServiceUnknown };
                if last != Some(now) {
                    return Some((Ok(response(now)), (node, Some(now))));
                }
                time::sleep(WATCH_EVERY).await;
            }
        });
        Ok(Response::new(Box::pin(changes)))
    }
}

fn is_known(service: &str) -> bool {
    matches!(service, "" | "gateway_protocol.Gateway")
}

fn serving(node: &Handle) -> ServingStatus {
    if node.health().ready { ServingStatus::Serving } else { ServingStatus::NotServing }
}

fn response(status: ServingStatus) -> HealthCheckResponse {
    HealthCheckResponse { status: status as i32 }
}
