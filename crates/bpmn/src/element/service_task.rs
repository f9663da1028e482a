//! A service task: a job for a worker.

use crate::diagnostic::Report;
use crate::extension::task_definition;
use crate::model::Site;
use crate::process::ElementKind;

/// The job.
pub(crate) fn lower(site: &Site<'_, '_>, report: &mut Report) -> Option<ElementKind> {
    task_definition::required(site, report).map(ElementKind::ServiceTask)
}
