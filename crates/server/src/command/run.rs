//! `weir run`: starts an instance of a process; on demand waits for its end, or tells what it does.

use std::time::Duration;

use clap::Args;
use serde_json::{Value, json};
use tonic::{Code, Status};
use weir_api::proto::{
    CreateProcessInstanceRequest, CreateProcessInstanceWithResultRequest,
    ProcessInstanceCreationStartInstruction,
    weir::{EventKind, FollowNewInstanceRequest},
};

use crate::{
    client::{Client, Connection},
    command::{deploy, instance::parse_variables},
    exit::Exit,
    failure::Failure,
    follow::Teller,
    output::{DIM, GOOD, NAME, Output},
    start::until_told_to_stop,
    variables::Variables,
};

/// Start an instance of a process
///
/// Examples:
///   weir run order --variables '{"amount": 42}'
///   weir run order --var amount=42 --wait          waits for the end and prints the result
///   weir run order --var amount=42 --follow        prints what it does, step by step
///   weir run order.bpmn --var amount=42            deploys it first, then starts its first process
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
    /// Print what the instance does until it has ended, however long that takes; Ctrl-C ends only the printing
    #[arg(long, conflicts_with = "wait")]
    follow: bool,
    /// With --wait: only these variables
    #[arg(long, value_name = "NAME", requires = "wait")]
    fetch: Vec<String>,
    #[command(flatten)]
    connection: Connection,
}

impl Run {
    pub(crate) async fn run(mut self, output: Output) -> Result<Exit, Failure> {
        let mut client = self.connection.client()?;
        let request = self.request(&mut client, output).await?;
        if self.follow {
            follow(&mut client, request, output).await
        } else if self.wait {
            self.wait(&mut client, request, output).await
        } else {
            start(&mut client, request, output).await
        }
    }

    /// What is started; a file is deployed first.
    async fn request(
        &mut self,
        client: &mut Client,
        output: Output,
    ) -> Result<CreateProcessInstanceRequest, Failure> {
        let at = std::mem::take(&mut self.at).into_iter();
        let mut request = CreateProcessInstanceRequest {
            version: self.version.unwrap_or(-1),
            variables: self.variables.to_json()?,
            start_instructions: at
                .map(|element_id| ProcessInstanceCreationStartInstruction { element_id })
                .collect(),
            ..Default::default()
        };
        match self.process.parse::<i64>() {
            Ok(key) => request.process_definition_key = key,
            Err(_) if self.process.ends_with(".bpmn") => {
                let resources = deploy::read_resources(&[self.process.clone().into()])?;
                let deployed = deploy::deploy(client, resources).await?;
                output.say(deploy::to_text(&deployed));
                request.process_definition_key = first_process(&deployed, &self.process)?;
            }
            Err(_) => request.bpmn_process_id = std::mem::take(&mut self.process),
        }
        Ok(request)
    }

    async fn wait(
        self,
        client: &mut Client,
        request: CreateProcessInstanceRequest,
        output: Output,
    ) -> Result<Exit, Failure> {
        let timeout = self.connection.timeout();
        let message = CreateProcessInstanceWithResultRequest {
            request: Some(request),
            request_timeout: i64::try_from(timeout.as_millis()).unwrap_or(i64::MAX),
            fetch_variables: self.fetch,
        };
        // The server ends the waiting; the second is for its answer to arrive.
        let request = client.request_within(message, timeout + Duration::from_secs(1));
        let result = client.gateway.create_process_instance_with_result(request).await;
        let result = result.map_err(|status| cannot_start(client, &status))?.into_inner();
        let variables = parse_variables(&result.variables);
        let text = format!(
            "{GOOD}completed{GOOD:#} {NAME}{}{NAME:#} version {}, instance {}\n{variables:#}",
            result.bpmn_process_id, result.version, result.process_instance_key
        );
        let (definition, instance) = (result.process_definition_key, result.process_instance_key);
        let mut value = created(&result.bpmn_process_id, result.version, definition, instance);
        value["variables"] = variables;
        output.answer(&value, text);
        Ok(Exit::Ok)
    }
}

/// Why no instance could be started.
fn cannot_start(client: &Client, status: &Status) -> Failure {
    let failure = Failure::status("starting the process", &client.address, status);
    match status.code() {
        Code::NotFound => {
            failure.try_this("check its id, version or key, or deploy it first: `weir deploy FILE`")
        }
        _ => failure,
    }
}

async fn start(
    client: &mut Client,
    request: CreateProcessInstanceRequest,
    output: Output,
) -> Result<Exit, Failure> {
    let request = client.request(request);
    let answer = client.gateway.create_process_instance(request).await;
    let answer = answer.map_err(|status| cannot_start(client, &status))?.into_inner();
    let text = format!(
        "{GOOD}started{GOOD:#} {NAME}{}{NAME:#} version {}, instance {}",
        answer.bpmn_process_id, answer.version, answer.process_instance_key
    );
    let (definition, instance) = (answer.process_definition_key, answer.process_instance_key);
    output.answer(&created(&answer.bpmn_process_id, answer.version, definition, instance), text);
    Ok(Exit::Ok)
}

/// Starts an instance and tells what it does until it has ended.
async fn follow(
    client: &mut Client,
    request: CreateProcessInstanceRequest,
    output: Output,
) -> Result<Exit, Failure> {
    let asked = FollowNewInstanceRequest {
        process_id: request.bpmn_process_id,
        process_definition_key: request.process_definition_key,
        version: request.version,
        variables: request.variables,
        start_at: request.start_instructions.into_iter().map(|start| start.element_id).collect(),
    };
    let events = match client.follow.follow_new_instance(asked).await {
        Err(status) if status.code() == Code::Unimplemented => {
            return Err(Failure::new(
                Exit::Rejected,
                "this gateway cannot tell what an instance does; nothing was started",
            )
            .at(&client.address)
            .because("only Weir has the service weir.v1.Follow; the Zeebe contract has nothing like it")
            .try_this("leave out --follow; --wait waits for the result"));
        }
        answer => answer.map_err(|status| cannot_start(client, &status))?.into_inner(),
    };
    let mut teller = Teller::of_one(output);
    let told = tokio::select! {
        told = teller.tell_all(events) => told,
        stopped = until_told_to_stop() => {
            stopped?;
            output.say(format_args!(
                "{DIM}no longer followed; the instance goes on. `weir instance cancel KEY` would end it{DIM:#}"
            ));
            return Ok(Exit::Failed);
        }
    };
    let last = told.map_err(|status| {
        let failure = Failure::status("following the instance", &client.address, &status);
        match teller.has_told() {
            true => failure.try_this("the instance goes on; only its events are not told any more"),
            false => cannot_start(client, &status),
        }
    })?;
    match last.map(|event| event.kind()) {
        Some(EventKind::ElementCompleted) => Ok(Exit::Ok),
        Some(_) | None => Ok(Exit::Failed),
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
