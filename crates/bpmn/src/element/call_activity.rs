//! A call activity: runs another process and waits for its end.

use crate::diagnostic::{Place, Report, quoted};
use crate::extension::called_element;
use crate::model::Site;
use crate::process::ElementKind;
use crate::xml;

/// The process that is called.
pub(crate) fn lower(site: &Site<'_, '_>, report: &mut Report) -> Option<ElementKind> {
    let node = site.node();
    let mut called = xml::extensions_named(node, "calledElement");
    match (called.next(), called.next()) {
        (Some(only), None) => called_element::lower(only, report).map(ElementKind::CallActivity),
        (first, _) => {
            let remedy = match (first, node.attribute("calledElement")) {
                (None, Some(id)) => format!(
                    "add <zeebe:calledElement processId=\"{}\" /> to its extension elements: the calledElement attribute has no effect",
                    quoted(id)
                ),
                (None, None) => "add <zeebe:calledElement processId=\"...\" /> to its extension elements".to_owned(),
                (Some(_), _) => "keep one of them".to_owned(),
            };
            report.error(
                Place::of(node),
                "Must have exactly one 'zeebe:calledElement' extension element",
                remedy,
            );
            None
        }
    }
}
