//! A business rule task: a DMN decision, or a job for a worker.

use crate::diagnostic::Report;
use crate::extension::{called_decision, only_one_of, task_definition};
use crate::model::Site;
use crate::process::{BusinessRuleTask, ElementKind};

/// The decision or the job.
pub(crate) fn lower(site: &Site<'_, '_>, report: &mut Report) -> Option<ElementKind> {
    let node = only_one_of(site.node(), ["calledDecision", "taskDefinition"], report)?;
    let task = match node.tag_name().name() {
        "calledDecision" => called_decision::lower(node, report)?,
        _ => BusinessRuleTask::Job(task_definition::lower(site, node, report)?),
    };
    Some(ElementKind::BusinessRuleTask(task))
}
