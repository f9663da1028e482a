//! The front door: three listeners, bound before anything is served.

use std::{fmt, future::Future, io, net::SocketAddr, time::Duration};

use tokio::{net::TcpListener, task::JoinHandle, time};
use weir_node::Handle;

use crate::{
    door::{Door, Stop},
    grpc, limits,
    management::{self, Metrics},
    rest,
};

/// Where to listen, as `HOST:PORT`; port 0 takes a free one.
#[derive(Clone)]
pub struct ApiConfig {
    /// The Zeebe gateway contract.
    pub grpc_addr: String,
    /// The REST contract, under `/v2`.
    pub rest_addr: String,
    /// Metrics and health.
    pub management_addr: String,
    /// What `/metrics` shows.
    pub metrics: Metrics,
}

/// A server that listens.
#[derive(Debug)]
pub struct Bound {
    /// Where gRPC is.
    pub grpc_addr: SocketAddr,
    /// Where REST is.
    pub rest_addr: SocketAddr,
    /// Where metrics and health are.
    pub management_addr: SocketAddr,
    /// Ends when the server has stopped; see [`serve`].
    pub join: JoinHandle<()>,
}

/// Why the server cannot listen.
#[derive(Debug)]
pub struct ServeError {
    /// Which face: `gRPC`, `REST` or `management`.
    pub face: &'static str,
    /// The address that was asked for.
    pub addr: String,
    /// What the system says.
    pub source: io::Error,
}

impl fmt::Display for ServeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ServeError { face, addr, source } = self;
        write!(f, "cannot listen on {addr} ({face}): ")?;
        match source.kind() {
            io::ErrorKind::AddrInUse => write!(
                f,
                "the port is in use; end the program that uses it, or choose another port (0 takes a free one)"
            ),
            io::ErrorKind::PermissionDenied => {
                write!(f, "the system does not allow it; choose a port above 1023")
            }
            io::ErrorKind::AddrNotAvailable => {
                write!(f, "this machine has no such address; use one of its own, 127.0.0.1 or 0.0.0.0")
            }
            io::ErrorKind::InvalidInput => write!(f, "{source}; give it as HOST:PORT, like 127.0.0.1:26500"),
            _ => write!(f, "{source}"),
        }
    }
}

impl std::error::Error for ServeError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.source)
    }
}

/// Binds all listeners and serves the node behind `handle` until `shutdown` ends. Then no new connection is taken,
/// waiting polls and streams are ended, running requests get [`limits::DRAIN_MS`], and `join` ends.
pub async fn serve(
    config: ApiConfig,
    handle: Handle,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> Result<Bound, ServeError> {
    let (grpc, grpc_addr) = bind("gRPC", &config.grpc_addr).await?;
    let (rest, rest_addr) = bind("REST", &config.rest_addr).await?;
    let (management, management_addr) = bind("management", &config.management_addr).await?;
    let stop = Stop::when(shutdown);
    let door =
        Door { node: handle, stop: stop.clone(), grpc: (grpc_addr.ip().to_string(), grpc_addr.port()) };
    let join = tokio::spawn(async move {
        let faces = [
            tokio::spawn(ended("gRPC", grpc::serve(grpc, door.clone()))),
            tokio::spawn(ended("REST", rest::serve(rest, door.clone()))),
            tokio::spawn(ended("management", management::serve(management, door, config.metrics))),
        ];
        stop.stopped().await;
        let deadline = time::Instant::now() + Duration::from_millis(limits::DRAIN_MS);
        for mut face in faces {
            if time::timeout_at(deadline, &mut face).await.is_err() {
                face.abort();
            }
        }
    });
    Ok(Bound { grpc_addr, rest_addr, management_addr, join })
}

async fn bind(face: &'static str, addr: &str) -> Result<(TcpListener, SocketAddr), ServeError> {
    let failed = |source| ServeError { face, addr: addr.to_owned(), source };
    let listener = TcpListener::bind(addr).await.map_err(failed)?;
    let bound = listener.local_addr().map_err(failed)?;
    Ok((listener, bound))
}

async fn ended<E: fmt::Display>(face: &'static str, served: impl Future<Output = Result<(), E>>) {
    if let Err(why) = served.await {
        tracing::error!(face, %why, "a face of the server broke down");
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use tokio::{io::AsyncWriteExt, net::TcpStream, sync::oneshot};
    use tonic::Code;

    use super::*;
    use crate::proto::{StreamActivatedJobsRequest, gateway_client::GatewayClient};
    use crate::testing::TestNode;

    fn config(grpc: &str) -> ApiConfig {
        let free = || "127.0.0.1:0".to_owned();
        ApiConfig {
            grpc_addr: grpc.into(),
            rest_addr: free(),
            management_addr: free(),
            metrics: Arc::new(|| "weir_up 1\n".into()),
        }
    }

    #[tokio::test]
    async fn an_address_that_cannot_be_had_is_named_with_a_remedy() {
        let node = TestNode::start();
        let taken = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = taken.local_addr().unwrap().to_string();
        let error = serve(config(&addr), node.door.node.clone(), std::future::pending()).await.unwrap_err();
        assert_eq!(
            error.to_string(),
            format!(
                "cannot listen on {addr} (gRPC): the port is in use; end the program that uses it, or choose another \
                 port (0 takes a free one)"
            )
        );
        let error = serve(config("26500"), node.door.node.clone(), std::future::pending())
            .await
            .unwrap_err()
            .to_string();
        assert!(error.contains("cannot listen on 26500 (gRPC)") && error.contains("HOST:PORT"), "{error}");
    }

    #[tokio::test]
    async fn stopping_ends_open_streams_and_then_the_server() {
        let node = TestNode::start();
        let (stop, stopped) = oneshot::channel::<()>();
        let shutdown = async { stopped.await.unwrap_or_default() };
        let bound = serve(config("127.0.0.1:0"), node.door.node.clone(), shutdown).await.unwrap();
        let mut client = GatewayClient::connect(format!("http://{}", bound.grpc_addr)).await.unwrap();
        let request = StreamActivatedJobsRequest { r#type: "t".into(), timeout: 1_000, ..Default::default() };
        let mut jobs = client.stream_activated_jobs(request).await.unwrap().into_inner();
        stop.send(()).unwrap();
        let end = jobs.message().await.unwrap_err();
        assert_eq!(
            (end.code(), end.message()),
            (Code::Unavailable, "the server is stopping; open the stream again")
        );
        let limit = Duration::from_millis(limits::DRAIN_MS / 2);
        time::timeout(limit, bound.join).await.expect("ends long before the limit").unwrap();
        assert!(GatewayClient::connect(format!("http://{}", bound.grpc_addr)).await.is_err());
    }

    #[tokio::test]
    async fn a_request_that_never_ends_does_not_keep_the_server_from_stopping() {
        let node = TestNode::start();
        let (stop, stopped) = oneshot::channel::<()>();
        let shutdown = async { stopped.await.unwrap_or_default() };
        let bound = serve(config("127.0.0.1:0"), node.door.node.clone(), shutdown).await.unwrap();
        let mut half = TcpStream::connect(bound.rest_addr).await.unwrap();
        let head = "POST /v2/messages/publication HTTP/1.1\r\nHost: weir\r\nContent-Type: application/json\r\n\
                    Content-Length: 10\r\n\r\n{";
        half.write_all(head.as_bytes()).await.unwrap();
        time::sleep(Duration::from_millis(200)).await;
        stop.send(()).unwrap();
        let began = time::Instant::now();
        let limit = Duration::from_millis(limits::DRAIN_MS);
        time::timeout(limit * 2, bound.join).await.expect("ends soon after the limit").unwrap();
        assert!(began.elapsed() >= limit, "a running request gets its time");
    }
}
