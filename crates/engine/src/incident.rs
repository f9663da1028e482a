//! Incidents: what stopped an element instance, visible until somebody resolves it.

use crate::{
    command::Reply,
    event::{Event, JobFreedReason},
    job,
    key::{ElementKey, IncidentKey},
    limits,
    rejection::Rejection,
    state::row::{Incident, IncidentKind, Phase},
    step::Step,
    tx::{Failure, Tx},
};

/// Holds an element instance because of a failure.
pub(crate) fn raise(tx: &mut Tx<'_>, element: ElementKey, failure: Failure) {
    raise_for(tx, element, None, failure);
}

/// Holds an element instance and its job.
pub(crate) fn raise_for(
    tx: &mut Tx<'_>,
    element: ElementKey,
    job: Option<crate::key::JobKey>,
    failure: Failure,
) {
    let key = IncidentKey(tx.next_key());
    let message = cut(failure.message, limits::MESSAGE_TEXT_BYTES).into();
    tx.emit(Event::IncidentCreated { key, incident: Incident { kind: failure.kind, message, element, job } });
}

/// `text`, at most so many bytes long.
pub(crate) fn cut(mut text: String, bytes: usize) -> String {
    if text.len() > bytes {
        let mut end = bytes;
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        text.truncate(end);
    }
    text
}

/// Carries out [`crate::command::Command::ResolveIncident`].
pub(crate) fn resolve(tx: &mut Tx<'_>, key: IncidentKey) {
    let Some(incident) = tx.state().incidents.get(&key) else {
        let reason = format!("Expected to resolve incident with key '{key}', but no such incident was found");
        return tx.answer(Err(Rejection::not_found(reason)));
    };
    if let Some(job) = incident.job {
        if tx.state().jobs.get(&job).is_some_and(|job| job.retries <= 0) {
            let reason = format!(
                "Expected to resolve incident with key '{key}', but job with key '{job}' has no retries left. \
                 Please update the job retries and retry resolving the incident"
            );
            return tx.answer(Err(Rejection::state(reason)));
        }
        tx.emit(Event::IncidentResolved(key));
        tx.emit(Event::JobFreed { key: job, reason: JobFreedReason::IncidentResolved });
        job::offer(tx, job);
        return tx.answer(Ok(Reply::Done));
    }
    tx.emit(Event::IncidentResolved(key));
    match tx.state().elements.get(&incident.element).map(|row| row.phase) {
        Some(Phase::Activating) => tx.then(Step::Activate(incident.element)),
        Some(Phase::Completing | Phase::Active) => tx.then(Step::Complete(incident.element)),
        Some(Phase::Terminating) | None => {}
    }
    tx.answer(Ok(Reply::Done));
}

/// The kinds whose incident belongs to a job.
pub(crate) fn no_retries(message: &str) -> Failure {
    let message = if message.is_empty() { "No more retries left." } else { message };
    Failure::new(IncidentKind::JobNoRetries, message)
}
