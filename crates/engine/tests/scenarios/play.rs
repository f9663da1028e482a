//! Plays a script: one arm per command.

use std::{collections::BTreeMap, path::Path, sync::Arc};

use weir_engine::{
    command::{
        ActivateJobs, BroadcastSignal, Command, CorrelateMessage, CreateInstance, DecisionRef, FailJob,
        ProcessRef, PublishMessage, Resource, ThrowError, WithResult,
    },
    document::Document,
    key::{ElementKey, IncidentKey, JobKey, PartitionId, ProcessKey},
    message,
};

use crate::{
    chance::Chance,
    names::Names,
    render::Renderer,
    script::{Block, Line, duration_ms, is_command},
    world::{Happening, World},
};

/// What a script came to.
pub(crate) struct Played {
    /// The file as it should be.
    pub(crate) transcript: String,
    /// The bytes of every partition's journal.
    pub(crate) journals: Vec<Vec<Vec<u8>>>,
}

struct Player<'a> {
    path: &'a Path,
    world: World,
    names: Names,
    scopes: BTreeMap<ElementKey, ProcessKey>,
    how: How,
}

/// How a script is played.
#[derive(Clone, Copy)]
pub(crate) enum How {
    /// With all checks after every line.
    Checked,
    /// So, and no row stays in memory between two commands.
    Forgetting,
    /// Without: to compare what comes out.
    Again,
    /// Partitions lose their memory at random places.
    Crashing(Chance),
}

/// Plays all blocks.
pub(crate) fn play(path: &Path, script: &[Block], how: How) -> Result<Played, String> {
    let partitions = script.first().and_then(|block| {
        let line = block.lines.iter().find(|line| line.starts_with("partitions "))?;
        line.split(' ').nth(1)?.parse().ok()
    });
    let mut world = World::new(partitions.unwrap_or(1));
    world.forgetful = matches!(how, How::Forgetting);
    let mut player = Player { path, world, names: Names::default(), scopes: BTreeMap::new(), how };
    let mut transcript = String::new();
    for (number, block) in script.iter().enumerate() {
        if number > 0 {
            transcript.push('\n');
        }
        let mut output = Vec::new();
        let start = block.lines.iter().take_while(|line| number > 0 && line.is_empty()).count();
        for line in &block.lines[start..] {
            transcript.push_str(line);
            transcript.push('\n');
            if is_command(line) {
                let lines = player.line(line).map_err(|failure| {
                    let so_far: Vec<&str> = transcript.lines().rev().take(30).collect();
                    let so_far: Vec<&str> =
                        so_far.into_iter().rev().chain(output.iter().map(String::as_str)).collect();
                    format!("{line}\n  {failure}\n  so far:\n    {}", so_far.join("\n    "))
                })?;
                output.extend(lines);
            }
        }
        transcript.push_str("----\n");
        for line in output {
            transcript.push_str(&line);
            transcript.push('\n');
        }
    }
    let journals = player.world.nodes.into_iter().map(|node| node.journal).collect();
    Ok(Played { transcript, journals })
}

impl Player<'_> {
    fn line(&mut self, text: &str) -> Result<Vec<String>, String> {
        self.crash_at_random()?;
        let (brief, rest) = match text.strip_prefix("brief ") {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (at, rest) = match rest.strip_prefix('@').and_then(|rest| rest.split_once(' ')) {
            Some((id, rest)) => (Some(PartitionId(id.parse().map_err(|_| "bad partition")?)), rest),
            None => (None, rest),
        };
        let line = Line::parse(rest);
        let mut out = Vec::new();
        if line.word(0)? == "state" {
            self.rows(&mut out);
        }
        let happenings = self.command(at, &line)?;
        match brief {
            true => self.count(&happenings, &mut out),
            false => self.tell(&happenings, &mut out),
        }
        if matches!(self.how, How::Again) {
            return Ok(out);
        }
        self.world.check().map_err(|failure| format!("{failure}\n  after:\n  {}", out.join("\n  ")))?;
        Ok(out)
    }

    fn crash_at_random(&mut self) -> Result<(), String> {
        let How::Crashing(chance) = &mut self.how else { return Ok(()) };
        for id in 1..=self.world.nodes.len() as u16 {
            match chance.below(4) {
                0 => self.world.checkpoint(PartitionId(id)),
                1 | 2 => self.world.crash(PartitionId(id))?,
                _ => {}
            }
        }
        Ok(())
    }

    fn tell(&mut self, happenings: &[Happening], out: &mut Vec<String>) {
        let several = self.world.nodes.len() > 1;
        for happening in happenings {
            let mut renderer = Renderer { names: &mut self.names, scopes: &mut self.scopes };
            let (id, lines) = match happening {
                Happening::Events(id, events) => {
                    let state = self.world.nodes[usize::from(id.0) - 1].partition.state();
                    (id, renderer.events(events, state))
                }
                Happening::Push(id, push) => (id, vec![renderer.push(push)]),
                Happening::Answer(id, answer) => (id, renderer.answer(answer)),
            };
            let prefix = if several { format!("{}: ", id.0) } else { String::new() };
            out.extend(lines.into_iter().map(|line| format!("{prefix}{line}")));
        }
    }

    fn count(&mut self, happenings: &[Happening], out: &mut Vec<String>) {
        let mut counts = BTreeMap::new();
        let mut sink = Vec::new();
        let mut said = Vec::new();
        for happening in happenings {
            match happening {
                Happening::Events(_, events) => {
                    Renderer { names: &mut self.names, scopes: &mut self.scopes }.counts(events, &mut counts);
                    self.tell(std::slice::from_ref(happening), &mut sink);
                }
                Happening::Push(..) => *counts.entry("pushed jobs".to_string()).or_default() += 1,
                Happening::Answer(..) => self.tell(std::slice::from_ref(happening), &mut said),
            }
        }
        out.extend(counts.into_iter().map(|(kind, count)| format!("{count} {kind}")));
        let more = said.len().saturating_sub(5);
        out.extend(said.into_iter().take(5));
        if more > 0 {
            out.push(format!("= and {more} more"));
        }
    }

    fn rows(&self, out: &mut Vec<String>) {
        for node in &self.world.nodes {
            let state = node.partition.state();
            let rows: Vec<String> = state
                .row_counts()
                .into_iter()
                .filter(|(_, rows)| *rows > 0)
                .map(|(name, rows)| format!("{name} {rows}"))
                .collect();
            out.push(format!("rows of {}: {}", node.partition.settings().partition.0, rows.join(", ")));
        }
    }

    fn command(&mut self, at: Option<PartitionId>, line: &Line) -> Result<Vec<Happening>, String> {
        let first = PartitionId::DEPLOYMENT;
        match line.word(0)? {
            "state" => Ok(Vec::new()),
            "deploy" => {
                let resources = self.resources(line)?;
                self.world.ask(first, Command::Deploy(resources))
            }
            "start" => {
                let created = self.start(line)?;
                self.world.ask(at.unwrap_or(first), Command::CreateInstance(created))
            }
            "cancel" => {
                let key = self.element(line.word(1)?)?;
                self.world.ask(key.partition(), Command::CancelInstance(key))
            }
            "set" => {
                let scope = self.element(line.word(1)?)?;
                let local = line.words.iter().any(|word| word == "local");
                let variables = document(line)?;
                self.world.ask(scope.partition(), Command::SetVariables { scope, variables, local })
            }
            "resolve" => {
                let key = self.incident(line.word(1).unwrap_or(""))?;
                self.world.ask(key.partition(), Command::ResolveIncident(key))
            }
            "delete" => {
                let key = self.definition(line.word(1)?)?;
                self.world.ask(first, Command::DeleteResource(key))
            }
            "activate" => self.activate(at, line),
            "worker" => self.worker(line),
            "complete" | "fail" | "throw" | "retries" | "timeout" | "update" | "yield" => {
                self.job_command(line)
            }
            "publish" | "correlate" => self.message_command(line),
            "signal" => {
                let asked = BroadcastSignal { name: line.word(1)?.into(), variables: document(line)? };
                self.world.ask(at.unwrap_or(first), Command::BroadcastSignal(asked))
            }
            "decide" => {
                let decision = DecisionRef::Latest(line.word(1)?.into());
                let command = Command::EvaluateDecision { decision, variables: document(line)? };
                self.world.ask(first, command)
            }
            "evaluate" => {
                let expression = line.words[1..].join(" ").into();
                self.world.ask(first, Command::EvaluateExpression { expression, variables: document(line)? })
            }
            other => self.outside(at, other, line),
        }
    }

    fn outside(
        &mut self,
        at: Option<PartitionId>,
        name: &str,
        line: &Line,
    ) -> Result<Vec<Happening>, String> {
        let chosen: Vec<PartitionId> = match at {
            Some(id) => vec![id],
            None => (1..=self.world.nodes.len() as u16).map(PartitionId).collect(),
        };
        match name {
            "tick" | "late" => {
                let until_ms = self.world.now_ms + duration_ms(line.word(1)?)?;
                self.world.pass(until_ms, name == "late")
            }
            "crash" => {
                chosen.into_iter().try_for_each(|id| self.world.crash(id))?;
                Ok(Vec::new())
            }
            "checkpoint" => {
                chosen.into_iter().for_each(|id| self.world.checkpoint(id));
                Ok(Vec::new())
            }
            "hold" => {
                self.world.hold_mail |= line.word(1)? == "mail";
                self.world.hold_work |= line.word(1)? == "work";
                Ok(Vec::new())
            }
            "release" => {
                (self.world.hold_mail, self.world.hold_work) = (false, false);
                let mut out = Vec::new();
                self.world.settle(&mut out)?;
                Ok(out)
            }
            "deliver" => {
                let count = line.word(1).ok().and_then(|count| count.parse().ok()).unwrap_or(1);
                let mut out = Vec::new();
                for _ in 0..count {
                    self.world.deliver(&mut out)?;
                }
                Ok(out)
            }
            "continue" => {
                let mut out = Vec::new();
                for id in chosen {
                    self.world.handle(id, None, Command::Continue, &mut out)?;
                }
                Ok(out)
            }
            other => Err(format!("unknown command '{other}'")),
        }
    }

    #[expect(clippy::disallowed_methods, reason = "a test reads its models")]
    fn resources(&self, line: &Line) -> Result<Vec<Resource>, String> {
        let own = self.path.with_extension("bpmn");
        let own = own.file_name().unwrap_or_default().to_string_lossy().to_string();
        let files = if line.words.len() > 1 { line.words[1..].to_vec() } else { vec![own] };
        let mut resources = Vec::new();
        for file in files {
            // `name=file`: the bytes of one file under another name.
            let (name, file) = file.split_once('=').unwrap_or((&file, &file));
            let path = self.path.with_file_name(file);
            let content = std::fs::read(&path).map_err(|error| format!("{}: {error}", path.display()))?;
            resources.push(Resource { name: name.into(), content: content.into() });
        }
        Ok(resources)
    }

    fn start(&self, line: &Line) -> Result<CreateInstance, String> {
        let process = match line.word(1)?.split_once(':') {
            Some((id, version)) => {
                ProcessRef::Version(id.into(), version.parse().map_err(|_| "a version is a number")?)
            }
            None => match line.word(1)?.strip_prefix('#') {
                Some(_) => ProcessRef::Key(ProcessKey(self.number(line.word(1)?)?)),
                None => ProcessRef::Latest(line.word(1)?.into()),
            },
        };
        let wanted = line.words.iter().any(|word| word == "result" || word.starts_with("result="));
        let with_result = wanted.then(|| WithResult { fetch_variables: line.list("result") });
        Ok(CreateInstance { process, variables: document(line)?, start_at: line.list("at"), with_result })
    }

    fn activate(&mut self, at: Option<PartitionId>, line: &Line) -> Result<Vec<Happening>, String> {
        let number = |name, default: usize| match line.option(name) {
            Some(text) => text.parse().map_err(|_| format!("{name} is a number")),
            None => Ok(default),
        };
        let asked = ActivateJobs {
            job_type: line.word(1)?.into(),
            worker: line.option("worker").unwrap_or("w").into(),
            timeout_ms: line.option("for").map_or(Ok(300_000), duration_ms)?,
            max_jobs: number("max", 100)?,
            fetch_variables: line.list("fetch").into(),
            max_bytes: number("bytes", usize::MAX)?,
        };
        let count = self.world.nodes.len() as u16;
        let chosen = at.map_or((1..=count).collect(), |id| vec![id.0]);
        let mut out = Vec::new();
        for id in chosen {
            out.extend(self.world.ask(PartitionId(id), Command::ActivateJobs(asked.clone()))?);
        }
        Ok(out)
    }

    fn worker(&mut self, line: &Line) -> Result<Vec<Happening>, String> {
        let job_type = line.word(1)?.to_string();
        let count = line.word(2).ok().and_then(|count| count.parse().ok()).unwrap_or(1_000_000);
        self.world.wait_for_jobs(&job_type, count);
        let mut out = Vec::new();
        for id in 1..=self.world.nodes.len() as u16 {
            self.world.handle(
                PartitionId(id),
                None,
                Command::DemandRose(job_type.as_str().into()),
                &mut out,
            )?;
        }
        self.world.settle(&mut out)?;
        Ok(out)
    }

    fn job_command(&mut self, line: &Line) -> Result<Vec<Happening>, String> {
        let job = self.job(line.word(1)?)?;
        let command = match line.word(0)? {
            "complete" => Command::CompleteJob { job, variables: document(line)? },
            "fail" => Command::FailJob(FailJob {
                job,
                retries: line.option("retries").unwrap_or("0").parse().map_err(|_| "retries is a number")?,
                error_message: line.option("message").unwrap_or("").into(),
                backoff_ms: line.option("backoff").map_or(Ok(0), duration_ms)?,
                variables: document(line)?,
            }),
            "throw" => Command::ThrowError(ThrowError {
                job,
                error_code: line.word(2)?.into(),
                error_message: line.word(3).unwrap_or("").into(),
                variables: document(line)?,
            }),
            "retries" => {
                let retries = Some(line.word(2)?.parse().map_err(|_| "retries is a number")?);
                Command::UpdateJob { job, retries, timeout_ms: None }
            }
            "update" => {
                let retries = line.option("retries").map(str::parse).transpose();
                let timeout_ms = line.option("timeout").map(duration_ms).transpose()?;
                let retries = retries.map_err(|_| "retries is a number")?;
                Command::UpdateJob { job, retries, timeout_ms }
            }
            "timeout" => {
                let timeout_ms = Some(duration_ms(line.word(2)?)?);
                Command::UpdateJob { job, retries: None, timeout_ms }
            }
            _ => Command::YieldJob(self.world.activation(job)),
        };
        let known = usize::from(job.partition().0) <= self.world.nodes.len() && job.partition().0 > 0;
        self.world.ask(if known { job.partition() } else { PartitionId::DEPLOYMENT }, command)
    }

    fn message_command(&mut self, line: &Line) -> Result<Vec<Happening>, String> {
        let name: Arc<str> = line.word(1)?.into();
        let correlation_key: Arc<str> = line.word(2).unwrap_or("").into();
        let to = message::partition_of(&correlation_key, self.world.nodes.len() as u16);
        let variables = document(line)?;
        if line.word(0)? == "correlate" {
            let asked = CorrelateMessage { name, correlation_key, variables };
            return self.world.ask(to, Command::CorrelateMessage(asked));
        }
        let ttl_ms = line.option("ttl").map_or(Ok(0), duration_ms)?;
        let message_id = line.option("id").unwrap_or("").into();
        let published = PublishMessage { name, correlation_key, ttl_ms, message_id, variables };
        self.world.ask(to, Command::PublishMessage(published))
    }

    fn number(&self, text: &str) -> Result<u64, String> {
        let number = text.trim_start_matches('#').parse().map_err(|_| format!("'{text}' is no #number"))?;
        self.names.key(number).ok_or_else(|| format!("nothing has the number {text}"))
    }

    /// `id` or `id/2`: the living thing with that name, oldest first.
    fn pick(&self, text: &str, found: impl Fn(&World, &str) -> Vec<u64>) -> Result<u64, String> {
        if text == "gone" {
            return Ok(PartitionId::DEPLOYMENT.key(1 << 40));
        }
        if text.starts_with('#') {
            return self.number(text);
        }
        let (name, place) = text.split_once('/').unwrap_or((text, "1"));
        let place: usize = place.parse().map_err(|_| format!("'{text}': a number follows the slash"))?;
        let all = found(&self.world, name);
        all.get(place.wrapping_sub(1)).copied().ok_or_else(|| format!("no '{text}' lives"))
    }

    fn element(&self, text: &str) -> Result<ElementKey, String> {
        let found = |world: &World, name: &str| {
            let states = world.nodes.iter().map(|node| node.partition.state());
            let named = states.flat_map(|state| state.elements.iter());
            named
                .filter(|(_, row)| self.names.element_id(row.process, row.element) == name)
                .map(|(key, _)| key.0)
                .collect()
        };
        self.pick(text, found).map(ElementKey)
    }

    fn job(&self, text: &str) -> Result<JobKey, String> {
        let found = |world: &World, name: &str| {
            let states = world.nodes.iter().map(|node| node.partition.state());
            let jobs = states.flat_map(|state| state.jobs.iter());
            jobs.filter(|(_, job)| &*job.job_type == name).map(|(key, _)| key.0).collect()
        };
        self.pick(text, found).map(JobKey)
    }

    fn incident(&self, text: &str) -> Result<IncidentKey, String> {
        let found = |world: &World, name: &str| {
            let mut keys = Vec::new();
            for node in &world.nodes {
                let state = node.partition.state();
                for (key, incident) in state.incidents.iter() {
                    let row = state.elements.get(&incident.element);
                    let id = row.map(|row| self.names.element_id(row.process, row.element));
                    if name.is_empty() || id.is_some_and(|id| id == name) {
                        keys.push(key.0);
                    }
                }
            }
            keys
        };
        self.pick(text, found).map(IncidentKey)
    }

    fn definition(&self, text: &str) -> Result<u64, String> {
        let found = |world: &World, name: &str| {
            let state = world.nodes[0].partition.state();
            let Some((id, version)) = name.split_once(':') else { return Vec::new() };
            let version: i32 = version.parse().unwrap_or(0);
            // Also one that was deleted.
            let processes =
                state.processes.iter().filter(|(_, row)| &*row.id == id && row.version == version);
            let drgs = state.drgs.iter().filter(|(_, row)| &*row.id == id && row.version == version);
            processes.map(|(key, _)| key.0).chain(drgs.map(|(key, _)| key.0)).collect()
        };
        self.pick(text, found)
    }
}

fn document(line: &Line) -> Result<Document, String> {
    Document::parse(&line.json).map_err(|error| error.to_string())
}
