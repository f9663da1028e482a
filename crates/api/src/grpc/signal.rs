//! BroadcastSignal.

use weir_engine::command::{BroadcastSignal, Command, Reply};

use crate::{
    door::Door,
    failure::Failure,
    proto::{BroadcastSignalRequest, BroadcastSignalResponse},
    request::{self, DEFAULT_TENANT},
};

pub(super) async fn broadcast(
    door: &Door,
    asked: BroadcastSignalRequest,
) -> Result<BroadcastSignalResponse, Failure> {
    match door.submit(Command::BroadcastSignal(parse(&asked)?)).await? {
        Reply::SignalBroadcast(key) => {
            Ok(BroadcastSignalResponse { key: key.0 as i64, tenant_id: DEFAULT_TENANT.into() })
        }
        other => Err(Failure::unexpected(&other)),
    }
}

fn parse(asked: &BroadcastSignalRequest) -> Result<BroadcastSignal, Failure> {
    request::tenant(&asked.tenant_id)?;
    Ok(BroadcastSignal {
        name: request::name("signalName", &asked.signal_name)?,
        variables: request::document(&asked.variables)?,
    })
}
