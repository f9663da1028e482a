//! Diagnostics: activities.

use expect_test::expect;

use crate::support::{after_start, lines};

#[test]
fn jobs_without_a_definition() {
    let text = lines(&after_start(
        r#"<bpmn:serviceTask id="e" />
<bpmn:sendTask id="a" />
<bpmn:scriptTask id="b" />
<bpmn:businessRuleTask id="c" />"#,
    ));
    expect![[r#"
        error 6:1 [e] Must have exactly one 'zeebe:taskDefinition' extension element
          help: give the element one <zeebe:taskDefinition type="..." /> in its extension elements: the type that its workers ask for
        error 7:1 [a] Must have either one 'zeebe:publishMessage' or one 'zeebe:taskDefinition' extension element
          help: give the element one <zeebe:taskDefinition type="..." />: a worker sends the message (zeebe:publishMessage is not supported yet)
        error 8:1 [b] Must have either one 'zeebe:script' or one 'zeebe:taskDefinition' extension element
          help: keep or add exactly one <zeebe:script .../> or <zeebe:taskDefinition .../>
        error 9:1 [c] Must have either one 'zeebe:calledDecision' or one 'zeebe:taskDefinition' extension element
          help: keep or add exactly one <zeebe:calledDecision .../> or <zeebe:taskDefinition .../>
    "#]].assert_eq(&text);
}

#[test]
fn job_definitions_with_holes() {
    let text = lines(&after_start(
        r#"<bpmn:serviceTask id="e"><bpmn:extensionElements><zeebe:taskDefinition /></bpmn:extensionElements></bpmn:serviceTask>
<bpmn:serviceTask id="a"><bpmn:extensionElements><zeebe:taskDefinition type="=" retries="" /></bpmn:extensionElements></bpmn:serviceTask>
<bpmn:serviceTask id="b"><bpmn:extensionElements><zeebe:taskDefinition type="x" retries="many" /></bpmn:extensionElements></bpmn:serviceTask>
<bpmn:serviceTask id="c"><bpmn:extensionElements><zeebe:taskDefinition type="=1 +" /></bpmn:extensionElements></bpmn:serviceTask>"#,
    ));
    expect![[r#"
        error 6:50 [e > extensionElements > taskDefinition] Attribute 'type' must be present and not empty
          help: add type="..." to <zeebe:taskDefinition>
        error 7:90 [a > extensionElements > taskDefinition] Attribute 'retries' must be present and not empty
          help: add retries="..." to <zeebe:taskDefinition>
        error 8:90 [b > extensionElements > taskDefinition] Attribute 'retries' must be a number or an expression
          help: write a number, for example retries="3"
        error 9:82 [c > extensionElements > taskDefinition] failed to parse expression '1 +': expected an expression, found the end
          help: mend the FEEL expression
    "#]].assert_eq(&text);
}

#[test]
fn two_implementations() {
    let text = lines(&after_start(
        r#"<bpmn:scriptTask id="e"><bpmn:extensionElements><zeebe:script expression="=1" resultVariable="x" /><zeebe:taskDefinition type="x" /></bpmn:extensionElements></bpmn:scriptTask>
<bpmn:businessRuleTask id="b"><bpmn:extensionElements><zeebe:calledDecision decisionId="d" resultVariable="x" /><zeebe:taskDefinition type="x" /></bpmn:extensionElements></bpmn:businessRuleTask>"#,
    ));
    expect![[r#"
        error 6:1 [e] Must have either one 'zeebe:script' or one 'zeebe:taskDefinition' extension element
          help: keep or add exactly one <zeebe:script .../> or <zeebe:taskDefinition .../>
        error 7:1 [b] Must have either one 'zeebe:calledDecision' or one 'zeebe:taskDefinition' extension element
          help: keep or add exactly one <zeebe:calledDecision .../> or <zeebe:taskDefinition .../>
    "#]].assert_eq(&text);
}

#[test]
fn scripts_and_decisions_with_holes() {
    let text = lines(&after_start(
        r#"<bpmn:scriptTask id="e"><bpmn:extensionElements><zeebe:script expression="1" /></bpmn:extensionElements></bpmn:scriptTask>
<bpmn:businessRuleTask id="b"><bpmn:extensionElements><zeebe:calledDecision bindingType="newest" /></bpmn:extensionElements></bpmn:businessRuleTask>
<bpmn:businessRuleTask id="c"><bpmn:extensionElements><zeebe:calledDecision decisionId="d" resultVariable="r" bindingType="versionTag" /></bpmn:extensionElements></bpmn:businessRuleTask>"#,
    ));
    expect![[r#"
        error 6:49 [e > extensionElements > script] Attribute 'resultVariable' must be present and not empty
          help: add resultVariable="..." to <zeebe:script>
        error 6:75 [e > extensionElements > script] Expected expression but found static value '1'. An expression must start with '=' (e.g. '=1').
          help: write '=1'
        error 7:55 [b > extensionElements > calledDecision] Attribute 'decisionId' must be present and not empty
          help: add decisionId="..." to <zeebe:calledDecision>
        error 7:55 [b > extensionElements > calledDecision] Attribute 'resultVariable' must be present and not empty
          help: add resultVariable="..." to <zeebe:calledDecision>
        error 7:90 [b > extensionElements > calledDecision] Attribute 'bindingType' must be one of: deployment, latest, versionTag; found 'newest'
          help: use one of them
        error 8:55 [c > extensionElements > calledDecision] Attribute 'versionTag' must be present and not empty
          help: add versionTag="..." to <zeebe:calledDecision>
    "#]].assert_eq(&text);
}

#[test]
fn headers_reserved_or_used_twice() {
    let text = lines(&after_start(
        r#"<bpmn:serviceTask id="e"><bpmn:extensionElements><zeebe:taskDefinition type="x" /><zeebe:taskHeaders><zeebe:header key="io.camunda.zeebe:x" value="1" /><zeebe:header key="a" value="1" /><zeebe:header key="a" value="2" /><zeebe:header key="" value="2" /></zeebe:taskHeaders></bpmn:extensionElements></bpmn:serviceTask>"#,
    ));
    expect![[r#"
        error 6:121 [e > extensionElements > taskHeaders > header] Attribute 'key' contains 'io.camunda.zeebe:x', but header keys starting with 'io.camunda.zeebe:' are reserved for internal use.
          help: use another key
        error 6:206 [e > extensionElements > taskHeaders > header] Headers contain duplicate entries for key 'a'
          help: keep one of them
    "#]].assert_eq(&text);
}

#[test]
fn mappings() {
    let text = lines(&after_start(
        r#"<bpmn:task id="e"><bpmn:extensionElements><zeebe:ioMapping>
<zeebe:input source="" target="a" />
<zeebe:input source="=1" target="a b" />
<zeebe:input source="=1" target="null" />
<zeebe:output source="static" target="a" />
<zeebe:output source="=1" target="" />
<zeebe:output source="=if" target="x" />
<zeebe:inout /></zeebe:ioMapping></bpmn:extensionElements></bpmn:task>"#,
    ));
    expect![[r#"
        error 7:22 [e > extensionElements > ioMapping > input] Expected expression but not found.
          help: add source="=..."
        error 8:34 [e > extensionElements > ioMapping > input] Expected path expression 'a b' but doesn't match the pattern '[a-zA-Z_][a-zA-Z0-9_]*(\.[a-zA-Z_][a-zA-Z0-9_]*)*'.
          help: use letters, digits and underscores, and dots between names
        error 9:34 [e > extensionElements > ioMapping > input] Expected path expression 'null' but is one of the reserved words (null, true, false, function, if, then, else, for, between, instance, of).
          help: use another name: FEEL could not read this variable
        error 10:23 [e > extensionElements > ioMapping > output] Expected expression but found static value 'static'. An expression must start with '=' (e.g. '=static').
          help: write '=static'
        error 11:35 [e > extensionElements > ioMapping > output] Expected path expression but not found.
          help: add target="name"
        error 12:26 [e > extensionElements > ioMapping > output] failed to parse expression 'if': expected an expression, found the end
          help: mend the FEEL expression
        error 13:1 [e > extensionElements > ioMapping > inout] zeebe:inout is not known inside zeebe:ioMapping
          help: use <zeebe:input .../> and <zeebe:output .../>
    "#]].assert_eq(&text);
}

#[test]
fn receive_tasks() {
    let text = lines(&after_start(r#"<bpmn:receiveTask id="e" instantiate="true" />"#));
    expect![[r#"
        error 6:1 [e] Must reference a message
          help: set messageRef to the id of a message
        error 6:39 [e] instantiating receive tasks are not supported yet
          help: use a message start event
    "#]]
    .assert_eq(&text);
}

#[test]
fn call_activities() {
    let text = lines(&after_start(
        r#"<bpmn:callActivity id="e" calledElement="other" />
<bpmn:callActivity id="a"><bpmn:extensionElements><zeebe:calledElement processId="" /></bpmn:extensionElements></bpmn:callActivity>
<bpmn:callActivity id="b"><bpmn:extensionElements><zeebe:calledElement processId="x" businessId="y" /></bpmn:extensionElements></bpmn:callActivity>"#,
    ));
    expect![[r#"
        error 6:1 [e] Must have exactly one 'zeebe:calledElement' extension element
          help: add <zeebe:calledElement processId="other" /> to its extension elements: the calledElement attribute has no effect
        error 7:83 [a > extensionElements > calledElement] Attribute 'processId' must be present and not empty
          help: add processId="..." to <zeebe:calledElement>
        warning 8:98 [b > extensionElements > calledElement] business ids are not supported yet: the called process gets none
          help: remove businessId, or pass it as a variable
    "#]].assert_eq(&text);
}

#[test]
fn multi_instance_with_holes() {
    let text = lines(&after_start(
        r#"<bpmn:task id="e"><bpmn:multiInstanceLoopCharacteristics /></bpmn:task>
<bpmn:task id="a"><bpmn:multiInstanceLoopCharacteristics><bpmn:extensionElements><zeebe:loopCharacteristics /></bpmn:extensionElements></bpmn:multiInstanceLoopCharacteristics></bpmn:task>
<bpmn:task id="b"><bpmn:multiInstanceLoopCharacteristics><bpmn:extensionElements><zeebe:loopCharacteristics inputCollection="list" outputCollection="x" /></bpmn:extensionElements><bpmn:completionCondition>true</bpmn:completionCondition></bpmn:multiInstanceLoopCharacteristics></bpmn:task>
<bpmn:task id="c"><bpmn:multiInstanceLoopCharacteristics><bpmn:extensionElements><zeebe:loopCharacteristics inputCollection="=list" outputElement="=x" /></bpmn:extensionElements></bpmn:multiInstanceLoopCharacteristics></bpmn:task>"#,
    ));
    expect![[r#"
        error 6:19 [e > multiInstanceLoopCharacteristics] Must have exactly one 'zeebe:loopCharacteristics' extension element
          help: add <zeebe:loopCharacteristics inputCollection="=..." /> to the extension elements of the marker (loopCardinality has no effect)
        error 7:82 [a > multiInstanceLoopCharacteristics > extensionElements > loopCharacteristics] Attribute 'inputCollection' must be present and not empty
          help: add inputCollection="..." to <zeebe:loopCharacteristics>
        error 8:82 [b > multiInstanceLoopCharacteristics > extensionElements > loopCharacteristics] Attribute 'outputElement' must be present if the attribute 'outputCollection' is set
          help: add outputElement, or remove outputCollection
        error 8:126 [b > multiInstanceLoopCharacteristics > extensionElements > loopCharacteristics] Expected expression but found static value 'list'. An expression must start with '=' (e.g. '=list').
          help: write '=list'
        error 8:206 [b > multiInstanceLoopCharacteristics > completionCondition] Expected expression but found static value 'true'. An expression must start with '=' (e.g. '=true').
          help: write '=true'
        error 9:82 [c > multiInstanceLoopCharacteristics > extensionElements > loopCharacteristics] Attribute 'outputCollection' must be present if the attribute 'outputElement' is set
          help: add outputCollection, or remove outputElement
    "#]].assert_eq(&text);
}

#[test]
fn user_tasks() {
    let text = lines(&after_start(
        r#"<bpmn:userTask id="e"><bpmn:extensionElements><zeebe:userTask /><zeebe:assignmentDefinition candidateGroups="a,,b" /><zeebe:taskSchedule dueDate="tomorrow" /><zeebe:formDefinition /><zeebe:priorityDefinition priority="5" /></bpmn:extensionElements></bpmn:userTask>"#,
    ));
    expect![[r#"
        warning 6:47 [e > extensionElements > userTask] native user tasks (zeebe:userTask) are not supported yet: this one runs as a job of the type 'io.camunda.zeebe:userTask'
          help: let a worker for 'io.camunda.zeebe:userTask' complete it, or wait for a later release
        error 6:110 [e > extensionElements > assignmentDefinition] Expected static value to be a list of comma-separated values, e.g. 'a,b,c' but found 'a,,b'
          help: separate the names with commas and leave none empty, or write an expression
        error 6:147 [e > extensionElements > taskSchedule] Expected static value to be a valid DateTime String, e.g. '2023-03-02T15:35+02:00' but found 'tomorrow'
          help: write a date and time with an offset or a zone, or an expression that starts with '='
        error 6:159 [e > extensionElements > formDefinition] Exactly one of the attributes 'formId, formKey' must be present and not blank
          help: keep one of them
        warning 6:183 [e > extensionElements > priorityDefinition] zeebe:priorityDefinition: it belongs to native user tasks, which are not supported yet: it has no effect
          help: remove it, or wait for a later release
    "#]].assert_eq(&text);
}
