//! Starts and stops the server: the one place where node and faces are wired together.

use std::net::SocketAddr;

use serde_json::{Value, json};
use tokio::{
    runtime::Runtime,
    signal::unix::{SignalKind, signal},
};
use tracing_subscriber::EnvFilter;

use crate::{
    config::{Config, LogFormat},
    exit::Exit,
    failure::Failure,
    output::{GOOD, NAME},
};

/// Where a running server listens.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Addresses {
    /// gRPC.
    pub(crate) grpc: SocketAddr,
    /// REST.
    pub(crate) rest: SocketAddr,
    /// Metrics and health.
    pub(crate) metrics: SocketAddr,
}

impl Addresses {
    /// The line that says that the server is ready, for people.
    pub(crate) fn to_text(self) -> String {
        let Self { grpc, rest, metrics } = self;
        format!(
            "{GOOD}ready{GOOD:#}  gRPC {NAME}{grpc}{NAME:#}  REST {NAME}http://{rest}/v2{NAME:#}  metrics http://{metrics}/metrics"
        )
    }

    /// The same for programs.
    pub(crate) fn to_json(self) -> Value {
        json!({ "ready": true, "grpc": self.grpc.to_string(), "rest": self.rest.to_string(), "metrics": self.metrics.to_string() })
    }
}

/// A running server.
#[derive(Debug)]
pub(crate) struct Server {
    /// Where it listens.
    pub(crate) addresses: Addresses,
}

/// Starts a server: opens the data folder, recovers, then listens.
///
/// # Errors
/// [`Exit::Server`]: the data folder is locked or damaged, a port is in use.
#[expect(clippy::unused_async, reason = "the node and the faces are started here")]
pub(crate) async fn start_server(config: &Config) -> Result<Server, Failure> {
    Err(Failure::new(Exit::Server, "the server is not built into this binary yet")
        .at(config.data_dir.display()))
}

impl Server {
    /// Finishes what is under way and closes the data folder.
    #[expect(clippy::unused_async, reason = "the node and the faces are stopped here")]
    pub(crate) async fn stop(self) -> Result<(), Failure> {
        Ok(())
    }
}

/// The runtime that serves requests.
pub(crate) fn runtime(config: &Config) -> Result<Runtime, Failure> {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    if config.threads > 0 {
        builder.worker_threads(config.threads);
    }
    builder.thread_name("weir").enable_all();
    builder.build().map_err(|error| Failure::new(Exit::Server, "cannot start the runtime").because(error))
}

/// Log lines to standard error, as the configuration says.
pub(crate) fn logging(config: &Config) {
    let builder = tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::new(&config.log))
        .with_writer(std::io::stderr)
        .with_ansi(
            std::io::IsTerminal::is_terminal(&std::io::stderr()) && std::env::var_os("NO_COLOR").is_none(),
        );
    // A second call in one process would be refused; the first one's lines go on.
    let _set_before = match config.log_format {
        LogFormat::Text => builder.try_init(),
        LogFormat::Json => builder.json().flatten_event(true).try_init(),
    };
}

/// Returns at SIGTERM or SIGINT (Ctrl-C).
pub(crate) async fn until_told_to_stop() -> Result<(), Failure> {
    let cannot = |error| Failure::new(Exit::Server, "cannot listen for signals").because(error);
    let mut terminate = signal(SignalKind::terminate()).map_err(cannot)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(cannot)?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    Ok(())
}
