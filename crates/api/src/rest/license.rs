//! `/license`: Weir is free.

use serde::Serialize;

use super::body::Answer;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct License {
    valid_license: bool,
    license_type: &'static str,
    is_commercial: bool,
    expires_at: Option<&'static str>,
}

pub(super) async fn get() -> Answer<License> {
    Answer(License {
        valid_license: true,
        license_type: env!("CARGO_PKG_LICENSE"),
        is_commercial: false,
        expires_at: None,
    })
}
