//! Diagnostics: sub processes.

use expect_test::expect;

use crate::support::{after_start, after_start_with_message, lines};

#[test]
fn without_or_with_two_starts() {
    let text = lines(&after_start(
        r#"<bpmn:subProcess id="e" />
<bpmn:subProcess id="a"><bpmn:startEvent id="x" /><bpmn:startEvent id="y" /></bpmn:subProcess>"#,
    ));
    expect![[r#"
        error 6:1 [e] Must have exactly one start event
          help: add a start event inside the sub-process
        error 7:1 [a] Must have exactly one start event
          help: keep one start event; lead its flow into a gateway if several paths shall start
    "#]]
    .assert_eq(&text);
}

#[test]
fn triggered_start_in_an_embedded_one() {
    let text = lines(&after_start_with_message(
        r#"<bpmn:subProcess id="e"><bpmn:startEvent id="x"><bpmn:messageEventDefinition messageRef="m" /></bpmn:startEvent></bpmn:subProcess>"#,
    ));
    expect![[r#"
        error 6:25 [x] Start events in subprocesses must be of type none
          help: remove the event definition, or make it an event sub-process (triggeredByEvent="true")
    "#]]
    .assert_eq(&text);
}

#[test]
fn event_sub_process_without_trigger_and_with_flows() {
    let text = lines(&after_start(
        r#"<bpmn:subProcess id="e" triggeredByEvent="true"><bpmn:startEvent id="x" /></bpmn:subProcess>
<bpmn:subProcess id="a" triggeredByEvent="true"><bpmn:startEvent id="y" isInterrupting="false"><bpmn:errorEventDefinition /></bpmn:startEvent></bpmn:subProcess>"#,
    ));
    expect![[r#"
        error 5:1 [f] an event sub-process must not have incoming or outgoing sequence flows
          help: remove the sequence flow: the start event inside triggers the event sub-process
        error 6:49 [x] Start events in event subprocesses must be one of: message, timer, error, signal or escalation
          help: give the start event a message, a signal, a timer or an error (escalation is not supported yet)
        error 7:49 [y] Non-Interrupting event of this type is not allowed
          help: make it interrupting: after an error the activity cannot go on
    "#]].assert_eq(&text);
}

#[test]
fn event_sub_processes_that_wait_for_the_same() {
    let text = lines(&after_start_with_message(
        r#"<bpmn:subProcess id="e"><bpmn:startEvent id="x" />
<bpmn:subProcess id="es1" triggeredByEvent="true"><bpmn:startEvent id="ss1"><bpmn:messageEventDefinition messageRef="m" /></bpmn:startEvent></bpmn:subProcess>
<bpmn:subProcess id="es2" triggeredByEvent="true"><bpmn:startEvent id="ss2"><bpmn:messageEventDefinition messageRef="m" /></bpmn:startEvent></bpmn:subProcess>
</bpmn:subProcess>"#,
    ));
    expect![[r#"
        error 8:51 [ss2] Multiple message event definitions with the same name 'm' are not allowed.
          help: use a message with another name: nobody could tell which of the two events it is for
    "#]]
    .assert_eq(&text);
}
