//! `weir dev`: a server for whoever draws the models: deploys them, watches them, and tells what instances do.

use std::{
    collections::BTreeMap,
    fs,
    path::PathBuf,
    time::{Duration, SystemTime},
};

use clap::Args;
use tonic::Streaming;
use weir_api::proto::weir::{FollowAllRequest, InstanceEvent};

use crate::{
    client::{Client, Connection},
    command::{deploy, serve::Settings},
    config::Config,
    exit::Exit,
    failure::Failure,
    follow::Teller,
    output::{BAD, DIM, Output, print_line},
    start::{self, Signals},
};

/// Run a server for development: deploys the models of a folder, again whenever they change, and tells what instances do
///
/// Data is kept in DIR/.weir; delete it to start afresh. The clock can be stopped for tests (PUT /v2/clock).
///
/// Examples:
///   weir dev                  the current folder
///   weir dev models/
#[derive(Args, Debug)]
#[command(verbatim_doc_comment)]
pub(crate) struct Dev {
    /// Folder of the models
    #[arg(default_value = ".", value_name = "DIR")]
    folder: PathBuf,
    #[command(flatten)]
    settings: Settings,
}

/// How often the folder is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(500);

impl Dev {
    pub(crate) fn run(self, output: Output) -> Result<Exit, Failure> {
        if !self.folder.is_dir() {
            return Err(Failure::usage("there is no such folder")
                .at(self.folder.display())
                .try_this("name the folder that holds the models"));
        }
        let mut settings = self.settings;
        settings.data_dir.get_or_insert_with(|| self.folder.join(".weir").display().to_string());
        settings.log.get_or_insert_with(|| "warn".to_owned());
        let mut config = Config::load(None, settings.given())?;
        config.settable_clock = true;
        start::logging(&config);
        start::runtime(&config)?.block_on(async {
            let server = start::start_server(&config).await?;
            // Until here a signal ends the process: what it has not begun needs no finishing.
            let mut signals = Signals::listen()?;
            output.answer(&server.addresses.to_json(), server.addresses.to_text());
            let mut client = Connection::to(server.addresses.grpc.to_string()).client()?;
            let mut told = follow_all(&mut client).await?;
            let mut teller = Teller::of_many(output);
            let mut watched = Watched { folder: self.folder, seen: BTreeMap::new() };
            let mut look = tokio::time::interval(LOOK_EVERY);
            loop {
                tokio::select! {
                    () = signals.told_to_stop() => break,
                    failure = server.failed() => return Err(failure),
                    event = told.message() => match event {
                        Ok(Some(event)) => teller.tell(&event),
                        // Too much happened at a time: those that start from here on are told again.
                        Ok(None) | Err(_) => {
                            output.say(format_args!("{DIM}some of what instances did is not shown{DIM:#}"));
                            told = follow_all(&mut client).await?;
                            teller = Teller::of_many(output);
                        }
                    },
                    _ = look.tick() => watched.look(&mut client, output).await?,
                }
            }
            output.say("stopping");
            signals.stop(server, output).await?;
            Ok(Exit::Ok)
        })
    }
}

/// A folder of models.
struct Watched {
    folder: PathBuf,
    /// Files with the time of their last change.
    seen: BTreeMap<PathBuf, SystemTime>,
}

impl Watched {
    /// Deploys what is new or changed. A model with errors is told, and waited for.
    async fn look(&mut self, client: &mut Client, output: Output) -> Result<(), Failure> {
        let mut changed = Vec::new();
        for file in deploy::find_models(std::slice::from_ref(&self.folder))? {
            // One that is being written or is gone again is looked at next time.
            let Ok(time) = fs::metadata(&file).and_then(|metadata| metadata.modified()) else { continue };
            if self.seen.insert(file.clone(), time) != Some(time) {
                changed.push(file);
            }
        }
        let gone: Vec<PathBuf> = self.seen.keys().filter(|file| !file.exists()).cloned().collect();
        for file in gone {
            self.seen.remove(&file);
            output.say(format_args!(
                "{DIM}{} is gone; what was deployed from it still runs{DIM:#}",
                file.display()
            ));
        }
        for file in changed {
            match deploy::read_resources(std::slice::from_ref(&file)) {
                Ok(resources) => match deploy::deploy(client, resources).await {
                    Ok(deployed) => {
                        output.say(format_args!(
                            "{DIM}{}{DIM:#} {}",
                            file.display(),
                            deploy::to_text(&deployed)
                        ));
                    }
                    Err(failure) => {
                        print_line(format_args!("{BAD}not deployed{BAD:#} {}: {failure}", file.display()))
                    }
                },
                Err(failure) => print_line(format_args!("{BAD}not deployed{BAD:#} {failure}")),
            }
        }
        Ok(())
    }
}

/// What all instances do from now on.
async fn follow_all(client: &mut Client) -> Result<Streaming<InstanceEvent>, Failure> {
    let events = client.follow.follow_all(FollowAllRequest {}).await;
    client.answer("following the instances", events)
}
