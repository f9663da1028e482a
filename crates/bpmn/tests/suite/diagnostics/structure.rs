//! Diagnostics: structure.

use expect_test::expect;

use crate::support::{after_start, file, lines, process};

#[test]
fn no_executable_process() {
    let text = lines(&file(r#"<bpmn:process id="p"><bpmn:startEvent id="s" /></bpmn:process>"#));
    expect![[r#"
        error 2:1 [definitions] Must contain at least one executable process
          help: set isExecutable="true" on the process that shall run
    "#]]
    .assert_eq(&text);
}

#[test]
fn no_start_event() {
    let text = lines(&process(r#"<bpmn:task id="t" />"#));
    expect![[r#"
        error 3:1 [p] Must have at least one start event
          help: add a start event and draw a sequence flow from it to the first element
    "#]]
    .assert_eq(&text);
}

#[test]
fn two_none_start_events() {
    let text = lines(&process(r#"<bpmn:startEvent id="a" /><bpmn:startEvent id="b" />"#));
    expect![[r#"
        error 4:27 [b] Multiple none start events are not allowed
          help: keep one none start event, or give the others a message, a signal or a timer
    "#]]
    .assert_eq(&text);
}

#[test]
fn two_processes_with_one_id() {
    let text = lines(&file(
        r#"<bpmn:process id="p" isExecutable="true"><bpmn:startEvent id="a" /></bpmn:process>
<bpmn:process id="p" isExecutable="true"><bpmn:startEvent id="b" /></bpmn:process>"#,
    ));
    expect![[r#"
        error 4:19 [p] Duplicated process id: 'p'
          help: give each process an id of its own
    "#]]
    .assert_eq(&text);
}

#[test]
fn ids_missing_or_used_twice() {
    let text = lines(&process(
        r#"<bpmn:startEvent id="a" />
<bpmn:task />
<bpmn:task id="a" />"#,
    ));
    expect![[r#"
        error 5:1 [p > task] Attribute 'id' must be present and not empty
          help: give the element an id
        error 6:16 [a] the id 'a' is used more than once
          help: give each element an id of its own
    "#]]
    .assert_eq(&text);
}

#[test]
fn the_root_is_something_else() {
    let text = lines(r#"<html xmlns="http://www.w3.org/1999/xhtml"><body /></html>"#);
    expect![[r#"
        error 1:1 [html] the root element is 'html', not 'definitions' of BPMN 2.0
          help: deploy a BPMN 2.0 file: its root is <definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL">
    "#]].assert_eq(&text);
}

#[test]
fn an_unknown_element() {
    let text = lines(&process(
        r#"<bpmn:startEvent id="s" />
<bpmn:servicetask id="t" />"#,
    ));
    expect![[r#"
        error 5:1 [t] bpmn:servicetask is not known inside a process
          help: correct its name, or remove it
    "#]]
    .assert_eq(&text);
}

#[test]
fn wrong_flow_ends() {
    let text = lines(&process(
        r#"<bpmn:startEvent id="s" />
<bpmn:sequenceFlow id="f1" sourceRef="s" targetRef="nowhere" />
<bpmn:sequenceFlow id="f2" sourceRef="f1" targetRef="s2" />
<bpmn:sequenceFlow id="f3" targetRef="t" />
<bpmn:task id="t" />"#,
    ));
    expect![[r#"
        error 5:53 [f1] targetRef 'nowhere' does not exist in this process
          help: draw the sequence flow anew, or remove it
        error 6:54 [f2] targetRef 's2' does not exist in this process
          help: draw the sequence flow anew, or remove it
        error 7:1 [f3] Attribute 'sourceRef' must be present and not empty
          help: draw the sequence flow anew, or remove it
    "#]]
    .assert_eq(&text);
}

#[test]
fn a_flow_across_a_border() {
    let text = lines(&after_start(
        r#"<bpmn:subProcess id="e"><bpmn:startEvent id="is" />
<bpmn:sequenceFlow id="x" sourceRef="is" targetRef="out" /></bpmn:subProcess>
<bpmn:task id="out" />"#,
    ));
    expect![[r#"
        error 7:1 [x] a sequence flow must not cross the border of a sub-process
          help: end the path inside the sub-process, and draw the sequence flow from the sub-process itself
    "#]]
    .assert_eq(&text);
}

#[test]
fn flows_into_a_start_and_out_of_an_end() {
    let text = lines(&after_start(
        r#"<bpmn:endEvent id="e" />
<bpmn:sequenceFlow id="back" sourceRef="e" targetRef="s" />"#,
    ));
    expect![[r#"
        error 7:1 [back] a start event must not have incoming sequence flows
          help: lead the sequence flow to the element after the start event
        error 7:1 [back] End events must not have outgoing sequence flows to other elements.
          help: remove the sequence flow, or make the end event an intermediate throw event
    "#]]
    .assert_eq(&text);
}

#[test]
fn a_straight_through_loop() {
    let text = lines(&after_start(
        r#"<bpmn:exclusiveGateway id="e" />
<bpmn:sequenceFlow id="f2" sourceRef="e" targetRef="m" />
<bpmn:manualTask id="m" />
<bpmn:sequenceFlow id="f3" sourceRef="m" targetRef="e" />"#,
    ));
    expect![[r#"
        error 8:1 [m] Processes are not allowed to contain a straight-through processing loop: m > e > m
          help: put an element that waits (a job, a timer, a message) into the loop: nothing in it ever would
    "#]]
    .assert_eq(&text);
}

#[test]
fn a_straight_through_loop_of_calls() {
    let text = lines(&file(
        r#"<bpmn:process id="a" isExecutable="true"><bpmn:startEvent id="s1" /><bpmn:sequenceFlow id="f1" sourceRef="s1" targetRef="c1" />
<bpmn:callActivity id="c1"><bpmn:extensionElements><zeebe:calledElement processId="b" /></bpmn:extensionElements></bpmn:callActivity></bpmn:process>
<bpmn:process id="b" isExecutable="true"><bpmn:startEvent id="s2" /><bpmn:sequenceFlow id="f2" sourceRef="s2" targetRef="sub" />
<bpmn:subProcess id="sub"><bpmn:startEvent id="s3" /><bpmn:sequenceFlow id="f3" sourceRef="s3" targetRef="c2" />
<bpmn:callActivity id="c2"><bpmn:extensionElements><zeebe:calledElement processId="a" /></bpmn:extensionElements></bpmn:callActivity></bpmn:subProcess></bpmn:process>"#,
    ));
    expect![[r#"
        error 4:1 [c1] Processes are not allowed to contain a straight-through processing loop: c1 > s2 > sub > s3 > c2 > s1 > c1
          help: put an element that waits (a job, a timer, a message) into the loop: nothing in it ever would
    "#]].assert_eq(&text);
}

#[test]
fn several_processes_and_all_their_errors() {
    let text = lines(&file(
        r#"<bpmn:process id="a" isExecutable="true"><bpmn:task id="t1" /></bpmn:process>
<bpmn:process id="ignored"><bpmn:complexGateway id="c" /></bpmn:process>
<bpmn:process id="b" isExecutable="true"><bpmn:startEvent id="s" /><bpmn:serviceTask id="t2" /></bpmn:process>"#,
    ));
    expect![[r#"
        error 3:1 [a] Must have at least one start event
          help: add a start event and draw a sequence flow from it to the first element
        error 5:68 [t2] Must have exactly one 'zeebe:taskDefinition' extension element
          help: give the element one <zeebe:taskDefinition type="..." /> in its extension elements: the type that its workers ask for
    "#]].assert_eq(&text);
}
