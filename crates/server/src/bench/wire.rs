//! gRPC over HTTP/2 by hand, as thin as it can be: the driver shares the processors with the server that it measures.

use std::{future::poll_fn, io, time::Duration};

use bytes::{BufMut, Bytes, BytesMut};
use h2::{
    RecvStream,
    client::{self, SendRequest},
};
use http::{HeaderMap, HeaderValue, Method, Request, Uri};
use prost::Message;
use tokio::net::TcpStream;

/// Bytes that the server may send before it must wait for us: more than a burst of jobs.
const WINDOW_BYTES: u32 = 8 * 1024 * 1024;
/// Bytes of one answer that are accepted.
const ANSWER_BYTES: usize = 16 * 1024 * 1024;
/// Bytes before each message: compressed or not, length.
const PREFIX_BYTES: usize = 5;

/// Why a call did not bring an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refused {
    /// gRPC status code; 14 (unavailable) where the connection broke.
    pub(crate) code: u16,
    /// The server's words; none where it is busy, which is all that one needs to know, and may be the answer to most calls.
    pub(crate) message: String,
}

impl Refused {
    /// gRPC's NOT_FOUND.
    pub(crate) const NOT_FOUND: u16 = 5;
    /// gRPC's RESOURCE_EXHAUSTED: the server is busy, nothing was applied.
    pub(crate) const BUSY: u16 = 8;
    /// gRPC's UNAVAILABLE.
    pub(crate) const UNAVAILABLE: u16 = 14;

    fn broken(why: impl ToString) -> Self {
        Self { code: Self::UNAVAILABLE, message: why.to_string() }
    }
}

/// One HTTP/2 connection to a gateway. Clones share it.
#[derive(Clone, Debug)]
pub(crate) struct Wire {
    send: SendRequest<Bytes>,
    headers: HeaderMap,
    authority: String,
}

impl Wire {
    /// Connects, and drives the connection on the current `LocalSet`.
    pub(crate) async fn connect(authority: &str) -> io::Result<Self> {
        let stream = tokio::time::timeout(Duration::from_secs(5), TcpStream::connect(authority)).await??;
        stream.set_nodelay(true)?;
        let (send, connection) = client::Builder::new()
            .initial_window_size(WINDOW_BYTES)
            .initial_connection_window_size(2 * WINDOW_BYTES)
            .max_concurrent_reset_streams(100_000)
            .handshake(stream)
            .await
            .map_err(io::Error::other)?;
        tokio::task::spawn_local(async move {
            // Its end shows as an error in every call.
            let _closed = connection.await;
        });
        let mut headers = HeaderMap::new();
        headers.insert("te", HeaderValue::from_static("trailers"));
        headers.insert("content-type", HeaderValue::from_static("application/grpc"));
        headers.insert(
            "user-agent",
            HeaderValue::from_static(concat!("weir-bench/", env!("CARGO_PKG_VERSION"))),
        );
        Ok(Self { send, headers, authority: authority.to_owned() })
    }

    /// The path of a call, made once and used often.
    pub(crate) fn path(&self, call: &str) -> Uri {
        let text = format!("http://{}/gateway_protocol.Gateway/{call}", self.authority);
        text.parse().unwrap_or_else(|error| unreachable!("{text}: {error}"))
    }

    /// One question, one answer.
    pub(crate) async fn call<A: Message + Default>(
        &self,
        path: &Uri,
        question: &impl Message,
    ) -> Result<A, Refused> {
        let mut answers = self.open(path, question).await?;
        match answers.next().await? {
            Some(answer) => {
                // The status comes behind the answer; until it is there the call has not succeeded.
                answers.finish().await?;
                Ok(answer)
            }
            None => Err(Refused::broken("the server ended the call without an answer")),
        }
    }

    /// One question, many answers.
    pub(crate) async fn open(&self, path: &Uri, question: &impl Message) -> Result<Answers, Refused> {
        let mut send = self.send.clone().ready().await.map_err(Refused::broken)?;
        let mut request = Request::new(());
        *request.method_mut() = Method::POST;
        *request.uri_mut() = path.clone();
        *request.headers_mut() = self.headers.clone();
        let (response, mut body) = send.send_request(request, false).map_err(Refused::broken)?;
        body.send_data(frame(question), true).map_err(Refused::broken)?;
        let response = response.await.map_err(Refused::broken)?;
        // A refusal without an answer has its status in the headers.
        check(response.headers())?;
        Ok(Answers { stream: response.into_body(), buffer: BytesMut::new() })
    }
}

/// A message with gRPC's prefix.
fn frame(message: &impl Message) -> Bytes {
    let length = message.encoded_len();
    let mut buffer = BytesMut::with_capacity(PREFIX_BYTES + length);
    buffer.put_u8(0);
    buffer.put_u32(u32::try_from(length).unwrap_or(u32::MAX));
    message.encode_raw(&mut buffer);
    buffer.freeze()
}

/// An error where headers or trailers hold a status that is not OK.
fn check(headers: &HeaderMap) -> Result<(), Refused> {
    let Some(status) = headers.get("grpc-status") else { return Ok(()) };
    let code = status.to_str().ok().and_then(|text| text.parse().ok()).unwrap_or(2);
    if code == 0 {
        return Ok(());
    }
    let message = headers
        .get("grpc-message")
        .filter(|_| code != Refused::BUSY)
        .map_or(String::new(), |text| String::from_utf8_lossy(text.as_bytes()).replace("%20", " "));
    Err(Refused { code, message })
}

/// The answers to one question, as they come.
#[derive(Debug)]
pub(crate) struct Answers {
    stream: RecvStream,
    buffer: BytesMut,
}

impl Answers {
    /// The next answer; `None` when the server has ended the call well.
    pub(crate) async fn next<A: Message + Default>(&mut self) -> Result<Option<A>, Refused> {
        loop {
            if let Some(message) = self.take()? {
                return A::decode(message).map(Some).map_err(Refused::broken);
            }
            if !self.read().await? {
                return self.trailers().await.map(|()| None);
            }
        }
    }

    /// Reads the call to its end.
    async fn finish(&mut self) -> Result<(), Refused> {
        while self.read().await? {}
        self.trailers().await
    }

    /// A whole message out of the buffer.
    fn take(&mut self) -> Result<Option<Bytes>, Refused> {
        let Some((prefix, rest)) = self.buffer.split_first_chunk::<PREFIX_BYTES>() else { return Ok(None) };
        let [compressed, length @ ..] = *prefix;
        let length = usize::try_from(u32::from_be_bytes(length)).unwrap_or(usize::MAX);
        if compressed != 0 || length > ANSWER_BYTES {
            return Err(Refused::broken("the server's answer is compressed or too large"));
        }
        if rest.len() < length {
            return Ok(None);
        }
        let mut message = self.buffer.split_to(PREFIX_BYTES + length);
        Ok(Some(message.split_off(PREFIX_BYTES).freeze()))
    }

    /// Reads more bytes; false at the end.
    async fn read(&mut self) -> Result<bool, Refused> {
        let Some(data) = self.stream.data().await else { return Ok(false) };
        let data = data.map_err(Refused::broken)?;
        self.stream.flow_control().release_capacity(data.len()).map_err(Refused::broken)?;
        self.buffer.extend_from_slice(&data);
        Ok(true)
    }

    async fn trailers(&mut self) -> Result<(), Refused> {
        let trailers =
            poll_fn(|context| self.stream.poll_trailers(context)).await.map_err(Refused::broken)?;
        trailers.as_ref().map_or(Ok(()), check)
    }
}
