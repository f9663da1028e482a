//! `/jobs`: activation, and what a worker reports.

use axum::{extract::State, http::StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use weir_engine::{
    command::{self as engine, Command, FailJob, ThrowError},
    key::JobKey,
};

use super::body::{Answer, Json, Key, Optional, PathKey, Variables, operation_reference, raw, required};
use crate::{
    door::Door,
    failure::Failure,
    request::{self, Activation, DEFAULT_TENANT, not_yet},
    undelivered::Undelivered,
};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct ActivationRequest {
    r#type: Option<String>,
    worker: Option<String>,
    timeout: Option<i64>,
    max_jobs_to_activate: Option<i32>,
    fetch_variable: Option<Vec<String>>,
    request_timeout: Option<i64>,
    tenant_ids: Option<Vec<String>>,
    /// There is one tenant only: whichever way it is chosen, it is that one.
    #[serde(rename = "tenantFilter")]
    _tenant_filter: Option<String>,
    /// Leases are granted by no version of Weir yet; a job without one is completed without one.
    #[serde(rename = "withLease")]
    _with_lease: Option<bool>,
}

impl ActivationRequest {
    fn parse(&self) -> Result<engine::ActivateJobs, Failure> {
        let jobs = Activation {
            job_type: self.r#type.as_deref().unwrap_or_default(),
            worker: self.worker.as_deref().unwrap_or_default(),
            timeout_ms: self.timeout.unwrap_or(0),
            max_jobs: self.max_jobs_to_activate.unwrap_or(0),
            fetch_variables: self.fetch_variable.as_deref().unwrap_or_default(),
            tenants: self.tenant_ids.as_deref().unwrap_or_default(),
        };
        jobs.parse()
    }
}

#[derive(Serialize)]
pub(super) struct Activated {
    jobs: Vec<ActivatedJob>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ActivatedJob {
    r#type: String,
    process_definition_id: String,
    process_definition_version: i32,
    element_id: String,
    custom_headers: Box<RawValue>,
    worker: String,
    retries: i32,
    deadline: i64,
    variables: Box<RawValue>,
    tenant_id: &'static str,
    job_key: Key,
    process_instance_key: Key,
    process_definition_key: Key,
    element_instance_key: Key,
    kind: &'static str,
    listener_event_type: &'static str,
    user_task: Option<()>,
    tags: [&'static str; 0],
    root_process_instance_key: Option<Key>,
}

pub(super) async fn activate(
    State(door): State<Door>,
    Json(body): Json<ActivationRequest>,
) -> Result<Answer<Activated>, Failure> {
    let wait = request::long_poll(body.request_timeout.unwrap_or(0));
    let mut batches = door.node.activate_jobs(body.parse()?, wait);
    let mut jobs = Undelivered::new(&door);
    let mut stopped = std::pin::pin!(door.stop.stopped());
    while let Some(batch) = tokio::select! { batch = batches.next() => batch, () = &mut stopped => None } {
        match batch {
            Ok(batch) => jobs.add(batch),
            Err(error) if jobs.is_empty() => return Err(Failure::of("ACTIVATE", error)),
            Err(_) => break,
        }
    }
    let jobs = jobs.deliver().into_iter().map(render).collect::<Result<_, _>>()?;
    Ok(Answer(Activated { jobs }))
}

fn render(job: engine::ActivatedJob) -> Result<ActivatedJob, Failure> {
    Ok(ActivatedJob {
        r#type: (*job.job_type).into(),
        process_definition_id: (*job.process_id).into(),
        process_definition_version: job.process_version,
        element_id: (*job.element_id).into(),
        custom_headers: raw((*job.headers).into())?,
        worker: (*job.worker).into(),
        retries: job.retries,
        deadline: job.deadline_ms,
        variables: raw(job.variables)?,
        tenant_id: DEFAULT_TENANT,
        job_key: Key(job.key.0),
        process_instance_key: Key(job.process_instance.0),
        process_definition_key: Key(job.process.0),
        element_instance_key: Key(job.element_instance.0),
        kind: "BPMN_ELEMENT",
        listener_event_type: "UNSPECIFIED",
        user_task: None,
        tags: [],
        root_process_instance_key: None,
    })
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Completion {
    #[serde(default)]
    variables: Variables,
    result: Option<JobResult>,
    lease_token: Option<String>,
}

/// What a listener's or an ad-hoc sub-process's job says beyond variables.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct JobResult {
    #[serde(rename = "type")]
    _kind: Option<String>,
    denied: Option<bool>,
    #[serde(rename = "deniedReason")]
    _denied_reason: Option<String>,
    corrections: Option<Box<RawValue>>,
    activate_elements: Option<Vec<Box<RawValue>>>,
    is_completion_condition_fulfilled: Option<bool>,
    is_cancel_remaining_instances: Option<bool>,
}

impl JobResult {
    /// Whether it asks for anything: some clients send an empty one with every completion.
    fn says_something(&self) -> bool {
        self.denied == Some(true)
            || self.corrections.as_ref().is_some_and(|given| given.get() != "{}")
            || self.activate_elements.as_ref().is_some_and(|given| !given.is_empty())
            || self.is_completion_condition_fulfilled == Some(true)
            || self.is_cancel_remaining_instances == Some(true)
    }
}

pub(super) async fn complete(
    State(door): State<Door>,
    PathKey(key): PathKey,
    Optional(body): Optional<Completion>,
) -> Result<StatusCode, Failure> {
    not_yet(body.result.is_some_and(|result| result.says_something()), "a job result beyond variables")?;
    not_yet(body.lease_token.is_some(), "a lease token")?;
    let variables = body.variables.document()?;
    door.carry_out(Command::CompleteJob { job: JobKey(key), variables }).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Failing {
    retries: Option<i32>,
    error_message: Option<String>,
    retry_back_off: Option<i64>,
    #[serde(default)]
    variables: Variables,
    lease_token: Option<String>,
}

pub(super) async fn fail(
    State(door): State<Door>,
    PathKey(key): PathKey,
    Optional(body): Optional<Failing>,
) -> Result<StatusCode, Failure> {
    not_yet(body.lease_token.is_some(), "a lease token")?;
    let failed = FailJob {
        job: JobKey(key),
        retries: body.retries.unwrap_or(0),
        error_message: body.error_message.unwrap_or_default().into(),
        backoff_ms: body.retry_back_off.unwrap_or(0),
        variables: body.variables.document()?,
    };
    door.carry_out(Command::FailJob(failed)).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Error {
    error_code: Option<String>,
    error_message: Option<String>,
    #[serde(default)]
    variables: Variables,
    lease_token: Option<String>,
}

pub(super) async fn throw_error(
    State(door): State<Door>,
    PathKey(key): PathKey,
    Json(body): Json<Error>,
) -> Result<StatusCode, Failure> {
    not_yet(body.lease_token.is_some(), "a lease token")?;
    let thrown = ThrowError {
        job: JobKey(key),
        error_code: request::name("errorCode", required("errorCode", body.error_code.as_deref())?)?,
        error_message: body.error_message.unwrap_or_default().into(),
        variables: body.variables.document()?,
    };
    door.carry_out(Command::ThrowError(thrown)).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Update {
    changeset: Changeset,
    operation_reference: Option<i64>,
    lease_token: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Changeset {
    retries: Option<i32>,
    timeout: Option<i64>,
    priority: Option<i32>,
}

pub(super) async fn update(
    State(door): State<Door>,
    PathKey(key): PathKey,
    Json(Update { changeset, operation_reference: reference, lease_token }): Json<Update>,
) -> Result<StatusCode, Failure> {
    operation_reference(reference)?;
    not_yet(lease_token.is_some(), "a lease token")?;
    not_yet(changeset.priority.is_some(), "a job's priority")?;
    let Changeset { retries, timeout: timeout_ms, priority: _ } = changeset;
    if let (None, None) = (retries, timeout_ms) {
        return Err(Failure::Invalid("At least one of [retries, timeout] is required.".into()));
    }
    door.carry_out(Command::UpdateJob { job: JobKey(key), retries, timeout_ms }).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[cfg(test)]
mod tests {
    use expect_test::expect;
    use weir_engine::key::{ElementKey, ProcessKey};

    use super::*;

    #[test]
    fn a_job_reads_like_the_contract() {
        let job = engine::ActivatedJob {
            key: JobKey(1),
            job_type: "pay".into(),
            process_instance: ElementKey(2),
            process_id: "order".into(),
            process_version: 3,
            process: ProcessKey(4),
            element_id: "task".into(),
            element_instance: ElementKey(5),
            headers: r#"{"h":"v"}"#.into(),
            worker: "w".into(),
            retries: 6,
            deadline_ms: 7,
            variables: r#"{"a":1.0}"#.into(),
        };
        let Ok(job) = render(job) else { panic!("well-formed") };
        expect![[r#"{"type":"pay","processDefinitionId":"order","processDefinitionVersion":3,"elementId":"task","customHeaders":{"h":"v"},"worker":"w","retries":6,"deadline":7,"variables":{"a":1.0},"tenantId":"<default>","jobKey":"1","processInstanceKey":"2","processDefinitionKey":"4","elementInstanceKey":"5","kind":"BPMN_ELEMENT","listenerEventType":"UNSPECIFIED","userTask":null,"tags":[],"rootProcessInstanceKey":null}"#]].assert_eq(&serde_json::to_string(&job).unwrap());
    }

    #[test]
    fn an_activation_needs_type_timeout_and_number() {
        let parsed = |body: &str| match serde_json::from_str::<ActivationRequest>(body).unwrap().parse() {
            Ok(activation) => format!("{activation:?}"),
            Err(failure) => failure.detail(),
        };
        expect![[r#"ActivateJobs { job_type: "t", worker: "w", timeout_ms: 5, max_jobs: 3, fetch_variables: ["a"], max_bytes: 4128768 }"#]].assert_eq(&parsed(
            r#"{"type":"t","worker":"w","timeout":5,"maxJobsToActivate":3,"fetchVariable":["a"],"tenantFilter":"assigned"}"#,
        ));
        expect!["Command 'ACTIVATE' rejected with code 'INVALID_ARGUMENT': Expected to activate job batch with type to be present, but it was blank"].assert_eq(&parsed("{}"));
        expect!["Command 'ACTIVATE' rejected with code 'INVALID_ARGUMENT': Expected to activate job batch with timeout to be greater than zero, but it was '0'"].assert_eq(&parsed(r#"{"type":"t"}"#));
        expect!["Command 'ACTIVATE' rejected with code 'INVALID_ARGUMENT': Expected to activate job batch with max jobs to activate to be greater than zero, but it was '0'"].assert_eq(&parsed(r#"{"type":"t","timeout":1}"#));
    }

    #[test]
    fn an_empty_job_result_is_no_result() {
        let says = |result: &str| serde_json::from_str::<JobResult>(result).unwrap().says_something();
        assert!(!says(r#"{"type":"userTask","denied":false,"deniedReason":"","corrections":{}}"#));
        assert!(says(r#"{"type":"userTask","denied":true}"#));
        assert!(says(r#"{"corrections":{"assignee":"me"}}"#));
        assert!(says(r#"{"type":"adHocSubProcess","activateElements":[{"elementId":"e"}]}"#));
    }
}
