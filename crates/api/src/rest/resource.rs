//! `/resources`: deletion.

use axum::extract::State;
use serde::{Deserialize, Serialize};
use weir_engine::command::Command;

use super::body::{Answer, Key, Optional, PathKey, operation_reference};
use crate::{door::Door, failure::Failure};

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Deletion {
    operation_reference: Option<i64>,
    /// There is no history yet that could be deleted too.
    #[serde(rename = "deleteHistory")]
    _delete_history: Option<bool>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Deleted {
    resource_key: Key,
    batch_operation: Option<()>,
}

pub(super) async fn delete(
    State(door): State<Door>,
    PathKey(key): PathKey,
    Optional(body): Optional<Deletion>,
) -> Result<Answer<Deleted>, Failure> {
    operation_reference(body.operation_reference)?;
    door.carry_out(Command::DeleteResource(key)).await?;
    Ok(Answer(Deleted { resource_key: Key(key), batch_operation: None }))
}
