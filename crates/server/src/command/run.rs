//! `weir run`: starts an instance of a process; on demand waits for its end.

use clap::Args;
use serde_json::{Value, json};
use weir_api::proto::{
    CreateProcessInstanceRequest, CreateProcessInstanceWithResultRequest,
    ProcessInstanceCreationStartInstruction,
};

use crate::{
    client::Connection,
    command::{deploy, instance::parse_variables},
    exit::Exit,
    failure::Failure,
    output::{GOOD, NAME, Output},
    variables::Variables,
};

/// Start an instance of a process.
///
/// Examples:
///   weir run order --variables '{"amount": 42}'
///   weir run order --var amount=42 --wait          waits for the end and prints the result
///   weir run order.bpmn --var amount=42            deploys the file first, then starts its first process
#[derive(Args, Debug)]
#[command(verbatim_doc_comment)]
pub(crate) struct Run {
    /// A process id, the key of a definition, or a .bpmn file to deploy first
    #[arg(value_name = "PROCESS")]
    process: String,
    /// This version of the process instead of the newest
    #[arg(long, value_name = "NUMBER")]
    version: Option<i32>,
    #[command(flatten)]
    variables: Variables,
    /// Start at this element instead of the start event; may be given several times
    #[arg(long, value_name = "ELEMENT")]
    at: Vec<String>,
    /// Wait until the instance has ended (at most --timeout) and print its variables
    #[arg(long)]
    wait: bool,
    /// With --wait: only these variables
    #[arg(long, value_name = "NAME", requires = "wait")]
    fetch: Vec<String>,
    #[command(flatten)]
    connection: Connection,
}

impl Run {
    pub(crate) async fn run(self, output: Output) -> Result<Exit, Failure> {
        let mut client = self.connection.client()?;
        let variables = self.variables.to_json()?;
        let mut request = CreateProcessInstanceRequest {
            version: self.version.unwrap_or(-1),
            variables,
            start_instructions: self
                .at
                .into_iter()
                .map(|element_id| ProcessInstanceCreationStartInstruction { element_id })
                .collect(),
            ..Default::default()
        };
        match self.process.parse::<i64>() {
            Ok(key) => request.process_definition_key = key,
            Err(_) if self.process.ends_with(".bpmn") => {
                let deployed =
                    deploy::deploy(&mut client, deploy::read_resources(&[self.process.clone().into()])?)
                        .await?;
                output.say(deploy::to_text(&deployed));
                request.process_definition_key = first_process(&deployed, &self.process)?;
            }
            Err(_) => request.bpmn_process_id = self.process,
        }
        if self.wait {
            let request_timeout = i64::try_from(self.connection.timeout().as_millis()).unwrap_or(i64::MAX);
            let message = CreateProcessInstanceWithResultRequest {
                request: Some(request),
                request_timeout,
                fetch_variables: self.fetch,
            };
            let request =
                client.request_within(message, self.connection.timeout() + std::time::Duration::from_secs(1));
            let result = client.gateway.create_process_instance_with_result(request).await;
            let result = client.answer("running the process", result)?;
            let variables = parse_variables(&result.variables);
            let text = format!(
                "{GOOD}completed{GOOD:#} {NAME}{}{NAME:#} version {}, instance {}\n{variables:#}",
                result.bpmn_process_id, result.version, result.process_instance_key
            );
            let mut value = created(
                &result.bpmn_process_id,
                result.version,
                result.process_definition_key,
                result.process_instance_key,
            );
            value["variables"] = variables;
            output.answer(&value, text);
        } else {
            let request = client.request(request);
            let answer = client.gateway.create_process_instance(request).await;
            let answer = client.answer("starting the process", answer)?;
            let text = format!(
                "{GOOD}started{GOOD:#} {NAME}{}{NAME:#} version {}, instance {}",
                answer.bpmn_process_id, answer.version, answer.process_instance_key
            );
            let value = created(
                &answer.bpmn_process_id,
                answer.version,
                answer.process_definition_key,
                answer.process_instance_key,
            );
            output.answer(&value, text);
        }
        Ok(Exit::Ok)
    }
}

fn first_process(deployed: &weir_api::proto::DeployResourceResponse, file: &str) -> Result<i64, Failure> {
    use weir_api::proto::deployment::Metadata;
    let key = deployed.deployments.iter().find_map(|deployment| match &deployment.metadata {
        Some(Metadata::Process(process)) => Some(process.process_definition_key),
        Some(Metadata::Decision(_) | Metadata::DecisionRequirements(_) | Metadata::Form(_)) | None => None,
    });
    key.ok_or_else(|| {
        Failure::usage("the file holds no process that can be started")
            .at(file)
            .try_this("mark a process as executable")
    })
}

fn created(id: &str, version: i32, definition: i64, instance: i64) -> Value {
    json!({
        "processId": id, "version": version,
        "processDefinitionKey": definition.to_string(), "processInstanceKey": instance.to_string(),
    })
}
