//! The published clients against the release binary: installs them, starts a server for each, runs them.

use std::{path::Path, process::Command};

use crate::{
    run::{self, Failed, build_weir, root, say},
    server::Server,
    tools::{self, Tool},
};

/// A client's test program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Client {
    Python,
    NodeSdk,
    NodeRest,
    JavaZeebe,
    JavaGrpc,
    JavaRest,
}

impl Client {
    const ALL: [Self; 6] =
        [Self::Python, Self::NodeSdk, Self::NodeRest, Self::JavaZeebe, Self::JavaGrpc, Self::JavaRest];

    fn name(self) -> &'static str {
        match self {
            Self::Python => "python",
            Self::NodeSdk => "node-sdk",
            Self::NodeRest => "node-rest",
            Self::JavaZeebe => "java-zeebe",
            Self::JavaGrpc => "java-grpc",
            Self::JavaRest => "java-rest",
        }
    }

    /// What must be on the machine.
    fn needs(self) -> &'static [Tool] {
        match self {
            Self::Python => &[Tool::Python],
            Self::NodeSdk | Self::NodeRest => &[Tool::Npm],
            Self::JavaZeebe | Self::JavaGrpc | Self::JavaRest => &[Tool::Java, Tool::Maven],
        }
    }

    /// Installs what the manifest names. Done again, it does nothing.
    fn install(self, folder: &Path) -> Result<(), Failed> {
        match self {
            Self::Python => {
                let venv = folder.join("python/.venv");
                if !venv.is_dir() {
                    run::run(Command::new("python3").args(["-m", "venv"]).arg(&venv))?;
                }
                let requirements = folder.join("python/requirements.txt");
                run::run(
                    Command::new(venv.join("bin/pip"))
                        .args(["install", "-q", "--disable-pip-version-check", "-r"])
                        .arg(requirements),
                )
            }
            Self::NodeSdk | Self::NodeRest => run::run(
                Command::new("npm")
                    .args(["install", "--no-audit", "--no-fund", "--loglevel=error"])
                    .current_dir(folder.join("node")),
            ),
            Self::JavaZeebe | Self::JavaGrpc | Self::JavaRest => {
                let goals =
                    ["-q", "-B", "compile", "dependency:copy-dependencies", "-DoutputDirectory=target/lib"];
                run::run(Command::new("mvn").args(goals).current_dir(folder.join("java")))
            }
        }
    }

    fn command(self, folder: &Path) -> Command {
        let (program, arguments, place) = match self {
            Self::Python => (folder.join("python/.venv/bin/python"), vec!["client.py"], "python"),
            Self::NodeSdk => (folder.join("node/node_modules/.bin/node"), vec!["sdk.mjs"], "node"),
            Self::NodeRest => (folder.join("node/node_modules/.bin/node"), vec!["rest.mjs"], "node"),
            Self::JavaZeebe => ("java".into(), java("weir.clients.ZeebeClientTest", &[]), "java"),
            Self::JavaGrpc => ("java".into(), java("weir.clients.CamundaClientTest", &["grpc"]), "java"),
            Self::JavaRest => ("java".into(), java("weir.clients.CamundaClientTest", &["rest"]), "java"),
        };
        let mut command = Command::new(program);
        command.args(arguments).current_dir(folder.join(place));
        command
    }
}

fn java(class: &'static str, arguments: &[&'static str]) -> Vec<&'static str> {
    ["-Xmx256m", "-cp", "target/classes:target/lib/*", class]
        .into_iter()
        .chain(arguments.iter().copied())
        .collect()
}

/// The names of all clients.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    Client::ALL.into_iter().map(Client::name)
}

/// What the client with this name needs on the machine.
pub(crate) fn needs(name: &str) -> &'static [Tool] {
    Client::ALL.into_iter().find(|client| client.name() == name).map_or(&[], Client::needs)
}

/// Runs the named clients, or all. Each gets a server of its own with an empty data folder.
pub(crate) fn run(names: &[&str]) -> Result<(), Failed> {
    let chosen = choose(names)?;
    let weir = build_weir()?;
    let folder = root().join("tests/clients");
    let mut failed = Vec::new();
    for client in chosen {
        let name = client.name();
        let missing = tools::ensure(client.needs());
        let result = match missing.is_empty() {
            false => Err(Failed(missing.join("; "))),
            true => client.install(&folder).and_then(|()| run_one(client, &weir, &folder)),
        };
        match result {
            Ok(()) => say(&format!("== {name}: ok")),
            Err(Failed(why)) => {
                say(&format!("== {name}: FAILED: {why}"));
                failed.push(name);
            }
        }
    }
    if failed.is_empty() { Ok(()) } else { Err(Failed(format!("clients: {}", failed.join(", ")))) }
}

fn choose(names: &[&str]) -> Result<Vec<Client>, Failed> {
    if names.is_empty() {
        return Ok(Client::ALL.to_vec());
    }
    let find = |name: &&str| {
        let known = || Client::ALL.map(Client::name).join(", ");
        Client::ALL
            .into_iter()
            .find(|client| client.name() == *name)
            .ok_or_else(|| Failed(format!("there is no client {name}; there are {}", known())))
    };
    names.iter().map(find).collect()
}

fn run_one(client: Client, weir: &Path, folder: &Path) -> Result<(), Failed> {
    let temporary = tempfile::tempdir().map_err(Failed::io("cannot make a temporary folder"))?;
    let data = temporary.path().join("data");
    let server = Server::start(weir, &data, "127.0.0.1:0", "127.0.0.1:0")?;
    let mut command = client.command(folder);
    command.env("ZEEBE_ADDRESS", &server.grpc).env("WEIR_REST_ADDRESS", format!("http://{}", server.rest));
    let result = run::run(&mut command);
    if result.is_err() {
        let log = std::fs::read_to_string(data.with_extension("log")).unwrap_or_default();
        say(&format!("-- the server's log:\n{log}"));
    }
    server.stop().and(result)
}
