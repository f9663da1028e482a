//! BPMN XML to an executable process graph, or all its diagnostics. Pure.
