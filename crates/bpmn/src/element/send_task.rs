//! A send task: a job for a worker that sends the message.

use crate::diagnostic::Report;
use crate::extension::task_definition;
use crate::model::Site;
use crate::process::ElementKind;

/// The job.
pub(crate) fn lower(site: &Site<'_, '_>, report: &mut Report) -> Option<ElementKind> {
    task_definition::required_of_thrower(site, report).map(ElementKind::SendTask)
}
