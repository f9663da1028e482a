//! The multi-instance marker of an activity, and the standard loop marker, which is refused.

use crate::diagnostic::Report;
use crate::expression::Source;
use crate::extension::loop_characteristics;
use crate::process::MultiInstance;
use crate::xml::{self, Node};

/// The marker at an activity, if it has one; `Err` when it was refused.
pub(crate) fn lower(node: Node<'_>, report: &mut Report) -> Option<MultiInstance> {
    if let Some(marker) = xml::bpmn_child(node, "standardLoopCharacteristics") {
        report.error(
            marker,
            "loop marker is not supported yet (bpmn:standardLoopCharacteristics)",
            "draw the loop with an exclusive gateway, or use a multi-instance marker",
        );
    }
    let marker = xml::bpmn_child(node, "multiInstanceLoopCharacteristics")?;
    let mut extensions = xml::extensions_named(marker, "loopCharacteristics");
    let (Some(extension), None) = (extensions.next(), extensions.next()) else {
        report.error(
            marker,
            "Must have exactly one 'zeebe:loopCharacteristics' extension element",
            "add <zeebe:loopCharacteristics inputCollection=\"=...\" /> to the extension elements of the marker (loopCardinality has no effect)",
        );
        return None;
    };
    let completion_condition = xml::bpmn_child(marker, "completionCondition")
        .map(Source::text_of)
        .filter(|condition| !condition.text().is_empty())
        .and_then(|condition| condition.feel(report));
    let sequential = xml::flag(marker, "isSequential", false);
    loop_characteristics::lower(extension, sequential, completion_condition, report)
}
