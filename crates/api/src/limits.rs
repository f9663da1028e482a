//! Every limit of the two faces, with its unit in its name. Each has a test that exceeds it.

use weir_engine::limits::{DEPLOYMENT_BYTES, MAX_DOCUMENT_BYTES};

/// Bytes of one gRPC request: a document or a deployment at its own limit, and what is around it.
pub const GRPC_MESSAGE_BYTES: usize = larger(MAX_DOCUMENT_BYTES, DEPLOYMENT_BYTES) + ENVELOPE_BYTES;
/// Bytes of one REST request's body.
pub const REST_BODY_BYTES: usize = GRPC_MESSAGE_BYTES;
/// Bytes of a gRPC status text as it travels (percent-encoded). Default clients take 8 KiB of headers in all.
pub const STATUS_TEXT_BYTES: usize = 7 * 1024;
/// Milliseconds that an activation waits for jobs where the client leaves it to the server.
pub const LONG_POLL_DEFAULT_MS: i64 = 10_000;
/// Milliseconds that an activation waits for jobs at most.
pub const LONG_POLL_MS: i64 = 24 * 3_600_000;
/// Milliseconds that the answer to a command may take that does not wait for something itself.
pub const REQUEST_MS: u64 = 15_000;
/// Milliseconds that a creation with result waits for the end where the client leaves it to the server.
pub const RESULT_WAIT_DEFAULT_MS: i64 = 15_000;
/// Milliseconds that a creation with result waits for the end at most.
pub const RESULT_WAIT_MS: i64 = 24 * 3_600_000;
/// Jobs on their way to one client of a job stream that it has not taken yet.
pub const JOB_STREAM_JOBS: usize = 512;
/// Clients that follow instances at a time.
pub const FOLLOW_STREAMS: usize = 64;
/// Bytes of durable events that wait for one client that follows instances.
pub const FOLLOW_QUEUE_BYTES: usize = 16 << 20;
/// Element instances, jobs, timers, message subscriptions and incidents that one client follows at a time.
pub const FOLLOWED_ITEMS: usize = 100_000;
/// Calls at a time on one gRPC connection.
pub const CONNECTION_STREAMS: u32 = 10_000;
/// Bytes of the head of one gRPC call.
pub const HEAD_BYTES: u32 = 16 << 10;
/// Milliseconds that a connection may still take to end when the server stops.
pub const DRAIN_MS: u64 = 5_000;

const ENVELOPE_BYTES: usize = 256 * 1024;

const fn larger(a: usize, b: usize) -> usize {
    if a > b { a } else { b }
}
