//! The gRPC contract as Rust types, generated from `proto/gateway.proto`: messages, `gateway_server`, `gateway_client`.
#![expect(
    missing_docs,
    clippy::allow_attributes,
    clippy::allow_attributes_without_reason,
    reason = "generated code"
)]

tonic::include_proto!("gateway_protocol");

/// What Weir offers beyond that contract, generated from `proto/weir.proto`.
pub mod weir {
    tonic::include_proto!("weir.v1");
}
