//! Measures what others feel while very much happens at once: timers due in the same second, a multi-instance of very many
//! items, its cancel or its end (without a face: commands are given to the node's handle).
//!
//! `cargo run --release -p weir-node --example crowd -- FOLDER timers|cancel|complete|sequence|chain NUMBER RATE`
//!
//! - `timers`: so many are due in the same second.
//! - `cancel`: so many items at once, each with a job that nobody does, are started and cancelled.
//! - `complete`: so many items at once, each with a job that a worker does.
//! - `sequence`: so many items one after the other, with nothing to do.
//! - `chain`: so many items one after the other, each with a job that a worker does.
//!
//! Beside it RATE instances of one task are started per second, at their times, and done by a worker; their latency counts
//! from the time that was meant. Lines of three: what was measured, its value, its unit.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use weir_engine::{
    command::{Command, CreateInstance, ProcessRef, Reply, Resource},
    document::Document,
    key::ElementKey,
};
use weir_node::{Handle, JobStreamSpec, Memory, Node, NodeConfig, Payload};

/// As in the server.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const HEAD: &str = r#"<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:zeebe="http://camunda.org/schema/zeebe/1.0">"#;
/// Callers that create what waits, each one after the other.
const CALLERS: usize = 256;
/// Jobs of items that a worker has at once.
const ITEMS_AT_ONCE: usize = 100;
/// How long others are worked on before it begins.
const BEFORE: Duration = Duration::from_secs(5);

/// Latencies of others, in microseconds, since they were last asked for.
type Latencies = Arc<Mutex<Vec<u64>>>;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, folder, kind, number, rate] = arguments.as_slice() else {
        return Err("give FOLDER timers|cancel|complete|sequence|chain NUMBER RATE".into());
    };
    let (number, rate): (usize, u64) = (number.parse()?, rate.parse()?);
    let config = NodeConfig {
        data_dir: folder.into(),
        mirror_dir: None,
        partitions: None,
        memory: Memory::of_machine(),
        settable_clock: false,
        payload: Payload::default(),
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let node = Node::start(&config)?;
    runtime.block_on(async {
        let handle = node.handle();
        match kind.as_str() {
            "timers" => timers(&handle, number, rate).await,
            "cancel" => items(&handle, number, rate, Items::Cancelled).await,
            "complete" => items(&handle, number, rate, Items::Completed).await,
            "sequence" => items(&handle, number, rate, Items::Sequence).await,
            "chain" => items(&handle, number, rate, Items::Chain).await,
            _ => tell("give timers, cancel, complete, sequence or chain", 0, ""),
        }
    });
    node.stop()?;
    Ok(())
}

async fn timers(handle: &Handle, number: usize, rate: u64) {
    let catch = r#"<intermediateCatchEvent id="t"><timerEventDefinition><timeDate>=due</timeDate></timerEventDefinition></intermediateCatchEvent>"#;
    deploy(handle, "crowd", &around(catch)).await;
    // Created at 10,000 a second or more; all are due when they are there.
    let due = SystemTime::now() + Duration::from_secs(20 + number as u64 / 10_000);
    let due_s = due.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let variables = format!(r#"{{"due":"{}","payload":"{}"}}"#, rfc3339(due_s), "x".repeat(500));
    let began = Instant::now();
    create_all(handle, number, &variables).await;
    tell("timers created per second", (number as f64 / began.elapsed().as_secs_f64()) as u64, "1/s");
    let latencies = others(handle, rate).await;
    let until = UNIX_EPOCH + Duration::from_secs(due_s);
    let wait = until.duration_since(SystemTime::now()).unwrap_or_default();
    tell("ready before they are due by", wait.as_millis() as u64, "ms");
    tokio::time::sleep(wait).await;
    report(&latencies, "before");
    until_quiet(handle, &latencies, "all fired").await;
}

/// What is done with items.
#[derive(Clone, Copy)]
enum Items {
    Cancelled,
    Completed,
    Sequence,
    Chain,
}

impl Items {
    fn activity(self) -> &'static str {
        match self {
            Self::Cancelled | Self::Completed | Self::Chain => "serviceTask",
            Self::Sequence => "manualTask",
        }
    }

    fn is_sequential(self) -> bool {
        match self {
            Self::Cancelled | Self::Completed => false,
            Self::Sequence | Self::Chain => true,
        }
    }

    fn has_worker(self) -> bool {
        match self {
            Self::Cancelled | Self::Sequence => false,
            Self::Completed | Self::Chain => true,
        }
    }
}

async fn items(handle: &Handle, number: usize, rate: u64, kind: Items) {
    let (activity, sequential) = (kind.activity(), kind.is_sequential());
    let task = format!(
        r#"<{activity} id="t"><extensionElements><zeebe:taskDefinition type="item"/></extensionElements>
        <multiInstanceLoopCharacteristics isSequential="{sequential}"><extensionElements>
        <zeebe:loopCharacteristics inputCollection="=for i in 1..n return i" inputElement="item" outputCollection="all" outputElement="=item"/>
        </extensionElements></multiInstanceLoopCharacteristics></{activity}>"#
    );
    deploy(handle, "crowd", &around(&task)).await;
    let latencies = others(handle, rate).await;
    tokio::time::sleep(BEFORE).await;
    report(&latencies, "before");
    let done = if kind.has_worker() { Some(worker(handle)) } else { None };
    let began = Instant::now();
    let Some(instance) = create(handle, "crowd", &format!(r#"{{"n":{number}}}"#)).await else { return };
    match done {
        Some(done) => {
            while done.load(Ordering::Relaxed) < number {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            tell("all items done", began.elapsed().as_millis() as u64, "ms");
            report(&latencies, "meanwhile");
            until_quiet(handle, &latencies, "the instance ended").await;
        }
        None => until_quiet(handle, &latencies, "all items started").await,
    }
    if let Items::Cancelled = kind {
        if let Err(error) = handle.submit(Command::CancelInstance(instance)).await {
            tell(&format!("the cancel failed: {error}"), 0, "");
        }
        until_quiet(handle, &latencies, "all cancelled").await;
    }
}

/// A worker that does the jobs of items; returns how many it did.
fn worker(handle: &Handle) -> Arc<AtomicUsize> {
    let spec = JobStreamSpec {
        job_type: "item".into(),
        worker: "worker".into(),
        timeout_ms: 600_000,
        fetch_variables: Arc::from(["item".into()]),
    };
    let mut stream = handle.open_job_stream(spec, ITEMS_AT_ONCE);
    let (handle, done) = (handle.clone(), Arc::new(AtomicUsize::new(0)));
    let told = done.clone();
    tokio::spawn(async move {
        let mut completions = tokio::task::JoinSet::new();
        while let Some(job) = stream.next().await {
            if completions.len() >= ITEMS_AT_ONCE {
                completions.join_next().await;
            }
            let (handle, told) = (handle.clone(), told.clone());
            completions.spawn(async move {
                let completion = || Command::CompleteJob { job: job.key, variables: Document::default() };
                while handle.submit(completion()).await.is_err() {
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
                told.fetch_add(1, Ordering::Relaxed);
            });
        }
    });
    done
}

/// Waits until nothing is due or put off any longer, and tells how long that took and what others felt.
async fn until_quiet(handle: &Handle, latencies: &Latencies, what: &str) {
    let (began, before) = (Instant::now(), handle.metrics_text());
    let (mut seen_busy, mut quiet_since) = (false, began);
    // What is due or put off shows in the figures a moment later, and between two slices it may not show.
    loop {
        tokio::time::sleep(Duration::from_millis(20)).await;
        let text = handle.metrics_text();
        if figure(&text, "weir_overdue_milliseconds ") > 0 || figure(&text, "weir_put_off_partitions ") > 0 {
            (seen_busy, quiet_since) = (true, Instant::now());
        }
        let quiet = if seen_busy { Duration::from_millis(200) } else { Duration::from_secs(2) };
        if quiet_since.elapsed() >= quiet {
            break;
        }
    }
    tell(what, (quiet_since - began).as_millis() as u64, "ms");
    report(latencies, "meanwhile");
    tell_commits(&before, &handle.metrics_text());
}

fn figure(text: &str, name: &str) -> u64 {
    text.lines().find_map(|line| line.strip_prefix(name)?.parse().ok()).unwrap_or(0)
}

/// Commits of the journal between two looks at the figures.
fn tell_commits(before: &str, after: &str) {
    let grown = |name: &str| figure(after, name) - figure(before, name);
    let commits = grown("weir_journal_commits_total ").max(1);
    tell("commits", commits, "");
    tell("bytes of a commit, mean", grown("weir_journal_bytes_total ") / commits, "B");
    tell("time of a commit, mean", grown("weir_journal_commit_microseconds_total ") / commits, "us");
}

fn report(latencies: &Latencies, when: &str) {
    let mut sorted =
        std::mem::take(&mut *latencies.lock().unwrap_or_else(std::sync::PoisonError::into_inner));
    sorted.sort_unstable();
    let at =
        |part: f64| sorted.get(((sorted.len() as f64 * part) as usize).min(sorted.len().saturating_sub(1)));
    tell(&format!("others {when}: ended"), sorted.len() as u64, "");
    tell(&format!("others {when}: p50"), at(0.5).copied().unwrap_or(0), "us");
    tell(&format!("others {when}: p99"), at(0.99).copied().unwrap_or(0), "us");
    tell(&format!("others {when}: longest"), at(1.0).copied().unwrap_or(0), "us");
}

/// Starts instances of one task at a rate, and a worker that does them.
async fn others(handle: &Handle, rate: u64) -> Latencies {
    deploy(handle, "other", &around(r#"<serviceTask id="t"><extensionElements><zeebe:taskDefinition type="other"/></extensionElements></serviceTask>"#)).await;
    let latencies = Latencies::default();
    let spec = JobStreamSpec {
        job_type: "other".into(),
        worker: "worker".into(),
        timeout_ms: 60_000,
        fetch_variables: Arc::from(["at".into()]),
    };
    let mut stream = handle.open_job_stream(spec, 10_000);
    let (worker, told, origin) = (handle.clone(), latencies.clone(), Instant::now());
    tokio::spawn(async move {
        while let Some(job) = stream.next().await {
            let (worker, told) = (worker.clone(), told.clone());
            tokio::spawn(async move {
                let command = Command::CompleteJob { job: job.key, variables: Document::default() };
                if worker.submit(command).await.is_ok() {
                    let digits: String = job.variables.chars().filter(char::is_ascii_digit).collect();
                    let took_us = origin.elapsed().as_micros() as u64 - digits.parse().unwrap_or(0);
                    told.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push(took_us);
                }
            });
        }
    });
    let starter = handle.clone();
    tokio::spawn(async move {
        for number in 0.. {
            let meant = Duration::from_micros(number * 1_000_000 / rate);
            tokio::time::sleep_until((origin + meant).into()).await;
            let starter = starter.clone();
            let variables = format!(r#"{{"at":{},"payload":"{}"}}"#, meant.as_micros(), "x".repeat(500));
            tokio::spawn(async move { create(&starter, "other", &variables).await });
        }
    });
    tokio::time::sleep(BEFORE).await;
    report(&latencies, "warming up");
    latencies
}

fn around(element: &str) -> String {
    format!(
        r#"{HEAD}<process id="ID" isExecutable="true"><startEvent id="s"/><sequenceFlow id="f" sourceRef="s" targetRef="t"/>{element}</process></definitions>"#
    )
}

async fn deploy(handle: &Handle, id: &str, model: &str) {
    let content = model.replace("\"ID\"", &format!("\"{id}\""));
    let resource = Resource { name: format!("{id}.bpmn").into(), content: content.as_bytes().into() };
    if let Err(error) = handle.submit(Command::Deploy(vec![resource])).await {
        tell(&format!("the deployment failed: {error}"), 0, "");
    }
}

/// Creates an instance, however often the node says that it has enough to do.
async fn create(handle: &Handle, id: &str, variables: &str) -> Option<ElementKey> {
    let creation = || {
        Command::CreateInstance(CreateInstance {
            process: ProcessRef::Latest(id.into()),
            variables: Document::parse(variables).unwrap_or_default(),
            start_at: Vec::new(),
            with_result: None,
        })
    };
    loop {
        match handle.submit(creation()).await {
            Ok(Reply::InstanceCreated(created)) => return Some(created.instance),
            Ok(_) => return None,
            Err(_) => tokio::time::sleep(Duration::from_millis(5)).await,
        }
    }
}

async fn create_all(handle: &Handle, number: usize, variables: &str) {
    let mut callers = tokio::task::JoinSet::new();
    for caller in 0..CALLERS {
        let (handle, variables) = (handle.clone(), variables.to_owned());
        let share = number / CALLERS + usize::from(caller < number % CALLERS);
        callers.spawn(async move {
            for _ in 0..share {
                create(&handle, "crowd", &variables).await;
            }
        });
    }
    while callers.join_next().await.is_some() {}
}

/// Seconds since 1970 as a date and time (civil-from-days: Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms").
fn rfc3339(seconds: u64) -> String {
    let (days, rest) = ((seconds / 86_400) as i64 + 719_468, seconds % 86_400);
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let (day, month) =
        (day_of_year - (153 * shifted + 2) / 5 + 1, if shifted < 10 { shifted + 3 } else { shifted - 9 });
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    let (hour, minute, second) = (rest / 3_600, rest / 60 % 60, rest % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

#[expect(clippy::print_stdout, reason = "what an example is for")]
fn tell(what: &str, value: u64, unit: &str) {
    println!("{what}\t{value}\t{unit}");
}
