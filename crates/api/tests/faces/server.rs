//! A server with its faces in this process, and what clients ask of it.

use std::sync::Arc;

use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::oneshot,
};
use tonic::transport::{Channel, Endpoint};
use weir_api::{ApiConfig, Bound, proto as p, proto::gateway_client::GatewayClient, serve};
use weir_node::{Memory, Node, NodeConfig};

pub(crate) const ONE_TASK: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:zeebe="http://camunda.org/schema/zeebe/1.0"
    targetNamespace="test">
  <process id="one_task" isExecutable="true">
    <startEvent id="start"><outgoing>a</outgoing></startEvent>
    <sequenceFlow id="a" sourceRef="start" targetRef="task"/>
    <serviceTask id="task">
      <extensionElements>
        <zeebe:taskDefinition type="work" retries="3"/>
        <zeebe:taskHeaders><zeebe:header key="colour" value="red"/></zeebe:taskHeaders>
      </extensionElements>
      <incoming>a</incoming><outgoing>b</outgoing>
    </serviceTask>
    <sequenceFlow id="b" sourceRef="task" targetRef="end"/>
    <endEvent id="end"><incoming>b</incoming></endEvent>
  </process>
</definitions>"#;

pub(crate) struct Server {
    pub(crate) bound: Bound,
    stop: Option<oneshot::Sender<()>>,
    _node: Node,
    _folder: TempDir,
}

impl Server {
    pub(crate) async fn start() -> Server {
        let folder = TempDir::new().unwrap();
        let config = NodeConfig {
            data_dir: folder.path().into(),
            mirror_dir: None,
            partitions: Some(2),
            memory: Memory::of_machine(),
            settable_clock: false,
            payload: weir_node::Payload::default(),
        };
        let node = Node::start(&config).unwrap();
        let free = || "127.0.0.1:0".to_owned();
        let metrics = node.handle();
        let config = ApiConfig {
            grpc_addr: free(),
            rest_addr: free(),
            management_addr: free(),
            metrics: Arc::new(move || metrics.metrics_text()),
        };
        let (stop, stopped) = oneshot::channel::<()>();
        let shutdown = async { stopped.await.unwrap_or_default() };
        let bound = serve(config, node.handle(), shutdown).await.unwrap();
        Server { bound, stop: Some(stop), _node: node, _folder: folder }
    }

    pub(crate) async fn client(&self) -> GatewayClient<Channel> {
        GatewayClient::connect(format!("http://{}", self.bound.grpc_addr)).await.unwrap()
    }

    /// A client whose window is so small that a few jobs fill it.
    pub(crate) async fn narrow_client(&self) -> GatewayClient<Channel> {
        let endpoint = Endpoint::from_shared(format!("http://{}", self.bound.grpc_addr)).unwrap();
        let endpoint = endpoint.initial_stream_window_size(65_535).initial_connection_window_size(65_535);
        GatewayClient::new(endpoint.connect().await.unwrap())
    }

    pub(crate) async fn deployed(&self) -> GatewayClient<Channel> {
        let mut client = self.client().await;
        let deployed = deploy(&mut client, "one_task.bpmn", ONE_TASK).await;
        assert_eq!(deployed.tenant_id, "<default>");
        assert_eq!(deployed.deployments.len(), 1);
        client
    }

    /// Begins to stop the faces.
    pub(crate) fn stop(&mut self) {
        self.stop.take().unwrap().send(()).unwrap();
    }

    /// Asks over REST; gives status and body.
    pub(crate) async fn rest(
        &self,
        method: &str,
        path: &str,
        content_type: &str,
        body: &str,
    ) -> (u16, String) {
        let mut stream = TcpStream::connect(self.bound.rest_addr).await.unwrap();
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: weir\r\nConnection: close\r\nContent-Type: {content_type}\r\n\
             Content-Length: {}\r\n\r\n{body}",
            body.len()
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        (head[9..12].parse().unwrap(), body.to_owned())
    }

    pub(crate) async fn json(&self, method: &str, path: &str, body: &str) -> (u16, serde_json::Value) {
        let (status, text) = self.rest(method, path, "application/json", body).await;
        (status, serde_json::from_str(&text).unwrap_or(serde_json::Value::Null))
    }
}

pub(crate) async fn deploy(
    client: &mut GatewayClient<Channel>,
    name: &str,
    model: &str,
) -> p::DeployResourceResponse {
    let resource = p::Resource { name: name.into(), content: model.to_owned().into() };
    let request = p::DeployResourceRequest { resources: vec![resource], ..Default::default() };
    client.deploy_resource(request).await.unwrap().into_inner()
}

pub(crate) fn creation(variables: &str) -> p::CreateProcessInstanceRequest {
    p::CreateProcessInstanceRequest {
        bpmn_process_id: "one_task".into(),
        version: -1,
        variables: variables.into(),
        ..Default::default()
    }
}

pub(crate) fn poll(max: i32, wait_ms: i64) -> p::ActivateJobsRequest {
    p::ActivateJobsRequest {
        r#type: "work".into(),
        worker: "w".into(),
        timeout: 3_600_000,
        max_jobs_to_activate: max,
        request_timeout: wait_ms,
        ..Default::default()
    }
}

pub(crate) fn stream() -> p::StreamActivatedJobsRequest {
    p::StreamActivatedJobsRequest {
        r#type: "work".into(),
        worker: "s".into(),
        timeout: 3_600_000,
        ..Default::default()
    }
}

pub(crate) async fn polled(
    client: &mut GatewayClient<Channel>,
    request: p::ActivateJobsRequest,
) -> Vec<p::ActivatedJob> {
    let mut answers = client.activate_jobs(request).await.unwrap().into_inner();
    let mut jobs = Vec::new();
    while let Some(answer) = answers.message().await.unwrap() {
        jobs.extend(answer.jobs);
    }
    jobs
}
