//! `weir job`: a worker by hand.

use std::{process::Stdio, time::Duration};

use clap::{Args, Subcommand};
use serde_json::{Value, json};
use tokio::{io::AsyncWriteExt, process::Command as Program};
use weir_api::proto::{
    ActivateJobsRequest, ActivatedJob, CompleteJobRequest, FailJobRequest, ThrowErrorRequest,
    UpdateJobRetriesRequest, UpdateJobTimeoutRequest,
};

use crate::{
    client::{Client, Connection},
    command::instance::{parse_key, parse_variables},
    exit::Exit,
    failure::Failure,
    output::{BAD, DIM, GOOD, NAME, Output, print_line, warn_line},
    variables::{self, Variables, parse_object},
};

/// Characters of a program's standard error that go into a job's error message.
const ERROR_TEXT_CHARS: usize = 2_000;

/// How long a worker waits for jobs before it asks again.
const WORKER_WAIT: Duration = Duration::from_secs(30);

/// Take jobs and finish them: a worker by hand
///
/// Examples:
///   weir job activate send-mail --max 5              takes jobs and prints them
///   weir job complete 2251799813685259 --var sent=true
///   weir job fail 2251799813685259 --retries 2 --message 'mail server away'
///   weir job work send-mail -- ./send.sh             a worker
///
/// A worker runs its program for each job, with the variables as JSON on standard input; what the
/// program prints (a JSON object) completes the job.
#[derive(Args, Debug)]
#[command(verbatim_doc_comment)]
pub(crate) struct Job {
    #[command(subcommand)]
    action: Action,
    #[command(flatten)]
    connection: Connection,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Take jobs of a type and print them
    Activate {
        #[command(flatten)]
        take: Take,
        /// At most this many
        #[arg(long, default_value_t = 1, value_name = "NUMBER")]
        max: i32,
        /// How long to wait for jobs when there are none
        #[arg(long, value_name = "TIME", default_value = "0s", value_parser = humantime::parse_duration)]
        wait: Duration,
    },
    /// Complete a job
    Complete {
        /// Key of the job
        #[arg(value_parser = parse_key)]
        key: i64,
        #[command(flatten)]
        variables: Variables,
    },
    /// Report that an attempt failed; without retries left, an incident is raised
    Fail {
        /// Key of the job
        #[arg(value_parser = parse_key)]
        key: i64,
        /// How often it may still be tried
        #[arg(long, default_value_t = 0, value_name = "NUMBER")]
        retries: i32,
        /// What went wrong
        #[arg(long, default_value = "")]
        message: String,
        /// How long to wait before the next attempt
        #[arg(long, value_name = "TIME", default_value = "0s", value_parser = humantime::parse_duration)]
        back_off: Duration,
        #[command(flatten)]
        variables: Variables,
    },
    /// Throw a BPMN error that an error event in the model catches
    Throw {
        /// Key of the job
        #[arg(value_parser = parse_key)]
        key: i64,
        /// Error code
        code: String,
        /// For people
        #[arg(long, default_value = "")]
        message: String,
        #[command(flatten)]
        variables: Variables,
    },
    /// Change how often a job may still be tried
    Retries {
        /// Key of the job
        #[arg(value_parser = parse_key)]
        key: i64,
        /// At least 1
        number: i32,
    },
    /// Give an activated job this much time from now
    Extend {
        /// Key of the job
        #[arg(value_parser = parse_key)]
        key: i64,
        /// Such as 30s, 5m
        #[arg(value_parser = humantime::parse_duration)]
        time: Duration,
    },
    /// Work on jobs of a type until stopped: completes each with the given variables, or with what a program prints
    Work {
        #[command(flatten)]
        take: Take,
        #[command(flatten)]
        variables: Variables,
        /// End after this many jobs
        #[arg(long, value_name = "NUMBER")]
        count: Option<u64>,
        /// Program to run for each job
        #[arg(last = true, value_name = "PROGRAM")]
        program: Vec<String>,
    },
}

/// Which jobs to take.
#[derive(Args, Debug)]
struct Take {
    /// Type of the jobs
    #[arg(value_name = "TYPE")]
    job_type: String,
    /// Name of this worker
    #[arg(long, default_value = "weir-cli", value_name = "NAME")]
    worker: String,
    /// How long a job is yours before others get it
    #[arg(long, value_name = "TIME", default_value = "5m", value_parser = humantime::parse_duration)]
    job_timeout: Duration,
    /// Only these variables; may be given several times
    #[arg(long, value_name = "NAME")]
    fetch: Vec<String>,
}

impl Job {
    pub(crate) async fn run(self, output: Output) -> Result<Exit, Failure> {
        let mut client = self.connection.client()?;
        let (key, done) = match self.action {
            Action::Activate { take, max, wait } => {
                return activate(&mut client, &take, max, wait, output).await;
            }
            Action::Work { take, variables, count, program } => {
                return work(&mut client, &take, &variables, count, &program, output).await;
            }
            Action::Complete { key, variables } => {
                complete(&mut client, key, variables.to_json()?).await?;
                (key, "completed")
            }
            Action::Fail { key, retries, message, back_off, variables } => {
                let variables = variables.to_json()?;
                let message = FailJobRequest {
                    job_key: key,
                    retries,
                    error_message: message,
                    retry_back_off: millis(back_off),
                    variables,
                    ..Default::default()
                };
                fail(&mut client, message).await?;
                (key, "failed")
            }
            Action::Throw { key, code, message, variables } => {
                let message = ThrowErrorRequest {
                    job_key: key,
                    error_code: code,
                    error_message: message,
                    variables: variables.to_json()?,
                    ..Default::default()
                };
                throw(&mut client, message).await?;
                (key, "thrown")
            }
            Action::Retries { key, number } => {
                let message = UpdateJobRetriesRequest { job_key: key, retries: number, ..Default::default() };
                update_retries(&mut client, message).await?;
                (key, "updated")
            }
            Action::Extend { key, time } => {
                let timeout = millis(time);
                let message = UpdateJobTimeoutRequest { job_key: key, timeout, ..Default::default() };
                update_timeout(&mut client, message).await?;
                (key, "updated")
            }
        };
        output.answer(&json!({ done: key.to_string() }), format_args!("{done} {key}"));
        Ok(Exit::Ok)
    }
}

async fn throw(client: &mut Client, message: ThrowErrorRequest) -> Result<(), Failure> {
    let request = client.request(message);
    let answer = client.gateway.throw_error(request).await;
    client.answer("throwing the error", answer).map(|_done| ())
}

async fn update_retries(client: &mut Client, message: UpdateJobRetriesRequest) -> Result<(), Failure> {
    let request = client.request(message);
    let answer = client.gateway.update_job_retries(request).await;
    client.answer("changing the retries", answer).map(|_done| ())
}

async fn update_timeout(client: &mut Client, message: UpdateJobTimeoutRequest) -> Result<(), Failure> {
    let request = client.request(message);
    let answer = client.gateway.update_job_timeout(request).await;
    client.answer("changing the time-out", answer).map(|_done| ())
}

async fn activate(
    client: &mut Client,
    take: &Take,
    max: i32,
    wait: Duration,
    output: Output,
) -> Result<Exit, Failure> {
    let jobs = take_jobs(client, take, max, wait).await?;
    let value = Value::Array(jobs.iter().map(to_json).collect());
    let text = jobs.iter().map(to_text).collect::<Vec<_>>().join("\n");
    let none = "no job of this type is waiting";
    output.answer(&value, if jobs.is_empty() { none } else { &text });
    Ok(Exit::Ok)
}

/// Asks for jobs; where there are none, waits for them on the server's side.
async fn take_jobs(
    client: &mut Client,
    take: &Take,
    max: i32,
    wait: Duration,
) -> Result<Vec<ActivatedJob>, Failure> {
    let message = ActivateJobsRequest {
        r#type: take.job_type.clone(),
        worker: take.worker.clone(),
        timeout: millis(take.job_timeout),
        max_jobs_to_activate: max,
        fetch_variable: take.fetch.clone(),
        request_timeout: if wait.is_zero() { -1 } else { millis(wait) },
        ..Default::default()
    };
    let request = client.request_within(message, wait + Duration::from_secs(10));
    let answer = client.gateway.activate_jobs(request).await;
    let mut stream = client.answer("taking jobs", answer)?;
    let mut jobs = Vec::new();
    loop {
        match stream.message().await {
            Ok(Some(batch)) => jobs.extend(batch.jobs),
            Ok(None) => return Ok(jobs),
            Err(status) => return Err(Failure::status("taking jobs", &client.address, &status)),
        }
    }
}

async fn work(
    client: &mut Client,
    take: &Take,
    variables: &Variables,
    count: Option<u64>,
    program: &[String],
    output: Output,
) -> Result<Exit, Failure> {
    let fixed = variables.to_json()?;
    let mut done = 0;
    output.say(format_args!("{DIM}waiting for jobs of type {}; Ctrl-C ends this{DIM:#}", take.job_type));
    while count.is_none_or(|count| done < count) {
        for job in take_jobs(client, take, 1, WORKER_WAIT).await? {
            done += 1;
            let result =
                if program.is_empty() { Ok(fixed.clone()) } else { run_program(program, &job).await };
            match result {
                Ok(variables) => {
                    complete(client, job.key, variables.clone()).await?;
                    output.say(format_args!("{GOOD}completed{GOOD:#} {} {}", job.key, variables));
                    if output.json {
                        print_line(
                            json!({ "completed": job.key.to_string(), "variables": parse_variables(&variables) }),
                        );
                    }
                }
                Err(error_message) => {
                    warn_line(format_args!("{BAD}failed{BAD:#} {} {error_message}", job.key));
                    let retries = (job.retries - 1).max(0);
                    fail(
                        client,
                        FailJobRequest { job_key: job.key, retries, error_message, ..Default::default() },
                    )
                    .await?;
                }
            }
        }
    }
    Ok(Exit::Ok)
}

/// Runs a program for a job. What it prints are the result's variables; nothing printed means none.
async fn run_program(program: &[String], job: &ActivatedJob) -> Result<String, String> {
    let (name, arguments) = program.split_first().ok_or("no program is named")?;
    let mut command = Program::new(name);
    command
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    command.env("WEIR_JOB_KEY", job.key.to_string()).env("WEIR_JOB_HEADERS", &job.custom_headers);
    command
        .env("WEIR_JOB_PROCESS_INSTANCE", job.process_instance_key.to_string())
        .env("WEIR_JOB_ELEMENT", &job.element_id);
    let mut child = command.spawn().map_err(|error| format!("cannot run {name}: {error}"))?;
    if let Some(mut stdin) = child.stdin.take() {
        // A program that does not read its input is fine.
        let _closed = stdin.write_all(job.variables.as_bytes()).await;
    }
    let result = child.wait_with_output().await.map_err(|error| format!("{name}: {error}"))?;
    if !result.status.success() {
        let mut text = String::from_utf8_lossy(&result.stderr).trim().to_owned();
        text = text.chars().take(ERROR_TEXT_CHARS).collect();
        return Err(format!("{name} ended with {}: {text}", result.status));
    }
    let text =
        String::from_utf8(result.stdout).map_err(|_invalid| format!("{name} printed what is not UTF-8"))?;
    if text.trim().is_empty() {
        return Ok("{}".to_owned());
    }
    parse_object(name, &text).map(|object| variables::to_text(&object)).map_err(|failure| failure.to_string())
}

async fn complete(client: &mut Client, job_key: i64, variables: String) -> Result<(), Failure> {
    let request = client.request(CompleteJobRequest { job_key, variables, ..Default::default() });
    let answer = client.gateway.complete_job(request).await;
    client.answer("completing the job", answer).map(|_empty| ())
}

async fn fail(client: &mut Client, message: FailJobRequest) -> Result<(), Failure> {
    let request = client.request(message);
    let answer = client.gateway.fail_job(request).await;
    client.answer("failing the job", answer).map(|_empty| ())
}

fn millis(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX)
}

fn to_json(job: &ActivatedJob) -> Value {
    json!({
        "key": job.key.to_string(), "type": job.r#type, "processId": job.bpmn_process_id,
        "processDefinitionVersion": job.process_definition_version, "processInstanceKey": job.process_instance_key.to_string(),
        "elementId": job.element_id, "elementInstanceKey": job.element_instance_key.to_string(), "retries": job.retries,
        "deadline": job.deadline, "headers": parse_variables(&job.custom_headers), "variables": parse_variables(&job.variables),
    })
}

fn to_text(job: &ActivatedJob) -> String {
    format!(
        "{NAME}{}{NAME:#} {} in {} (instance {}), retries {}\n  headers   {}\n  variables {}",
        job.key,
        job.element_id,
        job.bpmn_process_id,
        job.process_instance_key,
        job.retries,
        job.custom_headers,
        job.variables
    )
}
