//! Bodies and keys of requests and answers: JSON in, JSON out, every fault with its reason.

use std::fmt;

use axum::{
    body::Bytes,
    extract::{FromRequest, FromRequestParts, RawPathParams, Request},
    http::{
        HeaderMap, HeaderValue, StatusCode,
        header::{CONTENT_TYPE, HeaderName},
        request::Parts,
    },
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de, de::DeserializeOwned};
use serde_json::value::RawValue;
use weir_engine::document::{Document, DocumentError};

use crate::{door::Door, failure::Failure, limits::REST_BODY_BYTES, request};

/// A JSON body that must be there.
pub(super) struct Json<T>(pub(super) T);

/// A JSON body that may be left out.
pub(super) struct Optional<T>(pub(super) T);

impl<T: DeserializeOwned> FromRequest<Door> for Json<T> {
    type Rejection = Failure;

    async fn from_request(request: Request, door: &Door) -> Result<Json<T>, Failure> {
        let bytes = json_bytes(request, door).await?;
        if bytes.is_empty() {
            return Err(Failure::Unreadable("Required request body is missing".into()));
        }
        parse(&bytes).map(Json)
    }
}

impl<T: DeserializeOwned + Default> FromRequest<Door> for Optional<T> {
    type Rejection = Failure;

    async fn from_request(request: Request, door: &Door) -> Result<Optional<T>, Failure> {
        let bytes = json_bytes(request, door).await?;
        if bytes.trim_ascii().is_empty() || bytes.trim_ascii() == b"null" {
            return Ok(Optional(T::default()));
        }
        parse(&bytes).map(Optional)
    }
}

pub(super) fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Failure> {
    // Serde would also take a list of the values in the order of our fields.
    if !bytes.trim_ascii_start().starts_with(b"{") {
        return Err(Failure::Unreadable(
            "Request property cannot be parsed: the body must be a JSON object".into(),
        ));
    }
    serde_json::from_slice(bytes)
        .map_err(|why| Failure::Unreadable(format!("Request property cannot be parsed: {why}")))
}

async fn json_bytes(request: Request, door: &Door) -> Result<Bytes, Failure> {
    let acceptable = is_json(request.headers());
    let bytes = Bytes::from_request(request, door).await.map_err(|why| match why.status() {
        StatusCode::PAYLOAD_TOO_LARGE => too_large(),
        _ => Failure::Unreadable(format!("the request's body broke off: {why}")),
    })?;
    if !acceptable && !bytes.is_empty() {
        return Err(Failure::MediaType("the body must be JSON, with content type application/json".into()));
    }
    Ok(bytes)
}

/// The body exceeds its limit.
pub(super) fn too_large() -> Failure {
    Failure::TooLarge(format!(
        "the request is larger than {REST_BODY_BYTES} bytes: deploy fewer files at a time, or keep large data outside \
         and pass a reference"
    ))
}

/// `application/json` or one of the vendor's types that end in `+json`.
fn is_json(headers: &HeaderMap) -> bool {
    let given = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = given.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    essence == "application/json" || (essence.starts_with("application/") && essence.ends_with("+json"))
}

/// The key in the request's path.
pub(super) struct PathKey(pub(super) u64);

impl FromRequestParts<Door> for PathKey {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, door: &Door) -> Result<PathKey, Failure> {
        let params = RawPathParams::from_request_parts(parts, door)
            .await
            .map_err(|why| Failure::Unreadable(format!("the path cannot be read: {why}")))?;
        let (_, text) = params.iter().next().unwrap_or_default();
        request::key(text).map(PathKey)
    }
}

/// A key: text in answers, text or number in requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Key(pub(super) u64);

impl Serialize for Key {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&(self.0 as i64))
    }
}

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Key, D::Error> {
        struct Visitor;

        impl de::Visitor<'_> for Visitor {
            type Value = Key;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a key: a string of digits")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Key, E> {
                request::key(text).map(Key).map_err(|failure| E::custom(failure.detail()))
            }

            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Key, E> {
                Ok(Key(number))
            }

            fn visit_i64<E: de::Error>(self, number: i64) -> Result<Key, E> {
                Ok(Key(number as u64))
            }
        }

        deserializer.deserialize_any(Visitor)
    }
}

/// The variables of a request; absent and `null` are the empty document.
#[derive(Debug)]
pub(super) struct Variables(Result<Document, DocumentError>);

impl Default for Variables {
    fn default() -> Variables {
        Variables(Ok(Document::default()))
    }
}

impl Variables {
    /// The document, or what is wrong with it.
    pub(super) fn document(self) -> Result<Document, Failure> {
        Ok(self.0?)
    }
}

impl<'de> Deserialize<'de> for Variables {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Variables, D::Error> {
        let text = <&RawValue>::deserialize(deserializer)?.get();
        Ok(if text == "null" { Variables::default() } else { Variables(Document::parse(text)) })
    }
}

/// JSON text of the engine as a part of an answer.
pub(super) fn raw(text: String) -> Result<Box<RawValue>, Failure> {
    RawValue::from_string(text)
        .map_err(|why| Failure::Broken(format!("the engine gave malformed JSON: {why}")))
}

/// A JSON answer.
pub(super) struct Answer<T>(pub(super) T);

impl<T: Serialize> IntoResponse for Answer<T> {
    fn into_response(self) -> Response {
        const JSON: [(HeaderName, HeaderValue); 1] =
            [(CONTENT_TYPE, HeaderValue::from_static("application/json"))];
        match serde_json::to_vec(&self.0) {
            Ok(bytes) => (JSON, bytes).into_response(),
            Err(why) => Failure::Broken(format!("the answer cannot be written: {why}")).into_response(),
        }
    }
}

/// The body of a command that takes nothing but a reference to copy into its records, which has no effect here.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Reference {
    operation_reference: Option<i64>,
}

impl Reference {
    /// Refuses a reference below 1.
    pub(super) fn check(&self) -> Result<(), Failure> {
        operation_reference(self.operation_reference)
    }
}

/// Refuses a reference below 1.
pub(super) fn operation_reference(reference: Option<i64>) -> Result<(), Failure> {
    match reference {
        Some(given @ ..1) => {
            Err(Failure::Invalid(format!("The value for operationReference is '{given}' but must be > 0.")))
        }
        Some(_) | None => Ok(()),
    }
}

/// Refuses a text that is absent or empty.
pub(super) fn required<'a>(field: &str, text: Option<&'a str>) -> Result<&'a str, Failure> {
    text.filter(|text| !text.trim().is_empty())
        .ok_or_else(|| Failure::Invalid(format!("No {field} provided.")))
}

/// The tenant of a request that may leave it out.
pub(super) fn tenant(id: Option<&str>) -> Result<(), Failure> {
    request::tenant(id.unwrap_or_default())
}
