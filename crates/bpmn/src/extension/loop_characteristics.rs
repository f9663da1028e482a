//! `zeebe:loopCharacteristics`: what a multi-instance activity loops over and what it collects.

use weir_feel::Expression;

use crate::diagnostic::Report;
use crate::expression::Source;
use crate::extension;
use crate::model::shared;
use crate::process::{MultiInstance, MultiInstanceOutput};
use crate::xml::Node;

/// The loop.
pub(crate) fn lower(
    node: Node<'_>,
    sequential: bool,
    completion_condition: Option<Expression>,
    report: &mut Report,
) -> Option<MultiInstance> {
    let input_collection =
        extension::required(node, "inputCollection", report).and_then(|list| list.feel(report));
    let filled = |name| Source::attribute(node, name).filter(|value| !value.text().is_empty());
    let input_element = filled("inputElement").map(|name| shared(name.text()));
    let output = match (filled("outputCollection"), filled("outputElement")) {
        (None, None) => None,
        (Some(collection), Some(element)) => element
            .feel(report)
            .map(|element| MultiInstanceOutput { collection: shared(collection.text()), element }),
        (Some(_), None) => missing(node, "outputElement", "outputCollection", report),
        (None, Some(_)) => missing(node, "outputCollection", "outputElement", report),
    };
    let input_collection = input_collection?;
    Some(MultiInstance { sequential, input_collection, input_element, output, completion_condition })
}

fn missing<T>(node: Node<'_>, absent: &str, present: &str, report: &mut Report) -> Option<T> {
    report.error(
        node,
        format!("Attribute '{absent}' must be present if the attribute '{present}' is set"),
        format!("add {absent}, or remove {present}"),
    );
    None
}
