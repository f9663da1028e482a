//! Diagnostics: timers.

use expect_test::expect;

use crate::support::{after_start, lines, process};

#[test]
fn none_or_two_kinds() {
    let text = lines(&after_start(
        r#"<bpmn:intermediateCatchEvent id="e"><bpmn:timerEventDefinition /></bpmn:intermediateCatchEvent>
<bpmn:intermediateCatchEvent id="a"><bpmn:timerEventDefinition><bpmn:timeDate>x</bpmn:timeDate><bpmn:timeDuration>PT1S</bpmn:timeDuration></bpmn:timerEventDefinition></bpmn:intermediateCatchEvent>"#,
    ));
    expect![[r#"
        error 6:37 [e > timerEventDefinition] Must be exactly one type of timer: timeDuration, timeDate or timeCycle
          help: keep one of timeDate, timeDuration and timeCycle
        error 7:37 [a > timerEventDefinition] Must be exactly one type of timer: timeDuration, timeDate or timeCycle
          help: keep one of timeDate, timeDuration and timeCycle
    "#]].assert_eq(&text);
}

#[test]
fn kinds_that_do_not_fit_the_place() {
    let text = lines(&process(
        r#"<bpmn:startEvent id="s"><bpmn:timerEventDefinition><bpmn:timeDuration>PT1S</bpmn:timeDuration></bpmn:timerEventDefinition></bpmn:startEvent>
<bpmn:intermediateCatchEvent id="e"><bpmn:timerEventDefinition><bpmn:timeCycle>R/PT1S</bpmn:timeCycle></bpmn:timerEventDefinition></bpmn:intermediateCatchEvent>
<bpmn:task id="t" /><bpmn:boundaryEvent id="b" attachedToRef="t"><bpmn:timerEventDefinition><bpmn:timeCycle>R/PT1S</bpmn:timeCycle></bpmn:timerEventDefinition></bpmn:boundaryEvent><bpmn:sequenceFlow id="f" sourceRef="b" targetRef="t" />
<bpmn:subProcess id="es" triggeredByEvent="true"><bpmn:startEvent id="ess"><bpmn:timerEventDefinition><bpmn:timeCycle>R/PT1S</bpmn:timeCycle></bpmn:timerEventDefinition></bpmn:startEvent></bpmn:subProcess>"#,
    ));
    expect![[r#"
        error 4:52 [s > timerEventDefinition > timeDuration] Start events of a process must have either a time date or a time cycle.
          help: use timeDate for once, or timeCycle (for example R1/PT5M) for one after a duration
        error 5:64 [e > timerEventDefinition > timeCycle] Intermediate timer catch event must have either a time duration or a time date.
          help: use timeDuration or timeDate: an event in the flow happens once
        error 6:93 [b > timerEventDefinition > timeCycle] Interrupting timer event with time cycle is not allowed.
          help: use timeDuration or timeDate, or make the event non-interrupting
        error 7:103 [ess > timerEventDefinition > timeCycle] Interrupting timer event with time cycle is not allowed.
          help: use timeDuration or timeDate, or make the event non-interrupting
    "#]].assert_eq(&text);
}

#[test]
fn texts_that_are_no_timers() {
    let text = lines(&process(
        r#"<bpmn:startEvent id="s"><bpmn:timerEventDefinition><bpmn:timeCycle>every day</bpmn:timeCycle></bpmn:timerEventDefinition></bpmn:startEvent>
<bpmn:startEvent id="s2"><bpmn:timerEventDefinition><bpmn:timeCycle>0 0 25 * * *</bpmn:timeCycle></bpmn:timerEventDefinition></bpmn:startEvent>
<bpmn:startEvent id="s3"><bpmn:timerEventDefinition><bpmn:timeDate>2030-01-01T00:00:00</bpmn:timeDate></bpmn:timerEventDefinition></bpmn:startEvent>
<bpmn:startEvent id="s4"><bpmn:timerEventDefinition><bpmn:timeDate>=when</bpmn:timeDate></bpmn:timerEventDefinition></bpmn:startEvent>
<bpmn:intermediateCatchEvent id="e"><bpmn:timerEventDefinition><bpmn:timeDuration>5 minutes</bpmn:timeDuration></bpmn:timerEventDefinition></bpmn:intermediateCatchEvent>
<bpmn:intermediateCatchEvent id="g"><bpmn:timerEventDefinition><bpmn:timeDuration> </bpmn:timeDuration></bpmn:timerEventDefinition></bpmn:intermediateCatchEvent>
<bpmn:intermediateCatchEvent id="h"><bpmn:timerEventDefinition><bpmn:timeDate>tomorrow</bpmn:timeDate></bpmn:timerEventDefinition></bpmn:intermediateCatchEvent>"#,
    ));
    expect![[r#"
        error 4:68 [s > timerEventDefinition > timeCycle] Invalid timer cycle expression ('every day' is no cycle: expected a repeating interval such as R3/PT10H, or cron with six fields such as '0 0 9 * * MON-FRI')
          help: mend the text, or write an expression that starts with '='
        error 5:69 [s2 > timerEventDefinition > timeCycle] Invalid timer cycle expression ('25' is no hour of a cron pattern, in '0 0 25 * * *')
          help: mend the text, or write an expression that starts with '='
        error 6:68 [s3 > timerEventDefinition > timeDate] Invalid timer date expression ('2030-01-01T00:00:00' has neither an offset nor a zone: add Z for UTC, or an offset such as +01:00)
          help: mend the text, or write an expression that starts with '='
        error 7:68 [s4 > timerEventDefinition > timeDate] Invalid timer date expression (it needs the variable 'when', and a process is started before there are any)
          help: write a fixed time, or an expression without variables
        error 8:83 [e > timerEventDefinition > timeDuration] Invalid timer duration expression ('5 minutes' is no duration: expected ISO 8601 such as PT15M, P3DT4H or P1Y2M)
          help: mend the text, or write an expression that starts with '='
        error 9:64 [g > timerEventDefinition > timeDuration] Invalid timer duration expression (it is empty)
          help: write when the timer shall fire, for example PT1H
        error 10:79 [h > timerEventDefinition > timeDate] Invalid timer date expression ('tomorrow' is no date and time: expected ISO 8601 such as 2030-01-31T08:00:00Z)
          help: mend the text, or write an expression that starts with '='
    "#]].assert_eq(&text);
}
