//! A manual task: done outside of any system, and passed through.

use crate::diagnostic::Report;
use crate::model::Site;
use crate::process::ElementKind;

/// Nothing to find.
pub(crate) fn lower(_site: &Site<'_, '_>, _report: &mut Report) -> Option<ElementKind> {
    Some(ElementKind::ManualTask)
}
