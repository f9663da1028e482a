//! Diagnostics: not run yet.

use expect_test::expect;

use crate::support::{after_start, lines, process};

#[test]
fn elements_by_name() {
    let text = lines(&process(
        r#"<bpmn:startEvent id="s" />
<bpmn:inclusiveGateway id="x0" />
<bpmn:complexGateway id="x1" />
<bpmn:transaction id="x2" />
<bpmn:adHocSubProcess id="x3" />
<bpmn:sequenceFlow id="f" sourceRef="s" targetRef="x0" />"#,
    ));
    expect![[r#"
        error 5:1 [x0] inclusive gateway is not supported yet (bpmn:inclusiveGateway)
          help: use a parallel gateway with an exclusive gateway on each branch, or wait for a later release
        error 6:1 [x1] complex gateway is not supported yet (bpmn:complexGateway)
          help: express the rule with exclusive and parallel gateways
        error 7:1 [x2] transaction sub-process is not supported yet (bpmn:transaction)
          help: use a sub-process with an error boundary event
        error 8:1 [x3] ad-hoc sub-process is not supported yet (bpmn:adHocSubProcess)
          help: use a sub-process, or wait for a later release
    "#]]
    .assert_eq(&text);
}

#[test]
fn markers() {
    let text = lines(&after_start(
        r#"<bpmn:task id="e" isForCompensation="true"><bpmn:standardLoopCharacteristics /></bpmn:task>"#,
    ));
    expect![[r#"
        error 6:38 [e] compensation handlers are not supported yet (isForCompensation)
          help: model the compensating activities explicitly, or wait for a later release
        error 6:44 [e > standardLoopCharacteristics] loop marker is not supported yet (bpmn:standardLoopCharacteristics)
          help: draw the loop with an exclusive gateway, or use a multi-instance marker
    "#]].assert_eq(&text);
}

#[test]
fn extensions() {
    let text = lines(&after_start(
        r#"<bpmn:serviceTask id="e"><bpmn:extensionElements><zeebe:taskDefinition type="x" /><zeebe:executionListeners /><zeebe:linkedResources /><zeebe:jobPriorityDefinition priority="5" /><zeebe:propertys /></bpmn:extensionElements></bpmn:serviceTask>
<bpmn:sendTask id="a"><bpmn:extensionElements><zeebe:publishMessage /></bpmn:extensionElements></bpmn:sendTask>
<bpmn:parallelGateway id="g"><bpmn:extensionElements><zeebe:taskDefinition type="x" /></bpmn:extensionElements></bpmn:parallelGateway>"#,
    ));
    expect![[r#"
        error 6:83 [e > extensionElements > executionListeners] zeebe:executionListeners is not supported yet: it would silently do nothing
          help: remove it, or wait for a later release
        error 6:111 [e > extensionElements > linkedResources] zeebe:linkedResources is not supported yet: it would silently do nothing
          help: remove it, or wait for a later release
        warning 6:136 [e > extensionElements > jobPriorityDefinition] zeebe:jobPriorityDefinition: priorities of jobs are not supported yet: jobs are handed out in the order of their creation
          help: remove it, or wait for a later release
        error 6:180 [e > extensionElements > propertys] zeebe:propertys is not known
          help: remove it, or correct its name
        error 7:47 [a > extensionElements > publishMessage] zeebe:publishMessage is not supported yet: it would silently do nothing
          help: remove it, or wait for a later release
        warning 8:54 [g > extensionElements > taskDefinition] zeebe:taskDefinition has no effect on a parallelGateway
          help: remove it, or move it to the element that it is meant for
    "#]].assert_eq(&text);
}

#[test]
fn other_engines() {
    let text = lines(&after_start(
        r#"<bpmn:serviceTask id="e" camunda:type="external" camunda:topic="pay"><bpmn:extensionElements><camunda:inputOutput /><zeebe:taskDefinition type="x" /></bpmn:extensionElements></bpmn:serviceTask>
<bpmn:userTask id="u" camunda:assignee="x" />"#,
    ));
    expect![[r#"
        warning 6:50 [e] the attribute topic of Camunda 7 has no effect
          help: use <zeebe:taskDefinition type="..." />: the topic is the job type
        warning 6:94 [e > extensionElements > inputOutput] the extension element inputOutput of Camunda 7 has no effect
          help: remove it, or use the zeebe: extension for the same purpose (zeebe:ioMapping, zeebe:taskHeaders, ...)
        warning 7:23 [u] the attribute assignee of Camunda 7 has no effect
          help: use <zeebe:assignmentDefinition assignee="..." />
    "#]].assert_eq(&text);
}
