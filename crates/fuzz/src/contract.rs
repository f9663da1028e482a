//! Bytes where a gRPC request is expected.

use prost::Message;
use weir_api::proto as p;
use weir_engine::document::Document;

/// The requests of the contract: what decodes is encoded and decoded again as the same. Variables go on as documents.
pub fn grpc(bytes: &[u8]) {
    round_trip::<p::ActivateJobsRequest>(bytes);
    round_trip::<p::StreamActivatedJobsRequest>(bytes);
    round_trip::<p::CancelProcessInstanceRequest>(bytes);
    round_trip::<p::CreateProcessInstanceWithResultRequest>(bytes);
    round_trip::<p::DeployResourceRequest>(bytes);
    round_trip::<p::EvaluateDecisionRequest>(bytes);
    round_trip::<p::FailJobRequest>(bytes);
    round_trip::<p::PublishMessageRequest>(bytes);
    round_trip::<p::SetVariablesRequest>(bytes);
    round_trip::<p::ThrowErrorRequest>(bytes);
    if let Ok(request) = p::CreateProcessInstanceRequest::decode(bytes) {
        let _checked = Document::parse(&request.variables);
    }
    if let Ok(request) = p::CompleteJobRequest::decode(bytes) {
        let _checked = Document::parse(&request.variables);
    }
}

/// The bodies of REST, read as every operation reads its own: taken or refused, whatever they hold.
pub fn rest(bytes: &[u8]) {
    let _taken = weir_api::read_as_every_request(bytes);
}

fn round_trip<M: Message + Default + PartialEq>(bytes: &[u8]) {
    if let Ok(message) = M::decode(bytes) {
        let encoded = message.encode_to_vec();
        let again = M::decode(encoded.as_slice());
        // Not compared as values: a NaN is no equal of itself.
        assert!(again.is_ok_and(|again| again.encode_to_vec() == encoded), "not decoded again");
    }
}
