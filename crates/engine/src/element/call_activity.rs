//! A call activity: runs another process and waits for it (BPMN 2.0.2, clause 13.3.5).

use weir_bpmn::process::{Binding, CallActivity, ElementKind};

use crate::{
    deploy, expression,
    flow::{self, Next},
    instance,
    key::ElementKey,
    limits,
    state::row::IncidentKind,
    tx::{At, Failure, Tx},
    variable,
};

/// Starts an instance of the called process, on this partition.
pub(crate) fn activate(tx: &mut Tx<'_>, at: &At, call: &CallActivity) -> Result<Next, Failure> {
    let id = expression::text(tx, &call.process_id, Some(at.key))?;
    let refused = |message: String| Failure::new(IncidentKind::CalledElementError, message);
    let found = deploy::bound_process(tx, &id, &call.binding, at.row.process);
    let Some(process) = found else {
        return Err(refused(match &call.binding {
            Binding::Latest => {
                format!("Expected process with BPMN process id '{id}' to be deployed, but not found.")
            }
            Binding::Deployment => format!(
                "Expected to call process with BPMN process id '{id}' with binding type 'deployment', but no such process found in the deployment of the calling process."
            ),
            Binding::VersionTag(tag) => format!(
                "Expected to call process with BPMN process id '{id}' and version tag '{tag}', but no such process found."
            ),
        }));
    };
    let startable =
        tx.definitions.process(tx.state(), process).is_some_and(|p| instance::none_start(&p).is_some());
    if !startable {
        return Err(refused(format!(
            "Expected process with BPMN process id '{id}' to have a none start event, but not found."
        )));
    }
    if at.row.call_depth >= limits::CALL_DEPTH {
        return Err(refused(format!(
            "Expected calls to be nested at most {} deep, but the call of process '{id}' exceeds that.",
            limits::CALL_DEPTH
        )));
    }
    let variables = match call.propagate_all_parent_variables {
        true => variable::all_visible(tx, at.key),
        false => variable::own(tx.state(), at.key),
    };
    flow::activated(tx, at);
    instance::call(tx, at, process, variables);
    Ok(Next::Wait)
}

/// The called process is about to complete: its variables come back.
pub(crate) fn returned(tx: &mut Tx<'_>, caller: &At, child: ElementKey) {
    let ElementKind::CallActivity(call) = &caller.element().kind else { return };
    let variables = variable::own(tx.state(), child);
    if !caller.element().outputs.is_empty() {
        variable::set_local(tx, caller.key, variables);
    } else if call.propagate_all_child_variables {
        variable::merge(tx, caller.key, variables);
    }
}
