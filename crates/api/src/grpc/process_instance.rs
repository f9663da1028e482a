//! CreateProcessInstance, with and without result, and CancelProcessInstance.

use weir_engine::{
    command::{Command, CreateInstance, InstanceCreated, Reply, WithResult},
    key::ElementKey,
};

use crate::{
    door::Door,
    failure::Failure,
    proto::{
        CancelProcessInstanceRequest, CancelProcessInstanceResponse, CreateProcessInstanceRequest,
        CreateProcessInstanceResponse, CreateProcessInstanceWithResultRequest,
        CreateProcessInstanceWithResultResponse,
    },
    request::{self, DEFAULT_TENANT},
};

pub(super) async fn create(
    door: &Door,
    asked: CreateProcessInstanceRequest,
) -> Result<CreateProcessInstanceResponse, Failure> {
    match door.submit(Command::CreateInstance(parse(&asked, None)?)).await? {
        Reply::InstanceCreated(created) => Ok(render(&created)),
        other => Err(Failure::unexpected(&other)),
    }
}

pub(super) async fn create_with_result(
    door: &Door,
    asked: CreateProcessInstanceWithResultRequest,
) -> Result<CreateProcessInstanceWithResultResponse, Failure> {
    let fetch_variables = request::names("fetchVariables", &asked.fetch_variables)?;
    let create = asked
        .request
        .ok_or_else(|| Failure::Invalid("Expected a request to create an instance, but none given".into()))?;
    let command = Command::CreateInstance(parse(&create, Some(WithResult { fetch_variables }))?);
    match door.submit_within(command, request::result_wait(asked.request_timeout)).await? {
        Reply::InstanceCompleted { instance, variables } => Ok(render_result(&instance, variables)),
        other => Err(Failure::unexpected(&other)),
    }
}

pub(super) async fn cancel(
    door: &Door,
    asked: CancelProcessInstanceRequest,
) -> Result<CancelProcessInstanceResponse, Failure> {
    door.carry_out(Command::CancelInstance(ElementKey(asked.process_instance_key as u64))).await?;
    Ok(CancelProcessInstanceResponse {})
}

fn parse(
    asked: &CreateProcessInstanceRequest,
    with_result: Option<WithResult>,
) -> Result<CreateInstance, Failure> {
    request::tenant(&asked.tenant_id)?;
    request::not_yet(!asked.runtime_instructions.is_empty(), "a runtime instruction")?;
    request::not_yet(!asked.tags.is_empty(), "tagging an instance")?;
    request::not_yet(asked.business_id.is_some(), "creating with a business id")?;
    let start_at = asked.start_instructions.iter().map(|start| request::name("elementId", &start.element_id));
    Ok(CreateInstance {
        process: request::process(asked.process_definition_key, &asked.bpmn_process_id, asked.version)?,
        variables: request::document(&asked.variables)?,
        start_at: start_at.collect::<Result<_, _>>()?,
        with_result,
    })
}

fn render(created: &InstanceCreated) -> CreateProcessInstanceResponse {
    CreateProcessInstanceResponse {
        process_definition_key: created.process.0 as i64,
        bpmn_process_id: (*created.process_id).into(),
        version: created.version,
        process_instance_key: created.instance.0 as i64,
        tenant_id: DEFAULT_TENANT.into(),
        tags: Vec::new(),
        business_id: None,
    }
}

fn render_result(created: &InstanceCreated, variables: String) -> CreateProcessInstanceWithResultResponse {
    CreateProcessInstanceWithResultResponse {
        process_definition_key: created.process.0 as i64,
        bpmn_process_id: (*created.process_id).into(),
        version: created.version,
        process_instance_key: created.instance.0 as i64,
        variables,
        tenant_id: DEFAULT_TENANT.into(),
        tags: Vec::new(),
        business_id: None,
    }
}
