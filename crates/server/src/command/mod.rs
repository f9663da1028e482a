//! One file per subcommand. Each has its arguments as a struct and a `run` that ends with an exit code or a failure.

pub(crate) mod bench;
pub(crate) mod check;
pub(crate) mod completions;
pub(crate) mod data;
pub(crate) mod decision;
pub(crate) mod demo;
pub(crate) mod deploy;
pub(crate) mod dev;
pub(crate) mod feel;
pub(crate) mod incident;
pub(crate) mod instance;
pub(crate) mod job;
pub(crate) mod message;
pub(crate) mod run;
pub(crate) mod serve;
pub(crate) mod signal;
pub(crate) mod version;

use std::future::Future;

use crate::{cli::Command, exit::Exit, failure::Failure, output::Output};

/// Runs a subcommand.
pub(crate) fn run(command: Command, output: Output) -> Result<Exit, Failure> {
    match command {
        Command::Demo(demo) => demo.run(output),
        Command::Dev(dev) => dev.run(output),
        Command::Serve(serve) => serve.run(output),
        Command::Check(check) => check.run(output),
        Command::Deploy(deploy) => block_on(deploy.run(output)),
        Command::Run(run) => block_on(run.run(output)),
        Command::Instance(instance) => block_on(instance.run(output)),
        Command::Job(job) => block_on(job.run(output)),
        Command::Message(message) => block_on(message.run(output)),
        Command::Signal(signal) => block_on(signal.run(output)),
        Command::Incident(incident) => block_on(incident.run(output)),
        Command::Feel(feel) => feel.run(output),
        Command::Decision(decision) => decision.run(output),
        Command::Data(data) => data.run(output),
        Command::Bench(bench) => bench.run(output),
        Command::Completions(completions) => completions.run(),
        Command::Version(version) => block_on(version.run(output)),
    }
}

/// Runs a client's conversation on one thread: a client command has nothing to do in parallel.
pub(crate) fn block_on(conversation: impl Future<Output = Result<Exit, Failure>>) -> Result<Exit, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime =
        runtime.map_err(|error| Failure::new(Exit::Server, "cannot start the runtime").because(error))?;
    runtime.block_on(conversation)
}
