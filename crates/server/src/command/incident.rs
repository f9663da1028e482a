//! `weir incident`: resolves incidents.

use clap::{Args, Subcommand};
use serde_json::json;
use weir_api::proto::{ResolveIncidentRequest, UpdateJobRetriesRequest};

use crate::{client::Connection, command::instance::parse_key, exit::Exit, failure::Failure, output::Output};

/// Resolve an incident: try again what could not go on
///
/// Correct the cause first: write a variable (`weir instance set`), or give a job new tries.
///
/// Examples:
///   weir incident resolve 2251799813685263
///   weir incident resolve 2251799813685263 --job 2251799813685259 --retries 3
#[derive(Args, Debug)]
#[command(verbatim_doc_comment)]
pub(crate) struct Incident {
    #[command(subcommand)]
    action: Action,
    #[command(flatten)]
    connection: Connection,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Try again what an incident stopped
    Resolve {
        /// Key of the incident
        #[arg(value_parser = parse_key)]
        key: i64,
        /// The job that has no retries left: gives it new ones first
        #[arg(long, value_name = "KEY", value_parser = parse_key)]
        job: Option<i64>,
        /// How many tries the job gets
        #[arg(long, value_name = "NUMBER", default_value_t = 1, requires = "job")]
        retries: i32,
    },
}

impl Incident {
    pub(crate) async fn run(self, output: Output) -> Result<Exit, Failure> {
        let mut client = self.connection.client()?;
        let Action::Resolve { key, job, retries } = self.action;
        if let Some(job_key) = job {
            let request = client.request(UpdateJobRetriesRequest { job_key, retries, ..Default::default() });
            let answer = client.gateway.update_job_retries(request).await;
            client.answer("giving the job new retries", answer)?;
        }
        let request = client.request(ResolveIncidentRequest { incident_key: key, ..Default::default() });
        let answer = client.gateway.resolve_incident(request).await;
        client.answer("resolving the incident", answer)?;
        output.answer(&json!({ "resolved": key.to_string() }), format_args!("resolved {key}"));
        Ok(Exit::Ok)
    }
}
