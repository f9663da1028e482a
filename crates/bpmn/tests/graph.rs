//! What a model becomes: the graph that the engine runs.

use weir_bpmn::process::{ElementKind, Expr};
use weir_bpmn::{Definitions, parse};

fn model(body: &str) -> String {
    format!(
        r#"<?xml version="1.0" encoding="UTF-8"?>
<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:zeebe="http://camunda.org/schema/zeebe/1.0" id="d">
{body}
</bpmn:definitions>"#
    )
}

fn read(body: &str) -> Definitions {
    let text = model(body);
    parse("test.bpmn", text.as_bytes()).unwrap_or_else(|errors| panic!("{}", errors.render(&text)))
}

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
    let definitions = read(ORDER);
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
    let definitions = read(ORDER);
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
