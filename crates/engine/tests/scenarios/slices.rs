//! Large work runs in slices: counted, not timed. No batch holds more than its share, twice the work is twice the batches, and
//! what one step reads does not grow with what waits.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use weir_engine::{
    Output, Partition, RequestId,
    command::{ActivateJobs, BroadcastSignal, Command, CreateInstance, ProcessRef, PublishMessage, Reply},
    document::Document,
    key::ElementKey,
    limits,
    state::below::{Direction, Limit, MemoryStore, Stored, StoredError, StoredRows},
};

use crate::{limits::deploy, render::EPOCH_MS, world};

/// What one step may add to a batch that is all but full: the items or children that it queues, and what an element does.
const SLACK_EVENTS: usize = 250;

/// What the batches of some work came to.
#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    batches: usize,
    events: usize,
    largest_events: usize,
    largest_bytes: usize,
}

impl Tally {
    fn note(&mut self, output: &Output) {
        let Some(batch) = &output.batch else { return };
        self.batches += 1;
        self.events += batch.events.len();
        self.largest_events = self.largest_events.max(batch.events.len());
        self.largest_bytes = self.largest_bytes.max(batch.to_bytes().len());
    }

    fn assert_bounded(&self, what: &str) {
        let most = limits::WORK_PER_BATCH + SLACK_EVENTS;
        assert!(self.largest_events <= most, "{what}: a batch of {} events", self.largest_events);
        let most = 2 * limits::WORK_BYTES_PER_BATCH;
        assert!(self.largest_bytes <= most, "{what}: a batch of {} bytes", self.largest_bytes);
    }

    /// Half the work took about half the events and batches.
    fn assert_twice(&self, half: Tally, what: &str) {
        for (all, half) in [(self.events, half.events), (self.batches, half.batches)] {
            assert!(all * 10 <= half * 22 + 100, "{what}: {all} for twice the work of {half}");
        }
    }
}

fn run(partition: &mut Partition, now_ms: i64, command: Command, tally: &mut Tally) -> Option<Reply> {
    let mut output = partition.handle(now_ms, Some(RequestId(1)), command, &mut ());
    tally.note(&output);
    let mut answer = output.answers.pop();
    while output.more {
        output = partition.handle(now_ms, None, Command::Continue, &mut ());
        tally.note(&output);
        answer = answer.or(output.answers.pop());
    }
    answer.map(|answer| answer.result.expect("it is carried out"))
}

fn create(variables: &str) -> Command {
    Command::CreateInstance(CreateInstance {
        process: ProcessRef::Latest("p".into()),
        variables: Document::parse(variables).expect("they are good"),
        start_at: Vec::new(),
        with_result: None,
    })
}

/// A process of one activity that is done for each of `n` items.
fn loops(activity: &str, content: &str, sequential: bool) -> String {
    format!(
        r#"<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:zeebe="http://camunda.org/schema/zeebe/1.0">
  <message id="m" name="stop"><extensionElements><zeebe:subscription correlationKey="=&quot;k&quot;"/></extensionElements></message>
  <process id="p" isExecutable="true">
    <startEvent id="start"/><sequenceFlow id="f" sourceRef="start" targetRef="t"/>
    <{activity} id="t">{content}
      <multiInstanceLoopCharacteristics isSequential="{sequential}"><extensionElements>
        <zeebe:loopCharacteristics inputCollection="=for i in 1..n return i" inputElement="item" outputCollection="all" outputElement="=item"/>
      </extensionElements></multiInstanceLoopCharacteristics>
    </{activity}>
  </process>
</definitions>"#
    )
}

fn partition(model: String) -> Partition {
    let mut partition = Partition::new(world::settings(1, 1));
    deploy(&mut partition, &[("a.bpmn", model)]).expect("the model is good");
    partition
}

const JOB: &str = r#"<extensionElements><zeebe:taskDefinition type="work"/></extensionElements>"#;
const TIMER: &str = r#"<startEvent id="s0"/><sequenceFlow id="g" sourceRef="s0" targetRef="c"/>
    <intermediateCatchEvent id="c"><timerEventDefinition><timeDuration>PT1H</timeDuration></timerEventDefinition></intermediateCatchEvent>"#;

/// Starts a multi-instance, completes all its jobs in the order that `order` gives them, or cancels it.
fn live(items: usize, end: End) -> (Tally, Tally) {
    let mut partition = partition(loops("serviceTask", JOB, false));
    let (mut started, mut ended) = (Tally::default(), Tally::default());
    let reply = run(&mut partition, EPOCH_MS, create(&format!("{{\"n\":{items}}}")), &mut started);
    let Some(Reply::InstanceCreated(created)) = reply else { panic!("{reply:?}") };
    let mut jobs: Vec<_> = partition.state().jobs.iter().map(|(key, _)| key).collect();
    assert_eq!(jobs.len(), items);
    match end {
        End::Cancelled => {
            run(&mut partition, EPOCH_MS, Command::CancelInstance(created.instance), &mut ended);
        }
        End::CancelledLate => {
            // All but the first are done: their results are forgotten in slices, too.
            for job in jobs.drain(1..) {
                let done = Command::CompleteJob { job, variables: Document::default() };
                run(&mut partition, EPOCH_MS, done, &mut Tally::default());
            }
            run(&mut partition, EPOCH_MS, Command::CancelInstance(created.instance), &mut ended);
        }
        End::Completed { backwards } => {
            if backwards {
                jobs.reverse();
            }
            for job in jobs {
                let done = Command::CompleteJob { job, variables: Document::default() };
                run(&mut partition, EPOCH_MS, done, &mut ended);
            }
        }
    }
    assert!(partition.state().elements.is_empty() && partition.state().loop_gathered.is_empty());
    assert!(partition.state().loop_items.is_empty() && partition.state().loop_results.is_empty());
    (started, ended)
}

#[derive(Clone, Copy, Debug)]
enum End {
    Completed { backwards: bool },
    Cancelled,
    CancelledLate,
}

#[test]
fn a_parallel_multi_instance_starts_completes_and_is_cancelled_in_slices() {
    let ends = [
        End::Completed { backwards: false },
        End::Completed { backwards: true },
        End::Cancelled,
        End::CancelledLate,
    ];
    for end in ends {
        let (half_start, half_end) = live(2_000, end);
        let (start, ended) = live(4_000, end);
        start.assert_bounded("start");
        start.assert_twice(half_start, "start");
        ended.assert_bounded(&format!("{end:?}"));
        ended.assert_twice(half_end, &format!("{end:?}"));
    }
}

#[test]
fn a_sequential_multi_instance_runs_in_slices() {
    let live = |items: usize| {
        let mut partition = partition(loops("manualTask", "", true));
        let mut tally = Tally::default();
        run(&mut partition, EPOCH_MS, create(&format!("{{\"n\":{items}}}")), &mut tally);
        assert!(partition.state().elements.is_empty());
        tally
    };
    let (half, all) = (live(2_000), live(4_000));
    all.assert_bounded("sequential");
    all.assert_twice(half, "sequential");
}

#[test]
fn timers_due_at_once_fire_in_slices() {
    let live = |timers: usize| {
        let mut partition = partition(loops("subProcess", TIMER, false));
        run(&mut partition, EPOCH_MS, create(&format!("{{\"n\":{timers}}}")), &mut Tally::default());
        let mut tally = Tally::default();
        let now_ms = EPOCH_MS + 3_600_000;
        while partition.next_due_ms().is_some() {
            let before = partition.state().deferred.len();
            let output = partition.handle(now_ms, None, Command::TimePassed, &mut ());
            tally.note(&output);
            let put_off = partition.state().deferred.len() - before;
            assert!(put_off <= 10, "no more is put off than follows from one timer: {put_off}");
        }
        run(&mut partition, now_ms, Command::Continue, &mut tally);
        assert!(partition.state().elements.is_empty());
        tally
    };
    let (half, all) = (live(2_000), live(4_000));
    all.assert_bounded("timers");
    all.assert_twice(half, "timers");
    assert!(all.batches >= 10, "they are not all in one batch: {all:?}");
}

/// A process that waits for a signal, and for the same again.
const SIGNALLED: &str = r#"<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL">
  <signal id="go" name="go"/>
  <process id="p" isExecutable="true"><startEvent id="start"/><sequenceFlow id="f" sourceRef="start" targetRef="c"/>
    <intermediateCatchEvent id="c"><signalEventDefinition signalRef="go"/></intermediateCatchEvent><sequenceFlow id="g" sourceRef="c" targetRef="d"/>
    <intermediateCatchEvent id="d"><signalEventDefinition signalRef="go"/></intermediateCatchEvent></process></definitions>"#;

#[test]
fn a_signal_reaches_all_who_waited_in_slices_and_nobody_who_began_meanwhile() {
    let live = |instances: usize| {
        let mut partition = partition(SIGNALLED.into());
        for _ in 0..instances {
            run(&mut partition, EPOCH_MS, create(""), &mut Tally::default());
        }
        let go = |text: &str| {
            let variables = Document::parse(text).expect("they are good");
            Command::BroadcastSignal(BroadcastSignal { name: "go".into(), variables })
        };
        let mut tally = Tally::default();
        // The first is still under way when another instance begins to wait, and when it comes again.
        let output = partition.handle(EPOCH_MS, Some(RequestId(1)), go("{\"n\":1}"), &mut ());
        assert!(output.more && output.answers.len() == 1, "it is answered while most of it is put off");
        tally.note(&output);
        partition.handle(EPOCH_MS, None, create(""), &mut ());
        run(&mut partition, EPOCH_MS, Command::Continue, &mut tally);
        assert_eq!(partition.state().signal_waits.len(), instances + 1, "each waits for the next one");
        let took = partition.state().variables.iter().filter(|(_, json)| &*json.0 == "1").count();
        assert_eq!(took, instances, "whoever waited took it, once");
        run(&mut partition, EPOCH_MS, go("{}"), &mut tally);
        assert_eq!(partition.state().signal_waits.len(), 1, "who came late waits for a second one");
        tally
    };
    let (half, all) = (live(2_000), live(4_000));
    all.assert_bounded("signal");
    all.assert_twice(half, "signal");
    assert!(all.batches >= 20, "{all:?}");
}

/// Where what is triggered begins in a later slice, its scope is not over before, whatever ends in it meanwhile.
#[test]
fn what_was_triggered_begins_though_all_else_in_its_scope_ended_meanwhile() {
    const HANDLERS: [&str; 2] = [
        r#"<boundaryEvent id="b" attachedToRef="t" cancelActivity="false"><signalEventDefinition signalRef="go"/></boundaryEvent>
          <sequenceFlow id="g" sourceRef="b" targetRef="after"/><serviceTask id="after">AFTER</serviceTask>"#,
        r#"<subProcess id="h" triggeredByEvent="true"><startEvent id="hs" isInterrupting="false"><signalEventDefinition signalRef="go"/></startEvent>
          <sequenceFlow id="g" sourceRef="hs" targetRef="after"/><serviceTask id="after">AFTER</serviceTask></subProcess>"#,
    ];
    const INSTANCES: usize = 1_500;
    for handler in HANDLERS {
        let handler = handler.replace("AFTER", &JOB.replace("work", "after"));
        let mut partition = partition(format!(
            r#"<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:zeebe="http://camunda.org/schema/zeebe/1.0">
              <signal id="go" name="go"/>
              <process id="p" isExecutable="true"><startEvent id="s"/><sequenceFlow id="f" sourceRef="s" targetRef="t"/>
              <serviceTask id="t">{JOB}</serviceTask>{handler}</process></definitions>"#
        ));
        for _ in 0..INSTANCES {
            run(&mut partition, EPOCH_MS, create(""), &mut Tally::default());
        }
        let jobs: Vec<_> = partition.state().jobs.iter().map(|(key, _)| key).collect();
        let go = BroadcastSignal { name: "go".into(), variables: Document::default() };
        assert!(partition.handle(EPOCH_MS, None, Command::BroadcastSignal(go), &mut ()).more);
        for job in jobs {
            let done = Command::CompleteJob { job, variables: Document::default() };
            partition.handle(EPOCH_MS, None, done, &mut ());
        }
        run(&mut partition, EPOCH_MS, Command::Continue, &mut Tally::default());
        let begun = partition.state().jobs.iter().filter(|(_, job)| &*job.job_type == "after").count();
        let ended = INSTANCES - partition.state().elements.iter().filter(|(_, row)| row.element == 0).count();
        assert!(
            begun + ended == INSTANCES && begun > 500,
            "{begun} were triggered, {ended} had ended before"
        );
    }
}

#[test]
fn large_variables_of_a_signal_go_into_many_batches() {
    let mut partition = partition(SIGNALLED.into());
    for _ in 0..200 {
        run(&mut partition, EPOCH_MS, create(""), &mut Tally::default());
    }
    let variables =
        Document::parse(&format!("{{\"large\":\"{}\"}}", "x".repeat(400_000))).expect("they are good");
    let go = Command::BroadcastSignal(BroadcastSignal { name: "go".into(), variables });
    let mut tally = Tally::default();
    run(&mut partition, EPOCH_MS, go, &mut tally);
    tally.assert_bounded("signal");
    assert!(tally.batches > 50, "{tally:?}");
    assert_eq!(partition.state().variables.len(), 200);
}

/// Wherever a slice ends, an element that is over by then no longer gets the subscription it asked for: it would stay for ever.
#[test]
fn a_subscription_that_is_opened_in_a_later_slice_than_its_element_ends_does_not_stay() {
    let mut partition = partition(String::from(
        r#"<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:zeebe="http://camunda.org/schema/zeebe/1.0">
      <message id="m" name="m"><extensionElements><zeebe:subscription correlationKey="=key"/></extensionElements></message>
      <process id="p" isExecutable="true"><startEvent id="s"/>
      <intermediateCatchEvent id="t"><timerEventDefinition><timeDuration>PT1S</timeDuration></timerEventDefinition></intermediateCatchEvent>
      <task id="a"><multiInstanceLoopCharacteristics isSequential="true"><extensionElements>
        <zeebe:loopCharacteristics inputCollection="=[1, 2]"/></extensionElements></multiInstanceLoopCharacteristics></task>
      <boundaryEvent id="b" attachedToRef="a" cancelActivity="false"><messageEventDefinition messageRef="m"/></boundaryEvent>
      <endEvent id="e"/><endEvent id="f"/>
      <sequenceFlow id="f1" sourceRef="s" targetRef="t"/><sequenceFlow id="f2" sourceRef="t" targetRef="a"/>
      <sequenceFlow id="f3" sourceRef="a" targetRef="e"/><sequenceFlow id="f4" sourceRef="b" targetRef="f"/>
      </process></definitions>"#,
    ));
    let mut tally = Tally::default();
    for number in 0..200 {
        run(&mut partition, EPOCH_MS, create(&format!("{{\"key\":\"{number}\"}}")), &mut tally);
    }
    while partition.next_due_ms().is_some() {
        tally.note(&partition.handle(EPOCH_MS + 1_000, None, Command::TimePassed, &mut ()));
        run(&mut partition, EPOCH_MS + 1_000, Command::Continue, &mut tally);
    }
    assert!(tally.batches > 220, "{tally:?}");
    let state = partition.state();
    assert!(state.elements.is_empty() && state.waits.is_empty());
    assert!(state.subscriptions.is_empty());
}

#[test]
fn jobs_timed_out_at_once_are_freed_in_slices() {
    let mut partition = partition(loops("serviceTask", JOB, false));
    run(&mut partition, EPOCH_MS, create("{\"n\":5000}"), &mut Tally::default());
    let asked = ActivateJobs {
        job_type: "work".into(),
        worker: "w".into(),
        timeout_ms: 1_000,
        max_jobs: 5_000,
        fetch_variables: ["item".into()].into(),
        max_bytes: usize::MAX,
    };
    run(&mut partition, EPOCH_MS, Command::ActivateJobs(asked), &mut Tally::default());
    let mut tally = Tally::default();
    while partition.next_due_ms().is_some() {
        tally.note(&partition.handle(EPOCH_MS + 1_000, None, Command::TimePassed, &mut ()));
    }
    assert_eq!(partition.state().job_queue.len(), 5_000);
    let most = limits::UNAWAITED_WORK_PER_BATCH;
    assert!(tally.batches <= 5_000 * 2 / most + 1, "{tally:?}");
    assert!(tally.largest_events <= most, "{tally:?}");
}

/// Called processes get a copy of all variables: what would make a batch of hundreds of megabytes, and stop the server, is
/// many small ones.
#[test]
fn variables_that_are_copied_for_every_item_go_into_many_batches() {
    let call = r#"<extensionElements><zeebe:calledElement processId="q"/></extensionElements>"#;
    let called = r#"<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL">
      <process id="q" isExecutable="true"><startEvent id="s"/></process></definitions>"#;
    let mut partition = partition(loops("callActivity", call, false));
    deploy(&mut partition, &[("b.bpmn", called.into())]).expect("the model is good");
    let mut tally = Tally::default();
    let variables = format!("{{\"n\":300,\"large\":\"{}\"}}", "x".repeat(400_000));
    run(&mut partition, EPOCH_MS, create(&variables), &mut tally);
    assert!(partition.state().elements.is_empty());
    assert!(tally.batches > 50, "{tally:?}");
    tally.assert_bounded("copies");
}

/// Rows below that are counted when they are read.
#[derive(Debug, Default)]
struct Counting {
    rows: MemoryStore,
    reads: AtomicUsize,
}

impl Stored for Counting {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoredError> {
        self.reads.fetch_add(1, Ordering::Relaxed);
        self.rows.get(key)
    }

    fn scan(&self, from: &[u8], to: &[u8], limit: Limit, way: Direction) -> Result<StoredRows, StoredError> {
        let found = self.rows.scan(from, to, limit, way)?;
        self.reads.fetch_add(1 + found.len(), Ordering::Relaxed);
        Ok(found)
    }
}

/// A partition of which nothing is in memory, and its rows.
fn forgotten(mut partition: Partition) -> (Partition, Arc<Counting>) {
    let store = Arc::new(Counting::default());
    for (key, value) in partition.state().dump() {
        store.rows.write(key, Some(value));
    }
    let settings = partition.settings().clone();
    partition = Partition::over(settings, store.clone());
    (partition, store)
}

/// A process that waits for a message.
const RECEIVE: &str = r#"<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:zeebe="http://camunda.org/schema/zeebe/1.0">
  <message id="m" name="go"><extensionElements><zeebe:subscription correlationKey="=&quot;k&quot;"/></extensionElements></message>
  <process id="p" isExecutable="true"><startEvent id="start"/><sequenceFlow id="f" sourceRef="start" targetRef="r"/>
    <receiveTask id="r" messageRef="m"/></process></definitions>"#;

/// Rows that are read for a command on a partition that `waiting` instances of one process wait on.
fn reads(waiting: usize, command: impl Fn(&Partition) -> Command) -> usize {
    let mut partition = partition(RECEIVE.into());
    for _ in 0..waiting {
        run(&mut partition, EPOCH_MS, create(""), &mut Tally::default());
    }
    let command = command(&partition);
    let (mut partition, store) = forgotten(partition);
    let before = partition.state().elements.len();
    store.reads.store(0, Ordering::Relaxed);
    run(&mut partition, EPOCH_MS, command, &mut Tally::default());
    let reads = store.reads.load(Ordering::Relaxed);
    assert_eq!(partition.failure(), None);
    assert_eq!(partition.state().elements.len(), before - 2, "one instance ended");
    reads
}

#[test]
fn a_message_costs_the_same_however_many_wait_for_it() {
    let publish = |_: &Partition| {
        Command::PublishMessage(PublishMessage {
            name: "go".into(),
            correlation_key: "k".into(),
            ttl_ms: 60_000,
            message_id: "".into(),
            variables: Document::default(),
        })
    };
    let (few, many) = (reads(500, publish), reads(3_000, publish));
    assert!(many <= few + 50, "{few} rows read with 500 waiting, {many} with 3,000");
}

#[test]
fn a_cancel_costs_the_same_however_many_wait() {
    let cancel = |partition: &Partition| {
        let key: ElementKey = partition.state().elements.first().expect("instances wait").0;
        Command::CancelInstance(key)
    };
    let (few, many) = (reads(500, cancel), reads(3_000, cancel));
    assert!(many <= few + 50, "{few} rows read with 500 waiting, {many} with 3,000");
}

/// Number of the table of free subscriptions, which checkpoints of earlier programs do not have.
const FREE_SUBSCRIPTIONS: u8 = 42;

#[test]
fn a_checkpoint_without_free_subscriptions_is_taken_over() {
    let mut earlier = partition(RECEIVE.into());
    run(&mut earlier, EPOCH_MS, create(""), &mut Tally::default());
    let store = Arc::new(MemoryStore::default());
    for (key, value) in earlier.state().dump() {
        if key.first() != Some(&FREE_SUBSCRIPTIONS) {
            store.write(key, Some(value));
        }
    }
    let mut partition = Partition::over(earlier.settings().clone(), store);
    let go = PublishMessage {
        name: "go".into(),
        correlation_key: "k".into(),
        ttl_ms: 0,
        message_id: "".into(),
        variables: Document::default(),
    };
    run(&mut partition, EPOCH_MS, Command::PublishMessage(go), &mut Tally::default());
    assert!(partition.state().elements.is_empty(), "the message arrived");
}
