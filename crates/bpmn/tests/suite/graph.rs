//! What a model becomes: the graph that the engine runs.

use weir_bpmn::parse;
use weir_bpmn::process::{
    Binding, BusinessRuleTask, CatchEvent, ElementKind, EndEvent, ErrorCatch, Expr, ScriptTask, ThrowEvent,
    TimerDefinition,
};

use crate::support::{file, read};

const ORDER: &str = r#"<bpmn:process id="order" name="Order" isExecutable="true">
  <bpmn:startEvent id="start"><bpmn:outgoing>f1</bpmn:outgoing></bpmn:startEvent>
  <bpmn:sequenceFlow id="f1" sourceRef="start" targetRef="charge" />
  <bpmn:serviceTask id="charge" name="Charge">
    <bpmn:extensionElements>
      <zeebe:taskDefinition type="payment" retries="5" />
      <zeebe:taskHeaders><zeebe:header key="b" value="2" /><zeebe:header key="a" value="&quot;1&quot;" /></zeebe:taskHeaders>
      <zeebe:ioMapping><zeebe:input source="=total" target="amount.net" /><zeebe:output source="=ok" target="paid" /></zeebe:ioMapping>
    </bpmn:extensionElements>
  </bpmn:serviceTask>
  <bpmn:sequenceFlow id="f2" sourceRef="charge" targetRef="decide" />
  <bpmn:exclusiveGateway id="decide" default="f4" />
  <bpmn:sequenceFlow id="f3" sourceRef="decide" targetRef="fork">
    <bpmn:conditionExpression>
      =paid
    </bpmn:conditionExpression>
  </bpmn:sequenceFlow>
  <bpmn:sequenceFlow id="f4" sourceRef="decide" targetRef="end" />
  <bpmn:parallelGateway id="fork" />
  <bpmn:sequenceFlow id="f5" sourceRef="fork" targetRef="join" />
  <bpmn:sequenceFlow id="f6" sourceRef="fork" targetRef="join" />
  <bpmn:parallelGateway id="join" />
  <bpmn:sequenceFlow id="f7" sourceRef="join" targetRef="end" />
  <bpmn:endEvent id="end" />
</bpmn:process>"#;

#[test]
fn tasks_gateways_and_flows() {
    let definitions = read(&file(ORDER));
    let [process] = definitions.processes.as_slice() else { panic!("one process") };
    assert_eq!(process.name.as_deref(), Some("Order"));
    let ids: Vec<_> = process.elements.iter().map(|element| &*element.id).collect();
    assert_eq!(ids, ["order", "start", "charge", "decide", "fork", "join", "end"]);

    let ElementKind::Process(scope) = &process.elements[0].kind else { panic!("the process") };
    assert_eq!(scope.none_start, process.element_by_id("start"));

    let charge = &process.elements[2];
    let ElementKind::ServiceTask(job) = &charge.kind else { panic!("a service task") };
    assert!(matches!(&job.job_type, Expr::Text(text) if &**text == "payment"));
    assert!(matches!(&job.retries, Expr::Number(text) if &**text == "5"));
    assert_eq!(&*job.headers, r#"{"a":"\"1\"","b":"2"}"#);
    assert_eq!(charge.inputs[0].target.iter().map(|name| &**name).collect::<Vec<_>>(), ["amount", "net"]);
    assert_eq!(charge.outputs.len(), 1);
    assert_eq!(charge.scope, process.element_by_id("order"));
}

#[test]
fn the_last_flow_of_the_document_is_considered_first() {
    let definitions = read(&file(ORDER));
    let process = &definitions.processes[0];
    let decide = process.element(process.element_by_id("decide").unwrap());
    let outgoing: Vec<_> = decide.outgoing.iter().map(|flow| &*process.flow(*flow).id).collect();
    assert_eq!(outgoing, ["f4", "f3"]);
    let ElementKind::ExclusiveGateway(gateway) = &decide.kind else { panic!("a gateway") };
    assert_eq!(&*process.flow(gateway.default.unwrap()).id, "f4");
    assert!(process.flow(decide.outgoing[0]).condition.is_none());
    assert_eq!(process.flow(decide.outgoing[1]).condition.as_ref().unwrap().text(), "paid");
    let join = process.element(process.element_by_id("join").unwrap());
    let incoming: Vec<_> = join.incoming.iter().map(|flow| &*process.flow(*flow).id).collect();
    assert_eq!(incoming, ["f5", "f6"]);
}

/// A model with every element that runs.
const EVERYTHING: &str = include_str!("everything.bpmn");

fn everything() -> weir_bpmn::Process {
    let definitions = parse("everything.bpmn", EVERYTHING.as_bytes())
        .unwrap_or_else(|errors| panic!("{}", errors.render(EVERYTHING)));
    assert_eq!(definitions.warnings, []);
    definitions.processes.into_iter().next().unwrap()
}

/// What an element is, as the graph says it, without what surrounds it.
fn kind(process: &weir_bpmn::Process, id: &str) -> ElementKind {
    process.element(process.element_by_id(id).unwrap()).kind.clone()
}

#[test]
fn only_what_runs_is_in_the_graph() {
    let process = everything();
    assert_eq!(process.version_tag.as_deref(), Some("v1"));
    assert_eq!(process.elements.len(), 42);
    for drawn in ["data", "note", "link", "group", "lanes", "lane"] {
        assert_eq!(process.element_by_id(drawn), None, "{drawn}");
    }
}

#[test]
fn events_know_what_they_wait_for() {
    let process = everything();
    let service = process.element(process.element_by_id("service").unwrap());
    let attached: Vec<_> = service.boundary_events.iter().map(|idx| &*process.element(*idx).id).collect();
    assert_eq!(attached, ["on_error", "on_any_error", "on_time", "on_message"]);

    let ElementKind::BoundaryEvent(error) = kind(&process, "on_error") else { panic!() };
    assert_eq!(Some(error.attached_to), process.element_by_id("service"));
    assert!(error.interrupting);
    assert!(matches!(error.trigger, CatchEvent::Error(ErrorCatch { code: Some(code) }) if &*code == "404"));
    let ElementKind::BoundaryEvent(any) = kind(&process, "on_any_error") else { panic!() };
    assert!(matches!(any.trigger, CatchEvent::Error(ErrorCatch { code: None })));
    let ElementKind::BoundaryEvent(timer) = kind(&process, "on_time") else { panic!() };
    assert!(!timer.interrupting);
    assert!(matches!(timer.trigger, CatchEvent::Timer(TimerDefinition::Cycle(Expr::Text(_)))));
    let ElementKind::BoundaryEvent(message) = kind(&process, "on_message") else { panic!() };
    let CatchEvent::Message(message) = message.trigger else { panic!() };
    assert_eq!(message.correlation_key.unwrap().text(), "orderId");

    let ElementKind::StartEvent(CatchEvent::Message(start)) = kind(&process, "start_message") else {
        panic!()
    };
    assert!(start.correlation_key.is_none());
    let ElementKind::Process(scope) = kind(&process, "everything") else { panic!() };
    assert_eq!(scope.none_start, process.element_by_id("start"));
    let triggered: Vec<_> = scope.triggered_starts.iter().map(|idx| &*process.element(*idx).id).collect();
    assert_eq!(triggered, ["start_message", "start_timer"]);
    assert!(matches!(
        kind(&process, "wait_timer"),
        ElementKind::IntermediateCatchEvent(CatchEvent::Timer(TimerDefinition::Duration(Expr::Feel(_))))
    ));
    // The code is a text although it reads as a number.
    assert!(
        matches!(kind(&process, "end_error"), ElementKind::EndEvent(EndEvent::Error(Expr::Text(code))) if &*code == "404")
    );
    assert!(matches!(kind(&process, "end_terminate"), ElementKind::EndEvent(EndEvent::Terminate)));
    assert!(matches!(kind(&process, "end_message"), ElementKind::EndEvent(EndEvent::Message(_))));
    assert!(matches!(kind(&process, "throw_none"), ElementKind::IntermediateThrowEvent(ThrowEvent::None)));
    assert!(matches!(
        kind(&process, "throw_message"),
        ElementKind::IntermediateThrowEvent(ThrowEvent::Message(_))
    ));
}

#[test]
fn scopes_know_their_event_sub_processes() {
    let process = everything();
    assert_eq!(process.elements[0].event_sub_processes, [process.element_by_id("on_process_error").unwrap()]);
    let sub = process.element(process.element_by_id("sub").unwrap());
    assert_eq!(sub.event_sub_processes, [process.element_by_id("event_sub").unwrap()]);
    let ElementKind::EventSubProcess(event) = kind(&process, "event_sub") else { panic!() };
    assert!(!event.interrupting);
    assert_eq!(Some(event.start), process.element_by_id("event_sub_start"));
    let ElementKind::SubProcess(scope) = kind(&process, "sub") else { panic!() };
    assert_eq!(scope.none_start, process.element_by_id("sub_start"));
}

#[test]
fn tasks_know_what_to_do() {
    let process = everything();
    let service = process.element(process.element_by_id("service").unwrap());
    let loops = service.multi_instance.as_ref().unwrap();
    assert!(loops.sequential && loops.completion_condition.is_some());
    assert_eq!(loops.input_element.as_deref(), Some("item"));
    assert_eq!(&*loops.output.as_ref().unwrap().collection, "results");

    assert!(matches!(kind(&process, "script"), ElementKind::ScriptTask(ScriptTask::Feel { .. })));
    assert!(matches!(kind(&process, "script_job"), ElementKind::ScriptTask(ScriptTask::Job(_))));
    let ElementKind::BusinessRuleTask(BusinessRuleTask::Decision { binding, .. }) = kind(&process, "rule")
    else {
        panic!()
    };
    assert_eq!(binding, Binding::VersionTag("v2".into()));
    assert!(matches!(kind(&process, "rule_job"), ElementKind::BusinessRuleTask(BusinessRuleTask::Job(_))));
    let ElementKind::CallActivity(call) = kind(&process, "call") else { panic!() };
    assert_eq!(call.binding, Binding::Deployment);
    assert!(!call.propagate_all_child_variables && call.propagate_all_parent_variables);
}

#[test]
fn a_user_task_is_a_job_with_headers() {
    let process = everything();
    let ElementKind::UserTask(job) = kind(&process, "user") else { panic!() };
    assert!(matches!(&job.job_type, Expr::Text(text) if &**text == "io.camunda.zeebe:userTask"));
    assert_eq!(
        &*job.headers,
        r#"{"hint":"look","io.camunda.zeebe:candidateGroups":"[\"sales\",\"support\"]","io.camunda.zeebe:dueDate":"2030-01-01T00:00:00Z","io.camunda.zeebe:formKey":"form"}"#
    );
    let evaluated: Vec<_> = job.evaluated_headers.iter().map(|(key, value)| (&**key, value.text())).collect();
    assert_eq!(
        evaluated,
        [
            ("io.camunda.zeebe:assignee", "owner"),
            ("io.camunda.zeebe:followUpDate", "now() + duration(\"P1D\")")
        ]
    );
}

#[test]
fn start_events_may_compute_what_needs_no_variable() {
    let timer = |kind: &str, text: &str| {
        format!(
            "<bpmn:startEvent id=\"s{}\"><bpmn:timerEventDefinition><bpmn:{kind}>{text}</bpmn:{kind}></bpmn:timerEventDefinition></bpmn:startEvent>",
            text.len()
        )
    };
    let starts = [
        timer("timeCycle", "=cycle(duration(\"PT1H\"))"),
        timer("timeDate", "=now() + duration(\"PT1H\")"),
        timer("timeCycle", "=\"R/\" + \"PT1H\""),
    ];
    let text = crate::support::process(&starts.concat());
    assert_eq!(read(&text).processes[0].elements.len(), 4);
}

#[test]
fn what_many_events_share_is_compiled_once() {
    let key = format!("=orderId{}", " + 1".repeat(1000));
    let tasks: String =
        (0..10_000).map(|nth| format!("<bpmn:receiveTask id=\"t{nth}\" messageRef=\"long\" />")).collect();
    let text = crate::support::process(&format!("<bpmn:startEvent id=\"s\" />{tasks}")).replace(
        "</bpmn:definitions>",
        &format!("<bpmn:message id=\"long\" name=\"m\"><bpmn:extensionElements><zeebe:subscription correlationKey=\"{key}\" /></bpmn:extensionElements></bpmn:message></bpmn:definitions>"),
    );
    let definitions = read(&text);
    let key = |id: &str| match kind(&definitions.processes[0], id) {
        ElementKind::ReceiveTask(catch) => catch.correlation_key.unwrap(),
        other => panic!("{other:?}"),
    };
    assert_eq!(key("t0").text().as_ptr(), key("t9999").text().as_ptr());
}

#[test]
fn the_support_table_names_each_element_once() {
    let mut names: Vec<_> = weir_bpmn::support::table().iter().map(|row| row.element).collect();
    names.sort_unstable();
    let count = names.len();
    names.dedup();
    assert_eq!((names.len(), count), (39, 39));
}
