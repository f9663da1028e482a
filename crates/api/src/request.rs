//! What both faces make of a request's values: parsed once, here, into what the engine understands.

use std::{sync::Arc, time::Duration};

use weir_engine::{
    command::{ActivateJobs, DecisionRef, ProcessRef},
    document::{Document, DocumentError},
    key::{DecisionKey, ProcessKey},
    limits::{ACTIVATION_BYTES, NAME_BYTES},
};

use crate::{failure::Failure, limits};

/// The only tenant.
pub(crate) const DEFAULT_TENANT: &str = "<default>";

impl From<DocumentError> for Failure {
    fn from(error: DocumentError) -> Failure {
        Failure::Invalid(error.to_string())
    }
}

/// The variables of a request.
pub(crate) fn document(text: &str) -> Result<Document, Failure> {
    Ok(Document::parse(text)?)
}

/// A name, an id or a code that a client gives.
pub(crate) fn name(field: &str, text: &str) -> Result<Arc<str>, Failure> {
    if text.len() > NAME_BYTES {
        let given = text.len();
        return Err(Failure::Invalid(format!(
            "Expected {field} of at most {NAME_BYTES} bytes, but it has {given} bytes"
        )));
    }
    Ok(text.into())
}

/// Names, as in a list of variables to fetch.
pub(crate) fn names<L: FromIterator<Arc<str>>>(field: &str, texts: &[String]) -> Result<L, Failure> {
    texts.iter().map(|text| name(field, text)).collect()
}

/// A key as it stands in a path or in JSON: digits, perhaps signed.
pub(crate) fn key(text: &str) -> Result<u64, Failure> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let well_formed = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    match text.parse::<i64>() {
        Ok(key) if well_formed => Ok(key as u64),
        Ok(_) | Err(_) => {
            let shown: String = text.chars().take(40).collect();
            Err(Failure::Invalid(format!(
                "The provided key '{shown}' is not a valid key. Expected a numeric value"
            )))
        }
    }
}

/// Refuses every tenant but the default one.
pub(crate) fn tenant(id: &str) -> Result<(), Failure> {
    if id.is_empty() || id == DEFAULT_TENANT {
        return Ok(());
    }
    let shown: String = id.chars().take(80).collect();
    Err(Failure::Invalid(format!(
        "Expected to handle request with tenant identifier '{shown}', but multi-tenancy is disabled: leave the tenant \
         out or give '{DEFAULT_TENANT}'"
    )))
}

/// Refuses every tenant but the default one.
pub(crate) fn tenants(ids: &[String]) -> Result<(), Failure> {
    ids.iter().try_for_each(|id| tenant(id))
}

/// Refuses a part of a request that would be ignored, so that nobody relies on it.
pub(crate) fn not_yet(present: bool, what: &str) -> Result<(), Failure> {
    if present { Err(Failure::NotBuilt(format!("{what} is not built yet: leave it out"))) } else { Ok(()) }
}

/// Which process: an id wins over a key; a negative version is the newest.
pub(crate) fn process(key: i64, id: &str, version: i32) -> Result<ProcessRef, Failure> {
    match (id, version) {
        ("", _) if key < 0 => Err(Failure::Invalid(
            "Expected at least a bpmnProcessId or a key greater than -1, but none given".into(),
        )),
        ("", _) => Ok(ProcessRef::Key(ProcessKey(key as u64))),
        (id, ..=-1) => Ok(ProcessRef::Latest(name("bpmnProcessId", id)?)),
        (id, version) => Ok(ProcessRef::Version(name("bpmnProcessId", id)?, version)),
    }
}

/// Which decision: an id wins over a key.
pub(crate) fn decision(key: i64, id: &str) -> Result<DecisionRef, Failure> {
    match id {
        "" if key <= 0 => Err(Failure::Invalid(
            "Expected either a decision id or a valid decision key, but none provided".into(),
        )),
        "" => Ok(DecisionRef::Key(DecisionKey(key as u64))),
        id => Ok(DecisionRef::Latest(name("decisionId", id)?)),
    }
}

/// What a worker asks for, as both faces name it.
pub(crate) struct Activation<'a> {
    pub(crate) job_type: &'a str,
    pub(crate) worker: &'a str,
    pub(crate) timeout_ms: i64,
    pub(crate) max_jobs: i32,
    pub(crate) fetch_variables: &'a [String],
    pub(crate) tenants: &'a [String],
}

impl Activation<'_> {
    /// The engine's form of it.
    pub(crate) fn parse(&self) -> Result<ActivateJobs, Failure> {
        tenants(self.tenants)?;
        job_type(self.job_type)?;
        timeout(self.timeout_ms)?;
        let max_jobs = usize::try_from(self.max_jobs).ok().filter(|max| *max > 0).ok_or_else(|| {
            expected_of_batch(&format!(
                "max jobs to activate to be greater than zero, but it was '{}'",
                self.max_jobs
            ))
        })?;
        Ok(ActivateJobs {
            job_type: name("type", self.job_type)?,
            worker: name("worker", self.worker)?,
            timeout_ms: self.timeout_ms,
            max_jobs,
            fetch_variables: names("fetchVariable", self.fetch_variables)?,
            max_bytes: ACTIVATION_BYTES,
        })
    }
}

/// Refuses a blank job type.
pub(crate) fn job_type(text: &str) -> Result<(), Failure> {
    if text.trim().is_empty() {
        Err(expected_of_batch("type to be present, but it was blank"))
    } else {
        Ok(())
    }
}

/// Refuses a blank worker name.
pub(crate) fn worker(text: &str) -> Result<(), Failure> {
    if text.trim().is_empty() {
        Err(expected_of_batch("worker to be present, but it was blank"))
    } else {
        Ok(())
    }
}

/// Refuses a job time-out that is not positive.
pub(crate) fn timeout(ms: i64) -> Result<(), Failure> {
    if ms > 0 {
        return Ok(());
    }
    Err(expected_of_batch(&format!("timeout to be greater than zero, but it was '{ms}'")))
}

fn expected_of_batch(what: &str) -> Failure {
    Failure::Invalid(format!(
        "Command 'ACTIVATE' rejected with code 'INVALID_ARGUMENT': Expected to activate job batch with {what}"
    ))
}

/// How long an activation waits for jobs: 0 leaves it to the server, a negative time is no waiting.
pub(crate) fn long_poll(request_timeout_ms: i64) -> Option<Duration> {
    match request_timeout_ms {
        ..=-1 => None,
        0 => Some(ms(limits::LONG_POLL_DEFAULT_MS)),
        given => Some(ms(given.min(limits::LONG_POLL_MS))),
    }
}

/// How long a creation waits for the instance's end: 0 or less leaves it to the server.
pub(crate) fn result_wait(request_timeout_ms: i64) -> Duration {
    match request_timeout_ms {
        ..=0 => ms(limits::RESULT_WAIT_DEFAULT_MS),
        given => ms(given.min(limits::RESULT_WAIT_MS)),
    }
}

fn ms(positive: i64) -> Duration {
    Duration::from_millis(positive.unsigned_abs())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn detail<T>(outcome: Result<T, Failure>) -> String {
        outcome.err().map(|failure| failure.detail()).unwrap_or_default()
    }

    #[test]
    fn a_process_is_named_by_its_id_before_its_key() {
        assert_eq!(process(5, "p", -1).unwrap(), ProcessRef::Latest("p".into()));
        assert_eq!(process(0, "p", 3).unwrap(), ProcessRef::Version("p".into(), 3));
        assert_eq!(
            process(0, "p", 0).unwrap(),
            ProcessRef::Version("p".into(), 0),
            "an unset version is literal"
        );
        assert_eq!(process(5, "", -1).unwrap(), ProcessRef::Key(ProcessKey(5)));
        assert_eq!(
            detail(process(-1, "", -1)),
            "Expected at least a bpmnProcessId or a key greater than -1, but none given"
        );
        assert_eq!(
            detail(decision(0, "")),
            "Expected either a decision id or a valid decision key, but none provided"
        );
    }

    #[test]
    fn a_key_is_digits_that_fit() {
        assert_eq!(key("2251799813685249").unwrap(), 2_251_799_813_685_249);
        assert_eq!(key("-1").unwrap(), u64::MAX);
        for wrong in ["", "-", "+1", "1.0", "abc", "1 ", "99999999999999999999", &"9".repeat(100_000)] {
            assert!(detail(key(wrong)).len() < 150, "{wrong:.20}");
            assert!(key(wrong).is_err(), "{wrong:.20}");
        }
    }

    #[test]
    fn only_the_default_tenant_is_let_in() {
        assert!(tenants(&[String::new(), DEFAULT_TENANT.into()]).is_ok());
        let refused = detail(tenant("acme"));
        assert!(refused.contains("'acme'") && refused.contains("multi-tenancy is disabled"), "{refused}");
    }

    #[test]
    fn a_name_beyond_its_limit_is_refused() {
        assert!(name("name", &"x".repeat(NAME_BYTES)).is_ok());
        assert_eq!(
            detail(name("name", &"x".repeat(NAME_BYTES + 1))),
            format!("Expected name of at most {NAME_BYTES} bytes, but it has {} bytes", NAME_BYTES + 1)
        );
    }

    #[test]
    fn waiting_has_a_default_and_an_end() {
        assert_eq!(long_poll(-1), None);
        assert_eq!(long_poll(0), Some(ms(limits::LONG_POLL_DEFAULT_MS)));
        assert_eq!(long_poll(1_500), Some(Duration::from_millis(1_500)));
        assert_eq!(long_poll(i64::MAX), Some(ms(limits::LONG_POLL_MS)));
        assert_eq!(result_wait(i64::MIN), Duration::from_secs(15));
        assert_eq!(result_wait(0), ms(limits::RESULT_WAIT_DEFAULT_MS));
        assert_eq!(result_wait(i64::MAX), ms(limits::RESULT_WAIT_MS));
    }

    #[test]
    fn an_activation_says_which_value_is_wrong() {
        let good = || Activation {
            job_type: "t",
            worker: "w",
            timeout_ms: 1,
            max_jobs: 1_000_000,
            fetch_variables: &[],
            tenants: &[],
        };
        assert_eq!(good().parse().unwrap().max_jobs, 1_000_000);
        let wrong = [
            Activation { job_type: " ", ..good() },
            Activation { timeout_ms: 0, ..good() },
            Activation { timeout_ms: -5, ..good() },
            Activation { max_jobs: 0, ..good() },
            Activation { max_jobs: -1, ..good() },
        ];
        let texts: Vec<String> = wrong.iter().map(|activation| detail(activation.parse())).collect();
        expect_test::expect![[r#"
            Command 'ACTIVATE' rejected with code 'INVALID_ARGUMENT': Expected to activate job batch with type to be present, but it was blank
            Command 'ACTIVATE' rejected with code 'INVALID_ARGUMENT': Expected to activate job batch with timeout to be greater than zero, but it was '0'
            Command 'ACTIVATE' rejected with code 'INVALID_ARGUMENT': Expected to activate job batch with timeout to be greater than zero, but it was '-5'
            Command 'ACTIVATE' rejected with code 'INVALID_ARGUMENT': Expected to activate job batch with max jobs to activate to be greater than zero, but it was '0'
            Command 'ACTIVATE' rejected with code 'INVALID_ARGUMENT': Expected to activate job batch with max jobs to activate to be greater than zero, but it was '-1'"#]].assert_eq(&texts.join("\n"));
    }
}
