//! `/messages`: publication and correlation.

use axum::extract::State;
use serde::{Deserialize, Serialize};
use weir_engine::command::{Command, CorrelateMessage, PublishMessage, Reply};

use super::body::{Answer, Json, Key, Variables, required, tenant};
use crate::{
    door::Door,
    failure::Failure,
    request::{self, DEFAULT_TENANT, not_yet},
};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Publication {
    name: Option<String>,
    correlation_key: Option<String>,
    time_to_live: Option<i64>,
    message_id: Option<String>,
    #[serde(default)]
    variables: Variables,
    tenant_id: Option<String>,
    business_id: Option<String>,
}

impl Publication {
    fn parse(self) -> Result<PublishMessage, Failure> {
        tenant(self.tenant_id.as_deref())?;
        not_yet(self.business_id.is_some(), "publishing by business id")?;
        Ok(PublishMessage {
            name: request::name("name", required("name", self.name.as_deref())?)?,
            correlation_key: request::name(
                "correlationKey",
                self.correlation_key.as_deref().unwrap_or_default(),
            )?,
            ttl_ms: self.time_to_live.unwrap_or(0),
            message_id: request::name("messageId", self.message_id.as_deref().unwrap_or_default())?,
            variables: self.variables.document()?,
        })
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Correlation {
    name: Option<String>,
    correlation_key: Option<String>,
    #[serde(default)]
    variables: Variables,
    tenant_id: Option<String>,
    business_id: Option<String>,
}

impl Correlation {
    fn parse(self) -> Result<CorrelateMessage, Failure> {
        tenant(self.tenant_id.as_deref())?;
        not_yet(self.business_id.is_some(), "correlating by business id")?;
        Ok(CorrelateMessage {
            name: request::name("name", required("name", self.name.as_deref())?)?,
            correlation_key: request::name(
                "correlationKey",
                self.correlation_key.as_deref().unwrap_or_default(),
            )?,
            variables: self.variables.document()?,
        })
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Published {
    tenant_id: &'static str,
    message_key: Key,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Correlated {
    tenant_id: &'static str,
    message_key: Key,
    process_instance_key: Key,
}

pub(super) async fn publish(
    State(door): State<Door>,
    Json(body): Json<Publication>,
) -> Result<Answer<Published>, Failure> {
    match door.submit(Command::PublishMessage(body.parse()?)).await? {
        Reply::MessagePublished(key) => {
            Ok(Answer(Published { tenant_id: DEFAULT_TENANT, message_key: Key(key.0) }))
        }
        other => Err(Failure::unexpected(&other)),
    }
}

pub(super) async fn correlate(
    State(door): State<Door>,
    Json(body): Json<Correlation>,
) -> Result<Answer<Correlated>, Failure> {
    match door.submit(Command::CorrelateMessage(body.parse()?)).await? {
        Reply::MessageCorrelated { message, instance } => Ok(Answer(Correlated {
            tenant_id: DEFAULT_TENANT,
            message_key: Key(message.0),
            process_instance_key: Key(instance.0),
        })),
        other => Err(Failure::unexpected(&other)),
    }
}
