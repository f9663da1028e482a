//! `weir instance`: acts on a process instance.

use clap::{Args, Subcommand};
use serde_json::{Value, json};
use weir_api::proto::{CancelProcessInstanceRequest, SetVariablesRequest};

use crate::{client::Connection, exit::Exit, failure::Failure, output::Output, variables::Variables};

/// Act on a process instance: cancel it, write its variables
///
/// Examples:
///   weir instance cancel 2251799813685251
///   weir instance set 2251799813685251 --var approved=true
#[derive(Args, Debug)]
#[command(verbatim_doc_comment)]
pub(crate) struct Instance {
    #[command(subcommand)]
    action: Action,
    #[command(flatten)]
    connection: Connection,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Cancel an instance with everything that waits in it
    Cancel {
        /// Key of the process instance
        #[arg(value_parser = parse_key)]
        key: i64,
    },
    /// Write variables into an instance, or into an element instance of it
    Set {
        /// Key of the process instance or element instance
        #[arg(value_parser = parse_key)]
        key: i64,
        #[command(flatten)]
        variables: Variables,
        /// Only into this scope; otherwise each goes to the nearest scope that has it, or to the root
        #[arg(long)]
        local: bool,
    },
}

impl Instance {
    pub(crate) async fn run(self, output: Output) -> Result<Exit, Failure> {
        let mut client = self.connection.client()?;
        match self.action {
            Action::Cancel { key } => {
                let request = client.request(CancelProcessInstanceRequest {
                    process_instance_key: key,
                    ..Default::default()
                });
                let answer = client.gateway.cancel_process_instance(request).await;
                client.answer("cancelling the instance", answer)?;
                output.answer(&json!({ "cancelled": key.to_string() }), format_args!("cancelled {key}"));
            }
            Action::Set { key, variables, local } => {
                let variables = variables.to_json()?;
                let request = client.request(SetVariablesRequest {
                    element_instance_key: key,
                    variables,
                    local,
                    ..Default::default()
                });
                let answer = client.gateway.set_variables(request).await;
                let answer = client.answer("writing the variables", answer)?;
                output.answer(
                    &json!({ "set": key.to_string(), "key": answer.key.to_string() }),
                    format_args!("written to {key}"),
                );
            }
        }
        Ok(Exit::Ok)
    }
}

/// A key as it is written on the command line.
pub(crate) fn parse_key(text: &str) -> Result<i64, String> {
    text.parse().map_err(|_no_number| "a key is a number, such as 2251799813685251".to_owned())
}

/// Variables as a gateway sends them; what is no JSON is shown as the text it is.
pub(crate) fn parse_variables(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|_not_json| Value::String(text.to_owned()))
}
