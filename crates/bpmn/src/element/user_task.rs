//! A user task, as a job of the type `io.camunda.zeebe:userTask` whose headers say who shall do it, when, and with
//! which form. Native user tasks (`zeebe:userTask`) become such jobs for now, with a warning.

use weir_feel::Expression;

use crate::diagnostic::Report;
use crate::extension::{assignment_definition, form_definition, task_headers, task_schedule};
use crate::model::{Site, shared};
use crate::process::{ElementKind, Expr, JobDefinition};
use crate::xml;

/// The job type that task lists ask for.
pub(crate) const JOB_TYPE: &str = "io.camunda.zeebe:userTask";

/// What the extension elements of a user task add to the headers of its job.
#[derive(Default)]
pub(crate) struct UserTaskHeaders {
    /// Values known now.
    pub(crate) fixed: Vec<(&'static str, String)>,
    /// Values known at run time.
    pub(crate) evaluated: Vec<(&'static str, Expression)>,
}

/// The job.
pub(crate) fn lower(site: &Site<'_, '_>, report: &mut Report) -> Option<ElementKind> {
    let node = site.node();
    if let Some(native) = xml::extensions_named(node, "userTask").next() {
        report.warning(
            native,
            format!("native user tasks (zeebe:userTask) are not supported yet: this one runs as a job of the type '{JOB_TYPE}'"),
            format!("let a worker for '{JOB_TYPE}' complete it, or wait for a later release"),
        );
    }
    let mut headers = UserTaskHeaders::default();
    assignment_definition::lower(node, &mut headers, report);
    task_schedule::lower(node, &mut headers, report);
    form_definition::lower(node, &mut headers, report);
    let evaluated = headers.evaluated.into_iter().map(|(key, expression)| (shared(key), expression)).collect();
    Some(ElementKind::UserTask(JobDefinition {
        job_type: Expr::Text(shared(JOB_TYPE)),
        retries: Expr::Number(shared("1")),
        headers: task_headers::lower(node, headers.fixed, report),
        evaluated_headers: evaluated,
    }))
}
