//! Every RPC of the contract, and who answers it.

use tonic::{Request, Response, Status, async_trait};

use super::{
    decision, deployment, incident,
    job::{self, Answers},
    message, process_instance, signal,
    status::not_built,
    topology, variable,
};
use crate::{
    door::Door,
    failure::Failure,
    proto::{self as p, gateway_server},
};

/// The gateway service.
pub(super) struct Gateway {
    pub(super) door: Door,
}

type Answer<T> = Result<Response<T>, Status>;

fn answer<T>(outcome: Result<T, Failure>) -> Answer<T> {
    Ok(Response::new(outcome?))
}

#[async_trait]
impl gateway_server::Gateway for Gateway {
    type ActivateJobsStream = Answers<p::ActivateJobsResponse>;
    type StreamActivatedJobsStream = Answers<p::ActivatedJob>;

    async fn activate_jobs(
        &self,
        asked: Request<p::ActivateJobsRequest>,
    ) -> Answer<Self::ActivateJobsStream> {
        answer(job::activate(&self.door, asked.get_ref()))
    }

    async fn stream_activated_jobs(
        &self,
        asked: Request<p::StreamActivatedJobsRequest>,
    ) -> Answer<Self::StreamActivatedJobsStream> {
        answer(job::stream(&self.door, asked.get_ref()))
    }

    async fn cancel_process_instance(
        &self,
        asked: Request<p::CancelProcessInstanceRequest>,
    ) -> Answer<p::CancelProcessInstanceResponse> {
        answer(process_instance::cancel(&self.door, asked.into_inner()).await)
    }

    async fn complete_job(&self, asked: Request<p::CompleteJobRequest>) -> Answer<p::CompleteJobResponse> {
        answer(job::complete(&self.door, asked.into_inner()).await)
    }

    async fn create_process_instance(
        &self,
        asked: Request<p::CreateProcessInstanceRequest>,
    ) -> Answer<p::CreateProcessInstanceResponse> {
        answer(process_instance::create(&self.door, asked.into_inner()).await)
    }

    async fn create_process_instance_with_result(
        &self,
        asked: Request<p::CreateProcessInstanceWithResultRequest>,
    ) -> Answer<p::CreateProcessInstanceWithResultResponse> {
        answer(process_instance::create_with_result(&self.door, asked.into_inner()).await)
    }

    async fn evaluate_decision(
        &self,
        asked: Request<p::EvaluateDecisionRequest>,
    ) -> Answer<p::EvaluateDecisionResponse> {
        answer(decision::evaluate(&self.door, asked.into_inner()).await)
    }

    async fn deploy_process(
        &self,
        asked: Request<p::DeployProcessRequest>,
    ) -> Answer<p::DeployProcessResponse> {
        answer(deployment::deploy_process(&self.door, asked.into_inner()).await)
    }

    async fn deploy_resource(
        &self,
        asked: Request<p::DeployResourceRequest>,
    ) -> Answer<p::DeployResourceResponse> {
        answer(deployment::deploy(&self.door, asked.into_inner()).await)
    }

    async fn fail_job(&self, asked: Request<p::FailJobRequest>) -> Answer<p::FailJobResponse> {
        answer(job::fail(&self.door, asked.into_inner()).await)
    }

    async fn throw_error(&self, asked: Request<p::ThrowErrorRequest>) -> Answer<p::ThrowErrorResponse> {
        answer(job::throw_error(&self.door, asked.into_inner()).await)
    }

    async fn publish_message(
        &self,
        asked: Request<p::PublishMessageRequest>,
    ) -> Answer<p::PublishMessageResponse> {
        answer(message::publish(&self.door, asked.into_inner()).await)
    }

    async fn resolve_incident(
        &self,
        asked: Request<p::ResolveIncidentRequest>,
    ) -> Answer<p::ResolveIncidentResponse> {
        answer(incident::resolve(&self.door, asked.into_inner()).await)
    }

    async fn set_variables(&self, asked: Request<p::SetVariablesRequest>) -> Answer<p::SetVariablesResponse> {
        answer(variable::set(&self.door, asked.into_inner()).await)
    }

    async fn topology(&self, _: Request<p::TopologyRequest>) -> Answer<p::TopologyResponse> {
        answer(Ok(topology::topology(&self.door)))
    }

    async fn update_job_retries(
        &self,
        asked: Request<p::UpdateJobRetriesRequest>,
    ) -> Answer<p::UpdateJobRetriesResponse> {
        answer(job::update_retries(&self.door, asked.into_inner()).await)
    }

    async fn update_job_timeout(
        &self,
        asked: Request<p::UpdateJobTimeoutRequest>,
    ) -> Answer<p::UpdateJobTimeoutResponse> {
        answer(job::update_timeout(&self.door, asked.into_inner()).await)
    }

    async fn delete_resource(
        &self,
        asked: Request<p::DeleteResourceRequest>,
    ) -> Answer<p::DeleteResourceResponse> {
        answer(deployment::delete(&self.door, asked.into_inner()).await)
    }

    async fn modify_process_instance(
        &self,
        _: Request<p::ModifyProcessInstanceRequest>,
    ) -> Answer<p::ModifyProcessInstanceResponse> {
        not_built("ModifyProcessInstance")
    }

    async fn migrate_process_instance(
        &self,
        _: Request<p::MigrateProcessInstanceRequest>,
    ) -> Answer<p::MigrateProcessInstanceResponse> {
        not_built("MigrateProcessInstance")
    }

    async fn broadcast_signal(
        &self,
        asked: Request<p::BroadcastSignalRequest>,
    ) -> Answer<p::BroadcastSignalResponse> {
        answer(signal::broadcast(&self.door, asked.into_inner()).await)
    }

    async fn evaluate_conditional(
        &self,
        _: Request<p::EvaluateConditionalRequest>,
    ) -> Answer<p::EvaluateConditionalResponse> {
        not_built("EvaluateConditional")
    }

    async fn update_job_priority(
        &self,
        _: Request<p::UpdateJobPriorityRequest>,
    ) -> Answer<p::UpdateJobPriorityResponse> {
        not_built("UpdateJobPriority")
    }

    async fn assign_process_instance_business_id(
        &self,
        _: Request<p::AssignProcessInstanceBusinessIdRequest>,
    ) -> Answer<p::AssignProcessInstanceBusinessIdResponse> {
        not_built("AssignProcessInstanceBusinessId")
    }
}
