//! `weir serve`: the server.

use std::path::PathBuf;

use clap::Args;

use crate::{
    config::{Config, Key, Origin, Setting},
    exit::Exit,
    failure::Failure,
    output::Output,
    start::{self, Signals},
};

/// Run the server
///
/// Every key can be set as an argument, in weir.toml, or as a variable:
/// --data-dir, data-dir = "...", WEIR_DATA_DIR. Arguments win over variables, variables over the
/// file. --print-config shows what holds and why.
///
/// The server listens on this machine only, because it does not ask clients who they are yet:
/// whoever reaches the port may do everything. Open it with --grpc-addr 0.0.0.0:26500 only where the
/// network keeps strangers out.
///
/// SIGTERM or Ctrl-C ends it: what is under way is finished, then it exits with 0. A second one ends
/// it at once.
///
/// Examples:
///   weir serve --data-dir /var/lib/weir
///   weir serve --data-dir /disk1/weir --mirror-dir /disk2/weir
///   weir serve --grpc-addr 127.0.0.1:0         picks a free port and prints it
///   weir serve --print-config
#[derive(Args, Debug)]
#[command(verbatim_doc_comment)]
pub(crate) struct Serve {
    #[command(flatten)]
    settings: Settings,
}

/// The keys of the configuration as arguments.
#[derive(Args, Debug, Default)]
#[command(next_help_heading = "Configuration")]
pub(crate) struct Settings {
    /// Configuration file [default: weir.toml, if there is one; env: WEIR_CONFIG]
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Print every key, its value and where it came from; then end
    #[arg(long)]
    pub(crate) print_config: bool,
    /// Folder that holds everything; made if missing [default: weir-data; of dev: DIR/.weir]
    #[arg(long, value_name = "DIR")]
    pub(crate) data_dir: Option<String>,
    /// Second folder, on another disk, that holds everything as well: nothing is acknowledged before both have it, and either
    /// alone is enough to go on; a folder that is empty or damaged is rebuilt from the other at the start [default: none]
    #[arg(long, value_name = "DIR")]
    pub(crate) mirror_dir: Option<String>,
    /// Where gRPC clients connect [default: 127.0.0.1:26500]
    #[arg(long, value_name = "IP:PORT")]
    pub(crate) grpc_addr: Option<String>,
    /// Where REST clients connect [default: 127.0.0.1:8080]
    #[arg(long, value_name = "IP:PORT")]
    pub(crate) rest_addr: Option<String>,
    /// Where metrics and health are read [default: 127.0.0.1:9600]
    #[arg(long, value_name = "IP:PORT")]
    pub(crate) metrics_addr: Option<String>,
    /// Partitions of a new data folder; an old one keeps its own [default: auto, which is 3]
    #[arg(long, value_name = "NUMBER")]
    pub(crate) partitions: Option<String>,
    /// Memory for the whole process, such as 512MB or 2GB; auto: an eighth of the machine, at most 512MB
    /// [default: auto]
    #[arg(long, value_name = "SIZE")]
    pub(crate) memory: Option<String>,
    /// Bytes that the variables of one request, or what the mappings of one element make, may have, such as 8MB; at most 16MB
    /// [default: 4MB]
    #[arg(long, value_name = "SIZE")]
    pub(crate) variables_max: Option<String>,
    /// Bytes that all variables of a process instance may have together; at most 40MB [default: 32MB]
    #[arg(long, value_name = "SIZE")]
    pub(crate) instance_variables_max: Option<String>,
    /// Threads for requests; 0: one per processor [default: 0]
    #[arg(long, value_name = "NUMBER")]
    pub(crate) threads: Option<String>,
    /// Which log lines are written: info, weir_node=debug,warn [default: info; of dev: warn]
    #[arg(long, value_name = "FILTER")]
    pub(crate) log: Option<String>,
    /// How log lines look: text or json [default: text]
    #[arg(long, value_name = "FORMAT")]
    pub(crate) log_format: Option<String>,
}

impl Settings {
    /// The configuration, above a subcommand's own defaults; `None`: it was only to be printed, and is.
    pub(crate) fn load(mut self, defaults: Vec<Setting>, output: Output) -> Result<Option<Config>, Failure> {
        let config = Config::load(self.config.take(), defaults, self.given())?;
        if self.print_config {
            output.answer(&config.to_json(), config.to_text());
            return Ok(None);
        }
        Ok(Some(config))
    }

    /// Those that were given.
    pub(crate) fn given(&self) -> Vec<Setting> {
        let all = [
            (Key::DataDir, &self.data_dir),
            (Key::MirrorDir, &self.mirror_dir),
            (Key::GrpcAddr, &self.grpc_addr),
            (Key::RestAddr, &self.rest_addr),
            (Key::MetricsAddr, &self.metrics_addr),
            (Key::Partitions, &self.partitions),
            (Key::Memory, &self.memory),
            (Key::VariablesMax, &self.variables_max),
            (Key::InstanceVariablesMax, &self.instance_variables_max),
            (Key::Threads, &self.threads),
            (Key::Log, &self.log),
            (Key::LogFormat, &self.log_format),
        ];
        let setting = |(key, text): (Key, &Option<String>)| {
            Some(Setting { key, text: text.clone()?, origin: Origin::Argument(format!("--{}", key.name())) })
        };
        all.into_iter().filter_map(setting).collect()
    }
}

impl Serve {
    pub(crate) fn run(self, output: Output) -> Result<Exit, Failure> {
        let Some(config) = self.settings.load(Vec::new(), output)? else { return Ok(Exit::Ok) };
        start::logging(&config);
        start::runtime(&config)?.block_on(async {
            let server = start::start_server(&config).await?;
            // Until here a signal ends the process: what it has not begun needs no finishing.
            let mut signals = Signals::listen()?;
            output.answer(&server.addresses.to_json(), server.addresses.to_text());
            tokio::select! {
                () = signals.told_to_stop() => {}
                failure = server.failed() => return Err(failure),
            }
            tracing::info!("stopping: finishing what is under way");
            signals.stop(server, output).await?;
            Ok(Exit::Ok)
        })
    }
}
