//! How diagnostics look: at a terminal, and in the answer to a refused deployment.

use crate::support::{after_start, process, read, refused};
use expect_test::expect;

const BROKEN: &str = r#"<bpmn:serviceTask id="e">
	<bpmn:extensionElements>
		<zeebe:taskDefinition type="=if" retries="" />
		<zeebe:executionListeners />
	</bpmn:extensionElements>
</bpmn:serviceTask>
<bpmn:inclusiveGateway id="x&#45;y" name="x" />"#;

#[test]
fn people_see_the_line_underlined() {
    let text = after_start(BROKEN);
    expect![[r#"
        error: failed to parse expression 'if': expected an expression, found the end
         --> test.bpmn:8:34 (e > extensionElements > taskDefinition)
          |
        8 | <zeebe:taskDefinition type="=if" retries="" />
          |                                ^
          = help: mend the FEEL expression

        error: Attribute 'retries' must be present and not empty
         --> test.bpmn:8:45 (e > extensionElements > taskDefinition)
          |
        8 | <zeebe:taskDefinition type="=if" retries="" />
          |                                           ^
          = help: add retries="..." to <zeebe:taskDefinition>

        error: zeebe:executionListeners is not supported yet: it would silently do nothing
         --> test.bpmn:9:3 (e > extensionElements > executionListeners)
          |
        9 | <zeebe:executionListeners />
          | ^^^^^^^^^^^^^^^^^^^^^^^^^
          = help: remove it, or wait for a later release

        error: inclusive gateway is not supported yet (bpmn:inclusiveGateway)
          --> test.bpmn:12:1 (x-y)
           |
        12 | <bpmn:inclusiveGateway id="x&#45;y" name="x" />
           | ^^^^^^^^^^^^^^^^^^^^^^
           = help: use a parallel gateway with an exclusive gateway on each branch, or wait for a later release

        test.bpmn: 4 errors
    "#]].assert_eq(&refused(&text).render(&text));
}

#[test]
fn clients_see_the_form_they_know() {
    let text = after_start(BROKEN);
    expect![[r#"
        'test.bpmn':
        - Element: e > extensionElements > taskDefinition
            - ERROR: failed to parse expression 'if': expected an expression, found the end
              at line 8, column 34: mend the FEEL expression
            - ERROR: Attribute 'retries' must be present and not empty
              at line 8, column 45: add retries="..." to <zeebe:taskDefinition>
        - Element: e > extensionElements > executionListeners
            - ERROR: zeebe:executionListeners is not supported yet: it would silently do nothing
              at line 9, column 3: remove it, or wait for a later release
        - Element: x-y
            - ERROR: inclusive gateway is not supported yet (bpmn:inclusiveGateway)
              at line 12, column 1: use a parallel gateway with an exclusive gateway on each branch, or wait for a later release
    "#]].assert_eq(&refused(&text).to_string());
}

#[test]
fn of_a_long_line_a_window_is_shown() {
    let names = "\u{e9}x ".repeat(300);
    let text = process(&format!(
        "<bpmn:startEvent id=\"s\" /><bpmn:documentation>{names}</bpmn:documentation><bpmn:complexGateway id=\"{}\" />",
        "g".repeat(300)
    ));
    expect![[r#"
        error: complex gateway is not supported yet (bpmn:complexGateway)
         --> test.bpmn:4:968 (gggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggg...)
          |
        4 | ...ex ex ex ex ex ex ex ex ex ex ex ex ex </bpmn:documentation><bpmn:complexGateway id="ggggggggggggggggggggggggggggggggggg
          |                                                                ^^^^^^^^^^^^^^^^^^^^
          = help: express the rule with exclusive and parallel gateways

        test.bpmn: 1 error
    "#]].assert_eq(&refused(&text).render(&text).replace('\u{e9}', "e"));
}

#[test]
fn warnings_of_a_good_model_are_rendered_too() {
    let text = after_start("<bpmn:manualTask id=\"e\" camunda:asyncBefore=\"true\" />");
    let warnings = read(&text).warnings;
    expect![[r#"
        warning: the attribute asyncBefore of Camunda 7 has no effect
         --> good.bpmn:6:25 (e)
          |
        6 | <bpmn:manualTask id="e" camunda:asyncBefore="true" />
          |                         ^^^^^^^^^^^^^^^^^^^^^^^^^^
          = help: remove it: every step is durable before the next one begins
    "#]]
    .assert_eq(&warnings[0].render("good.bpmn", &text));
}
