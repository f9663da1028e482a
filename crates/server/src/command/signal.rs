//! `weir signal`: broadcasts signals.

use clap::{Args, Subcommand};
use serde_json::json;
use weir_api::proto::BroadcastSignalRequest;

use crate::{client::Connection, exit::Exit, failure::Failure, output::Output, variables::Variables};

/// Broadcast a signal to everything that waits for it
///
/// Examples:
///   weir signal broadcast prices-changed --var region='"north"'
#[derive(Args, Debug)]
#[command(verbatim_doc_comment)]
pub(crate) struct Signal {
    #[command(subcommand)]
    action: Action,
    #[command(flatten)]
    connection: Connection,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Broadcast a signal: all that wait for it now get it, and it starts the processes that begin with it; nobody keeps it
    Broadcast {
        /// The signal's name
        name: String,
        #[command(flatten)]
        variables: Variables,
    },
}

impl Signal {
    pub(crate) async fn run(self, output: Output) -> Result<Exit, Failure> {
        let mut client = self.connection.client()?;
        let Action::Broadcast { name, variables } = self.action;
        let signal = BroadcastSignalRequest {
            signal_name: name.clone(),
            variables: variables.to_json()?,
            ..Default::default()
        };
        let request = client.request(signal);
        let answer = client.gateway.broadcast_signal(request).await;
        let answer = client.answer("broadcasting the signal", answer)?;
        output.answer(
            &json!({ "broadcast": name, "key": answer.key.to_string() }),
            format_args!("broadcast {name}, key {}", answer.key),
        );
        Ok(Exit::Ok)
    }
}
