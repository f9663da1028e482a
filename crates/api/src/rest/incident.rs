//! `/incidents`: resolution.

use axum::{extract::State, http::StatusCode};
use weir_engine::{command::Command, key::IncidentKey};

use super::body::{Optional, PathKey, Reference};
use crate::{door::Door, failure::Failure};

pub(super) async fn resolve(
    State(door): State<Door>,
    PathKey(key): PathKey,
    Optional(body): Optional<Reference>,
) -> Result<StatusCode, Failure> {
    body.check()?;
    door.carry_out(Command::ResolveIncident(IncidentKey(key))).await?;
    Ok(StatusCode::NO_CONTENT)
}
