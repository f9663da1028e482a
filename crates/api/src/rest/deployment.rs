//! `/deployments`: files, all of them or none.

use axum::{
    extract::{FromRequest, Multipart, Request, State, multipart::MultipartError},
    http::StatusCode,
    response::IntoResponse,
};
use serde::Serialize;
use weir_engine::command::{Command, Deployed, DeployedResource, Reply, Resource};

use super::body::{Answer, Key, too_large};
use crate::{
    door::Door,
    failure::Failure,
    request::{self, DEFAULT_TENANT},
};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Deployment {
    deployment_key: Key,
    tenant_id: &'static str,
    deployments: Vec<Entry>,
}

/// One definition; exactly one of the members is there.
#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct Entry {
    process_definition: Option<Process>,
    decision_definition: Option<Decision>,
    decision_requirements: Option<Drg>,
    form: Option<()>,
    resource: Option<()>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Process {
    process_definition_id: String,
    process_definition_version: i32,
    resource_name: String,
    tenant_id: &'static str,
    process_definition_key: Key,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Decision {
    decision_definition_id: String,
    version: i32,
    name: String,
    tenant_id: &'static str,
    decision_requirements_id: String,
    decision_definition_key: Key,
    decision_requirements_key: Key,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Drg {
    decision_requirements_id: String,
    decision_requirements_name: String,
    version: i32,
    resource_name: String,
    tenant_id: &'static str,
    decision_requirements_key: Key,
}

pub(super) async fn create(
    State(door): State<Door>,
    request: Request,
) -> Result<Answer<Deployment>, Failure> {
    let form = Multipart::from_request(request, &door).await.map_err(|why| {
        Failure::MediaType(format!(
            "a deployment is multipart/form-data with one part 'resources' per file: {why}"
        ))
    })?;
    match door.submit(Command::Deploy(files(form).await?)).await? {
        Reply::Deployed(deployed) => Ok(Answer(render(deployed))),
        other => Err(Failure::unexpected(&other)),
    }
}

async fn files(mut form: Multipart) -> Result<Vec<Resource>, Failure> {
    let mut files = Vec::new();
    while let Some(part) = form.next_field().await.map_err(broken)? {
        let part_name = part.name().unwrap_or_default().to_owned();
        match part_name.as_str() {
            "resources" => {
                let name = request::name("the resource's file name", part.file_name().unwrap_or_default())?;
                let content = part.bytes().await.map_err(broken)?;
                files.push(Resource { name, content: (*content).into() });
            }
            "tenantId" => request::tenant(&part.text().await.map_err(broken)?)?,
            other => {
                let shown: String = other.chars().take(80).collect();
                return Err(Failure::Invalid(format!(
                    "a deployment has parts 'resources' and 'tenantId', but a part '{shown}' was given"
                )));
            }
        }
    }
    Ok(files)
}

fn broken(error: MultipartError) -> Failure {
    let text = error.body_text();
    match error.into_response().status() {
        StatusCode::PAYLOAD_TOO_LARGE => too_large(),
        _ => Failure::Unreadable(format!("the form cannot be read: {text}")),
    }
}

fn render(deployed: Deployed) -> Deployment {
    Deployment {
        deployment_key: Key(deployed.key.0),
        tenant_id: DEFAULT_TENANT,
        deployments: deployed.resources.into_iter().map(entry).collect(),
    }
}

fn entry(made: DeployedResource) -> Entry {
    match made {
        DeployedResource::Process { key, id, version, resource_name } => Entry {
            process_definition: Some(Process {
                process_definition_id: (*id).into(),
                process_definition_version: version,
                resource_name: (*resource_name).into(),
                tenant_id: DEFAULT_TENANT,
                process_definition_key: Key(key.0),
            }),
            ..Entry::default()
        },
        DeployedResource::Decision { key, id, name, version, drg_id, drg_key } => Entry {
            decision_definition: Some(Decision {
                decision_definition_id: (*id).into(),
                version,
                name: (*name).into(),
                tenant_id: DEFAULT_TENANT,
                decision_requirements_id: (*drg_id).into(),
                decision_definition_key: Key(key.0),
                decision_requirements_key: Key(drg_key.0),
            }),
            ..Entry::default()
        },
        DeployedResource::Drg { key, id, name, version, resource_name } => Entry {
            decision_requirements: Some(Drg {
                decision_requirements_id: (*id).into(),
                decision_requirements_name: (*name).into(),
                version,
                resource_name: (*resource_name).into(),
                tenant_id: DEFAULT_TENANT,
                decision_requirements_key: Key(key.0),
            }),
            ..Entry::default()
        },
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;
    use weir_engine::key::{DecisionKey, DeploymentKey, DrgKey, ProcessKey};

    use super::*;

    /// A deployment of each kind.
    fn deployed() -> Deployed {
        let (id, name): (std::sync::Arc<str>, _) = ("i".into(), "n".into());
        let resources = vec![
            DeployedResource::Process {
                key: ProcessKey(2),
                id: id.clone(),
                version: 1,
                resource_name: "a.bpmn".into(),
            },
            DeployedResource::Drg {
                key: DrgKey(3),
                id: id.clone(),
                name,
                version: 1,
                resource_name: "b.dmn".into(),
            },
            DeployedResource::Decision {
                key: DecisionKey(4),
                id,
                name: "n".into(),
                version: 1,
                drg_id: "d".into(),
                drg_key: DrgKey(3),
            },
        ];
        Deployed { key: DeploymentKey(1), resources }
    }

    #[test]
    fn what_was_deployed_reads_like_the_contract() {
        let body = render(deployed());
        expect![[r#"
            {
              "deploymentKey": "1",
              "tenantId": "<default>",
              "deployments": [
                {
                  "processDefinition": {
                    "processDefinitionId": "i",
                    "processDefinitionVersion": 1,
                    "resourceName": "a.bpmn",
                    "tenantId": "<default>",
                    "processDefinitionKey": "2"
                  },
                  "decisionDefinition": null,
                  "decisionRequirements": null,
                  "form": null,
                  "resource": null
                },
                {
                  "processDefinition": null,
                  "decisionDefinition": null,
                  "decisionRequirements": {
                    "decisionRequirementsId": "i",
                    "decisionRequirementsName": "n",
                    "version": 1,
                    "resourceName": "b.dmn",
                    "tenantId": "<default>",
                    "decisionRequirementsKey": "3"
                  },
                  "form": null,
                  "resource": null
                },
                {
                  "processDefinition": null,
                  "decisionDefinition": {
                    "decisionDefinitionId": "i",
                    "version": 1,
                    "name": "n",
                    "tenantId": "<default>",
                    "decisionRequirementsId": "d",
                    "decisionDefinitionKey": "4",
                    "decisionRequirementsKey": "3"
                  },
                  "decisionRequirements": null,
                  "form": null,
                  "resource": null
                }
              ]
            }"#]]
        .assert_eq(&serde_json::to_string_pretty(&body).unwrap());
    }
}
