//! Instances that wait: what a server carries beside the work that is measured.

use std::{
    cell::Cell,
    fmt, io,
    rc::Rc,
    time::{Duration, Instant, SystemTime},
};

use clap::ValueEnum;
use tokio::task::{JoinSet, LocalSet};
use weir_api::proto::{CreateProcessInstanceRequest, CreateProcessInstanceResponse};

use super::wire::{Refused, Wire};

/// Callers that each wait for the answer before they ask again.
const CALLERS: usize = 256;
/// Time before a refused creation is tried again.
const RETRY_AFTER: Duration = Duration::from_millis(5);

/// What waiting instances wait for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum WaitsFor {
    /// A service task whose job nobody asks for
    Job,
    /// A timer, due for all of them at the same time (--due-in)
    Timer,
    /// A message with a correlation key of its own, that nobody sends
    Message,
    /// The signal bench-go, all of them: `weir signal broadcast bench-go` ends them
    Signal,
}

/// How many there are to be, and of which kind.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Waiting {
    /// How many.
    pub(crate) instances: u64,
    /// Where they wait.
    pub(crate) waits_for: WaitsFor,
    /// When timers are due, from now.
    pub(crate) due_in: Duration,
    /// Characters of the variable `payload`.
    pub(crate) payload: usize,
}

/// What creating them took.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Created {
    /// How many.
    pub(crate) instances: u64,
    /// In what time.
    pub(crate) time: Duration,
}

impl fmt::Display for Created {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let per_second = self.instances as f64 / self.time.as_secs_f64().max(f64::EPSILON);
        write!(
            f,
            "{} instances wait, created in {:.1} s ({per_second:.0}/s)",
            self.instances,
            self.time.as_secs_f64()
        )
    }
}

impl WaitsFor {
    /// The model under a name of its own.
    pub(crate) fn model(self, name: &str) -> String {
        let (definitions, element) = match self {
            Self::Job => (
                String::new(),
                format!(
                    r#"<bpmn:serviceTask id="wait"><bpmn:extensionElements><zeebe:taskDefinition type="{name}"/></bpmn:extensionElements></bpmn:serviceTask>"#
                ),
            ),
            Self::Timer => (
                String::new(),
                r#"<bpmn:intermediateCatchEvent id="wait"><bpmn:timerEventDefinition><bpmn:timeDate>=date and time(due)</bpmn:timeDate></bpmn:timerEventDefinition></bpmn:intermediateCatchEvent>"#.to_owned(),
            ),
            Self::Message => (
                format!(
                    r#"<bpmn:message id="m" name="{name}"><bpmn:extensionElements><zeebe:subscription correlationKey="=benchKey"/></bpmn:extensionElements></bpmn:message>"#
                ),
                r#"<bpmn:intermediateCatchEvent id="wait"><bpmn:messageEventDefinition messageRef="m"/></bpmn:intermediateCatchEvent>"#.to_owned(),
            ),
            Self::Signal => (
                r#"<bpmn:signal id="s" name="bench-go"/>"#.to_owned(),
                r#"<bpmn:intermediateCatchEvent id="wait"><bpmn:signalEventDefinition signalRef="s"/></bpmn:intermediateCatchEvent>"#.to_owned(),
            ),
        };
        format!(
            r#"<?xml version="1.0" encoding="UTF-8"?>
<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:zeebe="http://camunda.org/schema/zeebe/1.0" targetNamespace="http://weir">
{definitions}<bpmn:process id="{name}" isExecutable="true"><bpmn:startEvent id="start"/><bpmn:sequenceFlow id="f1" sourceRef="start" targetRef="wait"/>
{element}<bpmn:sequenceFlow id="f2" sourceRef="wait" targetRef="end"/><bpmn:endEvent id="end"/></bpmn:process></bpmn:definitions>"#
        )
    }

    fn variables(self, id: u64, due: &str, payload: &str) -> String {
        match self {
            Self::Job | Self::Signal => format!(r#"{{"payload":"{payload}"}}"#),
            Self::Timer => format!(r#"{{"due":"{due}","payload":"{payload}"}}"#),
            Self::Message => format!(r#"{{"benchKey":"waits-{id}","payload":"{payload}"}}"#),
        }
    }
}

/// Creates them on the current thread; returns when each is acknowledged.
pub(crate) fn create(
    authority: &str,
    name: &str,
    connections: usize,
    waiting: Waiting,
) -> io::Result<Created> {
    let began = Instant::now();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    LocalSet::new().block_on(&runtime, async {
        let due = humantime::format_rfc3339_seconds(SystemTime::now() + waiting.due_in).to_string();
        let plan = Rc::new((name.to_owned(), due, "x".repeat(waiting.payload), Cell::new(0)));
        let mut wires = Vec::new();
        for _ in 0..connections.max(1) {
            wires.push(Wire::connect(authority).await?);
        }
        let mut callers = JoinSet::<io::Result<()>>::new();
        for wire in wires.into_iter().cycle().take(CALLERS) {
            let plan = Rc::clone(&plan);
            callers.spawn_local(async move {
                let (name, due, payload, next) = &*plan;
                loop {
                    let id = next.replace(next.get() + 1);
                    if id >= waiting.instances {
                        return Ok(());
                    }
                    create_one(&wire, name, waiting.waits_for.variables(id, due, payload)).await?;
                }
            });
        }
        while let Some(caller) = callers.join_next().await {
            caller.map_err(io::Error::other)??;
        }
        Ok(Created { instances: waiting.instances, time: began.elapsed() })
    })
}

/// Creates one, however often the server says that it is busy.
async fn create_one(wire: &Wire, name: &str, variables: String) -> io::Result<()> {
    let path = wire.path("CreateProcessInstance");
    let request = CreateProcessInstanceRequest {
        bpmn_process_id: name.to_owned(),
        version: -1,
        variables,
        ..Default::default()
    };
    loop {
        match wire.call::<CreateProcessInstanceResponse>(&path, &request).await {
            Ok(_) => return Ok(()),
            Err(Refused { code: Refused::BUSY, .. }) => tokio::time::sleep(RETRY_AFTER).await,
            Err(Refused { code, message }) => {
                return Err(io::Error::other(format!(
                    "creating an instance that waits: status {code}: {message}"
                )));
            }
        }
    }
}
