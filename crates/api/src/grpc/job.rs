//! Everything about jobs: activation by call and by stream, and what a worker reports.

use std::pin::Pin;

use futures_util::{Stream, StreamExt, stream};
use tonic::Status;
use weir_engine::{
    command::{self as engine, Command, FailJob, ThrowError},
    key::JobKey,
};
use weir_node::{JobStreamSpec, SubmitError};

use super::job_stream::Jobs;
use crate::{
    door::Door,
    failure::Failure,
    proto::{
        ActivateJobsRequest, ActivateJobsResponse, ActivatedJob, CompleteJobRequest, CompleteJobResponse,
        FailJobRequest, FailJobResponse, JobResult, StreamActivatedJobsRequest, ThrowErrorRequest,
        ThrowErrorResponse, UpdateJobRetriesRequest, UpdateJobRetriesResponse, UpdateJobTimeoutRequest,
        UpdateJobTimeoutResponse,
        activated_job::{JobKind, ListenerEventType},
    },
    request::{self, Activation, DEFAULT_TENANT},
};

/// Answers of a call that has several.
pub(super) type Answers<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

/// One message per partition that had jobs. What is not taken is given back when the call ends.
pub(super) fn activate(
    door: &Door,
    asked: &ActivateJobsRequest,
) -> Result<Answers<ActivateJobsResponse>, Failure> {
    request::worker(&asked.worker)?;
    let jobs = Activation {
        job_type: &asked.r#type,
        worker: &asked.worker,
        timeout_ms: asked.timeout,
        max_jobs: asked.max_jobs_to_activate,
        fetch_variables: &asked.fetch_variable,
        tenants: &asked.tenant_ids,
    };
    let batches = door.node.activate_jobs(jobs.parse()?, request::long_poll(asked.request_timeout));
    let answers = stream::unfold(batches, |mut batches| async { Some((batches.next().await?, batches)) });
    Ok(Box::pin(answers.map(batch).take_until(door.stop.stopped())))
}

fn batch(jobs: Result<Vec<engine::ActivatedJob>, SubmitError>) -> Result<ActivateJobsResponse, Status> {
    let jobs = jobs.map_err(|error| Failure::of("ACTIVATE", error))?;
    Ok(ActivateJobsResponse { jobs: jobs.into_iter().map(render).collect() })
}

/// Jobs as they become available. The transport asks for the next one only when the client's window has room.
pub(super) fn stream(
    door: &Door,
    asked: &StreamActivatedJobsRequest,
) -> Result<Answers<ActivatedJob>, Failure> {
    request::tenants(&asked.tenant_ids)?;
    request::job_type(&asked.r#type)?;
    request::timeout(asked.timeout)?;
    let spec = JobStreamSpec {
        job_type: request::name("type", &asked.r#type)?,
        worker: request::name("worker", &asked.worker)?,
        timeout_ms: asked.timeout,
        fetch_variables: request::names("fetchVariable", &asked.fetch_variable)?,
    };
    let answers = Jobs::open(&door.node, spec).map(|job| Ok(render(job)));
    let end = stream::once(async {
        Err(Failure::Unavailable("the server is stopping; open the stream again".into()).into())
    });
    Ok(Box::pin(answers.take_until(door.stop.stopped()).chain(end)))
}

pub(super) async fn complete(door: &Door, asked: CompleteJobRequest) -> Result<CompleteJobResponse, Failure> {
    request::not_yet(asked.result.as_ref().is_some_and(says_something), "a job result beyond variables")?;
    request::not_yet(asked.business_id.is_some(), "a business id on completion")?;
    let variables = request::document(&asked.variables)?;
    door.carry_out(Command::CompleteJob { job: job(asked.job_key), variables }).await?;
    Ok(CompleteJobResponse {})
}

pub(super) async fn fail(door: &Door, asked: FailJobRequest) -> Result<FailJobResponse, Failure> {
    let failed = FailJob {
        job: job(asked.job_key),
        retries: asked.retries,
        error_message: asked.error_message.into(),
        backoff_ms: asked.retry_back_off,
        variables: request::document(&asked.variables)?,
    };
    door.carry_out(Command::FailJob(failed)).await?;
    Ok(FailJobResponse {})
}

pub(super) async fn throw_error(
    door: &Door,
    asked: ThrowErrorRequest,
) -> Result<ThrowErrorResponse, Failure> {
    let thrown = ThrowError {
        job: job(asked.job_key),
        error_code: request::name("errorCode", &asked.error_code)?,
        error_message: asked.error_message.into(),
        variables: request::document(&asked.variables)?,
    };
    door.carry_out(Command::ThrowError(thrown)).await?;
    Ok(ThrowErrorResponse {})
}

pub(super) async fn update_retries(
    door: &Door,
    asked: UpdateJobRetriesRequest,
) -> Result<UpdateJobRetriesResponse, Failure> {
    let (job, retries) = (job(asked.job_key), Some(asked.retries));
    door.carry_out(Command::UpdateJob { job, retries, timeout_ms: None }).await?;
    Ok(UpdateJobRetriesResponse {})
}

pub(super) async fn update_timeout(
    door: &Door,
    asked: UpdateJobTimeoutRequest,
) -> Result<UpdateJobTimeoutResponse, Failure> {
    let (job, timeout_ms) = (job(asked.job_key), Some(asked.timeout));
    door.carry_out(Command::UpdateJob { job, retries: None, timeout_ms }).await?;
    Ok(UpdateJobTimeoutResponse {})
}

fn job(key: i64) -> JobKey {
    JobKey(key as u64)
}

/// Whether a result asks for anything: some clients send an empty one with every completion.
fn says_something(result: &JobResult) -> bool {
    result.denied == Some(true)
        || result.corrections.is_some()
        || !result.activate_elements.is_empty()
        || result.is_completion_condition_fulfilled == Some(true)
        || result.is_cancel_remaining_instances == Some(true)
}

fn render(job: engine::ActivatedJob) -> ActivatedJob {
    ActivatedJob {
        key: job.key.0 as i64,
        r#type: (*job.job_type).into(),
        process_instance_key: job.process_instance.0 as i64,
        bpmn_process_id: (*job.process_id).into(),
        process_definition_version: job.process_version,
        process_definition_key: job.process.0 as i64,
        element_id: (*job.element_id).into(),
        element_instance_key: job.element_instance.0 as i64,
        custom_headers: (*job.headers).into(),
        worker: (*job.worker).into(),
        retries: job.retries,
        deadline: job.deadline_ms,
        variables: job.variables,
        tenant_id: DEFAULT_TENANT.into(),
        user_task: None,
        kind: JobKind::BpmnElement as i32,
        listener_event_type: ListenerEventType::Unspecified as i32,
        tags: Vec::new(),
        priority: 0,
        business_id: String::new(),
        lease_token: None,
        physical_tenant_id: String::new(),
    }
}
