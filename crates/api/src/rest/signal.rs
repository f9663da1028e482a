//! `/signals`: broadcast.

use axum::extract::State;
use serde::{Deserialize, Serialize};
use weir_engine::command::{BroadcastSignal, Command, Reply};

use super::body::{Answer, Json, Key, Variables, required, tenant};
use crate::{
    door::Door,
    failure::Failure,
    request::{self, DEFAULT_TENANT},
};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Broadcast {
    signal_name: Option<String>,
    #[serde(default)]
    variables: Variables,
    tenant_id: Option<String>,
}

impl Broadcast {
    fn parse(self) -> Result<BroadcastSignal, Failure> {
        tenant(self.tenant_id.as_deref())?;
        Ok(BroadcastSignal {
            name: request::name("signalName", required("signalName", self.signal_name.as_deref())?)?,
            variables: self.variables.document()?,
        })
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Sent {
    tenant_id: &'static str,
    signal_key: Key,
}

pub(super) async fn broadcast(
    State(door): State<Door>,
    Json(body): Json<Broadcast>,
) -> Result<Answer<Sent>, Failure> {
    match door.submit(Command::BroadcastSignal(body.parse()?)).await? {
        Reply::SignalBroadcast(key) => Ok(Answer(Sent { tenant_id: DEFAULT_TENANT, signal_key: Key(key.0) })),
        other => Err(Failure::unexpected(&other)),
    }
}
