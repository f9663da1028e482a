//! `/element-instances`: variables.

use axum::{extract::State, http::StatusCode};
use serde::Deserialize;
use weir_engine::{
    command::{Command, Reply},
    key::ElementKey,
};

use super::body::{Json, PathKey, Variables, operation_reference};
use crate::{door::Door, failure::Failure};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct SetVariables {
    variables: Variables,
    local: Option<bool>,
    operation_reference: Option<i64>,
}

pub(super) async fn set_variables(
    State(door): State<Door>,
    PathKey(key): PathKey,
    Json(body): Json<SetVariables>,
) -> Result<StatusCode, Failure> {
    operation_reference(body.operation_reference)?;
    let (scope, variables) = (ElementKey(key), body.variables.document()?);
    match door.submit(Command::SetVariables { scope, variables, local: body.local.unwrap_or(false) }).await? {
        Reply::VariablesSet(_) => Ok(StatusCode::NO_CONTENT),
        other => Err(Failure::unexpected(&other)),
    }
}
