//! `bindingType` and `versionTag`: which version of another definition is meant.

use crate::diagnostic::{Place, Report, quoted};
use crate::expression::Source;
use crate::extension;
use crate::model::shared;
use crate::process::Binding;
use crate::xml::Node;

/// The binding that `node` asks for; the newest where it says nothing.
pub(crate) fn lower(node: Node<'_>, report: &mut Report) -> Option<Binding> {
    match node.attribute("bindingType") {
        None | Some("latest") => Some(Binding::Latest),
        Some("deployment") => Some(Binding::Deployment),
        Some("versionTag") => {
            let tag: Source<'_> = extension::required(node, "versionTag", report)?;
            Some(Binding::VersionTag(shared(tag.text())))
        }
        Some(other) => {
            report.error(
                Place::of_attribute(node, "bindingType"),
                format!(
                    "Attribute 'bindingType' must be one of: deployment, latest, versionTag; found '{}'",
                    quoted(other)
                ),
                "use one of them",
            );
            None
        }
    }
}
