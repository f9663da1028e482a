//! One driver: starts instances and works on their jobs, on one thread, over its own connections.

use std::{
    cell::RefCell,
    io,
    rc::Rc,
    time::{Duration, Instant},
};

use http::Uri;
use tokio::task::{LocalSet, spawn_local};
use weir_api::proto::{
    ActivateJobsRequest, ActivateJobsResponse, ActivatedJob, CancelProcessInstanceRequest,
    CancelProcessInstanceResponse, CompleteJobRequest, CompleteJobResponse, CreateProcessInstanceRequest,
    CreateProcessInstanceResponse, CreateProcessInstanceWithResultRequest,
    CreateProcessInstanceWithResultResponse, PublishMessageRequest, PublishMessageResponse,
    StreamActivatedJobsRequest,
};

use super::{
    pace::{self, Arrivals},
    tally::Tally,
    wire::{Refused, Wire},
    workload::{Workload, bench_id, correlation_key},
};

/// Instances in flight beyond which open load is left out: the driver's memory is not to be the limit.
const IN_FLIGHT_MAX: usize = 200_000;
/// Ended instances that the server is asked about after the run.
const VERIFIED_MAX: usize = 500;
/// Time before a refused creation is tried again under closed load.
const RETRY_AFTER: Duration = Duration::from_millis(2);
/// Time that a job belongs to its worker.
const JOB_TIMEOUT_MS: i64 = 60_000;
/// Time that a long poll waits on the server.
const POLL_MS: i64 = 10_000;
/// Jobs asked for at once.
const POLL_JOBS: i32 = 64;
/// Time that a message of W5 is kept.
const MESSAGE_TTL_MS: i64 = 60_000;

/// How instances are started.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Load {
    /// So many at a time: the next one starts when one has ended.
    Closed(usize),
    /// So many a second, whether or not the server keeps up.
    Open(f64, Arrivals),
}

/// How jobs come to the worker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Delivery {
    /// Pushed over a stream on each connection, with one long poll beside as clients do
    Stream,
    /// Long polls only
    Poll,
}

/// What one driver does.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    /// HOST:PORT of the gateway.
    pub(crate) authority: String,
    /// Which process.
    pub(crate) workload: Workload,
    /// The name under which it was deployed; also the job type.
    pub(crate) name: String,
    /// How it is started.
    pub(crate) load: Load,
    /// How jobs come.
    pub(crate) delivery: Delivery,
    /// HTTP/2 connections.
    pub(crate) connections: usize,
    /// Long polls at a time where jobs are polled.
    pub(crate) pollers: usize,
    /// Time that a worker takes for a job.
    pub(crate) work: Duration,
    /// Characters of the variable `payload`.
    pub(crate) payload: usize,
    /// Time before the window, during which nothing is recorded.
    pub(crate) warm_up: Duration,
    /// The window.
    pub(crate) window: Duration,
    /// Time after the window for what is still under way.
    pub(crate) drain: Duration,
    /// The first instance's number.
    pub(crate) first_id: u64,
    /// Of the arrivals.
    pub(crate) seed: u64,
    /// The start of the run, common to all drivers.
    pub(crate) start: Instant,
}

/// One instance.
#[derive(Clone, Copy, Debug)]
struct Instance {
    intended: Duration,
    key: i64,
    jobs: u16,
    acknowledged: bool,
    ended: bool,
}

/// What changes during a run.
#[derive(Debug)]
struct State {
    instances: Vec<Instance>,
    in_flight: usize,
    tally: Tally,
}

#[derive(Debug)]
struct Paths {
    create: Uri,
    create_with_result: Uri,
    publish: Uri,
    complete: Uri,
    activate: Uri,
    stream: Uri,
    cancel: Uri,
}

#[derive(Debug)]
struct Driver {
    plan: Plan,
    payload: String,
    wires: Vec<Wire>,
    paths: Paths,
    state: RefCell<State>,
}

/// Runs a driver to its end on the current thread.
pub(crate) fn run(plan: Plan) -> io::Result<Tally> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    LocalSet::new().block_on(&runtime, async {
        let driver = Driver::connect(plan).await?;
        driver.work();
        driver.load().await;
        driver.drain().await;
        driver.verify().await;
        let mut state = driver.state.borrow_mut();
        state.tally.missing =
            state.instances.iter().filter(|instance| instance.acknowledged && !instance.ended).count() as u64;
        Ok(state.tally.clone())
    })
}

impl Driver {
    async fn connect(plan: Plan) -> io::Result<Rc<Self>> {
        let mut wires = Vec::new();
        for _ in 0..plan.connections.max(1) {
            wires.push(Wire::connect(&plan.authority).await?);
        }
        let wire = wires.first().ok_or(io::ErrorKind::NotConnected)?;
        let paths = Paths {
            create: wire.path("CreateProcessInstance"),
            create_with_result: wire.path("CreateProcessInstanceWithResult"),
            publish: wire.path("PublishMessage"),
            complete: wire.path("CompleteJob"),
            activate: wire.path("ActivateJobs"),
            stream: wire.path("StreamActivatedJobs"),
            cancel: wire.path("CancelProcessInstance"),
        };
        let payload = "x".repeat(plan.payload);
        let state = RefCell::new(State { instances: Vec::new(), in_flight: 0, tally: Tally::new() });
        Ok(Rc::new(Self { plan, payload, wires, paths, state }))
    }

    fn now(&self) -> Duration {
        self.plan.start.elapsed()
    }

    fn window_end(&self) -> Duration {
        self.plan.warm_up + self.plan.window
    }

    fn in_window(&self, time: Duration) -> bool {
        time >= self.plan.warm_up && time < self.window_end()
    }

    fn wire(&self, number: u64) -> &Wire {
        let index = usize::try_from(number).unwrap_or(0) % self.wires.len().max(1);
        self.wires.get(index).unwrap_or_else(|| unreachable!("there is at least one connection"))
    }

    /// Starts instances until the window ends.
    async fn load(self: &Rc<Self>) {
        match self.plan.load {
            Load::Closed(in_flight) => {
                for _ in 0..in_flight {
                    self.start(self.now());
                }
                tokio::time::sleep(self.window_end().saturating_sub(self.now())).await;
            }
            Load::Open(per_second, arrivals) => {
                let mut due =
                    pace::arrivals(self.plan.start, self.window_end(), arrivals, per_second, self.plan.seed);
                while let Some(times) = due.recv().await {
                    times.into_iter().for_each(|intended| self.start(intended));
                }
            }
        }
        let mut state = self.state.borrow_mut();
        state.tally.in_flight_at_end = state.in_flight;
    }

    /// Waits for what is under way.
    async fn drain(&self) {
        let until = self.window_end() + self.plan.drain;
        while self.state.borrow().in_flight > 0 && self.now() < until {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Asks the server whether ended instances have really ended: it must not find them any more.
    async fn verify(&self) {
        let keys: Vec<i64> = {
            let state = self.state.borrow();
            let ended = state.instances.iter().filter(|instance| instance.ended && instance.key != 0);
            let step = (state.instances.len() / VERIFIED_MAX).max(1);
            ended.step_by(step).map(|instance| instance.key).collect()
        };
        for key in keys {
            let question = CancelProcessInstanceRequest { process_instance_key: key, ..Default::default() };
            let answer =
                self.wire(0).call::<CancelProcessInstanceResponse>(&self.paths.cancel, &question).await;
            let mut state = self.state.borrow_mut();
            match answer {
                Err(Refused { code: Refused::NOT_FOUND, .. }) => state.tally.verified += 1,
                Ok(_) => state.tally.still_active += 1,
                Err(Refused { code, message }) => state.tally.error("verify", code, &message),
            }
        }
    }

    /// Starts the next instance, whose start was meant for this time.
    fn start(self: &Rc<Self>, intended: Duration) {
        let mut state = self.state.borrow_mut();
        if self.in_window(intended) {
            state.tally.offered_in_window += 1;
            state.tally.driver_late.record(self.now().saturating_sub(intended));
        }
        if state.in_flight >= IN_FLIGHT_MAX {
            state.tally.left_out += 1;
            return;
        }
        let index = state.instances.len();
        state.instances.push(Instance { intended, key: 0, jobs: 0, acknowledged: false, ended: false });
        state.in_flight += 1;
        state.tally.in_flight_max = state.tally.in_flight_max.max(state.in_flight);
        spawn_local(Rc::clone(self).create(index));
    }

    /// Creates an instance; under closed load until the server takes it.
    async fn create(self: Rc<Self>, index: usize) {
        let id = self.plan.first_id + index as u64;
        loop {
            match self.ask_for_creation(id).await {
                Ok(key) => return self.acknowledged(index, key),
                Err(Refused { code: Refused::BUSY, .. }) => {
                    let now = self.now();
                    if self.in_window(now) {
                        self.state.borrow_mut().tally.refused_in_window += 1;
                    }
                    if matches!(self.plan.load, Load::Open(..)) || now > self.window_end() {
                        return self.given_up();
                    }
                    tokio::time::sleep(RETRY_AFTER).await;
                }
                Err(Refused { code, message }) => {
                    self.state.borrow_mut().tally.error("create", code, &message);
                    // Not all at once again, where the server is gone.
                    tokio::time::sleep(10 * RETRY_AFTER).await;
                    return self.given_up();
                }
            }
        }
    }

    async fn ask_for_creation(&self, id: u64) -> Result<i64, Refused> {
        let wire = self.wire(id);
        let variables = self.plan.workload.variables(id, &self.payload);
        let request = CreateProcessInstanceRequest {
            bpmn_process_id: self.plan.name.clone(),
            version: -1,
            variables,
            ..Default::default()
        };
        match self.plan.workload {
            Workload::W1 | Workload::W2 | Workload::W3 | Workload::W4 => {
                let answer: CreateProcessInstanceResponse = wire.call(&self.paths.create, &request).await?;
                Ok(answer.process_instance_key)
            }
            Workload::W0 => {
                let message = CreateProcessInstanceWithResultRequest {
                    request: Some(request),
                    request_timeout: POLL_MS,
                    ..Default::default()
                };
                let answer: CreateProcessInstanceWithResultResponse =
                    wire.call(&self.paths.create_with_result, &message).await?;
                Ok(answer.process_instance_key)
            }
            Workload::W5 => {
                let start = self.message("start", String::new(), request.variables);
                let _: PublishMessageResponse = wire.call(&self.paths.publish, &start).await?;
                Ok(0)
            }
        }
    }

    fn message(&self, name: &str, correlation_key: String, variables: String) -> PublishMessageRequest {
        let name = format!("{}-{name}", self.plan.name);
        PublishMessageRequest {
            name,
            correlation_key,
            time_to_live: MESSAGE_TTL_MS,
            variables,
            ..Default::default()
        }
    }

    fn acknowledged(self: &Rc<Self>, index: usize, key: i64) {
        let now = self.now();
        let Self { plan, state, .. } = &**self;
        let mut state = state.borrow_mut();
        let State { instances, tally, .. } = &mut *state;
        let Some(instance) = instances.get_mut(index) else { return };
        instance.acknowledged = true;
        instance.key = instance.key.max(key);
        tally.acknowledged += 1;
        if self.in_window(instance.intended) {
            tally.acknowledged_after.record(now.saturating_sub(instance.intended));
        }
        drop(state);
        match plan.workload {
            Workload::W0 => self.ended(index),
            Workload::W5 => drop(spawn_local(Rc::clone(self).publish_go(index))),
            Workload::W1 | Workload::W2 | Workload::W3 | Workload::W4 => {}
        }
    }

    /// The second message of W5. It must arrive: the instance waits for it.
    async fn publish_go(self: Rc<Self>, index: usize) {
        let id = self.plan.first_id + index as u64;
        let go = self.message("go", correlation_key(id), "{}".to_owned());
        while let Err(Refused { code, message }) =
            self.wire(id).call::<PublishMessageResponse>(&self.paths.publish, &go).await
        {
            if code != Refused::BUSY {
                return self.state.borrow_mut().tally.error("publish", code, &message);
            }
            tokio::time::sleep(RETRY_AFTER).await;
        }
    }

    /// An instance that was not created.
    fn given_up(self: &Rc<Self>) {
        self.state.borrow_mut().in_flight -= 1;
        self.go_on();
    }

    /// An instance has ended.
    fn ended(self: &Rc<Self>, index: usize) {
        let now = self.now();
        let mut state = self.state.borrow_mut();
        let State { instances, in_flight, tally } = &mut *state;
        let Some(instance) = instances.get_mut(index) else { return };
        instance.ended = true;
        *in_flight -= 1;
        tally.ended(now);
        if self.in_window(now) {
            tally.done_in_window += 1;
        }
        if self.in_window(instance.intended) {
            tally.done_after.record(now.saturating_sub(instance.intended));
        }
        drop(state);
        self.go_on();
    }

    /// Under closed load the next one starts when one is done with.
    fn go_on(self: &Rc<Self>) {
        let now = self.now();
        if matches!(self.plan.load, Load::Closed(_)) && now < self.window_end() {
            self.start(now);
        }
    }

    /// Starts the workers.
    fn work(self: &Rc<Self>) {
        if self.plan.workload.jobs() == 0 {
            return;
        }
        let (streams, pollers) = match self.plan.delivery {
            Delivery::Stream => (self.wires.len(), 1),
            Delivery::Poll => (0, self.plan.pollers.max(1)),
        };
        for number in 0..streams {
            spawn_local(Rc::clone(self).stream_jobs(number as u64));
        }
        for number in 0..pollers {
            spawn_local(Rc::clone(self).poll_jobs(number as u64));
        }
    }

    async fn stream_jobs(self: Rc<Self>, number: u64) {
        let name = &self.plan.name;
        let question = StreamActivatedJobsRequest {
            r#type: name.clone(),
            worker: name.clone(),
            timeout: JOB_TIMEOUT_MS,
            ..Default::default()
        };
        let problem = match self.wire(number).open(&self.paths.stream, &question).await {
            Ok(mut answers) => loop {
                match answers.next::<ActivatedJob>().await {
                    Ok(Some(job)) => drop(spawn_local(Rc::clone(&self).do_job(job))),
                    Ok(None) => break Refused { code: 0, message: "the server ended the stream".to_owned() },
                    Err(refused) => break refused,
                }
            },
            Err(refused) => refused,
        };
        self.state.borrow_mut().tally.error("stream", problem.code, &problem.message);
    }

    async fn poll_jobs(self: Rc<Self>, number: u64) {
        let name = &self.plan.name;
        let question = ActivateJobsRequest {
            r#type: name.clone(),
            worker: name.clone(),
            timeout: JOB_TIMEOUT_MS,
            max_jobs_to_activate: POLL_JOBS,
            request_timeout: POLL_MS,
            ..Default::default()
        };
        loop {
            if let Err(refused) = self.poll_once(number, &question).await {
                self.state.borrow_mut().tally.error("poll", refused.code, &refused.message);
                tokio::time::sleep(10 * RETRY_AFTER).await;
            }
        }
    }

    async fn poll_once(self: &Rc<Self>, number: u64, question: &ActivateJobsRequest) -> Result<(), Refused> {
        let mut answers = self.wire(number).open(&self.paths.activate, question).await?;
        while let Some(batch) = answers.next::<ActivateJobsResponse>().await? {
            for job in batch.jobs {
                spawn_local(Rc::clone(self).do_job(job));
            }
        }
        Ok(())
    }

    /// Does a job: notes its arrival, works, completes it.
    async fn do_job(self: Rc<Self>, job: ActivatedJob) {
        let index =
            bench_id(&job.variables).and_then(|id| usize::try_from(id.checked_sub(self.plan.first_id)?).ok());
        if !self.job_arrived(index, &job) {
            self.state.borrow_mut().tally.foreign += 1;
        }
        if !self.plan.work.is_zero() {
            tokio::time::sleep(self.plan.work).await;
        }
        let question =
            CompleteJobRequest { job_key: job.key, variables: "{}".to_owned(), ..Default::default() };
        loop {
            let sent = self.now();
            match self
                .wire(job.key.unsigned_abs())
                .call::<CompleteJobResponse>(&self.paths.complete, &question)
                .await
            {
                Ok(_) => return self.job_completed(index, sent),
                Err(Refused { code: Refused::BUSY, .. }) => tokio::time::sleep(RETRY_AFTER).await,
                Err(Refused { code, message }) => {
                    return self.state.borrow_mut().tally.error("complete", code, &message);
                }
            }
        }
    }

    /// False for a job of no instance of this run.
    fn job_arrived(&self, index: Option<usize>, job: &ActivatedJob) -> bool {
        let now = self.now();
        let mut state = self.state.borrow_mut();
        let State { instances, tally, .. } = &mut *state;
        let Some(instance) = index.and_then(|index| instances.get_mut(index)) else { return false };
        if instance.jobs == 0 && self.in_window(instance.intended) {
            tally.job_after.record(now.saturating_sub(instance.intended));
        }
        instance.key = job.process_instance_key;
        true
    }

    fn job_completed(self: &Rc<Self>, index: Option<usize>, sent: Duration) {
        let now = self.now();
        let mut state = self.state.borrow_mut();
        let State { instances, tally, .. } = &mut *state;
        if self.in_window(now) {
            tally.jobs_in_window += 1;
            tally.completion.record(now.saturating_sub(sent));
        }
        let Some((index, instance)) = index.and_then(|index| Some((index, instances.get_mut(index)?))) else {
            return;
        };
        instance.jobs += 1;
        let expected = self.plan.workload.jobs();
        tally.surplus += u64::from(instance.jobs > expected);
        if instance.jobs == expected {
            drop(state);
            self.ended(index);
        }
    }
}
