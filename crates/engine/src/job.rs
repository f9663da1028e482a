//! Jobs: work for the outside, handed to one worker at a time.

use std::sync::Arc;

use weir_bpmn::process::{ElementKind, JobDefinition};
use weir_canary::{Canary, planted};
use weir_feel::Value;

use crate::{
    command::{ActivateJobs, ActivatedJob, Activation, FailJob, Reply, ThrowError},
    document::{Document, json_string},
    error,
    event::{Event, JobFreedReason},
    expression, flow, incident,
    key::JobKey,
    limits, payload,
    rejection::Rejection,
    state::row::{IncidentKind, Job, JobPhase},
    step::Step,
    tx::{At, Failure, Taker, Tx},
    variable,
};

/// Makes an element instance wait for a worker.
pub(crate) fn create(tx: &mut Tx<'_>, at: &At, definition: &JobDefinition) -> Result<flow::Next, Failure> {
    let job_type = expression::text(tx, &definition.job_type, Some(at.key))?;
    let retries = expression::number(tx, &definition.retries, Some(at.key))?;
    let headers = evaluated_headers(tx, at, definition)?;
    flow::activated(tx, at);
    let key = JobKey(tx.next_key());
    let retries = retries.clamp(i64::from(i32::MIN), i64::from(i32::MAX)) as i32;
    let phase = JobPhase::Activatable;
    let job = Job { job_type, element: at.key, retries, phase, worker: None, due_ms: 0, headers };
    tx.emit(Event::JobCreated { key, job });
    offer(tx, key);
    Ok(flow::Next::Wait)
}

/// All headers of a job, where the model has some that are evaluated when the job is made: a null is left out, what is
/// no text is written as JSON text.
fn evaluated_headers(tx: &Tx<'_>, at: &At, definition: &JobDefinition) -> Result<Option<Arc<str>>, Failure> {
    let mut evaluated = Vec::new();
    for (name, expression) in &definition.evaluated_headers {
        let text = match expression::evaluate(tx, expression, Some(at.key), &[])?.value {
            Value::Null => continue,
            Value::String(text) => text,
            other => other.to_json().into(),
        };
        evaluated.push((name.clone(), json_string(&text)));
    }
    if evaluated.is_empty() {
        return Ok(None);
    }
    // The model's own headers were written by us: an object, empty or not.
    let own = definition.headers.trim_start_matches('{').trim_end_matches('}');
    let mut all = Document(evaluated).to_json();
    if !own.is_empty() {
        all.insert(1, ',');
        all.insert_str(1, own);
    }
    Ok(Some(all.into()))
}

/// Hands a free job to a worker that waits for its type, if there is one.
pub(crate) fn offer(tx: &mut Tx<'_>, key: JobKey) {
    let Some(job) = tx.state().jobs.get(&key).filter(|job| job.phase == JobPhase::Activatable) else {
        return;
    };
    let Some(taker) = tx.take_demand(&job.job_type) else { return };
    hand_out(tx, key, &taker);
}

fn hand_out(tx: &mut Tx<'_>, key: JobKey, taker: &Taker) {
    let deadline_ms = tx.now_ms.saturating_add(taker.timeout_ms.min(limits::DURATION_MS));
    tx.emit(Event::JobActivated { key, worker: taker.worker.clone(), deadline_ms });
    let Some(job) = activated(tx, key, &taker.fetch_variables) else { return };
    let size = job.size_bytes();
    if size > limits::ACTIVATION_BYTES {
        return too_large(tx, key, size);
    }
    tx.push(taker.id, job);
}

/// Hands out resting jobs of a type to workers that wait for it, as many as one batch holds; the others when it is their turn
/// again.
pub(crate) fn hand_out_free(tx: &mut Tx<'_>, job_type: &Arc<str>) {
    while let Some(key) = next_free(tx, job_type, JobKey(0)) {
        if tx.is_full() {
            return tx.then(Step::HandOut(job_type.clone()));
        }
        let Some(taker) = tx.take_demand(job_type) else { return };
        hand_out(tx, key, &taker);
    }
}

fn next_free(tx: &Tx<'_>, job_type: &Arc<str>, from: JobKey) -> Option<JobKey> {
    let mut free = tx.state().job_queue.beginning(job_type.clone(), (job_type.clone(), from));
    free.next().map(|((_, key), _)| key)
}

/// The job as its worker receives it.
fn activated(tx: &Tx<'_>, key: JobKey, fetch: &[Arc<str>]) -> Option<ActivatedJob> {
    let job = tx.state().jobs.get(&key)?;
    let at = tx.at(job.element)?;
    let definition = tx.state().processes.get(&at.row.process)?;
    Some(ActivatedJob {
        key,
        job_type: job.job_type.clone(),
        process_instance: at.row.process_instance,
        process_id: definition.id.clone(),
        process_version: definition.version,
        process: at.row.process,
        element_id: at.element().id.clone(),
        element_instance: job.element,
        headers: job.headers.clone().unwrap_or_else(|| headers_of(&at.element().kind)),
        worker: job.worker.clone().unwrap_or_default(),
        retries: job.retries,
        deadline_ms: job.due_ms,
        variables: variable::visible(tx, job.element, fetch),
    })
}

fn headers_of(kind: &ElementKind) -> Arc<str> {
    match crate::element::job_definition(kind) {
        Some(definition) => definition.headers.clone(),
        None => "{}".into(),
    }
}

/// Carries out [`crate::command::Command::ActivateJobs`].
pub(crate) fn activate(tx: &mut Tx<'_>, asked: ActivateJobs) {
    if asked.timeout_ms < 1 || asked.max_jobs < 1 || asked.job_type.is_empty() {
        let reason = "Expected to activate jobs with a type, a time-out and a number greater than zero";
        return tx.answer(Err(Rejection::invalid(reason)));
    }
    let deadline_ms = tx.now_ms.saturating_add(asked.timeout_ms.min(limits::DURATION_MS));
    let max_jobs = asked.max_jobs.min(limits::JOBS_PER_ACTIVATION);
    let max_bytes = asked.max_bytes.min(limits::ACTIVATION_BYTES);
    let (mut jobs, mut bytes, mut truncated, mut from) = (Vec::new(), 0, false, JobKey(0));
    while jobs.len() < max_jobs {
        let Some(key) = next_free(tx, &asked.job_type, from) else { break };
        from = JobKey(key.0 + 1);
        let Some(mut job) = activated(tx, key, &asked.fetch_variables) else { break };
        let size = job.size_bytes();
        if size > max_bytes {
            too_large(tx, key, size);
            continue;
        }
        if bytes + size > max_bytes {
            truncated = true;
            break;
        }
        bytes += size;
        tx.emit(Event::JobActivated { key, worker: asked.worker.clone(), deadline_ms });
        job.worker = asked.worker.clone();
        job.deadline_ms = deadline_ms;
        jobs.push(job);
    }
    tx.answer(Ok(Reply::JobsActivated { jobs, truncated }));
}

fn too_large(tx: &mut Tx<'_>, key: JobKey, size: usize) {
    let Some(job) = tx.state().jobs.get(&key) else { return };
    tx.emit(Event::JobFailed { key, retries: job.retries, retry_at_ms: None, message: "".into() });
    let message = format!(
        "The job with key '{key}' can not be activated, because with {size} bytes it is larger than the configured message \
         size (per default is 4 MB). Try to reduce the size by reducing the number of fetched variables or modifying the \
         variable values."
    );
    incident::raise_for(tx, job.element, Some(key), Failure::new(IncidentKind::MessageSizeExceeded, message));
}

/// A job that may be completed, failed or thrown from; otherwise the refusal, with `verb` in its text.
fn workable(tx: &Tx<'_>, key: JobKey, verb: &str) -> Result<Arc<Job>, Rejection> {
    let Some(job) = tx.state().jobs.get(&key) else {
        return Err(Rejection::not_found(format!(
            "Expected to {verb} job with key '{key}', but no such job was found"
        )));
    };
    let phase = match job.phase {
        JobPhase::Activatable | JobPhase::Activated => return Ok(job),
        JobPhase::Failed | JobPhase::ErrorThrown if planted(Canary::LateCompletionTaken) => return Ok(job),
        JobPhase::Failed => "FAILED",
        JobPhase::ErrorThrown => "ERROR_THROWN",
    };
    Err(Rejection::state(format!("Expected to {verb} job with key '{key}', but it is in state '{phase}'")))
}

/// Carries out [`crate::command::Command::CompleteJob`].
pub(crate) fn complete(tx: &mut Tx<'_>, key: JobKey, variables: Document) {
    let job = match workable(tx, key, "complete") {
        Ok(job) => job,
        Err(rejection) => {
            if planted(Canary::RefusedChangesStay) {
                tx.emit(Event::JobRetriesUpdated { key, retries: 99 });
            }
            return tx.answer(Err(rejection));
        }
    };
    if let Err(rejection) = payload::check_addition(tx, job.element, &variables.0, false) {
        return tx.answer(Err(rejection));
    }
    tx.emit(Event::JobCompleted(key));
    if let Some(at) = tx.at(job.element) {
        variable::receive(tx, &at, variables.0);
        tx.then(Step::Complete(job.element));
    }
    tx.answer(Ok(Reply::Done));
}

/// Carries out [`crate::command::Command::FailJob`].
pub(crate) fn fail(tx: &mut Tx<'_>, failed: FailJob) {
    let key = failed.job;
    let job = match workable(tx, key, "fail") {
        Ok(job) => job,
        Err(rejection) => return tx.answer(Err(rejection)),
    };
    if let Err(rejection) = payload::check_addition(tx, job.element, &failed.variables.0, true) {
        return tx.answer(Err(rejection));
    }
    let message: Arc<str> =
        failed.error_message.chars().take(limits::ERROR_MESSAGE_CHARS).collect::<String>().into();
    let backoff_ms = failed.backoff_ms.clamp(0, limits::DURATION_MS);
    let retry_at_ms = (failed.retries > 0).then(|| tx.now_ms.saturating_add(backoff_ms));
    tx.emit(Event::JobFailed { key, retries: failed.retries, retry_at_ms, message: message.clone() });
    variable::set_local(tx, job.element, failed.variables.0);
    if failed.retries <= 0 {
        incident::raise_for(tx, job.element, Some(key), incident::no_retries(&message));
    } else if backoff_ms == 0 {
        tx.emit(Event::JobFreed { key, reason: JobFreedReason::BackoffElapsed });
        offer(tx, key);
    }
    tx.answer(Ok(Reply::Done));
}

/// Carries out [`crate::command::Command::ThrowError`].
pub(crate) fn throw(tx: &mut Tx<'_>, thrown: ThrowError) {
    let key = thrown.job;
    let job = match workable(tx, key, "throw an error for") {
        Ok(job) => job,
        Err(rejection) => return tx.answer(Err(rejection)),
    };
    if let Err(rejection) = payload::check_addition(tx, job.element, &thrown.variables.0, false) {
        return tx.answer(Err(rejection));
    }
    tx.emit(Event::JobErrorThrown(key));
    if let Some(at) = tx.at(job.element) {
        let ThrowError { error_code, error_message, variables, .. } = thrown;
        if let Err(failure) = error::throw(tx, &at, &error_code, &error_message, variables.0) {
            incident::raise_for(tx, job.element, Some(key), failure);
        }
    }
    tx.answer(Ok(Reply::Done));
}

/// Carries out [`crate::command::Command::UpdateJob`].
pub(crate) fn update(tx: &mut Tx<'_>, key: JobKey, retries: Option<i32>, timeout_ms: Option<i64>) {
    if let Err(rejection) = updatable(tx, key, retries, timeout_ms) {
        return tx.answer(Err(rejection));
    }
    if let Some(timeout_ms) = timeout_ms {
        let deadline_ms = tx.now_ms.saturating_add(timeout_ms.min(limits::DURATION_MS));
        tx.emit(Event::JobDeadlineUpdated { key, deadline_ms: deadline_ms.max(1) });
    }
    if let Some(retries) = retries {
        tx.emit(Event::JobRetriesUpdated { key, retries });
    }
    tx.answer(Ok(Reply::Done));
}

/// Whether all that an update asks for can be done. Clients know the sentences of the single changes.
fn updatable(
    tx: &Tx<'_>,
    key: JobKey,
    retries: Option<i32>,
    timeout_ms: Option<i64>,
) -> Result<(), Rejection> {
    if let Some(retries) = retries.filter(|retries| *retries < 1) {
        return Err(Rejection::invalid(format!(
            "Expected to update retries for job with key '{key}' with a positive amount of retries, but the amount given was '{retries}'"
        )));
    }
    let Some(job) = tx.state().jobs.get(&key) else {
        let what = match (retries, timeout_ms) {
            (Some(_), None) => "retries for job",
            (None, Some(_)) => "job deadline",
            (Some(_), Some(_)) | (None, None) => "job",
        };
        return Err(Rejection::not_found(format!(
            "Expected to update {what} with key '{key}', but no such job was found"
        )));
    };
    if timeout_ms.is_some() && job.phase != JobPhase::Activated {
        return Err(Rejection::state(format!(
            "Expected to update the timeout of job with key '{key}', but it is not active"
        )));
    }
    Ok(())
}

/// Carries out [`crate::command::Command::YieldJob`]: an activated job that could not be delivered is free again,
/// unless its time was over meanwhile: then it may be another worker's.
pub(crate) fn hand_back(tx: &mut Tx<'_>, activation: Activation) {
    let Activation { job: key, deadline_ms } = activation;
    let row = tx.state().jobs.get(&key);
    if row.is_some_and(|job| {
        job.phase == JobPhase::Activated
            && (job.due_ms == deadline_ms || planted(Canary::HandedBackByAnother))
    }) {
        tx.emit(Event::JobFreed { key, reason: JobFreedReason::Yielded });
        offer(tx, key);
    }
    tx.answer(Ok(Reply::Done));
}

/// A job's worker ran out of time, or its back-off is over.
pub(crate) fn due(tx: &mut Tx<'_>, key: JobKey) {
    let reason = match tx.state().jobs.get(&key).map(|job| job.phase) {
        Some(JobPhase::Activated) => JobFreedReason::TimedOut,
        Some(JobPhase::Failed) => JobFreedReason::BackoffElapsed,
        Some(JobPhase::Activatable | JobPhase::ErrorThrown) | None => return,
    };
    tx.emit(Event::JobFreed { key, reason });
    offer(tx, key);
}
