//! Every limit of the engine, exceeded. (Those of documents are tested beside them; calls that are nested too deep, steps
//! and due timers of one batch, and durations are scenarios.)

use std::sync::Arc;

use weir_engine::{
    Partition, RequestId,
    command::{ActivateJobs, Command, CreateInstance, FailJob, ProcessRef, Reply, Resource},
    document::Document,
    limits,
    rejection::{Rejection, RejectionCode},
    state::row::Incident,
};

use crate::{render::EPOCH_MS, world};

pub(crate) fn ask(partition: &mut Partition, command: Command) -> Result<Reply, Rejection> {
    let mut output = partition.handle(EPOCH_MS, Some(RequestId(1)), command, &mut ());
    while output.more {
        let next = partition.handle(EPOCH_MS, None, Command::Continue, &mut ());
        output.more = next.more;
        output.answers.extend(next.answers);
    }
    output.answers.pop().expect("every command is answered").result
}

fn one_task(job_type: &str, marker: &str) -> String {
    format!(
        r#"<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:zeebe="http://camunda.org/schema/zeebe/1.0">
  <process id="p" isExecutable="true">
    <startEvent id="start"/><sequenceFlow id="f" sourceRef="start" targetRef="t"/>
    <serviceTask id="t"><extensionElements><zeebe:taskDefinition type="{job_type}"/></extensionElements>{marker}</serviceTask>
  </process>
</definitions>"#
    )
}

pub(crate) fn deploy(partition: &mut Partition, files: &[(&str, String)]) -> Result<Reply, Rejection> {
    let resource =
        |(name, text): &(&str, String)| Resource { name: (*name).into(), content: text.as_bytes().into() };
    ask(partition, Command::Deploy(files.iter().map(resource).collect()))
}

fn started(files: &[(&str, String)], variables: &str) -> Partition {
    let mut partition = Partition::new(world::settings(1, 1));
    deploy(&mut partition, files).expect("the model is good");
    let asked = CreateInstance {
        process: ProcessRef::Latest("p".into()),
        variables: Document::parse(variables).expect("they are good"),
        start_at: Vec::new(),
        with_result: None,
    };
    ask(&mut partition, Command::CreateInstance(asked)).expect("it starts");
    partition
}

fn activation(max_jobs: usize) -> Command {
    Command::ActivateJobs(ActivateJobs {
        job_type: "work".into(),
        worker: "w".into(),
        timeout_ms: 1_000,
        max_jobs,
        fetch_variables: [].into(),
        max_bytes: usize::MAX,
    })
}

pub(crate) fn only_incident(partition: &Partition) -> Arc<Incident> {
    let mut incidents = partition.state().incidents.iter();
    let (_, first) = incidents.next().expect("there is an incident");
    assert!(incidents.next().is_none());
    first.clone()
}

#[test]
fn a_deployment_has_a_size() {
    let mut partition = Partition::new(world::settings(1, 1));
    let padding = format!("<!--{}-->", " ".repeat(limits::DEPLOYMENT_BYTES / 2));
    let half = one_task("work", &padding);
    let rejection = deploy(&mut partition, &[("a.bpmn", half.clone()), ("b.bpmn", half)]).unwrap_err();
    assert_eq!(rejection.code, RejectionCode::InvalidArgument);
    assert!(rejection.reason.contains("at most 4194304 bytes together"), "{}", rejection.reason);
    assert!(partition.state().files.is_empty());
}

#[test]
fn the_text_of_a_rejection_has_a_length_and_says_what_is_missing() {
    let mut partition = Partition::new(world::settings(1, 1));
    let tasks: String = (0..20).map(|n| format!("<serviceTask id=\"broken-{n}\"/>")).collect();
    let text = one_task("work", "").replace("<startEvent", &format!("{tasks}<startEvent"));
    let names: Vec<String> = (0..9).map(|n| format!("{n}.bpmn")).collect();
    let files: Vec<(&str, String)> = names.iter().map(|name| (name.as_str(), text.clone())).collect();
    let rejection = deploy(&mut partition, &files).unwrap_err();
    assert!(rejection.reason.len() <= limits::MESSAGE_TEXT_BYTES, "{} bytes", rejection.reason.len());
    let shown = rejection.reason.matches(".bpmn':").count();
    assert!(shown > 0);
    let last = rejection.reason.lines().last().unwrap_or_default();
    assert_eq!(last, format!("... and {} more files with errors; mend these first", 9 - shown));
}

#[test]
fn the_text_of_an_incident_and_a_worker_s_message_are_cut() {
    let mut partition = started(&[("a.bpmn", one_task("work", ""))], "");
    let (job, _) = partition.state().jobs.first().expect("there is a job");
    let failed = FailJob {
        job,
        retries: 0,
        // Two bytes each, so that a cut in the middle of one would show.
        error_message: "\u{e9}".repeat(limits::ERROR_MESSAGE_CHARS + 1).into(),
        backoff_ms: 0,
        variables: Document::default(),
    };
    let output = partition.handle(EPOCH_MS, None, Command::FailJob(failed), &mut ());
    let kept = output.batch.into_iter().flat_map(|batch| batch.events).find_map(|event| match event {
        weir_engine::event::Event::JobFailed { message, .. } => Some(message.chars().count()),
        _ => None,
    });
    assert_eq!(kept, Some(limits::ERROR_MESSAGE_CHARS));
    assert_eq!(only_incident(&partition).message.len(), limits::MESSAGE_TEXT_BYTES);
}

#[test]
fn a_name_that_an_expression_gives_has_a_length() {
    let files = [("a.bpmn", one_task("=name", ""))];
    let fits = format!("{{\"name\":\"{}\"}}", "x".repeat(limits::NAME_BYTES));
    assert_eq!(started(&files, &fits).state().jobs.len(), 1);
    let too_long = format!("{{\"name\":\"{}\"}}", "x".repeat(limits::NAME_BYTES + 1));
    let held = started(&files, &too_long);
    assert!(held.state().jobs.is_empty());
    let text = only_incident(&held).message.to_string();
    assert_eq!(
        text,
        "Expected result of the expression 'name' to have at most 32768 bytes, but it has 32769 bytes."
    );
}

#[test]
fn an_activation_hands_out_so_many_jobs_and_no_more() {
    let marker = r#"<multiInstanceLoopCharacteristics><extensionElements>
        <zeebe:loopCharacteristics inputCollection="=for i in 1..10001 return i"/></extensionElements></multiInstanceLoopCharacteristics>"#;
    let mut partition = started(&[("a.bpmn", one_task("work", marker))], "");
    assert_eq!(partition.state().jobs.len(), limits::JOBS_PER_ACTIVATION + 1);
    let reply = ask(&mut partition, activation(1_000_000)).unwrap();
    let Reply::JobsActivated { jobs, truncated } = reply else { panic!("{reply:?}") };
    assert_eq!((jobs.len(), truncated), (limits::JOBS_PER_ACTIVATION, false));
}

#[test]
fn an_activation_hands_out_so_many_bytes_and_no_more() {
    let marker = r#"<multiInstanceLoopCharacteristics><extensionElements>
        <zeebe:loopCharacteristics inputCollection="=[1,2,3]"/></extensionElements></multiInstanceLoopCharacteristics>"#;
    let variables = format!("{{\"a\":\"{}\"}}", "x".repeat(limits::ACTIVATION_BYTES / 2 - 1_000));
    let mut partition = started(&[("a.bpmn", one_task("work", marker))], &variables);
    let reply = ask(&mut partition, activation(3)).unwrap();
    let Reply::JobsActivated { jobs, truncated } = reply else { panic!("{reply:?}") };
    assert_eq!((jobs.len(), truncated), (2, true));

    // One that is too large for any activation is held by an incident; the others are not.
    let variables = format!("{{\"a\":\"{}\"}}", "x".repeat(limits::ACTIVATION_BYTES));
    let mut partition = started(&[("a.bpmn", one_task("work", ""))], &variables);
    let reply = ask(&mut partition, activation(3)).unwrap();
    let Reply::JobsActivated { jobs, truncated } = reply else { panic!("{reply:?}") };
    assert_eq!((jobs.len(), truncated), (0, false));
    assert_eq!(only_incident(&partition).kind.name(), "MESSAGE_SIZE_EXCEEDED");
}

fn timers(count: usize, due: &str) -> String {
    format!(
        r#"<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:zeebe="http://camunda.org/schema/zeebe/1.0">
  <process id="p" isExecutable="true">
    <startEvent id="start"/><sequenceFlow id="f" sourceRef="start" targetRef="s"/>
    <subProcess id="s">
      <multiInstanceLoopCharacteristics><extensionElements>
        <zeebe:loopCharacteristics inputCollection="=for i in 1..{count} return i"/></extensionElements></multiInstanceLoopCharacteristics>
      <startEvent id="s0"/><sequenceFlow id="g" sourceRef="s0" targetRef="c"/>
      <intermediateCatchEvent id="c"><timerEventDefinition><timeDuration>{due}</timeDuration></timerEventDefinition></intermediateCatchEvent>
      <sequenceFlow id="h" sourceRef="c" targetRef="again"/>
      <callActivity id="again"><extensionElements><zeebe:calledElement processId="p"/></extensionElements></callActivity>
    </subProcess>
  </process>
</definitions>"#
    )
}

#[test]
fn a_batch_takes_so_much_work_and_so_few_due_timers() {
    let mut partition = started(&[("a.bpmn", timers(limits::WORK_PER_BATCH, "PT1H"))], "");
    let due_ms = EPOCH_MS + 3_600_000;
    let output = partition.handle(due_ms, None, Command::TimePassed, &mut ());
    let batch = output.batch.expect("timers were due");
    // The first calls the process again, which is far more than one batch takes: no other is fired before that is put off.
    assert_eq!(count(&batch.events, "TimerFired"), 1);
    assert!(batch.events.len() <= limits::UNAWAITED_WORK_PER_BATCH, "{} events", batch.events.len());
    assert!(output.more && partition.has_deferred_work());
    assert_eq!(partition.next_due_ms(), Some(due_ms), "the rest is still due");
}

fn count(events: &[weir_engine::event::Event], kind: &str) -> usize {
    events.iter().filter(|event| format!("{event:?}").starts_with(kind)).count()
}

#[test]
fn calls_are_nested_so_deep() {
    let mut partition = started(&[("a.bpmn", timers(1, "PT0S"))], "");
    while partition.state().incidents.is_empty() {
        let put_off = partition.has_deferred_work();
        let command = if put_off { Command::Continue } else { Command::TimePassed };
        let output = partition.handle(EPOCH_MS, None, command, &mut ());
        assert!(output.batch.is_some(), "it goes deeper and deeper");
    }
    let deepest = partition.state().elements.iter().map(|(_, row)| row.call_depth).max();
    assert_eq!(deepest, Some(limits::CALL_DEPTH));
    assert_eq!(only_incident(&partition).kind.name(), "CALLED_ELEMENT_ERROR");
}

#[test]
fn nothing_lasts_longer_than_a_hundred_years() {
    let mut partition = started(&[("a.bpmn", one_task("work", ""))], "");
    let Command::ActivateJobs(asked) = activation(1) else { unreachable!() };
    let asked = ActivateJobs { timeout_ms: i64::MAX, ..asked };
    let reply = ask(&mut partition, Command::ActivateJobs(asked)).unwrap();
    let Reply::JobsActivated { jobs, .. } = reply else { panic!("{reply:?}") };
    assert_eq!(jobs.first().map(|job| job.deadline_ms), Some(EPOCH_MS + limits::DURATION_MS));
}
