//! A script task: a FEEL expression, or a job for a worker.

use crate::diagnostic::Report;
use crate::extension::{only_one_of, script, task_definition};
use crate::model::Site;
use crate::process::{ElementKind, ScriptTask};

/// The script or the job.
pub(crate) fn lower(site: &Site<'_, '_>, report: &mut Report) -> Option<ElementKind> {
    let node = only_one_of(site.node(), ["script", "taskDefinition"], report)?;
    let task = match node.tag_name().name() {
        "script" => script::lower(node, report)?,
        _ => ScriptTask::Job(task_definition::lower(site, node, report)?),
    };
    Some(ElementKind::ScriptTask(task))
}
