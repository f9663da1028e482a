//! SetVariables.

use weir_engine::{
    command::{Command, Reply},
    key::ElementKey,
};

use crate::{
    door::Door,
    failure::Failure,
    proto::{SetVariablesRequest, SetVariablesResponse},
    request,
};

pub(super) async fn set(door: &Door, asked: SetVariablesRequest) -> Result<SetVariablesResponse, Failure> {
    let command = Command::SetVariables {
        scope: ElementKey(asked.element_instance_key as u64),
        variables: request::document(&asked.variables)?,
        local: asked.local,
    };
    match door.submit(command).await? {
        Reply::VariablesSet(key) => Ok(SetVariablesResponse { key: key as i64 }),
        other => Err(Failure::unexpected(&other)),
    }
}
