//! The quick way for the calls that bring most of the work: one small question, one small answer.
//!
//! tonic answers them as well, through layers made for streams of messages in either direction. Reading one message and
//! writing one directly costs a fraction of that. What is compressed goes the long way.

use std::{pin::pin, sync::Arc, time::Duration};

use bytes::{Buf, BufMut, Bytes, BytesMut};
use futures_util::future::BoxFuture;
use h2::{RecvStream, server::SendResponse};
use http::{HeaderMap, HeaderValue, Request, Response, header::CONTENT_TYPE};
use prost::Message;
use tokio::time;
use tonic::Status;

use super::{
    call::{Call, bare, unless_reset},
    deadline, dispatch, job, message, process_instance,
};
use crate::{door::Door, failure::Failure, limits::GRPC_MESSAGE_BYTES};

/// Bytes before each message: whether it is compressed, its length.
const PREFIX_BYTES: usize = 5;
/// Says how messages are compressed, where they are.
const GRPC_ENCODING: &str = "grpc-encoding";

/// A call that goes the quick way.
#[derive(Clone, Copy)]
pub(super) enum Quick {
    CreateInstance,
    CompleteJob,
    PublishMessage,
}

impl Quick {
    /// Which it is, if it is one.
    pub(super) fn of(request: &Request<RecvStream>) -> Option<Quick> {
        if request.headers().contains_key(GRPC_ENCODING) {
            return None;
        }
        match request.uri().path() {
            dispatch::CREATE_INSTANCE => Some(Quick::CreateInstance),
            dispatch::COMPLETE_JOB => Some(Quick::CompleteJob),
            dispatch::PUBLISH_MESSAGE => Some(Quick::PublishMessage),
            _ => None,
        }
    }

    /// Answers the call.
    pub(super) fn run(self, (request, mut respond): Call, door: Arc<Door>) -> BoxFuture<'static, ()> {
        match self {
            Quick::CreateInstance => Box::pin(async move {
                answer(request, &mut respond, |asked| process_instance::create(&door, asked)).await;
            }),
            Quick::CompleteJob => Box::pin(async move {
                answer(request, &mut respond, |asked| job::complete(&door, asked)).await;
            }),
            Quick::PublishMessage => Box::pin(async move {
                answer(request, &mut respond, |asked| message::publish(&door, asked)).await;
            }),
        }
    }
}

/// Reads the question, has it answered, sends the answer; unless the client gives the call up before.
async fn answer<Q, A>(
    request: Request<RecvStream>,
    respond: &mut SendResponse<Bytes>,
    handler: impl AsyncFnOnce(Q) -> Result<A, Failure>,
) where
    Q: Message + Default,
    A: Message,
{
    let (mut head, mut body) = request.into_parts();
    let limit = deadline::take(&mut head.headers);
    // Pinned where it stands: it is large, and would be copied from each wrapper into the next.
    let work = pin!(async {
        let asked =
            Q::decode(read(&mut body).await?).map_err(|error| dispatch::malformed(&error.to_string()))?;
        Ok(handler(asked).await?)
    });
    let Some(outcome) = unless_reset(respond, within(limit, work)).await else { return };
    // A client that is gone needs no answer.
    let _gone = match outcome {
        Ok(answer) => deliver(&answer, respond),
        Err(status) => respond.send_response(bare(status), true).map(drop),
    };
}

async fn within<T>(
    limit: Option<Duration>,
    work: impl Future<Output = Result<T, Status>>,
) -> Result<T, Status> {
    match limit {
        Some(limit) => time::timeout(limit, work).await.unwrap_or_else(|_| Err(deadline::exceeded(limit))),
        None => work.await,
    }
}

fn deliver(answer: &impl Message, respond: &mut SendResponse<Bytes>) -> Result<(), h2::Error> {
    let mut head = Response::new(());
    head.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
    let mut stream = respond.send_response(head, false)?;
    stream.send_data(frame(answer), false)?;
    let mut end = HeaderMap::with_capacity(1);
    end.insert(Status::GRPC_STATUS, HeaderValue::from_static("0"));
    stream.send_trailers(end)
}

/// A message with gRPC's prefix.
fn frame(message: &impl Message) -> Bytes {
    let length = message.encoded_len();
    let mut buffer = BytesMut::with_capacity(PREFIX_BYTES + length);
    buffer.put_u8(0);
    buffer.put_u32(length as u32);
    message.encode_raw(&mut buffer);
    buffer.freeze()
}

/// The one message of a request.
async fn read(body: &mut RecvStream) -> Result<Bytes, Status> {
    let mut whole = Bytes::new();
    let mut pieces = BytesMut::new();
    while let Some(data) = body.data().await {
        let data = data.map_err(|error| Status::cancelled(format!("the request broke off: {error}")))?;
        // The client may send more: what came is taken.
        let _gone = body.flow_control().release_capacity(data.len());
        match whole.is_empty() && pieces.is_empty() {
            // Nearly always the first piece is all.
            true => whole = data,
            false => {
                pieces.extend_from_slice(&std::mem::take(&mut whole));
                pieces.extend_from_slice(&data);
            }
        }
        if whole.len().max(pieces.len()) > GRPC_MESSAGE_BYTES + PREFIX_BYTES {
            return Err(dispatch::too_large());
        }
    }
    message(if pieces.is_empty() { whole } else { pieces.freeze() })
}

/// The message behind its prefix.
fn message(mut framed: Bytes) -> Result<Bytes, Status> {
    let Some((&[compressed, ref length @ ..], rest)) = framed.split_first_chunk::<PREFIX_BYTES>() else {
        return Err(dispatch::malformed("it has no message"));
    };
    let length = u32::from_be_bytes(*length) as usize;
    if compressed != 0 {
        return Err(dispatch::malformed(
            "its message is compressed, but the head does not say how (grpc-encoding)",
        ));
    }
    if length > GRPC_MESSAGE_BYTES {
        return Err(dispatch::too_large());
    }
    if rest.len() != length {
        return Err(dispatch::malformed(&format!(
            "its message should have {length} bytes, but {} came",
            rest.len()
        )));
    }
    framed.advance(PREFIX_BYTES);
    Ok(framed)
}

#[cfg(test)]
mod tests {
    use tonic::Code;

    use super::*;

    #[test]
    fn a_request_is_one_message_behind_its_prefix() {
        let framed = |prefix: [u8; 5], rest: &'static [u8]| message([&prefix, rest].concat().into());
        assert_eq!(framed([0, 0, 0, 0, 2], b"ab").unwrap(), "ab");
        assert_eq!(framed([0; 5], b"").unwrap(), "");
        for (prefix, rest, code, why) in [
            ([1, 0, 0, 0, 2], &b"ab"[..], Code::InvalidArgument, "does not say how (grpc-encoding)"),
            ([0, 0, 0, 0, 3], b"ab", Code::InvalidArgument, "should have 3 bytes, but 2 came"),
            ([0, 0, 0, 0, 1], b"ab", Code::InvalidArgument, "should have 1 bytes, but 2 came"),
            ([0, 255, 0, 0, 0], b"ab", Code::ResourceExhausted, "the request is larger than"),
        ] {
            let status = framed(prefix, rest).unwrap_err();
            assert!(status.code() == code && status.message().contains(why), "{status:?}");
        }
        let status = message(Bytes::from_static(&[0, 0])).unwrap_err();
        assert!(status.message().contains("it has no message"), "{status:?}");
    }
}
