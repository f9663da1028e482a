//! Failures as problem details (RFC 9457).

use axum::{
    extract::Request,
    http::{HeaderValue, header::CONTENT_TYPE},
    middleware::Next,
    response::{IntoResponse, Response},
};
use serde::Serialize;

use crate::failure::Failure;

#[derive(Serialize)]
struct Problem<'a> {
    r#type: &'static str,
    title: &'static str,
    status: u16,
    detail: String,
    instance: &'a str,
}

/// Leaves the failure for [`render`], which knows the request's path.
impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let (_, status, _) = self.row();
        let mut response = status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// Gives a failed request its body.
pub(super) async fn render(request: Request, next: Next) -> Response {
    let uri = request.uri().clone();
    let mut response = next.run(request).await;
    let Some(failure) = response.extensions_mut().remove::<Failure>() else { return response };
    let (_, status, title) = failure.row();
    let problem = Problem {
        r#type: "about:blank",
        title,
        status: status.as_u16(),
        detail: failure.detail(),
        instance: uri.path(),
    };
    // Texts and a number: writing them cannot fail.
    *response.body_mut() = serde_json::to_vec(&problem).unwrap_or_default().into();
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    response
}
