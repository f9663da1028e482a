//! Diagnostics: gateways.

use expect_test::expect;

use crate::support::{after_start, after_start_with_message, lines};

#[test]
fn exclusive_without_conditions() {
    let text = lines(&after_start(
        r#"<bpmn:exclusiveGateway id="e" default="f2" />
<bpmn:sequenceFlow id="f2" sourceRef="e" targetRef="x" />
<bpmn:sequenceFlow id="f3" sourceRef="e" targetRef="x" />
<bpmn:task id="x" />"#,
    ));
    expect![[r#"
        error 8:1 [f3] Must have a condition or be default flow
          help: add a conditionExpression, or make the flow the default of the gateway
    "#]]
    .assert_eq(&text);
}

#[test]
fn default_flow_elsewhere() {
    let text = lines(&after_start(
        r#"<bpmn:exclusiveGateway id="e" default="f" />
<bpmn:exclusiveGateway id="g" default="nothing" />"#,
    ));
    expect![[r#"
        error 6:40 [e] Default flow must start at gateway
          help: 'f' starts elsewhere: set default to the id of an outgoing sequence flow of this gateway
        error 7:40 [g] Default flow must start at gateway
          help: 'nothing' does not exist: set default to the id of an outgoing sequence flow of this gateway
    "#]]
    .assert_eq(&text);
}

#[test]
fn default_flow_of_an_activity_elsewhere() {
    let text = lines(&after_start(
        r#"<bpmn:task id="e" default="f2" />
<bpmn:sequenceFlow id="f2" sourceRef="e" targetRef="x" />
<bpmn:task id="x" default="nothing" />
<bpmn:manualTask id="n" default="f" />
<bpmn:manualTask id="m" default="x" />"#,
    ));
    expect![[r#"
        error 8:28 [x] Default flow must start at activity
          help: 'nothing' does not exist: set default to the id of an outgoing sequence flow of this activity
        error 9:34 [n] Default flow must start at activity
          help: 'f' starts elsewhere: set default to the id of an outgoing sequence flow of this activity
        error 10:34 [m] Default flow must start at activity
          help: 'x' is no sequence flow: set default to the id of an outgoing sequence flow of this activity
    "#]]
    .assert_eq(&text);
}

#[test]
fn condition_where_none_is_considered() {
    let text = lines(&after_start(
        r#"<bpmn:parallelGateway id="e" />
<bpmn:sequenceFlow id="f2" sourceRef="e" targetRef="x"><bpmn:conditionExpression>=true</bpmn:conditionExpression></bpmn:sequenceFlow>
<bpmn:task id="x" />"#,
    ));
    expect![[r#"
        error 7:56 [f2 > conditionExpression] Conditional sequence flows are only supported at exclusive or inclusive gateway
          help: put an exclusive gateway between the element and its conditional flows
    "#]].assert_eq(&text);
}

#[test]
fn condition_in_another_language() {
    let text = lines(&after_start(
        r#"<bpmn:exclusiveGateway id="e" />
<bpmn:sequenceFlow id="f2" sourceRef="e" targetRef="x"><bpmn:conditionExpression>${amount &gt; 3}</bpmn:conditionExpression></bpmn:sequenceFlow>
<bpmn:sequenceFlow id="f3" sourceRef="e" targetRef="x"><bpmn:conditionExpression></bpmn:conditionExpression></bpmn:sequenceFlow>
<bpmn:task id="x" />"#,
    ));
    expect![[r#"
        error 7:82 [f2 > conditionExpression] Expected expression but found static value '${amount > 3}'. An expression must start with '=' (e.g. '=${amount > 3}').
          help: write '=amount > 3'
        error 8:56 [f3 > conditionExpression] Expected expression but not found.
          help: add an expression, starting with '='
    "#]].assert_eq(&text);
}

#[test]
fn condition_that_does_not_parse() {
    let text = lines(&after_start(
        r#"<bpmn:exclusiveGateway id="e" />
<bpmn:sequenceFlow id="f2" sourceRef="e" targetRef="x"><bpmn:conditionExpression>=amount > </bpmn:conditionExpression></bpmn:sequenceFlow>
<bpmn:task id="x" />"#,
    ));
    expect![[r#"
        error 7:91 [f2 > conditionExpression] failed to parse expression 'amount >': expected an expression, found the end
          help: mend the FEEL expression
    "#]].assert_eq(&text);
}

#[test]
fn condition_of_a_default_flow() {
    let text = lines(&after_start(
        r#"<bpmn:exclusiveGateway id="e" default="f2" />
<bpmn:sequenceFlow id="f2" sourceRef="e" targetRef="x"><bpmn:conditionExpression>=true</bpmn:conditionExpression></bpmn:sequenceFlow>
<bpmn:task id="x" />"#,
    ));
    expect![[r#"
        warning 7:56 [f2 > conditionExpression] the condition of a default flow has no effect
          help: remove it: the default flow is taken when no other condition holds
    "#]]
    .assert_eq(&text);
}

#[test]
fn event_based_with_one_branch_to_a_task() {
    let text = lines(&after_start(
        r#"<bpmn:eventBasedGateway id="e" instantiate="true" eventGatewayType="Parallel" />
<bpmn:sequenceFlow id="f2" sourceRef="e" targetRef="x" />
<bpmn:task id="x" />"#,
    ));
    expect![[r#"
        error 6:1 [e] Event-based gateway must have at least 2 outgoing sequence flows.
          help: add a branch, or replace the gateway by its only catch event
        error 6:45 [e] instantiating event-based gateways are not supported yet
          help: start the process with message start events
        error 6:69 [e] parallel event-based gateways are not supported yet
          help: use a parallel gateway that leads to the catch events
        error 7:1 [f2] Event-based gateway must not have an outgoing sequence flow to other elements than message/timer/signal intermediate catch events.
          help: lead the sequence flow to an intermediate catch event
    "#]].assert_eq(&text);
}

#[test]
fn event_based_with_equal_messages_and_a_shared_target() {
    let text = lines(&after_start_with_message(
        r#"<bpmn:eventBasedGateway id="e" />
<bpmn:sequenceFlow id="f2" sourceRef="e" targetRef="a" /><bpmn:sequenceFlow id="f3" sourceRef="e" targetRef="b" />
<bpmn:sequenceFlow id="f4" sourceRef="t" targetRef="b" /><bpmn:task id="t" />
<bpmn:intermediateCatchEvent id="a"><bpmn:messageEventDefinition messageRef="m" /></bpmn:intermediateCatchEvent>
<bpmn:intermediateCatchEvent id="b"><bpmn:messageEventDefinition messageRef="m" /></bpmn:intermediateCatchEvent>"#,
    ));
    expect![[r#"
        error 10:1 [b] Target elements of an event gateway must not have any additional incoming sequence flows other than that from the event gateway.
          help: give the other sequence flow a catch event of its own
        error 10:1 [b] Multiple message event definitions with the same name 'm' are not allowed.
          help: use a message with another name: nobody could tell which of the two events it is for
    "#]].assert_eq(&text);
}
