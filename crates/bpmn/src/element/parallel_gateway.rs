//! A parallel gateway: joins what comes in, forks what goes out.

use crate::diagnostic::Report;
use crate::model::Site;
use crate::process::ElementKind;

/// Nothing to find: its flows say it all.
pub(crate) fn lower(_site: &Site<'_, '_>, _report: &mut Report) -> Option<ElementKind> {
    Some(ElementKind::ParallelGateway)
}
