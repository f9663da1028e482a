//! PublishMessage.

use weir_engine::command::{Command, PublishMessage, Reply};

use crate::{
    door::Door,
    failure::Failure,
    proto::{PublishMessageRequest, PublishMessageResponse},
    request::{self, DEFAULT_TENANT},
};

pub(super) async fn publish(
    door: &Door,
    asked: PublishMessageRequest,
) -> Result<PublishMessageResponse, Failure> {
    match door.submit(Command::PublishMessage(parse(&asked)?)).await? {
        Reply::MessagePublished(key) => {
            Ok(PublishMessageResponse { key: key.0 as i64, tenant_id: DEFAULT_TENANT.into() })
        }
        other => Err(Failure::unexpected(&other)),
    }
}

fn parse(asked: &PublishMessageRequest) -> Result<PublishMessage, Failure> {
    request::tenant(&asked.tenant_id)?;
    request::not_yet(asked.business_id.is_some(), "publishing by business id")?;
    Ok(PublishMessage {
        name: request::name("name", &asked.name)?,
        correlation_key: request::name("correlationKey", &asked.correlation_key)?,
        ttl_ms: asked.time_to_live,
        message_id: request::name("messageId", &asked.message_id)?,
        variables: request::document(&asked.variables)?,
    })
}
