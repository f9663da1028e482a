//! What can go wrong with a request, and the one table that says how each failure reads on either face.

use std::time::Duration;

use http::StatusCode;
use tonic::Code;
use weir_engine::{
    command::Reply,
    rejection::{Rejection, RejectionCode},
};
use weir_node::SubmitError;

/// Why a request was not carried out.
#[derive(Clone, Debug)]
pub(crate) enum Failure {
    /// The engine refused the command of this intent.
    Rejected(&'static str, Rejection),
    /// A value in the request is wrong.
    Invalid(String),
    /// The request cannot be read at all.
    Unreadable(String),
    /// The request is larger than its limit.
    TooLarge(String),
    /// The body is of another media type than the one that is read here.
    MediaType(String),
    /// There is no such operation.
    NoRoute(String),
    /// There is such a path, but not with this method.
    NoMethod(String),
    /// The operation, or a part of it that was asked for, is known but not built yet.
    NotBuilt(String),
    /// Too much work is in flight; nothing was applied.
    Overloaded(String),
    /// The partition is not there or not ready; nothing was applied.
    Unavailable(String),
    /// No answer in time; whether it was applied is unknown.
    TimedOut(String),
    /// The work was cut off; whether it was applied is unknown.
    Aborted,
    /// A broken promise inside the server.
    Broken(String),
}

/// How a failure reads: gRPC code, HTTP status, title of the problem detail (clients decide on retries by it).
pub(crate) type Row = (Code, StatusCode, &'static str);

impl Failure {
    /// The table.
    pub(crate) fn row(&self) -> Row {
        use Failure as F;
        match self {
            F::Rejected(_, rejection) => rejected(rejection.code),
            F::Invalid(_) => (Code::InvalidArgument, StatusCode::BAD_REQUEST, "INVALID_ARGUMENT"),
            F::Unreadable(_) => (Code::InvalidArgument, StatusCode::BAD_REQUEST, "Bad Request"),
            F::TooLarge(_) => (Code::ResourceExhausted, StatusCode::PAYLOAD_TOO_LARGE, "Payload Too Large"),
            F::MediaType(_) => {
                (Code::InvalidArgument, StatusCode::UNSUPPORTED_MEDIA_TYPE, "Unsupported Media Type")
            }
            F::NoRoute(_) => (Code::Unimplemented, StatusCode::NOT_FOUND, "Not Found"),
            F::NoMethod(_) => (Code::Unimplemented, StatusCode::METHOD_NOT_ALLOWED, "Method Not Allowed"),
            F::NotBuilt(_) => (Code::Unimplemented, StatusCode::NOT_IMPLEMENTED, "UNIMPLEMENTED"),
            F::Overloaded(_) => {
                (Code::ResourceExhausted, StatusCode::SERVICE_UNAVAILABLE, "RESOURCE_EXHAUSTED")
            }
            F::Unavailable(_) => (Code::Unavailable, StatusCode::SERVICE_UNAVAILABLE, "UNAVAILABLE"),
            F::TimedOut(_) => (Code::DeadlineExceeded, StatusCode::GATEWAY_TIMEOUT, "DEADLINE_EXCEEDED"),
            F::Aborted => (Code::Aborted, StatusCode::BAD_GATEWAY, "ABORTED"),
            F::Broken(_) => (Code::Internal, StatusCode::INTERNAL_SERVER_ERROR, "INTERNAL"),
        }
    }

    /// The whole sentence.
    pub(crate) fn detail(&self) -> String {
        match self {
            Failure::Rejected(intent, Rejection { code, reason }) => {
                format!("Command '{intent}' rejected with code '{}': {reason}", code.name())
            }
            Failure::Invalid(text)
            | Failure::Unreadable(text)
            | Failure::TooLarge(text)
            | Failure::MediaType(text)
            | Failure::NoRoute(text)
            | Failure::NoMethod(text)
            | Failure::NotBuilt(text)
            | Failure::Overloaded(text)
            | Failure::Unavailable(text)
            | Failure::TimedOut(text)
            | Failure::Broken(text) => text.clone(),
            Failure::Aborted => {
                "the partition stopped while it worked on the request; look whether it was carried \
                                 out before sending it again"
                    .into()
            }
        }
    }

    /// The engine answered something that does not belong to the command.
    pub(crate) fn unexpected(reply: &Reply) -> Failure {
        Failure::Broken(format!("the engine gave an answer that does not belong to the command: {reply:?}"))
    }

    /// A command of this intent got no answer in time.
    pub(crate) fn unanswered(intent: &str, limit: Duration) -> Failure {
        Failure::TimedOut(format!(
            "no answer to command '{intent}' within {} ms; it may still be carried out, look before sending it again",
            limit.as_millis()
        ))
    }

    /// What the node said about a command of this intent.
    pub(crate) fn of(intent: &'static str, error: SubmitError) -> Failure {
        match error {
            SubmitError::Rejected(rejection) => Failure::Rejected(intent, rejection),
            SubmitError::Overloaded(text) => Failure::Overloaded(text),
            SubmitError::Unavailable(text) => Failure::Unavailable(text),
            SubmitError::Aborted => Failure::Aborted,
        }
    }
}

fn rejected(code: RejectionCode) -> Row {
    match code {
        RejectionCode::InvalidArgument => {
            (Code::InvalidArgument, StatusCode::BAD_REQUEST, "INVALID_ARGUMENT")
        }
        RejectionCode::NotFound => (Code::NotFound, StatusCode::NOT_FOUND, "NOT_FOUND"),
        RejectionCode::AlreadyExists => (Code::AlreadyExists, StatusCode::CONFLICT, "ALREADY_EXISTS"),
        RejectionCode::InvalidState => (Code::FailedPrecondition, StatusCode::CONFLICT, "INVALID_STATE"),
        RejectionCode::ProcessingError => {
            (Code::Internal, StatusCode::INTERNAL_SERVER_ERROR, "PROCESSING_ERROR")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table() {
        let text = || "why".to_owned();
        let rejected = |code| Failure::Rejected("COMPLETE", Rejection::new(code, "why"));
        let all = [
            rejected(RejectionCode::InvalidArgument),
            rejected(RejectionCode::NotFound),
            rejected(RejectionCode::AlreadyExists),
            rejected(RejectionCode::InvalidState),
            rejected(RejectionCode::ProcessingError),
            Failure::Invalid(text()),
            Failure::Unreadable(text()),
            Failure::TooLarge(text()),
            Failure::MediaType(text()),
            Failure::NoRoute(text()),
            Failure::NoMethod(text()),
            Failure::NotBuilt(text()),
            Failure::of("COMPLETE", SubmitError::Overloaded(text())),
            Failure::of("COMPLETE", SubmitError::Unavailable(text())),
            Failure::unanswered("COMPLETE", Duration::from_secs(15)),
            Failure::of("COMPLETE", SubmitError::Aborted),
            Failure::Broken(text()),
        ];
        let rows = all.iter().map(|failure| {
            let (grpc, http, title) = failure.row();
            format!("{grpc:?} | {} | {title} | {}\n", http.as_u16(), failure.detail())
        });
        expect_test::expect![[r#"
            InvalidArgument | 400 | INVALID_ARGUMENT | Command 'COMPLETE' rejected with code 'INVALID_ARGUMENT': why
            NotFound | 404 | NOT_FOUND | Command 'COMPLETE' rejected with code 'NOT_FOUND': why
            AlreadyExists | 409 | ALREADY_EXISTS | Command 'COMPLETE' rejected with code 'ALREADY_EXISTS': why
            FailedPrecondition | 409 | INVALID_STATE | Command 'COMPLETE' rejected with code 'INVALID_STATE': why
            Internal | 500 | PROCESSING_ERROR | Command 'COMPLETE' rejected with code 'PROCESSING_ERROR': why
            InvalidArgument | 400 | INVALID_ARGUMENT | why
            InvalidArgument | 400 | Bad Request | why
            ResourceExhausted | 413 | Payload Too Large | why
            InvalidArgument | 415 | Unsupported Media Type | why
            Unimplemented | 404 | Not Found | why
            Unimplemented | 405 | Method Not Allowed | why
            Unimplemented | 501 | UNIMPLEMENTED | why
            ResourceExhausted | 503 | RESOURCE_EXHAUSTED | why
            Unavailable | 503 | UNAVAILABLE | why
            DeadlineExceeded | 504 | DEADLINE_EXCEEDED | no answer to command 'COMPLETE' within 15000 ms; it may still be carried out, look before sending it again
            Aborted | 502 | ABORTED | the partition stopped while it worked on the request; look whether it was carried out before sending it again
            Internal | 500 | INTERNAL | why
        "#]].assert_eq(&rows.collect::<String>());
    }
}
