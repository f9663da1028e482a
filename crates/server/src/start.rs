//! Starts and stops the server: the one place where node and faces are wired together.

use std::{net::SocketAddr, num::NonZeroU16, sync::Arc};

use serde_json::{Value, json};
use tokio::{
    runtime::{Handle, Runtime},
    signal::unix::{Signal, SignalKind, signal},
    sync::oneshot,
    task::{self, JoinHandle},
};
use tracing_subscriber::EnvFilter;
use weir_api::ApiConfig;
use weir_node::{Node, NodeConfig, StartError};

use crate::{
    config::{Config, LogFormat},
    exit::Exit,
    failure::Failure,
    output::{GOOD, NAME, Output},
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

    /// Who opens the server to other machines is told what that means.
    fn warn_of_strangers(self) {
        for (face, address) in [("gRPC", self.grpc), ("REST", self.rest)] {
            if !address.ip().is_loopback() {
                tracing::warn!(
                    "{face} on {address} can be reached from other machines, and the server does not ask clients who they are: \
                     whoever reaches the port may do everything; keep strangers out by the network, or listen on 127.0.0.1"
                );
            }
        }
    }

    /// The same for programs.
    pub(crate) fn to_json(self) -> Value {
        json!({ "ready": true, "grpc": self.grpc.to_string(), "rest": self.rest.to_string(), "metrics": self.metrics.to_string() })
    }
}

/// A running server.
pub(crate) struct Server {
    /// Where it listens.
    pub(crate) addresses: Addresses,
    node: Node,
    stop_faces: oneshot::Sender<()>,
    faces: JoinHandle<()>,
}

/// Starts a server: opens the data folder, recovers, then listens.
///
/// # Errors
/// [`Exit::Server`]: the data folder is locked or damaged, a port is in use.
pub(crate) async fn start_server(config: &Config) -> Result<Server, Failure> {
    let node_config = NodeConfig {
        data_dir: config.data_dir.clone(),
        mirror_dir: config.mirror_dir.clone(),
        partitions: config.partitions.map(NonZeroU16::get),
        memory: config.memory,
        settable_clock: config.settable_clock,
        payload: config.payload,
    };
    let node = start_node(node_config).await?;
    let handle = node.handle();
    let metrics = {
        let handle = handle.clone();
        Arc::new(move || handle.metrics_text())
    };
    let api = ApiConfig {
        grpc_addr: config.grpc_addr.to_string(),
        rest_addr: config.rest_addr.to_string(),
        management_addr: config.metrics_addr.to_string(),
        metrics,
    };
    let (stop_faces, stopped) = oneshot::channel::<()>();
    let shutdown = async {
        // A sender that is gone means the same.
        let _stop = stopped.await;
    };
    match weir_api::serve(api, handle, shutdown).await {
        Ok(bound) => {
            let addresses =
                Addresses { grpc: bound.grpc_addr, rest: bound.rest_addr, metrics: bound.management_addr };
            addresses.warn_of_strangers();
            Ok(Server { addresses, node, stop_faces, faces: bound.join })
        }
        Err(error) => {
            let _ended = task::spawn_blocking(move || node.stop()).await;
            Err(cannot_start(&error))
        }
    }
}

/// Recovery reads the disk for as long as it takes, so a thread waits for it; not one of the runtime, whose niceness the
/// node's threads would inherit.
async fn start_node(config: NodeConfig) -> Result<Node, Failure> {
    let runtime = Handle::current();
    let (started, node) = oneshot::channel();
    let starting = std::thread::Builder::new().name("weir-start".to_owned()).spawn(move || {
        let _runtime = runtime.enter();
        // Nobody waits any more: the process is ending.
        let _unwanted = started.send(Node::start(&config));
    });
    starting.map_err(|error| cannot_start(&error))?;
    let node = node.await.map_err(|_| cannot_start(&"it broke off while it recovered"))?;
    node.map_err(|error| match error {
        StartError::Folder(ref folder, _) => cannot_start(&error).try_this(match folder.is_file() {
            true => "this is a file: name a folder, which may be new: --data-dir DIR",
            false => {
                "let the user that runs the server write there, or choose another folder: --data-dir DIR"
            }
        }),
        StartError::Journal(_)
        | StartError::Store(..)
        | StartError::Mirror(..)
        | StartError::Damaged(..)
        | StartError::Partitions { .. } => cannot_start(&error),
    })
}

fn cannot_start(error: &impl std::fmt::Display) -> Failure {
    Failure::new(Exit::Server, "the server cannot start").because(error)
}

impl Server {
    /// Waits until the node cannot go on, and says why. Does not return while it runs well.
    pub(crate) async fn failed(&self) -> Failure {
        Failure::new(Exit::Server, "the server had to stop; nothing that it acknowledged is lost")
            .because(self.node.failed().await)
            .try_this("repair the cause, often the disk, and start it again: it recovers from its journal")
    }

    /// Finishes what is under way and closes the data folder.
    pub(crate) async fn stop(self) -> Result<(), Failure> {
        let Self { addresses: _, node, stop_faces, faces } = self;
        drop(stop_faces);
        let problem = |error: &dyn std::fmt::Display| {
            Failure::new(Exit::Server, "the server did not stop in order").because(error)
        };
        faces.await.map_err(|error| problem(&error))?;
        let stopped = task::spawn_blocking(move || node.stop()).await;
        stopped.map_err(|error| problem(&error))?.map_err(|error| problem(&error))
    }
}

/// The runtime that serves requests.
pub(crate) fn runtime(config: &Config) -> Result<Runtime, Failure> {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    if config.threads > 0 {
        builder.worker_threads(config.threads);
    }
    builder.thread_name("weir").on_thread_start(weir_node::stand_behind).enable_all();
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

/// The signals that tell the server to stop.
pub(crate) struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    /// From now on SIGTERM and SIGINT (Ctrl-C) do not end the process, but are told here.
    pub(crate) fn listen() -> Result<Signals, Failure> {
        let cannot = |error| Failure::new(Exit::Server, "cannot listen for signals").because(error);
        let terminate = signal(SignalKind::terminate()).map_err(cannot)?;
        let interrupt = signal(SignalKind::interrupt()).map_err(cannot)?;
        Ok(Signals { terminate, interrupt })
    }

    /// Returns when the server is told to stop. May be dropped and called again.
    pub(crate) async fn told_to_stop(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }

    /// Stops the server in order; told again meanwhile, the process ends at once, as if it had been killed.
    pub(crate) async fn stop(mut self, server: Server, output: Output) -> Result<(), Failure> {
        tokio::select! {
            stopped = server.stop() => stopped,
            () = self.told_to_stop() => {
                let failure = Failure::new(Exit::Server, "stopped at once, because it was told to twice")
                    .because("what was under way is not finished; nothing that was acknowledged is lost")
                    .try_this("start it again: it recovers from its journal");
                output.failure(&failure);
                // Returning would wait for threads that are still at work.
                std::process::exit(Exit::Server as i32)
            }
        }
    }
}

/// Returns at SIGTERM or SIGINT (Ctrl-C).
pub(crate) async fn until_told_to_stop() -> Result<(), Failure> {
    Signals::listen()?.told_to_stop().await;
    Ok(())
}
