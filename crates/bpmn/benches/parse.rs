//! XML to graph: how long a model of ten and of a thousand elements takes, and that cost follows size.

use std::fmt::Write;

use divan::counter::BytesCount;

fn main() {
    divan::main();
}

/// A process of so many service tasks in a row, with a mapping and a condition each now and then.
fn model(tasks: usize) -> String {
    let mut text = String::from(
        r#"<?xml version="1.0" encoding="UTF-8"?>
<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:zeebe="http://camunda.org/schema/zeebe/1.0">
<bpmn:process id="p" isExecutable="true"><bpmn:startEvent id="t0" />"#,
    );
    for nth in 1..=tasks {
        let before = nth - 1;
        let _ = writeln!(
            text,
            r#"<bpmn:sequenceFlow id="f{nth}" sourceRef="t{before}" targetRef="t{nth}" />
<bpmn:serviceTask id="t{nth}" name="Task {nth}"><bpmn:incoming>f{nth}</bpmn:incoming><bpmn:extensionElements>
<zeebe:taskDefinition type="work" /><zeebe:ioMapping><zeebe:input source="=a + {nth}" target="a" /></zeebe:ioMapping>
</bpmn:extensionElements></bpmn:serviceTask>"#
        );
    }
    text.push_str("</bpmn:process></bpmn:definitions>");
    text
}

#[divan::bench(args = [10, 100, 1_000, 10_000])]
fn parse(bencher: divan::Bencher<'_, '_>, tasks: usize) {
    let text = model(tasks);
    bencher
        .counter(BytesCount::of_str(&text))
        .bench(|| weir_bpmn::parse("bench.bpmn", divan::black_box(text.as_bytes())).is_ok());
}
