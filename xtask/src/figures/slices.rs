//! One instance with very many items, and a signal for very many instances: others go on meanwhile.

use std::{
    fs, thread,
    time::{Duration, Instant},
};

use super::{Place, Run, row};
use crate::{
    run::{Failed, say},
    server::Server,
};

/// The load of others.
const OTHERS: [&str; 6] = ["--rate", "500", "--warm-up", "1s", "--duration", "2s"];
/// They have warmed up by then.
const UNDER_WAY_AFTER: Duration = Duration::from_millis(1_300);
/// How often the server is asked whether it is done.
const ASKED_EVERY: Duration = Duration::from_millis(50);
/// Rounds; the worst counts.
const ROUNDS: usize = 3;

pub(super) fn measure(place: &Place, items: u64) -> Result<(), Failed> {
    let server = place.serve("data", "")?;
    let model = place.data("many.bpmn");
    fs::write(&model, self::model(items)).map_err(Failed::io("cannot write the model"))?;
    place.ask(&server, &["deploy", &model.to_string_lossy()])?;
    let others = Run::of(place.begin(&server, &OTHERS)?)?;
    say(&format!(
        "others alone: p99 {:.1} ms, at most {:.1} ms",
        others.done_ms("p99"),
        others.done_ms("max")
    ));
    let mut worst = [0.0_f64; 3];
    for _ in 0..ROUNDS {
        let mut key = String::new();
        let begun = beside(place, &server, "begun", || {
            let started = place.ask(&server, &["run", "many"])?;
            let found = started.get("processInstanceKey").map(ToString::to_string);
            key = found.ok_or_else(|| Failed(format!("the server said {started}")))?.replace('"', "");
            Ok(())
        })?;
        let ended = beside(place, &server, "cancelled", || {
            place.ask(&server, &["instance", "cancel", &key]).map(drop)
        })?;
        let gathered = beside(place, &server, "begun and gathered", || {
            place.ask(&server, &["run", "gather", "--wait", "--fetch", "nothing"]).map(drop)
        })?;
        for (worst, found) in worst.iter_mut().zip([begun, gathered, ended]) {
            *worst = worst.max(found);
        }
    }
    let [begun, gathered, ended] = worst;
    row(
        &format!(
            "{items} items begun / begun and gathered / cancelled, p99 of others at 500/s, the worst of {ROUNDS} rounds"
        ),
        &format!("{begun:.0} / {gathered:.0} / {ended:.0} ms"),
        "50 ms |",
    );
    signal(place, &server, items)?;
    server.stop()
}

/// A signal reaches very many instances.
fn signal(place: &Place, server: &Server, instances: u64) -> Result<(), Failed> {
    let mut worst = 0.0_f64;
    for _ in 0..ROUNDS {
        let created = ["--waiting", &instances.to_string(), "--waiting-for", "signal"];
        place.bench(server, &[&created[..], &["--duration", "1s", "--warm-up", "0s"]].concat())?;
        let reached = beside(place, server, "signal broadcast", || {
            place.ask(server, &["signal", "broadcast", "bench-go"])?;
            let begin = Instant::now();
            while server.metric("weir_put_off_partitions")? > 0.0 {
                thread::sleep(ASKED_EVERY);
            }
            say(&format!("the signal was everywhere after {:.0?}", begin.elapsed()));
            Ok(())
        })?;
        worst = worst.max(reached);
    }
    row(
        &format!(
            "a signal reaches {instances} instances, p99 of others at 500/s, the worst of {ROUNDS} rounds"
        ),
        &format!("{worst:.0} ms"),
        "50 ms |",
    );
    Ok(())
}

/// Does something while others are at work; their p99 in milliseconds.
fn beside(
    place: &Place,
    server: &Server,
    what: &str,
    act: impl FnOnce() -> Result<(), Failed>,
) -> Result<f64, Failed> {
    let others = place.begin(server, &OTHERS)?;
    thread::sleep(UNDER_WAY_AFTER);
    let begin = Instant::now();
    act()?;
    let took = begin.elapsed();
    let others = Run::of(others)?;
    let p99_ms = others.done_ms("p99");
    say(&format!(
        "{what}: answered after {took:.0?}; others p99 {p99_ms:.1} ms, at most {:.1} ms",
        others.done_ms("max")
    ));
    Ok(p99_ms)
}

/// A process whose items wait for a worker, and one that gathers what scripts make of them.
fn model(items: u64) -> String {
    let many = format!(
        r#"<multiInstanceLoopCharacteristics><extensionElements><zeebe:loopCharacteristics inputCollection="=for i in 1..{items} return i" inputElement="item" OUTPUT/></extensionElements></multiInstanceLoopCharacteristics>"#
    );
    let process = |id: &str, activity: String| {
        format!(
            r#"<process id="{id}" isExecutable="true"><startEvent id="{id}-start"/><sequenceFlow id="{id}-1" sourceRef="{id}-start" targetRef="{id}-item"/>{activity}<sequenceFlow id="{id}-2" sourceRef="{id}-item" targetRef="{id}-end"/><endEvent id="{id}-end"/></process>"#
        )
    };
    let job = format!(
        r#"<serviceTask id="many-item"><extensionElements><zeebe:taskDefinition type="nobody-takes-it"/></extensionElements>{}</serviceTask>"#,
        many.replace("OUTPUT", "")
    );
    let script = format!(
        r#"<scriptTask id="gather-item"><extensionElements><zeebe:script expression="=item * 2" resultVariable="doubled"/></extensionElements>{}</scriptTask>"#,
        many.replace("OUTPUT", r#"outputCollection="all" outputElement="=doubled""#)
    );
    format!(
        r#"<?xml version="1.0" encoding="UTF-8"?>
<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:zeebe="http://camunda.org/schema/zeebe/1.0" targetNamespace="http://weir">
{}{}</definitions>"#,
        process("many", job),
        process("gather", script)
    )
}
