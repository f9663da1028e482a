//! A gateway for tests: keeps everything in memory, ends instances when their jobs are done, and has faults on demand.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    net::SocketAddr,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard},
    thread,
    time::Duration,
};

use tokio::sync::{Notify, mpsc};
use tokio_stream::{Stream, wrappers::UnboundedReceiverStream};
use tonic::{Request, Response, Status, transport::server::TcpIncoming};
use weir_api::proto::{
    gateway_server::{Gateway, GatewayServer},
    *,
};

use super::workload::Workload;

/// What the gateway does wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    None,
    /// Stands still at the 40th creation.
    Pause(Duration),
    /// Acknowledges each tenth instance and forgets it.
    LoseEachTenth,
    /// Hands out each tenth job twice.
    DoubleEachTenth,
    /// Refuses each tenth creation as busy.
    RefuseEachTenth,
    /// Keeps instances whose jobs are all done.
    NeverEnd,
    /// Answers the first deployment as one does who is about to go away.
    BreakFirstDeploymentOff,
}

#[derive(Debug, Default)]
struct State {
    next_key: i64,
    created: u64,
    /// Jobs still to be done and variables of each instance.
    active: HashMap<i64, (u16, String, String)>,
    /// The instance of each job.
    jobs: HashMap<i64, i64>,
    /// Jobs that nobody has taken.
    queue: HashMap<String, VecDeque<ActivatedJob>>,
    streams: HashMap<String, Vec<mpsc::UnboundedSender<Result<ActivatedJob, Status>>>>,
    /// Variables of instances of W5 that wait for their second message.
    waiting: HashMap<String, (String, String)>,
    deployed: HashSet<String>,
    deployments: u64,
}

#[derive(Debug)]
struct Core {
    fault: Fault,
    state: Mutex<State>,
    arrived: Notify,
}

#[derive(Clone, Debug)]
struct Shared(Arc<Core>);

impl std::ops::Deref for Shared {
    type Target = Core;

    fn deref(&self) -> &Core {
        &self.0
    }
}

/// A running gateway.
#[derive(Debug)]
pub(super) struct Fake {
    address: SocketAddr,
    shared: Shared,
}

impl Fake {
    /// Starts one on a thread of its own; it ends with the process.
    pub(super) fn start(fault: Fault) -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        listener.set_nonblocking(true).unwrap();
        let shared = Shared(Arc::new(Core { fault, state: Mutex::default(), arrived: Notify::new() }));
        let served = shared.clone();
        thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let incoming = TcpIncoming::from(tokio::net::TcpListener::from_std(listener).unwrap())
                    .with_nodelay(Some(true));
                let service = GatewayServer::new(served);
                tonic::transport::Server::builder()
                    .add_service(service)
                    .serve_with_incoming(incoming)
                    .await
                    .unwrap();
            });
        });
        Self { address, shared }
    }

    /// How many instances it has that are not at their ends.
    pub(super) fn active(&self) -> usize {
        self.shared.state().active.len()
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Core {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    fn create(&self, name: &str, variables: String) -> Result<i64, Status> {
        let mut state = self.state();
        if !state.deployed.contains(name) {
            return Err(Status::not_found(format!("no process {name}")));
        }
        state.created += 1;
        let each_tenth = state.created.is_multiple_of(10);
        if let (Fault::Pause(time), 40) = (self.fault, state.created) {
            thread::sleep(time);
        }
        if self.fault == Fault::RefuseEachTenth && each_tenth {
            return Err(Status::resource_exhausted("busy"));
        }
        state.next_key += 1;
        let key = state.next_key;
        if self.fault == Fault::LoseEachTenth && each_tenth {
            return Ok(key);
        }
        let workload = name
            .split('-')
            .find_map(|part| <Workload as clap::ValueEnum>::from_str(part, true).ok())
            .unwrap();
        if workload.jobs() > 0 {
            state.active.insert(key, (workload.jobs(), name.to_owned(), variables));
            self.next_job(&mut state, key);
        }
        Ok(key)
    }

    fn deploy(&self, resources: &[Resource]) -> Result<(), Status> {
        let mut state = self.state();
        state.deployments += 1;
        if self.fault == Fault::BreakFirstDeploymentOff && state.deployments == 1 {
            return Err(Status::unavailable("going away"));
        }
        let names = resources.iter().map(|resource| resource.name.trim_end_matches(".bpmn").to_owned());
        state.deployed.extend(names);
        Ok(())
    }

    fn next_job(&self, state: &mut State, instance: i64) {
        let (_, name, variables) = state.active.get(&instance).unwrap().clone();
        state.next_key += 1;
        let key = state.next_key;
        state.jobs.insert(key, instance);
        let job = ActivatedJob {
            key,
            r#type: name.clone(),
            process_instance_key: instance,
            variables,
            ..Default::default()
        };
        let times = if self.fault == Fault::DoubleEachTenth && key % 10 == 0 { 2 } else { 1 };
        for _ in 0..times {
            let streams = state.streams.entry(name.clone()).or_default();
            streams.retain(|stream| !stream.is_closed());
            match streams.get(key.unsigned_abs() as usize % streams.len().max(1)) {
                Some(stream) => stream.send(Ok(job.clone())).unwrap(),
                None => {
                    state.queue.entry(name.clone()).or_default().push_back(job.clone());
                    self.arrived.notify_waiters();
                }
            }
        }
    }

    fn complete(&self, job: i64) -> Result<(), Status> {
        let mut state = self.state();
        let doubled = self.fault == Fault::DoubleEachTenth;
        let instance = if doubled { state.jobs.get(&job).copied() } else { state.jobs.remove(&job) };
        let instance = instance.ok_or_else(|| Status::not_found("no such job"))?;
        let Some(entry) = state.active.get_mut(&instance) else { return Ok(()) };
        entry.0 = entry.0.saturating_sub(1);
        if entry.0 > 0 {
            self.next_job(&mut state, instance);
        } else if self.fault != Fault::NeverEnd {
            state.active.remove(&instance);
        }
        Ok(())
    }
}

type Answer<T> = Result<Response<T>, Status>;
type Answers<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

macro_rules! not_needed {
    ($($name:ident($question:ty) -> $answer:ty;)*) => {
        #[tonic::async_trait]
        impl Gateway for Shared {
            type ActivateJobsStream = Answers<ActivateJobsResponse>;
            type StreamActivatedJobsStream = Answers<ActivatedJob>;

            async fn activate_jobs(&self, request: Request<ActivateJobsRequest>) -> Answer<Self::ActivateJobsStream> {
                let request = request.into_inner();
                let (send, receive) = mpsc::unbounded_channel();
                let core = self.clone();
                tokio::spawn(async move {
                    loop {
                        let arrived = core.arrived.notified();
                        let jobs: Vec<_> = core.state().queue.entry(request.r#type.clone()).or_default().drain(..).collect();
                        if !jobs.is_empty() {
                            let _gone = send.send(Ok(ActivateJobsResponse { jobs }));
                            return;
                        }
                        tokio::select! { () = arrived => {} () = send.closed() => return }
                    }
                });
                Ok(Response::new(Box::pin(UnboundedReceiverStream::new(receive))))
            }

            async fn stream_activated_jobs(&self, request: Request<StreamActivatedJobsRequest>) -> Answer<Self::StreamActivatedJobsStream> {
                let (send, receive) = mpsc::unbounded_channel();
                self.state().streams.entry(request.into_inner().r#type).or_default().push(send);
                Ok(Response::new(Box::pin(UnboundedReceiverStream::new(receive))))
            }

            async fn cancel_process_instance(&self, request: Request<CancelProcessInstanceRequest>) -> Answer<CancelProcessInstanceResponse> {
                match self.state().active.remove(&request.into_inner().process_instance_key) {
                    Some(_) => Ok(Response::new(CancelProcessInstanceResponse {})),
                    None => Err(Status::not_found("no such instance")),
                }
            }

            async fn complete_job(&self, request: Request<CompleteJobRequest>) -> Answer<CompleteJobResponse> {
                self.complete(request.into_inner().job_key)?;
                Ok(Response::new(CompleteJobResponse {}))
            }

            async fn create_process_instance(&self, request: Request<CreateProcessInstanceRequest>) -> Answer<CreateProcessInstanceResponse> {
                let request = request.into_inner();
                let process_instance_key = self.create(&request.bpmn_process_id, request.variables)?;
                Ok(Response::new(CreateProcessInstanceResponse { process_instance_key, ..Default::default() }))
            }

            async fn create_process_instance_with_result(&self, request: Request<CreateProcessInstanceWithResultRequest>) -> Answer<CreateProcessInstanceWithResultResponse> {
                let request = request.into_inner().request.unwrap_or_default();
                let process_instance_key = self.create(&request.bpmn_process_id, request.variables)?;
                Ok(Response::new(CreateProcessInstanceWithResultResponse { process_instance_key, ..Default::default() }))
            }

            async fn publish_message(&self, request: Request<PublishMessageRequest>) -> Answer<PublishMessageResponse> {
                let request = request.into_inner();
                if let Some(name) = request.name.strip_suffix("-start") {
                    let id = super::workload::bench_id(&request.variables).unwrap();
                    self.state().waiting.insert(format!("{name} bench-{id}"), (name.to_owned(), request.variables));
                } else {
                    let name = request.name.strip_suffix("-go").unwrap();
                    let (name, variables) = self.state().waiting.remove(&format!("{name} {}", request.correlation_key)).unwrap();
                    self.create(&name, variables)?;
                }
                Ok(Response::new(PublishMessageResponse::default()))
            }

            async fn deploy_resource(&self, request: Request<DeployResourceRequest>) -> Answer<DeployResourceResponse> {
                self.deploy(&request.into_inner().resources)?;
                Ok(Response::new(DeployResourceResponse::default()))
            }

            $(async fn $name(&self, _request: Request<$question>) -> Answer<$answer> {
                Err(Status::unimplemented(stringify!($name)))
            })*
        }
    };
}

not_needed! {
    evaluate_decision(EvaluateDecisionRequest) -> EvaluateDecisionResponse;
    deploy_process(DeployProcessRequest) -> DeployProcessResponse;
    fail_job(FailJobRequest) -> FailJobResponse;
    throw_error(ThrowErrorRequest) -> ThrowErrorResponse;
    resolve_incident(ResolveIncidentRequest) -> ResolveIncidentResponse;
    set_variables(SetVariablesRequest) -> SetVariablesResponse;
    topology(TopologyRequest) -> TopologyResponse;
    update_job_retries(UpdateJobRetriesRequest) -> UpdateJobRetriesResponse;
    update_job_timeout(UpdateJobTimeoutRequest) -> UpdateJobTimeoutResponse;
    modify_process_instance(ModifyProcessInstanceRequest) -> ModifyProcessInstanceResponse;
    migrate_process_instance(MigrateProcessInstanceRequest) -> MigrateProcessInstanceResponse;
    delete_resource(DeleteResourceRequest) -> DeleteResourceResponse;
    broadcast_signal(BroadcastSignalRequest) -> BroadcastSignalResponse;
    evaluate_conditional(EvaluateConditionalRequest) -> EvaluateConditionalResponse;
    update_job_priority(UpdateJobPriorityRequest) -> UpdateJobPriorityResponse;
    assign_process_instance_business_id(AssignProcessInstanceBusinessIdRequest) -> AssignProcessInstanceBusinessIdResponse;
}
