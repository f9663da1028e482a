//! Diagnostics: events.

use expect_test::expect;

use crate::support::{after_start, file, file_with_error, file_with_message, lines, process};

#[test]
fn start_event_with_two_definitions() {
    let text = lines(&process(
        r#"<bpmn:startEvent id="s"><bpmn:timerEventDefinition /><bpmn:messageEventDefinition /></bpmn:startEvent>"#,
    ));
    expect![[r#"
        error 4:1 [s] Start event can't have more than one type
          help: keep one event definition, and add a start event for each of the others
    "#]]
    .assert_eq(&text);
}

#[test]
fn start_event_with_an_error() {
    let text = lines(&process(r#"<bpmn:startEvent id="s"><bpmn:errorEventDefinition /></bpmn:startEvent>"#));
    expect![[r#"
        error 4:1 [s] Start events of a process must be one of: none, message, signal, timer
          help: remove the event definition, or move the start event into an event sub-process
    "#]]
    .assert_eq(&text);
}

#[test]
fn signals_that_are_not_there_and_names_that_cannot_be_known() {
    let text = lines(&file(
        r#"<bpmn:process id="p" isExecutable="true"><bpmn:startEvent id="a"><bpmn:signalEventDefinition /></bpmn:startEvent>
<bpmn:startEvent id="b"><bpmn:signalEventDefinition signalRef="v" /></bpmn:startEvent>
<bpmn:startEvent id="c"><bpmn:signalEventDefinition signalRef="nowhere" /></bpmn:startEvent>
<bpmn:endEvent id="d"><bpmn:signalEventDefinition signalRef="nameless" /></bpmn:endEvent>
<bpmn:intermediateThrowEvent id="e"><bpmn:signalEventDefinition signalRef="v" /></bpmn:intermediateThrowEvent></bpmn:process>
<bpmn:signal id="v" name="=x" /><bpmn:signal id="nameless" />"#,
    ));
    expect![[r#"
        error 3:66 [a > signalEventDefinition] Must reference a signal
          help: set signalRef to the id of a signal
        error 5:64 [c > signalEventDefinition] Must reference a signal
          help: the signal 'nowhere' does not exist: add it, or mend signalRef
        error 8:27 [v] Expected constant expression but found '=x', which could not be evaluated without context: it needs the variable 'x'
          help: give a signal that starts a process a fixed name
        error 8:33 [nameless] Name must be present and not empty
          help: give the signal a name
    "#]].assert_eq(&text);
}

#[test]
fn two_events_that_wait_for_the_same_signal() {
    let text = lines(&file(
        r#"<bpmn:process id="p" isExecutable="true"><bpmn:startEvent id="a"><bpmn:signalEventDefinition signalRef="g" /></bpmn:startEvent>
<bpmn:startEvent id="b"><bpmn:signalEventDefinition signalRef="g" /></bpmn:startEvent><bpmn:task id="u" />
<bpmn:boundaryEvent id="c" attachedToRef="u"><bpmn:signalEventDefinition signalRef="g" /></bpmn:boundaryEvent><bpmn:sequenceFlow id="f" sourceRef="c" targetRef="u" />
<bpmn:boundaryEvent id="d" attachedToRef="u"><bpmn:signalEventDefinition signalRef="g" /></bpmn:boundaryEvent><bpmn:sequenceFlow id="h" sourceRef="d" targetRef="u" /></bpmn:process>
<bpmn:signal id="g" name="go" />"#,
    ));
    expect![[r#"
        error 4:1 [b] Multiple signal event definitions with the same name 'go' are not allowed.
          help: use a signal with another name, or keep one of the two events
        error 6:1 [d] Multiple signal event definitions with the same name 'go' are not allowed.
          help: use a signal with another name, or keep one of the two events
    "#]]
    .assert_eq(&text);
}

#[test]
fn message_start_without_message_and_with_a_variable_name() {
    let text = lines(&file_with_message(
        r#"<bpmn:process id="p" isExecutable="true"><bpmn:startEvent id="a"><bpmn:messageEventDefinition /></bpmn:startEvent>
<bpmn:startEvent id="b"><bpmn:messageEventDefinition messageRef="v" /></bpmn:startEvent>
<bpmn:startEvent id="c"><bpmn:messageEventDefinition messageRef="nowhere" /></bpmn:startEvent></bpmn:process><bpmn:message id="v" name="=x" />"#,
    ));
    expect![[r#"
        error 3:66 [a > messageEventDefinition] Must reference a message
          help: set messageRef to the id of a message
        error 5:66 [c > messageEventDefinition] Must reference a message
          help: the message 'nowhere' does not exist: add it, or mend messageRef
        error 5:137 [v] Expected constant expression but found '=x', which could not be evaluated without context: it needs the variable 'x'
          help: give a message that starts a process a fixed name
    "#]]
    .assert_eq(&text);
}

#[test]
fn two_message_starts_with_one_name() {
    let text = lines(&file_with_message(
        r#"<bpmn:process id="p" isExecutable="true"><bpmn:startEvent id="a"><bpmn:messageEventDefinition messageRef="m" /></bpmn:startEvent>
<bpmn:startEvent id="b"><bpmn:messageEventDefinition messageRef="m" /></bpmn:startEvent></bpmn:process>"#,
    ));
    expect![[r#"
        error 4:1 [b] Multiple message event definitions with the same name 'm' are not allowed.
          help: use a message with another name: nobody could tell which of the two events it is for
    "#]]
    .assert_eq(&text);
}

#[test]
fn message_without_name_or_key() {
    let text = lines(&file(
        r#"<bpmn:process id="p" isExecutable="true"><bpmn:startEvent id="s" />
<bpmn:intermediateCatchEvent id="a"><bpmn:messageEventDefinition messageRef="n" /></bpmn:intermediateCatchEvent>
<bpmn:receiveTask id="b" messageRef="k" />
<bpmn:receiveTask id="c" messageRef="t" /></bpmn:process>
<bpmn:message id="n" />
<bpmn:message id="k" name="k"><bpmn:extensionElements><zeebe:subscription /></bpmn:extensionElements></bpmn:message>
<bpmn:message id="t" name="t"><bpmn:extensionElements><zeebe:subscription correlationKey="static" /></bpmn:extensionElements></bpmn:message>"#,
    ));
    expect![[r#"
        error 7:1 [n] Name must be present and not empty
          help: give the message a name
        error 7:1 [n] Must have exactly one zeebe:subscription extension element
          help: give the message one <zeebe:subscription correlationKey="=..." />: the key tells which instance a message is for
        error 8:55 [k > extensionElements > subscription] Attribute 'correlationKey' must be present and not empty
          help: add correlationKey="..." to <zeebe:subscription>
        error 9:91 [t > extensionElements > subscription] Expected expression but found static value 'static'. An expression must start with '=' (e.g. '=static').
          help: write '=static'
    "#]].assert_eq(&text);
}

#[test]
fn intermediate_catch_without_or_with_wrong_definition() {
    let text = lines(&after_start(
        r#"<bpmn:intermediateCatchEvent id="e" />
<bpmn:intermediateCatchEvent id="a"><bpmn:errorEventDefinition /></bpmn:intermediateCatchEvent>
<bpmn:intermediateCatchEvent id="b"><bpmn:linkEventDefinition name="x" /></bpmn:intermediateCatchEvent>
<bpmn:intermediateCatchEvent id="c"><bpmn:conditionalEventDefinition /></bpmn:intermediateCatchEvent>"#,
    ));
    expect![[r#"
        error 6:1 [e] Must have exactly one event definition
          help: give the catch event one message, one signal or one timer
        error 7:1 [a] Event definition must be one of: message, timer, signal, or link
          help: use a message, a signal or a timer (link is not supported yet)
        error 8:37 [b > linkEventDefinition] link event is not supported yet (bpmn:linkEventDefinition), here on an intermediateCatchEvent
          help: draw a sequence flow, or wait for a later release
        error 9:37 [c > conditionalEventDefinition] conditional event is not supported yet (bpmn:conditionalEventDefinition), here on an intermediateCatchEvent
          help: use a message event, or wait for a later release
    "#]].assert_eq(&text);
}

#[test]
fn throw_events() {
    let text = lines(&after_start(
        r#"<bpmn:intermediateThrowEvent id="e"><bpmn:messageEventDefinition /></bpmn:intermediateThrowEvent>
<bpmn:intermediateThrowEvent id="a"><bpmn:escalationEventDefinition /></bpmn:intermediateThrowEvent>
<bpmn:intermediateThrowEvent id="b"><bpmn:compensateEventDefinition /></bpmn:intermediateThrowEvent>
<bpmn:intermediateThrowEvent id="c"><bpmn:timerEventDefinition /></bpmn:intermediateThrowEvent>
<bpmn:intermediateThrowEvent id="d"><bpmn:messageEventDefinition /><bpmn:messageEventDefinition /></bpmn:intermediateThrowEvent>"#,
    ));
    expect![[r#"
        error 6:1 [e] Must have either one 'zeebe:publishMessage' or one 'zeebe:taskDefinition' extension element
          help: give the element one <zeebe:taskDefinition type="..." />: a worker sends the message (zeebe:publishMessage is not supported yet)
        error 7:37 [a > escalationEventDefinition] escalation event is not supported yet (bpmn:escalationEventDefinition), here on an intermediateThrowEvent
          help: use an error event, or wait for a later release
        error 8:37 [b > compensateEventDefinition] compensation event is not supported yet (bpmn:compensateEventDefinition), here on an intermediateThrowEvent
          help: model the compensating activities explicitly, or wait for a later release
        error 9:1 [c] Event definition must be one of: message, signal, escalation, compensation or link
          help: use a message, a signal or none (errors and terminations are thrown by end events)
        error 10:1 [d] Must have at most one event definition
          help: keep one event definition; throw the others from further events
    "#]].assert_eq(&text);
}

#[test]
fn end_events() {
    let text = lines(&file(
        r#"<bpmn:process id="p" isExecutable="true"><bpmn:startEvent id="s" />
<bpmn:endEvent id="a"><bpmn:timerEventDefinition /></bpmn:endEvent>
<bpmn:endEvent id="b"><bpmn:errorEventDefinition /></bpmn:endEvent>
<bpmn:endEvent id="c"><bpmn:errorEventDefinition errorRef="no" /></bpmn:endEvent>
<bpmn:endEvent id="d"><bpmn:errorEventDefinition errorRef="nocode" /></bpmn:endEvent>
<bpmn:endEvent id="e"><bpmn:terminateEventDefinition /><bpmn:errorEventDefinition /></bpmn:endEvent>
<bpmn:endEvent id="g"><bpmn:cancelEventDefinition /></bpmn:endEvent>
<bpmn:endEvent id="h"><bpmn:messageEventDefinition /></bpmn:endEvent>
</bpmn:process><bpmn:error id="nocode" />"#,
    ));
    expect![[r#"
        error 4:1 [a] End events must be one of: none, error, message, terminate, signal, escalation or compensation
          help: put the timer on an intermediate catch event before the end event
        error 5:23 [b > errorEventDefinition] Must reference an error
          help: set errorRef to the id of an error
        error 6:60 [c > errorEventDefinition] Must reference an error
          help: the error 'no' does not exist: add it, or mend errorRef
        error 8:1 [e] Must have at most one event definition
          help: keep one event definition; throw the others from intermediate throw events before
        error 9:23 [g > cancelEventDefinition] cancel event is not supported yet (bpmn:cancelEventDefinition), here on an endEvent
          help: use an error event
        error 10:1 [h] Must have either one 'zeebe:publishMessage' or one 'zeebe:taskDefinition' extension element
          help: give the element one <zeebe:taskDefinition type="..." />: a worker sends the message (zeebe:publishMessage is not supported yet)
        error 11:16 [nocode] ErrorCode must be present and not empty
          help: give the error a code
    "#]].assert_eq(&text);
}

#[test]
fn boundary_events() {
    let text = lines(&file_with_error(
        r#"<bpmn:process id="p" isExecutable="true"><bpmn:startEvent id="s" />
<bpmn:task id="t" /><bpmn:sequenceFlow id="f0" sourceRef="t" targetRef="a" />
<bpmn:boundaryEvent id="a" attachedToRef="t"><bpmn:errorEventDefinition /></bpmn:boundaryEvent>
<bpmn:boundaryEvent id="b"><bpmn:errorEventDefinition /></bpmn:boundaryEvent>
<bpmn:boundaryEvent id="c" attachedToRef="s"><bpmn:errorEventDefinition /></bpmn:boundaryEvent>
<bpmn:boundaryEvent id="d" attachedToRef="no" />
<bpmn:boundaryEvent id="e" attachedToRef="t"><bpmn:terminateEventDefinition /></bpmn:boundaryEvent>
<bpmn:boundaryEvent id="g" attachedToRef="t" cancelActivity="false"><bpmn:errorEventDefinition errorRef="x" /></bpmn:boundaryEvent>
<bpmn:boundaryEvent id="h" attachedToRef="t" parallelMultiple="true"><bpmn:errorEventDefinition errorRef="x" /></bpmn:boundaryEvent>
<bpmn:sequenceFlow id="f1" sourceRef="a" targetRef="t" /><bpmn:sequenceFlow id="f2" sourceRef="b" targetRef="t" /><bpmn:sequenceFlow id="f3" sourceRef="c" targetRef="t" /><bpmn:sequenceFlow id="f4" sourceRef="e" targetRef="t" /><bpmn:sequenceFlow id="f5" sourceRef="g" targetRef="t" /><bpmn:sequenceFlow id="f6" sourceRef="h" targetRef="t" /></bpmn:process>"#,
    ));
    expect![[r#"
        error 4:21 [f0] Cannot have incoming sequence flows
          help: lead the sequence flow to another element: a boundary event is triggered, not entered
        error 6:1 [b] Must be attached to an activity
          help: set attachedToRef to the id of an activity of the same scope
        error 7:43 [c] Must be attached to an activity: 's' is not an activity
          help: set attachedToRef to the id of an activity of the same scope
        error 8:1 [d] Must have at least one outgoing sequence flow or association
          help: draw a sequence flow from the boundary event to what shall happen when it is triggered
        error 8:1 [d] Must have exactly one event definition
          help: give the boundary event one event definition, and add a boundary event for each other one
        error 8:43 [d] Must be attached to an activity: 'no' does not exist
          help: set attachedToRef to the id of an activity of the same scope
        error 9:1 [e] Boundary events must be one of: timer, message, error, signal, escalation
          help: use a timer, a message, a signal or an error (escalation is not supported yet)
        error 10:1 [g] Non-Interrupting event of this type is not allowed
          help: make it interrupting: after an error the activity cannot go on
        error 11:1 [h] Multiple error catch events with the same error code 'X' are not supported on the same scope.
          help: keep one of them
        error 11:64 [h] parallel multiple events are not supported yet
          help: use a parallel gateway that leads to one catch event for each definition
    "#]].assert_eq(&text);
}

#[test]
fn error_codes_caught_twice_or_computed() {
    let text = lines(&file_with_error(
        r#"<bpmn:process id="p" isExecutable="true"><bpmn:startEvent id="s" /><bpmn:task id="t" /><bpmn:task id="u" />
<bpmn:boundaryEvent id="a" attachedToRef="t"><bpmn:errorEventDefinition errorRef="x" /></bpmn:boundaryEvent>
<bpmn:boundaryEvent id="b" attachedToRef="t"><bpmn:errorEventDefinition errorRef="x" /></bpmn:boundaryEvent>
<bpmn:boundaryEvent id="c" attachedToRef="t"><bpmn:errorEventDefinition /></bpmn:boundaryEvent>
<bpmn:boundaryEvent id="d" attachedToRef="t"><bpmn:errorEventDefinition /></bpmn:boundaryEvent>
<bpmn:boundaryEvent id="e" attachedToRef="u"><bpmn:errorEventDefinition errorRef="y" /></bpmn:boundaryEvent>
<bpmn:sequenceFlow id="fa" sourceRef="a" targetRef="u" /><bpmn:sequenceFlow id="fb" sourceRef="b" targetRef="u" /><bpmn:sequenceFlow id="fc" sourceRef="c" targetRef="u" /><bpmn:sequenceFlow id="fd" sourceRef="d" targetRef="u" /><bpmn:sequenceFlow id="fe" sourceRef="e" targetRef="u" /></bpmn:process>
<bpmn:error id="y" errorCode="=code" />"#,
    ));
    expect![[r#"
        error 5:1 [b] Multiple error catch events with the same error code 'X' are not supported on the same scope.
          help: keep one of them
        error 7:1 [d] The same scope can not contain more than one error catch event without error code. An error catch event without error code catches all errors.
          help: keep one of them
        error 10:31 [y] The errorCode of the error catch event is not allowed to be an expression
          help: write a fixed code, or leave it out to catch all errors
    "#]].assert_eq(&text);
}

#[test]
fn message_shared_by_a_task_and_its_boundary_event() {
    let text = lines(&file_with_message(
        r#"<bpmn:process id="p" isExecutable="true"><bpmn:startEvent id="s" />
<bpmn:receiveTask id="t" messageRef="m" /><bpmn:task id="u" />
<bpmn:boundaryEvent id="a" attachedToRef="t"><bpmn:messageEventDefinition messageRef="m" /></bpmn:boundaryEvent><bpmn:sequenceFlow id="f" sourceRef="a" targetRef="u" />
<bpmn:boundaryEvent id="b" attachedToRef="u"><bpmn:messageEventDefinition messageRef="m" /></bpmn:boundaryEvent><bpmn:sequenceFlow id="g" sourceRef="b" targetRef="u" />
<bpmn:boundaryEvent id="c" attachedToRef="u"><bpmn:messageEventDefinition messageRef="m" /></bpmn:boundaryEvent><bpmn:sequenceFlow id="h" sourceRef="c" targetRef="u" /></bpmn:process>"#,
    ));
    expect![[r#"
        error 4:1 [t] Cannot reference the same message name as a boundary event
          help: use messages with different names for the task and for its boundary event
        error 7:1 [c] Multiple message event definitions with the same name 'm' are not allowed.
          help: use a message with another name: nobody could tell which of the two events it is for
    "#]]
    .assert_eq(&text);
}

#[test]
fn event_definition_on_a_task() {
    let text = lines(&after_start(r#"<bpmn:task id="e"><bpmn:timerEventDefinition /></bpmn:task>"#));
    expect![[r#"
        error 6:19 [e > timerEventDefinition] an event definition has no effect on a task
          help: attach a boundary event, or remove the event definition
    "#]]
    .assert_eq(&text);
}

#[test]
fn referenced_event_definition() {
    let text = lines(&process(
        r#"<bpmn:startEvent id="s"><bpmn:eventDefinitionRef>x</bpmn:eventDefinitionRef></bpmn:startEvent>"#,
    ));
    expect![[r#"
        error 4:25 [s > eventDefinitionRef] Event definition of this type is not supported (bpmn:eventDefinitionRef)
          help: put a message, signal, timer, error or terminate event definition inside the event
    "#]].assert_eq(&text);
}
