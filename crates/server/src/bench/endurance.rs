//! Work through restarts and crashes of the server, then account for everything that it acknowledged.
//!
//! Callers start instances and workers complete jobs; when the connection breaks they connect again and go on. What
//! must hold afterwards, however often the server was killed:
//! - every acknowledged instance has ended,
//! - no job is handed out again after its completion was acknowledged (one that was handed out before, because its worker's
//!   time was over, may arrive later),
//! - no key is given out twice, and no start makes two instances,
//! - a start that was refused as not applied has made no instance.
//!
//! A start or a completion whose answer was lost may have happened or not: both are right.

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    io,
    rc::Rc,
    time::{Duration, Instant, UNIX_EPOCH},
};

use http::Uri;
use tokio::task::{LocalSet, spawn_local};
use weir_api::proto::{
    ActivateJobsRequest, ActivateJobsResponse, ActivatedJob, CancelProcessInstanceRequest,
    CancelProcessInstanceResponse, CompleteJobRequest, CompleteJobResponse, CreateProcessInstanceRequest,
    CreateProcessInstanceResponse,
};

use super::{
    wire::{Refused, Wire},
    workload::{Workload, bench_id},
};

/// Time that a job belongs to its worker: short, because a worker that lost its connection lets go of its jobs.
const JOB_TIMEOUT: Duration = Duration::from_secs(3);
/// When no job has come for this long, all work is done.
const QUIET_AFTER: Duration = Duration::from_secs(8);
/// Instances that callers may be ahead of the workers. Without a limit a fast server is left with work for many minutes at the end.
const AHEAD_MAX: usize = 1_000;
/// Time between two tries to connect.
const CONNECT_AGAIN_AFTER: Duration = Duration::from_millis(20);
/// Time for one call; a server that was killed may leave it without an answer.
const CALL_TIMEOUT: Duration = Duration::from_secs(20);
/// Time in which the server must be there again at the end, and at the beginning.
pub(crate) const BACK_WITHIN: Duration = Duration::from_secs(60);

/// What to do.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    /// HOST:PORT of the gateway.
    pub(crate) authority: String,
    /// Which process.
    pub(crate) workload: Workload,
    /// The name under which it was deployed; also the job type.
    pub(crate) name: String,
    /// Callers at a time; as many workers.
    pub(crate) callers: usize,
    /// For how long instances are started.
    pub(crate) time: Duration,
    /// Characters of the variable `payload`.
    pub(crate) payload: usize,
}

/// What was acknowledged, and what contradicts it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ledger {
    /// Acknowledged instances by their numbers.
    instances: BTreeMap<u64, i64>,
    /// Keys of all instances that were seen.
    instance_keys: HashMap<i64, u64>,
    /// The instance of each number that a job came for.
    worked: HashMap<u64, i64>,
    /// Numbers whose start was refused as not applied.
    refused: HashSet<u64>,
    /// Jobs whose completion was acknowledged, and when, in milliseconds since 1970.
    completed: HashMap<i64, i64>,
    /// Starts and completions without an answer.
    pub(crate) unanswered: u64,
    /// How often a connection broke.
    pub(crate) broken: u64,
    /// What must not be, in sentences.
    pub(crate) violations: BTreeSet<String>,
}

impl Ledger {
    /// How many starts were acknowledged.
    pub(crate) fn acknowledged(&self) -> usize {
        self.instances.len()
    }

    /// How many completions were acknowledged.
    pub(crate) fn completed(&self) -> usize {
        self.completed.len()
    }

    /// Whether more instances of so many jobs each wait to be worked on than may. What was not answered may have happened.
    fn is_ahead(&self, jobs: usize) -> bool {
        self.acknowledged() * jobs > self.completed() + self.unanswered as usize + AHEAD_MAX * jobs
    }

    fn violated(&mut self, what: String) {
        self.violations.insert(what);
    }

    fn started(&mut self, id: u64, key: i64) {
        self.instances.insert(id, key);
        self.belongs(id, key);
    }

    fn belongs(&mut self, id: u64, key: i64) {
        match self.instance_keys.insert(key, id) {
            Some(other) if other != id => {
                self.violated(format!("key {key} was given to the instances {other} and {id}"))
            }
            Some(_) | None => {}
        }
    }

    fn job_came(&mut self, id: u64, job: &ActivatedJob) {
        let instance = job.process_instance_key;
        self.belongs(id, instance);
        let handed_out_ms = job.deadline - JOB_TIMEOUT.as_millis() as i64;
        if let Some(acknowledged_ms) = self.completed.get(&job.key)
            && handed_out_ms > *acknowledged_ms
        {
            let after_ms = handed_out_ms - acknowledged_ms;
            self.violated(format!(
                "job {} was handed out again {after_ms} ms after its completion was acknowledged",
                job.key
            ));
        }
        if self.refused.contains(&id) {
            self.violated(format!("start {id} was refused as not applied, and yet job {} came", job.key));
        }
        match self.worked.insert(id, instance) {
            Some(other) if other != instance => {
                self.violated(format!("start {id} made two instances: {other} and {instance}"))
            }
            Some(_) | None => {}
        }
    }
}

/// The server's clock is the same: the server runs on this machine.
fn now_ms() -> i64 {
    UNIX_EPOCH.elapsed().map_or(0, |time| time.as_millis() as i64)
}

#[derive(Debug)]
struct Run {
    plan: Plan,
    payload: String,
    stop: RefCell<bool>,
    next_id: RefCell<u64>,
    last_job: RefCell<Instant>,
    ledger: RefCell<Ledger>,
}

/// Works until the time is over or Ctrl-C or SIGTERM comes; then accounts for everything.
pub(crate) fn run(plan: Plan) -> io::Result<Ledger> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    LocalSet::new().block_on(&runtime, async {
        let payload = "x".repeat(plan.payload);
        let now = Instant::now();
        let (stop, next_id) = (RefCell::new(false), RefCell::new(1));
        let run = Rc::new(Run {
            plan,
            payload,
            stop,
            next_id,
            last_job: RefCell::new(now),
            ledger: RefCell::default(),
        });
        let callers: Vec<_> = (0..run.plan.callers).map(|_| spawn_local(Rc::clone(&run).call())).collect();
        for _ in 0..run.plan.callers {
            spawn_local(Rc::clone(&run).work());
        }
        tokio::select! {
            () = tokio::time::sleep(run.plan.time) => {}
            _ = crate::start::until_told_to_stop() => {}
        }
        *run.stop.borrow_mut() = true;
        for caller in callers {
            caller.await.map_err(io::Error::other)?;
        }
        *run.last_job.borrow_mut() = Instant::now();
        while run.last_job.borrow().elapsed() < QUIET_AFTER {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        run.account().await?;
        Ok(run.ledger.borrow().clone())
    })
}

impl Run {
    /// Connects, as often as it takes.
    async fn connect(&self) -> Wire {
        loop {
            match Wire::connect(&self.plan.authority).await {
                Ok(wire) => return wire,
                Err(_not_there) => tokio::time::sleep(CONNECT_AGAIN_AFTER).await,
            }
        }
    }

    fn lost(&self, wanted_answer: bool) {
        let mut ledger = self.ledger.borrow_mut();
        ledger.broken += 1;
        ledger.unanswered += u64::from(wanted_answer);
    }

    /// Starts instances, one after the other.
    async fn call(self: Rc<Self>) {
        let mut wire = self.connect().await;
        let mut path = wire.path("CreateProcessInstance");
        while !*self.stop.borrow() {
            if self.ledger.borrow().is_ahead(usize::from(self.plan.workload.jobs())) {
                tokio::time::sleep(CONNECT_AGAIN_AFTER).await;
                continue;
            }
            let id = self.next_id.replace_with(|id| *id + 1);
            let variables = self.plan.workload.variables(id, &self.payload);
            let question = CreateProcessInstanceRequest {
                bpmn_process_id: self.plan.name.clone(),
                version: -1,
                variables,
                ..Default::default()
            };
            match answer::<CreateProcessInstanceResponse>(&wire, &path, &question).await {
                Ok(created) => self.ledger.borrow_mut().started(id, created.process_instance_key),
                Err(Refused { code: Refused::BUSY, .. }) => {
                    self.ledger.borrow_mut().refused.insert(id);
                    tokio::time::sleep(CONNECT_AGAIN_AFTER).await;
                }
                Err(Refused { code: Refused::NOT_FOUND, message }) => {
                    self.ledger
                        .borrow_mut()
                        .violated(format!("the deployment was acknowledged, and is lost: {message}"));
                    tokio::time::sleep(CONNECT_AGAIN_AFTER).await;
                }
                Err(_lost) => {
                    self.lost(true);
                    tokio::time::sleep(CONNECT_AGAIN_AFTER).await;
                    wire = self.connect().await;
                    path = wire.path("CreateProcessInstance");
                }
            }
        }
    }

    /// Takes jobs and completes them, until the end of the process.
    async fn work(self: Rc<Self>) {
        let question = ActivateJobsRequest {
            r#type: self.plan.name.clone(),
            worker: "endurance".to_owned(),
            timeout: i64::try_from(JOB_TIMEOUT.as_millis()).unwrap_or(i64::MAX),
            max_jobs_to_activate: 16,
            request_timeout: 1_000,
            ..Default::default()
        };
        loop {
            let wire = self.connect().await;
            let (activate, complete) = (wire.path("ActivateJobs"), wire.path("CompleteJob"));
            while let Ok(Ok(jobs)) =
                tokio::time::timeout(CALL_TIMEOUT, take(&wire, &activate, &question)).await
            {
                for job in jobs {
                    if !self.complete(&wire, &complete, &job).await {
                        break;
                    }
                }
            }
            self.lost(false);
            tokio::time::sleep(CONNECT_AGAIN_AFTER).await;
        }
    }

    /// False when the connection broke.
    async fn complete(&self, wire: &Wire, path: &Uri, job: &ActivatedJob) -> bool {
        *self.last_job.borrow_mut() = Instant::now();
        match bench_id(&job.variables) {
            Some(id) => self.ledger.borrow_mut().job_came(id, job),
            None => self
                .ledger
                .borrow_mut()
                .violated(format!("job {} has lost its variables: {}", job.key, job.variables)),
        }
        let question =
            CompleteJobRequest { job_key: job.key, variables: "{}".to_owned(), ..Default::default() };
        match answer::<CompleteJobResponse>(wire, path, &question).await {
            Ok(_) => {
                self.ledger.borrow_mut().completed.insert(job.key, now_ms());
                true
            }
            // It took too long and belongs to another worker, or an earlier completion without an answer had happened.
            Err(Refused { code: Refused::NOT_FOUND | Refused::BUSY, .. }) => true,
            Err(_lost) => {
                self.lost(true);
                false
            }
        }
    }

    /// Asks the server for every acknowledged instance: all have ended, so that none is found.
    async fn account(&self) -> io::Result<()> {
        let instances: Vec<(u64, i64)> =
            self.ledger.borrow().instances.iter().map(|(id, key)| (*id, *key)).collect();
        let wire = tokio::time::timeout(BACK_WITHIN, self.connect()).await?;
        let path = wire.path("CancelProcessInstance");
        for (id, process_instance_key) in instances {
            if self.plan.workload.jobs() > 0 && !self.ledger.borrow().worked.contains_key(&id) {
                self.ledger.borrow_mut().violated(format!(
                    "instance {process_instance_key} was acknowledged, and no job ever came"
                ));
            }
            let question = CancelProcessInstanceRequest { process_instance_key, ..Default::default() };
            match answer::<CancelProcessInstanceResponse>(&wire, &path, &question).await {
                Err(Refused { code: Refused::NOT_FOUND, .. }) => {}
                Ok(_) => self
                    .ledger
                    .borrow_mut()
                    .violated(format!("instance {process_instance_key} was acknowledged, and has not ended")),
                Err(Refused { code, message }) => {
                    return Err(io::Error::other(format!(
                        "cannot account for instance {process_instance_key}: status {code} {message}"
                    )));
                }
            }
        }
        Ok(())
    }
}

/// A call that does not wait for ever.
async fn answer<A: prost::Message + Default>(
    wire: &Wire,
    path: &Uri,
    question: &impl prost::Message,
) -> Result<A, Refused> {
    let late =
        |_| Refused { code: Refused::UNAVAILABLE, message: format!("no answer within {CALL_TIMEOUT:?}") };
    tokio::time::timeout(CALL_TIMEOUT, wire.call(path, question)).await.map_err(late)?
}

async fn take(wire: &Wire, path: &Uri, question: &ActivateJobsRequest) -> Result<Vec<ActivatedJob>, Refused> {
    let mut answers = wire.open(path, question).await?;
    let mut jobs = Vec::new();
    while let Some(batch) = answers.next::<ActivateJobsResponse>().await? {
        jobs.extend(batch.jobs);
    }
    Ok(jobs)
}

#[cfg(test)]
mod tests {
    use weir_api::proto::ActivatedJob;

    use super::{AHEAD_MAX, JOB_TIMEOUT, Ledger};

    fn job(key: i64, instance: i64) -> ActivatedJob {
        ActivatedJob { key, process_instance_key: instance, ..Default::default() }
    }

    #[test]
    fn lost_answers_are_no_violation() {
        let mut ledger = Ledger::default();
        // The start of 1 was acknowledged, that of 2 was not, but happened; job 11 was completed without an answer and came again.
        ledger.started(1, 10);
        ledger.job_came(1, &job(11, 10));
        ledger.job_came(1, &job(11, 10));
        ledger.job_came(2, &job(21, 20));
        assert!(ledger.violations.is_empty(), "{:?}", ledger.violations);
    }

    #[test]
    fn callers_wait_for_workers_and_never_for_ever() {
        let mut ledger = Ledger::default();
        (0..=AHEAD_MAX as u64).for_each(|id| ledger.started(id, id as i64));
        assert!(ledger.is_ahead(10));
        ledger.unanswered = 9;
        assert!(ledger.is_ahead(10));
        ledger.completed.insert(1, 0);
        assert!(!ledger.is_ahead(10));
        assert!(!ledger.is_ahead(0), "a process without jobs");
    }

    #[test]
    fn each_contradiction_is_seen() {
        let mut again = Ledger::default();
        again.completed.insert(11, 1_000);
        let handed_out =
            |at_ms: i64| ActivatedJob { deadline: at_ms + JOB_TIMEOUT.as_millis() as i64, ..job(11, 10) };
        again.job_came(1, &handed_out(1_000));
        assert!(again.violations.is_empty(), "handed out before, arrived later: {:?}", again.violations);
        again.job_came(1, &handed_out(1_001));
        assert_eq!(again.violations.len(), 1);

        let mut reused = Ledger::default();
        reused.started(1, 10);
        reused.started(2, 10);
        assert_eq!(reused.violations.len(), 1);

        let mut twice = Ledger::default();
        twice.job_came(1, &job(11, 10));
        twice.job_came(1, &job(21, 20));
        assert_eq!(twice.violations.len(), 1);

        let mut applied = Ledger::default();
        applied.refused.insert(1);
        applied.job_came(1, &job(11, 10));
        assert_eq!(applied.violations.len(), 1);
    }
}
