//! ResolveIncident.

use weir_engine::{command::Command, key::IncidentKey};

use crate::{
    door::Door,
    failure::Failure,
    proto::{ResolveIncidentRequest, ResolveIncidentResponse},
};

pub(super) async fn resolve(
    door: &Door,
    asked: ResolveIncidentRequest,
) -> Result<ResolveIncidentResponse, Failure> {
    door.carry_out(Command::ResolveIncident(IncidentKey(asked.incident_key as u64))).await?;
    Ok(ResolveIncidentResponse {})
}
