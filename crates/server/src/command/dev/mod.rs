//! `weir dev`: a server for whoever draws the models: deploys them, watches them, and tells what instances do.

mod watched;

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use clap::Args;
use tonic::Streaming;
use weir_api::proto::weir::{FollowAllRequest, InstanceEvent};

use crate::{
    client::{Client, Connection},
    command::serve::Settings,
    config::{Key, Origin, Setting},
    exit::Exit,
    failure::Failure,
    follow::Teller,
    output::{DIM, Output},
    start::{self, Signals},
};
use watched::Watched;

/// Run a server for development: deploys the models of a folder, again whenever they change, and tells what instances do
///
/// Data is kept in DIR/.weir; delete it to start afresh. The clock can be stopped for tests
/// (PUT /v2/clock).
///
/// Of two files with the same process or decision the one that was there first is deployed, of those
/// found together the first by name; the other one waits, and both are named.
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
        let Some(mut config) = self.settings.load(own_defaults(&self.folder), output)? else {
            return Ok(Exit::Ok);
        };
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
            let mut watched = Watched::new(self.folder);
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

/// Where this differs from `weir serve` if nobody says anything else.
fn own_defaults(folder: &Path) -> Vec<Setting> {
    let data_dir = folder.join(".weir").display().to_string();
    let own = |(key, text)| Setting { key, text, origin: Origin::DefaultOf("weir dev") };
    [(Key::DataDir, data_dir), (Key::Log, "warn".to_owned())].map(own).into()
}

/// What all instances do from now on.
async fn follow_all(client: &mut Client) -> Result<Streaming<InstanceEvent>, Failure> {
    let events = client.follow.follow_all(FollowAllRequest {}).await;
    client.answer("following the instances", events)
}
