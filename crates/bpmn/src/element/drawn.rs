//! What is only drawn or only documents: read over, and kept out of the graph.

/// BPMN elements inside a process or sub-process that have no behaviour here.
const DRAWN: [&str; 29] = [
    "artifact",
    "association",
    "auditing",
    "category",
    "categoryValue",
    "correlationSubscription",
    "dataInputAssociation",
    "dataObject",
    "dataObjectReference",
    "dataOutputAssociation",
    "dataStoreReference",
    "documentation",
    "extensionElements",
    "group",
    "humanPerformer",
    "incoming",
    "ioBinding",
    "ioSpecification",
    "laneSet",
    "monitoring",
    "multiInstanceLoopCharacteristics",
    "outgoing",
    "performer",
    "potentialOwner",
    "property",
    "resourceRole",
    "supportedInterfaceRef",
    "supports",
    "textAnnotation",
];

/// Whether the BPMN element `name` is read over.
pub(crate) fn is_drawn(name: &str) -> bool {
    DRAWN.binary_search(&name).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_are_sorted() {
        assert!(DRAWN.is_sorted());
    }
}
