//! `weir message`: publishes messages.

use std::time::Duration;

use clap::{Args, Subcommand};
use serde_json::json;
use weir_api::proto::PublishMessageRequest;

use crate::{client::Connection, exit::Exit, failure::Failure, output::Output, variables::Variables};

/// Publish a message that processes wait for
///
/// Examples:
///   weir message publish payment-received --key order-17 --var amount=42
///   weir message publish new-order --var id=17          for message start events no key is needed
#[derive(Args, Debug)]
#[command(verbatim_doc_comment)]
pub(crate) struct Message {
    #[command(subcommand)]
    action: Action,
    #[command(flatten)]
    connection: Connection,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Publish a message: correlated now, or kept for whoever waits for it later
    Publish {
        /// The message's name
        name: String,
        /// Correlation key: which instance it is for
        #[arg(long, default_value = "")]
        key: String,
        /// Id of this message: refused while another with the same name, key and id is kept
        #[arg(long, default_value = "")]
        id: String,
        /// How long it is kept when nobody waits for it yet, such as 10s, 1h; 0s: not at all
        #[arg(long, value_name = "TIME", default_value = "1h", value_parser = humantime::parse_duration)]
        ttl: Duration,
        #[command(flatten)]
        variables: Variables,
    },
}

impl Message {
    pub(crate) async fn run(self, output: Output) -> Result<Exit, Failure> {
        let mut client = self.connection.client()?;
        let Action::Publish { name, key, id, ttl, variables } = self.action;
        let message = PublishMessageRequest {
            name: name.clone(),
            correlation_key: key,
            message_id: id,
            time_to_live: i64::try_from(ttl.as_millis()).unwrap_or(i64::MAX),
            variables: variables.to_json()?,
            ..Default::default()
        };
        let request = client.request(message);
        let answer = client.gateway.publish_message(request).await;
        let answer = client.answer("publishing the message", answer)?;
        output.answer(
            &json!({ "published": name, "key": answer.key.to_string() }),
            format_args!("published {name}, key {}", answer.key),
        );
        Ok(Exit::Ok)
    }
}
