//! `/authentication/me`: who asks. Nobody is known by name yet.

use serde::Serialize;

use super::body::Answer;
use crate::request::DEFAULT_TENANT;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct User {
    username: &'static str,
    display_name: Option<&'static str>,
    email: Option<&'static str>,
    authorized_components: [&'static str; 1],
    tenants: [Tenant; 1],
    groups: [&'static str; 0],
    roles: [&'static str; 0],
    sales_plan_type: Option<&'static str>,
    c8_links: Links,
    can_logout: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Tenant {
    tenant_id: &'static str,
    name: &'static str,
    description: Option<&'static str>,
}

#[derive(Serialize)]
struct Links {}

pub(super) async fn me() -> Answer<User> {
    Answer(User {
        username: "anonymous",
        display_name: None,
        email: None,
        authorized_components: ["*"],
        tenants: [Tenant { tenant_id: DEFAULT_TENANT, name: "Default", description: None }],
        groups: [],
        roles: [],
        sales_plan_type: None,
        c8_links: Links {},
        can_logout: false,
    })
}
