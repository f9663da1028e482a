//! The caller's deadline: `grpc-timeout` of the request's head.
//!
//! tonic would keep it, too, but tells the caller CANCELLED where gRPC means DEADLINE_EXCEEDED. So it is taken out of the head
//! before tonic sees it. What streams answers is not limited: there the client ends the call.

use std::{convert::Infallible, future::Future, time::Duration};

use http::{HeaderMap, Response};
use tokio::time;
use tonic::{Status, body::Body};

/// The name of the header.
const GRPC_TIMEOUT: &str = "grpc-timeout";

/// Takes the caller's deadline out of a request's head. One that is not well-formed is none.
pub(super) fn take(headers: &mut HeaderMap) -> Option<Duration> {
    parse(headers.remove(GRPC_TIMEOUT)?.to_str().ok()?)
}

/// At most eight digits and a unit.
fn parse(text: &str) -> Option<Duration> {
    let (digits, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    if digits.is_empty() || digits.len() > 8 || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let number: u64 = digits.parse().ok()?;
    Some(match unit {
        "H" => Duration::from_secs(number * 3_600),
        "M" => Duration::from_secs(number * 60),
        "S" => Duration::from_secs(number),
        "m" => Duration::from_millis(number),
        "u" => Duration::from_micros(number),
        "n" => Duration::from_nanos(number),
        _ => return None,
    })
}

/// The answer, or DEADLINE_EXCEEDED when it does not come in time.
pub(super) async fn keep(
    limit: Duration,
    answer: impl Future<Output = Result<Response<Body>, Infallible>>,
) -> Result<Response<Body>, Infallible> {
    time::timeout(limit, answer).await.unwrap_or_else(|_| Ok(exceeded(limit).into_http()))
}

/// No answer came in time.
pub(super) fn exceeded(limit: Duration) -> Status {
    Status::deadline_exceeded(format!(
        "no answer within the caller's deadline of {} ms; it may still be carried out, look before sending it again",
        limit.as_millis()
    ))
}

#[cfg(test)]
mod tests {
    use tonic::Code;

    use super::*;

    #[test]
    fn deadlines_are_read_as_grpc_writes_them() {
        for (text, expected) in [
            ("1H", Some(Duration::from_secs(3_600))),
            ("2M", Some(Duration::from_secs(120))),
            ("99999999S", Some(Duration::from_secs(99_999_999))),
            ("200m", Some(Duration::from_millis(200))),
            ("5u", Some(Duration::from_micros(5))),
            ("7n", Some(Duration::from_nanos(7))),
            ("", None),
            ("S", None),
            ("1", None),
            ("-1S", None),
            ("1s", None),
            ("123456789m", None),
            ("1\u{e9}", None),
        ] {
            assert_eq!(parse(text), expected, "{text}");
        }
        let mut headers = HeaderMap::new();
        headers.insert(GRPC_TIMEOUT, "3S".parse().unwrap());
        assert_eq!((take(&mut headers), take(&mut headers)), (Some(Duration::from_secs(3)), None));
    }

    #[tokio::test]
    async fn a_late_answer_is_deadline_exceeded() {
        let late = keep(Duration::from_millis(10), std::future::pending()).await.unwrap();
        let status = Status::from_header_map(late.headers()).unwrap();
        assert_eq!(status.code(), Code::DeadlineExceeded);
        let in_time = std::future::ready(Ok(Response::new(Body::empty())));
        let in_time = keep(Duration::from_secs(10), in_time).await.unwrap();
        assert!(Status::from_header_map(in_time.headers()).is_none());
    }
}
