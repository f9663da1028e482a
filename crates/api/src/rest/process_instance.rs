//! `/process-instances`: creation, with or without waiting for the end, and cancellation.

use axum::{extract::State, http::StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use weir_engine::{
    command::{Command, CreateInstance, InstanceCreated, ProcessRef, Reply, WithResult},
    key::ElementKey,
};

use super::body::{
    Answer, Json, Key, Optional, PathKey, Reference, Variables, operation_reference, raw, required, tenant,
};
use crate::{
    door::Door,
    failure::Failure,
    request::{self, DEFAULT_TENANT, not_yet},
};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Creation {
    process_definition_key: Option<Key>,
    process_definition_id: Option<String>,
    process_definition_version: Option<i32>,
    #[serde(default)]
    variables: Variables,
    tenant_id: Option<String>,
    operation_reference: Option<i64>,
    start_instructions: Option<Vec<StartInstruction>>,
    runtime_instructions: Option<Vec<Box<RawValue>>>,
    await_completion: Option<bool>,
    fetch_variables: Option<Vec<String>>,
    request_timeout: Option<i64>,
    tags: Option<Vec<String>>,
    business_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct StartInstruction {
    element_id: String,
}

impl Creation {
    fn parse(self) -> Result<CreateInstance, Failure> {
        tenant(self.tenant_id.as_deref())?;
        operation_reference(self.operation_reference)?;
        not_yet(
            self.runtime_instructions.as_ref().is_some_and(|given| !given.is_empty()),
            "a runtime instruction",
        )?;
        not_yet(self.tags.as_ref().is_some_and(|given| !given.is_empty()), "tagging an instance")?;
        not_yet(self.business_id.is_some(), "creating with a business id")?;
        let process = self.process()?;
        let fetch_variables = request::names("fetchVariables", &self.fetch_variables.unwrap_or_default())?;
        let starts = self.start_instructions.unwrap_or_default();
        Ok(CreateInstance {
            process,
            variables: self.variables.document()?,
            start_at: starts
                .iter()
                .map(|start| request::name("elementId", &start.element_id))
                .collect::<Result<_, _>>()?,
            with_result: self.await_completion.unwrap_or(false).then_some(WithResult { fetch_variables }),
        })
    }

    fn process(&self) -> Result<ProcessRef, Failure> {
        let version = self.process_definition_version.unwrap_or(-1);
        let id = self.process_definition_id.as_deref();
        match (id, self.process_definition_key) {
            (Some(_), Some(_)) => Err(Failure::Invalid(
                "Only one of [processDefinitionId, processDefinitionKey] is allowed.".into(),
            )),
            (Some(_), None) => request::process(-1, required("processDefinitionId", id)?, version),
            (None, Some(key)) => request::process(key.0 as i64, "", version),
            (None, None) => Err(Failure::Invalid(
                "At least one of [processDefinitionId, processDefinitionKey] is required.".into(),
            )),
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Created {
    process_definition_id: String,
    process_definition_version: i32,
    tenant_id: &'static str,
    variables: Box<RawValue>,
    process_definition_key: Key,
    process_instance_key: Key,
    tags: [&'static str; 0],
    business_id: Option<String>,
}

fn render(created: &InstanceCreated, variables: String) -> Result<Answer<Created>, Failure> {
    Ok(Answer(Created {
        process_definition_id: (*created.process_id).into(),
        process_definition_version: created.version,
        tenant_id: DEFAULT_TENANT,
        variables: raw(variables)?,
        process_definition_key: Key(created.process.0),
        process_instance_key: Key(created.instance.0),
        tags: [],
        business_id: None,
    }))
}

pub(super) async fn create(
    State(door): State<Door>,
    Json(body): Json<Creation>,
) -> Result<Answer<Created>, Failure> {
    let wait = request::result_wait(body.request_timeout.unwrap_or(0));
    let create = body.parse()?;
    let awaited = create.with_result.is_some();
    let command = Command::CreateInstance(create);
    let reply = if awaited { door.submit_within(command, wait).await? } else { door.submit(command).await? };
    match reply {
        Reply::InstanceCreated(created) => render(&created, "{}".into()),
        Reply::InstanceCompleted { instance, variables } => render(&instance, variables),
        other => Err(Failure::unexpected(&other)),
    }
}

pub(super) async fn cancel(
    State(door): State<Door>,
    PathKey(key): PathKey,
    Optional(body): Optional<Reference>,
) -> Result<StatusCode, Failure> {
    body.check()?;
    door.carry_out(Command::CancelInstance(ElementKey(key))).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    fn parsed(body: &str) -> String {
        match serde_json::from_str::<Creation>(body).unwrap().parse() {
            Ok(create) => format!("{create:?}"),
            Err(failure) => failure.detail(),
        }
    }

    #[test]
    fn a_creation_becomes_a_command() {
        expect![[r#"CreateInstance { process: Latest("p"), variables: Document([("a", "1.0"), ("b", "[1, 2]")]), start_at: [], with_result: None }"#]].assert_eq(&parsed(r#"{"processDefinitionId":"p","variables":{"b":[1, 2],"a":1.0}}"#));
        expect![[r#"CreateInstance { process: Key(1:1), variables: Document([]), start_at: ["e"], with_result: Some(WithResult { fetch_variables: ["a"] }) }"#]].assert_eq(&parsed(
            r#"{"processDefinitionKey":"2251799813685249","variables":null,"awaitCompletion":true,"fetchVariables":["a"],
                "startInstructions":[{"elementId":"e"}],"requestTimeout":5,"tags":[],"operationReference":1}"#,
        ));
        expect![[r#"CreateInstance { process: Version("p", 3), variables: Document([]), start_at: [], with_result: None }"#]].assert_eq(&parsed(r#"{"processDefinitionId":"p","processDefinitionVersion":3}"#));
        expect!["Only one of [processDefinitionId, processDefinitionKey] is allowed."]
            .assert_eq(&parsed(r#"{"processDefinitionId":"p","processDefinitionKey":"1"}"#));
        expect!["No processDefinitionId provided."].assert_eq(&parsed(r#"{"processDefinitionId":" "}"#));
        expect!["tagging an instance is not built yet: leave it out"]
            .assert_eq(&parsed(r#"{"processDefinitionId":"p","tags":["a"]}"#));
    }

    #[test]
    fn what_was_created_reads_like_the_contract() {
        let created = InstanceCreated {
            process: weir_engine::key::ProcessKey(2_251_799_813_685_250),
            process_id: "p".into(),
            version: 2,
            instance: ElementKey(2_251_799_813_685_251),
        };
        let Ok(Answer(body)) = render(&created, r#"{"a":1.50}"#.into()) else { panic!("well-formed") };
        expect![[r#"{"processDefinitionId":"p","processDefinitionVersion":2,"tenantId":"<default>","variables":{"a":1.50},"processDefinitionKey":"2251799813685250","processInstanceKey":"2251799813685251","tags":[],"businessId":null}"#]].assert_eq(&serde_json::to_string(&body).unwrap());
    }
}
