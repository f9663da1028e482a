//! DeployResource, its older form DeployProcess, and DeleteResource.

use weir_engine::command::{Command, Deployed, DeployedResource, Reply, Resource};

use crate::{
    door::Door,
    failure::Failure,
    proto::{
        DecisionMetadata, DecisionRequirementsMetadata, DeleteResourceRequest, DeleteResourceResponse,
        DeployProcessRequest, DeployProcessResponse, DeployResourceRequest, DeployResourceResponse,
        Deployment, ProcessMetadata, deployment::Metadata,
    },
    request::{self, DEFAULT_TENANT},
};

pub(super) async fn deploy(
    door: &Door,
    asked: DeployResourceRequest,
) -> Result<DeployResourceResponse, Failure> {
    request::tenant(&asked.tenant_id)?;
    let files = asked.resources.iter().map(|file| resource(&file.name, &file.content));
    let deployed = submit(door, files.collect::<Result<_, _>>()?).await?;
    let metadata = deployed.resources.into_iter().map(|made| Deployment { metadata: Some(metadata(made)) });
    Ok(DeployResourceResponse {
        key: deployed.key.0 as i64,
        deployments: metadata.collect(),
        tenant_id: DEFAULT_TENANT.into(),
    })
}

pub(super) async fn deploy_process(
    door: &Door,
    asked: DeployProcessRequest,
) -> Result<DeployProcessResponse, Failure> {
    let files = asked.processes.iter().map(|file| resource(&file.name, &file.definition));
    let deployed = submit(door, files.collect::<Result<_, _>>()?).await?;
    let processes = deployed.resources.into_iter().filter_map(|made| match metadata(made) {
        Metadata::Process(process) => Some(process),
        Metadata::Decision(_) | Metadata::DecisionRequirements(_) | Metadata::Form(_) => None,
    });
    Ok(DeployProcessResponse { key: deployed.key.0 as i64, processes: processes.collect() })
}

pub(super) async fn delete(
    door: &Door,
    asked: DeleteResourceRequest,
) -> Result<DeleteResourceResponse, Failure> {
    door.carry_out(Command::DeleteResource(asked.resource_key as u64)).await?;
    Ok(DeleteResourceResponse { resource_key: asked.resource_key.to_string(), batch_operation: None })
}

async fn submit(door: &Door, files: Vec<Resource>) -> Result<Deployed, Failure> {
    match door.submit(Command::Deploy(files)).await? {
        Reply::Deployed(deployed) => Ok(deployed),
        other => Err(Failure::unexpected(&other)),
    }
}

fn resource(name: &str, content: &[u8]) -> Result<Resource, Failure> {
    Ok(Resource { name: request::name("the resource's name", name)?, content: content.into() })
}

fn metadata(made: DeployedResource) -> Metadata {
    let tenant_id = DEFAULT_TENANT.to_owned();
    match made {
        DeployedResource::Process { key, id, version, resource_name } => Metadata::Process(ProcessMetadata {
            bpmn_process_id: (*id).into(),
            version,
            process_definition_key: key.0 as i64,
            resource_name: (*resource_name).into(),
            tenant_id,
        }),
        DeployedResource::Decision { key, id, name, version, drg_id, drg_key } => {
            Metadata::Decision(DecisionMetadata {
                dmn_decision_id: (*id).into(),
                dmn_decision_name: (*name).into(),
                version,
                decision_key: key.0 as i64,
                dmn_decision_requirements_id: (*drg_id).into(),
                decision_requirements_key: drg_key.0 as i64,
                tenant_id,
            })
        }
        DeployedResource::Drg { key, id, name, version, resource_name } => {
            Metadata::DecisionRequirements(DecisionRequirementsMetadata {
                dmn_decision_requirements_id: (*id).into(),
                dmn_decision_requirements_name: (*name).into(),
                version,
                decision_requirements_key: key.0 as i64,
                resource_name: (*resource_name).into(),
                tenant_id,
            })
        }
    }
}
