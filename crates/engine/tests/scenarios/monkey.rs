//! Random commands against the models of the scenarios: whatever is done in whatever order, the checks of [`crate::check`]
//! hold after every command, crashes change nothing, and when all instances are cancelled nothing of them is left.

use std::{path::Path, sync::Arc};

use weir_engine::{
    command::{
        ActivateJobs, BroadcastSignal, Command, CorrelateMessage, CreateInstance, FailJob, ProcessRef,
        PublishMessage, Resource, ThrowError, WithResult,
    },
    document::Document,
    key::{ElementKey, IncidentKey, JobKey, PartitionId},
    message,
    state::row::Role,
};

use crate::{chance::Chance, world::World};

/// Values that the models' expressions ask for, good ones and bad ones.
const VARIABLES: [&str; 6] = [
    r#"{"k":"1","order":"1","g":"1","items":[1,2,3],"keys":["1","2"],"n":3,"d":"PT10M","c":"R2/PT5M","type":"x","kind":"a","tries":2,"r":1,"x":2,"a":1,"v":2,"code":"E1","target":"child","which":"discount","amount":5,"item":1}"#,
    r#"{"k":1,"order":2,"items":[],"keys":[],"n":0,"d":"-PT1S","c":"R1/PT1S","r":2,"x":1,"a":0,"v":0,"code":"E2"}"#,
    r#"{"k":null,"order":[],"items":"no","keys":5,"n":"x","d":"no","c":7,"r":null,"x":null,"a":null,"code":3}"#,
    r#"{"stop":true,"r":{"deep":[1]},"out":1,"results":[9]}"#,
    "{}",
    r#"{"items":[4],"keys":["2"],"region":"paid"}"#,
];

struct Monkey<'a> {
    world: World,
    chance: Chance,
    messages: &'a [Arc<str>],
    signals: &'a [Arc<str>],
    log: Vec<String>,
}

/// Plays with one model; what it did is in the error.
pub(crate) fn play(path: &Path, content: &[u8], seed: u64) -> Result<(), String> {
    let text = String::from_utf8_lossy(content);
    let names = |kind: &str| -> Vec<Arc<str>> {
        let parts = text.split(kind).skip(1);
        let names = parts.filter_map(|part| part.split("name=\"").nth(1)?.split('"').next());
        names.map(|name| if name.starts_with('=') { "paid" } else { name }.into()).collect()
    };
    let (messages, signals) = (names("<message "), names("<signal "));
    let world = World::new(1 + (seed % 2) as u16);
    let mut monkey =
        Monkey { world, chance: Chance(seed), messages: &messages, signals: &signals, log: Vec::new() };
    let name = path.file_name().unwrap_or_default().to_string_lossy().as_ref().into();
    monkey.world.ask(PartitionId(1), Command::Deploy(vec![Resource { name, content: content.into() }]))?;
    for _ in 0..70 {
        monkey.step().and_then(|()| monkey.world.check()).map_err(|failure| monkey.told(&failure))?;
    }
    monkey.finish().map_err(|failure| monkey.told(&failure))
}

impl Monkey<'_> {
    fn told(&self, failure: &str) -> String {
        format!("{failure}\n  after\n    {}", self.log.join("\n    "))
    }

    fn document(&mut self) -> Document {
        let text = VARIABLES[self.chance.below(VARIABLES.len())];
        Document::parse(text).expect("they are good")
    }

    fn jobs(&self) -> Vec<JobKey> {
        let states = self.world.nodes.iter().map(|node| node.partition.state());
        states.flat_map(|state| state.jobs.iter().map(|(key, _)| key)).collect()
    }

    fn elements(&self, of: impl Fn(&weir_engine::state::row::ElementInstance) -> bool) -> Vec<ElementKey> {
        let states = self.world.nodes.iter().map(|node| node.partition.state());
        states
            .flat_map(|state| state.elements.iter().filter(|(_, row)| of(row)).map(|(key, _)| key))
            .collect()
    }

    fn incidents(&self) -> Vec<IncidentKey> {
        let states = self.world.nodes.iter().map(|node| node.partition.state());
        states.flat_map(|state| state.incidents.iter().map(|(key, _)| key)).collect()
    }

    fn ask(&mut self, to: PartitionId, command: Command) -> Result<(), String> {
        self.log.push(format!("{} {command:?}", to.0));
        self.world.ask(to, command).map(|_| ())
    }

    fn step(&mut self) -> Result<(), String> {
        match self.chance.below(20) {
            0..=2 => self.start(),
            3..=8 => self.work(),
            9..=11 if !self.signals.is_empty() && self.chance.below(3) > 0 => self.signal(),
            9..=11 => self.message(),
            12 => {
                let elements = self.elements(|_| true);
                let Some(scope) = self.chance.pick(&elements) else { return Ok(()) };
                let (variables, local) = (self.document(), self.chance.below(2) == 0);
                self.ask(scope.partition(), Command::SetVariables { scope, variables, local })
            }
            13 | 14 => {
                let incidents = self.incidents();
                let Some(key) = self.chance.pick(&incidents) else { return Ok(()) };
                self.ask(key.partition(), Command::ResolveIncident(key))
            }
            15 => {
                let roots = self.elements(|row| row.element == 0 && row.role == Role::Single);
                let Some(key) = self.chance.pick(&roots) else { return Ok(()) };
                self.ask(key.partition(), Command::CancelInstance(key))
            }
            16 | 17 => {
                let ms = [1_000, 600_000, 3_600_000][self.chance.below(3)];
                let at_once = self.chance.below(2) == 0;
                self.log.push(format!("{ms} ms pass, at once: {at_once}"));
                self.world.pass(self.world.now_ms + ms, at_once).map(|_| ())
            }
            18 => {
                self.world.hold_mail = !self.world.hold_mail;
                self.log.push(format!("mail is held: {}", self.world.hold_mail));
                self.world.settle(&mut Vec::new())
            }
            _ => {
                self.log.push("crash".to_string());
                let ids: Vec<PartitionId> =
                    self.world.nodes.iter().map(|node| node.partition.settings().partition).collect();
                if self.chance.below(2) == 0 {
                    ids.iter().for_each(|id| self.world.checkpoint(*id));
                }
                ids.into_iter().try_for_each(|id| self.world.crash(id))
            }
        }
    }

    fn start(&mut self) -> Result<(), String> {
        let state = self.world.nodes[0].partition.state();
        let ids: Vec<Arc<str>> = state.process_versions.iter().map(|((id, _), _)| id.clone()).collect();
        let Some(id) = self.chance.pick(&ids) else { return Ok(()) };
        let with_result = (self.chance.below(3) == 0).then(WithResult::default);
        let variables = self.document();
        let asked =
            CreateInstance { process: ProcessRef::Latest(id), variables, start_at: Vec::new(), with_result };
        let to = PartitionId(1 + self.chance.below(self.world.nodes.len()) as u16);
        self.ask(to, Command::CreateInstance(asked))
    }

    fn work(&mut self) -> Result<(), String> {
        let jobs = self.jobs();
        let Some(job) = self.chance.pick(&jobs) else { return Ok(()) };
        let variables = self.document();
        let retries = self.chance.below(3) as i32;
        let command = match self.chance.below(10) {
            0..=4 => Command::CompleteJob { job, variables },
            5 | 6 => {
                let error_code = ["E1", "E2", "E9"][self.chance.below(3)].into();
                Command::ThrowError(ThrowError { job, error_code, error_message: "".into(), variables })
            }
            7 => {
                let backoff_ms = [0, 5_000][self.chance.below(2)];
                Command::FailJob(FailJob { job, retries, error_message: "".into(), backoff_ms, variables })
            }
            8 => Command::UpdateJob { job, retries: Some(retries), timeout_ms: None },
            _ => {
                let state = self.world.node(job.partition()).partition.state();
                let job_type = state.jobs.get(&job).map(|job| job.job_type.clone()).unwrap_or_default();
                Command::ActivateJobs(ActivateJobs {
                    job_type,
                    worker: "m".into(),
                    timeout_ms: 1_000,
                    max_jobs: 2,
                    fetch_variables: [].into(),
                    max_bytes: usize::MAX,
                })
            }
        };
        self.ask(job.partition(), command)
    }

    fn message(&mut self) -> Result<(), String> {
        let Some(name) = self.chance.pick(self.messages) else { return Ok(()) };
        let correlation_key: Arc<str> = ["1", "2", ""][self.chance.below(3)].into();
        let variables = self.document();
        let to = message::partition_of(&correlation_key, self.world.nodes.len() as u16);
        if self.chance.below(4) == 0 {
            return self
                .ask(to, Command::CorrelateMessage(CorrelateMessage { name, correlation_key, variables }));
        }
        let ttl_ms = [0, 1_000, 7_200_000][self.chance.below(3)];
        let message_id = ["", "", "a"][self.chance.below(3)].into();
        let published = PublishMessage { name, correlation_key, ttl_ms, message_id, variables };
        self.ask(to, Command::PublishMessage(published))
    }

    fn signal(&mut self) -> Result<(), String> {
        let Some(name) = self.chance.pick(self.signals) else { return Ok(()) };
        let variables = self.document();
        let to = PartitionId(1 + self.chance.below(self.world.nodes.len()) as u16);
        self.ask(to, Command::BroadcastSignal(BroadcastSignal { name, variables }))
    }

    /// Cancels everything; messages and timers that start instances come to rest first.
    fn finish(&mut self) -> Result<(), String> {
        self.world.hold_mail = false;
        self.world.settle(&mut Vec::new())?;
        let state = self.world.nodes[0].partition.state();
        let processes: Vec<u64> = state.process_versions.iter().map(|(_, key)| key.0).collect();
        for key in processes {
            self.ask(PartitionId::DEPLOYMENT, Command::DeleteResource(key))?;
        }
        for key in self.elements(|row| row.element == 0 && row.parent.is_none()) {
            self.ask(key.partition(), Command::CancelInstance(key))?;
            self.world.check()?;
        }
        match self.elements(|_| true).len() {
            0 => Ok(()),
            left => Err(format!("{left} elements live after everything was cancelled")),
        }
    }
}
