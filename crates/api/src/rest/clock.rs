//! `/clock`: the engine's clock, held still or let go. Only where the server allows it.

use axum::{extract::State, http::StatusCode};
use serde::Deserialize;

use super::body::Json;
use crate::{door::Door, failure::Failure};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Pin {
    timestamp: i64,
}

pub(super) async fn pin(State(door): State<Door>, Json(pin): Json<Pin>) -> Result<StatusCode, Failure> {
    if pin.timestamp < 0 {
        return Err(Failure::Invalid(format!(
            "The value for timestamp is '{}' but must be not negative.",
            pin.timestamp
        )));
    }
    door.node.pin_clock(pin.timestamp).map_err(|error| Failure::of("PIN", error))?;
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn reset(State(door): State<Door>) -> Result<StatusCode, Failure> {
    door.node.reset_clock().map_err(|error| Failure::of("RESET", error))?;
    Ok(StatusCode::NO_CONTENT)
}
